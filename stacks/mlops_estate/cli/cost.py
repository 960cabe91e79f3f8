"""`estate cost`: what it does and prints."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlops_estate.faults import Fault, FaultsFound

if TYPE_CHECKING:
    from mlops_estate.pricing import PriceTable


@dataclass(frozen=True, slots=True)
class Asked:
    """What the command line asks of `estate cost`."""

    environment: str
    prices_from: str | None
    prices: list[Path]
    by: str
    check: bool
    outputs: list[Path]
    as_shipped: bool
    as_json: bool


def run_cost(asked: Asked, project: Path | None) -> int:
    """Estimate an environment, print it, and write it where it is wanted."""
    from mlops_estate.cli.commands import collect, load_named
    from mlops_estate.pricing import budget_state, estimate, usage_of
    from mlops_estate.reports.cost import as_text, form_faults, write

    faults = form_faults(asked.outputs)
    if asked.by not in {"model", "service", "resource"}:
        faults.append(Fault("--by", asked.by, "must be model, service or resource", "choose one of the three"))
    if faults:
        raise FaultsFound(faults)
    table = tables(asked.prices)
    environment = load_named(asked.environment, project)
    config = environment.config
    table.of(config.estate.region, asked.prices_from)  # refuses before the program is collected
    graph, assumed = collect(environment, as_shipped=asked.as_shipped, silent=asked.as_json)
    found = estimate(
        graph, usage_of(environment), region=config.estate.region, environment_class=config.environment_class,
        prices_from=asked.prices_from, table=table,
    )  # fmt: skip
    found.notes += assumed
    budget = budget_state(found, config.estate.budget.monthly_usd)
    for path in asked.outputs:
        write(found, budget, path, by=asked.by)
    if asked.as_json:
        print(json.dumps({**found.as_dict(), "budget": budget}, indent=1))
    else:
        print(as_text(found, budget, by=asked.by), end="")
        for path in asked.outputs:
            print(f"wrote {path}")
    return _gate(asked, budget)


def _gate(asked: Asked, budget: dict[str, Any]) -> int:
    """Return 1 where the gate is asked for, and the expected cost exceeds the budget."""
    if not asked.check:
        return 0
    exceeded = budget["state"] == "exceeded"
    if not asked.as_json:
        what = "exceeds" if exceeded else "is near" if budget["state"] == "near" else "is within"
        percent, limit = budget["after_percent"], budget["monthly_usd"]
        print(f"budget: the expected cost {what} ${limit:,.2f} a month ({percent:g} %)")
    return 1 if exceeded else 0


def tables(files: list[Path]) -> PriceTable:
    """Return the shipped price table with the rows of files before its own, those of the last file first."""
    from mlops_estate.pricing import load, shipped

    table = shipped()
    for path in files:
        table = load(path).over(table)
    return table

"""`estate savings`: what it does and prints."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from mlops_estate.faults import FaultsFound


@dataclass(frozen=True, slots=True)
class Asked:
    """What the command line asks of `estate savings`."""

    environment: str
    prices_from: str | None
    prices: list[Path]
    outputs: list[Path]
    as_shipped: bool
    as_json: bool


def run_savings(asked: Asked, project: Path | None) -> int:
    """Compute an environment's savings, print them, and write them where they are wanted."""
    from mlops_estate.cli.commands import collect, load_named
    from mlops_estate.cli.cost import tables
    from mlops_estate.pricing import usage_of
    from mlops_estate.reports.savings import as_text, form_faults, write
    from mlops_estate.savings import savings

    if faults := form_faults(asked.outputs):
        raise FaultsFound(faults)
    table = tables(asked.prices)
    environment = load_named(asked.environment, project)
    estate = environment.config.estate
    table.of(estate.region, asked.prices_from)  # refuses before the program is collected
    graph, assumed = collect(environment, as_shipped=asked.as_shipped, silent=asked.as_json)
    found = savings(
        graph, usage_of(environment), region=estate.region, environment_class=environment.config.environment_class,
        prices_from=asked.prices_from, table=table, budget_usd=estate.budget.monthly_usd,
        anomaly_usd=estate.budget.anomaly_threshold_usd,
    )  # fmt: skip
    found.notes += assumed
    for path in asked.outputs:
        write(found, path)
    if asked.as_json:
        print(json.dumps(found.as_dict(), indent=1))
        return 0
    print(as_text(found), end="")
    for path in asked.outputs:
        print(f"wrote {path}")
    return 0

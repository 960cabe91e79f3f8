"""`estate roi`: what it does and prints."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mlops_estate.faults import Fault, FaultsFound

if TYPE_CHECKING:
    from mlops_estate.roi.inputs import RoiInputs


DEFAULTS_NOTE = "inputs are the documented defaults: the totals are the source's, the split into metrics is ours"


@dataclass(frozen=True, slots=True)
class Asked:
    """What the command line asks of `estate roi`."""

    file: Path | None
    settings: list[str]
    environment: str | None
    outputs: list[Path]
    init: Path | None
    as_json: bool


def run_roi(asked: Asked, project: Path | None) -> int:
    """Calculate, print, and write the files that are wanted; or write the inputs to begin with."""
    from mlops_estate.roi import calculate, read_inputs, sensitivity_of
    from mlops_estate.roi.report import as_json, as_text, check_form, write

    if asked.init is not None:
        return _init(asked.init)
    if faults := [fault for path in asked.outputs for fault in check_form(path)]:
        raise FaultsFound(faults)
    inputs = read_inputs(asked.file, asked.settings)
    notes = [] if asked.file else [DEFAULTS_NOTE]
    if asked.environment is not None:
        inputs, found = _with_estimate(inputs, asked, project)
        notes += found
    result = calculate(inputs)
    sensitivity = sensitivity_of(inputs)
    for path in asked.outputs:
        write(path, result, sensitivity, notes)
    if asked.as_json:
        print(as_json(result, sensitivity, notes), end="")
        return 0
    print(as_text(result, sensitivity, notes), end="")
    for path in asked.outputs:
        print(f"wrote {path}")
    return 0


def _init(path: Path) -> int:
    from mlops_estate.roi.inputs import DEFAULTS

    if path.exists():
        fault = Fault("--init", str(path), "the file is there already, and isn't overwritten", "name another file")
        raise FaultsFound([fault])
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(DEFAULTS.read_text(encoding="utf-8"), encoding="utf-8")
    print(f"wrote {path}; edit it, then: estate roi {path}")
    return 0


def _with_estimate(inputs: RoiInputs, asked: Asked, project: Path | None) -> tuple[RoiInputs, list[str]]:
    """Replace infrastructure by the environment's own monthly estimate, from month 1 on."""
    from mlops_estate.cli.commands import collect, load_named
    from mlops_estate.pricing import estimate, usage_of
    from mlops_estate.roi.inputs import with_infrastructure

    environment = load_named(asked.environment or "", project)
    graph, assumed = collect(environment, as_shipped=False, silent=asked.as_json)
    found = estimate(
        graph,
        usage_of(environment),
        region=environment.config.estate.region,
        environment_class=environment.config.environment_class,
    )
    low, expected, high = (float(amount) for amount in (found.monthly.low, found.monthly.expected, found.monthly.high))
    note = (
        f"infrastructure is the estimate of {environment.name}: ${expected:,.0f} a month (${low:,.0f} to "
        f"${high:,.0f}) at list prices, from month 1 on; tooling that you pay for beside AWS is not in it"
    )
    prices = [found.prices_note] if found.prices_note else []
    return with_infrastructure(inputs, expected), [note, *prices, *assumed]

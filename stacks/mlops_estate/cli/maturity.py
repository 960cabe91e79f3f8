"""`estate maturity`: what it does and prints."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from mlops_estate.faults import FaultsFound


@dataclass(frozen=True, slots=True)
class Asked:
    """What the command line asks of `estate maturity`."""

    environment: str
    outputs: list[Path]
    show_all: bool
    least_level: int | None
    least_automation: float | None
    as_json: bool


def run_maturity(asked: Asked, project: Path | None) -> int:
    """Assess an environment, print the result, write it where it is wanted; 1 where it is below what is asked."""
    from mlops_estate.cli.commands import collect, load_named
    from mlops_estate.maturity import assess
    from mlops_estate.maturity.facts import collect_facts
    from mlops_estate.maturity.report import as_json, as_text, check_form, write

    if faults := [fault for path in asked.outputs for fault in check_form(path)]:
        raise FaultsFound(faults)
    environment = load_named(asked.environment, project)
    graph, _notes = collect(environment, as_shipped=False, silent=asked.as_json)
    report = assess(collect_facts(graph, environment), environment.name)
    for path in asked.outputs:
        write(report, path)
    too_low = []
    if asked.least_level is not None and report.level < asked.least_level:
        too_low.append(f"level {report.level} is below {asked.least_level}")
    if asked.least_automation is not None and report.automation_percent < asked.least_automation:
        too_low.append(f"{report.automation_percent:g} % automated is below {asked.least_automation:g} %")
    if asked.as_json:
        print(as_json(report), end="")
    else:
        print(as_text(report, full=asked.show_all), end="")
        for path in asked.outputs:
            print(f"wrote {path}")
        for reason in too_low:
            print(f"too low: {reason}")
    return 1 if too_low else 0

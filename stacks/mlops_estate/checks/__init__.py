"""`estate check`: the policy pack over the collected graph, or over what Pulumi exported of any stack."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import Path

from mlops_estate.checks.reading import declared_of, exported
from mlops_estate.checks.report import CheckReport
from mlops_estate.faults import Fault, FaultsFound
from mlops_estate.graph import ResourceGraph
from mlops_policies.catalog import rules
from mlops_policies.configuration import Configuration, InvalidConfiguration, load
from mlops_policies.pack import Pack
from mlops_policies.rule import EnvironmentClass
from mlops_policies.running import Declared, run, sources

__all__ = ["CheckReport", "check_graph", "check_resources", "check_state", "configuration_of"]


def configuration_of(path: Path) -> Configuration:
    """Read the pack's configuration. Raises `FaultsFound` with every fault in it."""
    try:
        return load(path)
    except InvalidConfiguration as invalid:
        name = path.name
        raise FaultsFound(
            [Fault(fault.where if fault.where != str(path) else name, fault.value, fault.rule, fault.fix, source=name)
             for fault in invalid.faults]
        ) from None  # fmt: skip


def check_graph(
    graph: ResourceGraph,
    configuration: Configuration,
    *,
    environment: EnvironmentClass | None = None,
    today: date | None = None,
    only: Iterable[str] | None = None,
) -> CheckReport:
    """Run the pack over a collected graph; the class of the environment is that of its stack, unless given."""
    report = check_resources(
        graph.stack, declared_of(graph), configuration, environment=environment, today=today, only=only
    )
    report.notes += graph.notes
    return report


def check_state(
    path: Path,
    configuration: Configuration,
    *,
    environment: EnvironmentClass | None = None,
    today: date | None = None,
    only: Iterable[str] | None = None,
) -> CheckReport:
    """Run the pack over a file: an exported state, a preview or plan, or a resource graph. Raises `FaultsFound`."""
    stack, declared, notes = exported(path)
    report = check_resources(stack, declared, configuration, environment=environment, today=today, only=only)
    report.notes += notes
    return report


def check_resources(
    stack: str,
    declared: Sequence[Declared],
    configuration: Configuration,
    *,
    environment: EnvironmentClass | None = None,
    today: date | None = None,
    only: Iterable[str] | None = None,
) -> CheckReport:
    """Run the pack over resources. Raises `FaultsFound` for a rule that does not exist."""
    chosen = None if only is None else _known(only)
    pack = Pack(configuration, environment or configuration.class_of(stack), today=today or date.today(), only=chosen)
    run(pack, declared)
    return CheckReport(stack, pack, sum(entry.custom for entry in declared), sources(declared))


def _known(names: Iterable[str]) -> list[str]:
    from difflib import get_close_matches

    chosen, faults = list(names), []
    for name in chosen:
        if name not in rules():
            near = get_close_matches(name, rules(), 1)
            fix = f"did you mean {near[0]}?" if near else "`estate rules list` shows them all"
            faults.append(Fault("--rule", name, "there is no such rule", fix))
    if faults:
        raise FaultsFound(faults)
    return chosen

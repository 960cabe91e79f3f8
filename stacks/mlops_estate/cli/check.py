"""`estate check` and `estate rules`: the commands, and what they print."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any, get_args

from mlops_estate.cli.progress import shown
from mlops_estate.faults import Fault, FaultsFound

if TYPE_CHECKING:
    from mlops_estate.checks import CheckReport
    from mlops_estate.graph import ResourceGraph
    from mlops_policies.configuration import Configuration
    from mlops_policies.rule import EnvironmentClass, Rule


@dataclass(frozen=True, slots=True)
class Asked:
    """What the command line asks of `estate check`."""

    environment: str | None
    state: Path | None
    standing: bool
    rules: list[str] | None
    frameworks: list[str]
    outputs: list[Path]
    config: Path | None
    judged_as: str | None
    show_all: bool
    as_shipped: bool
    as_json: bool


def run_check(asked: Asked, project: Path | None) -> int:
    """Judge an environment or a file, print the report, and write it where it is wanted."""
    start = perf_counter()
    _refuse_contradictions(asked)
    configuration = _configuration(asked, project)
    report = _report(asked, configuration, project)
    report.seconds = perf_counter() - start
    for path in asked.outputs:
        from mlops_estate.reports.checks import write

        write(report, path)
    if asked.as_json:
        print(json.dumps(report.as_dict(), indent=1, default=str))
    else:
        _print(report, asked)
    return report.exit_code


def _refuse_contradictions(asked: Asked) -> None:
    """Say everything that is wrong with the command line before anything runs."""
    from mlops_estate.reports.checks import form_of
    from mlops_policies.framework_map import frameworks

    faults = []
    if (asked.environment is None) == (asked.state is None):
        rule = "either an environment or --state FILE says what is judged"
        faults.append(Fault("ENV", asked.environment, rule, "name one of them: estate check prod"))
    if asked.state is not None and asked.standing:
        rule = "--standing stands an environment up, and a file is none"
        faults.append(Fault("--standing", str(asked.state), rule, "leave one of the two out"))
    if asked.judged_as is not None:
        faults += _class_faults(asked.judged_as)
    for name in asked.frameworks:
        if name not in frameworks():
            known = ", ".join(frameworks())
            faults.append(Fault("--framework", name, "there is no such framework", f"take one of {known}"))
    for path in asked.outputs:
        try:
            form_of(path)
        except FaultsFound as found:
            faults += found.faults
    if faults:
        raise FaultsFound(faults)


def _class_faults(name: str) -> list[Fault]:
    from mlops_policies.rule import CLASSES

    known = ", ".join(CLASSES)
    return [] if name in CLASSES else [Fault("--class", name, f"it is one of {known}", "take one of them")]


def _configuration(asked: Asked, project: Path | None) -> Configuration:
    """Return the pack's configuration: the file that is named, the project's own, or the defaults of the rules."""
    from mlops_estate.checks import configuration_of
    from mlops_estate.cli.commands import project_dir
    from mlops_policies.configuration import Configuration

    if asked.config is not None:
        return configuration_of(asked.config)
    try:
        own = project_dir(project) / "policies" / "policies.yaml"
    except FaultsFound:
        if asked.state is None or project is not None:
            raise
        return Configuration()  # a state of any stack is judged anywhere
    return configuration_of(own) if own.is_file() else Configuration()


def _report(asked: Asked, configuration: Configuration, project: Path | None) -> CheckReport:
    from mlops_estate.checks import check_graph, check_state

    environment: Any = asked.judged_as
    if asked.state is not None:
        with shown(f"check {asked.state.name}", silent=asked.as_json) as progress:
            progress("reading", 0, 0)
            return check_state(asked.state, configuration, environment=environment, only=asked.rules)
    graph = _graph(asked, project)
    return check_graph(graph, configuration, environment=environment, only=asked.rules)


def _graph(asked: Asked, project: Path | None) -> ResourceGraph:
    """Return what is judged: the program collected as at a preview, or as it stands in an embedded account."""
    from mlops_estate.cli.commands import collect, load_named

    name = asked.environment or ""
    environment = load_named(name, project)
    if not asked.standing:
        return collect(environment, as_shipped=asked.as_shipped, silent=asked.as_json)[0]
    from mlops_estate.graph_file import load
    from mlops_estate.up import up

    with shown(f"check {name}", silent=asked.as_json) as progress:
        report = up(environment, progress=progress)
    graph = load(environment.project_dir / report.graph_file)
    graph.notes = report.notes
    return graph


def _print(report: CheckReport, asked: Asked) -> None:
    from mlops_estate.reports.checks.markdown import control_text
    from mlops_estate.reports.checks.text import printed

    colour = sys.stdout.isatty()
    print(printed(report, full=asked.show_all, colour=colour, width=None if colour else 140), end="")
    for name in asked.frameworks:
        print()
        print(control_text(report, name), end="")
    for path in asked.outputs:
        print(f"wrote {path}")
    print(f"{report.seconds:.1f} s")


def run_rules_list(environment: str, *, as_json: bool) -> int:
    """List the rules with their levels in a class of environments."""
    from mlops_policies.catalog import rules

    if faults := _class_faults(environment):
        raise FaultsFound(faults)
    found = [_data(rule) | {"level": rule.levels[_class(environment)]} for rule in rules().values()]
    if as_json:
        print(json.dumps(found, indent=1))
        return 0
    for row in found:
        print(f"{row['id']:44} {row['severity']:9} {row['level']:10} {row['title']}")
    print(f"{len(found)} rules, levels of {environment}; `estate rules show RULE` explains one")
    return 0


def _class(name: str) -> EnvironmentClass:
    from mlops_policies.rule import EnvironmentClass

    return next(item for item in get_args(EnvironmentClass) if item == name)


def run_rules_show(name: str, *, as_json: bool) -> int:
    """Explain one rule, or every rule that another tool's name stands for."""
    found = _named(name)
    if as_json:
        print(json.dumps([_data(rule) for rule in found], indent=1))
        return 0
    print("\n\n".join(_explained(rule) for rule in found))
    return 0


def _named(name: str) -> list[Rule]:
    from difflib import get_close_matches

    from mlops_policies.catalog import references, rules

    if name in rules():
        return [rules()[name]]
    wanted = name.lower()
    found = [rules()[rule] for rule, names in references().items() if rule in rules()
             and any(wanted in other.lower().replace(",", " ").split() for other in names)]  # fmt: skip
    if not found:
        near = get_close_matches(name, rules(), 1)
        fix = f"did you mean {near[0]}?" if near else "`estate rules list` shows them all"
        raise FaultsFound([Fault("RULE", name, "there is no such rule, and no rule that a tool calls so", fix)])
    return found


def _data(rule: Rule) -> dict[str, Any]:
    from mlops_policies.catalog import references
    from mlops_policies.framework_map import controls_of

    return {
        "id": rule.id,
        "title": rule.title,
        "severity": rule.severity,
        "category": rule.category,
        "levels": dict(rule.levels),
        "only": list(rule.only),
        "types": list(rule.on),
        "scope": rule.scope,
        "why": rule.why,
        "fix": rule.fix,
        "notes": rule.notes,
        "remediates": rule.remedy is not None,
        "settings": {name: dict(schema) for name, schema in rule.settings.items()},
        "references": list(references().get(rule.id, ())),
        "controls": controls_of(rule.id),
        "sources": list(rule.sources),
    }


def _explained(rule: Rule) -> str:
    data = _data(rule)
    levels = ", ".join(f"{name} {level}" for name, level in rule.levels.items() if name in rule.only)
    lines = [
        f"{rule.id}: {rule.title}",
        f"  severity   {rule.severity} ({rule.category})",
        f"  level      {levels}{'; can remediate' if rule.remedy else ''}",
        f"  judges     {', '.join(rule.on) or 'the stack as a whole'}",
        f"  why        {rule.why}",
        f"  fix        {rule.fix}",
    ]
    if rule.notes:
        lines.append(f"  notes      {' '.join(rule.notes.split())}")
    for name, schema in data["settings"].items():
        lines.append(f"  setting    {name} = {json.dumps(schema['default'])}: {schema.get('description', '')}")
    lines += [f"  others     {name}" for name in data["references"]]
    lines += [f"  control    {name}: {', '.join(controls)}" for name, controls in data["controls"].items()]
    lines += [f"  source     {source}" for source in rule.sources]
    return "\n".join(lines)

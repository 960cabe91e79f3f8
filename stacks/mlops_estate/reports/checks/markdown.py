"""The report as Markdown, for a pull request's comment or an auditor's file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from mlops_estate.checks.report import CheckReport
from mlops_estate.reports.checks.groups import Group, sections, verdict
from mlops_policies.framework_map import Standing, frameworks


def render(report: CheckReport, chosen: Iterable[str] | None = None) -> str:
    """Return the report as Markdown; of the frameworks in `chosen` every control, of all others the counts."""
    return "\n".join(_lines(report, set(frameworks() if chosen is None else chosen))) + "\n"


def _lines(report: CheckReport, chosen: set[str]) -> Iterator[str]:
    yield f"# Policies: {report.target or 'stack'}\n"
    yield f"**{verdict(report)}.** {report.resources} resources, {len(report.pack.bound)} rules, judged as " \
          f"{report.pack.environment}.\n"  # fmt: skip
    found = sections(report)
    for heading, groups in found.headed():
        yield f"## {heading}\n"
        yield from _group_lines(report, groups)
    if found.not_evaluated:
        yield "## Not evaluated\n"
        yield "What hangs on values that are unknown until the update.\n"
        for group in found.not_evaluated:
            yield f"- `{group.rule}`: {', '.join(sorted({cell(item.name) for item in group.findings}))}"
        yield ""
    yield from _framework_lines(report, chosen)
    if report.notes:
        yield "## Notes\n"
        yield from (f"- {note}" for note in report.notes)


def _group_lines(report: CheckReport, groups: list[Group]) -> Iterator[str]:
    for group in groups:
        first = group.findings[0]
        yield f"### {group.title} `{group.rule}` ({first.severity})\n"
        yield f"{group.fix}.\n"
        for finding in group.findings:
            place = report.sources.get(finding.urn, "")
            yield f"- {cell(finding.name) or 'the stack'}{f' ({place})' if place else ''}: {cell(finding.message)}"
            if finding.exemption is not None:
                terms = finding.exemption
                by = f"{cell(terms.owner)}, {cell(terms.ticket)}"
                yield f"  - exempt until {terms.expires} ({by}): {cell(terms.reason)}"
        yield ""


def _framework_lines(report: CheckReport, chosen: set[str]) -> Iterator[str]:
    data = {name: report.framework_data(name) for name in frameworks()}
    yield "## Frameworks\n"
    headings = [standing.value for standing in Standing]
    yield f"| framework | {' | '.join(headings)} |"
    yield f"| --- |{' ---: |' * len(headings)}"
    for found in data.values():
        counts = " | ".join(str(found["summary"][heading]) for heading in headings)
        yield f"| {found['title']} {found['version']} | {counts} |"
    yield ""
    for name, found in data.items():
        if name in chosen:
            yield from _control_lines(found)


def _control_lines(found: dict[str, Any]) -> Iterator[str]:
    yield f"### {found['title']} {found['version']}\n"
    yield f"{found['scope']}\n"
    yield "| control | | status | rules |"
    yield "| --- | --- | --- | --- |"
    for control in found["controls"]:
        told = ", ".join(f"{rule} ({standing})" for rule, standing in control["rules"].items()) or control["gap"]
        yield f"| {control['id']} | {cell(control['title'])} | {control['status']} | {cell(told)} |"
    yield ""


def control_text(report: CheckReport, name: str) -> str:
    """Return a framework's controls as plain text, for a terminal."""
    found = report.framework_data(name)
    lines = [f"{found['title']} {found['version']}: " + ", ".join(f"{count} {status}" for status, count in
                                                                   found["summary"].items())]  # fmt: skip
    for control in found["controls"]:
        told = ", ".join(f"{rule} ({standing})" for rule, standing in control["rules"].items()) or control["gap"]
        lines.append(f"  {control['id']:14} {control['status']:17} {control['title']}: {told}")
    return "\n".join(lines) + "\n"


def cell(text: str) -> str:
    """Return text that breaks no table and starts no markup of its own."""
    return text.replace("\n", " ").replace("|", "\\|").replace("<", "&lt;")

"""The report for a terminal: findings by rule, then a table of the rules that found anything."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Iterator

from rich.console import Console
from rich.table import Table

from mlops_estate.checks.report import CheckReport
from mlops_estate.reports.checks.groups import Group, Sections, sections, verdict
from mlops_policies.verdicts import Status

_COLOURS = {"critical": "bold red", "high": "red", "medium": "yellow", "low": "cyan"}
_SHOWN = 8


def render(report: CheckReport) -> str:
    """Return the whole report as plain text."""
    return printed(report, full=True, width=140)


def printed(report: CheckReport, *, full: bool = False, width: int | None = None, colour: bool = False) -> str:
    """Return the report as text; of a rule with many findings only the first few, unless `full`."""
    target = io.StringIO()
    console = Console(file=target, width=width, force_terminal=colour, highlight=False, soft_wrap=True, emoji=False)
    found = sections(report)
    faults = found.headed()
    for heading, groups in faults:
        console.print(f"\n[bold]{heading}[/bold]")
        for group in groups:
            _print(console, report, group, full)
    for line in _unknown(found, full):
        console.print(line)
    if faults:
        console.print(_table(report), soft_wrap=False)
    for rule, urn in sorted(report.pack.record.remediated):
        console.print(f"remediated by {rule}: {urn}", markup=False)
    for note in report.notes:
        console.print(f"note: {note}", markup=False)
    environment = f"judged as {report.pack.environment}"
    console.print(f"{report.resources} resources, {len(report.pack.bound)} rules, {environment}", markup=False)
    console.print(f"{verdict(report)}.", markup=False)
    return target.getvalue()


def _print(console: Console, report: CheckReport, group: Group, full: bool) -> None:
    first = group.findings[0]
    console.print(f"  [{_COLOURS[first.severity]}]{first.severity}[/] [bold]{group.rule}[/bold]  {group.title}")
    shown = group.findings if full else group.findings[:_SHOWN]
    for finding in shown:
        place = report.sources.get(finding.urn, "")
        head = f"    {finding.name or 'the stack'}{f'  {place}' if place else ''}"
        console.print(f"{head}: {finding.message}", markup=False)
        if finding.exemption is not None:
            terms = finding.exemption
            console.print(f"      exempt until {terms.expires}, {terms.owner}, {terms.ticket}: {terms.reason}",
                          markup=False)  # fmt: skip
    if len(shown) < len(group.findings):
        console.print(f"    and {len(group.findings) - len(shown)} more (--all shows them)", markup=False)
    console.print(f"    fix: {group.fix}", markup=False)


def _unknown(found: Sections, full: bool) -> Iterator[str]:
    if not found.not_evaluated:
        return
    total = sum(len(group.findings) for group in found.not_evaluated)
    yield f"\n[bold]Not evaluated[/bold]  {total} answers hang on values that are unknown until the update"
    for group in sorted(found.not_evaluated, key=lambda item: (-len(item.findings), item.rule)) if full else ():
        names = ", ".join(sorted({finding.name for finding in group.findings}))
        yield f"  {group.rule}: {names}"


def _table(report: CheckReport) -> Table:
    table = Table(title="Rules with findings", title_justify="left", show_edge=False, pad_edge=False)
    for heading, justify in (("rule", "left"), ("severity", "left"), ("level", "left"), ("faults", "right"),
                             ("exempt", "right"), ("not evaluated", "right"), ("passed", "right")):  # fmt: skip
        table.add_column(heading, justify=justify, no_wrap=heading == "rule")  # type: ignore[arg-type]
    record = report.pack.record
    faults = Counter(item.rule for item in record.findings if item.status in (Status.FAIL, Status.ERROR))
    exempt = Counter(item.rule for item in record.findings if item.exemption is not None)
    for bound in report.pack.bound:
        rule, counts = bound.rule, record.counts(bound.rule.id)
        if faults[rule.id]:
            numbers = (faults[rule.id] - exempt[rule.id], exempt[rule.id], counts.get(Status.UNKNOWN, 0),
                       counts.get(Status.PASS, 0))  # fmt: skip
            table.add_row(rule.id, f"[{_COLOURS[rule.severity]}]{rule.severity}[/]", bound.level, *map(str, numbers))
    return table

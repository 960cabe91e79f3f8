"""The list that preflight makes: as text, Markdown, a page, and JSON."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterator
from pathlib import Path

from mlops_estate.faults import Fault, FaultsFound
from mlops_estate.preflight.finding import CHECKS, STATES, Finding, PreflightReport, State

FORMS = (".json", ".md", ".txt", ".html")
MARKS: dict[State, str] = {"blocks": "BLOCKS", "warns": "warns", "unknown": "unknown", "ok": "ok"}
MEANING: dict[State, str] = {
    "blocks": "stops up", "warns": "may stop up, or what comes after", "unknown": "can't be told from here",
    "ok": "looked at, and in order",
}  # fmt: skip
WIDTH = 98


def write(report: PreflightReport, path: Path) -> None:
    """Write the report in the form that the file's ending says. Raises `FaultsFound` for another ending."""
    check_form(path)
    text = {".json": as_json, ".md": as_markdown, ".txt": as_text, ".html": as_page}[path.suffix](report)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def check_form(path: Path) -> None:
    """Raise `FaultsFound` where the ending is none that can be written."""
    if path.suffix not in FORMS:
        rule = "the file's ending says what to write"
        raise FaultsFound([Fault("--output", str(path), rule, f"end it in {', '.join(FORMS)}")])


def as_json(report: PreflightReport) -> str:
    """Return the report as JSON text."""
    return json.dumps(report.as_dict(), indent=1, sort_keys=True) + "\n"


def headline(report: PreflightReport) -> str:
    """Return the verdict in one sentence."""
    counts = report.counts()
    if counts["blocks"]:
        number = counts["blocks"]
        return f"{report.environment}: {number} thing{'s' if number != 1 else ''} would stop up"
    return f"{report.environment}: nothing that is known would stop up"


def summary(report: PreflightReport) -> str:
    """Return how many findings there are of each state, and what they were held against."""
    counts = report.counts()
    found = ", ".join(f"{counts[state]} {state}" for state in STATES)
    against = "AWS's defaults (no account was asked)" if report.against == "defaults" else report.against
    return f"{found}; account {report.account}, {report.region}, beside {against}"


def as_text(report: PreflightReport, *, everything: bool = True) -> str:
    """Return the list as plain text under 100 columns; without `everything` what is ok is only counted."""
    lines = [headline(report), *_wrapped(summary(report), ""), ""]
    for finding in report.findings:
        if everything or finding.state != "ok":
            lines += [*_entry(finding), ""]
    number = report.counts()["ok"]
    if not everything and number:
        lines += [f"{number} more were looked at and are in order: --all shows them", ""]
    lines += [line for note in report.notes for line in _wrapped(f"note: {note}", "  ")]
    documents = len(report.policy)
    lines.append(f"The minimal policy of who deploys: {documents} documents; --policy FILE.json writes them")
    return "\n".join(lines) + "\n"


def _entry(finding: Finding) -> Iterator[str]:
    yield from _wrapped(f"{MARKS[finding.state]:8} {finding.check}: {finding.title}", " " * 9)
    for name in ("where", "need", "have", "fix", "source"):
        value = short(getattr(finding, name))
        if value and not (name == "source" and finding.state == "ok"):
            yield from _wrapped(f"{'':9}{name:7}{value}", " " * 16)


def _wrapped(text: str, indent: str) -> list[str]:
    return textwrap.wrap(
        text, WIDTH, subsequent_indent=indent, break_on_hyphens=False, drop_whitespace=True, replace_whitespace=False
    )  # fmt: skip


def as_markdown(report: PreflightReport) -> str:
    """Return the list as Markdown: a table of what isn't in order, what is in order folded away, the policy."""
    lines = [f"## Preflight of {headline(report)}", "", summary(report) + ".", ""]
    open_ones = [finding for finding in report.findings if finding.state != "ok"]
    if open_ones:
        lines += ["| | what | where | need | have | fix |", "| --- | --- | --- | --- | --- | --- |"]
        lines += [_row(finding) for finding in open_ones] + [""]
    good = [finding for finding in report.findings if finding.state == "ok"]
    lines += [f"<details><summary>{len(good)} in order</summary>", ""]
    lines += [f"- {finding.check}: {_cell(finding.title)}: {_cell(_beside(finding))}" for finding in good]
    lines += ["", "</details>", "", *[f"- note: {note}" for note in report.notes]]
    lines += [f"- The minimal policy of the deploying identity is {len(report.policy)} managed policies."]
    return "\n".join(lines) + "\n"


def _row(finding: Finding) -> str:
    cells = (f"**{MARKS[finding.state]}**", f"{finding.check}: {finding.title}", short(finding.where), finding.need,
             finding.have, finding.fix)  # fmt: skip
    return f"| {' | '.join(_cell(cell) for cell in cells)} |"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ").replace("<", "&lt;")


def _beside(finding: Finding) -> str:
    return f"{finding.need} of {finding.have}" if finding.need and finding.have else finding.need or finding.have


def short(where: str) -> str:
    """Return a URN's type and name, or a path as it is."""
    if not where.startswith("urn:pulumi:"):
        return where
    kind, name = where.split("::")[-2:]
    return f"{kind.split('$')[-1].rsplit(':', 1)[-1]} {name}"


def as_page(report: PreflightReport) -> str:
    """Return the list as one self-contained page."""
    from mlops_estate.reports.page import render

    groups = [
        (state, MEANING[state], [finding for finding in report.findings if finding.state == state])
        for state in STATES
    ]  # fmt: skip
    return render(
        "preflight.html.j2", title=f"Preflight of {report.environment}", headline=headline(report),
        summary=summary(report), report=report, counts=report.counts(), groups=groups, checks=CHECKS, short=short,
        documents=[json.dumps(document, indent=1) for document in report.policy],
    )  # fmt: skip

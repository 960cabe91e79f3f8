"""The report for a terminal: what to decide on first, then each resource as Pulumi shows it, then everything else."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from textwrap import wrap
from typing import TYPE_CHECKING, Any

from mlops_estate.comparison.model import ACTIONS
from mlops_estate.reports.change import sections as said
from mlops_estate.reports.change.values import clean, cut
from mlops_estate.reports.page import count, signed, usd

if TYPE_CHECKING:
    from rich.console import Console

WIDTH = 99
_CHANGES, _PROPERTIES, _HEADLINES, _DETAILED, _ROWS = 40, 12, 15, 8, 15
_STYLES = {
    "danger": "bold red", "warning": "yellow", "notice": "cyan", "good": "bold green", "bad": "bold red",
    "wait": "bold yellow", "head": "bold", "soft": "dim", "remove": "red", "replace": "magenta", "change": "yellow",
    "add": "green", "": "",
}  # fmt: skip
Line = tuple[str, str]
"""How a line is coloured, and the line."""


def render(document: Mapping[str, Any], full: bool = False) -> str:
    """Return the report as plain text of at most 99 columns; the gravest 40 changes only, unless `full`."""
    return "".join(f"{line}\n" for _, line in report_lines(document, full))


def print_report(document: Mapping[str, Any], console: Console, full: bool = False) -> None:
    """Print the report; in colour where the console is a terminal."""
    from rich.text import Text

    for style, line in report_lines(document, full):
        console.print(Text(line, style=_STYLES[style]), soft_wrap=True)


def report_lines(document: Mapping[str, Any], full: bool) -> Iterator[Line]:
    """Yield each line of the report with its style, a name of those that `print_report` colours."""
    for style, line in _all(document, full):
        for number, part in enumerate(_fitted(line)):
            yield style, part if number == 0 else f"    {part}"


def _fitted(line: str) -> list[str]:
    """Return a line in pieces of at most `WIDTH` columns: signs that are two columns wide count as two."""
    from rich.cells import cell_len, chop_cells

    if len(line) <= WIDTH and (line.isascii() or cell_len(line) <= WIDTH):
        return [line]
    first, *_ = chop_cells(line, WIDTH)
    return [first, *chop_cells(line[len(first) :], WIDTH - 4)]


def _all(document: Mapping[str, Any], full: bool) -> Iterator[Line]:
    yield from _screen(said.sections(document), full)
    yield from _changes(document, full)
    yield from _release(document, full)
    yield from _permissions(document["permissions"], full)
    yield from _policy(document["policy"], full)
    yield from _cost(document, full)
    yield from _headed("Notes", _capped(said.notes(document), _note, full))


def _screen(top: said.Sections, full: bool) -> Iterator[Line]:
    yield "head", top.title
    yield from (("soft", line) for line in _wrapped(top.sides, ""))
    yield top.tone, top.verdict
    shown = top.headlines if full else top.headlines[:_HEADLINES]
    for number, headline in enumerate(shown):
        yield from ((headline.level, line) for line in _wrapped(headline.title, f" {headline.marker:2} "))
        if headline.detail and (full or number < _DETAILED):
            yield from (("", line) for line in _wrapped(headline.detail, "    "))
    if len(shown) < len(top.headlines):
        yield "soft", f"    and {count(len(top.headlines) - len(shown), 'more headline')}: --full"
    yield from (("", line) for line in _wrapped(top.summary, f"{'Resources':13}"))
    for figure in top.figures:
        yield from ((figure.tone, line) for line in _wrapped(figure.text, f"{figure.label:13}"))


def _wrapped(text: str, head: str) -> list[str]:
    """Return text in lines of at most `WIDTH`, the first behind `head`, the others indented by as much."""
    indent = " " * len(head)
    lines = wrap(text, WIDTH, initial_indent=head, subsequent_indent=indent, break_on_hyphens=False)
    return lines or [head.rstrip()]


def _headed(title: str, lines: Iterable[Line]) -> Iterator[Line]:
    """Yield lines under a heading; no lines, no heading."""
    for number, line in enumerate(lines):
        if number == 0:
            yield "", ""
            yield "head", title
        yield line


def _changes(document: Mapping[str, Any], full: bool) -> Iterator[Line]:
    found, left_out = said.groups(document, None if full else _CHANGES)
    for group in found:
        yield from _headed(f"{clean(group.model) or said.SHARED}: {group.tally}", _group(group, full))
    if left_out:
        yield "", ""
        yield "soft", f"and {left_out:,} more: --full"


def _group(group: said.Group, full: bool) -> Iterator[Line]:
    for component, changes in group.components:
        if component:
            yield "soft", f"  {cut(clean(component), WIDTH - 2)}"
        for change in changes:
            yield from _change(change, full)
    if group.left_out:
        yield "soft", f"  and {group.left_out:,} more of this model"


def _change(change: said.Entry, full: bool) -> Iterator[Line]:
    action = change["action"]
    kind = cut(said.kind(change["type"]), 45)
    head = f"  {said.SIGNS[action]:2} {kind} {cut(clean(change['name']), WIDTH - 7 - len(kind))}"
    source = clean(change["source"])
    # In want of room the file's name has to do, or nothing.
    places = (f"  {place}" for place in (source, source.rpartition("/")[2]) if place)
    yield action, head + next((place for place in places if len(head) + len(place) <= WIDTH), "")
    for mark in said.marks(change):
        yield from (("soft", line) for line in _wrapped(mark, "       "))
    properties = said.lines(change, limit=80)
    if not full and action not in ("change", "replace"):
        return  # all of it is new or gone: what it is made of is for whoever asks
    shown = properties if full else properties[:_PROPERTIES]
    for line in shown:
        yield from _property(line)
    if len(shown) < len(properties):
        yield "soft", f"       and {count(len(properties) - len(shown), 'more property', 'more properties')}: --full"


def _property(line: said.Line) -> Iterator[Line]:
    style = next(action for action in ACTIONS if said.SIGNS[action] == line.sign)
    tail = " [replaces]" if line.replaces else ""
    head = f"       {line.sign} {line.path}:"
    values = [part for part in (line.before, line.after) if part is not None]
    whole = f"{head} {' => '.join(values)}{tail}"
    if len(whole) <= WIDTH:
        yield style, whole
        return
    yield style, f"{head}{tail}"
    for number, part in enumerate(values):
        yield style, f"         {'=> ' if number else '   '}{part}"


def _release(document: Mapping[str, Any], full: bool) -> Iterator[Line]:
    yield from _headed("Release timetable", _capped(document["release"], _release_lines, full))


def _capped(entries: list[Any], shown: Any, full: bool) -> Iterator[Line]:
    """Yield the lines of each entry, of the first few only unless `full`, and how many are left out."""
    limit = len(entries) if full else _ROWS
    for entry in entries[:limit]:
        yield from shown(entry)
    if len(entries) > limit:
        yield "soft", f"  and {len(entries) - limit:,} more: --full"


def _release_lines(entry: said.Entry) -> Iterator[Line]:
    yield from (("", line) for line in _wrapped(said.release_title(entry), "  "))
    if entry["reason"]:
        yield from (("soft", line) for line in _wrapped(said.sentence(entry["reason"]), "    "))
    for stage in entry["stages"]:
        when = f"    {said.stage_time(stage):22} {stage['traffic_percent']:4g} %  "
        yield from (("", line) for line in _wrapped(said.sentence(stage["what"]), when))
    if entry["rollback_alarms"]:
        yield from (("", line) for line in _wrapped(f"rolls back on {said.few(entry['rollback_alarms'])}", "    "))
    for caution in entry["cautions"]:
        yield from (("warning", line) for line in _wrapped(said.sentence(caution), "    ! "))


def _permissions(found: said.Entry, full: bool) -> Iterator[Line]:
    yield from _headed("Newly allowed", _capped(found["granted"], _grant, full))
    yield from _headed("No longer allowed", _capped(found["revoked"], _revoked, full))
    yield from _headed("Permissions that could not be decided", _capped(found["undecided"], _undecided, full))


def _grant(entry: said.Entry) -> Iterator[Line]:
    marker = f"  {said.MARKERS[entry['severity']]:2} "
    yield from ((entry["severity"], line) for line in _wrapped(said.grant(entry), marker))
    if told := said.reason(entry):
        yield from (("soft", line) for line in _wrapped(told, "     "))


def _revoked(entry: said.Entry) -> Iterator[Line]:
    yield from (("", line) for line in _wrapped(said.grant(entry), "  - "))


def _undecided(entry: said.Entry) -> Iterator[Line]:
    yield from (("", line) for line in _wrapped(said.undecided(entry), "  "))


def _policy(found: said.Entry | None, full: bool) -> Iterator[Line]:
    if found is None:
        return
    for title, sign, entries in (("Policy findings, new", "!", found["new"]), ("Fixed", "-", found["fixed"])):
        yield from _headed(title, _capped(entries, lambda entry, sign=sign: _finding(entry, sign), full))


def _finding(entry: said.Entry, sign: str) -> Iterator[Line]:
    style = "" if sign == "-" else "danger" if entry["level"] == "mandatory" else "warning"
    yield from ((style, line) for line in _wrapped(said.finding(entry), f"  {sign} "))


def _cost(document: Mapping[str, Any], full: bool) -> Iterator[Line]:
    rows = [row for row in said.cost_rows(document) if full or row.differs]
    wide = max((min(len(row.model), 40) for row in rows), default=0)
    yield from _headed("Cost by model, US dollars a month", _capped(rows, lambda row: _cost_row(row, wide), full))
    if document["cost"] is not None:
        entries = document["cost"]["largest"][: None if full else 5]
        yield from _headed("Largest differences, US dollars a month", map(_cost_line, entries))


def _cost_row(row: said.CostRow, wide: int) -> Iterator[Line]:
    yield "", f"  {cut(row.model, 40):{wide}} {usd(row.before):>12} {usd(row.after):>12} {signed(row.delta):>12}"


def _cost_line(entry: said.Entry) -> Line:
    before, after, delta = (said.expected(entry[side]) for side in said.SIDES)
    numbers = f"{usd(before)} to {usd(after)}, {signed(delta)}"
    name = f"{clean(entry['name'])}, {clean(entry['item'])}"
    return "", f"  {cut(name, WIDTH - 4 - len(numbers))}: {numbers}"


def _note(note: str) -> Iterator[Line]:
    yield from (("", line) for line in _wrapped(note, "  "))

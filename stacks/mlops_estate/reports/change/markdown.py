"""The report as a comment on a pull request: what to decide on first, the rest folded, never longer than it may be."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mlops_estate.reports.change import sections as said
from mlops_estate.reports.change.escape import code, fenced, prose
from mlops_estate.reports.change.values import clean, cut
from mlops_estate.reports.page import count, signed, usd

LIMIT = 65_536
"""The longest comment that GitHub takes, in characters (its answer to a longer one: "Body is too long (maximum is 65536
characters)"); held in bytes of UTF-8, of which there are as many or more."""
WHOLE = "the report's HTML and JSON files"
_ROOM = 800  # for the line that says what is left out, without the place of the whole
_LISTED = 700  # no more changes than this fit a comment, whatever they are
_PROPERTIES = 20
_LEVELS = {"danger": "🔴 **Danger:**", "warning": "🟡 **Warning:**", "notice": "🔵 **Notice:**"}


_SHORTEST = 12
"""The fewest bytes that an item of a section takes."""


@dataclass(frozen=True, slots=True)
class Part:
    """A section that can be cut: `build` makes it of its first so many items; `size` is how many there are."""

    noun: str
    size: int
    build: Callable[[int], str]

    def text(self, shown: int) -> str:
        """Return the section with so many of its items; nothing of none."""
        return self.build(shown) if shown else ""


def anchor(environment: str) -> str:
    """Return the first line of the comment on an environment: by it a workflow finds the comment to update."""
    name = re.sub(r"-{2,}", "-", re.sub(r"[^A-Za-z0-9._]", "-", environment)).strip("-")
    return f"<!-- mlops-estate:change:{name} -->"


def render(document: Mapping[str, Any], *, limit: int = LIMIT, whole: str = WHOLE) -> str:
    """Return the report as GitHub's Markdown of at most `limit` bytes (5,000 or more).

    Where it doesn't fit, the last sections are cut or dropped first, and its last line says what is left out and that
    `whole` holds it: the name of a file or of a workflow's artefact.
    """
    top = said.sections(document)
    head = f"{anchor(document['environment'])}\n## {prose(top.title)}\n\n**{prose(top.verdict)}**\n\n" \
           f"{prose(top.sides)}\n\n"  # fmt: skip
    figures = _figures(top)
    first, *others = _parts(document, top)
    parts = [first, *others]
    # No item takes fewer bytes than this: of more than fit, none is written to be cut again.
    shown = [min(part.size, limit // _SHORTEST) for part in parts]
    place_of_whole = prose(cut(clean(whole), 300))
    room = limit - _ROOM - _bytes(place_of_whole)

    def text() -> str:
        texts = [part.text(number) for part, number in zip(parts, shown, strict=True)]
        return f"{head}{texts[0]}{figures}{''.join(texts[1:])}"

    for place in reversed(range(len(parts))):
        size = _bytes(text())
        if size <= room:
            break
        shown[place] = _most(parts[place], room - size + _bytes(parts[place].text(shown[place])))
    missing = [
        f"{part.size - number:,} of {count(part.size, part.noun)}"
        for part, number in zip(parts, shown, strict=True) if number < part.size
    ]  # fmt: skip
    tail = f"Left out here: {', '.join(missing)}; the whole is in {place_of_whole}.\n"
    return f"{text()}{tail if missing else ''}"


def _bytes(text: str) -> int:
    return len(text.encode())


def _most(part: Part, room: int) -> int:
    """Return the largest number of items of a section that takes no more than `room` bytes."""
    low, high = 0, min(part.size, max(room, 0) // _SHORTEST)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if _bytes(part.text(middle)) <= room else (low, middle - 1)
    return low


def _figures(top: said.Sections) -> str:
    rows = [("Resources", top.summary), *((figure.label, figure.text) for figure in top.figures)]
    return _table(("", ""), [(f"**{label}**", prose(text)) for label, text in rows])


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]], numbers: int = 0) -> str:
    """Return a table of cells that are Markdown already; the last `numbers` columns are numbers."""
    rule = ["---"] * (len(heads) - numbers) + ["---:"] * numbers
    return "".join(f"| {' | '.join(row)} |\n" for row in (heads, rule, *rows)) + "\n"


def _folded(title: str, text: str, opened: bool = False) -> str:
    return f"<details{' open' if opened else ''}><summary>{title}</summary>\n\n{text}\n</details>\n\n"


def _parts(document: Mapping[str, Any], top: said.Sections) -> list[Part]:
    """Return the sections in their order, the one that is cut first last: the changes one by one."""
    dangerous = any(entry["severity"] == "danger" for entry in document["permissions"]["granted"])
    allowed, policy = document["permissions"], document["policy"] or {"new": [], "fixed": []}
    rows = [row for row in said.cost_rows(document) if row.differs]
    notes, releases, changes = said.notes(document), document["release"], document["changes"]
    drawn: dict[int, list[str]] = {}
    open_questions = [said.undecided(entry) for entry in allowed["undecided"]]
    return [
        Part("headline", len(top.headlines), lambda number: _headlines(top.headlines[:number])),
        Part("new permission", len(allowed["granted"]),
             _permissions("Newly allowed", allowed["granted"], dangerous)),
        Part("release", len(releases), lambda number: _releases(releases, number)),
        Part("new finding", len(policy["new"]), lambda number: _findings("New findings", policy["new"], number)),
        Part("cost row", len(rows), lambda number: _costs(rows, number)),
        Part("note", len(notes), lambda number: _list("Notes", notes, number)),
        Part("undecided permission", len(open_questions),
             lambda number: _list("Permissions that could not be decided", open_questions, number)),
        Part("revoked permission", len(allowed["revoked"]),
             _permissions("No longer allowed", allowed["revoked"])),
        Part("fixed finding", len(policy["fixed"]),
             lambda number: _findings("Fixed findings", policy["fixed"], number)),
        Part("change", len(changes), lambda number: _changes(document, min(number, _LISTED), drawn)),
    ]  # fmt: skip


def _headlines(headlines: Sequence[said.Headline]) -> str:
    lines = [
        f"- {_LEVELS[headline.level]} {prose(headline.title)}"
        + (f"<br>{prose(headline.detail)}" if headline.detail else "")
        for headline in headlines
    ]
    return "\n".join(lines) + "\n\n"


def _permissions(title: str, entries: Sequence[said.Entry], opened: bool = False) -> Callable[[int], str]:
    """Return what writes so many entries; each is made once, however often the section is tried."""
    made: list[tuple[str, ...]] = []

    def build(number: int) -> str:
        made.extend(_permission(entry) for entry in entries[len(made) : number])
        table = _table(("", "who", "may do", "to", "when", "how"), made[:number])
        return _folded(f"<b>{title}</b>: {len(entries):,}", table, opened)

    return build


def _permission(entry: said.Entry) -> tuple[str, ...]:
    return (
        f"{said.MARKERS[entry['severity']]} {entry['severity']}", code(cut(clean(entry["principal"]), said.NAME)),
        _codes(entry["actions"], 8), _codes(entry["resources"], 4),
        prose(said.sentence(entry["conditions"] or "always")), prose(said.how(entry)),
    )  # fmt: skip


def _codes(items: Sequence[str], limit: int) -> str:
    shown = " ".join(code(cut(clean(str(item)), said.NAME)) for item in items[:limit])
    return f"{shown} and {len(items) - limit:,} more" if len(items) > limit else shown


def _list(title: str, lines: Sequence[str], number: int) -> str:
    return _folded(f"<b>{title}</b>: {len(lines):,}", "".join(f"- {prose(line)}\n" for line in lines[:number]))


def _findings(title: str, entries: Sequence[said.Entry], number: int) -> str:
    return _list(title, [said.finding(entry) for entry in entries], number)


def _costs(rows: Sequence[said.CostRow], number: int) -> str:
    cells = [
        (code(row.model), prose(usd(row.before)), prose(usd(row.after)), prose(signed(row.delta)))
        for row in rows[:number]
    ]
    table = _table(("model", "before", "after", "difference"), cells, numbers=3)
    return _folded("<b>Cost by model</b>, US dollars a month", table)


def _releases(entries: Sequence[said.Entry], number: int) -> str:
    return _folded(
        f"<b>Release timetable</b>: {len(entries):,}", "\n".join(_release(entry) for entry in entries[:number])
    )


def _release(entry: said.Entry) -> str:
    reason = f" {prose(said.sentence(entry['reason']))}" if entry["reason"] else ""
    rows = [
        (said.stage_time(stage), f"{stage['traffic_percent']:g} %", prose(said.sentence(stage["what"])))
        for stage in entry["stages"]
    ]
    notes = [f"rolls back on {said.few(entry['rollback_alarms'])}"] if entry["rollback_alarms"] else []
    notes += [said.sentence(caution) for caution in entry["cautions"]]
    listed = "".join(f"- {prose(note)}\n" for note in notes)
    return f"**{prose(said.release_title(entry))}**{reason}\n\n{_table(('when', 'traffic', ''), rows)}{listed}"


def _changes(document: Mapping[str, Any], number: int, drawn: dict[int, list[str]]) -> str:
    """Return the changes; `drawn` keeps the lines of each, by its identity, while sizes are tried."""
    found, _ = said.groups(document, number)
    texts = [
        _folded(f"<b>{prose(group.model) or said.SHARED}</b>: {group.tally}", _group(group, drawn), len(found) == 1)
        for group in found
    ]
    return f"### Changes\n\n{''.join(texts)}"


def _group(group: said.Group, drawn: dict[int, list[str]]) -> str:
    texts = []
    for component, changes in group.components:
        for change in changes:
            if id(change) not in drawn:
                drawn[id(change)] = list(_change(change))
        lines = [line for change in changes for line in drawn[id(change)]]
        heading = f"{code(cut(clean(component), said.NAME))}\n\n" if clean(component) else ""
        texts.append(f"{heading}{fenced(lines, 'diff')}\n")
    if group.left_out:
        texts.append(f"and {group.left_out:,} more of this model\n")
    return "\n".join(texts)


_COLUMN = {"remove": "- ", "add": "+ ", "change": "! ~ ", "replace": "! +- "}
"""How a line of a diff begins: GitHub colours by the first sign, and `!` is the one for what changes."""


def _change(change: said.Entry) -> Iterator[str]:
    source = f"  {cut(clean(change['source']), said.NAME)}" if change["source"] else ""
    action = change["action"]
    yield f"{_COLUMN[action]}{said.kind(change['type'])} {cut(clean(change['name']), said.NAME)}{source}"
    yield from (f"      {mark}" for mark in said.marks(change))
    properties = said.lines(change, 120) if action in ("change", "replace") else []
    for line in properties[:_PROPERTIES]:
        begin = {"+": "+     ", "-": "-     "}.get(line.sign, "!     ~ ")
        values = " => ".join(part for part in (line.before, line.after) if part is not None)
        yield f"{begin}{line.path}: {values}{' [replaces]' if line.replaces else ''}"
    if len(properties) > _PROPERTIES:
        yield f"      and {count(len(properties) - _PROPERTIES, 'more property', 'more properties')}"

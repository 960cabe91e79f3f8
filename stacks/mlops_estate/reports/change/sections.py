"""What a change report says, apart from how: every form is made of these sentences, so that all say the same."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mlops_estate.comparison.model import ACTIONS
from mlops_estate.reports.change.values import clean, cut, duration, value, value_pair
from mlops_estate.reports.page import MINUS, count, signed, usd
from mlops_estate.reports.tree import short

LEVELS = ("danger", "warning", "notice")
MARKERS = {"danger": "!!", "warning": "!", "notice": "i"}
"""What stands before a headline where there is no colour."""
SIGNS = {"remove": "-", "replace": "+-", "change": "~", "add": "+"}
"""What Pulumi puts before a resource."""
DONE = {"remove": "removed", "replace": "replaced", "change": "changed", "add": "added"}
SHARED = "shared"
"""What the resources are grouped under that belong to no single model."""
SIDES = ("before", "after", "delta")
NAME, LINE = 90, 300
"""The longest name and the longest sentence, in characters."""

Document = Mapping[str, Any]
Entry = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Headline:
    """One thing to look at; `level` is of `LEVELS`, `marker` what shows it without colour."""

    level: str
    marker: str
    title: str
    detail: str


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of numbers: `label` names it, `short` is its number alone, `tone` is good, bad, wait or empty."""

    label: str
    text: str
    short: str
    tone: str = ""


@dataclass(frozen=True, slots=True)
class Sections:
    """The first screen of a report: whoever reads no more than this knows what to decide."""

    title: str
    sides: str
    verdict: str
    tone: str
    headlines: tuple[Headline, ...]
    summary: str
    figures: tuple[Figure, ...]


def sections(document: Document) -> Sections:
    """Return the first screen of a report; `tone` is bad where there is a danger, wait with a warning, else good."""
    found = tuple(
        Headline(entry["level"], MARKERS[entry["level"]], cut(clean(entry["title"]), LINE),
                 cut(clean(entry["detail"]), 2 * LINE))
        for entry in document["headlines"]
    )  # fmt: skip
    counts = Counter(headline.level for headline in found)
    return Sections(
        title=f"Change of {cut(clean(document['environment']), NAME)}",
        sides=_sides(document),
        verdict=_verdict(document, counts),
        tone="bad" if counts["danger"] else "wait" if counts["warning"] else "good",
        headlines=found,
        summary=summary(document["summary"]),
        figures=(_permissions(document), _policy(document), _cost(document), _carbon(document)),
    )


def _verdict(document: Document, counts: Counter[str]) -> str:
    said = ", ".join(count(counts[level], level) for level in LEVELS if counts[level])
    changes = sum(document["summary"][action] for action in ACTIONS)
    if counts["danger"]:
        return f"{said}: look before you merge"
    if counts["warning"]:
        return f"{said}: read them before you merge"
    if not changes:
        return f"No resource changes; {said}" if said else "No change"
    first = document["base"]["kind"] == "nothing"
    what = f"First deployment of {count(changes, 'resource')}" if first else count(changes, "change")
    return f"{what}, no danger and no warning{f'; {said}' if said else ''}"


def _sides(document: Document) -> str:
    base, head = document["base"], document["head"]
    after = _side(head)
    return f"First deployment: {after}" if base["kind"] == "nothing" else f"From {_side(base)} to {after}"


def _side(side: Entry) -> str:
    label, revision = cut(clean(side["label"]), NAME), clean(side["revision"])[:10]
    known = f"{revision}, " if revision and not label.startswith(revision) else ""
    return f"{label or side['kind']} ({known}{count(side['resources'], 'resource')})"


def summary(counts: Mapping[str, int]) -> str:
    """Return how many resources go which way: `1 removed, 2 replaced, 3 changed, 4 added; 1,590 unchanged`."""
    said = ", ".join(f"{counts[action]:,} {DONE[action]}" for action in ACTIONS)
    return f"{said}; {counts['unchanged']:,} unchanged"


def tally(changes: Iterable[Entry]) -> str:
    """Return the same of a few changes, without those that don't occur."""
    found = Counter(change["action"] for change in changes)
    return ", ".join(f"{found[action]:,} {DONE[action]}" for action in ACTIONS if found[action])


def _permissions(document: Document) -> Figure:
    found = document["permissions"]
    granted, revoked, undecided = (len(found[kind]) for kind in ("granted", "revoked", "undecided"))
    dangers = sum(entry["severity"] == "danger" for entry in found["granted"])
    text = f"{granted:,} newly allowed{f' ({dangers:,} dangerous)' if dangers else ''}, {revoked:,} no longer allowed"
    if undecided:
        text += f", {undecided:,} undecided"
    if unknown := len(found.get("unknown", ())):
        text += f"; {count(unknown, 'policy is', 'policies are')} unknown before and after"
    return Figure("Permissions", text, _both(granted, revoked), "bad" if dangers else "")


def _policy(document: Document) -> Figure:
    found = document["policy"]
    if found is None:
        return Figure("Policies", "not judged", "–")
    new, fixed, mandatory = len(found["new"]), len(found["fixed"]), found["new_mandatory"]
    same, unknown = found["unchanged"], found["not_evaluated"]
    text = (
        f"{new:,} new{f' ({mandatory:,} mandatory)' if mandatory else ''}, {fixed:,} fixed; as before: "
        f"{same['mandatory']:,} mandatory, {same['advisory']:,} advisory, {same['exempt']:,} exempt; "
        f"{unknown['after']:,} not evaluated"
    )
    if unknown["before"] != unknown["after"]:
        text += f" ({unknown['before']:,} before)"
    return Figure("Policies", text, _both(new, fixed), "bad" if mandatory else "wait" if new else "")


def _both(more: int, less: int) -> str:
    return f"+{more:,} {MINUS}{less:,}" if more or less else "±0"


def _cost(document: Document) -> Figure:
    found = document["cost"]
    if found is None:
        return Figure("Cost", "not estimated", "–")
    text = f"{span(found['delta'], usd)} a month: {usd(found['before']['expected'])} before, " \
           f"{usd(found['after']['expected'])} after"  # fmt: skip
    budget, tone = found["budget"], ""
    if budget is not None:
        text += f"; {budget['after_percent']:,.0f} % of the budget of {usd(budget['monthly_usd'])} ({budget['state']})"
        tone = {"exceeded": "bad", "near": "wait"}.get(budget["state"], "")
    return Figure("Cost", text, signed(found["delta"]["expected"]), tone)


def _carbon(document: Document) -> Figure:
    found = document["carbon"]
    if found is None:
        return Figure("Carbon", "not estimated", "–")
    text = f"{span(found['delta'], kilograms)} kg CO2e a month: {kilograms(found['before']['expected'])} kg before, " \
           f"{kilograms(found['after']['expected'])} kg after"  # fmt: skip
    return Figure("Carbon", text, f"{signed(found['delta']['expected'], kilograms)} kg")


def kilograms(amount: float) -> str:
    """Return an amount of kilograms: two decimals below 100, none from there on."""
    return f"{amount:,.2f}" if abs(amount) < 100 else f"{amount:,.0f}"


def span(delta: Mapping[str, float], form: Any) -> str:
    """Return a range of differences: `+$120`, or `+$120 (+$80 to +$410)` where the bounds differ."""
    low, expected, high = (signed(delta[name], form) for name in ("low", "expected", "high"))
    return expected if low == expected == high else f"{expected} ({low} to {high})"


def span_of(amount: Mapping[str, float]) -> str:
    """Return a range of kilograms: `41 kg`, or `41 kg (30 to 52)` where the bounds differ."""
    low, mid, high = (kilograms(amount[name]) for name in ("low", "expected", "high"))
    return f"{mid} kg" if low == mid == high else f"{mid} kg ({low} to {high})"


@dataclass(frozen=True, slots=True)
class Group:
    """The changes of one model: those that are listed, by component, and the number of all."""

    model: str
    components: tuple[tuple[str, tuple[Entry, ...]], ...]
    tally: str
    left_out: int


def groups(document: Document, limit: int | None = None) -> tuple[list[Group], int]:
    """Return the changes by model and component, in the report's order (the gravest first), and how many are left out.

    At most `limit` changes are listed, the gravest; None lists all. A model of which none is listed has no group.
    """
    changes = document["changes"]
    every: dict[str, list[Entry]] = {}
    for change in changes:
        every.setdefault(change["model"], []).append(change)
    listed: dict[str, dict[str, list[Entry]]] = {}
    for change in changes[:limit]:
        listed.setdefault(change["model"], {}).setdefault(change["component"], []).append(change)
    found = []
    for model, components in listed.items():
        held = tuple((component, tuple(entries)) for component, entries in components.items())
        missing = len(every[model]) - sum(len(entries) for _, entries in held)
        found.append(Group(model, held, tally(every[model]), missing))
    return found, len(changes) - len(changes[:limit])


def kind(type_token: str) -> str:
    """Return a type as people read it: `s3.Bucket` of `aws:s3/bucket:Bucket`; as it is where it is no type token."""
    text = clean(type_token)
    return cut(short(text) if text.count(":") == 2 else text, NAME)


def marks(change: Entry) -> list[str]:
    """Return what else is to be known of a changed resource, each a short sentence."""
    said = []
    goes = change["action"] in ("remove", "replace")
    if change["stateful"] and (goes or change["may_replace"]):
        said.append(f"holds {sentence(change['stateful'])}")
    if change["protected"] and goes:
        said.append("protected: Pulumi refuses to delete it")
    if change["retained"] and goes:
        said.append("retained: stays in the account when it leaves the program")
    if change["replaces"]:
        source = f" ({sentence(change['replace_source'])})" if change["replace_source"] else ""
        said.append(f"replaced because of {few(change['replaces'])}{source}")
    if change["may_replace"]:
        said.append(f"not known whether a change of {few(change['may_replace'])} replaces it")
    if change["blast"]:
        said.append(f"{count(len(change['blast']), 'resource depends', 'resources depend')} on it")
    return said


def sentence(text: str) -> str:
    """Return a sentence on one line, cut where it is very long."""
    return cut(clean(text), LINE)


def few(items: Sequence[str], limit: int = 6) -> str:
    """Return the first few of a list, and how many more there are."""
    shown = ", ".join(cut(clean(str(item)), NAME) for item in items[:limit])
    return f"{shown} and {len(items) - limit:,} more" if len(items) > limit else shown


@dataclass(frozen=True, slots=True)
class Line:
    """A property that differs: its sign, its path, and its values as text; None for the side that it has none on."""

    sign: str
    path: str
    before: str | None
    after: str | None
    replaces: bool


def lines(change: Entry, limit: int, path_limit: int = 60) -> list[Line]:
    """Return a resource's properties that differ; values of at most `limit` characters each."""
    found = []
    for entry in change["properties"]:
        kind, before, after = entry["kind"], None, None
        if kind == "change":
            before, after = value_pair(entry["before"], entry["after"], limit)
        elif kind == "add":
            after = cut(value(entry["after"]), limit)
        else:
            before = cut(value(entry["before"]), limit)
        found.append(Line(SIGNS[kind], cut(clean(entry["path"]), path_limit), before, after, bool(entry["replaces"])))
    return found


def release_title(entry: Entry) -> str:
    """Return a release in one line: which endpoint goes from which version to which, how, and for how long."""
    before, after = (str("" if entry[side] is None else entry[side]) for side in ("from_version", "to_version"))
    moved = before and after and before != after
    versions = f"version {before} to {after}, " if moved else f"version {after}, " if after else ""
    long = f"at least {duration(entry['seconds'])}" if entry["seconds"] else "at once"
    return sentence(f"{entry['model'] or SHARED}, endpoint {entry['endpoint']}: {versions}{entry['strategy']}, {long}")


def stage_time(stage: Entry) -> str:
    """Return when a stage of a release begins and ends, after its start."""
    if stage["until_seconds"] == stage["at_seconds"]:
        return f"at {duration(stage['at_seconds'])}" if stage["at_seconds"] else "at once"
    if stage["until_seconds"] is None:
        return f"from {duration(stage['at_seconds'])}"
    return f"{duration(stage['at_seconds'])} to {duration(stage['until_seconds'])}"


def grant(entry: Entry) -> str:
    """Return a permission in one line: who may do what to what, when."""
    condition = f", when {sentence(entry['conditions'])}" if entry["conditions"] else ""
    who = cut(clean(entry["principal"]), NAME)
    return f"{who} (by {clean(entry['how'])}): {few(entry['actions'], 8)} on {few(entry['resources'], 4)}{condition}"


def reason(entry: Entry) -> str:
    """Return what is new about a permission, why that matters, and what there was before; empty where nothing is."""
    was = f"before: {entry['was']}" if entry.get("was") else ""
    return sentence("; ".join(part for part in (entry.get("kind", ""), entry["why"], was) if part))


def how(entry: Entry) -> str:
    """Return by what a permission is given, with its reason."""
    return f"by {clean(entry['how'])}{f': {told}' if (told := reason(entry)) else ''}"


def undecided(entry: Entry) -> str:
    """Return what could not be decided, and why, in one line."""
    return f"{cut(clean(entry['urn'].rpartition('::')[2]), NAME)}: {sentence(entry['why'])}"


def finding(entry: Entry) -> str:
    """Return a finding in one line: the rule, the resource, the place and the message."""
    place = f" ({cut(clean(entry['source']), NAME)})" if entry["source"] else ""
    name = cut(clean(entry["name"]), NAME) or "the stack"
    rule = clean(f"{entry['rule']} ({entry['level']}, {entry['severity']})")
    return f"{cut(rule, NAME)}: {name}{place}: {sentence(entry['message'])}"


@dataclass(frozen=True, slots=True)
class CostRow:
    """What a model costs before and after, and the difference: US dollars a month, expected values."""

    model: str
    before: float
    after: float
    delta: float

    @property
    def differs(self) -> bool:
        """Whether the difference is at least half a cent."""
        return abs(self.delta) >= 0.005


def cost_rows(document: Document) -> list[CostRow]:
    """Return what each model costs, the largest difference first; no rows where nothing is estimated."""
    if document["cost"] is None:
        return []
    rows = [
        CostRow(cut(clean(row["model"]), NAME) or SHARED, *(expected(row[name]) for name in SIDES))
        for row in document["cost"]["by_model"]
    ]
    return sorted(rows, key=lambda row: (-abs(row.delta), row.model))


def expected(amount: Any) -> float:
    """Return the expected value of a range, or the number itself."""
    return float(amount["expected"] if isinstance(amount, Mapping) else amount)


def notes(document: Document) -> list[str]:
    """Return what else is to be known: the report's own notes, then those on cost and carbon."""
    found = [sentence(note) for note in document["notes"]]
    for label in ("cost", "carbon"):
        part = document[label] or {}
        if unpriced := part.get("unpriced_types"):
            found.append(f"{label.title()}: no price for {few([_unpriced(entry) for entry in unpriced])}")
        found += [f"{label.title()}: {sentence(note)}" for note in part.get("notes", ())]
    return found


def _unpriced(entry: Any) -> str:
    return f"{kind(entry['type'])} ({entry['count']})" if isinstance(entry, Mapping) else kind(str(entry))

"""Headlines about who may do what: from the permissions part of the change report."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from mlops_estate.comparison.headline_kinds import CHECKSUM, Facts, Headline, Level
from mlops_estate.comparison.permissions import GRANTED
from mlops_estate.comparison.permissions_severity import ORDER

Entry = Mapping[str, Any]
_HOLDER, _GONE = GRANTED["holder"]
_BOUNDARY = GRANTED["boundary"][0]
_DENIAL = GRANTED["denial"][0]
_SHOWN = 2


def access(facts: Facts) -> Iterator[Headline]:
    """Yield what permissions widen, narrow, or leave undecided."""
    granted, revoked = _without_moves(
        list(facts.permissions.get("granted", ())), list(facts.permissions.get("revoked", ()))
    )
    groups: dict[tuple[str, str, str, str], list[Entry]] = {}
    for entry in granted:
        kind = _kind(entry)
        if kind == "identity-added":
            continue
        groups.setdefault((kind, _subject(entry), str(entry["kind"]), str(entry["was"])), []).append(entry)
    for (kind, subject, _, _), entries in groups.items():
        yield _widened(facts, kind, subject, entries)
    yield from _new_identities(facts, [entry for entry in granted if _kind(entry) == "identity-added"])
    yield from _narrowed(facts, [entry for entry in revoked if entry["kind"] != _GONE])
    yield from _undecided(facts)


def _without_moves(granted: list[Entry], revoked: list[Entry]) -> tuple[list[Entry], list[Entry]]:
    """Return grants and revocations without those that are the same for another checksum in the resource: what is named
    by its content, such as the code of a pipeline, has another address with each change."""

    def address(entry: Entry) -> tuple[Any, ...]:
        places = tuple(sorted(CHECKSUM.sub("<checksum>", text) for text in entry["resources"]))
        return entry["principal"], tuple(entry["actions"]), places, entry["conditions"], entry["how"]

    both = {address(entry) for entry in granted} & {address(entry) for entry in revoked}
    return tuple([entry for entry in side if address(entry) not in both] for side in (granted, revoked))  # type: ignore[return-value]  # two


def _kind(entry: Entry) -> str:
    if entry["kind"] == _BOUNDARY:
        return "boundary"
    if entry["how"] != "policy" and entry["principal"] == "everybody" and entry["severity"] == "danger" and (
        entry["kind"] != _DENIAL
    ):  # fmt: skip
        return "public"
    if entry["kind"] == _HOLDER and entry["severity"] != "danger":
        return "identity-added"
    return "trust-widened" if entry["how"] == "trust" else "permission-widened"


def _subject(entry: Entry) -> str:
    """Return whom a grant is about: for a policy who may do more, else what is opened."""
    if entry["how"] == "resource policy":
        return str(entry["urn"]).rpartition("::")[2]
    return str(entry["principal"]) if entry["how"] == "policy" else ", ".join(entry["resources"][:1])


def _widened(facts: Facts, kind: str, subject: str, entries: list[Entry]) -> Headline:
    level = _level(entries)
    gravest = [entry for entry in entries if entry["severity"] == level]
    actions = list(dict.fromkeys(action for entry in (*gravest, *entries) for action in entry["actions"]))
    shown = ", ".join(actions[:_SHOWN]) + (f" and {len(actions) - _SHOWN} more" if len(actions) > _SHOWN else "")
    first = gravest[0]
    detail = first["why"]
    if first["how"] == "policy" and first["kind"] != _BOUNDARY:
        detail = f"{detail}; on {_resources(gravest)}"
    model = _model(facts, first)
    urns = tuple(sorted({str(entry["urn"]) for entry in entries if entry["urn"]}))
    what = _what(first, shown, entries)
    return Headline(level, kind, what, subject, detail, model, urns, "identities" if first["how"] == "policy" else
                    "resources")  # fmt: skip


def _what(first: Entry, actions: str, entries: list[Entry]) -> str:
    """Return a difference in words."""
    kind, was = str(first["kind"]), str(first["was"])
    if kind == _BOUNDARY:
        return "permissions boundary removed"
    if kind == _DENIAL:
        return f"Deny dropped: {actions}"
    if first["how"] == "trust":
        who = ", ".join(dict.fromkeys(str(entry["principal"]) for entry in entries))
        return f"trusts {who}" if kind == GRANTED["principal"][0] or kind == _HOLDER else f"trust: {kind} ({who})"
    if kind == GRANTED["action"][0]:
        text = f"action widened {was} -> {actions}"
    elif kind == GRANTED["resource"][0]:
        text = f"{actions} on more: {was} -> {_resources(entries)}"
    elif kind == GRANTED["condition"][0]:
        text = f"{actions} without the condition {was}"
    elif kind == GRANTED["managed"][0]:
        text = f"managed policy {actions.rpartition('/')[2]} attached"
    else:
        text = f"may {actions}" if kind in (GRANTED["new"][0], _HOLDER) else f"{kind}: {actions}"
    if first["how"] == "resource policy":
        who = ", ".join(dict.fromkeys(str(entry["principal"]) for entry in entries))
        return f"{text} ({who})"
    return text


def _resources(entries: list[Entry]) -> str:
    named = list(dict.fromkeys(text for entry in entries for text in entry["resources"]))
    return ", ".join(named[:1]) + (f" and {len(named) - 1} more" if len(named) > 1 else "")


def _level(entries: list[Entry]) -> Level:
    level: Level = min((entry["severity"] for entry in entries), key=lambda name: ORDER[name])
    return level


def _model(facts: Facts, entry: Entry) -> str:
    return facts.models.get(str(entry["urn"]), "") or facts.models.get(str(entry["principal_urn"]), "")


def _new_identities(facts: Facts, entries: list[Entry]) -> Iterator[Headline]:
    """Yield one headline for identities and resources with policies that are new, by what belongs to whom."""
    by_model: dict[str, list[Entry]] = {}
    for entry in entries:
        by_model.setdefault(_model(facts, entry), []).append(entry)
    for model, mine in sorted(by_model.items()):
        if model in facts.added:
            continue
        names = sorted({_subject(entry) for entry in mine})
        what = f"{len(names)} new with policies of their own" if len(names) > 1 else "new, with policies of its own"
        yield Headline("notice", "identity-added", what, model or (names[0] if len(names) == 1 else ""),
                       ", ".join(names[:_SHOWN]) + (f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""),
                       model, tuple(sorted({str(entry["urn"]) for entry in mine if entry["urn"]})))  # fmt: skip


def _narrowed(facts: Facts, entries: list[Entry]) -> Iterator[Headline]:
    groups: dict[tuple[str, str, str], list[Entry]] = {}
    for entry in entries:
        groups.setdefault((_subject(entry), str(entry["kind"]), str(entry["was"])), []).append(entry)
    for (subject, kind, was), mine in groups.items():
        actions = list(dict.fromkeys(action for entry in mine for action in entry["actions"]))
        shown = ", ".join(actions[:_SHOWN]) + (f" and {len(actions) - _SHOWN} more" if len(actions) > _SHOWN else "")
        what = f"action narrowed {shown} -> {was}" if kind == GRANTED["action"][1] else f"{kind}: {shown}"
        what = f"no longer may {shown}" if kind == GRANTED["new"][1] else what
        urns = tuple(sorted({str(entry["urn"]) for entry in mine if entry["urn"]}))
        yield Headline("notice", "permission-narrowed", what, subject, "", _model(facts, mine[0]), urns,
                       "identities" if mine[0]["how"] == "policy" else "resources")  # fmt: skip


def _undecided(facts: Facts) -> Iterator[Headline]:
    left = list(facts.permissions.get("undecided", ()))
    if left:
        names = list(dict.fromkeys(str(each["urn"]).rpartition("::")[2] for each in left))
        count = f"{len(names)} policies" if len(names) > 1 else "1 policy"
        shown = ", ".join(names[:_SHOWN]) + (f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else "")
        urns = tuple(sorted({str(each["urn"]) for each in left}))
        yield Headline("warning", "permission-undecided", f"{count} can't be compared", "", shown, "", urns)

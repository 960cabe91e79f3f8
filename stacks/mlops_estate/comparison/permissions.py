"""Who can newly do what, and who no longer can: the policies of two resource graphs compared by what they say.

Order, splitting and merging of statements, one text or a list, and the case of actions are no change; an allow that a
wider one covers is no new grant. `docs/reference/change_report.md` says what is compared and what can't be.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from mlops_estate.comparison.model import Comparison
from mlops_estate.comparison.permissions_patterns import EVERYTHING, no_stricter
from mlops_estate.comparison.permissions_places import VPC_ENDPOINT, Holder, Places, places_of
from mlops_estate.comparison.permissions_severity import ORDER, Severity, accounts, judged
from mlops_estate.comparison.permissions_statements import EVERYBODY, Permission, order, read, reduced, said_of

GRANTED: Mapping[str, tuple[str, str]] = {
    "new": ("new", "gone"),
    "holder": ("new identity or resource", "identity or resource removed"),
    "principal": ("principal added", "principal removed"),
    "action": ("action widened", "action narrowed"),
    "resource": ("resource widened", "resource narrowed"),
    "condition": ("condition dropped", "condition added"),
    "condition changed": ("condition changed", "condition changed"),
    "denial": ("denial dropped", "denial added"),
    "boundary": ("boundary removed", "boundary added"),
    "within boundary": ("boundary widened", "boundary narrowed"),
    "managed": ("managed policy attached", "managed policy detached"),
}
"""What a difference is called where it grants, and where it revokes."""
_FULL_ACCESS = ("AdministratorAccess", "PowerUserAccess", "IAMFullAccess")


_Head = tuple[str, str, str, str, str, str, str, str]


@dataclass(frozen=True, slots=True)
class _Difference:
    """One permission that only one of two sides has."""

    kind: str
    principal: str
    principal_urn: str
    how: str
    urn: str
    severity: Severity
    why: str
    action: str
    resource: str
    condition: str = ""
    was: str = ""


@dataclass(slots=True)
class _Said:
    """What a holder's documents say."""

    allows: list[Permission]
    denies: list[Permission]
    bound_allows: list[Permission]
    bound_denies: list[Permission]


def permission_changes(comparison: Comparison) -> dict[str, Any]:
    """Return what the new graph grants, revokes and leaves undecided, as JSON data.

    `undecided` are documents that differ in a way that can't be read; `unknown` are those that are unknown on both
    sides, of which nothing is said.
    """
    before, after = places_of(comparison.before), places_of(comparison.after)
    told = _Comparing(before, after)
    return {
        "granted": list(_entries(told.found(before, after), granted=True)),
        "revoked": list(_entries(told.found(after, before), granted=False)),
        "undecided": told.undecided(),
        "unknown": told.unknown(),
    }


class _Comparing:
    """Both sides, with each document read once."""

    def __init__(self, before: Places, after: Places) -> None:
        self.before, self.after = before, after
        self._read: dict[tuple[int, tuple[str, str]], _Said] = {}
        self._unreadable: dict[tuple[str, str], set[str]] = {}
        # Estates of two accounts or regions differ in every ARN: that is said once, elsewhere.
        self._renamed = [
            (old, new, f"${{{what}}}")
            for old, new, what in (
                (before.account, after.account, "account"), (before.region, after.region, "region"),
            ) if old and new and old != new
        ]  # fmt: skip
        self.account = (
            "${account}"
            if any(what == "${account}" for _, _, what in self._renamed)
            else after.account or before.account
        )

    def found(self, old: Places, new: Places) -> Iterator[_Difference]:
        """Yield what `new` permits and `old` doesn't."""
        both = {**{key: new.holder(holder) for key, holder in old.holders.items()}, **new.holders}
        for _, holder in sorted(both.items()):
            if holder is None:
                continue  # it is gone, and so is what it could do
            earlier = old.holder(holder)
            if earlier is None or _written(earlier) != _written(holder):
                yield from self._differences(old, new, earlier, holder)

    def _differences(self, old: Places, new: Places, earlier: Holder | None, holder: Holder) -> Iterator[_Difference]:
        has = self._said(new, holder)
        had = self._said(old, earlier) if earlier is not None else _Said([], [], [], [])
        trust = holder.key[0] == "trust"
        new_ones = _uncovered(has.allows, had.allows, _hidden(earlier), by_account=trust)
        for one in new_ones:
            if not _refused(one, has.denies):
                yield self._difference(new, holder, one, *_kind(one, had.allows, is_new=earlier is None))
        for arn in sorted(holder.managed.keys() - (earlier.managed.keys() if earlier else set())):
            if not arn.startswith("boundary "):
                yield _managed(holder, arn, holder.managed[arn])
        if earlier is None:
            return
        for one in _uncovered(had.denies, has.denies, _hidden(holder)):
            yield self._denial(new, holder, one)
        yield from self._unbound(new, earlier, holder, had, has)

    def _unbound(self, new: Places, earlier: Holder, holder: Holder, had: _Said, has: _Said) -> Iterator[_Difference]:
        """Yield what a boundary no longer keeps."""
        if earlier.bounded and not holder.bounded:
            yield _Difference(
                "boundary", holder.name, holder.urn, "policy", holder.urn, "danger",
                "without a permissions boundary its policies alone bound it", "*", "*",
            )  # fmt: skip
            return
        if not (earlier.bounded and holder.bounded) or _unread(holder) or _unread(earlier):
            return
        for one in _uncovered(has.bound_allows, had.bound_allows):
            if not _refused(one, has.bound_denies):
                yield self._difference(new, holder, one, "within boundary", "")
        for one in _uncovered(had.bound_denies, has.bound_denies):
            yield self._denial(new, holder, one)

    def _difference(self, side: Places, holder: Holder, one: Permission, kind: str, was: str) -> _Difference:
        how = holder.key[0].partition(" ")[0]
        a_filter = holder.key[0].endswith(VPC_ENDPOINT)
        severity, why = judged(one, self.account, how="filter" if a_filter else how)
        if how == "identity" and holder.bounded and kind != "within boundary":
            bound = self._said(side, holder).bound_allows
            if bound and not any(other.meets(one) for other in bound):
                severity, why = "notice", f"{why}; its permissions boundary doesn't allow it"
        if kind == "holder" and how == "resource" and _own(one, self.account):
            severity, why = "notice", "a new resource, and its policy names nobody outside of the account"
        principal, urn = holder.name, holder.urn
        resource = str(one.resource)
        if how != "identity":
            principal, urn = _principal(side, one)
            resource = holder.name if one.resource == EVERYTHING else resource
        word = {"identity": "policy", "trust": "trust"}.get(how, "resource policy")
        return _Difference(
            kind, principal, urn, word, one.urn, severity, why, str(one.action), resource, said_of(one.condition), was
        )

    def _denial(self, side: Places, holder: Holder, one: Permission) -> _Difference:
        made = self._difference(side, holder, one, "denial", "")
        why = f"an explicit Deny of {made.action} stands on one side only"
        if not any(item.meets(one) for item in self._said(side, holder).allows) and made.how == "policy":
            return replace(made, severity="warning", why=f"{why}; none of its policies here allows that")
        return replace(made, severity="danger", why=why)

    def _said(self, side: Places, holder: Holder) -> _Said:
        key = (id(side), holder.key)
        if key not in self._read:
            self._read[key] = self._parsed(holder)
        return self._read[key]

    def _parsed(self, holder: Holder) -> _Said:
        made: dict[tuple[bool, bool], list[Permission]] = {}
        for place in holder.places:
            if place.unknown:
                continue
            document = read(self._renaming(place.document), place.urn, symbol=place.symbol)
            for why in document.undecided:
                self._unreadable.setdefault(holder.key, set()).add(f"{place.urn}\n{why}")
            for one in document.permissions:
                made.setdefault((place.how == "boundary", one.allows), []).append(one)
        parts = ((False, True), (False, False), (True, True), (True, False))
        return _Said(*(sorted(set(made.get(which, ())), key=order) for which in parts))

    def _renaming(self, document: Any) -> Any:
        if not self._renamed:
            return document
        text = document if isinstance(document, str) else json.dumps(document)
        for old, new, symbol in self._renamed:
            text = text.replace(old, symbol).replace(new, symbol)
        return text

    def undecided(self) -> list[dict[str, str]]:
        """Return what differs, or may, and can't be read."""
        found: set[tuple[str, str]] = set()
        for key in {**self.before.holders, **self.after.holders}:
            old, new = self.before.holders.get(key), self.after.holders.get(key)
            if old is not None and new is not None and _written(old) == _written(new):
                continue
            for text in self._unreadable.get(key, ()):
                urn, _, why = text.partition("\n")
                found.add((urn, why))
            for holder in (old, new):
                found.update(holder.undecided if holder else ())
            found |= _unlike(old, new)
        return [{"urn": urn, "why": why} for urn, why in sorted(found)]

    def unknown(self) -> list[str]:
        """Return the URNs of documents that are unknown as a whole on both sides: they may differ or not."""
        sides = [
            {place.urn for holder in side.holders.values() for place in holder.places if place.unknown}
            for side in (self.before, self.after)
        ]
        return sorted(sides[0] & sides[1])


def _unlike(old: Holder | None, new: Holder | None) -> set[tuple[str, str]]:
    """Return the documents that can be read on one side only, or whose unknown parts come from elsewhere now."""
    found: set[tuple[str, str]] = set()
    olds = {place.urn: place for place in old.places} if old else {}
    news = {place.urn: place for place in new.places} if new else {}
    for urn in olds.keys() | news.keys():
        before, after = olds.get(urn), news.get(urn)
        if before is None or after is None:
            place = before or after
            # That a boundary is there no longer, or only now, is told by itself.
            if place is not None and place.unknown and place.how != "boundary":
                gone = "the policy is gone: what it allowed" if after is None else "the policy is new: what it allows"
                found.add((urn, f"{gone} is unknown until the update"))
        elif before.unknown != after.unknown:
            found.add((urn, f"the document is unknown {'before' if before.unknown else 'after'} the change"))
        elif before.sources != after.sources and before.text != after.text:
            names = ", ".join(sorted({each.rpartition("::")[2] for each in {*before.sources} ^ {*after.sources}}))
            found.add((urn, f"what is unknown in it comes from elsewhere than before: {names}"))
    return found


def _uncovered(
    these: list[Permission], others: list[Permission], hidden: frozenset[str] = frozenset(), *, by_account: bool = False
) -> list[Permission]:
    """Return what reaches more than any of the others, each once; nothing of documents whose counterpart is hidden."""
    known = set(others)
    return reduced(
        one
        for one in these
        if one not in known
        and one.urn not in hidden
        and not any(other.covers(one, by_account=by_account) for other in others)
    )


def _hidden(holder: Holder | None) -> frozenset[str]:
    """Return the URNs of documents that can't be read: whether they said the same can't be told."""
    return frozenset(place.urn for place in holder.places if place.unknown) if holder else frozenset()


def _unread(holder: Holder) -> bool:
    """Whether the document of a boundary can't be read: nothing is said of what it leaves."""
    bounds = [place for place in holder.places if place.how == "boundary"]
    return not bounds or any(place.unknown for place in bounds)


def _written(holder: Holder) -> tuple[Any, ...]:
    """Return what a holder's documents are as they are written: where that is equal, nothing has to be read."""
    texts = sorted((place.how, place.text) for place in holder.places)
    return texts, sorted(holder.managed), sorted(holder.undecided), holder.bounded


def _refused(one: Permission, denies: Iterable[Permission]) -> bool:
    """Whether a denial leaves nothing of a permission."""
    return any(
        not deny.condition and replace(deny, allows=True, condition=one.condition).covers(one) for deny in denies
    )


def _kind(one: Permission, had: Iterable[Permission], *, is_new: bool) -> tuple[str, str]:
    """Return what a new permission is beside the ones before: the first of these that explains it, and what was."""
    if is_new:
        return "holder", ""
    had = list(had)
    if one.who is not None and not any(other.names_all(one, by_account=True) for other in had):
        return "principal", ""
    same = [other for other in had if other.names_all(one)]
    narrower = [
        other for other in same
        if one.action.contains(other.action) and one.resource.contains(other.resource)
    ]  # fmt: skip
    for other in narrower:
        if other.action.contains(one.action) and other.resource.contains(one.resource):
            dropped = no_stricter(one.condition, other.condition)
            return ("condition" if dropped else "condition changed"), said_of(other.condition)
    actions = [other for other in narrower if not other.action.contains(one.action)]
    if actions:
        return "action", ", ".join(sorted({str(other.action) for other in actions}))
    if narrower:
        return "resource", ", ".join(sorted({str(other.resource) for other in narrower}))
    return "new", ""


def _own(one: Permission, account: str) -> bool:
    """Whether a statement names nobody but services and the estate's own account."""
    if one.who is None or one.who.but or EVERYBODY in one.who.names:
        return False
    return all(kind == "Service" for kind, _ in one.who.names) or accounts(one.who) == {account}


def _managed(holder: Holder, arn: str, urn: str) -> _Difference:
    """Return the difference that a managed policy makes whose document is not in this stack."""
    name = arn.rpartition("/")[2]
    severity: Severity = "danger" if name in _FULL_ACCESS or name.endswith("FullAccess") else "warning"
    if severity == "warning" and ("ReadOnly" in name or name.endswith("ViewOnlyAccess")):
        severity = "notice"
    why = f"the managed policy {name} stands outside of this stack: its name is all that is known"
    return _Difference("managed", holder.name, holder.urn, "policy", urn, severity, why, arn, "*")


def _principal(side: Places, one: Permission) -> tuple[str, str]:
    """Return whom a resource or trust policy names, and the URN where it is a role of this stack."""
    who = one.who
    if who is None:
        return "nobody that is named", ""
    if who.names == (EVERYBODY,) and not who.but:
        return "everybody", ""
    names = {name.rpartition("/")[2] if name.startswith("arn:") else name for _, name in who.names}
    urns = [side.roles[name] for _, name in who.names if name in side.roles]
    urns += [side.roles[name] for name in sorted(names) if name in side.roles]
    return str(who), urns[0] if urns and not who.but else ""


def _entries(found: Iterable[_Difference], *, granted: bool) -> Iterator[dict[str, Any]]:
    """Yield differences as JSON data, those that differ in actions or resources alone as one, the gravest first."""
    groups: dict[_Head, dict[str, tuple[set[str], set[str]]]] = {}
    for each in found:
        about = (str(ORDER[each.severity]), each.principal, each.principal_urn, each.how, each.kind, each.urn,
                each.condition, each.was)  # fmt: skip
        resources, whys = groups.setdefault(about, {}).setdefault(each.action, (set(), set()))
        resources.add(each.resource)
        whys.add(each.why)
    for head, actions in sorted(groups.items()):
        by_resources: dict[tuple[str, ...], list[str]] = {}
        for action, (resources, _) in actions.items():
            by_resources.setdefault(tuple(sorted(resources)), []).append(action)
        for shared, names in sorted(by_resources.items()):
            level, principal, principal_urn, how, kind, urn, condition, was = head
            yield {
                "principal": principal,
                "principal_urn": principal_urn,
                "actions": sorted(names),
                "resources": list(shared),
                "conditions": condition,
                "how": how,
                "urn": urn,
                "severity": next(name for name, place in ORDER.items() if str(place) == level),
                "why": "; ".join(sorted(set().union(*(actions[name][1] for name in names)))),
                "kind": GRANTED[kind][0 if granted else 1],
                "was": was,
            }

"""Policy documents taken apart into the smallest permissions and denials, so that how they are written counts for
nothing: order, splitting, one text or a list, the case of actions.

Source: IAM user guide, "Grammar of the IAM JSON policy language".
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from mlops_estate.comparison.permissions_patterns import EVERYTHING, Condition, Named, no_stricter
from mlops_estate.graph_file import MASK
from mlops_policies.iam.conditions import listed
from mlops_policies.policy_documents import Saying, sayings
from mlops_policies.resource import Resource, View
from mlops_policies.values import SENTINELS, UNKNOWN, Malformed, UnknownValue, has_unknown, is_unknown

ROOT = re.compile(r"^(?:arn:[\w-]+:iam::)?(\d{12}|\$\{account\})(?::root)?$")
EVERYBODY = ("AWS", "*")
_ACCOUNT_OF = re.compile(r"^arn:[\w-]+:(?:iam|sts)::(\d{12}):.+$")
NAMED = re.compile(rf"{UNKNOWN}\(([^)]*)\)")
"""An unknown part with a name: the resource, and the output after a dot (`engine.naming`)."""
_WHOLE = re.compile(r"^\*(?::\*)?$")


@dataclass(frozen=True, slots=True)
class Who:
    """Whom a statement is about: one principal, or with `but` everybody except these; (kind, name) each."""

    names: tuple[tuple[str, str], ...]
    but: bool = False

    def contains(self, other: Who, *, by_account: bool) -> bool:
        """Whether everyone of `other` is meant here too; `by_account` takes an account for all that are in it."""
        if self.but and other.but:
            return set(self.names) <= set(other.names)
        if other.but:
            return EVERYBODY in self.names
        if self.but:
            return not set(self.names) & set(other.names) and EVERYBODY not in other.names
        return all(self._has(kind, name, by_account) for kind, name in other.names)

    def _has(self, kind: str, name: str, by_account: bool) -> bool:
        if EVERYBODY in self.names or (kind, name) in self.names:
            return True
        found = _ACCOUNT_OF.match(name) if by_account and kind == "AWS" else None
        return found is not None and ("AWS", found[1]) in self.names

    def __str__(self) -> str:
        names = ", ".join("everybody" if each == EVERYBODY else _shown(each) for each in self.names)
        return f"everybody but {names}" if self.but else names


@dataclass(frozen=True, slots=True)
class Permission:
    """The smallest part of a statement: one pattern of actions, one of resources, one principal, one condition.

    `who` is None in identity policies; `urn` is of the resource that the document stands in and counts for nothing
    when permissions are compared.
    """

    allows: bool
    action: Named
    resource: Named
    who: Who | None = None
    condition: Condition = ()
    urn: str = field(default="", compare=False)

    def covers(self, other: Permission, *, by_account: bool = False) -> bool:
        """Whether it reaches all that `other` reaches; whatever can't be told is not covered."""
        return (
            self.allows == other.allows
            and self.action.contains(other.action)
            and self.resource.contains(other.resource)
            and self.names_all(other, by_account=by_account)
            and no_stricter(self.condition, other.condition)
        )

    def names_all(self, other: Permission, *, by_account: bool = False) -> bool:
        """Whether everyone of `other` is meant here too."""
        if self.who is None or other.who is None:
            return self.who is other.who
        return self.who.contains(other.who, by_account=by_account)

    def meets(self, other: Permission) -> bool:
        """Whether some action on some resource is named by both."""
        return self.action.meets(other.action) and self.resource.meets(other.resource)


@dataclass(slots=True)
class Document:
    """What a document says; `undecided` are parts of it of which nothing can be said, with the reason."""

    permissions: list[Permission] = field(default_factory=list)
    undecided: list[str] = field(default_factory=list)


def read(document: Any, urn: str, *, symbol: str = "unknown") -> Document:
    """Take a document apart: JSON text or data. Unknown parts of a text are compared as `${symbol}`."""
    found = Document()
    try:
        data = json.loads(document) if isinstance(document, str) else document
        statements = data.get("Statement") if isinstance(data, Mapping) else None
    except json.JSONDecodeError as error:
        found.undecided.append(f"it is no JSON document ({error.msg})")
        return found
    if is_unknown(statements) or statements == MASK:
        found.undecided.append("its statements are unknown until the update")
        return found
    for index, raw in enumerate(statements if isinstance(statements, list) else [statements]):
        try:
            for said in sayings(View(Resource("", {}, urn=urn), {"Statement": {"Statement": raw}}, ""), "Statement"):
                _known(said)
                found.permissions += _permissions(said, urn, symbol)
        except UnknownValue:
            found.undecided.append(f"statement {index} is unknown until the update")
        except (Malformed, AttributeError, TypeError):
            found.undecided.append(f"statement {index} is none that IAM takes")
    return found


def _known(said: Saying) -> None:
    """Raise `UnknownValue` where whom, what or under which condition is unknown as a whole: it could be anything."""
    names = [name for _, name in (*said.principals, *said.not_principals)]
    tests = [value for _, _, values in said.conditions for value in values]
    for value in (*said.actions, *said.not_actions, *names, *tests):
        if is_unknown(value) or value == MASK:
            raise UnknownValue(said.path)


def _permissions(said: Saying, urn: str, symbol: str) -> Iterator[Permission]:
    def known(texts: Iterable[Any]) -> list[str]:
        return [symbolic(text, symbol) for text in texts]

    condition = conditions_of(said, symbol)
    actions = _elements(known(said.actions), known(said.not_actions), fold=True)
    resources = _elements(known(said.resources), known(said.not_resources), fold=False) or [EVERYTHING]
    for action in actions:
        for resource in resources:
            for who in _whom(said, symbol):
                yield Permission(said.allows, action, resource, who, condition, urn)


def _elements(named: list[str], excepted: list[str], *, fold: bool) -> list[Named]:
    """Return an element's patterns, each by itself; `fold` where the case of letters counts for nothing."""
    written = {text.lower() if fold else text: text for text in reversed(excepted or named)}
    if excepted:
        patterns = tuple(sorted(written))
        return [Named(patterns, but=True, written=tuple(written[each] for each in patterns))]
    return [EVERYTHING if _WHOLE.match(each) else Named((each,), written=(written[each],)) for each in sorted(written)]


def _whom(said: Saying, symbol: str) -> list[Who | None]:
    if said.not_principals:
        return [Who(tuple(sorted({_principal(*each, symbol) for each in said.not_principals})), but=True)]
    if not said.principals:
        return [None]
    return [Who((each,)) for each in sorted({_principal(*each, symbol) for each in said.principals})]


def _principal(kind: str, name: Any, symbol: str) -> tuple[str, str]:
    text = symbolic(name, symbol)
    if text == "*" and kind in ("AWS", "*"):
        return EVERYBODY
    account = ROOT.match(text)
    return kind, account[1] if account and kind == "AWS" else text


def conditions_of(said: Saying, symbol: str = "unknown") -> Condition:
    """Return a statement's tests in one order."""
    tests = ((operator, key, tuple(sorted({symbolic(text, symbol) for text in listed(list(values))})))
             for operator, key, values in said.conditions)  # fmt: skip
    return tuple(sorted(tests))


def symbolic(text: Any, symbol: str) -> str:
    """Return a text with its unknown and masked parts as `${symbol}`; a part that has a name of its own, as that."""
    made = str(text)
    if has_unknown(made):
        made = NAMED.sub(lambda found: f"${{{found[1]}}}", made)
        for sentinel in SENTINELS:
            made = made.replace(sentinel, f"${{{symbol}}}")
    return made.replace(MASK, f"${{{symbol}}}")


def said_of(condition: Condition) -> str:
    """Return a condition in words: every test, joined by "and"; "" where there is none."""
    return " and ".join(f"{key} {operator} {', '.join(values)}" for operator, key, values in condition)


def _shown(principal: tuple[str, str]) -> str:
    kind, name = principal
    return f"account {name}" if kind == "AWS" and ROOT.match(name) else name


def reduced(permissions: Iterable[Permission]) -> list[Permission]:
    """Return permissions without those that another one covers, in one order."""
    ordered = sorted(set(permissions), key=order)
    wide = [(place, one) for place, one in enumerate(ordered) if not _plain(one)]
    alike: dict[tuple[str, ...], list[tuple[int, Permission]]] = {}
    for place, one in enumerate(ordered):
        if _plain(one):
            alike.setdefault(one.action.patterns, []).append((place, one))
    kept: list[Permission] = []
    for place, one in enumerate(ordered):
        # Only one that names the same action, or several, can reach what a single action does.
        rivals = [*alike[one.action.patterns], *wide] if _plain(one) else enumerate(ordered)
        # Of two that say the same in other words the first is kept.
        if not any(
            other.covers(one) and not (one.covers(other) and where > place) for where, other in rivals if where != place
        ):
            kept.append(one)
    return kept


def _plain(permission: Permission) -> bool:
    """Whether it names one action by its whole name."""
    action = permission.action
    return not action.but and len(action.patterns) == 1 and not {"*", "?"} & set(action.patterns[0])


def order(permission: Permission) -> tuple[Any, ...]:
    """Return what permissions are ordered by; it is the same whichever way they were written."""
    who = permission.who
    return (
        permission.allows, permission.action.but, permission.action.patterns, permission.resource.but,
        permission.resource.patterns, who is not None, (who.but, who.names) if who else (), permission.condition,
    )  # fmt: skip

"""Whether one policy pattern reaches all that another does: wildcards, lists of exceptions, conditions.

Source: IAM user guide, "IAM JSON policy elements reference": `*` stands for any text and `?` for one character; names
of actions don't depend on case; a condition's tests must all hold, its values are alternatives; a test with IfExists
also passes a request that lacks the key.
"""

from __future__ import annotations

import functools
import ipaddress
import re
from dataclasses import dataclass, field

Test = tuple[str, str, tuple[str, ...]]
"""One test of a condition: operator and key in lower case, and the sorted values."""
Condition = tuple[Test, ...]

_RUN = re.compile(r"[*?]+")
_WIDER = {"stringequals": "stringlike", "arnequals": "arnlike", "arnlike": "arnequals"}
"""Operators that pass all that another one passes with the same values; of ARNs both read wildcards."""
_READS_WILDCARDS = frozenset({"stringlike", "stringnotlike", "arnlike", "arnequals", "arnnotlike", "arnnotequals"})


@dataclass(frozen=True, slots=True)
class Named:
    """What an element of a statement names: one pattern, or with `but` everything except these patterns."""

    patterns: tuple[str, ...]
    but: bool = False
    written: tuple[str, ...] = field(default=(), compare=False)
    """The patterns as the document has them, where case doesn't count."""

    def contains(self, other: Named) -> bool:
        """Whether everything that `other` names is named here too."""
        if self.but and other.but:
            return all(any(contains(theirs, mine) for theirs in other.patterns) for mine in self.patterns)
        if self.but:
            return not any(overlaps(mine, theirs) for mine in self.patterns for theirs in other.patterns)
        if other.but:
            return "*" in self.patterns
        return all(any(contains(mine, theirs) for mine in self.patterns) for theirs in other.patterns)

    def meets(self, other: Named) -> bool:
        """Whether anything may be named by both."""
        if self.but and other.but:
            return True
        if self.but or other.but:
            excepted, plain = (self, other) if self.but else (other, self)
            return not all(any(contains(hole, text) for hole in excepted.patterns) for text in plain.patterns)
        return any(overlaps(mine, theirs) for mine in self.patterns for theirs in other.patterns)

    def __str__(self) -> str:
        text = ", ".join(self.written or self.patterns)
        return f"all but {text}" if self.but else text


EVERYTHING = Named(("*",))


@functools.lru_cache(maxsize=1 << 16)
def contains(wide: str, narrow: str) -> bool:
    """Whether every text that `narrow` matches is matched by `wide` too; both may hold `*` and `?`."""
    if wide in ("*", narrow):
        return True
    if not {"*", "?"} & set(wide):
        return False
    if not narrow.startswith(re.split(r"[*?]", wide, maxsplit=1)[0]):
        return False
    wide, narrow = _canonical(wide), _canonical(narrow)
    # reached[i]: whether the part of `wide` read so far takes the first i characters of `narrow`.
    reached = [True] + [False] * len(narrow)
    for sign in wide:
        if sign == "*":
            for place in range(1, len(reached)):
                reached[place] = reached[place] or reached[place - 1]
            continue
        fits = [sign == given or (sign == "?" and given != "*") for given in narrow]
        reached = [False] + [reached[place] and fits[place] for place in range(len(narrow))]
    return reached[-1]


@functools.lru_cache(maxsize=1 << 16)
def overlaps(one: str, other: str) -> bool:
    """Whether some text is matched by both patterns."""
    reached = {(0, 0)}
    waiting = [(0, 0)]
    while waiting:
        here, there = waiting.pop()
        if here == len(one) and there == len(other):
            return True
        mine, theirs = one[here : here + 1], other[there : there + 1]
        steps = []
        if mine == "*":
            steps += [(here + 1, there), *([(here, there + 1)] if theirs else [])]
        if theirs == "*":
            steps += [(here, there + 1), *([(here + 1, there)] if mine else [])]
        if mine and theirs and "*" not in (mine, theirs) and (mine == theirs or "?" in (mine, theirs)):
            steps.append((here + 1, there + 1))
        for step in steps:
            if step not in reached:
                reached.add(step)
                waiting.append(step)
    return False


def _canonical(pattern: str) -> str:
    """Return a pattern with one order for each run of wildcards: `*?` and `?*` say the same."""
    return _RUN.sub(lambda run: "?" * run[0].count("?") + ("*" if "*" in run[0] else ""), pattern)


def no_stricter(wide: Condition, narrow: Condition) -> bool:
    """Whether every request that passes `narrow` passes `wide` too: each test of `wide` follows from one of `narrow`.

    What can't be told counts as no: a grant is then shown, never hidden.
    """
    return all(any(_follows(test, given) for given in narrow) for test in wide)


def _follows(wanted: Test, given: Test) -> bool:
    """Whether a request that passes `given` passes `wanted`."""
    if wanted == given:
        return True
    (wide_operator, key, wide_values), (narrow_operator, narrow_key, narrow_values) = wanted, given
    if key != narrow_key:
        return False
    wide_over, wide_plain, may_lack = _taken_apart(wide_operator)
    narrow_over, narrow_plain, narrow_may_lack = _taken_apart(narrow_operator)
    if wide_over != narrow_over or (narrow_may_lack and not may_lack):
        return False
    if wide_plain != narrow_plain and _WIDER.get(narrow_plain) != wide_plain:
        return False
    if "not" in wide_plain:
        return all(any(_takes(wide_plain, theirs, mine) for theirs in narrow_values) for mine in wide_values)
    return all(any(_takes(wide_plain, mine, theirs) for mine in wide_values) for theirs in narrow_values)


def _taken_apart(operator: str) -> tuple[str, str, bool]:
    """Return an operator's set qualifier, its plain name, and whether it passes a request that lacks the key."""
    over, _, plain = operator.rpartition(":")
    return over, plain.removesuffix("ifexists"), plain.endswith("ifexists")


def _takes(operator: str, wide: str, narrow: str) -> bool:
    """Whether a value of a test passes all that another value of it passes."""
    if operator in _READS_WILDCARDS:
        return contains(wide, narrow)
    if operator in ("ipaddress", "notipaddress"):
        return _network_contains(wide, narrow)
    return wide == narrow


def _network_contains(wide: str, narrow: str) -> bool:
    try:
        outer, inner = ipaddress.ip_network(wide, strict=False), ipaddress.ip_network(narrow, strict=False)
    except ValueError:
        return wide == narrow
    if isinstance(outer, ipaddress.IPv4Network) and isinstance(inner, ipaddress.IPv4Network):
        return inner.subnet_of(outer)
    if isinstance(outer, ipaddress.IPv6Network) and isinstance(inner, ipaddress.IPv6Network):
        return inner.subnet_of(outer)
    return False

"""Rules of composite alarms: parsed, and evaluated over the states of the alarms that they name.

Source: CloudWatch API Reference, PutCompositeAlarm, AlarmRule.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

_TOKEN = re.compile(
    r"""\s*(?:(?P<state>ALARM|OK|INSUFFICIENT_DATA)\s*\(\s*(?:"(?P<quoted>[^"]+)"|(?P<plain>[^\s()"]+))\s*\)"""
    r"""|(?P<word>AND|OR|NOT|TRUE|FALSE|\(|\)))""",
    re.VERBOSE,
)
Token = tuple[str, str]


class RuleFault(ValueError):  # noqa: N818 -- named for what it tells
    """A rule that cannot be read; says where."""


def named_alarms(rule: str) -> list[str]:
    """Return the alarms that a rule names, by name or ARN, each once, in order."""
    return list(dict.fromkeys(name for kind, name in _tokens(rule) if name))


def holds(rule: str, states: Mapping[str, str]) -> bool:
    """Whether a rule holds over the alarms' states by name; `RuleFault` where it cannot be read."""
    tokens = list(_tokens(rule))
    value, rest = _either(tokens, states)
    if rest:
        raise RuleFault(f"unexpected {rest[0][0]} in the alarm rule")
    return value


def _tokens(rule: str) -> Iterator[Token]:
    position = 0
    text = rule.strip()
    while position < len(text):
        found = _TOKEN.match(text, position)
        if not found:
            raise RuleFault(f"cannot read the alarm rule from {text[position : position + 20]!r}")
        position = found.end()
        name = found["quoted"] or found["plain"] or ""
        # An alarm is named by its name or its ARN.
        yield (found["state"] or found["word"], name.split(":alarm:", 1)[-1])


def _either(tokens: list[Token], states: Mapping[str, str]) -> tuple[bool, list[Token]]:
    """Read alternatives: OR binds least."""
    value, rest = _all(tokens, states)
    while rest and rest[0][0] == "OR":
        other, rest = _all(rest[1:], states)
        value = value or other
    return value, rest


def _all(tokens: list[Token], states: Mapping[str, str]) -> tuple[bool, list[Token]]:
    value, rest = _one(tokens, states)
    while rest and rest[0][0] == "AND":
        other, rest = _one(rest[1:], states)
        value = value and other
    return value, rest


def _one(tokens: list[Token], states: Mapping[str, str]) -> tuple[bool, list[Token]]:
    if not tokens:
        raise RuleFault("the alarm rule ends where a term is expected")
    (kind, name), rest = tokens[0], tokens[1:]
    if kind == "NOT":
        value, rest = _one(rest, states)
        return not value, rest
    if kind == "(":
        value, rest = _either(rest, states)
        if not rest or rest[0][0] != ")":
            raise RuleFault("the alarm rule lacks a closing parenthesis")
        return value, rest[1:]
    if kind in {"TRUE", "FALSE"}:
        return kind == "TRUE", rest
    if name:
        return states.get(name) == kind, rest
    raise RuleFault(f"unexpected {kind} in the alarm rule")

"""CloudWatch Logs filter patterns for JSON events, evaluated: what a metric filter of ours would count.

Source: CloudWatch Logs user guide, Filter pattern syntax for metric filters (JSON). Texts, `=`, `!=`, NOT EXISTS,
&& and ||. A comparison with a field that is absent doesn't match.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

_TOKEN = re.compile(r'\s*(?:(\()|(\))|(&&)|(\|\|)|(\$[\w.]+)|(!=|=)|("[^"]*")|(NOT EXISTS))')


def matches(pattern: str, event: Mapping[str, Any]) -> bool:
    """Whether an event is counted; raises ValueError for what is no pattern of this kind."""
    text = pattern.strip()
    if not (text.startswith("{") and text.endswith("}")):
        raise ValueError(f"not a JSON pattern: {pattern}")
    tokens = _tokens(text[1:-1].strip())
    value, rest = _either(tokens, event)
    if rest:
        raise ValueError(f"left over: {rest}")
    return value


def _tokens(text: str) -> list[str]:
    found, at = [], 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise ValueError(f"unknown at {text[at:]!r}")
        found.append(match[0].strip())
        at = match.end()
    return found


def _either(tokens: list[str], event: Mapping[str, Any]) -> tuple[bool, list[str]]:
    value, tokens = _both(tokens, event)
    while tokens and tokens[0] == "||":
        other, tokens = _both(tokens[1:], event)
        value = value or other
    return value, tokens


def _both(tokens: list[str], event: Mapping[str, Any]) -> tuple[bool, list[str]]:
    value, tokens = _one(tokens, event)
    while tokens and tokens[0] == "&&":
        other, tokens = _one(tokens[1:], event)
        value = value and other
    return value, tokens


def _one(tokens: list[str], event: Mapping[str, Any]) -> tuple[bool, list[str]]:
    if tokens[0] == "(":
        value, tokens = _either(tokens[1:], event)
        if not tokens or tokens[0] != ")":
            raise ValueError("a parenthesis is missing")
        return value, tokens[1:]
    path, operator, *rest = tokens
    held: Any = event
    for part in path.removeprefix("$.").split("."):
        held = held.get(part) if isinstance(held, Mapping) else None
    if operator == "NOT EXISTS":
        return held is None, rest
    wanted = rest[0].strip('"')
    same = held == wanted
    return held is not None and (same if operator == "=" else not same), rest[1:]

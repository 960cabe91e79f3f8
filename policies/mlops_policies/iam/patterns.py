"""Texts of a policy against values of a request: wildcards, policy variables, ARNs."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping, Sequence

Value = str | Sequence[str]
Context = Mapping[str, Value]
"""What a request tells, by condition key in lower case."""

VARIABLES_SINCE = "2012-10-17"
"""Policies of an older version take `${...}` literally (IAM user guide, Version)."""
_VARIABLE = re.compile(r"\$\{([^}]*)\}")
_WITH_DEFAULT = re.compile(r"^\s*([^,\s]+)\s*,\s*'([^']*)'\s*$")
_LITERALS = {"*", "?", "$"}


def lowered(context: Mapping[str, Value]) -> Context:
    """Return a context with its keys in lower case: names of condition keys are not case-sensitive."""
    return {key.lower(): value for key, value in context.items()}


def matches(
    pattern: str, value: str, context: Context, *, variables: bool = True, wildcards: bool = True
) -> bool | None:
    """Whether a value matches a text with `*`, `?` and policy variables; None where a variable has no value."""
    pieces = _pieces(pattern, context, variables=variables)
    if pieces is None:
        return None
    return re.fullmatch(_regex(pieces, wildcards), value, re.DOTALL) is not None


@functools.lru_cache(maxsize=1 << 16)
def action_matches(pattern: str, action: str) -> bool:
    """Whether an action is one of those that a pattern names; the case of letters doesn't count."""
    return bool(matches(pattern.lower(), action.lower(), {}, variables=False))


def resource_matches(pattern: str, resource: str, context: Context, *, variables: bool = True) -> bool | None:
    """Whether an ARN is one of those that the Resource element names; None where a variable has no value.

    A wildcard reaches beyond colons, as one that ends a segment does (IAM user guide, Resource).
    """
    return matches(pattern, resource, context, variables=variables)


def arn_matches(pattern: str, arn: str, context: Context, *, variables: bool = True) -> bool | None:
    """Whether an ARN matches by ArnEquals or ArnLike: each of its six parts by itself, wildcards in each.

    None where either is no ARN, or a variable has no value.
    """
    wanted, given = _parts(pattern), arn.split(":", 5)
    if len(wanted) != 6 or len(given) != 6:
        return None
    parts = [matches(part, value, context, variables=variables) for part, value in zip(wanted, given, strict=True)]
    return None if None in parts else all(parts)


def _parts(pattern: str) -> list[str]:
    """Split an ARN's text at colons, but not at those of a policy variable."""
    held = _VARIABLE.sub(lambda found: found[0].replace(":", "\0"), pattern)
    return [part.replace("\0", ":") for part in held.split(":", 5)]


def _pieces(pattern: str, context: Context, *, variables: bool) -> tuple[tuple[str, bool], ...] | None:
    """Return the text as pieces (text, whether wildcards count in it); None where a variable has no value."""
    if not variables or "${" not in pattern:
        return ((pattern, True),)
    pieces: list[tuple[str, bool]] = []
    end = 0
    for found in _VARIABLE.finditer(pattern):
        value = _value(found[1], context)
        if value is None:
            return None
        pieces += [(pattern[end : found.start()], True), (value, False)]
        end = found.end()
    return (*pieces, (pattern[end:], True))


def _value(name: str, context: Context) -> str | None:
    if name in _LITERALS:
        return name
    default = None
    if found := _WITH_DEFAULT.match(name):
        name, default = found[1], found[2]
    value = context.get(name.strip().lower())
    return value if isinstance(value, str) else default


@functools.lru_cache(maxsize=4096)
def _regex(pieces: tuple[tuple[str, bool], ...], wildcards: bool) -> str:
    made = ""
    for text, active in pieces:
        escaped = re.escape(text)
        made += escaped.replace(r"\*", ".*").replace(r"\?", ".") if active and wildcards else escaped
    return made

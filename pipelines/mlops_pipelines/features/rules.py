"""What a schema has to be like: every fault of one, with its place, the value and the rule."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeGuard

TYPES = ("integer", "number", "category", "text")
ROLES = ("feature", "label", "protected", "identifier", "ignored")
# SageMaker API reference, FeatureDefinition.FeatureName, and the names it reserves.
_NAME = re.compile(r"[a-zA-Z0-9]([_-]*[a-zA-Z0-9]){0,63}")
_RESERVED = {"is_deleted", "write_time", "api_invocation_time"}
_EXACT = 2**53
_KEYS = {"name", "type", "role", "description", "minimum", "maximum", "values", "nullable", "header"}


def schema_faults(raw: Any) -> list[str]:
    """Return every fault of a schema as it was read from YAML or JSON; an empty list for a good one."""
    return list(_faults(raw))


def _faults(raw: Any) -> Iterator[str]:
    if not isinstance(raw, Mapping):
        yield f"it is {type(raw).__name__}, not a mapping"
        return
    if unknown := sorted(map(str, raw.keys() - {"record_identifier", "event_time", "columns"})):
        yield f"unknown key {', '.join(unknown)}"
    columns = raw.get("columns")
    if not isinstance(columns, (list, tuple)) or not all(isinstance(column, Mapping) for column in columns):
        yield "`columns` is not a list of mappings"
        return
    yield from _name_faults(raw, columns)
    for index, column in enumerate(columns):
        yield from (f"columns[{index}]: {fault}" for fault in _column_faults(column))
    labels = _having("label", columns)
    if len(labels) != 1:
        yield f"exactly one column has the role label, not {len(labels)}"
    identifiers = _having("identifier", columns)
    if len(identifiers) > 1:
        yield f"at most one column has the role identifier, not {len(identifiers)}"


def _name_faults(raw: Mapping[str, Any], columns: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    identifier = raw.get("record_identifier")
    # The identifier's column may be the record identifier itself.
    own = [column.get("name") for column in columns]
    same = any(column.get("name") == identifier for column in _having("identifier", columns))
    names = [*([] if same else [identifier]), raw.get("event_time"), *own]
    for name in names:
        if not isinstance(name, str) or not _NAME.fullmatch(name) or name in _RESERVED:
            yield f"{name!r} cannot name a feature (at most 64 letters, digits, - and _, none of {sorted(_RESERVED)})"
    yield from (f"{name} occurs {count} times" for name, count in _repeated(names))
    headers = [column.get("header") or column.get("name") for column in columns]
    repeated = set(_repeated(names))
    yield from (
        f"header {name} occurs {count} times" for name, count in _repeated(headers) if (name, count) not in repeated
    )


def _column_faults(column: Mapping[str, Any]) -> Iterator[str]:
    if unknown := sorted(map(str, column.keys() - _KEYS)):
        yield f"unknown key {', '.join(unknown)}"
    kind, role = column.get("type"), column.get("role", "feature")
    if kind not in TYPES:
        yield f"type {kind!r} is none of {', '.join(TYPES)}"
    if role not in ROLES:
        yield f"role {role!r} is none of {', '.join(ROLES)}"
    if not isinstance(column.get("description"), str):
        yield "it has no description"
    yield from _fit_faults(column, kind, role)
    header = column.get("header")
    if header is not None and (not isinstance(header, str) or header != header.strip()):
        yield f"header {header!r} is no text without spaces around it"
    if kind == "category":
        yield from _value_faults(column.get("values"))
    elif kind in ("integer", "number"):
        yield from _range_faults(column.get("minimum"), column.get("maximum"), kind, role)


def _fit_faults(column: Mapping[str, Any], kind: Any, role: Any) -> Iterator[str]:
    nullable = column.get("nullable")
    if nullable is not None and not isinstance(nullable, bool):
        yield f"nullable {nullable!r} is neither true nor false"
    if nullable and role in ("label", "protected", "identifier"):
        yield f"a column with the role {role} cannot be nullable: every record needs its value"
    if kind == "text" and role not in ("identifier", "ignored"):
        yield "text is for columns with the role identifier or ignored; a feature is an integer, a number or a category"
    if role == "identifier" and kind in ("number", "category"):
        yield f"an identifier is a text or an integer, not a {kind}"


def _range_faults(low: Any, high: Any, kind: Any, role: Any) -> Iterator[str]:
    if role == "identifier" and low is None and high is None:
        return  # any number tells records apart
    if not (_number(low) and _number(high) and low <= high):
        yield f"a number needs `minimum` <= `maximum`, not {low!r} and {high!r}"
    elif kind == "integer" and max(abs(low), abs(high)) > _EXACT:
        yield f"a whole number is exact up to {_EXACT}, so neither bound may lie beyond it: {low!r}, {high!r}"


def _value_faults(values: Any) -> Iterator[str]:
    if not isinstance(values, (list, tuple)) or len(values) < 2 or not all(isinstance(value, str) for value in values):
        yield "a category needs `values`: at least two texts, quoted"
        return
    yield from (f"the value {value!r} occurs {count} times" for value, count in _repeated(values))
    yield from (
        f"the value {value!r} is empty or has spaces around it"
        for value in values
        if not value or value != value.strip()
    )


def _having(role: str, columns: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    return [column for column in columns if column.get("role") == role]


def _repeated(names: Sequence[Any]) -> list[tuple[str, int]]:
    texts = [name for name in names if isinstance(name, str)]
    return [(name, texts.count(name)) for name in sorted({name for name in texts if texts.count(name) > 1})]


def _number(value: Any) -> TypeGuard[float]:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)

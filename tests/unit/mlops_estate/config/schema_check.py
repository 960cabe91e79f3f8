"""The part of JSON Schema 2020-12 that the configuration's schema uses; any other keyword is an error of the test."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

_NOTES = {"title", "description", "examples", "default", "x-default-by-class", "$schema", "$defs"}
_TYPES: dict[str, tuple[type, ...]] = {
    "object": (dict,), "array": (list,), "string": (str,), "boolean": (bool,), "integer": (int,),
    "number": (int, float), "null": (type(None),),
}  # fmt: skip


def violations(schema: dict[str, Any], value: Any, root: dict[str, Any], path: str = "") -> Iterator[str]:
    """Yield `path: keyword` for each thing in `value` that the schema refuses."""
    for keyword, wanted in schema.items():
        if keyword in _NOTES:
            continue
        check = _KEYWORDS[keyword]
        yield from check(schema, wanted, value, root, path)


def _ref(_schema, wanted, value, root, path):
    at: Any = root
    for part in wanted.removeprefix("#/").split("/"):
        at = at[part]
    yield from violations(at, value, root, path)


def _type(_schema, wanted, value, _root, path):
    if not isinstance(value, _TYPES[wanted]) or (wanted in ("integer", "number") and isinstance(value, bool)):
        yield f"{path}: type {wanted}"


def _properties(_schema, wanted, value, root, path):
    for key in wanted.keys() & (value.keys() if isinstance(value, dict) else ()):
        yield from violations(wanted[key], value[key], root, f"{path}.{key}".lstrip("."))


def _additional(schema, wanted, value, root, path):
    for key in (value.keys() if isinstance(value, dict) else set()) - schema.get("properties", {}).keys():
        here = f"{path}.{key}".lstrip(".")
        if wanted is False:
            yield f"{here}: additionalProperties"
        else:
            yield from violations(wanted, value[key], root, here)


def _required(_schema, wanted, value, _root, path):
    if isinstance(value, dict):
        yield from (f"{path}.{key}: required".lstrip(".") for key in wanted if key not in value)


def _items(_schema, wanted, value, root, path):
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield from violations(wanted, item, root, f"{path}[{index}]")


def _any_of(_schema, wanted, value, root, path):
    if all(list(violations(choice, value, root, path)) for choice in wanted):
        yield f"{path}: anyOf"


def _names(_schema, wanted, value, root, path):
    for key in value if isinstance(value, dict) else ():
        yield from violations(wanted, key, root, f"{path}.{key}")


def _simple(types, holds):
    def check(schema, wanted, value, _root, path):
        if isinstance(value, types) and not isinstance(value, bool) and not holds(value, wanted):
            yield f"{path}: {next(key for key, item in schema.items() if item is wanted)}"

    return check


_KEYWORDS: dict[str, Any] = {
    "$ref": _ref,
    "type": _type,
    "properties": _properties,
    "additionalProperties": _additional,
    "required": _required,
    "items": _items,
    "anyOf": _any_of,
    "propertyNames": _names,
    "enum": _simple(object, lambda value, wanted: value in wanted),
    "pattern": _simple(str, lambda value, wanted: re.search(wanted, value)),
    "minLength": _simple(str, lambda value, wanted: len(value) >= wanted),
    "maxLength": _simple(str, lambda value, wanted: len(value) <= wanted),
    "minItems": _simple(list, lambda value, wanted: len(value) >= wanted),
    "maxItems": _simple(list, lambda value, wanted: len(value) <= wanted),
    "minimum": _simple((int, float), lambda value, wanted: value >= wanted),
    "maximum": _simple((int, float), lambda value, wanted: value <= wanted),
    "exclusiveMinimum": _simple((int, float), lambda value, wanted: value > wanted),
    "exclusiveMaximum": _simple((int, float), lambda value, wanted: value < wanted),
}

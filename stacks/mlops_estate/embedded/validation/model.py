"""Checks of a call's parameters against botocore's service model, deeper than botocore's own.

botocore checks types, required members and minima. Here also: unknown members, enums, patterns, maxima, tagged
unions; at any depth, all faults at once, each with its path.
"""

from __future__ import annotations

import datetime
import difflib
import functools
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import botocore.loaders
from botocore.model import ListShape, MapShape, ServiceModel, Shape, StringShape, StructureShape

from mlops_estate.embedded.validation.patterns import matches

TYPES: Mapping[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "long": (int,),
    "float": (int, float),
    "double": (int, float),
    "boolean": (bool,),
    "blob": (bytes, bytearray, str, io.IOBase),
    "timestamp": (datetime.datetime, datetime.date, str, int, float),
    "structure": (Mapping,),
    "map": (Mapping,),
    "list": (list, tuple),
}


@dataclass(frozen=True, slots=True)
class CallFault:
    """One fault of a call. `path` is a parameter path (``ProductionVariants[0].InstanceType``).

    `kind` is one of missing, unknown, type, enum, pattern, length, range, union, limit, reference; `source` is where
    the rule stands.
    """

    path: str
    value: Any
    rule: str
    fix: str
    kind: str
    source: str


@functools.cache
def service_model(service: str) -> ServiceModel:
    """Return botocore's model of a service; `UnknownServiceError` where there is none."""
    loader = botocore.loaders.Loader(include_default_search_paths=True)
    return ServiceModel(loader.load_service_model(service, "service-2"), service)


def check_model(service: str, operation: str, params: Mapping[str, Any]) -> list[CallFault]:
    """Return every fault of `params` by the service's model."""
    model = service_model(service)
    shape = model.operation_model(operation).input_shape
    source = f"{service} {model.api_version} {operation}"
    if shape is None:
        return [_unknown("", key, [], source, "this operation takes no parameters") for key in params]
    return list(_structure(params, shape, "", source))


def _unknown(path: str, key: str, known: Sequence[str], source: str, rule: str = "") -> CallFault:
    near = difflib.get_close_matches(key, known, n=1)
    fix = f"did you mean {near[0]}?" if near else f"one of: {', '.join(known) or 'none'}"
    return CallFault(_join(path, key), key, rule or "there is no such member", fix, "unknown", source)


def _join(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key


def _check(value: Any, shape: Shape, path: str, source: str) -> Iterator[CallFault]:
    kind = shape.type_name
    if getattr(shape, "is_document_type", False):
        return
    expected: Any = TYPES[kind]
    if not isinstance(value, expected) or (isinstance(value, bool) and kind != "boolean"):
        wanted = "number" if kind in {"float", "double"} else kind
        wanted, found = (f"{'an' if word[0] in 'aeiou' else 'a'} {word}" for word in (wanted, type(value).__name__))
        shown = "[sensitive]" if shape.metadata.get("sensitive") else value
        yield CallFault(path, shown, f"must be {wanted}, is {found}", f"give {wanted}", "type", source)
        return
    if isinstance(shape, StructureShape):
        yield from _structure(value, shape, path, source)
    elif isinstance(shape, ListShape):
        yield from _list(value, shape, path, source)
    elif isinstance(shape, MapShape):
        yield from _map(value, shape, path, source)
    elif isinstance(shape, StringShape) and isinstance(value, str):
        yield from _string(value, shape, path, source)
    elif kind in {"integer", "long", "float", "double"}:
        yield from _between(value, shape, path, source, "value", "range")


def _structure(value: Mapping[str, Any], shape: StructureShape, path: str, source: str) -> Iterator[CallFault]:
    members = shape.members
    for name in shape.required_members:
        token = members[name].metadata.get("idempotencyToken") or members[name].serialization.get("idempotencyToken")
        if name not in value and not token:
            fix = f"give {name} ({members[name].type_name})"
            yield CallFault(_join(path, name), None, "a required value is missing", fix, "missing", source)
    if getattr(shape, "is_tagged_union", False) and len(value) != 1:
        fix = f"give one of: {', '.join(members)}"
        yield CallFault(path, sorted(value), "exactly one member may be set", fix, "union", source)
    for key, item in value.items():
        if key not in members:
            yield _unknown(path, key, list(members), source)
        elif item is not None:
            yield from _check(item, members[key], _join(path, key), source)


def _list(value: Sequence[Any], shape: ListShape, path: str, source: str) -> Iterator[CallFault]:
    yield from _between(len(value), shape, path, source, "number of items", "length")
    for index, item in enumerate(value):
        yield from _check(item, shape.member, f"{path}[{index}]", source)


def _map(value: Mapping[str, Any], shape: MapShape, path: str, source: str) -> Iterator[CallFault]:
    yield from _between(len(value), shape, path, source, "number of entries", "length")
    for key, item in value.items():
        yield from _string(key, shape.key, f"{path}.{key}", source)
        yield from _check(item, shape.value, f"{path}.{key}", source)


def _string(value: str, shape: Shape, path: str, source: str) -> Iterator[CallFault]:
    shown = "[sensitive]" if shape.metadata.get("sensitive") else value
    enum = getattr(shape, "enum", None)
    if enum and value not in enum:
        near = difflib.get_close_matches(value, enum, n=3)
        fix = f"did you mean {' or '.join(near)}?" if near else f"one of: {', '.join(enum[:12])}"
        yield CallFault(path, shown, f"must be one of {len(enum)} values of {shape.name}", fix, "enum", source)
        return
    length = list(_between(len(value), shape, path, source, "length", "length", shown=shown))
    yield from length
    pattern = shape.metadata.get("pattern")
    # A length fault says it already: most patterns repeat the bounds, and one fault is enough.
    if pattern and not length and not matches(pattern, value):
        yield CallFault(path, shown, f"must match {pattern}", "write it in that form", "pattern", source)


def _between(
    number: float, shape: Shape, path: str, source: str, what: str, kind: str, shown: Any = None
) -> Iterator[CallFault]:
    low, high = shape.metadata.get("min"), shape.metadata.get("max")
    if low is not None and number < float(low):
        rule = f"{what} must be at least {low}, is {number}"
        yield CallFault(path, number if shown is None else shown, rule, f"at least {low}", kind, source)
    if high is not None and number > float(high):
        rule = f"{what} must be at most {high}, is {number}"
        yield CallFault(path, number if shown is None else shown, rule, f"at most {high}", kind, source)

"""Injects single faults into a resource's inputs: what a slip in a program, or a wrong value in a file, would be.

Candidates are found by the operation's shape, each at the input that the parameter came from. A fault is caught where a
check of the resource names that very input (for a missing value: it, or what it is missing from).
"""

from __future__ import annotations

import copy
import random
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from botocore.model import ListShape, MapShape, Shape, StructureShape

from mlops_estate.embedded.driver import AwsDriver
from mlops_estate.embedded.validation import service_model
from mlops_estate.embedded.validation.patterns import matches
from mlops_estate.embedded.validation.references import BY_MEMBER
from mlops_estate.engine.driver_api import ResourceRequest
from mlops_estate.faults import Fault

KINDS = ("missing", "type", "enum", "pattern", "length", "range", "reference")
SCALARS = {"string", "integer", "long", "float", "double", "boolean"}
NUMBERS = {"integer", "long", "float", "double"}
# What the provider fills in itself, so that leaving it out is no fault; an entry of a mapping or list may go too.
FILLED = {
    "accountId", "description",
    "dataQualityJobInput.endpointInput.localPath", "dataQualityJobOutputConfig.monitoringOutputs.s3Output.localPath",
}  # fmt: skip
MAPS = {"tags", "dimensions"}


@dataclass(frozen=True)
class Injected:
    """A fault: its kind, the input path, and the request with the fault in it."""

    kind: str
    path: str
    request: ResourceRequest


def candidates(driver: AwsDriver, request: ResourceRequest) -> Iterator[Injected]:
    """Yield every single fault of a request."""
    row = driver._row(request)
    mapped = driver._mapped(request, row)
    shape = service_model(row.service).operation_model(row.create).input_shape
    assert shape is not None
    for path, value, member, required in _leaves(mapped.params, shape, ""):
        origin = mapped.origins.get(path, "")
        if not origin or not _there(request.inputs, origin) or _at(request.inputs, origin) is None:
            continue
        filled = origin == row.auto_name or origin in FILLED or _parent(origin) in MAPS or origin.endswith("]")
        given = _at(request.inputs, origin)
        if member.type_name in SCALARS and not isinstance(value, bytes) and str(given).lower() != str(value).lower():
            continue  # the key of a mapping's entry: the fault would be put into its value
        if isinstance(value, Mapping) and not isinstance(given, (Mapping, list)):
            continue  # an entry that the service has as a structure, and the program as a text
        for kind, bad in _faults(value, given, member, required and not filled, row.service, row.create, path):
            changed = copy.deepcopy(dict(request.inputs))
            if kind == "missing":
                _remove(changed, origin)
            else:
                _put(changed, origin, bad)
            yield Injected(kind, origin, _with(request, changed))


def caught(driver: AwsDriver, fault: Injected) -> tuple[bool, list[Fault]]:
    """Whether a check refuses the fault by its path; and all that it says."""
    found = driver.check(fault.request)
    parents = {fault.path, _parent(fault.path)} if fault.kind == "missing" else {fault.path}
    return any(item.where in parents for item in found), found


def _with(request: ResourceRequest, inputs: Mapping[str, Any]) -> ResourceRequest:
    return ResourceRequest(
        request.urn, request.type, request.name, inputs, request.default_tags, request.provider_region
    )


def _leaves(value: Any, shape: Shape, path: str, required: bool = False) -> Iterator[tuple[str, Any, Shape, bool]]:
    """Yield (parameter path, value, shape, whether it is required) of everything in a call."""
    if path:
        yield path, value, shape, required
    if isinstance(shape, StructureShape) and isinstance(value, Mapping):
        for name, item in value.items():
            if name in shape.members:
                where = f"{path}.{name}" if path else name
                yield from _leaves(item, shape.members[name], where, name in shape.required_members)
    elif isinstance(shape, ListShape) and isinstance(value, list):
        for index, item in enumerate(value):
            yield from _leaves(item, shape.member, f"{path}[{index}]")
    elif isinstance(shape, MapShape) and isinstance(value, Mapping):
        for key, item in value.items():
            yield from _leaves(item, shape.value, f"{path}.{key}")


def _faults(
    value: Any, given: Any, shape: Shape, required: bool, service: str, operation: str, path: str
) -> Iterator[tuple[str, Any]]:
    kind, data = shape.type_name, shape.metadata
    if required:
        yield "missing", None
    if kind in SCALARS and not isinstance(value, bytes):
        yield "type", [["nested"]]
    elif kind in {"structure", "list", "map"}:
        yield "type", "a text in the place of a structure"
    if kind == "string" and isinstance(value, str):
        yield from _string_faults(value, shape, service, operation, path)
    if kind == "list" and isinstance(given, list) and given and len(given) * 60 > (data.get("max") or 1e9):
        yield "length", given * (int(data["max"]) // len(given) + 1)
    if kind in NUMBERS:
        if "max" in data:
            yield "range", float(data["max"]) + 1
        if "min" in data:
            yield "range", float(data["min"]) - 1


def _string_faults(value: str, shape: Shape, service: str, operation: str, path: str) -> Iterator[tuple[str, Any]]:
    data, enum = shape.metadata, getattr(shape, "enum", None)
    if enum:
        yield "enum", value + "X"
        return
    pattern = data.get("pattern")
    if pattern:
        bad = next((text for text in (value + " !", "\x00", "é!") if not matches(pattern, text)), None)
        if bad is not None and len(bad) <= int(data.get("max") or 10**9):
            yield "pattern", bad
    if data.get("max") and int(data["max"]) < 100_000:
        yield "length", (value or "a") * (int(data["max"]) // max(1, len(value)) + 1)
    member = re.sub(r"\[\d+\]$", "", path).rsplit(".", 1)[-1]
    named, makers = BY_MEMBER.get((service, member), (None, frozenset()))
    if value.startswith(("arn:aws:iam", "arn:aws:kms", "arn:aws:sns")) or (
        named and operation not in makers and not value.startswith("arn:")
    ):
        yield "reference", _dangling(value)


def _dangling(value: str) -> str:
    """Return a name or ARN of the same form that nothing has: its last hexadecimal digit or letter is another."""
    for index in range(len(value) - 1, -1, -1):
        if value[index].isalnum():
            other = "0" if value[index] != "0" else "1"
            return value[:index] + other + value[index + 1 :]
    return value + "x"


_STEP = re.compile(r"([^.\[\]]+)|\[(\d+)\]")


def _steps(path: str) -> list[str | int]:
    return [int(index) if index else key for key, index in _STEP.findall(path)]


def _at(tree: Any, path: str) -> Any:
    for step in _steps(path):
        if not isinstance(tree, (dict, list)):
            raise TypeError(path)
        tree = tree[step]
    return tree


def _there(tree: Any, path: str) -> bool:
    """Whether the path can be followed as it stands; a key that itself holds dots (a tag) cannot."""
    try:
        _at(tree, path)
    except (KeyError, IndexError, TypeError):
        return False
    return True


def _put(tree: Any, path: str, value: Any) -> None:
    *head, last = _steps(path)
    for step in head:
        tree = tree[step]
    tree[last] = value


def _remove(tree: Any, path: str) -> None:
    *head, last = _steps(path)
    for step in head:
        tree = tree[step]
    del tree[last]


def _parent(path: str) -> str:
    cut = max(path.rfind("."), path.rfind("["))
    return path[:cut] if cut > 0 else ""


def sample(faults: list[Injected], count: int, seed: int) -> list[Injected]:
    """Return `count` faults, every kind as fully as the others allow, in an order that the seed fixes."""
    draw = random.Random(seed)
    by_kind = {kind: [fault for fault in faults if fault.kind == kind] for kind in KINDS}
    for group in by_kind.values():
        draw.shuffle(group)
    chosen: list[Injected] = []
    while len(chosen) < count and any(by_kind.values()):
        for kind in KINDS:
            if by_kind[kind] and len(chosen) < count:
                chosen.append(by_kind[kind].pop())
    return chosen

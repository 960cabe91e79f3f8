"""Each step's arguments against the call that it makes, by the service's model; references are typed by their place."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from botocore.model import ListShape, MapShape, Shape, StructureShape

from mlops_estate.embedded.validation import CallFault, check_limits, check_model, service_model
from mlops_estate.faults import Fault
from mlops_estate.pipeline_checks.references import Document
from mlops_estate.pipeline_checks.steps import Placed, is_function

_STAND_INS: Mapping[str, Any] = {
    "string": "x", "integer": 1, "long": 1, "float": 1.0, "double": 1.0, "boolean": True, "timestamp": 0, "list": [],
    "map": {}, "structure": {}, "blob": b"",
}  # fmt: skip
_NUMBERS = frozenset({"integer", "long", "float", "double"})
_TAKES: Mapping[str, frozenset[str]] = {
    "string": frozenset({"string", "timestamp"}),
    "timestamp": frozenset({"string", "timestamp"}),
    "boolean": frozenset({"boolean", "string"}),
    **dict.fromkeys(_NUMBERS, frozenset({*_NUMBERS, "string"})),
}
"""What a member of a type takes from a reference: the service turns texts into numbers and booleans."""

_OPEN = re.compile(r"\$\{[a-z_]+\}")
"""What a kept definition leaves to be filled: of any type, wherever it stands."""


def argument_faults(step: Placed, document: Document) -> Iterator[Fault]:
    """Yield every fault of a step's arguments."""
    kind = step.kind
    if kind is None or kind.free:
        return
    if not isinstance(step.step.get("Arguments"), Mapping):
        yield Fault(f"{step.path}.Arguments", step.step.get("Arguments"), f"a {step.step['Type']} step needs arguments",
                    f"give what {kind.call} takes", urn=step.name)  # fmt: skip
        return
    shape = service_model("sagemaker").operation_model(kind.call).input_shape
    assert shape is not None  # every call of a step takes arguments
    replaced: set[str] = set()
    found: list[Fault] = []
    arguments = _substituted(step.arguments, shape, "", document, step, replaced, found)
    if kind.named:
        arguments.setdefault(kind.named, "x")
        replaced.add(kind.named)
    yield from found
    faults = check_model("sagemaker", kind.call, arguments)
    if not any(fault.kind in {"type", "missing"} for fault in faults):
        faults = [*faults, *check_limits("sagemaker", kind.call, arguments)]
    for fault in faults:
        if not _is_stand_in(fault.path, replaced):
            yield _as_fault(fault, step)


def _as_fault(fault: CallFault, step: Placed) -> Fault:
    where = f"{step.path}.Arguments.{fault.path}".rstrip(".")
    return Fault(where, fault.value, fault.rule, fault.fix, urn=step.name, source=fault.source)


def _is_stand_in(path: str, replaced: set[str]) -> bool:
    return any(path == other or path.startswith((f"{other}.", f"{other}[")) for other in replaced)


def _substituted(
    value: Any, shape: Shape, path: str, document: Document, step: Placed, replaced: set[str], found: list[Fault]
) -> Any:
    """Return a value with a stand-in for everything that is computed; what can't be of its member's type is found."""
    if is_function(value):
        replaced.add(path)
        kinds = document.kinds_of(value)
        takes = _TAKES.get(shape.type_name, frozenset({shape.type_name}))
        if kinds and not kinds & takes:
            rule = f"the reference gives a {' or '.join(sorted(kinds))}, and {shape.type_name} is taken"
            found.append(Fault(f"{step.path}.Arguments.{path}", value, rule, "refer to a value of that type",
                               urn=step.name))  # fmt: skip
        return _STAND_INS[shape.type_name]
    if isinstance(value, str) and _OPEN.search(value):
        replaced.add(path)
        return _STAND_INS[shape.type_name]
    if isinstance(value, Mapping):
        return {
            key: _substituted(item, member, f"{path}.{key}".strip("."), document, step, replaced, found)
            if (member := _member(shape, key)) is not None else item
            for key, item in value.items()
        }  # fmt: skip
    if isinstance(value, list) and isinstance(shape, ListShape):
        return [
            _substituted(item, shape.member, f"{path}[{index}]", document, step, replaced, found)
            for index, item in enumerate(value)
        ]
    return value


def _member(shape: Shape, key: str) -> Shape | None:
    if isinstance(shape, StructureShape):
        return shape.members.get(key)
    return shape.value if isinstance(shape, MapShape) else None

"""From a resource's inputs to an operation's parameters, derived from the service model.

Each parameter remembers the input it came from (`Mapped.origins`), so a fault of the call names the path the user
wrote. An input that maps to nothing is reported in `Mapped.lost`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from botocore.model import ListShape, MapShape, Shape, StructureShape

from mlops_estate.embedded.driver.names import best, likeness, plain

# String members that take a JSON document, which `aws-native` lets a program write as a mapping.
_DOCUMENT = re.compile(r"(?i)policy|document|definition|json|body$")


@dataclass(frozen=True, slots=True)
class At:
    """A value that an exception moved elsewhere, with the path of the input it stands for."""

    value: Any
    path: str


@dataclass(slots=True)
class Mapped:
    """Parameters, where each came from (parameter path to input path), and inputs that map to nothing."""

    params: dict[str, Any] = field(default_factory=dict)
    origins: dict[str, str] = field(default_factory=dict)
    lost: list[tuple[str, Any]] = field(default_factory=list)

    def origin(self, path: str) -> str:
        """Return the input path of a parameter path; of the nearest known ancestor, with the rest spelled as inputs
        are."""
        rest = ""
        while path:
            if path in self.origins:
                return (self.origins[path] + rest).lstrip(".")
            cut = max(path.rfind("."), path.rfind("["))
            head, tail = (path[:cut], path[cut:]) if cut > 0 else ("", path)
            rest = (tail if tail.startswith("[") else "." + _camel(tail.lstrip("."))) + rest
            path = head
        return rest.lstrip(".")


def _camel(name: str) -> str:
    return name[:1].lower() + name[1:]


def map_inputs(inputs: Mapping[str, Any], shape: StructureShape | None, noun: str) -> Mapped:
    """Return the parameters of an operation whose input is `shape`."""
    mapped = Mapped()
    if shape is not None:
        mapped.params = _Mapper(mapped).structure(inputs, shape, noun, "", "", top=True)
    else:
        mapped.lost = list(inputs.items())
    return mapped


class _Mapper:
    def __init__(self, mapped: Mapped) -> None:
        self.mapped = mapped

    def structure(
        self, inputs: Mapping[str, Any], shape: StructureShape, noun: str, path: str, origin: str, *, top: bool = False
    ) -> dict[str, Any]:
        """Map each key to the member it means; what is left over may belong one level down."""
        out: dict[str, Any] = {}
        later: dict[str, Any] = {}
        for key, value in inputs.items():
            if value is None:
                continue
            member = best(key, tuple(name for name in shape.members if name not in out), noun)
            if isinstance(value, At) and value.value is None:
                if member:  # nothing was given: a fault that misses the parameter names the input
                    self.mapped.origins.setdefault(_join(path, member), value.path)
                continue
            if member is None:
                later[key] = value
            else:
                out[member] = self.value(value, shape.members[member], _join(path, member), _join(origin, key))
        if top:
            later = self._wrapped(later, shape, noun, path, origin, out)
        later = self._required(later, shape, path, origin, out)
        for key, value in later.items():
            inner = value.value if isinstance(value, At) else value
            self.mapped.lost.append((value.path if isinstance(value, At) else _join(origin, key), inner))
        return out

    def _wrapped(
        self, later: dict[str, Any], shape: StructureShape, noun: str, path: str, origin: str, out: dict[str, Any]
    ) -> dict[str, Any]:
        """Fill a wrapper structure such as `CreateDatabase(DatabaseInput={...})` from leftovers."""
        endings = ("", "config", "input", "setting")
        for member, inner in shape.members.items():
            if member in out or not isinstance(inner, StructureShape) or not later:
                continue
            fits = member in shape.required_members or plain(member) in {plain(noun) + ending for ending in endings}
            hit = {key: value for key, value in later.items() if fits and best(key, tuple(inner.members), noun)}
            if hit:
                self.mapped.origins[_join(path, member)] = origin
                out[member] = self.structure(hit, inner, noun, _join(path, member), origin)
                later = {key: value for key, value in later.items() if key not in hit}
        return later

    def _required(
        self, later: dict[str, Any], shape: StructureShape, path: str, origin: str, out: dict[str, Any]
    ) -> dict[str, Any]:
        """Give a required member that is still empty the closest leftover."""
        for member in shape.required_members:
            if member in out or not later:
                continue
            key = max(later, key=lambda name: likeness(name, member))
            if likeness(key, member) >= 0.3:
                out[member] = self.value(later.pop(key), shape.members[member], _join(path, member), _join(origin, key))
        return later

    def value(self, value: Any, shape: Shape, path: str, origin: str) -> Any:
        """Bring one value into the form of its shape; what cannot be is left as it is, for validation to name."""
        if isinstance(value, At):
            value, origin = value.value, value.path
        self.mapped.origins[path] = origin
        if isinstance(shape, StructureShape):
            return self._structure_value(value, shape, path, origin)
        if isinstance(shape, ListShape):
            return self._list_value(value, shape, path, origin)
        if isinstance(shape, MapShape):
            if not isinstance(value, Mapping):
                return value
            return {
                str(key): self.value(item, shape.value, f"{path}.{key}", f"{origin}.{key}")
                for key, item in value.items()
            }
        if isinstance(value, Mapping) and _DOCUMENT.search(path.rsplit(".", 1)[-1]):
            return json.dumps(value)
        return scalar(value, shape)

    def _structure_value(self, value: Any, shape: StructureShape, path: str, origin: str) -> Any:
        if isinstance(value, list) and len(value) == 1:
            value, origin = value[0], f"{origin}[0]"
        if isinstance(value, At):
            value, origin = value.value, value.path
        if isinstance(value, str) and len(shape.members) == 1:
            # The provider flattens a structure of one member, such as {"Value": x}.
            member = next(iter(shape.members))
            return {member: self.value(value, shape.members[member], f"{path}.{member}", origin)}
        if not isinstance(value, Mapping):
            return value
        noun = re.sub(r"(\[\d+\])+$", "", path).rsplit(".", 1)[-1]
        return self.structure(value, shape, noun, path, origin)

    def _list_value(self, value: Any, shape: ListShape, path: str, origin: str) -> Any:
        member = shape.member
        if isinstance(value, Mapping) and isinstance(member, StructureShape):
            pairs = _pair_members(member)
            if pairs and not ({name.lower() for name in value} & {name.lower() for name in pairs}):
                for index, key in enumerate(value):
                    self.mapped.origins[f"{path}[{index}]"] = f"{origin}.{key}"
                    self.mapped.origins[f"{path}[{index}].{pairs[0]}"] = f"{origin}.{key}"
                    self.mapped.origins[f"{path}[{index}].{pairs[1]}"] = f"{origin}.{key}"
                return [
                    {pairs[0]: str(key), pairs[1]: scalar(item, member.members[pairs[1]])}
                    for key, item in value.items()
                ]
        if not isinstance(value, (list, tuple)):
            if isinstance(value, Mapping) == isinstance(member, StructureShape):
                return [self.value(value, member, f"{path}[0]", origin)]
            return value
        return [self.value(item, member, f"{path}[{index}]", f"{origin}[{index}]") for index, item in enumerate(value)]


def _pair_members(shape: StructureShape) -> tuple[str, str] | None:
    """Return the key and value members of a structure that is a pair, such as a tag; None where it is not."""
    lower = {name.lower(): name for name in shape.members}
    for key, value in (("key", "value"), ("name", "value"), ("tagkey", "tagvalue")):
        if key in lower and value in lower:
            return lower[key], lower[value]
    return None


def _join(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key


def scalar(value: Any, shape: Shape) -> Any:
    """Bring a scalar into the form of its shape, as the provider would; a value that does not fit stays as it is."""
    kind = shape.type_name
    if kind == "string":
        return _text(value)
    if kind in {"integer", "long"}:
        whole = isinstance(value, (str, float)) and re.fullmatch(r"-?\d+(\.0+)?", str(value))
        return int(float(value)) if whole else value
    if kind in {"float", "double"} and isinstance(value, str):
        return float(value) if re.fullmatch(r"-?\d+(\.\d+)?", value) else value
    if kind == "boolean" and isinstance(value, str):
        return {"true": True, "false": False, "enabled": True, "disabled": False}.get(value.lower(), value)
    if kind == "blob" and isinstance(value, str):
        return value.encode()
    return value


def _text(value: Any) -> Any:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, (int, float)):
        return str(value)
    return value

"""Evaluate what a pipeline definition leaves to its execution: references, joins, property files, conditions."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

_TOKEN = re.compile(r"\['([^']*)'\]|\[\"([^\"]*)\"\]|\[(\d+)\]|([^.\[\]]+)")
_PROPERTY_FILE = re.compile(r"Steps\.([A-Za-z0-9_-]+)\.PropertyFiles\.(.+)")
_COMPARE: Mapping[str, Callable[[Any, Any], bool]] = {
    "Equals": lambda left, right: bool(left == right),
    "GreaterThan": lambda left, right: bool(left > right),
    "GreaterThanOrEqualTo": lambda left, right: bool(left >= right),
    "LessThan": lambda left, right: bool(left < right),
    "LessThanOrEqualTo": lambda left, right: bool(left <= right),
}
CONDITIONS = frozenset({*_COMPARE, "In", "Not", "Or"})


class ExpressionError(ValueError):
    """A reference points at nothing, or a condition compares what cannot be compared."""


@dataclass
class Scope:
    """What expressions may refer to: parameters, execution variables, properties and property files of ended steps.

    `properties` maps a step to what its Describe call would return (outputs by their name); `property_files` maps step
    and property-file name to the parsed JSON.
    """

    parameters: Mapping[str, Any]
    execution: Mapping[str, str]
    properties: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    property_files: dict[tuple[str, str], Any] = field(default_factory=dict)

    def evaluate(self, node: Any) -> Any:
        """Return the node with every expression in it replaced by its value. Raises `ExpressionError`."""
        if isinstance(node, list):
            return [self.evaluate(item) for item in node]
        if not isinstance(node, Mapping):
            return node
        if len(node) == 1:
            (key, value), *_ = node.items()
            if key == "Get":
                return self._get(value)
            if key == "Std:Join":
                return str(value["On"]).join(text(self.evaluate(item)) for item in value["Values"])
            if key == "Std:JsonGet":
                return self._json_get(value)
        return {key: self.evaluate(item) for key, item in node.items()}

    def holds(self, condition: Mapping[str, Any]) -> bool:
        """Return whether a condition of a condition step holds. Raises `ExpressionError`."""
        kind = condition["Type"]
        if kind == "Not":
            return not self.holds(condition["Expression"])
        if kind == "Or":
            return any(self.holds(item) for item in condition["Conditions"])
        if kind == "In":
            return self.evaluate(condition["QueryValue"]) in self.evaluate(condition["Values"])
        if kind not in _COMPARE:
            raise ExpressionError(f"condition type {kind!r} is none of {', '.join(sorted(CONDITIONS))}")
        left, right = self.evaluate(condition["LeftValue"]), self.evaluate(condition["RightValue"])
        try:
            return _COMPARE[kind](left, right)
        except TypeError as error:
            raise ExpressionError(f"{left!r} and {right!r} cannot be compared with {kind}") from error

    def _get(self, reference: str) -> Any:
        space, _, rest = reference.partition(".")
        if space == "Parameters" and rest in self.parameters:
            return self.parameters[rest]
        if space == "Execution" and rest in self.execution:
            return self.execution[rest]
        if space == "Steps":
            step, _, path = rest.partition(".")
            if step in self.properties:
                return follow(self.properties[step], path, reference)
        raise ExpressionError(f"{reference!r} refers to nothing that is known")

    def _json_get(self, function: Mapping[str, Any]) -> Any:
        reference = function.get("PropertyFile", {}).get("Get", "")
        found = _PROPERTY_FILE.fullmatch(reference)
        if not found or (found[1], found[2]) not in self.property_files:
            raise ExpressionError(f"{reference!r} is no property file of a step that has ended")
        return follow(self.property_files[found[1], found[2]], function["Path"], f"{reference} {function['Path']}")


def follow(document: Any, path: str, name: str) -> Any:
    """Return what lies at a path such as ``Outputs['train'].S3Output.S3Uri`` or ``items[0].value``.

    Raises `ExpressionError` naming the reference and the part that is not there.
    """
    value = document
    for token in _TOKEN.finditer(path):
        key: Any = int(token[3]) if token[3] else next(part for part in token.groups() if part is not None)
        try:
            value = value[key]
        except (KeyError, IndexError, TypeError) as error:
            raise ExpressionError(f"{name!r}: there is no {key!r}") from error
    return value


def text(value: Any) -> str:
    """Return a value as the service joins it: booleans in lower case, everything else as Python prints it."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def references(node: Any) -> Iterator[str]:
    """Yield every `Get` reference inside a node, those of property files included."""
    if isinstance(node, list):
        for item in node:
            yield from references(item)
    elif isinstance(node, Mapping):
        if len(node) == 1 and isinstance(node.get("Get"), str):
            yield node["Get"]
        else:
            for item in node.values():
                yield from references(item)

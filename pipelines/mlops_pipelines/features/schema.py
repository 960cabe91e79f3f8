"""Read `data/<model>/schema.yaml`: columns, types, ranges, and the role each column plays."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NamedTuple

import yaml

DATA = Path(__file__).resolve().parents[3] / "data"
"""The sample data sets of the repository; an installed wheel has none, and is given the path of a schema instead."""

FEATURE_TYPES = {"integer": "Integral", "number": "Fractional", "category": "String"}
ROLES = ("feature", "label", "protected")
# SageMaker API reference, FeatureDefinition.FeatureName, and the names it reserves.
_NAME = re.compile(r"[a-zA-Z0-9]([_-]*[a-zA-Z0-9]){0,63}")
_RESERVED = {"is_deleted", "write_time", "api_invocation_time"}
# An estate of hundreds of models reads hundreds of schemas: libyaml, where it is there, is ten times as fast.
_SafeLoader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_KEYS = {"name", "type", "role", "description", "minimum", "maximum", "values"}


class FeatureDefinition(NamedTuple):
    """A feature of a feature group: its name, and its type as SageMaker names it (Integral, Fractional, String)."""

    name: str
    type: str


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a data set.

    `type` is integer, number or category; integer and number have a closed range `minimum` to `maximum`, a category
    its `values` in their order. `role` is feature, label (exactly one column) or protected (never trained on).
    """

    name: str
    type: str
    role: str
    description: str
    minimum: float | None = None
    maximum: float | None = None
    values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Schema:
    """The schema of a data set; ingestion adds the columns `record_identifier` and `event_time`."""

    record_identifier: str
    event_time: str
    columns: tuple[Column, ...]

    def names(self, role: str) -> tuple[str, ...]:
        """Return the names of the columns with this role, in the data's order."""
        return tuple(column.name for column in self.columns if column.role == role)

    def definitions(self) -> tuple[FeatureDefinition, ...]:
        """Return the features of the feature group: identifier and event time first, then every column."""
        added = (FeatureDefinition(self.record_identifier, "String"), FeatureDefinition(self.event_time, "String"))
        return added + tuple(FeatureDefinition(column.name, FEATURE_TYPES[column.type]) for column in self.columns)

    def as_dict(self) -> dict[str, Any]:
        """Return the schema as plain JSON data, as the step scripts read it."""
        return asdict(self)


def load_schema(model: str | Path) -> Schema:
    """Return the schema of a model's data: `data/<model>/schema.yaml`, or the file itself when given a path.

    Raises `FileNotFoundError` if there is none, and `ValueError` with every fault of the file at once.
    """
    path = model if isinstance(model, Path) else DATA / model / "schema.yaml"
    raw = yaml.load(path.read_text(encoding="utf-8"), Loader=_SafeLoader)  # noqa: S506 -- both are safe loaders
    faults = list(_faults(raw))
    if faults:
        raise ValueError(f"{path} is no schema: " + "; ".join(faults))
    columns = tuple(
        Column(**{"role": "feature", **column, "values": tuple(column.get("values", ()))}) for column in raw["columns"]
    )
    return Schema(raw["record_identifier"], raw["event_time"], columns)


def definitions(model: str | Path) -> tuple[FeatureDefinition, ...]:
    """Return the feature definitions of a model's data, as `load_schema(model).definitions()`."""
    return load_schema(model).definitions()


def _faults(raw: Any) -> Iterator[str]:
    if not isinstance(raw, Mapping):
        yield f"it is {type(raw).__name__}, not a mapping"
        return
    if unknown := sorted(map(str, raw.keys() - {"record_identifier", "event_time", "columns"})):
        yield f"unknown key {', '.join(unknown)}"
    columns = raw.get("columns")
    if not isinstance(columns, list) or not all(isinstance(column, Mapping) for column in columns):
        yield "`columns` is not a list of mappings"
        return
    names = [raw.get("record_identifier"), raw.get("event_time"), *(column.get("name") for column in columns)]
    for name in names:
        if not isinstance(name, str) or not _NAME.fullmatch(name) or name in _RESERVED:
            yield f"{name!r} cannot name a feature (at most 64 letters, digits, - and _, none of {sorted(_RESERVED)})"
    yield from (
        f"{name} occurs {names.count(name)} times" for name in sorted({str(n) for n in names if names.count(n) > 1})
    )
    for index, column in enumerate(columns):
        yield from (f"columns[{index}]: {fault}" for fault in _column_faults(column))
    labels = [column.get("name") for column in columns if column.get("role") == "label"]
    if len(labels) != 1:
        yield f"exactly one column has the role label, not {len(labels)}"


def _column_faults(column: Mapping[str, Any]) -> Iterator[str]:
    if unknown := sorted(map(str, column.keys() - _KEYS)):
        yield f"unknown key {', '.join(unknown)}"
    if column.get("type") not in FEATURE_TYPES:
        yield f"type {column.get('type')!r} is none of {', '.join(FEATURE_TYPES)}"
    if column.get("role", "feature") not in ROLES:
        yield f"role {column.get('role')!r} is none of {', '.join(ROLES)}"
    if not isinstance(column.get("description"), str):
        yield "it has no description"
    if column.get("type") == "category":
        values = column.get("values")
        if not isinstance(values, list) or len(values) < 2 or not all(isinstance(value, str) for value in values):
            yield "a category needs `values`: at least two texts, quoted"
    else:
        low, high = column.get("minimum"), column.get("maximum")
        if low is None or high is None or not (_number(low) and _number(high) and low <= high):
            yield f"a number needs `minimum` <= `maximum`, not {low!r} and {high!r}"


def _number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)

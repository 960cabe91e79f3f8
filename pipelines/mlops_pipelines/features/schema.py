"""Read `data/<model>/schema.yaml`: columns, types, ranges, and the role each column plays."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from mlops_pipelines.features.rules import schema_faults
from mlops_pipelines.settings import Problem, problem_of_label

DATA = Path(__file__).resolve().parents[3] / "data"
"""The sample data sets of the repository; an installed wheel has none, and is given the path of a schema instead."""

FEATURE_TYPES = {"integer": "Integral", "number": "Fractional", "category": "String", "text": "String"}


class FeatureDefinition(NamedTuple):
    """A feature of a feature group: its name, and its type as SageMaker names it (Integral, Fractional, String)."""

    name: str
    type: str


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a data set.

    `type` is integer, number, category or text; integer and number have a closed range `minimum` to `maximum`, a
    category its `values` in their order. `role` is feature, label (exactly one column), protected (never trained on),
    identifier (at most one column: unique, never trained on) or ignored (kept, and otherwise not used). Text is for
    identifiers and ignored columns. `nullable` allows empty cells. `header` is the column's name in the CSV file; left
    empty, it is the name.
    """

    name: str
    type: str
    role: str
    description: str
    minimum: float | None = None
    maximum: float | None = None
    values: tuple[str, ...] = ()
    nullable: bool = False
    header: str = ""

    def __post_init__(self) -> None:
        if not self.header:
            object.__setattr__(self, "header", self.name)

    @property
    def shown(self) -> str:
        """How messages name the column: as its file does, with the feature's name where that is another."""
        return self.name if self.header == self.name else f"{self.header} ({self.name})"


@dataclass(frozen=True, slots=True)
class Schema:
    """The schema of a data set; ingestion adds the columns `record_identifier` and `event_time`."""

    record_identifier: str
    event_time: str
    columns: tuple[Column, ...]

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> Schema:
        """Return the schema that `as_dict` gave, read back from JSON. Raises `ValueError` with every fault at once."""
        if faults := schema_faults(document):
            raise ValueError("this is no schema: " + "; ".join(faults))
        return _schema(document)

    def names(self, *roles: str) -> tuple[str, ...]:
        """Return the names of the columns with one of these roles, in the data's order."""
        return tuple(column.name for column in self.columns if column.role in roles)

    def column(self, name: str) -> Column:
        """Return a column by its name. Raises `KeyError` for another."""
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(name)

    @property
    def label(self) -> Column:
        """The column that a model predicts."""
        return next(column for column in self.columns if column.role == "label")

    @property
    def identifier(self) -> Column | None:
        """The column that tells records apart; None where the data have none, and records are counted instead."""
        return next((column for column in self.columns if column.role == "identifier"), None)

    @property
    def problem(self) -> Problem:
        """What kind of problem the label makes: binary (two values), multiclass (more) or regression (a number)."""
        return problem_of_label(self.label.type, self.label.values)

    def definitions(self) -> tuple[FeatureDefinition, ...]:
        """Return the features of the feature group: identifier and event time first, then every column.

        An identifier column that is the record identifier itself is there once.
        """
        added = (FeatureDefinition(self.record_identifier, "String"), FeatureDefinition(self.event_time, "String"))
        return added + tuple(
            FeatureDefinition(column.name, FEATURE_TYPES[column.type])
            for column in self.columns
            if column.name != self.record_identifier
        )

    def as_dict(self) -> dict[str, Any]:
        """Return the schema as plain JSON data, as the step scripts read it."""
        return asdict(self)


def load_schema(model: str | Path) -> Schema:
    """Return the schema of a model's data: `data/<model>/schema.yaml`, or the file itself when given a path.

    Raises `FileNotFoundError` if there is none, `yaml.YAMLError` for what is no YAML, and `ValueError` with every fault
    of the file at once.
    """
    path = model if isinstance(model, Path) else DATA / model / "schema.yaml"
    schema, faults = _parsed(path.read_text(encoding="utf-8"))
    if schema is None:
        raise ValueError(f"{path} is no schema: " + "; ".join(faults))
    return schema


@lru_cache
def _parsed(text: str) -> tuple[Schema | None, tuple[str, ...]]:
    """Return the schema that a text holds, or none and its faults; several components of a model read the same file."""
    import yaml

    raw = yaml.load(text, Loader=_loader())  # noqa: S506 -- both are safe loaders
    faults = tuple(schema_faults(raw))
    return (None if faults else _schema(raw)), faults


def definitions(model: str | Path) -> tuple[FeatureDefinition, ...]:
    """Return the feature definitions of a model's data, as `load_schema(model).definitions()`."""
    return load_schema(model).definitions()


@cache
def _loader() -> Any:
    import yaml  # here, not above: the container of the training job has none, and reads schemas as JSON

    # An estate of hundreds of models reads hundreds of schemas: libyaml, where it is there, is ten times as fast.
    return getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def _schema(raw: Mapping[str, Any]) -> Schema:
    return Schema(raw["record_identifier"], raw["event_time"], tuple(_column(column) for column in raw["columns"]))


def _column(given: Mapping[str, Any]) -> Column:
    role = given.get("role", "feature")
    nullable = given.get("nullable")
    # What nobody uses may be empty.
    settled = {"role": role, "nullable": role == "ignored" if nullable is None else nullable}
    return Column(
        **{**given, **settled, "values": tuple(given.get("values") or ()), "header": given.get("header") or ""}
    )

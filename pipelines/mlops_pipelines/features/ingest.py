"""Write records to a feature group, online and offline store at once, through PutRecord."""

from __future__ import annotations

import csv
import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from mlops_pipelines.features.schema import FEATURE_TYPES, Column, Schema

_PARSE: Mapping[str, Callable[[str], float]] = {"Integral": int, "Fractional": float}
_TOO_MANY = "cells beyond the header"
"""Where `read_rows` puts the cells that a header has no column for."""


class RecordRefused(ValueError):  # noqa: N818 -- the outcome of one record
    """A record doesn't fit its feature group; `number` counts from 1, the records before it have been written."""

    def __init__(self, number: int, faults: list[str]) -> None:
        super().__init__(f"record {number}: " + "; ".join(faults))
        self.number, self.faults = number, faults


def read_rows(path: Path) -> Iterator[dict[str, str]]:
    """Yield the records of a CSV file, by the names in its header; spaces around a name don't count.

    Cells that a record has beyond its header are kept apart, so that ingestion refuses it. Raises `ValueError` for a
    header that names a column twice.
    """
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file, restkey=_TOO_MANY)
        names = [name.strip() for name in reader.fieldnames or ()]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"{path.name}: the header names {', '.join(twice)} more than once")
        reader.fieldnames = names
        yield from reader


def numbered(number: int, _row: Mapping[str, Any]) -> str:
    """Return a record identifier made from a record's place: stable, so that writing a file again adds nothing."""
    return f"{number:08d}"


def ingest(
    rows: Iterable[Mapping[str, Any]],
    *,
    put_record: Callable[..., Any],
    feature_group_name: str,
    event_time: datetime,
    schema: Schema,
    identify: Callable[[int, Mapping[str, Any]], str] | None = None,
    on_record: Callable[[int], None] = lambda _number: None,
) -> int:
    """Write every row as one record and return how many were written.

    Rows hold a value under each column's header. `put_record` is
    `boto3.client("sagemaker-featurestore-runtime").put_record` or what behaves like it. `event_time` (with a time zone)
    becomes each record's event time in the format the feature store takes for text (yyyy-MM-dd'T'HH:mm:ssZ, in UTC); a
    later one supersedes an earlier record of the same identifier. `identify` gives a record its identifier; default:
    the schema's identifier column, or the record's place where it has none. An empty value of a nullable column is left
    out of the record: the feature store has no null.

    Raises `RecordRefused` with every fault of the first row that doesn't fit the schema or repeats an identifier, and
    `ValueError` for an event time without a zone.
    """
    if event_time.tzinfo is None:
        raise ValueError(f"event_time {event_time.isoformat()} has no time zone")
    moment = event_time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    named, seen, written = identify or _identify(schema), dict[str, int](), 0
    for number, row in enumerate(rows, 1):
        if faults := list(_faults(row, schema)):
            raise RecordRefused(number, faults)
        identifier = named(number, row)
        if (first := seen.setdefault(identifier, number)) != number:
            raise RecordRefused(number, [f"its identifier {identifier!r} is that of record {first}"])
        values = {
            column.name: str(row[column.header]).strip() for column in schema.columns if _present(row[column.header])
        }
        values = {schema.record_identifier: identifier, schema.event_time: moment, **values}
        record = [{"FeatureName": name, "ValueAsString": value} for name, value in values.items()]
        put_record(FeatureGroupName=feature_group_name, Record=record)
        written = number
        on_record(number)
    return written


def _identify(schema: Schema) -> Callable[[int, Mapping[str, Any]], str]:
    column = schema.identifier
    return numbered if column is None else lambda _number, row: str(row[column.header]).strip()


def _faults(row: Mapping[str, Any], schema: Schema) -> Iterator[str]:
    headers = {column.header for column in schema.columns}
    if _TOO_MANY in row:
        yield f"it has {len(row[_TOO_MANY])} cells more than the header"
    yield from (f"column {column.header} is missing" for column in schema.columns if column.header not in row)
    yield from (f"column {name} is not in the schema" for name in row if name not in headers and name != _TOO_MANY)
    for column in schema.columns:
        value = row.get(column.header)
        if _present(value):
            yield from _value_faults(column, str(value).strip())
        elif column.header in row and not column.nullable:
            yield f"{column.shown} is empty, which its column does not allow"


def _value_faults(column: Column, text: str) -> Iterator[str]:
    if column.type == "category":
        if text not in column.values:
            yield f"{column.shown} = {text!r} is none of {', '.join(column.values)}"
    elif column.type != "text" and not _parses(text, FEATURE_TYPES[column.type]):
        yield f"{column.shown} = {text!r} is no {column.type}"


def _present(value: Any) -> bool:
    return value is not None and str(value).strip() != ""


def _parses(text: str, kind: str) -> bool:
    try:
        return "_" not in text and math.isfinite(_PARSE[kind](text))  # Python reads 1_000 as a number; AWS does not
    except ValueError:
        return False

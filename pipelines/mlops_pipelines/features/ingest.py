"""Write records to a feature group, online and offline store at once, through PutRecord."""

from __future__ import annotations

import csv
import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from mlops_pipelines.features.schema import FEATURE_TYPES, Schema

_PARSE: Mapping[str, Callable[[str], float]] = {"Integral": int, "Fractional": float}


class RecordRefused(ValueError):  # noqa: N818 -- the outcome of one record
    """A record doesn't fit its feature group; `number` counts from 1, the records before it have been written."""

    def __init__(self, number: int, faults: list[str]) -> None:
        super().__init__(f"record {number}: " + "; ".join(faults))
        self.number, self.faults = number, faults


def read_rows(path: Path) -> Iterator[dict[str, str]]:
    """Yield the records of a CSV file with a header."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        yield from csv.DictReader(file)


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
    identify: Callable[[int, Mapping[str, Any]], str] = numbered,
    on_record: Callable[[int], None] = lambda _number: None,
) -> int:
    """Write every row as one record and return how many were written.

    `put_record` is `boto3.client("sagemaker-featurestore-runtime").put_record` or what behaves like it. `event_time`
    (with a time zone) becomes each record's event time in the format the feature store takes for text
    (yyyy-MM-dd'T'HH:mm:ssZ, in UTC); a later one supersedes an earlier record of the same identifier. An empty value is
    left out of the record: the feature store has no null.

    Raises `RecordRefused` with every fault of the first row that doesn't fit the schema, and `ValueError` for an event
    time without a zone.
    """
    if event_time.tzinfo is None:
        raise ValueError(f"event_time {event_time.isoformat()} has no time zone")
    moment = event_time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    written = 0
    for number, row in enumerate(rows, 1):
        if faults := list(_faults(row, schema)):
            raise RecordRefused(number, faults)
        values = {schema.record_identifier: identify(number, row), schema.event_time: moment}
        values |= {
            column.name: str(row[column.name]).strip() for column in schema.columns if _present(row[column.name])
        }
        record = [{"FeatureName": name, "ValueAsString": value} for name, value in values.items()]
        put_record(FeatureGroupName=feature_group_name, Record=record)
        written = number
        on_record(number)
    return written


def _faults(row: Mapping[str, Any], schema: Schema) -> Iterator[str]:
    names = [column.name for column in schema.columns]
    yield from (f"column {name} is missing" for name in names if name not in row)
    yield from (f"column {name} is not in the schema" for name in row if name not in names)
    for column in schema.columns:
        value = row.get(column.name)
        if not _present(value):
            continue
        text = str(value).strip()
        if column.type == "category":
            if text not in column.values:
                yield f"{column.name} = {text!r} is none of {', '.join(column.values)}"
        elif not _parses(text, FEATURE_TYPES[column.type]):
            yield f"{column.name} = {text!r} is no {column.type}"


def _present(value: Any) -> bool:
    return value is not None and str(value).strip() != ""


def _parses(text: str, kind: str) -> bool:
    try:
        return math.isfinite(_PARSE[kind](text))
    except ValueError:
        return False

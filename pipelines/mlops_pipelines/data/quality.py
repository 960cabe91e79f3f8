"""Quality of data beyond single cells: enough records, few gaps, few repetitions, something to learn from.

Every check is a row of `validation.json`: `check`, `column` (null for the data as a whole), `rule`, `value`, `limit`,
`level` and `passed`. A `stop` that does not pass ends the step; a `warning` is recorded, with `warned`, and never does.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pandas as pd

from mlops_pipelines.data.faults import Finding
from mlops_pipelines.features.schema import Column, Schema
from mlops_pipelines.settings import DataSettings

SMALLEST_CLASS_PERCENT = 1.0
"""A class below that share of the records is warned of: a model learns little of what it hardly sees."""


def checks(
    frame: pd.DataFrame, schema: Schema, limits: DataSettings, broken: Mapping[str, int]
) -> list[dict[str, Any]]:
    """Return every check of typed records; `broken` counts each column's cells that break the schema."""
    rows = [
        _row(
            "records",
            None,
            "at least as many records",
            len(frame),
            limits.min_records,
            len(frame) >= limits.min_records,
        ),
        _duplicates(frame, schema, limits),
    ]
    for column in schema.columns:
        wrong = broken[column.name]
        rows.append(_row("schema", column, "cells that break the schema", wrong, 0, wrong == 0))
        rows += _column_checks(frame[column.name], column, limits, sound=wrong == 0)
    return rows


def findings(rows: Sequence[Mapping[str, Any]], schema: Schema, files: Sequence[str]) -> list[Finding]:
    """Return the faults that failed checks are; cells that break the schema are told of one by one elsewhere."""
    place = ", ".join(files[:3]) + (f" and {len(files) - 3} more files" if len(files) > 3 else "")
    failed = [row for row in rows if not row["passed"] and row["check"] != "schema"]
    return [Finding(f"{place}: {_told(row, schema)}", f"quality {row['check']}") for row in failed]


def content(schema: Schema) -> list[str]:
    """Return the columns that make a record what it is: without its identifier, and what is ignored."""
    return list(schema.names("feature", "label", "protected"))


def _duplicates(frame: pd.DataFrame, schema: Schema, limits: DataSettings) -> dict[str, Any]:
    repeated = int(frame.duplicated(content(schema)).sum())
    percent = _percent(repeated, len(frame))
    passed = percent <= limits.max_duplicate_percent
    return _row("duplicates", None, "percent of repeated records", percent, limits.max_duplicate_percent, passed)


def _column_checks(
    series: pd.Series[Any], column: Column, limits: DataSettings, *, sound: bool
) -> Iterator[dict[str, Any]]:
    if column.role == "ignored" or not len(series):
        return
    missing = int(series.isna().sum())
    if column.nullable and sound:
        percent, most = _percent(missing, len(series)), limits.max_missing_percent
        yield _row("missing", column, "percent of empty cells", percent, most, percent <= most)
        present = len(series) - missing
        yield _row("present", column, "at least one cell that is not empty", present, 1, present > 0)
    if column.role == "label" and sound:
        yield from _label_checks(series, column)
    elif column.role in ("feature", "protected"):
        distinct = int(series.nunique())
        yield _row("constant", column, "more than one value", distinct, 2, distinct > 1, warning=True)


def _label_checks(series: pd.Series[Any], column: Column) -> Iterator[dict[str, Any]]:
    distinct = int(series.nunique())
    yield _row("label", column, "a label of more than one value", distinct, 2, distinct > 1)
    for value in column.values:
        count = int((series == value).sum())
        yield {**_row("class", column, f"records of class {value!r}", count, 1, count > 0), "class": value}
        share, least = _percent(count, len(series)), SMALLEST_CLASS_PERCENT
        told = f"percent of class {value!r} among the records"
        yield {**_row("class_share", column, told, share, least, share >= least, warning=True), "class": value}


def _row(
    check: str, column: Column | None, rule: str, value: float, limit: float, met: bool, *, warning: bool = False
) -> dict[str, Any]:
    row: dict[str, Any] = {
        "check": check,
        "column": column.name if column else None,
        "rule": rule,
        "value": value,
        "limit": limit,
        "level": "warning" if warning else "stop",
        "passed": warning or met,
    }
    return {**row, "warned": not met} if warning else row


def _told(row: Mapping[str, Any], schema: Schema) -> str:
    value, limit = row["value"], row["limit"]
    column = schema.column(row["column"]).shown if row["column"] else ""
    match row["check"]:
        case "records":
            return f"there are {value} records; expected at least {limit} (data.min_records)"
        case "duplicates":
            return (
                f"{value:.2f} % of the records repeat another; expected at most {limit:g} (data.max_duplicate_percent)"
            )
        case "missing":
            most = f"{limit:g} (data.max_missing_percent)"
            return f"column {column}: {value:.2f} % of the cells are empty; expected at most {most}"
        case "present":
            return f"column {column}: every cell is empty; expected at least one value, or the role ignored"
        case "label":
            return f"label {column}: all records have the same value; expected more, or there is nothing to learn"
        case _:
            return f"label {column}: class {row['class']!r} has no record; expected some of every class in the schema"


def _percent(part: int, whole: int) -> float:
    return 100 * part / whole if whole else 0.0

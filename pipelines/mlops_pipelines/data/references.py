"""The last accepted snapshot, which data are compared with: found, verified, and read by today's schema."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from mlops_pipelines.data import parsing
from mlops_pipelines.data.drift import COMPARED
from mlops_pipelines.data.faults import DataFaults, Finding
from mlops_pipelines.data.reading import read_cells
from mlops_pipelines.features.schema import Column, Schema
from mlops_pipelines.steps.shell import StepFault


@dataclass(frozen=True)
class Reference:
    """The records of a snapshot, by feature name: the columns that can be compared.

    `not_compared` says of every other column of either side why it is not.
    """

    frame: pd.DataFrame
    sha256: str
    not_compared: Mapping[str, str] = field(default_factory=dict)


def find_reference(folder: Path, champion: Mapping[str, Any], schema: Schema) -> Reference | str:
    """Return the champion's snapshot (`data.csv` of the folder), or a text that says why there is none.

    Raises `StepFault` where its checksum is not the one that `champion.json` names, and `DataFaults` where it cannot be
    read.
    """
    if champion.get("status") != "found":
        return "no version of the model has been approved yet"
    path = folder / "data.csv"
    if not path.is_file():
        return "the champion's snapshot is no longer there"
    cells = read_cells(path, "champion/data.csv")
    wanted = champion.get("snapshot_sha256")
    if cells.sha256 != wanted:
        raise StepFault(
            f"champion/data.csv has the checksum {cells.sha256}; expected {wanted}, as champion.json says: it is not "
            f"the snapshot that the champion was trained on, so restore that object"
        )
    findings = list(cells.findings)
    if not cells.rows and not findings:
        findings.append(Finding("champion/data.csv: there is no record, only a header; expected at least one"))
    if findings:
        raise DataFaults(findings, "the champion's snapshot has")
    return _read(pd.DataFrame(list(cells.rows), columns=list(cells.header), dtype=object), cells.sha256, schema)


def _read(table: pd.DataFrame, sha256: str, schema: Schema) -> Reference:
    # Columns that no one compares are no difference worth a word.
    apart = {column.name for column in schema.columns if column.role not in COMPARED}
    reasons = {
        str(name): "not in the data" for name in table if name not in schema.names(*COMPARED) and name not in apart
    }
    columns = {}
    for name in schema.names(*COMPARED):
        if name not in table:
            reasons[name] = "not in the reference"
            continue
        cells = table[name]
        series = _typed(cells.mask(cells == ""), schema.column(name))
        if series is None:
            reasons[name] = f"not a {schema.column(name).type} in the reference"
        elif series.isna().all():
            reasons[name] = "always missing in the reference"
        else:
            columns[name] = series
    return Reference(pd.DataFrame(columns, index=table.index), sha256, reasons)


def _typed(cells: pd.Series[Any], column: Column) -> pd.Series[Any] | None:
    if column.type == "category":
        return cells
    numbers = parsing.numbers(cells)
    return numbers if bool((numbers.notna() == cells.notna()).all()) else None

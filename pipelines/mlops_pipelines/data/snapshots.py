"""The snapshot: the validated records in one canonical file, which everything of a model leads back to."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from mlops_pipelines.data import parsing
from mlops_pipelines.data.faults import DataFaults, Finding
from mlops_pipelines.data.reading import Cells, Raw, read_cells
from mlops_pipelines.features.schema import Column, Schema
from mlops_pipelines.steps.shell import StepFault


def schema_sha256(schema: Mapping[str, Any]) -> str:
    """Return the checksum of a schema as `Schema.as_dict` or `schema.json` has it, whatever the order of its keys."""
    return hashlib.sha256(json.dumps(schema, sort_keys=True).encode()).hexdigest()


def same_sources(sources: Mapping[str, str], validated: Mapping[str, str]) -> None:
    """Raise `StepFault` naming every file that is not the one that was validated."""
    told = [f"{name} was validated and is gone" for name in validated if name not in sources]
    told += [f"{name} has not been validated" for name in sources if name not in validated]
    told += [
        f"{name} has the checksum {digest}; validated was {validated[name]}"
        for name, digest in sources.items()
        if validated.get(name, digest) != digest
    ]
    if told:
        raise StepFault("the data are not those that were validated: " + "; ".join(told) + "; start the pipeline again")


def records(raw: Raw, schema: Schema) -> pd.DataFrame:
    """Return validated records with their types. Raises `DataFaults` if one breaks the schema after all."""
    findings = list(raw.findings)
    typed = {}
    for column in schema.columns:
        cells = raw.frame[column.name]
        typed[column.name], wrong = _typed(cells, column)
        findings += [raw.cell(row, column, parsing.rule(column)) for row in wrong]
    if findings:
        raise DataFaults(findings)
    return pd.DataFrame(typed)


def read_snapshot(path: Path, sha256: str, schema: Schema) -> pd.DataFrame:
    """Return a snapshot's records with their types.

    Raises `StepFault` where the file's checksum is another, and `DataFaults` where it has other columns or cells than
    the schema allows.
    """
    try:
        cells = read_cells(path)
    except OSError as error:
        raise StepFault(f"the snapshot has no readable {path.name}: {error.strerror}; run the Snapshot step") from error
    if cells.sha256 != sha256:
        raise StepFault(
            f"{path.name} has the checksum {cells.sha256}; expected {sha256}, as snapshot.json says: one of them was "
            f"changed after the Snapshot step"
        )
    return records(_as_raw(cells, schema), schema)


def _as_raw(cells: Cells, schema: Schema) -> Raw:
    names = [column.name for column in schema.columns]
    if list(cells.header) != names:
        text = f"{cells.name}: the columns are {list(cells.header)}; expected {names}, as the schema has them"
        raise DataFaults([*cells.findings, Finding(text)], "the snapshot has")
    frame = pd.DataFrame(list(cells.rows), columns=names, dtype=object)
    sources = {cells.name: cells.sha256}
    return Raw(frame, [cells.name] * len(frame), cells.lines, cells.numbers, sources, cells.findings)


def _typed(cells: pd.Series[Any], column: Column) -> tuple[pd.Series[Any], Sequence[int]]:
    given = (cells.notna() & (cells != "")).to_numpy(dtype=bool)
    sound = given.copy()
    sound[given] = parsing.fits(cells[given], column).to_numpy(dtype=bool)
    allowed = sound | ~given if column.nullable else sound
    return parsing.typed(cells, column, sound), [int(row) for row in (~allowed).nonzero()[0]]

"""Text cells with their types, and typed records as text: one canonical form, so that equal data are equal bytes."""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from mlops_pipelines.features.schema import Column, Schema

Mask = npt.NDArray[np.bool_]


def rule(column: Column) -> str:
    """Return in words what a column's cells must hold."""
    words = "a text"
    if column.type == "category":
        words = f"one of {list(column.values)}"
    elif column.minimum is not None and column.maximum is not None:
        whole = "a whole number" if column.type == "integer" else "a number"
        words = f"{whole} from {column.minimum} to {column.maximum}"
    elif column.type == "integer":
        words = "a whole number"
    return words + (", or an empty cell" if column.nullable else "")


def numbers(cells: pd.Series[Any]) -> pd.Series[Any]:
    """Return the numbers that text cells hold, NaN where one holds none; each is the nearest to its decimal text."""
    parsed = pd.to_numeric(cells, errors="coerce").to_numpy(dtype=np.float64, copy=True)
    sound = np.isfinite(parsed)
    # pandas may be off by the last bit, Python's own conversion is not; adding zero makes -0.0 the 0.0 that it equals.
    parsed[sound] = [float(cell) for cell in cells[sound]]
    return pd.Series(parsed + 0.0, index=cells.index)


def fits(cells: pd.Series[Any], column: Column) -> pd.Series[Any]:
    """Return for each cell, none of them empty, whether it holds what the column must hold."""
    if column.type == "category":
        return cells.isin(column.values)
    if column.type == "text":
        return pd.Series(True, index=cells.index)
    found = numbers(cells)
    fit = found.between(*_bounds(column))
    if column.role == "identifier":
        return fit & cells.str.fullmatch(r"[+-]?[0-9]+").astype(bool)
    return fit & (found % 1 == 0) if column.type == "integer" else fit


def typed(cells: pd.Series[Any], column: Column, sound: Mask) -> pd.Series[Any]:
    """Return a column's cells with its type; those that are not `sound` (empty, or broken) are missing.

    Whole numbers are int64, or the nullable Int64 where one is missing; numbers are float64; texts are str, and so is
    an identifier: one of many digits is not what the nearest floating-point number says.
    """
    kept = cells.where(pd.Series(sound, index=cells.index), None)
    if column.type in ("category", "text") or column.role == "identifier":
        return kept.astype("str")
    found = pd.Series(np.nan, index=cells.index)
    found[sound] = numbers(cells[sound])
    if column.type == "integer":
        return found.astype("int64") if sound.all() else found.astype("Int64")
    return found


def canonical(frame: pd.DataFrame, columns: Sequence[Column]) -> pd.DataFrame:
    """Return typed records as the text cells of the snapshot: numbers in their shortest exact form, gaps empty."""
    texts = {}
    for column in columns:
        cells = frame[column.name]
        present = cells.notna()
        texts[column.name] = cells.astype("str").where(present, "").astype(object)
    return pd.DataFrame(texts, index=frame.index, columns=[column.name for column in columns])


def csv_bytes(frame: pd.DataFrame, schema: Schema) -> bytes:
    """Return typed records as canonical CSV: the schema's columns in their order by feature name, UTF-8, LF."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow([column.name for column in schema.columns])
    writer.writerows(canonical(frame, schema.columns).to_numpy().tolist())
    return buffer.getvalue().encode()


def sha256(content: bytes) -> str:
    """Return the checksum of bytes, in hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()


def _bounds(column: Column) -> tuple[float, float]:
    unbounded = (-np.finfo(np.float64).max, np.finfo(np.float64).max)
    if column.minimum is None or column.maximum is None:
        return unbounded
    return column.minimum, column.maximum

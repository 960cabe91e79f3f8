"""Data as models see them: records read from a split, the columns that are trained on, and the label as numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from mlops_pipelines.steps import inference

Numbers = npt.NDArray[np.float64]
_TEXTS = ("category", "text")


@dataclass(frozen=True)
class Split:
    """One set of records: the features as numbers, and the label as places of classes or as numbers."""

    features: Numbers
    target: npt.NDArray[Any]


def read_records(path: Path, schema: Mapping[str, Any]) -> pd.DataFrame:
    """Return a split's CSV file with its columns' types; only an empty cell is missing.

    Left to itself pandas takes the texts NA, None or nan for missing, and reads a category of 0 and 1 as numbers.
    """
    texts = {column["name"]: str for column in schema["columns"] if column["type"] in _TEXTS}
    return pd.read_csv(path, dtype=texts, keep_default_na=False, na_values=[""])


def label_column(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the column that is predicted."""
    return next(column for column in schema["columns"] if column["role"] == "label")


def feature_columns(schema: Mapping[str, Any], train: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the features in the schema's order; a nullable one gets `fill`, what stands for an empty cell.

    That is the median of the training set, or None for a category, where an empty cell is a value of its own. Raises
    `ValueError` naming every nullable column without a single value in the training set.
    """
    columns, faults = [], []
    for column in schema["columns"]:
        if column["role"] != "feature":
            continue
        own = dict(column)
        if column.get("nullable"):
            own["fill"] = None
            if column["type"] not in _TEXTS:
                median = float(pd.to_numeric(train[column["name"]], errors="coerce").median())
                own["fill"] = median
                if np.isnan(median):
                    faults.append(f"column {column['name']} has no value in the train set: give it the role ignored")
        columns.append(own)
    if faults:
        raise ValueError("; ".join(faults))
    return columns


def split(frame: pd.DataFrame, columns: list[dict[str, Any]], label: Mapping[str, Any]) -> Split:
    """Return records as numbers. Raises `ValueError` naming each column and value that does not fit."""
    features = inference.feature_matrix({column["name"]: list(frame[column["name"]]) for column in columns}, columns)
    return Split(features, targets(frame, label))


def targets(frame: pd.DataFrame, label: Mapping[str, Any]) -> npt.NDArray[Any]:
    """Return the label: the place of its class, or the number. Raises `ValueError` for a value that is neither."""
    cells = frame[label["name"]]
    if label["type"] == "category":
        places = {value: place for place, value in enumerate(label["values"])}
        found = np.array([places.get(str(cell), -1) for cell in cells], dtype=np.int64)
        wrong, wanted = found < 0, f"one of {', '.join(label['values'])}"
    else:
        found = pd.to_numeric(cells, errors="coerce").to_numpy(dtype=np.float64)
        wrong, wanted = ~np.isfinite(found), "a finite number"
    if wrong.any():
        first = int(np.flatnonzero(wrong)[0])
        raise ValueError(f"{label['name']} = {list(cells)[first]!r} in record {first + 1}: expected {wanted}")
    return found

"""What each column of typed records holds: counts, and what its numbers or values are like."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from mlops_pipelines.features.schema import Column, Schema

QUANTILES = {"p01": 0.01, "p05": 0.05, "p25": 0.25, "p50": 0.5, "p75": 0.75, "p95": 0.95, "p99": 0.99}


def profiles(frame: pd.DataFrame, schema: Schema) -> dict[str, dict[str, Any]]:
    """Return the profile of every column by name. Of texts and identifiers only counts: they may name people."""
    return {column.name: profile(frame[column.name], column) for column in schema.columns}


def profile(series: pd.Series[Any], column: Column) -> dict[str, Any]:
    """Return one column's profile: `count`, `missing`, `distinct`, and its distribution (null without any)."""
    present = series.dropna()
    found: dict[str, Any] = {
        "type": column.type,
        "role": column.role,
        "count": len(present),
        "missing": len(series) - len(present),
        "distinct": int(present.nunique()),
    }
    if column.type == "text" or column.role == "identifier":
        return found
    if column.type == "category":
        counts = present.value_counts()
        return {**found, "values": {value: int(counts.get(value, 0)) for value in column.values}}
    return {**found, **_numbers(present.to_numpy(dtype=np.float64))}


def _numbers(values: np.typing.NDArray[np.float64]) -> dict[str, Any]:
    names = ("mean", "std", "min", "max", *QUANTILES)
    if not len(values):
        return dict.fromkeys(names)
    quantiles = np.quantile(values, list(QUANTILES.values()))
    figures = [values.mean(), values.std(), values.min(), values.max(), *quantiles]
    return {name: float(figure) for name, figure in zip(names, figures, strict=True)}

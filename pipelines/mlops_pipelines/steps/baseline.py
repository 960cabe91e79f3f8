"""Baseline statistics and constraints in the format of SageMaker Model Monitor, for the data-quality monitor.

The format is that of the `statistics.json` and `constraints.json` of the service's own analyzer
(docs.aws.amazon.com/sagemaker/latest/dg/model-monitor-byoc-statistics.html and -constraints.html).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

TYPES = {"integer": "Integral", "number": "Fractional", "category": "String"}
BUCKETS = 10
SKETCH_SIZE = 2048
"""Items kept per level of a quantile sketch, as the service's analyzer has it."""


def statistics(frame: pd.DataFrame, columns: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return `statistics.json` for these columns of the frame, in their order."""
    features = [
        _category(frame[column["name"]], column) if column["type"] == "category" else _numeric(frame, column)
        for column in columns
    ]
    return {"version": 0.0, "dataset": {"item_count": len(frame)}, "features": features}


def constraints(
    frame: pd.DataFrame, columns: Sequence[Mapping[str, Any]], max_missing_percent: float = 0.0
) -> dict[str, Any]:
    """Return `constraints.json`: what a day's requests must satisfy so that no violation is reported.

    A category may hold nothing but its declared values, a column that the schema bounds below by zero stays
    non-negative, and distributions may move by 0.1 (the service's default). Completeness is as found; that of a
    nullable column may fall to what `max_missing_percent` allows, or one gap more than in training would alarm.
    """
    features = []
    for column in columns:
        found = float(frame[column["name"]].notna().mean())
        least = 1 - max_missing_percent / 100 if column.get("nullable") else 1.0
        entry: dict[str, Any] = {
            "name": column["name"],
            "inferred_type": TYPES[column["type"]],
            "completeness": min(found, least),
        }
        if column["type"] == "category":
            entry["string_constraints"] = {"domains": list(column["values"])}
        else:
            entry["num_constraints"] = {"is_non_negative": column["minimum"] >= 0}
        features.append(entry)
    monitoring = {
        "evaluate_constraints": "Enabled",
        "emit_metrics": "Enabled",
        "datatype_check_threshold": 1.0,
        "domain_content_threshold": 1.0,
        "distribution_constraints": {
            "perform_comparison": "Enabled",
            "comparison_threshold": 0.1,
            "comparison_method": "Robust",
            "categorical_comparison_threshold": 0.1,
            "categorical_drift_method": "LInfinity",
        },
    }
    return {"version": 0.0, "features": features, "monitoring_config": monitoring}


def sketch(values: npt.NDArray[np.float64], size: int = SKETCH_SIZE) -> list[list[float]]:
    """Return the levels of a quantile sketch; an item of level i stands for 2**i values.

    Up to `size` values it is exact. A fuller level is sorted and every second item moves up, so the levels' weights add
    up to the number of values whenever each compacted level is even; an odd one keeps its largest item.
    """
    levels, current = [], np.asarray(values, dtype=np.float64)
    while current.size > size:
        ordered = np.sort(current)
        kept = ordered[-1:] if ordered.size % 2 else ordered[:0]
        levels.append([float(value) for value in kept])
        current = ordered[: ordered.size - kept.size : 2]
    return [*levels, [float(value) for value in current]]


def _numeric(frame: pd.DataFrame, column: Mapping[str, Any]) -> dict[str, Any]:
    series = frame[column["name"]]
    present = series.dropna().to_numpy(dtype=np.float64)
    counts, edges = np.histogram(present, bins=BUCKETS)
    buckets = [
        {"lower_bound": float(edges[i]), "upper_bound": float(edges[i + 1]), "count": float(count)}
        for i, count in enumerate(counts)
    ]
    return {
        "name": column["name"],
        "inferred_type": TYPES[column["type"]],
        "numerical_statistics": {
            "common": _common(series),
            "mean": float(present.mean()),
            "sum": float(present.sum()),
            "std_dev": float(present.std()),
            "min": float(present.min()),
            "max": float(present.max()),
            "distribution": {
                "kll": {
                    "buckets": buckets,
                    "sketch": {"parameters": {"c": 0.64, "k": float(SKETCH_SIZE)}, "data": sketch(present)},
                }
            },
        },
    }


def _category(series: pd.Series[Any], column: Mapping[str, Any]) -> dict[str, Any]:
    counts = series.value_counts()
    buckets = [{"value": value, "count": int(counts.get(value, 0))} for value in column["values"]]
    return {
        "name": column["name"],
        "inferred_type": TYPES[column["type"]],
        "string_statistics": {
            "common": _common(series),
            "distinct_count": float(series.nunique()),
            "distribution": {"categorical": {"buckets": buckets}},
        },
    }


def _common(series: pd.Series[Any]) -> dict[str, int]:
    missing = int(series.isna().sum())
    return {"num_present": len(series) - missing, "num_missing": missing}

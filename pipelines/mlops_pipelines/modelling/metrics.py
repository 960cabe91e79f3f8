"""The metrics by kind of problem, computed by scikit-learn, which is loaded only when one is computed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

METRICS: Mapping[str, tuple[str, ...]] = {
    "binary": ("roc_auc", "average_precision", "f1", "balanced_accuracy", "accuracy"),
    "multiclass": ("f1_macro", "balanced_accuracy", "accuracy", "roc_auc_ovr"),
    "regression": ("r2", "rmse", "mae"),
}
DEFAULT_METRIC: Mapping[str, str] = {"binary": "roc_auc", "multiclass": "f1_macro", "regression": "r2"}
DEFAULT_THRESHOLD: Mapping[str, float] = {
    "roc_auc": 0.7, "average_precision": 0.5, "f1": 0.5, "balanced_accuracy": 0.6, "accuracy": 0.7, "f1_macro": 0.6,
    "roc_auc_ovr": 0.7, "r2": 0.3,
}  # fmt: skip
"""What a model has to reach where nothing is configured; errors have the label's unit, so they have no default."""
ERRORS = frozenset({"rmse", "mae"})
"""Metrics of which less is better."""

_COMPUTED: Mapping[str, tuple[str, bool, Mapping[str, Any]]] = {
    "roc_auc": ("roc_auc_score", True, {}),
    "average_precision": ("average_precision_score", True, {}),
    "roc_auc_ovr": ("roc_auc_score", True, {"multi_class": "ovr"}),
    "f1": ("f1_score", False, {"zero_division": 0}),
    "f1_macro": ("f1_score", False, {"average": "macro", "zero_division": 0}),
    "balanced_accuracy": ("recall_score", False, {"average": "macro", "zero_division": 0}),
    "accuracy": ("accuracy_score", False, {}),
    "r2": ("r2_score", True, {}),
    "rmse": ("root_mean_squared_error", True, {}),
    "mae": ("mean_absolute_error", True, {}),
}  # the function of scikit-learn, whether it takes scores or decisions, its options


def greater_is_better(metric: str) -> bool:
    """Whether more of a metric is better."""
    return metric not in ERRORS


def gain(metric: str, value: float, other: float) -> float:
    """Return by how much `value` is better than `other`; negative where it is worse."""
    return value - other if greater_is_better(metric) else other - value


def score(metric: str, actual: Any, scores: Any, decided: Any) -> float:
    """Return one metric, NaN where it is not defined (one class only, or a single record for r2).

    `actual` and `decided` are places of classes (whole numbers), `scores` the positive class's probability (binary) or
    one column per class (multiclass); for regression all three are numbers, and `decided` equals `scores`.
    """
    from sklearn import metrics

    if metric not in _COMPUTED:
        raise ValueError(f"{metric!r} is no metric")
    name, takes_scores, options = _COMPUTED[metric]
    if metric in ("roc_auc", "average_precision") and len(set(actual.tolist())) < 2:
        return float("nan")
    if metric == "roc_auc_ovr" and len(set(actual.tolist())) < scores.shape[1]:
        return float("nan")
    if metric == "r2" and len(actual) < 2:
        return float("nan")
    return float(getattr(metrics, name)(actual, scores if takes_scores else decided, **options))

"""A model's curves, for the report and for Model Monitor: few points of each, and what is left over in a regression."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.calibration import calibration_curve
from sklearn.metrics import precision_recall_curve, roc_curve

from mlops_pipelines.assessment.answers import Answers, Numbers

POINTS = 101
"""Points of a curve at most: a step of the pipeline reads the document it is in."""
BINS = 10
_QUANTILES = {"p05": 0.05, "p25": 0.25, "p50": 0.5, "p75": 0.75, "p95": 0.95}


def monitored_curves(answers: Answers) -> dict[str, Any]:
    """Return the two curves that Model Monitor keeps of a binary classifier; none for another problem."""
    if answers.problem != "binary" or len(set(answers.actual.tolist())) < 2:
        return {}
    false, true, _ = roc_curve(answers.actual, answers.scores)
    precisions, recalls, _ = precision_recall_curve(answers.actual, answers.scores)
    false, true = _thin(false, true)
    precisions, recalls = _thin(precisions[::-1], recalls[::-1])  # from a recall of 0, as the guide's example has it
    return {
        "receiver_operating_characteristic_curve": {"false_positive_rates": false, "true_positive_rates": true},
        "precision_recall_curve": {"precisions": precisions, "recalls": recalls},
    }


def curves(answers: Answers) -> dict[str, Any]:
    """Return the points that the report draws.

    Binary: `roc`, `precision_recall`, `calibration`; multiclass: `calibration` of the most probable class, right or
    wrong; regression: `residuals`, and `prediction`: mean prediction (x) and label (y) in tenths of the records.
    """
    if answers.problem == "regression":
        return {"residuals": residuals(answers), "prediction": _tenths(answers)}
    if answers.problem == "multiclass":
        return {"calibration": calibration(answers.decided == answers.actual, answers.scores.max(axis=1))}
    kept = monitored_curves(answers)
    drawn: dict[str, Any] = {"calibration": calibration(answers.actual == 1, answers.scores)}
    if kept:
        roc, recall = kept["receiver_operating_characteristic_curve"], kept["precision_recall_curve"]
        drawn["roc"] = {"x": roc["false_positive_rates"], "y": roc["true_positive_rates"]}
        drawn["precision_recall"] = {"x": recall["recalls"], "y": recall["precisions"]}
    return drawn


def calibration(happened: Any, probability: Numbers) -> dict[str, list[float]]:
    """Return mean predicted probability (x) and observed share (y) in up to ten bins of equal numbers of records."""
    observed, predicted = calibration_curve(happened, np.clip(probability, 0, 1), n_bins=BINS, strategy="quantile")
    return {"x": [float(value) for value in predicted], "y": [float(value) for value in observed]}


def residuals(answers: Answers) -> dict[str, float]:
    """Return the distribution of label minus prediction, in the label's unit."""
    left = answers.actual - answers.scores
    return {
        "mean": float(left.mean()),
        "standard_deviation": float(left.std()),
        "largest": float(np.abs(left).max()),
        **{name: float(np.quantile(left, share)) for name, share in _QUANTILES.items()},
    }


def _tenths(answers: Answers) -> dict[str, list[float]]:
    order = np.lexsort([answers.actual, answers.scores])
    parts = [part for part in np.array_split(order, BINS) if len(part)]
    return {
        "x": [float(answers.scores[part].mean()) for part in parts],
        "y": [float(answers.actual[part].mean()) for part in parts],
    }


def _thin(*columns: Numbers) -> list[list[float]]:
    """Return up to `POINTS` points of a curve, its two ends among them."""
    kept = np.unique(np.linspace(0, len(columns[0]) - 1, min(POINTS, len(columns[0]))).round().astype(int))
    return [[float(value) for value in column[kept]] for column in columns]

"""How good a model is by the configured metric, and whether its training led anywhere at all."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from mlops_pipelines.modelling.metrics import gain, greater_is_better, score

LEAST_SKILL = 0.05
"""What a model has to close of the distance between the trivial predictor and a perfect one, on the validation set."""
_JUDGED_BY = {"accuracy": "balanced_accuracy"}
"""Where classes are rare, always naming the most frequent one is highly accurate: that says nothing of convergence."""


def binary_threshold(actual: npt.NDArray[Any], scores: npt.NDArray[np.float64]) -> float:
    """Return the score above which the positive class is predicted as often as it occurs among these records."""
    return float(np.quantile(scores, 1 - actual.mean()))


def decisions(problem: str, scores: npt.NDArray[np.float64], threshold: float | None) -> npt.NDArray[Any]:
    """Return the decision that scores lead to: places of classes, or the scores themselves for regression."""
    if problem == "binary":
        return (scores >= (0.5 if threshold is None else threshold)).astype(np.int64)
    return scores.argmax(axis=1) if problem == "multiclass" else scores


def judged(
    metric: str, problem: str, actual: npt.NDArray[Any], scores: npt.NDArray[np.float64], threshold: float | None
) -> float:
    """Return one metric of a model's scores."""
    return score(metric, actual, scores, decisions(problem, scores, threshold))


def trivial_score(metric: str, problem: str, target: npt.NDArray[Any], actual: npt.NDArray[Any]) -> float:
    """Return the best that a predictor reaches which looks at no feature: always one class, the mean, or the median.

    `target` is the label of the training set, `actual` that of the set on which the metric is computed.
    """
    from sklearn.dummy import DummyClassifier, DummyRegressor

    nothing, rows = np.zeros((len(target), 1)), np.zeros((len(actual), 1))
    found = []
    if problem == "regression":
        for strategy in ("mean", "median"):
            predicted = DummyRegressor(strategy=strategy).fit(nothing, target).predict(rows)
            found.append(judged(metric, problem, actual, predicted, None))
    else:
        for place in np.unique(target):
            constant = DummyClassifier(strategy="constant", constant=place).fit(nothing, target)
            chances = constant.predict_proba(rows)
            found.append(judged(metric, problem, actual, chances[:, 1] if problem == "binary" else chances, 0.5))
    return max(found) if greater_is_better(metric) else min(found)


def trivial_loss(problem: str, target: npt.NDArray[Any]) -> float:
    """Return the training loss of a predictor that looks at no feature: the classes' entropy, or the variance."""
    if problem == "regression":
        return float(target.var())
    shares = np.unique(target, return_counts=True)[1] / len(target)
    return float(-(shares * np.log(shares)).sum())


def convergence_faults(
    metric: str, problem: str, losses: Sequence[float], target: npt.NDArray[Any], actual: npt.NDArray[Any],
    scores: npt.NDArray[np.float64], threshold: float | None,
) -> list[str]:  # fmt: skip
    """Return why a training has not converged: what was measured and what to do; nothing if it has.

    `losses` are the training losses, that of the trivial predictor first. `scores` are the model's on the set whose
    label is `actual`; `target` is the label of the training set.
    """
    faults = []
    if not all(math.isfinite(loss) for loss in losses):
        faults.append(
            "the training loss is not finite: lower the learning rate, or look for extreme values in the data"
        )
    elif not losses[-1] < losses[0]:
        faults.append(
            f"the training loss is {losses[-1]:.6g} and did not improve on {losses[0]:.6g}, which takes no feature: "
            "train longer, at a lower learning rate, or with less regularisation"
        )
    measure = _JUDGED_BY.get(metric, metric)
    reached, trivial = (
        judged(measure, problem, actual, scores, threshold),
        trivial_score(measure, problem, target, actual),
    )
    distance = abs((1.0 if greater_is_better(measure) else 0.0) - trivial)
    skill = gain(measure, reached, trivial) / distance if distance else math.inf
    if not skill >= LEAST_SKILL:  # a score that is not defined is no skill
        faults.append(
            f"the validation {measure} is {reached:.4f}, where predicting without any feature reaches {trivial:.4f}: "
            f"the model has to close {LEAST_SKILL:.0%} of the distance to a perfect one and closes {skill:.1%}; give "
            "it features that tell about the label, more records, or another search.family"
        )
    return faults

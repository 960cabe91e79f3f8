"""The metrics of `modelling.metrics` for many resamples at once: as functions of how often each record occurs.

scikit-learn computes one resample per call, a thousand times slower. That both agree is tested for every metric.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import numpy.typing as npt

from mlops_pipelines.assessment.answers import Answers, Numbers

Weighted = Callable[[Numbers], Numbers]
"""Takes weights of the records, one row per resample; returns a number per resample, NaN where it is not defined."""
Many = Callable[[Numbers], Mapping[str, Numbers]]
"""Several such figures, by name."""


def metric(name: str, answers: Answers) -> Weighted:
    """Return one of the problem's metrics as a function of the records' weights. Raises `ValueError` for another."""
    if name not in _MADE:
        raise ValueError(f"{name!r} is no metric")
    return _MADE[name](answers)


def confusion(answers: Answers) -> Weighted:
    """Return the confusion matrix as a function of weights: resamples x actual class x decided class."""
    classes = len(answers.classes)
    cells = np.eye(classes * classes)[answers.actual * classes + answers.decided]

    def matrices(weights: Numbers) -> Numbers:
        counted: Numbers = weights @ cells
        return counted.reshape(len(weights), classes, classes)

    return matrices


def ratio(over: Numbers, under: Numbers, otherwise: float = float("nan")) -> Numbers:
    """Return a quotient, and `otherwise` where the denominator is zero."""
    over, under = np.broadcast_arrays(np.asarray(over, dtype=np.float64), np.asarray(under, dtype=np.float64))
    made: Numbers = np.divide(over, under, out=np.full(over.shape, otherwise), where=under != 0)
    return made


def average(values: Numbers) -> Weighted:
    """Return the weighted mean of one value per record."""
    return lambda weights: ratio(weights @ values, weights.sum(axis=1))


def f_scores(matrices: Numbers, beta: float) -> Numbers:
    """Return the F-beta score of every class, resamples x classes, 0 where nothing was right."""
    right = np.diagonal(matrices, axis1=1, axis2=2)
    actual, decided = matrices.sum(axis=2), matrices.sum(axis=1)
    return ratio((1 + beta**2) * right, beta**2 * actual + decided, otherwise=0.0)


def brier(answers: Answers) -> Weighted:
    """Return the Brier score as scikit-learn defines it: of the positive class, or summed over more than two."""
    if answers.problem == "binary":
        return average((answers.scores - answers.actual) ** 2)
    hit = np.eye(len(answers.classes))[answers.actual]
    return average(((answers.scores - hit) ** 2).sum(axis=1))


def _ranked(positive: npt.NDArray[np.bool_], scores: Numbers) -> Callable[[Numbers], tuple[Numbers, Numbers]]:
    """Return positives and negatives per distinct score, from the lowest, as a function of weights."""
    order = np.argsort(scores, kind="stable")
    starts = np.flatnonzero(np.r_[True, np.diff(scores[order]) != 0])
    hit = positive[order].astype(np.float64)

    def counted(weights: Numbers) -> tuple[Numbers, Numbers]:
        ranked = weights[:, order]
        return np.add.reduceat(ranked * hit, starts, axis=1), np.add.reduceat(ranked * (1 - hit), starts, axis=1)

    return counted


def _area(positive: npt.NDArray[np.bool_], scores: Numbers) -> Weighted:
    counted = _ranked(positive, scores)

    def area(weights: Numbers) -> Numbers:
        positives, negatives = counted(weights)
        below = negatives.cumsum(axis=1) - negatives
        won = (positives * (below + negatives / 2)).sum(axis=1)
        return ratio(won, positives.sum(axis=1) * negatives.sum(axis=1))

    return area


def _average_precision(answers: Answers) -> Weighted:
    counted = _ranked(answers.actual == 1, answers.scores)

    def precision(weights: Numbers) -> Numbers:
        positives, negatives = (part[:, ::-1] for part in counted(weights))
        found = positives.cumsum(axis=1)
        precisions = ratio(found, found + negatives.cumsum(axis=1), otherwise=0.0)
        return np.where(negatives.any(axis=1), ratio((positives * precisions).sum(axis=1), found[:, -1]), np.nan)

    return precision


def _area_of_classes(answers: Answers) -> Weighted:
    areas = [_area(answers.actual == place, answers.scores[:, place]) for place in range(len(answers.classes))]
    return lambda weights: np.mean([area(weights) for area in areas], axis=0)


def _of_matrix(judged: Callable[[Numbers], Numbers]) -> Callable[[Answers], Weighted]:
    def made(answers: Answers) -> Weighted:
        matrices = confusion(answers)
        return lambda weights: judged(matrices(weights))

    return made


def _over_present(per_class: Numbers, matrices: Numbers) -> Numbers:
    """The mean over the classes that occur at all, actual or decided, as scikit-learn takes it."""
    present = (matrices.sum(axis=1) + matrices.sum(axis=2)) > 0
    return ratio((per_class * present).sum(axis=1), present.sum(axis=1))


def _balanced(matrices: Numbers) -> Numbers:
    recalls = ratio(np.diagonal(matrices, axis1=1, axis2=2), matrices.sum(axis=2), otherwise=0.0)
    return _over_present(recalls, matrices)


def accuracy(matrices: Numbers) -> Numbers:
    """Return the share of records that were decided rightly, from confusion matrices."""
    return ratio(np.trace(matrices, axis1=1, axis2=2), matrices.sum(axis=(1, 2)))


def _r2(answers: Answers) -> Weighted:
    lost = average((answers.actual - answers.scores) ** 2)
    # Centred first: the difference of two squares loses every digit where the mean is far from zero.
    centred = answers.actual - answers.actual.mean()
    first, second = average(centred), average(centred**2)

    def explained(weights: Numbers) -> Numbers:
        variance = second(weights) - first(weights) ** 2
        return 1 - ratio(lost(weights), np.where(variance > 1e-12 * np.max(centred**2, initial=0.0), variance, 0.0))

    return explained


_MADE: dict[str, Callable[[Answers], Weighted]] = {
    "roc_auc": lambda answers: _area(answers.actual == 1, answers.scores),
    "average_precision": _average_precision,
    "roc_auc_ovr": _area_of_classes,
    "f1": _of_matrix(lambda matrices: f_scores(matrices, 1)[:, 1]),
    "f1_macro": _of_matrix(lambda matrices: _over_present(f_scores(matrices, 1), matrices)),
    "balanced_accuracy": _of_matrix(_balanced),
    "accuracy": _of_matrix(accuracy),
    "brier_score": brier,
    "r2": _r2,
    "rmse": lambda answers: _root(average((answers.actual - answers.scores) ** 2)),
    "mae": lambda answers: average(np.abs(answers.actual - answers.scores)),
}


def _root(squared: Weighted) -> Weighted:
    return lambda weights: np.sqrt(squared(weights))

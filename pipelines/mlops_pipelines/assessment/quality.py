"""How good a model's answers are: all metrics of its problem with confidence intervals, as Model Monitor keeps them.

Names and shapes: SageMaker Developer Guide, "Model quality metrics and Amazon CloudWatch monitoring" and "Create a
model quality baseline". Model Monitor takes standard deviations from five samples of 80 %, here the bootstrap does.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from mlops_pipelines.assessment import weighted
from mlops_pipelines.assessment.answers import Answers, Numbers
from mlops_pipelines.assessment.curves import monitored_curves
from mlops_pipelines.assessment.intervals import Interval, bootstrap, number
from mlops_pipelines.modelling.metrics import METRICS, score

MONITORED: Mapping[str, str] = {
    "binary": "binary_classification", "multiclass": "multiclass_classification", "regression": "regression",
}  # fmt: skip
"""What Model Monitor calls each problem, before `_metrics` and `_constraints`."""
_CONSTANT = "_best_constant_classifier"
_LESS_IS_BETTER = frozenset({"false_positive_rate", "false_negative_rate", "mae", "mse", "rmse"})
_BETAS = {"f0_5": 0.5, "f1": 1.0, "f2": 2.0}


def intervals(answers: Answers, seed: int) -> dict[str, Interval]:
    """Return every metric of the problem with its interval, the Brier score of a classifier, and Model Monitor's own.

    The latter are keyed `monitor:NAME`. All share their resamples, and the order of the records does not matter.
    """
    ordered = answers.ordered()
    names = [*METRICS[answers.problem], *([] if answers.problem == "regression" else ["brier_score"])]
    metrics = {name: weighted.metric(name, ordered) for name in names}
    monitored = _MONITORS[answers.problem](ordered)

    def figures(weights: Numbers) -> dict[str, Numbers]:
        found = {name: metric(weights) for name, metric in metrics.items()}
        return {**found, **{f"monitor:{name}": values for name, values in monitored(weights).items()}}

    made = bootstrap(figures, len(ordered), seed)
    for name in METRICS[answers.problem]:  # scikit-learn's own word for what is gated; the two agree to rounding
        made[name] = made[name].holding(score(name, ordered.actual, ordered.scores, ordered.decided))
    return dict(made)


def monitor_metrics(answers: Answers, found: Mapping[str, Interval]) -> dict[str, Any]:
    """Return Model Monitor's metrics of a model; `found` is what `intervals` gave for the same answers.

    The best constant classifier is the one that always names the positive class (binary, as in the guide's example:
    the other has neither precision nor recall) or the most frequent class (multiclass).
    """
    metrics: dict[str, Any] = {
        name.removeprefix("monitor:"): {"value": number(item.value), "standard_deviation": number(item.deviation)}
        for name, item in found.items()
        if name.startswith("monitor:")
    }
    if answers.problem == "regression":
        return metrics
    return {"confusion_matrix": confusion_matrix(answers), **metrics, **monitored_curves(answers)}


def confusion_matrix(answers: Answers) -> dict[str, dict[str, int]]:
    """Return how many records of each class (outer key, its place) were taken for which (inner key)."""
    matrix = weighted.confusion(answers)(np.ones((1, len(answers))))[0].astype(int)
    places = range(len(answers.classes))
    return {str(actual): {str(decided): int(matrix[actual, decided]) for decided in places} for actual in places}


def monitor_statistics(problem: str, records: int, metrics: Mapping[str, Any]) -> dict[str, Any]:
    """Return the baseline's statistics.json of the model-quality monitor."""
    return {"version": 0.0, "dataset": {"item_count": records}, f"{MONITORED[problem]}_metrics": dict(metrics)}


def monitor_constraints(problem: str, found: Mapping[str, Interval]) -> dict[str, Any]:
    """Return the baseline's constraints.json of the model-quality monitor.

    A metric violates its constraint when it is worse than the worse end of its 95 % interval: a model as good as it was
    would miss the measured value itself every other time. What a constant classifier reaches says nothing about the
    model and is not constrained.
    """
    constraints = {}
    for key, interval in found.items():
        name = key.removeprefix("monitor:")
        if name == key or name.endswith(_CONSTANT):
            continue
        worse, operator = (
            (interval.high, "GreaterThanThreshold") if name in _LESS_IS_BETTER else (interval.low, "LessThanThreshold")
        )
        if number(worse) is not None:
            constraints[name] = {"threshold": worse, "comparison_operator": operator}
    return {"version": 0.0, f"{MONITORED[problem]}_constraints": constraints}


def by_class(answers: Answers) -> dict[str, dict[str, Any]]:
    """Return precision, recall, F1 and the number of records of each class, by its name."""
    from sklearn.metrics import precision_recall_fscore_support

    places = list(range(len(answers.classes)))
    parts = precision_recall_fscore_support(answers.actual, answers.decided, labels=places, zero_division=0)
    return {
        name: {"precision": float(precision), "recall": float(recall), "f1": float(f1), "count": int(count)}
        for name, precision, recall, f1, count in zip(answers.classes, *parts, strict=True)
    }


def _monitored_binary(answers: Answers) -> weighted.Many:
    matrices = weighted.confusion(answers)
    areas = {"auc": weighted.metric("roc_auc", answers), "au_prc": weighted.metric("average_precision", answers)}

    def figures(weights: Numbers) -> dict[str, Numbers]:
        found = matrices(weights)
        constant = np.zeros_like(found)
        constant[:, :, 1] = found.sum(axis=2)
        negatives, positives = found.sum(axis=2).T
        made = {
            "recall": weighted.ratio(found[:, 1, 1], positives, otherwise=0.0),
            "precision": _precisions(found)[:, 1],
            "accuracy": weighted.accuracy(found),
            f"recall{_CONSTANT}": weighted.ratio(constant[:, 1, 1], positives, otherwise=0.0),
            f"precision{_CONSTANT}": _precisions(constant)[:, 1],
            f"accuracy{_CONSTANT}": weighted.accuracy(constant),
            "true_positive_rate": weighted.ratio(found[:, 1, 1], positives),
            "true_negative_rate": weighted.ratio(found[:, 0, 0], negatives),
            "false_positive_rate": weighted.ratio(found[:, 0, 1], negatives),
            "false_negative_rate": weighted.ratio(found[:, 1, 0], positives),
            **{name: area(weights) for name, area in areas.items()},
        }
        for suffix, of in (("", found), (_CONSTANT, constant)):
            made.update({f"{name}{suffix}": weighted.f_scores(of, beta)[:, 1] for name, beta in _BETAS.items()})
        return made

    return figures


def _monitored_multiclass(answers: Answers) -> weighted.Many:
    matrices = weighted.confusion(answers)
    most = int(np.bincount(answers.actual).argmax())

    def figures(weights: Numbers) -> dict[str, Numbers]:
        found = matrices(weights)
        constant = np.zeros_like(found)
        constant[:, :, most] = found.sum(axis=2)
        made = {}
        for suffix, of in (("", found), (_CONSTANT, constant)):
            made[f"accuracy{suffix}"] = weighted.accuracy(of)
            made[f"weighted_recall{suffix}"] = weighted.accuracy(of)  # by frequency of classes, they are one
            made[f"weighted_precision{suffix}"] = _by_frequency(_precisions(of), of)
            made.update(
                {f"weighted_{name}{suffix}": _by_frequency(weighted.f_scores(of, beta), of)
                 for name, beta in _BETAS.items()}
            )  # fmt: skip
        return made

    return figures


def _monitored_regression(answers: Answers) -> weighted.Many:
    squared = weighted.average((answers.actual - answers.scores) ** 2)
    metrics = {name: weighted.metric(name, answers) for name in ("mae", "rmse", "r2")}
    return lambda weights: {"mse": squared(weights), **{name: made(weights) for name, made in metrics.items()}}


_MONITORS = {
    "binary": _monitored_binary, "multiclass": _monitored_multiclass, "regression": _monitored_regression
}  # fmt: skip


def _precisions(matrices: Numbers) -> Numbers:
    return weighted.ratio(np.diagonal(matrices, axis1=1, axis2=2), matrices.sum(axis=1), otherwise=0.0)


def _by_frequency(per_class: Numbers, matrices: Numbers) -> Numbers:
    return weighted.ratio((per_class * matrices.sum(axis=2)).sum(axis=1), matrices.sum(axis=(1, 2)))

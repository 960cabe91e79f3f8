"""How a model treats groups: rates by group by fairlearn, and how far the groups lie apart, each with its interval.

The selection rate is the share of a group that is predicted positive, whatever that means to them; the positive class
is the label's second value. With more than two classes each is held against the rest, and the worst is reported.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from mlops_pipelines.assessment import weighted
from mlops_pipelines.assessment.answers import Answers, Numbers, canonical_order
from mlops_pipelines.assessment.intervals import Interval, bootstrap, share
from mlops_pipelines.assessment.outcomes import (
    DIFFERENCES,
    FEWEST,
    FOUR_FIFTHS,
    Outcome,
    comparable,
    difference,
    furthest,
    named,
    pair,
)
from mlops_pipelines.modelling.metrics import greater_is_better, score

IN_DEVIATIONS = ("mean_prediction", "mean_error")
"""What is compared of a regression, in standard deviations of the label."""


@dataclass(frozen=True)
class Grouped:
    """A model's answers with the group of each record, in an order that follows from their contents alone."""

    answers: Answers
    names: tuple[str, ...]
    places: npt.NDArray[np.int64]

    def members(self, group: int) -> Answers:
        """Return the answers for the records of a group."""
        return self.answers.take(np.flatnonzero(self.places == group))

    def metric(self, name: str) -> weighted.Weighted:
        """Return a metric by resample and group, as a function of the records' weights."""
        rows = [np.flatnonzero(self.places == group) for group in range(len(self.names))]
        own = [weighted.metric(name, self.answers.take(members)) for members in rows]
        return lambda weights: np.stack(
            [one(weights[:, members]) for one, members in zip(own, rows, strict=True)], axis=1
        )


def assess(answers: Answers, groups: Sequence[str], metric: str, seed: int) -> dict[str, Any]:
    """Return the groups' figures, their differences and ratios, and which group fares best and worst by the metric.

    A figure that rests on fewer than ten records of a group takes no part in a comparison (`not_compared` names the
    group), unless fewer than two groups would be left; a group with such a figure is marked `small`. A difference is
    null without two groups to compare. Rates have Wilson's interval, all else the bootstrap's.
    """
    labels = np.asarray(groups, dtype=str)
    order = canonical_order(labels, *answers.columns())
    names, places = np.unique(labels[order], return_inverse=True)
    given = Grouped(answers.take(order), tuple(str(name) for name in names), places)
    assessed = _regression if answers.problem == "regression" else _classification
    return assessed(given, metric, seed)


def _classification(given: Grouped, metric: str, seed: int) -> dict[str, Any]:
    outcomes = {
        name: Outcome(given.answers.actual == place, given.answers.decided == place, given.places, given.names)
        for place, name in enumerate(given.answers.classes)
        if given.answers.problem == "multiclass" or place == 1
    }
    # A metric such as roc_auc needs records of both classes: it rests on the rarer of them.
    by_metric = _Compared(
        metric,
        given.metric(metric),
        np.array([_score(given.members(group), metric) for group in range(len(given.names))]),
        comparable(np.min([base for item in outcomes.values() for base in item.bases.values()], axis=0)),
    )

    def figures(weights: Numbers) -> dict[Any, Numbers]:
        apart = {name: item.apart(weights) for name, item in outcomes.items()}
        made = {("outcome", name, key): value for name, found in apart.items() for key, value in found.items()}
        return {**made, **by_metric.figures(weights)}

    found = bootstrap(figures, len(given.answers), seed)
    described = [
        {key: {**item, "class": name} for key, item in outcome.described(_own(found, name)).items()}
        for name, outcome in outcomes.items()
    ]
    worst = {key: furthest([one[key] for one in described], least=key.endswith("_ratio")) for key in described[0]}
    ratio = worst["selection_rate_ratio"]
    ratio["four_fifths"] = None if ratio["value"] is None else ratio["value"] >= FOUR_FIFTHS
    apart = by_metric.described(found, given.names)
    return {
        "groups": _group_rates(given, outcomes, by_metric, found),
        "differences": {**_ending(worst, "_difference"), f"{metric}_difference": apart},
        "ratios": _ending(worst, "_ratio"),
        "not_compared": {name: item.left_out() for name, item in outcomes.items() if item.left_out()},
        **_best_and_worst(apart, metric),
    }


def _regression(given: Grouped, metric: str, seed: int) -> dict[str, Any]:
    answers, unit = given.answers, float(given.answers.actual.std())
    belongs = np.eye(len(given.names))[given.places]
    counts = belongs.sum(axis=0)
    columns = {"mean_prediction": answers.scores, "mean_error": answers.scores - answers.actual}
    compared = [
        _Compared(name, _means(values, belongs), (belongs.T @ values) / counts, comparable(counts), unit)
        for name, values in columns.items()
    ]
    scores = np.array([_score(given.members(group), metric) for group in range(len(given.names))])
    compared.append(_Compared(metric, given.metric(metric), scores, comparable(counts)))

    def figures(weights: Numbers) -> dict[Any, Numbers]:
        return {key: value for one in compared for key, value in one.figures(weights).items()}

    found = bootstrap(figures, len(answers), seed)
    differences = {f"{one.name}_difference": one.described(found, given.names) for one in compared}
    left = [name for name, kept in zip(given.names, comparable(counts), strict=True) if not kept]
    return {
        "groups": {
            name: {
                "count": int(counts[place]),
                "small": bool(counts[place] < FEWEST),
                **{one.name: one.of_group(found, place) for one in compared},
            }
            for place, name in enumerate(given.names)
        },
        "differences": differences,
        "ratios": {},
        "not_compared": {one.name: left for one in compared} if left else {},
        **_best_and_worst(differences[f"{metric}_difference"], metric),
    }


@dataclass(frozen=True)
class _Compared:
    """A figure that is compared between groups: by resample and group, of all records by group, which are compared.

    A difference is in `unit`s; it is not defined where that is 0.
    """

    name: str
    by_group: weighted.Weighted
    whole: Numbers
    kept: npt.NDArray[np.bool_]
    unit: float = 1.0

    def figures(self, weights: Numbers) -> dict[Any, Numbers]:
        by_group = self.by_group(weights)
        made: dict[Any, Numbers] = {(self.name, place): by_group[:, place] for place in range(len(self.whole))}
        apart = difference(by_group, pair(self.whole, self.kept))
        return {**made, self.name: apart / self.unit if self.unit else np.full(len(apart), math.nan)}

    def described(self, found: Mapping[Any, Interval], names: tuple[str, ...]) -> dict[str, Any]:
        return {**found[self.name].as_dict(), "rate": self.name, **named(pair(self.whole, self.kept), names)}

    def of_group(self, found: Mapping[Any, Interval], place: int) -> dict[str, float | None]:
        return found[self.name, place].holding(float(self.whole[place])).as_dict()


def _group_rates(
    given: Grouped, outcomes: Mapping[str, Outcome], metric: _Compared, found: Mapping[Any, Interval]
) -> dict[str, dict[str, Any]]:
    """Return each group's figures; with more than two classes its rates are by class."""
    binary = given.answers.problem == "binary"
    documents: dict[str, dict[str, Any]] = {}
    for place, name in enumerate(given.names):
        own = given.members(place)
        rates = {outcome: _rates(item, place) for outcome, item in outcomes.items()}
        documents[name] = {
            "count": len(own),
            "small": any(item.bases[rate][place] < FEWEST for item in outcomes.values() for rate in DIFFERENCES),
            metric.name: metric.of_group(found, place),
            "accuracy": share(int((own.actual == own.decided).sum()), len(own)).as_dict(),
            **(rates[given.answers.classes[1]] if binary else {"classes": rates}),
        }
    return documents


def _rates(outcome: Outcome, group: int) -> dict[str, Any]:
    """Return a group's rates by fairlearn, null where there is no record to take one of."""
    from fairlearn.metrics import false_positive_rate, selection_rate, true_positive_rate

    own = outcome.places == group
    actual, decided = outcome.actual[own].astype(int), outcome.decided[own].astype(int)
    positives, negatives = int(actual.sum()), int(len(actual) - actual.sum())
    made: dict[str, Any] = {"positives": positives, "positive_rate": share(positives, len(actual)).as_dict()}
    for name, rate, base in (
        ("selection_rate", selection_rate, len(actual)),
        ("true_positive_rate", true_positive_rate, positives),
        ("false_positive_rate", false_positive_rate, negatives),
    ):
        value = float(rate(actual, decided, pos_label=1)) if base else math.nan
        made[name] = share(round(value * base) if base else 0, base).holding(value).as_dict()
    return made


def _means(values: Numbers, belongs: Numbers) -> weighted.Weighted:
    return lambda weights: weighted.ratio(weights @ (belongs * values[:, None]), weights @ belongs)


def _own(found: Mapping[Any, Interval], name: str) -> dict[str, Interval]:
    return {key[2]: interval for key, interval in found.items() if key[:2] == ("outcome", name)}


def _ending(items: Mapping[str, Any], ending: str) -> dict[str, Any]:
    return {key: item for key, item in items.items() if key.endswith(ending)}


def _score(answers: Answers, metric: str) -> float:
    return score(metric, answers.actual, answers.scores, answers.decided)


def _best_and_worst(apart: Mapping[str, Any], metric: str) -> dict[str, str | None]:
    best, worst = ("highest", "lowest") if greater_is_better(metric) else ("lowest", "highest")
    return {"best": apart[best], "worst": apart[worst]}

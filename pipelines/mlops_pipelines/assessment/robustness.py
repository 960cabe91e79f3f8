"""How much of a model's decisions survives small changes of the records: a curve over their size, and by feature.

The size is given in standard deviations of the training features, epsilon. How a feature moves depends on its type:

- a number by up to epsilon standard deviations, either way;
- an integer by whole steps, of which it may take epsilon standard deviations on average: a record's share of a step is
  drawn once, so that at 0.3 three records of ten may move by one step, the others not at all;
- a category to another of its values, as an error of data entry would: epsilon times its spread is the share of records
  in which it may change, drawn once too. The spread is the standard deviation of a category of two values, in general
  sqrt((1 - sum of the squared shares) / 2).

All stay in the schema's range. Per record the worst of a number of seeded random draws counts; half of them lie in the
corners of the box. What a smaller epsilon reaches, a larger one does too, so the curve cannot fall. All features move
together: which of them a person could change, or a measurement get wrong, is not known here.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from mlops_pipelines.modelling.loading import LoadedModel
from mlops_pipelines.modelling.metrics import score
from mlops_pipelines.steps.inference import Column

Numbers = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

EPSILONS = (0.0, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0)
"""Where the curve is computed, in standard deviations; the epsilon of the gate is added."""
DRAWS = 24
"""Random perturbations of each record at each epsilon."""
MOST_RECORDS = 2000
"""Of a larger test set a seeded sample of that many records is perturbed."""
MOVED = 0.5
"""A prediction of a number counts as flipped if it moves by more than that many standard deviations of the label."""


@dataclass(frozen=True)
class Box:
    """How far each feature can move: its spread (for a number its standard deviation), range, type and values.

    `choices` is the number of a category's values, 0 for a number.
    """

    spread: Numbers
    mean: Numbers
    lowest: Numbers
    highest: Numbers
    whole: Flags
    choices: npt.NDArray[np.int64]

    def moved(self, matrix: Numbers, epsilon: float, chance: Numbers, direction: Numbers, pick: Numbers) -> Numbers:
        """Return records moved by at most `epsilon`; all arguments but that have the shape of `matrix`.

        `chance` and `pick` lie in [0, 1), `direction` in [-1, 1].
        """
        reach = epsilon * self.spread
        steps = np.floor(reach + chance)
        near = matrix + np.where(self.whole, np.round(direction * steps), direction * reach)
        others = self.choices - (matrix < self.choices)
        value = np.floor(pick * others)
        other = value + (value >= matrix)
        switched = np.where((steps >= 1) & (direction > 0), other, matrix)
        return np.where(self.choices > 0, switched, self.inside(near, matrix))

    def inside(self, matrix: Numbers, origin: Numbers) -> Numbers:
        """Return records with every number in its range; one that was outside in `origin` may stay where it was."""
        return np.clip(matrix, np.minimum(self.lowest, origin), np.maximum(self.highest, origin))


def box(columns: Sequence[Column], train: Numbers) -> Box:
    """Return how far features can move, from the training records' spread and the schema's ranges."""
    choices = np.array([len(column.get("values") or ()) if _categorical(column) else 0 for column in columns])
    spread = [
        _dispersion(train[:, place]) if choices[place] else float(train[:, place].std())
        for place in range(len(columns))
    ]
    return Box(
        spread=np.array(spread),
        mean=train.mean(axis=0),
        lowest=np.array([_bound(column, "minimum", -np.inf) for column in columns]),
        highest=np.array([_bound(column, "maximum", np.inf) for column in columns]),
        whole=np.array([column["type"] == "integer" for column in columns]),
        choices=choices,
    )


@dataclass(frozen=True)
class Trial:
    """What perturbation is tried on: a model, records with their label, the box, and when a number counts as moved."""

    model: LoadedModel
    matrix: Numbers
    actual: npt.NDArray[Any]
    box: Box
    tolerance: float
    seed: int

    def flipped(self, scores: Numbers, others: Numbers) -> Flags:
        """Return for which records two sets of scores lead to different decisions."""
        if self.model.problem == "regression":
            return np.asarray(np.abs(scores - others) > self.tolerance)
        return np.asarray(self.model.decide(scores) != self.model.decide(others))

    def harm(self, scores: Numbers) -> Numbers:
        """Return how bad scores are for the records' labels; only their order within a record matters."""
        if self.model.problem == "regression":
            return np.asarray(np.abs(scores - self.actual))
        if self.model.problem == "binary":
            return np.where(self.actual == 1, -scores, scores)
        own = np.take_along_axis(scores, self.actual[:, None], axis=1)[:, 0]
        rest = scores.copy()
        np.put_along_axis(rest, self.actual[:, None], -np.inf, axis=1)
        return np.asarray(rest.max(axis=1) - own)


def trial(model: LoadedModel, train: Any, test: Any, seed: int, most: int = MOST_RECORDS) -> Trial:
    """Return the trial of a model on test records, a seeded sample of at most `most`; `train` and `test` are frames."""
    matrix, actual = model.matrix(test), model.actual(test)
    if len(matrix) > most:
        kept = np.sort(np.random.default_rng([seed, 0]).choice(len(matrix), most, replace=False))
        matrix, actual = matrix[kept], actual[kept]
    tolerance = MOVED * float(model.actual(train).std()) if model.problem == "regression" else 0.0
    return Trial(model, matrix, actual, box(model.columns, model.matrix(train)), tolerance, seed)


def perturbation_curve(
    tried: Trial, metric: str, epsilons: Sequence[float] = EPSILONS, draws: int = DRAWS
) -> list[dict[str, float | None]]:
    """Return, for each epsilon in rising order, the percentage of records that flip and the metric of the worst scores.

    The percentage never falls. Nor does a metric of ranks or errors, or the accuracy, ever improve; f1_macro and
    roc_auc_ovr may, for which scores are worst for a record does not decide which are worst for them. A metric that
    is not defined is None.
    """
    original = tried.model.scores(tried.matrix)
    worst, flipped = original.copy(), np.zeros(len(original), dtype=bool)
    harm, curve = tried.harm(worst), []
    for epsilon in sorted(set(epsilons)):
        if epsilon > 0:
            for scores in _tries(tried, epsilon, draws, np.ones(tried.matrix.shape[1], dtype=bool)):
                flipped |= tried.flipped(scores, original)
                found = tried.harm(scores)
                worse = found > harm
                worst[worse], harm[worse] = scores[worse], found[worse]
        value = score(metric, tried.actual, worst, tried.model.decide(worst))
        curve.append(
            {
                "epsilon": float(epsilon),
                "flipped_percent": 100 * float(flipped.mean()),
                "score": value if math.isfinite(value) else None,
            }
        )
    return curve


def sensitivity(tried: Trial, epsilon: float, draws: int = DRAWS // 2) -> list[dict[str, Any]]:
    """Return the percentage of records that flip when one feature alone moves, the most sensitive feature first."""
    original = tried.model.scores(tried.matrix)
    found = []
    for place, column in enumerate(tried.model.columns):
        flipped = np.zeros(len(original), dtype=bool)
        for scores in _tries(tried, epsilon, draws, np.arange(tried.matrix.shape[1]) == place):
            flipped |= tried.flipped(scores, original)
        found.append({"feature": column["name"], "flipped_percent": 100 * float(flipped.mean())})
    return sorted(found, key=lambda entry: (-entry["flipped_percent"], entry["feature"]))


def _tries(tried: Trial, epsilon: float, draws: int, moving: Flags) -> list[Numbers]:
    """Return the scores of each draw; a record that a draw doesn't move keeps its scores to the last bit."""
    original, shape = tried.model.scores(tried.matrix), tried.matrix.shape
    chance = np.random.default_rng([tried.seed, 1]).random(shape)
    rows = []
    for draw in range(draws):
        generator = np.random.default_rng([tried.seed, 2, draw])
        direction, pick = generator.uniform(-1, 1, shape), generator.random(shape)
        direction = np.where(direction < 0, -1.0, 1.0) if draw % 2 == 0 else direction
        changed = tried.box.moved(tried.matrix, epsilon, chance, direction, pick)
        rows.append(np.where(moving, changed, tried.matrix))
    scores = np.split(tried.model.scores(np.concatenate(rows)), draws)
    unmoved = [(row == tried.matrix).all(axis=1) for row in rows]
    for found, same in zip(scores, unmoved, strict=True):
        found[same] = original[same]
    return scores


def _categorical(column: Column) -> bool:
    return column["type"] not in ("integer", "number")


def _bound(column: Column, key: str, unbounded: float) -> float:
    value = column.get(key)
    return unbounded if value is None else float(value)


def _dispersion(places: Numbers) -> float:
    shares = np.unique(places, return_counts=True)[1] / len(places)
    return float(np.sqrt((1 - (shares**2).sum()) / 2))

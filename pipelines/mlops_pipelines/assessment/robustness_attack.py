"""An adversary who asks a model for decisions only: HopSkipJump of the Adversarial Robustness Toolbox (ART).

Chen, Jordan, Wainwright: "HopSkipJumpAttack: A Query-Efficient Decision-Based Attack" (2020), arXiv:1904.02144. It
starts from a record that is decided otherwise and walks along the boundary towards the record under attack. Distances
are the largest change of any one feature in standard deviations of the training set, of records as they can occur:
integers are whole, and all values in the schema's range. Categories stay: another value is no small change. What is
found is an upper bound; a better adversary may need less.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

import numpy as np
import numpy.typing as npt

from mlops_pipelines.assessment.robustness import Numbers, Trial
from mlops_pipelines.assessment.seeding import seeded
from mlops_pipelines.modelling.loading import LoadedModel

ATTACKED = 16
"""Correctly decided records that are attacked: each takes up to some hundred queries one after another."""
STARTS = 400
"""Records from which the nearest one that is decided otherwise is taken as a start."""
BISECTIONS = 12
_SEARCH = {"max_iter": 6, "max_eval": 200, "init_eval": 50, "batch_size": 256}
_LIBRARY = "adversarial-robustness-toolbox"
Decider = Callable[[Numbers], npt.NDArray[np.int64]]


def attack(tried: Trial, train: Numbers, epsilon: float, most: int = ATTACKED) -> dict[str, Any]:
    """Attack a seeded sample of correctly decided records; return the distances and how many lie within `epsilon`.

    `train` are training records: what the adversary starts from. Percentages are of the records attacked; distances of
    those whose decision was changed, None if there are none.
    """
    decide = _decider(tried.model)
    space = _Space(tried, np.asarray((tried.box.spread > 0) & (tried.box.choices == 0)))
    if tried.model.problem == "regression":
        return _not_applicable("a decision-based attack needs a decision; a number has none")
    if not space.free.any():
        return _not_applicable("no feature is a number that varies: a category has no small change")
    decided = decide(tried.matrix)
    same = decide(space.record(space.point(tried.matrix), tried.matrix)) == decided
    right = np.flatnonzero((decided == tried.actual) & same)
    if not len(right):
        return _not_applicable("no test record is decided correctly")
    generator = np.random.default_rng([tried.seed, 3])
    chosen = np.sort(generator.choice(right, min(most, len(right)), replace=False))
    starts = train[np.sort(generator.choice(len(train), min(STARTS, len(train)), replace=False))]
    distances = [_attacked(space, decide, tried.matrix[place], starts) for place in chosen]
    found = [distance for distance in distances if distance is not None]
    return {
        "status": "done",
        "reason": None,
        "name": "HopSkipJump",
        "library": f"{_LIBRARY} {version(_LIBRARY)}",
        "norm": "largest change of one feature, in standard deviations",
        "features": [column["name"] for column, free in zip(tried.model.columns, space.free, strict=True) if free],
        "records": len(chosen),
        "succeeded_percent": 100 * len(found) / len(chosen),
        "within_epsilon_percent": 100 * sum(distance <= epsilon for distance in found) / len(chosen),
        "mean_distance": float(np.mean(found)) if found else None,
        "median_distance": float(np.median(found)) if found else None,
        "least_distance": float(np.min(found)) if found else None,
    }


@dataclass(frozen=True)
class _Space:
    """Records as the points that the attack moves in: standardised numbers, single precision. `free` ones may move."""

    tried: Trial
    free: npt.NDArray[np.bool_]

    @property
    def scale(self) -> Numbers:
        return np.where(self.free, self.tried.box.spread, 1.0)

    def point(self, records: Numbers) -> npt.NDArray[np.float32]:
        return np.asarray((records - self.tried.box.mean) / self.scale, dtype=np.float32)

    def record(self, points: npt.NDArray[Any], origin: Numbers) -> Numbers:
        """Return the records that occur at points: whole integers, in range, everything else as in `origin`."""
        return self.inside(np.asarray(points, dtype=np.float64) * self.scale + self.tried.box.mean, origin)

    def inside(self, raw: Numbers, origin: Numbers) -> Numbers:
        """Return the nearest records that occur."""
        whole = np.where(self.tried.box.whole, np.round(raw), raw)
        return np.where(self.free, self.tried.box.inside(whole, origin), origin)

    def distance(self, records: Numbers, origin: Numbers) -> Numbers:
        return np.asarray((np.abs(records - origin) / self.scale).max(axis=-1))


def _attacked(space: _Space, decide: Decider, origin: Numbers, starts: Numbers) -> float | None:
    """Return how far one record has to be changed, or None if no change of the free features was found."""
    candidates = np.where(space.free, starts, origin)
    own = int(decide(origin[None])[0])
    # As the attack will see them: through single precision and back.
    candidates = space.record(space.point(candidates), origin)
    other = candidates[decide(candidates) != own]
    if not len(other):
        return None
    distances = space.distance(other, origin)
    start = other[int(distances.argmin())]
    found = _hop_skip_jump(space, decide, origin, start)
    if int(decide(found[None])[0]) == own:
        found = start
    needed = _only_what_is_needed(
        decide, origin, found, np.argsort(-np.abs(found - origin) / space.scale, kind="stable")
    )
    return float(space.distance(_as_near_as_can_be(space, decide, origin, needed), origin))


def _as_near_as_can_be(space: _Space, decide: Decider, origin: Numbers, found: Numbers) -> Numbers:
    """Return the nearest record on the line to `origin` that bisection finds: the attack ends with a step off it."""
    own, near, far, nearest = int(decide(origin[None])[0]), 0.0, 1.0, found
    for _ in range(BISECTIONS):
        middle = (near + far) / 2
        between = space.inside(origin + middle * (found - origin), origin)
        if int(decide(between[None])[0]) == own:
            near = middle
        else:
            far, nearest = middle, between
    return nearest


def _only_what_is_needed(decide: Decider, origin: Numbers, found: Numbers, order: npt.NDArray[np.int64]) -> Numbers:
    """Return a record with every change undone that the other decision doesn't need; features are tried in `order`."""
    own = int(decide(origin[None])[0])
    for place in order:
        fewer = found.copy()
        fewer[place] = origin[place]
        if int(decide(fewer[None])[0]) != own:
            found = fewer
    return found


def _hop_skip_jump(space: _Space, decide: Decider, origin: Numbers, start: Numbers) -> Numbers:
    with warnings.catch_warnings():
        # ART says at its import which deep-learning frameworks it misses; the attack is of numpy alone.
        warnings.filterwarnings("ignore", "PyTorch not found", UserWarning)
        from art.attacks.evasion import HopSkipJump
        from art.estimators.classification import BlackBoxClassifier

    classes = len(space.tried.model.classes)

    def answer(points: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        return np.eye(classes, dtype=np.float32)[decide(space.record(points, origin))]

    point, far = space.point(origin), space.point(start)
    # One range for all features: ART divides by it, and the schema's own is kept by `record`.
    reach = 2 * float(np.abs(np.concatenate([point, far])).max()) + 1
    classifier = BlackBoxClassifier(answer, point.shape, classes, clip_values=(-reach, reach))
    search = HopSkipJump(classifier, norm=np.inf, verbose=False, **_SEARCH)
    with seeded(space.tried.seed):
        moved = search.generate(point[None], mask=space.free[None].astype(np.float32), x_adv_init=far[None].copy())
    return np.asarray(space.record(moved, origin)[0])


def _decider(model: LoadedModel) -> Decider:
    """Return what decides records. A forest is asked tree by tree: its own loop takes 10 ms for each of many calls."""
    from sklearn.ensemble import RandomForestClassifier

    forest = model.estimator
    if not isinstance(forest, RandomForestClassifier):
        return lambda matrix: np.asarray(model.decide(model.scores(matrix)))

    def decide(matrix: Numbers) -> npt.NDArray[np.int64]:
        single = np.asarray(matrix, dtype=np.float32)
        votes = sum(tree.tree_.predict(single).reshape(len(single), -1) for tree in forest.estimators_)
        chances = votes / len(forest.estimators_)
        return np.asarray(model.decide(chances[:, 1] if model.problem == "binary" else chances))

    return decide


def _not_applicable(reason: str) -> dict[str, Any]:
    return {"status": "not applicable", "reason": reason, "name": "HopSkipJump"}

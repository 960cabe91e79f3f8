"""The attack that asks for decisions only: distances that are known, determinism, and where it doesn't apply."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression
from tests.support.assessed import loaded, small_records

from mlops_pipelines.assessment.robustness import trial
from mlops_pipelines.assessment.robustness_attack import _attacked, _decider, _Space, attack
from mlops_pipelines.assessment.seeding import seeded

TRAIN, TEST = small_records("binary", 200, seed=1), small_records("binary", 60, seed=2)


def linear(weights, problem="binary"):
    model = loaded(LogisticRegression(), problem, TRAIN)
    model.estimator.coef_[:] = [weights]
    return model


def test_the_distance_to_a_plane_is_nearly_the_shortest_there_is():
    model = linear([2.0, 0.0, 0.0])  # decides by `size` alone: the distance is known
    tried, train = trial(model, TRAIN, TEST, 1), model.matrix(TRAIN)
    space = _Space(tried, np.array([True, False, True]))
    boundary = -float(model.estimator.intercept_[0]) / 2
    for origin in tried.matrix[:4]:
        shortest = abs(origin[0] - boundary) / tried.box.spread[0]
        assert shortest <= _attacked(space, _decider(model), origin, train) <= 1.05 * shortest + 0.02


def test_the_figures_are_of_the_records_attacked():
    model = linear([2.0, 0.0, 0.0])
    tried = trial(model, TRAIN, TEST, 1)
    found = attack(tried, model.matrix(TRAIN), 0.5, most=8)
    assert (found["status"], found["name"], found["records"]) == ("done", "HopSkipJump", 8)
    assert found["features"] == ["size", "age"]
    assert found["succeeded_percent"] == 100
    assert 0 < found["least_distance"] <= found["median_distance"]
    assert attack(tried, model.matrix(TRAIN), 1e-9, most=8)["within_epsilon_percent"] == 0
    assert attack(tried, model.matrix(TRAIN), 99, most=8)["within_epsilon_percent"] == 100


def test_an_attack_repeats_itself_and_leaves_the_global_generator_alone():
    model = loaded(RandomForestClassifier(8, max_depth=3, random_state=1), "multiclass", small_records("multiclass"))
    tried = trial(model, small_records("multiclass"), small_records("multiclass", 60, seed=2), 1)
    np.random.seed(11)
    state = np.random.get_state()[1].copy()
    first = attack(tried, model.matrix(TRAIN), 0.2, most=4)
    assert (np.random.get_state()[1] == state).all()
    np.random.seed(12)
    assert attack(tried, model.matrix(TRAIN), 0.2, most=4) == first


def test_a_steep_model_is_attacked_more_easily_than_a_flat_one():
    near, far = linear([1.0, 0.0, 0.0]), linear([1.0, 0.0, 0.0])
    near.estimator.intercept_[:] = 0.0
    far.estimator.intercept_[:] = -4.0  # the boundary lies at size 4, four standard deviations out
    found = [attack(trial(model, TRAIN, TEST, 1), model.matrix(TRAIN), 0.1, most=4) for model in (near, far)]
    distances = [entry["median_distance"] for entry in found]
    assert distances[0] is not None
    assert distances[1] is None or distances[0] < distances[1]


def test_a_decision_by_a_category_alone_is_not_changed():
    model = linear([0.0, 9.0, 0.0])
    model.estimator.intercept_[:] = -4.5
    found = attack(trial(model, TRAIN, TEST, 1), model.matrix(TRAIN), 0.1, most=4)
    assert (found["succeeded_percent"], found["mean_distance"]) == (0, None)


def test_a_constant_model_is_not_changed():
    model = loaded(DummyClassifier(strategy="prior"), "binary", TRAIN)
    assert attack(trial(model, TRAIN, TEST, 1), model.matrix(TRAIN), 0.1, most=4)["succeeded_percent"] == 0


@pytest.mark.parametrize("problem", ["binary", "multiclass"])
def test_a_forest_that_is_asked_tree_by_tree_decides_as_itself(problem):
    frame = small_records(problem, 200, seed=1)
    model = loaded(RandomForestClassifier(15, max_depth=5, random_state=1), problem, frame)
    matrix = model.matrix(frame)
    assert (_decider(model)(matrix) == model.decide(model.scores(matrix))).all()


def test_a_number_has_no_decision_to_attack():
    frame = small_records("regression", 50)
    model = loaded(LinearRegression(), "regression", frame)
    found = attack(trial(model, frame, frame, 1), model.matrix(frame), 0.1)
    assert (found["status"], found["reason"]) == (
        "not applicable", "a decision-based attack needs a decision; a number has none"
    )  # fmt: skip


def test_a_model_that_is_always_wrong_has_nothing_to_attack():
    model = linear([50.0, 0.0, 0.0])
    wrong = TEST.assign(outcome=np.where(model.decide(model.scores(model.matrix(TEST))) == 1, "no", "yes"))
    assert (
        "no test record is decided correctly" in attack(trial(model, TRAIN, wrong, 1), model.matrix(TRAIN), 1)["reason"]
    )


def test_features_that_do_not_vary_cannot_be_attacked():
    still = TRAIN.assign(size=1.0, age=30)
    model = linear([1.0, 1.0, 0.0])
    assert (
        "no feature is a number that varies" in attack(trial(model, still, TEST, 1), model.matrix(still), 1)["reason"]
    )


def test_the_global_generator_is_given_back_after_an_error():
    np.random.seed(3)
    state = np.random.get_state()[1].copy()
    with pytest.raises(ValueError, match="high"), seeded(1):
        np.random.randint(0)
    assert (np.random.get_state()[1] == state).all()

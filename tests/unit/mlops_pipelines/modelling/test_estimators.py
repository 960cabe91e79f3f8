"""Training in stages: every family, for every kind of problem."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPRegressor
from sklearn.preprocessing import StandardScaler
from tests.support.problems import PROBLEMS, problem

from mlops_pipelines.modelling import checkpoints
from mlops_pipelines.modelling.checkpoints import as_bytes
from mlops_pipelines.modelling.estimators import Diverged, Learner, fit, outputs, training_loss
from mlops_pipelines.modelling.families import SPECIFICATIONS, hyperparameters
from mlops_pipelines.modelling.judging import judged, trivial_score
from mlops_pipelines.modelling.metrics import DEFAULT_METRIC, gain
from mlops_pipelines.modelling.training import prepare

COMBINATIONS = [(family, kind) for family in SPECIFICATIONS for kind in PROBLEMS]
FEW = {
    "gradient_boosting": {"trees": 50}, "random_forest": {"trees": 50}, "linear": {}, "neural_network": {"epochs": 25}
}  # fmt: skip


@pytest.fixture(scope="module")
def splits():
    return {kind: prepare(problem(kind).sets, problem(kind).schema, problem(kind).settings())[1] for kind in PROBLEMS}


def learner(family, kind, seed=4, **changes):
    return Learner(family, kind, hyperparameters(family, {**FEW[family], **changes}), seed)


@pytest.mark.parametrize(("family", "kind"), COMBINATIONS)
def test_a_family_learns_more_than_nothing(splits, family, kind):
    train, validation = splits[kind]["train"], splits[kind]["validation"]
    estimator = fit(learner(family, kind), train.features, train.target)
    metric = DEFAULT_METRIC[kind]
    scores = outputs(kind, estimator, validation.features)
    reached = judged(metric, kind, validation.target, scores, 0.5)
    assert gain(metric, reached, trivial_score(metric, kind, train.target, validation.target)) > 0.2


@pytest.mark.parametrize(("family", "kind"), COMBINATIONS)
def test_a_training_that_is_taken_up_from_bytes_gives_the_same_bytes(splits, family, kind):
    train, own = splits[kind]["train"], learner(family, kind)
    straight, resumed, stage, done = own.new(), own.new(), 0, False
    while not done:
        done = own.advance(straight, stage, train.features, train.target)
        straight = pickle.loads(as_bytes(straight))
        assert own.advance(resumed, stage, train.features.copy(), train.target.copy()) is done
        resumed = pickle.loads(as_bytes(pickle.loads(as_bytes(resumed))))
        stage += 1
    assert as_bytes(straight) == as_bytes(resumed)
    assert stage == (1 if family == "linear" else 3)


@pytest.mark.parametrize("family", ["gradient_boosting", "random_forest", "neural_network"])
def test_another_seed_is_another_model(splits, family):
    train = splits["binary"]["train"]
    one, two = (fit(learner(family, "binary", seed), train.features, train.target) for seed in (1, 2))
    assert as_bytes(one) != as_bytes(two)


@pytest.mark.parametrize("stages", [1, 3])
def test_logistic_regression_goes_on_from_its_coefficients_until_it_converges(splits, stages, monkeypatch):
    train = splits["multiclass"]["train"]
    if stages == 3:
        monkeypatch.setattr("mlops_pipelines.modelling.estimators.ITERATIONS_PER_STAGE", 8)
    own = learner("linear", "multiclass", regularisation=0.1)
    model, stage = own.new(), 0
    while not own.advance(model, stage, train.features, train.target):
        stage += 1
    whole = LogisticRegression(C=10, max_iter=1000).fit(StandardScaler().fit_transform(train.features), train.target)
    assert (stage > 0) is (stages == 3)
    expected = whole.predict_proba(StandardScaler().fit_transform(train.features))
    assert model.predict_proba(train.features) == pytest.approx(expected, abs=0.01)


def test_logistic_regression_that_never_converges_ends_all_the_same(splits, monkeypatch):
    train = splits["multiclass"]["train"]
    monkeypatch.setattr("mlops_pipelines.modelling.estimators.ITERATIONS_PER_STAGE", 1)
    monkeypatch.setattr("mlops_pipelines.modelling.estimators.MOST_ITERATIONS", 2)
    own = learner("linear", "multiclass")
    model = own.new()
    assert [own.advance(model, stage, train.features, train.target) for stage in (0, 1)] == [False, True]


@pytest.mark.parametrize("family", ["gradient_boosting", "random_forest"])
def test_the_memory_between_a_tree_s_fields_is_cleared_in_every_stage(splits, family, monkeypatch):
    cleared = []
    monkeypatch.setattr(checkpoints, "clear_padding", lambda model: cleared.append(model.n_estimators))
    fit(learner(family, "binary"), splits["binary"]["train"].features, splits["binary"]["train"].target)
    assert cleared == [20, 40, 50]


def test_a_neural_network_answers_in_the_unit_of_the_label_and_remains_trainable(splits):
    train, own = splits["regression"]["train"], learner("neural_network", "regression", epochs=100)
    model = own.new()
    own.advance(model, 0, train.features, train.target)
    before = as_bytes(model)
    usable = own.finished(model, train.target)
    assert as_bytes(model) == before
    raw = model[-1].predict(model[0].transform(train.features))
    assert usable.predict(train.features) == pytest.approx(raw * train.target.std() + train.target.mean())
    assert isinstance(usable[-1], MLPRegressor)


def test_epochs_do_not_repeat_the_same_batches(splits):
    train, own = splits["binary"]["train"], learner("neural_network", "binary")
    model = own.new()
    own.advance(model, 0, train.features, train.target)
    assert model[-1].random_state == own.seed + 9


def test_a_diverging_network_says_so(splits, monkeypatch):
    def diverging(*_arguments):
        raise ValueError("Solver produced non-finite parameter weights. The input data may contain large values")

    monkeypatch.setattr(MLPRegressor, "partial_fit", diverging)
    train, own = splits["regression"]["train"], learner("neural_network", "regression")
    with pytest.raises(Diverged, match="training diverged in stage 1: Solver produced"):
        fit(own, train.features, train.target)


def test_answers_that_are_no_numbers_are_divergence(splits):
    class Lost:
        def predict(self, matrix):
            return np.full(len(matrix), np.inf)

    train = splits["regression"]["train"]
    with pytest.raises(Diverged, match="answers training records with infinite values"):
        training_loss("regression", Lost(), train.features, train.target)


def test_a_fault_of_the_data_is_not_taken_for_divergence(splits):
    train = splits["binary"]["train"]
    own = learner("gradient_boosting", "binary")
    with pytest.raises(ValueError, match="NaN"):
        own.advance(own.new(), 0, np.full_like(train.features, np.nan), train.target)


def test_the_loss_is_cross_entropy_or_squared_error(splits):
    class Even:
        def predict_proba(self, matrix):
            return np.full((len(matrix), 3), 1 / 3)

        def predict(self, matrix):
            return np.zeros(len(matrix))

    train = splits["multiclass"]["train"]
    assert training_loss("multiclass", Even(), train.features, train.target) == pytest.approx(np.log(3))
    assert training_loss("regression", Even(), np.zeros((2, 1)), np.array([1.0, 3.0])) == pytest.approx(5)

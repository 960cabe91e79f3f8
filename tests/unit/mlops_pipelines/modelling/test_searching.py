"""The search: what it tries, what it takes, and what it refuses."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as sized
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import KFold, StratifiedKFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from tests.support.problems import PROBLEMS, problem

from mlops_pipelines.modelling import searching
from mlops_pipelines.modelling.estimators import Diverged
from mlops_pipelines.modelling.families import SPECIFICATIONS, complexity, hyperparameters
from mlops_pipelines.modelling.searching import Judged, Trial, search, select
from mlops_pipelines.modelling.training import prepare
from mlops_pipelines.steps.shell import StepFault

ACTUAL = np.array([0, 1] * 30)
QUICK = {"trees": 20, "epochs": 20}


def found(kind="binary", gates=None, seed=4, **options):
    given = problem(kind)
    return search(given.sets, given.schema, given.settings(gates=gates, seed=seed, **options))


def candidate(number, scores, family="gradient_boosting", complete=True, **values):
    fold = Judged(ACTUAL, scores, (scores >= 0.5).astype(int))
    value = float(roc_auc_score(ACTUAL, scores))
    return Trial(number, family, hyperparameters(family, values), value, (fold,), complete)


def noisy(spread, seed=0):
    return ACTUAL + np.random.default_rng(seed).normal(0, spread, len(ACTUAL))


def test_without_a_search_the_defaults_and_what_is_configured_are_taken():
    result = found(mode="none", family="gradient_boosting", hyperparameters={"trees": 20.0})
    assert result["hyperparameters"] == {"trees": 20, "learning_rate": 0.08, "depth": 2, "min_samples_leaf": 20}
    assert [trial["number"] for trial in result["trials"]] == [0]
    assert 0.5 < result["score"] <= 1
    assert (result["mode"], result["seed"], result["metric"]) == ("none", 4, "roc_auc")


@pytest.mark.parametrize("kind", PROBLEMS)
def test_one_family_is_tuned_from_its_defaults_on_and_every_trial_is_kept(kind):
    result = found(kind, mode="tune", family="linear", trials=5)
    assert [trial["family"] for trial in result["trials"]] == ["linear"] * 5
    assert result["trials"][0]["hyperparameters"] == SPECIFICATIONS["linear"].defaults
    assert len({trial["hyperparameters"]["regularisation"] for trial in result["trials"]}) == 5
    assert {"family": result["family"], "hyperparameters": result["hyperparameters"], "score": result["score"]} in [
        {key: trial[key] for key in ("family", "hyperparameters", "score")} for trial in result["trials"]
    ]


def test_all_families_are_tried_and_the_same_seed_gives_the_same_search():
    options = {"mode": "automl", "trials": 6, "hyperparameters": QUICK}
    result = found("regression", **options)
    assert {trial["family"] for trial in result["trials"][:4]} == set(SPECIFICATIONS)
    assert len(result["trials"]) == 6
    assert found("regression", **options) == result
    other = found("regression", seed=5, **options)["trials"]
    assert [trial["hyperparameters"] for trial in other[4:]] != [
        trial["hyperparameters"] for trial in result["trials"][4:]
    ]


def test_what_is_configured_is_not_searched():
    result = found(mode="tune", family="gradient_boosting", trials=3, hyperparameters={"trees": 20, "depth": 1})
    assert {(trial["hyperparameters"]["trees"], trial["hyperparameters"]["depth"]) for trial in result["trials"]} == {
        (20, 1)
    }
    assert len({trial["hyperparameters"]["learning_rate"] for trial in result["trials"]}) == 3
    fixed = found(mode="tune", family="linear", trials=5, hyperparameters={"regularisation": 7})
    assert [trial["hyperparameters"] for trial in fixed["trials"]] == [{"regularisation": 7.0}]


@pytest.mark.parametrize(
    ("kind", "metric", "scoring"),
    [("binary", "roc_auc", "roc_auc"), ("multiclass", "f1_macro", "f1_macro"), ("regression", "r2", "r2"),
     ("regression", "rmse", "neg_root_mean_squared_error")],
)  # fmt: skip
def test_a_candidate_is_scored_as_scikit_learn_cross_validates_it(kind, metric, scoring):
    given = problem(kind)
    settings = given.settings(mode="none", family="linear", gates={"metric": metric, "threshold": 0.5})
    splits = list(prepare(given.sets, given.schema, settings)[1].values())
    features, target = (np.concatenate([getattr(part, name) for part in splits]) for name in ("features", "target"))
    folds = (KFold if kind == "regression" else StratifiedKFold)(3, shuffle=True, random_state=settings.seed)
    model = make_pipeline(StandardScaler(), Ridge() if kind == "regression" else LogisticRegression())
    expected = cross_val_score(model, features, target, scoring=scoring, cv=folds).mean()
    assert search(given.sets, given.schema, settings)["score"] == pytest.approx(abs(expected), abs=1e-4)


def test_a_candidate_that_is_behind_is_given_up_and_cannot_be_taken():
    result = found("regression", mode="automl", trials=8, hyperparameters=QUICK)
    given_up = [trial for trial in result["trials"] if not trial["complete"]]
    assert given_up
    assert all(0 < trial["folds"] < 3 for trial in given_up)
    assert result["selection"]["chosen"]["number"] not in [trial["number"] for trial in given_up]
    best, promising = candidate(0, noisy(0.5)), candidate(1, noisy(0.1), complete=False)
    assert select([best, promising], "roc_auc", 0)[0] is best


def test_the_simplest_within_one_standard_error_is_taken():
    best = candidate(0, noisy(0.50), depth=4)
    # It errs together with the best one, so their difference is far surer than either score.
    near = candidate(1, noisy(0.50) + np.random.default_rng(6).normal(0, 0.3, len(ACTUAL)), depth=2)
    far = candidate(2, noisy(3.0), depth=1)
    assert best.score > near.score > far.score
    found_best, taken, error = select([best, near, far], "roc_auc", 0)
    assert found_best is best
    assert taken is near
    assert 0 < best.score - near.score <= error
    # The errors of both have one cause: the difference is surer than a score is, whose standard error is about 0.02.
    assert error < 0.015


def test_a_simpler_one_that_is_clearly_worse_is_not_taken():
    best, far = candidate(0, noisy(0.3), depth=4), candidate(1, noisy(3.0, seed=1), depth=1)
    assert select([far, best], "roc_auc", 0)[1:] == (best, 0.0)


def test_of_equals_the_simplest_is_taken_and_then_the_first():
    scores = noisy(0.5)
    same = [candidate(0, scores, depth=3), candidate(1, scores, depth=1), candidate(2, scores, depth=1)]
    assert select(same, "roc_auc", 0)[1] is same[1]


def test_a_simpler_model_of_another_family_is_not_taken_for_the_best_family_s():
    scores = noisy(0.5)
    best, other = candidate(0, scores), candidate(1, scores, "linear")
    assert select([best, other], "roc_auc", 0)[1] is best


def test_errors_are_taken_for_what_they_are():
    actual = np.arange(20.0)
    trials = [
        Trial(number, "linear", {"regularisation": float(number + 1)}, miss,
              (Judged(actual, actual + miss, actual + miss),), True)
        for number, miss in enumerate((3.0, 1.0, 2.0))
    ]  # fmt: skip
    best, taken, _ = select(trials, "rmse", 0)
    assert best is taken is trials[1]


@sized(max_examples=5)  # each one resamples up to five models
@given(st.lists(st.tuples(st.floats(0.2, 3), st.integers(1, 4)), min_size=1, max_size=5), st.integers(0, 5))
def test_what_is_taken_is_never_more_complex_than_the_best(models, seed):
    trials = [candidate(number, noisy(spread, number), depth=depth) for number, (spread, depth) in enumerate(models)]
    best, taken, error = select(trials, "roc_auc", seed)
    assert best.score == max(trial.score for trial in trials)
    assert best.score - taken.score <= error
    assert complexity(taken.family, taken.hyperparameters) <= complexity(best.family, best.hyperparameters)


def test_a_trial_that_diverges_has_no_score_and_is_not_taken(monkeypatch):
    fit, told = searching.fit, []

    def sometimes(learner, *data):
        if learner.family == "linear":
            raise Diverged("lost")
        return fit(learner, *data)

    monkeypatch.setattr(searching, "fit", sometimes)
    given = problem("binary")
    result = search(
        given.sets, given.schema, given.settings(mode="automl", trials=4, hyperparameters=QUICK), told.append
    )
    assert [trial["score"] is None for trial in result["trials"]] == [True, False, False, False]
    assert [trial.score for trial in told] == [trial["score"] for trial in result["trials"]]
    assert result["family"] != "linear"
    with pytest.raises(StepFault, match="all 3 trials failed: training diverged"):
        found(mode="tune", family="linear", trials=3)


def test_large_sets_are_searched_on_a_sample(monkeypatch):
    monkeypatch.setattr(searching, "MOST_RECORDS", 70)
    result = found(mode="tune", family="linear", trials=2)
    assert result["records"] == 70


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"mode": "guess"}, "search mode 'guess' is none of none, tune, automl"),
        ({"family": "linea"}, "family 'linea' is none of .*; did you mean linear?"),
        ({"trials": 0}, r"search\.trials = 0"),
        ({"family": "linear", "hyperparameters": {"trees": 3}}, "hyperparameter trees is none of linear's"),
        ({"hyperparameters": {"trees": 0}}, "trees = 0 does not suit gradient_boosting"),
        ({"mode": "automl", "hyperparameters": {"leaves": 3}}, "hyperparameter leaves is none of any family's"),
        ({"mode": "automl", "hyperparameters": {"trees": -1}}, "suit gradient_boosting.*suit random_forest"),
        ({"mode": "guess", "family": "magic", "trials": 0}, "guess.*trials = 0.*magic"),
    ],
)
def test_a_search_for_what_is_not_known_is_refused_with_every_fault(changes, message):
    given = problem("binary")
    settings = given.settings()
    with pytest.raises(StepFault, match=message):
        search(given.sets, given.schema, replace(settings, search=replace(settings.search, **changes)))

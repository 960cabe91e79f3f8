"""Explanations: against what is known of a linear model, adding up for every family, by group, of examples."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import (
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from tests.support.assessed import loaded, small_records, small_schema

from mlops_pipelines.assessment import explanation, explanation_values
from mlops_pipelines.assessment.explanation import _needed, explain, second_opinion
from mlops_pipelines.assessment.explanation_baseline import clarify_baseline, neutral_record
from mlops_pipelines.assessment.explanation_values import Attribution, attribution
from mlops_pipelines.features.schema import Column, Schema
from mlops_pipelines.monitoring.analysis import explainability_analysis

METRICS = {"binary": "roc_auc", "multiclass": "f1_macro", "regression": "r2"}
MODELS = {
    "boosted": ("binary", lambda: GradientBoostingClassifier(n_estimators=15, random_state=1), "Tree"),
    "forest": ("binary", lambda: RandomForestClassifier(8, max_depth=4, random_state=1), "Tree"),
    "logistic": ("binary", lambda: make_pipeline(StandardScaler(), LogisticRegression()), "Linear"),
    "network": (
        "binary",
        lambda: make_pipeline(StandardScaler(), MLPClassifier((8,), tol=1.0, n_iter_no_change=20, random_state=1)),
        "Kernel",
    ),
    "boosted classes": (
        "multiclass", lambda: GradientBoostingClassifier(n_estimators=8, random_state=1), "Kernel"
    ),
    "forest of classes": ("multiclass", lambda: RandomForestClassifier(8, max_depth=4, random_state=1), "Tree"),
    "logistic classes": ("multiclass", lambda: make_pipeline(StandardScaler(), LogisticRegression()), "Linear"),
    "boosted number": ("regression", lambda: GradientBoostingRegressor(n_estimators=15, random_state=1), "Tree"),
    "forest number": ("regression", lambda: RandomForestRegressor(8, max_depth=4, random_state=1), "Tree"),
    "ridge": ("regression", lambda: make_pipeline(StandardScaler(), Ridge()), "Linear"),
}  # fmt: skip


def model_of(name):
    problem, estimator, _ = MODELS[name]
    return loaded(estimator(), problem, small_records(problem, 200, seed=1))


def explained(model, count=60, seed=3):
    train, test = small_records(model.problem, 200, seed=1), small_records(model.problem, count, seed=2)
    return explain(model, train, test, {"team": list(test["team"])}, METRICS[model.problem], seed)


@pytest.mark.parametrize("name", MODELS)
def test_shap_values_and_base_add_up_to_the_answers_of_every_family(name):
    problem, _, explainer = MODELS[name]
    model = model_of(name)
    matrix = model.matrix(small_records(problem, 30, seed=2))
    found = attribution(model, model.matrix(small_records(problem, 200, seed=1)), matrix, 3)
    outputs = 3 if problem == "multiclass" else 1
    assert found.values.shape == (30, 3, outputs)
    assert f"shap.{explainer}Explainer" in found.method
    if found.output == "log-odds":
        assert explainer == "Linear"
        odds = np.exp(found.answers)
        chances = odds / (1 + odds) if outputs == 1 else odds / odds.sum(axis=1, keepdims=True)
    else:
        chances = found.answers
    assert chances.reshape(model.scores(matrix).shape) == pytest.approx(model.scores(matrix), abs=1e-9)
    assert found.values.sum(axis=1) + found.base == pytest.approx(found.answers, abs=1e-6)
    assert np.abs(found.values).max() > 0.01


@pytest.mark.parametrize("name", ["boosted", "forest"])
def test_they_add_up_where_splits_lie_between_neighbouring_single_precision_numbers(name):
    ladder = 2 + np.arange(6) * float(np.spacing(np.float32(2)))  # the middle between two of them takes more digits
    frame = small_records("binary", 240, seed=1)
    rung = np.arange(240) % 6
    frame = frame.assign(size=ladder[rung], outcome=np.where(rung % 2 == 1, "yes", "no"))
    model = loaded(MODELS[name][1](), "binary", frame)
    matrix = model.matrix(frame)
    scores = model.scores(matrix)
    assert scores[rung % 2 == 1].mean() > scores[rung % 2 == 0].mean() + 0.1  # the model does tell the rungs apart
    assert attribution(model, matrix, matrix, 3).difference() < 1e-6


@pytest.mark.parametrize("name", ["ridge", "logistic"])
def test_of_a_linear_model_they_are_coefficient_times_distance_from_the_mean(name):
    model = model_of(name)
    train, matrix = (model.matrix(small_records(model.problem, n, seed=s)) for n, s in ((200, 1), (40, 2)))
    found = attribution(model, train, matrix, 3)
    scaler, final = model.estimator
    slope = np.ravel(final.coef_) / scaler.scale_
    assert found.values[:, :, 0] == pytest.approx(slope * (matrix - train.mean(axis=0)), abs=1e-9)


def test_features_are_sorted_shares_sum_to_one_and_directions_are_those_of_the_slopes():
    model = loaded(LinearRegression(), "regression", small_records("regression", 200, seed=1))
    model.estimator.coef_[:] = [1.0, -30.0, 0.0]
    features = explained(model)["features"]
    assert [entry["feature"] for entry in features] == ["kind", "size", "age"]
    assert [entry["direction"] for entry in features] == ["negative", "positive", "none"]
    assert sum(entry["share"] for entry in features) == pytest.approx(1)
    strengths = [entry["mean_abs_shap"] for entry in features]
    assert strengths == sorted(strengths, reverse=True)


def test_groups_have_their_own_strengths_and_counts():
    model = model_of("ridge")
    test = small_records("regression", 60, seed=2)
    document = explained(model)
    groups = document["by_group"]["team"]
    assert {group: entry["count"] for group, entry in groups.items()} == test["team"].value_counts().to_dict()
    matrix, train = model.matrix(test), model.matrix(small_records("regression", 200, seed=1))
    values = np.abs(attribution(model, train, matrix, 3).values[:, :, 0])
    blue = values[(test["team"] == "blue").to_numpy()].mean(axis=0)
    assert list(groups["blue"]["mean_abs_shap"].values()) == pytest.approx(blue)


def test_three_records_are_explained_without_identifier_label_or_group():
    model = model_of("boosted")
    scores = model.scores(model.matrix(small_records("binary", 60, seed=2)))
    low, border, high = explained(model)["examples"]
    assert (low["which"], border["which"], high["which"]) == ("low", "borderline", "high")
    assert (low["score"], high["score"]) == (pytest.approx(scores.min()), pytest.approx(scores.max()))
    assert abs(border["score"] - 0.5) == pytest.approx(np.abs(scores - 0.5).min())
    for example in (low, border, high):
        assert {entry["feature"] for entry in example["features"]} == {"size", "kind", "age"}
        total = example["base_value"] + sum(entry["shap"] for entry in example["features"])
        assert total == pytest.approx(example["explained_value"], abs=1e-6) == pytest.approx(example["score"], abs=1e-6)
        cells = {entry["feature"]: entry["value"] for entry in example["features"]}
        assert cells["kind"] in ("plain", "fancy")
        assert isinstance(cells["age"], int)
    assert high["decision"] == "yes"
    assert low["decision"] == "no"


def test_of_several_classes_the_decided_one_is_explained_and_directions_are_left_out():
    model = model_of("forest of classes")
    document = explained(model)
    assert {entry["direction"] for entry in document["features"]} == {None}
    assert len(document["baseline"]) == 3
    for example in document["examples"]:
        assert example["explained_value"] == pytest.approx(example["score"])
        assert example["decision"] in model.classes


def test_both_opinions_agree_on_which_feature_matters():
    document = explained(model_of("boosted"), count=200)
    opinion = document["permutation_importance"]
    assert document["features"][0]["feature"] == opinion["features"][0]["feature"] == "size"
    assert opinion["features"][0]["mean"] > 0.1
    assert opinion["rank_correlation"] > 0.4
    assert document["summary"]["most_important"].startswith("size (")


def test_an_error_as_metric_turns_round_in_permutation_importance():
    model = model_of("ridge")
    test = small_records("regression", 100, seed=2)
    found = second_opinion(model, model.matrix(test), model.actual(test), "rmse", np.array([3.0, 2.0, 1.0]), 1)
    assert found["features"][0]["feature"] == "size"
    assert found["features"][0]["mean"] > 3  # in the label's unit: shuffled, the error grows


def test_a_constant_model_has_no_rank_correlation_and_valid_json():
    model = loaded(DummyClassifier(strategy="prior"), "binary", small_records("binary", 200, seed=1))
    document = explained(model)
    assert document["permutation_importance"]["rank_correlation"] is None
    assert {entry["share"] for entry in document["features"]} == {0.0}
    assert document["summary"]["rank_correlation_with_permutation_importance"] == "not defined"
    json.dumps(document, allow_nan=False)


def test_a_metric_that_is_not_defined_gives_null_importances():
    model = model_of("boosted")
    one = small_records("binary", 60, seed=2).query("outcome == 'yes'")
    found = second_opinion(model, model.matrix(one), model.actual(one), "roc_auc", np.array([3.0, 2.0, 1.0]), 1)
    assert {entry["mean"] for entry in found["features"]} == {None}
    assert found["rank_correlation"] is None


def test_explanations_repeat_themselves_whatever_the_global_generator():
    model = model_of("boosted classes")
    np.random.seed(1)
    first = explained(model)
    np.random.seed(2)
    assert explained(model) == first


def test_explanations_that_do_not_add_up_are_refused(monkeypatch):
    model = model_of("boosted")
    genuine = explanation_values._of_boosted_probability

    def shifted(*arguments):
        found = genuine(*arguments)
        return replace(found, base=found.base + 0.01)

    monkeypatch.setattr(explanation_values, "_of_boosted_probability", shifted)
    with pytest.raises(ValueError, match=r"miss the model's probability by up to 0\.01"):
        explained(model)


def test_values_that_are_no_numbers_are_refused_too():
    broken = Attribution("m", "probability", np.full((2, 1, 1), np.nan), np.zeros(1), np.zeros((2, 1)), np.arange(2))
    assert not broken.difference() <= broken.tolerance()


def test_of_a_large_test_set_a_sample_is_explained_with_its_own_groups(monkeypatch):
    monkeypatch.setattr(explanation, "MOST_RECORDS", 20)
    document = explained(model_of("ridge"))
    assert document["records"] == 20
    assert sum(entry["count"] for entry in document["by_group"]["team"].values()) == 20


def test_how_many_features_make_up_a_share():
    assert _needed([0.5, 0.3, 0.2], 0.9) == 3
    assert _needed([0.95, 0.05], 0.9) == 1
    assert _needed([0.9, 0.1], 0.9) == 1


def test_the_monitors_baseline_has_clarifys_form_and_ranks_as_the_model_does():
    model = model_of("logistic")
    matrix = model.matrix(small_records("binary", 60, seed=2))
    document = clarify_baseline(model, matrix, 3)
    label = document["explanations"]["kernel_shap"]["label0"]
    assert list(label["global_shap_values"]) == ["size", "kind", "age"]
    neutral = neutral_record(model.columns)
    assert label["expected_value"] == pytest.approx(float(model.scores(neutral[None])[0]))
    assert max(label["global_shap_values"], key=label["global_shap_values"].get) == "size"
    assert clarify_baseline(model, matrix, 3) == document


def test_the_neutral_record_is_the_monitors():
    plain = small_schema("binary")
    columns = [
        Column(**{"description": "", **column, "values": tuple(column["values"])}) for column in plain["columns"]
    ]
    asked = explainability_analysis(Schema("id", "event_time", tuple(columns)), "m", "ml.m5.large")
    (baseline,) = asked["methods"]["shap"]["baseline"]["instances"]
    features = [column for column in plain["columns"] if column["role"] == "feature"]
    numbers = [
        float(column["values"].index(baseline[column["name"]]))
        if column["type"] == "category"
        else float(baseline[column["name"]])
        for column in features
    ]
    assert list(neutral_record(features)) == numbers

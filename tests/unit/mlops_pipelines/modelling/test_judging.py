"""Convergence: what is told apart from training that led nowhere."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from mlops_pipelines.modelling.judging import (
    binary_threshold,
    convergence_faults,
    decisions,
    judged,
    trivial_loss,
    trivial_score,
)

TARGET = np.array([0] * 90 + [1] * 10)
GOOD = np.linspace(0, 1, 100)
IMPROVED = (0.5, 0.3)


def faults(metric="roc_auc", scores=GOOD, losses=IMPROVED, problem="binary", target=TARGET):
    threshold = binary_threshold(target, scores) if problem == "binary" else None
    return convergence_faults(metric, problem, losses, target, target, scores, threshold)


@pytest.mark.parametrize("metric", ["roc_auc", "average_precision", "f1", "balanced_accuracy", "accuracy"])
def test_a_model_that_orders_records_right_has_converged(metric):
    assert faults(metric) == []


@pytest.mark.parametrize("metric", ["roc_auc", "average_precision", "f1", "balanced_accuracy", "accuracy"])
def test_a_model_that_answers_at_random_has_not(metric):
    scores = np.random.default_rng(3).permutation(GOOD)
    [fault] = faults(metric, scores)
    assert "the validation" in fault
    assert "predicting without any feature reaches" in fault


def test_a_rare_class_does_not_hide_that_nothing_was_learnt():
    scores = np.concatenate([np.linspace(0.5, 1, 90), np.linspace(0, 0.4, 10)])
    assert judged("accuracy", "binary", TARGET, scores, binary_threshold(TARGET, scores)) == 0.8
    assert "balanced_accuracy is 0.4444" in faults("accuracy", scores)[0]


@pytest.mark.parametrize("losses", [(0.5, float("nan")), (0.5, float("inf")), (0.5, float("nan"), 0.1)])
def test_a_loss_that_is_not_finite_is_said(losses):
    assert "not finite" in faults(losses=losses)[0]


@pytest.mark.parametrize("losses", [(0.5, 0.5), (0.5, 0.4, 0.6)])
def test_a_loss_that_did_not_improve_is_said_with_both_values(losses):
    [fault] = faults(losses=losses)
    assert f"is {losses[-1]} and did not improve on 0.5" in fault


def test_all_that_is_wrong_is_said_at_once():
    assert len(faults(scores=np.full(100, 0.5), losses=(0.5, 0.5))) == 2


def test_errors_are_judged_downwards():
    actual = np.arange(20.0)
    for metric in ("rmse", "mae", "r2"):
        assert faults(metric, actual + 0.5, problem="regression", target=actual) == []
        [fault] = faults(metric, np.full(20, actual.mean()), problem="regression", target=actual)
        assert f"the validation {metric} is" in fault


def test_the_trivial_predictor_is_the_best_of_those_that_look_at_nothing():
    assert trivial_score("accuracy", "binary", TARGET, TARGET) == 0.9
    assert trivial_score("f1", "binary", TARGET, TARGET) == pytest.approx(2 * 0.1 / 1.1)
    assert trivial_score("roc_auc", "binary", TARGET, TARGET) == 0.5
    skewed = np.array([0.0, 0.0, 0.0, 100.0])
    assert trivial_score("mae", "regression", skewed, skewed) == 25  # the median; the mean would miss by 37.5
    assert trivial_score("rmse", "regression", skewed, skewed) == pytest.approx(skewed.std())
    classes = np.array([0, 1, 2, 2])
    assert trivial_score("roc_auc_ovr", "multiclass", classes, classes) == 0.5
    assert trivial_score("accuracy", "multiclass", classes, classes) == 0.5


def test_the_trivial_loss_is_entropy_or_variance():
    assert trivial_loss("binary", np.array([0, 1])) == pytest.approx(np.log(2))
    assert trivial_loss("multiclass", np.array([0, 1, 2])) == pytest.approx(np.log(3))
    assert trivial_loss("regression", np.array([1.0, 3.0])) == 1


SCORES = hnp.arrays(np.float64, st.integers(5, 60), elements=st.floats(0, 1), unique=True)


@given(SCORES, st.randoms(use_true_random=False))
def test_the_threshold_decides_as_often_as_the_class_occurs(scores, random):
    positives = random.randint(1, len(scores) - 1)
    actual = np.array([1] * positives + [0] * (len(scores) - positives))
    decided = decisions("binary", scores, binary_threshold(actual, scores))
    assert abs(int(decided.sum()) - positives) <= 1


def test_decisions_are_places_of_classes_or_the_numbers_themselves():
    assert decisions("binary", np.array([0.2, 0.5, 0.9]), 0.5).tolist() == [0, 1, 1]
    assert decisions("multiclass", np.array([[0.2, 0.5, 0.3], [0.9, 0.05, 0.05]]), None).tolist() == [1, 0]
    assert decisions("regression", np.array([0.2, 7.0]), None).tolist() == [0.2, 7.0]

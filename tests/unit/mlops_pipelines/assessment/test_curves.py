"""The points of a model's curves."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from mlops_pipelines.assessment.answers import Answers
from mlops_pipelines.assessment.curves import POINTS, calibration, curves, monitored_curves, residuals


def binary(count=500, seed=1):
    random = np.random.default_rng(seed)
    scores = random.random(count)
    actual = (random.random(count) < scores).astype(int)
    return Answers("binary", ("no", "yes"), actual, scores, (scores >= 0.5).astype(int))


def test_a_roc_curve_of_few_points_has_the_area_of_the_whole():
    answers = binary()
    drawn = curves(answers)["roc"]
    assert len(drawn["x"]) == len(drawn["y"]) == POINTS
    assert (drawn["x"][0], drawn["y"][0], drawn["x"][-1], drawn["y"][-1]) == (0, 0, 1, 1)
    area = np.trapezoid(drawn["y"], drawn["x"])
    assert area == pytest.approx(roc_auc_score(answers.actual, answers.scores), abs=0.01)


def test_recall_grows_along_the_precision_recall_curve():
    drawn = monitored_curves(binary())["precision_recall_curve"]
    assert drawn["recalls"] == sorted(drawn["recalls"])
    assert (drawn["recalls"][0], drawn["precisions"][0], drawn["recalls"][-1]) == (0, 1, 1)


def test_a_calibrated_model_lies_on_the_diagonal():
    drawn = curves(binary(count=4000))["calibration"]
    assert len(drawn["x"]) == 10
    assert drawn["y"] == pytest.approx(drawn["x"], abs=0.08)


def test_an_overconfident_model_does_not():
    happened, told = np.array([0, 1] * 50), np.array([0.05, 0.95] * 25 + [0.95, 0.05] * 25)
    assert calibration(happened, told) == {"x": pytest.approx([0.05, 0.95]), "y": pytest.approx([0.5, 0.5])}


def test_several_classes_have_the_calibration_of_the_most_probable_one():
    scores = np.array([[0.8, 0.1, 0.1]] * 10)
    answers = Answers("multiclass", ("a", "b", "c"), np.array([0] * 8 + [1, 2]), scores, scores.argmax(axis=1))
    assert curves(answers) == {"calibration": {"x": pytest.approx([0.8]), "y": pytest.approx([0.8])}}


def test_residuals_are_label_less_prediction():
    actual, scores = np.array([1.0, 2.0, 3.0]), np.array([0.0, 2.0, 5.0])
    found = residuals(Answers("regression", (), actual, scores, scores))
    assert found["mean"] == pytest.approx(-1 / 3)
    assert (found["largest"], found["p50"]) == (2.0, 0.0)
    assert found["p05"] == pytest.approx(-1.8)


def test_a_regression_shows_prediction_against_label_in_tenths():
    values = np.arange(100.0)
    drawn = curves(Answers("regression", (), values, values, values))["prediction"]
    assert drawn["x"] == drawn["y"] == pytest.approx([4.5 + 10 * tenth for tenth in range(10)])


def test_a_set_of_one_class_has_no_curve_but_calibration():
    assert set(curves(binary().take(np.flatnonzero(binary().actual == 1)))) == {"calibration"}

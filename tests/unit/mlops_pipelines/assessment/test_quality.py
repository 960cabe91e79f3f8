"""Quality: Model Monitor's metrics, intervals of all the problem's own, and the monitor's baseline."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as sklearn_metrics

from mlops_pipelines.assessment import quality
from mlops_pipelines.assessment.answers import Answers
from mlops_pipelines.modelling.metrics import METRICS, score

BINARY = Answers(
    "binary", ("no", "yes"), np.array([1, 1, 0, 0, 0]), np.array([0.9, 0.4, 0.6, 0.2, 0.1]), np.array([1, 0, 1, 0, 0])
)
PLAIN = ("recall", "precision", "accuracy")
BINARY_NAMES = {
    "confusion_matrix", *PLAIN, *(f"{name}_best_constant_classifier" for name in PLAIN), "true_positive_rate",
    "true_negative_rate", "false_positive_rate", "false_negative_rate", "receiver_operating_characteristic_curve",
    "precision_recall_curve", "auc", "f0_5", "f1", "f2",
    *(f"{name}_best_constant_classifier" for name in ("f0_5", "f1", "f2")),
}  # fmt: skip
MULTICLASS_NAMES = {
    "confusion_matrix",
    *(
        f"{name}{suffix}"
        for name in ("accuracy", "weighted_recall", "weighted_precision", "weighted_f0_5", "weighted_f1", "weighted_f2")
        for suffix in ("", "_best_constant_classifier")
    ),
}


def three_classes(count=120, seed=2):
    random = np.random.default_rng(seed)
    actual = random.choice(3, count, p=[0.2, 0.5, 0.3])
    scores = random.dirichlet([1, 1, 1], count) + np.eye(3)[actual]
    scores /= scores.sum(axis=1, keepdims=True)
    return Answers("multiclass", ("a", "b", "c"), actual, scores, scores.argmax(axis=1))


def numbers(count=80, seed=2):
    random = np.random.default_rng(seed)
    actual = random.normal(50, 10, count)
    scores = actual + random.normal(1, 4, count)
    return Answers("regression", (), actual, scores, scores)


def values(metrics):
    return {name: metric["value"] for name, metric in metrics.items() if "value" in metric}


def test_binary_metrics_are_those_of_the_confusion_matrix():
    metrics = quality.monitor_metrics(BINARY, quality.intervals(BINARY, seed=1))
    assert metrics["confusion_matrix"] == {"0": {"0": 2, "1": 1}, "1": {"0": 1, "1": 1}}
    # The constant classifier names the positive class: it finds both, and is right in two of five.
    assert values(metrics) == pytest.approx({
        "auc": 5 / 6, "au_prc": 1 / 2 * 1 + 1 / 2 * 2 / 3, "accuracy": 3 / 5, "precision": 1 / 2, "recall": 1 / 2,
        "true_positive_rate": 1 / 2, "true_negative_rate": 2 / 3, "false_positive_rate": 1 / 3,
        "false_negative_rate": 1 / 2, "f0_5": 1 / 2, "f1": 1 / 2, "f2": 1 / 2,
        "recall_best_constant_classifier": 1, "precision_best_constant_classifier": 2 / 5,
        "accuracy_best_constant_classifier": 2 / 5, "f1_best_constant_classifier": 4 / 7,
        "f0_5_best_constant_classifier": 1.25 * 0.4 / (0.25 * 0.4 + 1),
        "f2_best_constant_classifier": 5 * 0.4 / (4 * 0.4 + 1),
    })  # fmt: skip


def test_metrics_are_named_as_model_monitor_names_them():
    binary = quality.monitor_metrics(BINARY, quality.intervals(BINARY, seed=1))
    assert set(binary) - {"au_prc"} == BINARY_NAMES
    assert set(binary["receiver_operating_characteristic_curve"]) == {"false_positive_rates", "true_positive_rates"}
    assert set(binary["precision_recall_curve"]) == {"precisions", "recalls"}
    several = three_classes()
    assert set(quality.monitor_metrics(several, quality.intervals(several, seed=1))) == MULTICLASS_NAMES
    plain = numbers()
    assert set(quality.monitor_metrics(plain, quality.intervals(plain, seed=1))) == {"mae", "mse", "rmse", "r2"}


def test_multiclass_metrics_are_scikit_learns_weighted_ones():
    answers = three_classes()
    found = values(quality.monitor_metrics(answers, quality.intervals(answers, seed=1)))
    constant = np.full(len(answers), np.bincount(answers.actual).argmax())
    for suffix, decided in (("", answers.decided), ("_best_constant_classifier", constant)):
        options = {"average": "weighted", "zero_division": 0}
        assert found[f"accuracy{suffix}"] == pytest.approx(sklearn_metrics.accuracy_score(answers.actual, decided))
        assert found[f"weighted_recall{suffix}"] == pytest.approx(
            sklearn_metrics.recall_score(answers.actual, decided, **options)
        )
        assert found[f"weighted_precision{suffix}"] == pytest.approx(
            sklearn_metrics.precision_score(answers.actual, decided, **options)
        )
        for name, beta in (("f0_5", 0.5), ("f1", 1), ("f2", 2)):
            wanted = sklearn_metrics.fbeta_score(answers.actual, decided, beta=beta, **options)
            assert found[f"weighted_{name}{suffix}"] == pytest.approx(wanted)
    matrix = sklearn_metrics.confusion_matrix(answers.actual, answers.decided)
    assert quality.confusion_matrix(answers)["1"]["2"] == matrix[1, 2]


def test_regression_metrics_are_scikit_learns():
    answers = numbers()
    found = values(quality.monitor_metrics(answers, quality.intervals(answers, seed=1)))
    assert found["mse"] == pytest.approx(sklearn_metrics.mean_squared_error(answers.actual, answers.scores))
    assert found["r2"] == pytest.approx(sklearn_metrics.r2_score(answers.actual, answers.scores))


def test_standard_deviations_are_the_bootstraps():
    one, two, other = (quality.intervals(BINARY, seed)["monitor:accuracy"] for seed in (1, 1, 2))
    assert one == two != other
    # The standard error of a share of 0.6 in five records is sqrt(0.6 * 0.4 / 5) = 0.22.
    assert one.deviation == pytest.approx(0.22, abs=0.02)


@pytest.mark.parametrize("answers", [BINARY, three_classes(), numbers()], ids=["binary", "multiclass", "regression"])
def test_all_metrics_of_the_problem_have_an_interval_that_holds_them(answers):
    found = quality.intervals(answers, seed=1)
    for name in METRICS[answers.problem]:
        assert found[name].value == score(name, answers.actual, answers.scores, answers.decided)
        assert found[name].low <= found[name].value <= found[name].high
    assert ("brier_score" in found) == (answers.problem != "regression")


@settings(max_examples=6)
@given(st.integers(0, 1000))
def test_the_order_of_the_records_changes_nothing(seed):
    answers = three_classes(count=40)
    shuffled = answers.take(np.random.default_rng(seed).permutation(len(answers)))
    assert quality.intervals(shuffled, seed=1) == quality.intervals(answers, seed=1)


def test_a_better_model_has_a_higher_interval():
    random = np.random.default_rng(1)
    actual = random.integers(0, 2, 300)
    found = []
    for noise in (0.3, 3.0):
        scores = 1 / (1 + np.exp(-(actual - 0.5 + random.normal(0, noise, 300))))
        answers = Answers("binary", ("no", "yes"), actual, scores, (scores >= 0.5).astype(int))
        found.append(quality.intervals(answers, seed=1)["roc_auc"])
    assert found[0].low > found[1].high


def test_a_metric_that_is_not_defined_is_null():
    alone = BINARY.take(np.array([0, 1]))  # positives only
    metrics = quality.monitor_metrics(alone, quality.intervals(alone, seed=1))
    assert metrics["auc"] == {"value": None, "standard_deviation": None}
    assert metrics["true_negative_rate"]["value"] is None
    assert "receiver_operating_characteristic_curve" not in metrics


def test_constraints_are_the_worse_ends_of_the_intervals():
    found = quality.intervals(BINARY, seed=1)
    constraints = quality.monitor_constraints("binary", found)
    assert constraints["version"] == 0.0
    kept = constraints["binary_classification_constraints"]
    assert kept["accuracy"] == {
        "threshold": found["monitor:accuracy"].low, "comparison_operator": "LessThanThreshold"
    }  # fmt: skip
    assert kept["false_positive_rate"] == {
        "threshold": found["monitor:false_positive_rate"].high, "comparison_operator": "GreaterThanThreshold"
    }  # fmt: skip
    assert not [name for name in kept if name.endswith("_best_constant_classifier")]
    assert "roc_auc" not in kept  # Model Monitor calls it auc


def test_errors_of_a_regression_must_not_grow():
    kept = quality.monitor_constraints("regression", quality.intervals(numbers(), seed=1))["regression_constraints"]
    assert {name: item["comparison_operator"] for name, item in kept.items()} == {
        "mae": "GreaterThanThreshold", "mse": "GreaterThanThreshold", "rmse": "GreaterThanThreshold",
        "r2": "LessThanThreshold",
    }  # fmt: skip


def test_a_constraint_is_met_by_the_model_that_it_was_taken_from():
    answers = three_classes()
    found = quality.intervals(answers, seed=1)
    metrics = values(quality.monitor_metrics(answers, found))
    kept = quality.monitor_constraints("multiclass", found)["multiclass_classification_constraints"]
    assert kept
    for name, item in kept.items():
        assert item["comparison_operator"] == "LessThanThreshold"
        assert metrics[name] >= item["threshold"]


def test_statistics_hold_the_metrics_under_the_problems_name():
    made = quality.monitor_statistics("multiclass", 7, {"accuracy": {"value": 1.0, "standard_deviation": 0.0}})
    assert made == {
        "version": 0.0, "dataset": {"item_count": 7},
        "multiclass_classification_metrics": {"accuracy": {"value": 1.0, "standard_deviation": 0.0}},
    }  # fmt: skip


def test_classes_are_told_by_name():
    two_thirds = pytest.approx(2 / 3)
    assert quality.by_class(BINARY) == {
        "no": {"precision": two_thirds, "recall": two_thirds, "f1": two_thirds, "count": 3},
        "yes": {"precision": 0.5, "recall": 0.5, "f1": 0.5, "count": 2},
    }  # fmt: skip

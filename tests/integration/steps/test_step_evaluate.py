"""Evaluation: metrics, and rates by group of the protected attribute."""

from __future__ import annotations

import json
import tarfile

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.pipelines import applications, schema

from mlops_pipelines.steps.evaluate import evaluate, fairness, main, quality
from mlops_pipelines.steps.train import Settings, train

ACTUAL = np.array([True, True, False, False, False])
PREDICTED = np.array([True, False, True, False, False])
SCORES = np.array([0.9, 0.4, 0.6, 0.2, 0.1])


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    folder = tmp_path_factory.mktemp("model")
    data = {"train": applications(160, seed=1), "validation": applications(80, seed=2)}
    train(data, schema(), folder / "model", folder / "checkpoints", Settings(trees=20))
    with tarfile.open(folder / "model.tar.gz", "w:gz") as opened:
        opened.add(folder / "model", ".")
    return folder / "model.tar.gz"


def test_metrics_are_those_of_the_confusion_matrix():
    metrics = quality(ACTUAL, SCORES, PREDICTED, seed=1)
    assert metrics["confusion_matrix"] == {"0": {"0": 2, "1": 1}, "1": {"0": 1, "1": 1}}
    values = {name: metric["value"] for name, metric in metrics.items() if name != "confusion_matrix"}
    assert values == pytest.approx({"auc": 5 / 6, "accuracy": 3 / 5, "precision": 1 / 2, "recall": 1 / 2, "f1": 1 / 2})


def test_standard_deviations_follow_the_seed():
    one, two, other = (quality(ACTUAL, SCORES, PREDICTED, seed)["accuracy"] for seed in (1, 1, 2))
    assert one == two != other
    # The standard error of a share of 0.6 in five records is sqrt(0.6 * 0.4 / 5) = 0.22.
    assert one["standard_deviation"] == pytest.approx(0.22, abs=0.04)


def test_rates_are_measured_by_group():
    report = fairness(ACTUAL, PREDICTED, ["a", "b", "a", "b", "b"])
    assert report["groups"]["a"] == {
        "count": 2, "positive_rate": 0.5, "selection_rate": 1.0, "true_positive_rate": 1.0, "false_positive_rate": 1.0
    }  # fmt: skip
    assert report["groups"]["b"]["selection_rate"] == 0.0
    assert report["selection_rate_difference"] == report["true_positive_rate_difference"] == 1.0


def test_a_rate_without_a_denominator_is_null_and_differs_from_nothing():
    report = fairness(np.array([True, False]), np.array([True, False]), ["a", "b"])
    assert report["groups"]["b"]["true_positive_rate"] is None
    assert report["true_positive_rate_difference"] == 0.0


@given(st.lists(st.tuples(st.booleans(), st.booleans(), st.sampled_from("abc")), min_size=1, max_size=60))
def test_differences_lie_between_zero_and_one_and_counts_add_up(rows):
    actual, predicted = (np.array([row[i] for row in rows]) for i in (0, 1))
    report = fairness(actual, predicted, [row[2] for row in rows])
    assert sum(group["count"] for group in report["groups"].values()) == len(rows)
    assert 0 <= report["selection_rate_difference"] <= 1
    assert sum(g["count"] * g["selection_rate"] for g in report["groups"].values()) == pytest.approx(predicted.sum())


def test_the_report_has_metrics_fairness_and_a_summary_as_text(archive):
    report = evaluate(archive, applications(90, seed=9), "afam", seed=1)
    assert report["dataset"] == {"item_count": 90}
    assert report["binary_classification_metrics"]["auc"]["value"] > 0.8
    assert report["fairness"]["protected_attribute"] == "afam"
    assert set(report["fairness"]["groups"]) == {"no", "yes"}
    assert report["summary"]["auc"] == f"{report['binary_classification_metrics']['auc']['value']:.6f}"
    assert report["summary"]["selection_rate_difference"] == f"{report['fairness']['selection_rate_difference']:.6f}"


def test_without_a_protected_attribute_fairness_is_not_measured(archive):
    report = evaluate(archive, applications(90, seed=9), "none", seed=1)
    assert report["fairness"] == {"protected_attribute": "none"}
    assert report["summary"]["selection_rate_difference"] == "not measured"


def test_a_test_set_of_one_class_is_refused(archive):
    with pytest.raises(ValueError, match="the test set holds one class of deny only"):
        evaluate(archive, applications(20).assign(deny="no"), "afam", seed=1)


def test_the_command_line_writes_evaluation_json(archive, tmp_path):
    applications(90, seed=9).to_csv(tmp_path / "test.csv", index=False)
    main(["--model", str(archive.parent), "--test", str(tmp_path), "--output", str(tmp_path / "out"),
          "--protected-attribute", "afam", "--seed", "1"])  # fmt: skip
    written = json.loads((tmp_path / "out/evaluation.json").read_text())
    assert written == evaluate(archive, applications(90, seed=9), "afam", seed=1)

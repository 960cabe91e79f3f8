"""The explain step: what it writes, and what it refuses."""

from __future__ import annotations

import json

import pytest
from sklearn.ensemble import GradientBoostingClassifier
from sklearn.linear_model import Ridge
from tests.support.assessed import loaded, prepared, small_records

from mlops_pipelines.assessment import explanation_values
from mlops_pipelines.steps.explain import assess
from mlops_pipelines.steps.shell import StepFault


def given(folder, problem="binary", estimator=None, test=None, **gates):
    train = small_records(problem, 200, seed=1)
    model = loaded(estimator or GradientBoostingClassifier(n_estimators=20, random_state=1), problem, train)
    splits = {"train": train, "test": small_records(problem, 80, seed=2) if test is None else test}
    return prepared(folder, model, splits, **gates)


def test_the_document_and_the_monitors_baseline_are_written(tmp_path):
    shell = given(tmp_path)
    told = assess(shell)
    folder = shell.output / "explanations"
    document = json.loads((folder / "explanations.json").read_text())
    assert told["summary"] == document["summary"]
    assert set(document["by_group"]) == {"team"}
    assert {"method", "features", "examples", "baseline"} <= document.keys()
    assert all(len(text) <= 256 for text in document["summary"].values())
    analysis = json.loads((folder / "analysis.json").read_text())
    assert set(analysis["explanations"]["kernel_shap"]["label0"]) == {"global_shap_values", "expected_value"}


def test_the_same_inputs_give_the_same_bytes(tmp_path):
    texts = []
    for name in ("one", "two"):
        shell = given(tmp_path / name)
        assess(shell)
        texts.append([path.read_bytes() for path in sorted((shell.output / "explanations").iterdir())])
    assert len(texts[0]) == 2
    assert texts[0] == texts[1]


def test_only_a_binary_model_has_a_monitors_baseline(tmp_path):
    shell = given(tmp_path, "regression", Ridge(), threshold=0.3)
    assess(shell)
    assert [path.name for path in (shell.output / "explanations").iterdir()] == ["explanations.json"]


def test_explanations_that_do_not_add_up_end_the_step_without_a_document(tmp_path, monkeypatch):
    monkeypatch.setattr(explanation_values, "TOLERANCE", -1.0)
    shell = given(tmp_path)
    with pytest.raises(StepFault, match="they explain another model"):
        assess(shell)
    assert not (shell.output / "explanations").exists()


def test_a_protected_attribute_that_is_missing_is_named(tmp_path):
    shell = given(tmp_path, test=small_records("binary", 40, seed=2).drop(columns=["team"]))
    with pytest.raises(StepFault, match=r"protected attribute team is not in test\.csv"):
        assess(shell)

"""The optimise step: files, document, and what it refuses."""

from __future__ import annotations

import hashlib
import json

import pytest
from sklearn.ensemble import GradientBoostingClassifier
from sklearn.linear_model import Ridge
from tests.support.assessed import loaded, prepared, small_records

from mlops_pipelines.assessment import optimisation
from mlops_pipelines.steps.optimise import assess
from mlops_pipelines.steps.shell import StepFault


def given(folder, problem="binary", estimator=None, **gates):
    train = small_records(problem, 200, seed=1)
    model = loaded(estimator or GradientBoostingClassifier(n_estimators=20, random_state=1), problem, train)
    splits = {"validation": small_records(problem, 80, seed=2), "test": small_records(problem, 80, seed=3)}
    return prepared(folder, model, splits, **gates)


def written(shell):
    return json.loads((shell.output / "optimised" / "optimisation.json").read_text())


def test_the_file_is_the_one_that_the_document_describes(tmp_path):
    shell = given(tmp_path)
    told = assess(shell)
    document, content = written(shell), (shell.output / "optimised" / "model.onnx").read_bytes()
    onnx = document["formats"]["onnx"]
    assert onnx["sha256"] == hashlib.sha256(content).hexdigest()
    assert onnx["bytes"] == len(content)
    assert document["original"]["bytes"] > onnx["bytes"]
    assert sorted(path.name for path in (shell.output / "optimised").iterdir()) == ["model.onnx", "optimisation.json"]
    assert set(told["milliseconds_per_1000"]) == {"original", "model.onnx"}
    assert "milliseconds" not in json.dumps(document)
    assert all(len(text) <= 256 for text in document["summary"].values())


def test_the_same_inputs_give_the_same_bytes(tmp_path):
    made = []
    for name in ("one", "two"):
        shell = given(tmp_path / name)
        assess(shell)
        folder = shell.output / "optimised"
        made.append({path.name: path.read_bytes() for path in folder.iterdir()})
    assert made[0] == made[1]


def test_a_regression_model_is_optimised_too(tmp_path):
    shell = given(tmp_path, "regression", Ridge(), threshold=0.3)
    assess(shell)
    document = written(shell)
    assert document["metric"] == "r2"
    assert document["formats"]["onnx"]["decisions_that_differ"] is None
    assert abs(document["loss"]) < 1e-5


def test_an_export_that_is_not_the_model_ends_the_step_without_a_file(tmp_path, monkeypatch):
    monkeypatch.setattr(optimisation, "export_faults", lambda *_: ["it answers something else"])
    shell = given(tmp_path)
    with pytest.raises(StepFault, match="the ONNX export is not the model: it answers something else"):
        assess(shell)
    assert not (shell.output / "optimised").exists()


def test_a_split_that_is_missing_is_named(tmp_path):
    shell = given(tmp_path)
    (shell.input / "validation" / "validation.csv").unlink()
    with pytest.raises(StepFault, match=r"input validation has no readable validation\.csv"):
        assess(shell)

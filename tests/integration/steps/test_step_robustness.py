"""The robustness step: what it writes, and what it refuses."""

from __future__ import annotations

import json

import pytest
from sklearn.ensemble import GradientBoostingClassifier
from sklearn.linear_model import LinearRegression
from tests.support.assessed import loaded, prepared, small_records

from mlops_pipelines.steps import robustness
from mlops_pipelines.steps.robustness import assess, main
from mlops_pipelines.steps.shell import StepFault


@pytest.fixture(autouse=True)
def _few_attacks(monkeypatch):
    monkeypatch.setattr(robustness, "ATTACKED", 2)


def given(folder, problem="binary", estimator=None, test=None, **gates):
    train = small_records(problem, 200, seed=1)
    model = loaded(estimator or GradientBoostingClassifier(n_estimators=20, random_state=1), problem, train)
    splits = {"train": train, "test": small_records(problem, 80, seed=2) if test is None else test}
    return prepared(folder, model, splits, **gates)


def written(shell):
    return json.loads((shell.output / "robustness" / "robustness.json").read_text())


def test_the_gates_epsilon_is_on_the_curve_and_its_share_is_reported(tmp_path):
    shell = given(tmp_path, robustness_epsilon=0.13)
    told = assess(shell)
    document = written(shell)
    point = next(point for point in document["curve"] if point["epsilon"] == 0.13)
    assert document["epsilon"] == 0.13
    assert document["flipped_percent"] == point["flipped_percent"] == told["flipped_percent"]
    assert document["records"] == 80
    assert document["attack"]["status"] == "done"
    assert {entry["feature"] for entry in document["by_feature"]} == {"size", "kind", "age"}
    assert all(len(text) <= 256 for text in document["summary"].values())


def test_the_same_inputs_give_the_same_bytes(tmp_path):
    texts = []
    for name in ("one", "two"):
        shell = given(tmp_path / name)
        assess(shell)
        texts.append((shell.output / "robustness" / "robustness.json").read_bytes())
    assert texts[0] == texts[1]


def test_a_regression_model_has_a_curve_and_a_reason_for_no_attack(tmp_path):
    shell = given(tmp_path, "regression", LinearRegression(), threshold=0.3)
    assess(shell)
    document = written(shell)
    assert document["attack"]["status"] == "not applicable"
    assert document["summary"]["attack"] == document["attack"]["reason"]
    assert "half a standard deviation of outcome" in document["flipped_means"]
    assert document["curve"][-1]["flipped_percent"] > 0


def test_a_column_that_is_missing_is_named(tmp_path):
    shell = given(tmp_path, test=small_records("binary", 20).drop(columns=["age"]))
    with pytest.raises(StepFault, match=r"test\.csv lacks age"):
        assess(shell)
    assert not (shell.output / "robustness").exists()


def test_the_command_line_runs_the_step(tmp_path, capsys):
    shell = given(tmp_path)
    (tmp_path / "settings.json").write_text(json.dumps(shell.settings.as_dict()))
    (tmp_path / "schema.json").write_text(json.dumps(dict(shell.schema)))
    arguments = ["--input", str(shell.input), "--output", str(shell.output), "--code", str(tmp_path)]
    assert main(arguments) == 0
    assert json.loads(capsys.readouterr().out)["flipped_percent"] == written(shell)["flipped_percent"]

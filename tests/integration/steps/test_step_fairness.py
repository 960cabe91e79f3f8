"""The fairness step: what it writes, for one protected attribute, several, or none."""

from __future__ import annotations

import json

import pytest
from sklearn.linear_model import LinearRegression, LogisticRegression
from tests.support.assessed import loaded, prepared, small_records

from mlops_pipelines.assessment import intervals
from mlops_pipelines.steps.fairness import assess, main
from mlops_pipelines.steps.shell import StepFault

TWO = ("team", "town")


@pytest.fixture(autouse=True, scope="module")
def _few_resamples():
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(intervals, "RESAMPLES", 199)
        yield


def model_of(problem):
    estimator = LinearRegression() if problem == "regression" else LogisticRegression(max_iter=1000)
    return loaded(estimator, problem, small_records(problem, 300, seed=1))


@pytest.fixture(scope="module")
def model():
    return model_of("binary")


@pytest.fixture(scope="module")
def test_set():
    return small_records("binary", 300, seed=2, protected=TWO)


def written(shell, file="fairness.json"):
    return json.loads((shell.output / "fairness" / file).read_text())


def test_groups_of_the_protected_attribute_are_measured(model, test_set, tmp_path):
    shell = prepared(tmp_path, model, {"test": test_set})
    printed = assess(shell)
    report = written(shell)
    assert (report["status"], report["records"], report["intersection"]) == ("measured", 300, None)
    found = report["attributes"]["team"]
    assert {name: group["count"] for name, group in found["groups"].items()} == (
        test_set["team"].value_counts().to_dict()
    )
    assert {"selection_rate", "true_positive_rate", "false_positive_rate", "accuracy", "roc_auc"} <= set(
        found["groups"]["blue"]
    )
    for name in ("selection_rate_difference", "equalized_odds_difference"):
        assert report["worst"][name] == found["differences"][name]["value"] < 0.25
    assert report["worst"]["selection_rate_ratio"] == found["ratios"]["selection_rate_ratio"]["value"]
    assert printed["worst"] == report["worst"]
    assert report["summary"]["team_selection_rate_difference"].startswith(
        f"{report['worst']['selection_rate_difference']:.6f} ("
    )
    assert all(isinstance(text, str) and len(text) <= 256 for text in report["summary"].values())


def test_a_model_that_treats_a_group_worse_is_found_out(model, test_set, tmp_path):
    # Who is of the green team is of the kind that the model favours.
    biased = test_set.assign(kind=["fancy" if team == "green" else "plain" for team in test_set["team"]])
    shell = prepared(tmp_path, model, {"test": biased})
    assess(shell)
    found = written(shell)["attributes"]["team"]["differences"]["selection_rate_difference"]
    assert found["value"] > 0.15
    assert found["low"] > 0
    assert (found["highest"], found["lowest"]) == ("green", "blue")


def test_several_attributes_are_measured_alone_and_together(model, test_set, tmp_path):
    shell = prepared(tmp_path, model, {"test": test_set}, protected=TWO)
    assess(shell)
    report = written(shell)
    assert set(report["attributes"]) == set(TWO)
    assert set(report["intersection"]["groups"]) == {
        "blue and blue", "blue and green", "green and blue", "green and green"
    }  # fmt: skip
    alone = [found["differences"]["selection_rate_difference"]["value"] for found in report["attributes"].values()]
    assert report["worst"]["selection_rate_difference"] == max(alone)
    together = report["intersection"]["differences"]["selection_rate_difference"]["value"]
    assert report["worst_intersection"]["selection_rate_difference"] == together >= max(alone) - 1e-12
    ratios = [found["ratios"]["selection_rate_ratio"]["value"] for found in report["attributes"].values()]
    assert report["worst"]["selection_rate_ratio"] == min(ratios)


def test_without_a_protected_attribute_nothing_is_measured(model, test_set, tmp_path):
    shell = prepared(tmp_path, model, {"test": test_set}, protected=())
    assess(shell)
    report = written(shell)
    assert (report["status"], report["attributes"]) == ("no protected attribute", {})
    assert set(report["worst"].values()) == {None}
    assert report["summary"] == {"fairness": "not measured: there is no protected attribute"}
    assert not (shell.output / "fairness" / "analysis.json").exists()


def test_protected_attributes_that_are_missing_are_named(model, test_set, tmp_path):
    shell = prepared(tmp_path, model, {"test": test_set.drop(columns=list(TWO))}, protected=TWO)
    with pytest.raises(StepFault) as told:
        assess(shell)
    assert "protected attribute team is not in test.csv; protected attribute town is not in test.csv" in str(told.value)
    assert not shell.output.exists()


def test_who_does_not_tell_is_a_group_of_its_own(model, test_set, tmp_path):
    team = test_set["team"].where(test_set.index % 4 != 0)
    shell = prepared(tmp_path, model, {"test": test_set.assign(team=team)})
    assess(shell)
    groups = written(shell)["attributes"]["team"]["groups"]
    assert set(groups) == {"blue", "green", "(missing)"}
    assert groups["(missing)"]["count"] == 75


def test_clarifys_analysis_is_the_same_measurement(model, test_set, tmp_path):
    shell = prepared(tmp_path, model, {"test": test_set})
    assess(shell)
    [facet] = written(shell, "analysis.json")["post_training_bias_metrics"]["facets"]["team"]
    metrics = {item["name"]: item["value"] for item in facet["metrics"]}
    found = written(shell)["attributes"]["team"]
    rate = {name: group["selection_rate"]["value"] for name, group in found["groups"].items()}
    assert facet["value_or_threshold"] == "green"
    assert metrics["DPPL"] == pytest.approx(rate["blue"] - rate["green"])
    assert metrics["DI"] == pytest.approx(rate["green"] / rate["blue"])
    assert abs(metrics["RD"]) == pytest.approx(found["differences"]["true_positive_rate_difference"]["value"])


@pytest.mark.parametrize("problem", ["multiclass", "regression"])
def test_other_problems_are_measured_in_their_own_way(problem, tmp_path):
    shell = prepared(tmp_path, model_of(problem), {"test": small_records(problem, 200, seed=2)}, threshold=0.5)
    assess(shell)
    report = written(shell)
    assert report["status"] == "measured"
    gated = (report["worst"]["selection_rate_difference"], report["worst"]["equalized_odds_difference"])
    if problem == "regression":
        assert gated == (None, None)
        assert 0 <= report["worst"]["mean_error_difference"] < 0.3
    else:
        assert all(0 <= value <= 1 for value in gated)
        named = report["attributes"]["team"]["differences"]["selection_rate_difference"]
        assert named["class"] in ("low", "middle", "high")
    assert not (shell.output / "fairness" / "analysis.json").exists()


def test_the_same_inputs_give_the_same_bytes_in_any_order(model, test_set, tmp_path):
    reports = []
    for folder, test in (("one", test_set), ("two", test_set.sample(frac=1, random_state=1))):
        shell = prepared(tmp_path / folder, model, {"test": test})
        assess(shell)
        reports.append((shell.output / "fairness" / "fairness.json").read_bytes())
    assert reports[0] == reports[1]


def test_the_command_line_runs_it_and_tells_why_it_fails(model, test_set, tmp_path, capsys):
    shell = prepared(tmp_path, model, {"test": test_set})
    (tmp_path / "settings.json").write_text(json.dumps(shell.settings.as_dict()))
    (tmp_path / "schema.json").write_text(json.dumps(shell.schema))
    folders = ["--input", str(shell.input), "--output", str(shell.output), "--code", str(tmp_path)]
    assert main(folders) == 0
    assert json.loads(capsys.readouterr().out)["status"] == "measured"
    (shell.input / "model" / "model.tar.gz").write_bytes(b"broken")
    assert main(folders) == 1
    assert "input model has no readable model.tar.gz" in capsys.readouterr().err

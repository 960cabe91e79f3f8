"""Evaluation: what it writes for each kind of problem, against which champion, and what it refuses."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression, LogisticRegression
from tests.support.assessed import CLASSES, loaded, prepared, small_records, write_archive

from mlops_pipelines.assessment import intervals
from mlops_pipelines.modelling.metrics import DEFAULT_METRIC, METRICS, score
from mlops_pipelines.steps.evaluate import evaluate, main
from mlops_pipelines.steps.shell import StepFault

PROBLEMS = ("binary", "multiclass", "regression")
MONITORED = {"binary": "binary_classification", "multiclass": "multiclass_classification", "regression": "regression"}


@pytest.fixture(autouse=True, scope="module")
def _few_resamples():
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(intervals, "RESAMPLES", 199)
        yield


def estimator(problem, **options):
    return LinearRegression() if problem == "regression" else LogisticRegression(max_iter=1000, **options)


@pytest.fixture(scope="module")
def splits():
    return {
        problem: {"train": small_records(problem, 300, seed=1), "test": small_records(problem, 160, seed=2)}
        for problem in PROBLEMS
    }


@pytest.fixture(scope="module")
def models(splits):
    return {problem: loaded(estimator(problem), problem, splits[problem]["train"]) for problem in PROBLEMS}


@pytest.fixture(params=PROBLEMS)
def problem(request):
    return request.param


def written(shell, file="evaluation/evaluation.json"):
    return json.loads((shell.output / file).read_text())


def test_the_report_measures_the_model_on_the_test_set(problem, models, splits, tmp_path):
    shell = prepared(tmp_path, models[problem], splits[problem], threshold=0.5)
    printed = evaluate(shell)
    report = written(shell)
    model, test, metric = models[problem], splits[problem]["test"], DEFAULT_METRIC[problem]
    actual, scores = model.actual(test), model.scores(model.matrix(test))
    wanted = score(metric, actual, scores, model.decide(scores))
    assert (report["version"], report["problem"], report["dataset"]) == (0.0, problem, {"item_count": 160})
    assert report["metric"]["name"] == metric
    assert report["metric"]["value"] == pytest.approx(wanted)
    assert report["metric"]["low"] < wanted < report["metric"]["high"]
    assert report["metric"]["confidence"] == 0.95
    assert set(METRICS[problem]) <= set(report["intervals"])
    assert report["summary"][metric] == f"{wanted:.6f}"
    assert all(isinstance(text, str) and len(text) <= 256 for text in report["summary"].values())
    assert report["champion"]["status"] == "none"
    archive = shell.input / "model" / "model.tar.gz"
    assert report["model_sha256"] == hashlib.sha256(archive.read_bytes()).hexdigest()
    assert printed["metric"] == report["metric"]


def test_the_training_score_tells_the_gap(problem, models, splits, tmp_path):
    name = METRICS[problem][-1]
    shell = prepared(tmp_path, models[problem], splits[problem], metric=name, threshold=0.5)
    evaluate(shell)
    report, model, train = written(shell), models[problem], splits[problem]["train"]
    scores = model.scores(model.matrix(train))
    assert report["train_score"] == pytest.approx(score(name, model.actual(train), scores, model.decide(scores)))
    apart = report["train_score"] - report["metric"]["value"]
    # mae is an error: the model is better on the training set by how much smaller it is there.
    assert report["generalisation_gap"] == pytest.approx(-apart if problem == "regression" else apart)


def test_the_monitors_baseline_is_the_same_measurement(problem, models, splits, tmp_path):
    shell = prepared(tmp_path, models[problem], splits[problem])
    evaluate(shell)
    metrics = f"{MONITORED[problem]}_metrics"
    statistics = written(shell, "quality-baseline/model-quality/statistics.json")
    constraints = written(shell, "quality-baseline/model-quality/constraints.json")
    assert statistics[metrics] == written(shell)[metrics]
    assert statistics["dataset"] == {"item_count": 160}
    for name, item in constraints[f"{MONITORED[problem]}_constraints"].items():
        value, limit = statistics[metrics][name]["value"], item["threshold"]
        assert value >= limit if item["comparison_operator"] == "LessThanThreshold" else value <= limit


def test_the_same_inputs_give_the_same_bytes(models, splits, tmp_path):
    reports = []
    for folder in ("one", "two"):
        shell = prepared(tmp_path / folder, models["binary"], splits["binary"], champion=models["binary"])
        evaluate(shell)
        reports.append([path.read_bytes() for path in sorted(shell.output.rglob("*.json"))])
    assert reports[0] == reports[1]


def test_shuffled_records_give_the_same_figures(models, splits, tmp_path):
    figures = []
    for folder, test in (("one", splits["binary"]["test"]), ("two", splits["binary"]["test"].iloc[::-1])):
        shell = prepared(tmp_path / folder, models["binary"], {**splits["binary"], "test": test})
        evaluate(shell)
        report = written(shell)
        figures.append({key: value for key, value in report.items() if key != "model_sha256"})
    assert figures[0] == figures[1]


def test_a_better_model_beats_the_champion(problem, models, splits, tmp_path):
    weak = loaded(estimator(problem), problem, splits[problem]["train"].assign(size=0.0))
    shell = prepared(tmp_path, models[problem], splits[problem], champion=weak)
    evaluate(shell)
    champion = written(shell)["champion"]
    assert (champion["status"], champion["reason"]) == ("compared", None)
    assert champion["difference"] == pytest.approx(written(shell)["metric"]["value"] - champion["value"])
    assert 0 < champion["low"] <= champion["difference"] <= champion["high"]
    assert champion["p_value"] < 0.05


def test_the_champion_itself_is_no_better(problem, models, splits, tmp_path):
    shell = prepared(tmp_path, models[problem], splits[problem], champion=models[problem])
    evaluate(shell)
    champion = written(shell)["champion"]
    assert (champion["difference"], champion["low"], champion["high"], champion["p_value"]) == (0.0, 0.0, 0.0, 1.0)
    assert "p = 1 by " in written(shell)["summary"]["champion"]


def test_a_champion_of_other_features_is_not_comparable(models, splits, tmp_path):
    other = loaded(estimator("binary"), "binary", splits["binary"]["train"])
    other.served.columns.append({"name": "height", "type": "number", "role": "feature"})
    shell = prepared(tmp_path, models["binary"], splits["binary"], champion=other)
    evaluate(shell)
    report = written(shell)
    assert report["champion"]["status"] == "not comparable"
    assert report["champion"]["reason"].endswith("it needs height, which the records lack")
    assert report["champion"]["difference"] is None
    assert report["summary"]["champion"] == report["champion"]["reason"]


def test_a_broken_champion_stops_nothing(models, splits, tmp_path):
    shell = prepared(tmp_path, models["binary"], splits["binary"], champion=models["binary"])
    (shell.input / "champion" / "model.tar.gz").write_bytes(b"broken")
    evaluate(shell)
    assert "the champion's archive cannot be read: ReadError" in written(shell)["champion"]["reason"]


def test_a_missing_champion_document_is_a_fault(models, splits, tmp_path):
    shell = prepared(tmp_path, models["binary"], splits["binary"])
    (shell.input / "champion" / "champion.json").unlink()
    with pytest.raises(StepFault, match=r"input champion has no readable champion\.json"):
        evaluate(shell)


def test_a_test_set_of_one_class_is_refused(models, splits, tmp_path):
    test = splits["binary"]["test"].assign(outcome="no")
    shell = prepared(tmp_path, models["binary"], {**splits["binary"], "test": test})
    with pytest.raises(StepFault, match=r"the test set holds one class of outcome only \(no\)"):
        evaluate(shell)
    assert not shell.output.exists()


def test_a_gated_metric_that_is_not_defined_is_refused(models, splits, tmp_path):
    test = splits["multiclass"]["test"]
    shell = prepared(
        tmp_path, models["multiclass"], {**splits["multiclass"], "test": test[test["outcome"] != "high"]},
        metric="roc_auc_ovr",
    )  # fmt: skip
    with pytest.raises(StepFault, match=r"roc_auc_ovr is not defined on the .* which hold 2 values of outcome"):
        evaluate(shell)


def test_a_class_that_the_test_set_lacks_is_no_fault_for_another_metric(models, splits, tmp_path):
    test = splits["multiclass"]["test"]
    shell = prepared(tmp_path, models["multiclass"], {**splits["multiclass"], "test": test[test["outcome"] != "high"]})
    evaluate(shell)
    report = written(shell)
    assert report["intervals"]["roc_auc_ovr"] == {"value": None, "low": None, "high": None}
    assert report["classes"]["high"]["count"] == 0


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda test: test.drop(columns=["age", "outcome"]), r"test\.csv lacks age, outcome, which the model needs"),
        (lambda test: test.assign(kind="odd"), r"test\.csv: kind = 'odd' in record 1: expected one of plain, fancy"),
        (lambda test: test.assign(outcome="maybe"), r"test\.csv: outcome = 'maybe' is none of .* classes: no, yes"),
        (lambda test: test.iloc[:0], r"test\.csv holds no record"),
    ],
)  # fmt: skip
def test_records_that_do_not_fit_are_named(change, told, models, splits, tmp_path):
    shell = prepared(tmp_path, models["binary"], {**splits["binary"], "test": change(splits["binary"]["test"])})
    with pytest.raises(StepFault, match=told):
        evaluate(shell)


@pytest.mark.parametrize("name", ["train", "test"])
def test_a_missing_split_is_named(name, models, splits, tmp_path):
    shell = prepared(tmp_path, models["binary"], splits["binary"])
    (shell.input / name / f"{name}.csv").unlink()
    with pytest.raises(StepFault, match=rf"input {name} has no readable {name}\.csv"):
        evaluate(shell)


def test_an_unreadable_model_is_a_fault(models, splits, tmp_path):
    shell = prepared(tmp_path, models["binary"], splits["binary"])
    (shell.input / "model" / "model.tar.gz").write_bytes(b"broken")
    with pytest.raises(StepFault, match=r"input model has no readable model\.tar\.gz"):
        evaluate(shell)


def test_a_model_of_another_problem_than_the_settings_is_a_fault(models, splits, tmp_path):
    shell = prepared(tmp_path, models["binary"], splits["binary"])
    write_archive(models["regression"], shell.input / "model" / "model.tar.gz")
    with pytest.raises(StepFault, match="holds a regression model of outcome, the settings ask for a binary model"):
        evaluate(shell)


def test_decisions_follow_the_models_threshold(models, splits, tmp_path):
    strict = loaded(estimator("binary"), "binary", splits["binary"]["train"], threshold=0.99)
    shell = prepared(tmp_path, strict, splits["binary"], metric="accuracy", threshold=0.1)
    evaluate(shell)
    matrix = written(shell)["binary_classification_metrics"]["confusion_matrix"]
    test = splits["binary"]["test"]
    assert matrix["1"]["0"] + matrix["1"]["1"] == (test["outcome"] == CLASSES["binary"][1]).sum()
    assert matrix["0"]["1"] + matrix["1"]["1"] == (strict.scores(strict.matrix(test)) >= 0.99).sum()


def test_the_command_line_runs_it_and_tells_why_it_fails(models, splits, tmp_path, capsys):
    shell = prepared(tmp_path, models["binary"], splits["binary"])
    (tmp_path / "settings.json").write_text(json.dumps(shell.settings.as_dict()))
    (tmp_path / "schema.json").write_text(json.dumps(shell.schema))
    folders = ["--input", str(shell.input), "--output", str(shell.output), "--code", str(tmp_path)]
    assert main(folders) == 0
    assert json.loads(capsys.readouterr().out)["metric"] == written(shell)["metric"]
    assert main([*folders, "--seed", "6"]) == 0
    (shell.input / "test" / "test.csv").unlink()
    assert main(folders) == 1
    assert "input test has no readable test.csv" in capsys.readouterr().err


def test_the_seed_moves_the_interval_and_not_the_value(models, splits, tmp_path):
    found = []
    for seed in (1, 2):
        shell = prepared(tmp_path / str(seed), models["binary"], splits["binary"])
        evaluate(replace(shell, settings=replace(shell.settings, seed=seed)))
        found.append(written(shell)["metric"])
    assert found[0]["value"] == found[1]["value"]
    assert found[0]["low"] != found[1]["low"]
    assert np.isclose(found[0]["low"], found[1]["low"], atol=0.02)

"""The training job's command line: the toolkit's conventions, how it fails, and how it gives way."""

from __future__ import annotations

import json
import os
import signal

import pytest
from tests.support.problems import problem, write_problem

from mlops_pipelines.steps import train as step
from mlops_pipelines.steps.train import TERMINATED, main

FEW = {"family": "gradient_boosting", "hyperparameters": {"trees": 50}}


@pytest.fixture
def job(tmp_path, monkeypatch):
    """Write a job's channels and code, set the toolkit's variables, and return what starts it."""
    given = problem("binary")
    for name, value in write_problem(given, given.settings(**FEW), tmp_path).items():
        monkeypatch.setenv(name, value)

    def start(*flags):
        return main(["--code", str(tmp_path / "code"), "--checkpoint-dir", str(tmp_path / "checkpoints"), *flags])

    return start


def metadata(folder):
    return json.loads((folder / "model/metadata.json").read_text())


def test_the_command_line_reads_the_toolkit_variables_and_tells_what_stands(job, tmp_path, capsys):
    assert job() == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines[:3]] == ["checkpoint=1", "checkpoint=2", "checkpoint=3"]
    losses = [float(line.split("train-loss=")[1]) for line in lines[:3]]
    assert losses == sorted(losses, reverse=True)
    assert lines[-1] == f"validation-score={metadata(tmp_path)['validation_score']:.6f}"
    assert not (tmp_path / "output").exists()


def test_the_seed_is_a_hyperparameter_and_changes_the_settings_checksum(job, tmp_path):
    assert job("--seed", "11") == 0
    assert metadata(tmp_path)["seed"] == 11
    assert metadata(tmp_path)["settings_sha256"] == problem("binary").settings(**FEW, seed=11).sha256()


def test_the_search_channel_decides_what_is_trained(job, tmp_path, monkeypatch):
    (tmp_path / "search").mkdir()
    found = {"family": "linear", "hyperparameters": {"regularisation": 3.0}}
    (tmp_path / "search/search.json").write_text(json.dumps(found))
    monkeypatch.setenv("SM_CHANNEL_SEARCH", str(tmp_path / "search"))
    assert job() == 0
    assert {key: metadata(tmp_path)[key] for key in found} == found


def spoilt_search(folder):
    (folder / "search").mkdir()
    (folder / "search/search.json").write_text("{")
    os.environ["SM_CHANNEL_SEARCH"] = str(folder / "search")


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda folder: (folder / "train/train.csv").unlink(), "channel train has no readable train.csv"),
        (lambda folder: (folder / "validation/validation.csv").write_text(""), "channel validation has no readable"),
        (lambda folder: (folder / "code/settings.json").write_text("{}"), "settings.json: these are no training"),
        (lambda folder: (folder / "code/schema.json").unlink(), "schema.json is not readable"),
        (spoilt_search, "search.json is not readable"),
        (lambda folder: os.environ.pop("SM_CHANNEL_TRAIN"), "there is no channel train: SM_CHANNEL_TRAIN"),
        (lambda folder: (folder / "train/train.csv").write_text(
            (folder / "train/train.csv").read_text().replace(",yes", ",no").replace("yes,", "no,")
        ), "the train set holds one class of deny only"),
    ],
)  # fmt: skip
def test_a_job_that_cannot_go_on_says_why_where_sagemaker_reads_it(job, tmp_path, capsys, monkeypatch, spoil, message):
    monkeypatch.setenv("SM_CHANNEL_SEARCH", "")  # restored after the test, whatever it sets
    spoil(tmp_path)
    assert job() == 1
    assert message in (tmp_path / "output/failure").read_text()
    assert message in capsys.readouterr().err
    assert not (tmp_path / "model").exists()


def test_notice_ends_training_at_the_next_checkpoint_and_it_goes_on_from_there(job, tmp_path, capsys, monkeypatch):
    tell = step._log

    def notified(line):
        tell(line)
        if line.startswith("checkpoint=1"):
            os.kill(os.getpid(), signal.SIGTERM)

    before = signal.getsignal(signal.SIGTERM)
    with monkeypatch.context() as patched:
        patched.setattr(step, "_log", notified)
        assert job() == TERMINATED == 143
    assert signal.getsignal(signal.SIGTERM) is before
    assert not (tmp_path / "model").exists()
    assert not (tmp_path / "output").exists()  # no failure: the job is started again
    assert capsys.readouterr().out.splitlines()[-1].startswith("the instance is taken away")
    assert job() == 0
    assert capsys.readouterr().out.startswith("checkpoint=2 ")
    resumed = (tmp_path / "model/model.joblib").read_bytes(), metadata(tmp_path)
    monkeypatch.setenv("SM_MODEL_DIR", str(tmp_path / "straight/model"))
    assert main(["--code", str(tmp_path / "code"), "--checkpoint-dir", str(tmp_path / "none")]) == 0
    straight = tmp_path / "straight"
    assert ((straight / "model/model.joblib").read_bytes(), metadata(straight)) == resumed

"""Managed spot training for real: a process that gets SIGTERM, and another that goes on from its checkpoint."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from tests.support.problems import problem, write_problem

PIPELINES = Path(__file__).resolve().parents[2] / "pipelines"
# Far more stages than pass between the first checkpoint's line and the signal that follows it.
MANY = {
    "gradient_boosting": {"trees": 300, "depth": 1, "learning_rate": 0.02},
    "neural_network": {"epochs": 200, "learning_rate": 0.001, "regularisation": 1.0},
}


def start(folder, variables, *, hash_seed="random"):
    command = [
        sys.executable, "-m", "mlops_pipelines.steps.train", "--code", "code", "--checkpoint-dir", "checkpoints",
        "--seed", "5",
    ]  # fmt: skip
    environment = {**os.environ, **variables, "PYTHONPATH": str(PIPELINES), "PYTHONHASHSEED": hash_seed}
    return subprocess.Popen(command, cwd=folder, env=environment, text=True, stdout=subprocess.PIPE)


@pytest.mark.parametrize("family", MANY)
def test_a_job_that_loses_its_instance_and_starts_again_gives_the_same_model(tmp_path, family):
    given, digests = problem("binary"), []
    spot, straight = tmp_path / "spot", tmp_path / "straight"
    settings = given.settings(family=family, hyperparameters=MANY[family])
    places = {folder: write_problem(given, settings, folder) for folder in (spot, straight)}

    uninterrupted = start(straight, places[straight], hash_seed="1")
    taken = start(spot, places[spot], hash_seed="2")
    assert taken.stdout.readline().startswith("checkpoint=1 ")
    taken.send_signal(signal.SIGTERM)
    said = taken.communicate(timeout=60)[0].splitlines()
    assert taken.returncode == 128 + signal.SIGTERM
    assert said[-1].startswith("the instance is taken away")
    assert not (spot / "model").exists()
    assert [path.name for path in (spot / "checkpoints").iterdir()] == ["checkpoint.bin"]

    resumed = start(spot, places[spot], hash_seed="3")
    lines = resumed.communicate(timeout=60)[0].splitlines()
    assert int(lines[0].split()[0].removeprefix("checkpoint=")) == len(said) + 1  # one line a stage, and the last word
    assert lines[-1].startswith("validation-score=")
    assert uninterrupted.communicate(timeout=60)[0].splitlines()[-1] == lines[-1]
    for folder in (spot, straight):
        files = ("model.joblib", "metadata.json", "code/inference.py")
        digests.append({name: hashlib.sha256((folder / "model" / name).read_bytes()).hexdigest() for name in files})
    assert digests[0] == digests[1]

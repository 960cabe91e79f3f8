"""`estate health` of an environment that stands in a served account, before and after something breaks."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time

import boto3
import pytest
from tests.support.project import copy_project

COMMAND = [sys.executable, "-c", "from mlops_estate.cli import main; main()"]


@pytest.fixture
def standing(tmp_path):
    """Stand dev up, serve it, and yield the project and where the account listens."""
    project = copy_project(tmp_path)
    server = subprocess.Popen(
        [*COMMAND, "up", "dev", "--serve"], cwd=project, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    note = project / ".estate" / "dev" / "server.json"
    deadline = time.monotonic() + 400
    while not note.exists() and server.poll() is None and time.monotonic() < deadline:
        time.sleep(0.2)
    try:
        assert note.exists(), server.communicate(timeout=5)
        yield project, json.loads(note.read_text(encoding="utf-8"))["endpoint_url"]
    finally:
        server.send_signal(signal.SIGTERM)
        server.communicate(timeout=60)


def _health(project, url):
    done = subprocess.run(
        [*COMMAND, "health", "dev", "--account", url, "--json"], cwd=project, capture_output=True, text=True,
        timeout=200, check=False,
    )  # fmt: skip
    return done.returncode, json.loads(done.stdout)


def test_what_breaks_is_what_it_says(standing):
    project, url = standing
    code, said = _health(project, url)
    assert (code, said["ok"]) == (0, True)
    names = {(one["kind"], one["name"]) for one in said["findings"]}
    assert {("endpoint", "mlops-dev-mortgage-approval"), ("pipeline", "mlops-dev-mortgage-approval-training")} <= names
    assert all(one["ok"] for one in said["findings"])

    def client(service):
        return boto3.client(service, "eu-west-1", endpoint_url=url, aws_access_key_id="x", aws_secret_access_key="x")

    alarms = ("mlops-dev-mortgage-approval-errors", "mlops-dev-root-used")
    assert {("alarm", name) for name in alarms} <= names
    for name in alarms:
        client("cloudwatch").set_alarm_state(AlarmName=name, StateValue="ALARM", StateReason="tried")
    client("sagemaker").delete_endpoint(EndpointName="mlops-dev-mortgage-approval")
    client("sagemaker").delete_pipeline(
        PipelineName="mlops-dev-mortgage-approval-training", ClientRequestToken="0" * 32
    )  # fmt: skip
    code, said = _health(project, url)
    assert code == 1
    wrong = {one["name"]: (one["kind"], one["state"], one["blocks"]) for one in said["findings"] if not one["ok"]}
    assert wrong == {
        "mlops-dev-mortgage-approval": ("endpoint", "missing", True),
        "mlops-dev-mortgage-approval-training": ("pipeline", "missing", True),
        "mlops-dev-mortgage-approval-errors": ("alarm", "ALARM", True),
        "mlops-dev-root-used": ("alarm", "ALARM", False),
    }

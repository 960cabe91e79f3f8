"""An account that one command serves and others stand environments up in: adoption, a second run, the teardown."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time

import boto3
import pytest
from tests.support.project import change_estate, copy_project

MODEL, BUCKET = "mortgage-approval", "acme-loan-applications"
COMMAND = [sys.executable, "-c", "from mlops_estate.cli import main; main()"]


def _estate(*arguments, cwd):
    done = subprocess.run(
        [*COMMAND, *arguments, "--json"], cwd=cwd, capture_output=True, text=True, timeout=400, check=False
    )
    return done.returncode, json.loads(done.stdout)


@pytest.fixture
def served(tmp_path):
    """Serve an empty account and yield the project and where the account listens."""
    project = copy_project(tmp_path)
    server = subprocess.Popen(
        [*COMMAND, "serve", "dev", "--empty"], cwd=project, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    note = project / ".estate" / "dev" / "server.json"
    deadline = time.monotonic() + 120
    while not note.exists() and server.poll() is None and time.monotonic() < deadline:
        time.sleep(0.2)
    try:
        assert note.exists(), server.communicate(timeout=5)
        yield project, json.loads(note.read_text(encoding="utf-8"))["endpoint_url"]
    finally:
        server.send_signal(signal.SIGTERM)
        server.communicate(timeout=30)


def test_an_environment_adopts_runs_again_and_goes_in_an_account_that_is_served(served):
    project, url = served
    s3 = boto3.client("s3", "eu-west-1", endpoint_url=url, aws_access_key_id="x", aws_secret_access_key="x")
    change_estate(project, "dev", adopt={"buckets": {"raw": BUCKET}})
    code, said = _estate("up", "dev", "--account", url, cwd=project)
    assert (code, [fault["where"] for fault in said["faults"]]) == (2, ["estate.adopt.buckets.raw"])

    s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    s3.put_object(Bucket=BUCKET, Key="old.csv", Body=b"theirs")
    code, said = _estate("up", "dev", "--account", url, cwd=project)
    assert (code, said["ok"], said["models"][0]["endpoint_status"]) == (0, True, "InService")
    assert said["outputs"]["buckets"]["raw"] == BUCKET

    code, again = _estate("up", "dev", "--account", url, cwd=project)
    assert code == 0
    assert again["statuses"].keys() <= {"unchanged", "created"}
    assert again["statuses"]["created"] == 2, "the two providers only"
    assert again["models"][0]["version"] == said["models"][0]["version"]
    assert again["models"][0]["sample_prediction"] == said["models"][0]["sample_prediction"]

    code, gone = _estate("destroy", "dev", cwd=project)
    assert (code, gone["faults"]) == (0, [])
    assert s3.get_object(Bucket=BUCKET, Key="old.csv")["Body"].read() == b"theirs"
    assert [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]] == [BUCKET]

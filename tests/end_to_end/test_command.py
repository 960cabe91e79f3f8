"""The `estate` command as a process: bad input, a failure half-way, a served account and its teardown."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time

import boto3
import pytest
from tests.support.project import change_model, copy_project

from mlops_estate.graph_file import load

MODEL = "mortgage-approval"


def _estate(*arguments, cwd):
    command = [sys.executable, "-c", "from mlops_estate.cli import main; main()", *arguments]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=300, check=False)


@pytest.fixture
def project(tmp_path):
    return copy_project(tmp_path)


def _replace(text, old, new):
    assert old in text
    return text.replace(old, new)


BAD = {
    "unknown key": (lambda text: _replace(text, "label:", "labell:"), "labell"),
    "wrong type": (lambda text: _replace(text, "zones: [eu-west-1a]", "zones: 3"), "zones"),
    "missing required": (lambda text: _replace(text, "      label: deny\n", ""), "label"),
    "contradictory pair": (
        lambda text: text + "      training: {max_runtime_seconds: 7200, max_wait_seconds: 60}\n",
        "max_wait_seconds",
    ),
    "duplicate model": (lambda text: text + "    mortgage-approval:\n      data: x.csv\n", "mortgage-approval"),
    "name too long": (lambda text: _replace(text, "    mortgage-approval:", f"    {'m' * 70}:"), "mmmm"),
    "unsupported region": (lambda text: _replace(text, "region: eu-west-1", "region: mars-north-1"), "mars-north-1"),
    "malformed YAML": (lambda text: _replace(text, "zones: [", "zones: [["), "Pulumi.dev.yaml"),
    "not UTF-8": (lambda text: text.encode("utf-16"), "UTF-8"),
    "empty file": (lambda _text: "", "Pulumi.dev.yaml"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_one_report_and_creates_nothing(project, case):
    change, named = BAD[case]
    path = project / "Pulumi.dev.yaml"
    changed = change(path.read_text(encoding="utf-8"))
    path.write_bytes(changed if isinstance(changed, bytes) else changed.encode())
    done = _estate("up", "dev", cwd=project)
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr
    assert named in done.stderr
    assert done.stdout == ""
    assert not (project / ".estate").exists()


def test_a_failure_half_way_names_the_resource_and_leaves_the_graph(project):
    change_model(project, "dev", MODEL, serving={"instance_type": "ml.m99.large"})
    done = _estate("up", "dev", cwd=project)
    assert done.returncode == 1, done.stderr
    assert "Traceback" not in done.stderr
    assert f"EndpointConfiguration::{MODEL}-v1 productionVariants[0].instanceType = 'ml.m99.large'" in done.stderr
    graph = load(project / ".estate" / "dev" / "graph.json")
    statuses = {(node.type.rsplit(":", 1)[-1], node.name): node.status for node in graph.custom_nodes()}
    assert statuses["EndpointConfiguration", f"{MODEL}-v1"] == "failed"
    assert statuses["Model", f"{MODEL}-v1"] == "created"
    assert statuses["Endpoint", MODEL] == "skipped"


def test_a_model_that_the_gates_refuse_fails_the_run_and_says_why(project):
    change_model(project, "dev", MODEL, gates={"threshold": 0.95})
    done = _estate("up", "dev", "--json", cwd=project)
    assert done.returncode == 1, done.stderr
    said = json.loads(done.stdout)
    assert said["summary"] == f"{MODEL} was not registered"
    assert "quality: 0.8" in said["faults"][0]["rule"]
    assert "roc_auc on the test set >= 0.95" in said["faults"][0]["rule"]
    statuses = {node.status for node in load(project / ".estate" / "dev" / "graph.json").custom_nodes()}
    assert statuses == {"created"}


def test_a_served_account_answers_boto3_and_is_torn_down_from_another_process(project):
    command = [sys.executable, "-c", "from mlops_estate.cli import main; main()", "serve", "dev"]
    server = subprocess.Popen(command, cwd=project, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        note = project / ".estate" / "dev" / "server.json"
        deadline = time.monotonic() + 120
        while not note.exists() and server.poll() is None and time.monotonic() < deadline:
            time.sleep(0.2)
        assert note.exists(), server.communicate(timeout=5)
        served = json.loads(note.read_text(encoding="utf-8"))
        session = boto3.session.Session("embedded", "embedded", region_name=served["region"])

        def client(service):
            return session.client(service, endpoint_url=served["endpoint_url"])

        (endpoint,) = client("sagemaker").list_endpoints()["Endpoints"]
        record = client("sagemaker-featurestore-runtime").get_record(
            FeatureGroupName=f"mlops-dev-{MODEL}", RecordIdentifierValueAsString="00000001"
        )["Record"]
        assert {"FeatureName": "deny", "ValueAsString": "no"} in record
        destroyed = _estate("destroy", "dev", "--json", cwd=project)
        assert destroyed.returncode == 0, destroyed.stderr
        assert json.loads(destroyed.stdout)["faults"] == []
        assert endpoint["EndpointStatus"] == "InService"
        assert client("sagemaker").list_endpoints()["Endpoints"] == []
    finally:
        server.send_signal(signal.SIGTERM)
        out, error = server.communicate(timeout=30)
    assert server.returncode == 0, error
    assert "Read back" in out
    assert not note.exists()
    assert _estate("destroy", "dev", cwd=project).returncode == 2

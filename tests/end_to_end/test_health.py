"""`estate health` of an environment that stands in a served account, before and after something breaks."""

from __future__ import annotations

import boto3
import pytest
from tests.support.project import copy_project
from tests.support.served import estate, serving


@pytest.fixture
def standing(tmp_path):
    """Stand dev up, serve it, and yield the project and where the account listens."""
    project = copy_project(tmp_path)
    with serving(project, "up", "dev", "--serve", within=400) as url:
        yield project, url


def _health(project, url):
    return estate(project, "health", "dev", "--account", url)


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

"""An account that one command serves and others stand environments up in: adoption, a second run, the teardown."""

from __future__ import annotations

import boto3
import pytest
from tests.support.project import change_estate, copy_project
from tests.support.served import estate, serving

MODEL, BUCKET = "mortgage-approval", "acme-loan-applications"


@pytest.fixture
def served(tmp_path):
    """Serve an empty account and yield the project and where the account listens."""
    project = copy_project(tmp_path)
    with serving(project, "serve", "dev", "--empty", within=120) as url:
        yield project, url


def test_an_environment_adopts_runs_again_and_goes_in_an_account_that_is_served(served):
    project, url = served
    s3 = boto3.client("s3", "eu-west-1", endpoint_url=url, aws_access_key_id="x", aws_secret_access_key="x")
    change_estate(project, "dev", adopt={"buckets": {"raw": BUCKET}})
    code, said = estate(project, "up", "dev", "--account", url)
    assert (code, [fault["where"] for fault in said["faults"]]) == (2, ["estate.adopt.buckets.raw"])

    s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    s3.put_object(Bucket=BUCKET, Key="old.csv", Body=b"theirs")
    code, said = estate(project, "up", "dev", "--account", url)
    assert (code, said["ok"], said["models"][0]["endpoint_status"]) == (0, True, "InService")
    assert said["outputs"]["buckets"]["raw"] == BUCKET

    code, again = estate(project, "up", "dev", "--account", url)
    assert code == 0
    assert again["statuses"].keys() <= {"unchanged", "created"}
    assert again["statuses"]["created"] == 2, "the two providers only"
    assert again["models"][0]["version"] == said["models"][0]["version"]
    assert again["models"][0]["sample_prediction"] == said["models"][0]["sample_prediction"]

    code, gone = estate(project, "destroy", "dev")
    assert (code, gone["faults"]) == (0, [])
    assert s3.get_object(Bucket=BUCKET, Key="old.csv")["Body"].read() == b"theirs"
    assert [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]] == [BUCKET]

"""The unchanged program under the real Pulumi engine, for every environment, with a served account behind it."""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Iterator
from typing import Any

import pytest
from tests.support.pulumi_cli import PulumiProject, estate_config, estate_project, needs_pulumi

from mlops_estate.cli.boundary import run
from mlops_estate.embedded.account import EmbeddedAccount
from mlops_estate.embedded.driver.deletion import empty_bucket
from mlops_estate.embedded.server import AccountServer

MODEL = "mortgage-approval"
IMAGE = "141502667606.dkr.ecr.eu-west-1.amazonaws.com/sagemaker-scikit-learn:1.2-1-cpu-py3"
PROGRAM = """
def model_fn(folder): return 1
def input_fn(body, kind): return body
def predict_fn(data, model): return data
def output_fn(found, accept): return found
"""

pytestmark = [pytest.mark.engine, needs_pulumi]


@pytest.fixture
def account() -> Iterator[EmbeddedAccount]:
    with EmbeddedAccount() as standing:
        yield standing


@pytest.fixture
def project(account, tmp_path) -> Iterator[PulumiProject]:
    with AccountServer() as server:
        yield estate_project(tmp_path, server.url)


def approve_a_version(account: EmbeddedAccount, outputs: dict[str, Any]) -> None:
    """Register what stands for a trained model, and approve it."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        entry = tarfile.TarInfo("code/inference.py")
        entry.size = len(PROGRAM)
        archive.addfile(entry, io.BytesIO(PROGRAM.encode()))
    bucket = outputs["buckets"]["models"]
    account.client("s3").put_object(Bucket=bucket, Key="model.tar.gz", Body=packed.getvalue())
    environment = {"SAGEMAKER_PROGRAM": "inference.py", "SAGEMAKER_SUBMIT_DIRECTORY": "/opt/ml/model/code"}
    container = {"Image": IMAGE, "ModelDataUrl": f"s3://{bucket}/model.tar.gz", "Environment": environment}
    account.client("sagemaker").create_model_package(
        ModelPackageGroupName=outputs["models"][MODEL]["model_package_group"],
        ModelApprovalStatus="Approved",
        InferenceSpecification={
            "Containers": [container],
            "SupportedContentTypes": ["application/json"],
            "SupportedResponseMIMETypes": ["application/json"],
        },
    )


def take_down(project: PulumiProject, account: EmbeddedAccount, outputs: dict[str, Any], environment: str) -> None:
    """Destroy everything; outside dev first refused, then held up by the buckets that hold data."""
    registered = account.client("sagemaker")
    if environment != "dev":
        refused = project.ask("destroy", "--yes", "--skip-preview")
        assert refused.returncode != 0
        assert "protected" in refused.stdout + refused.stderr
        project.run("state", "unprotect", "--all", "--yes")
        for name in outputs["buckets"].values():
            account.client("s3").delete_bucket_policy(Bucket=name)
            empty_bucket(account.client("s3"), name)
    group = outputs["models"][MODEL]["model_package_group"]
    for package in registered.list_model_packages(ModelPackageGroupName=group)["ModelPackageSummaryList"]:
        registered.delete_model_package(ModelPackageName=package["ModelPackageArn"])
    project.run("destroy", "--yes", "--skip-preview")
    assert json.loads(project.run("stack", "export"))["deployment"].get("resources", []) == []


def reported(project: PulumiProject, environment: str, capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    """Return our report on the engine's own preview."""
    file = project.folder / "preview.json"
    file.write_text(project.run("preview", "--json", "--show-sames"), encoding="utf-8")
    assert run(["preview", environment, "--project", str(project.folder), "--pulumi", str(file), "--json"]) == 0
    document: dict[str, Any] = json.loads(capsys.readouterr().out)
    return document


@pytest.mark.parametrize("environment", ["dev", "staging", "prod"])
def test_up_no_op_change_drift_and_destroy(account, project, environment, capsys):
    project.configure(environment, estate_config(environment, {}))
    project.run("stack", "init", environment)
    assert project.changes()["create"] > 100
    project.run("up", "--yes", "--skip-preview")
    project.run("preview", "--expect-no-changes")
    outputs = json.loads(project.run("stack", "output", "--json"))

    approve_a_version(account, outputs)
    pinned = estate_config(environment, {MODEL: 1})
    project.configure(environment, pinned)
    project.run("up", "--yes", "--skip-preview")
    project.run("preview", "--expect-no-changes")
    sagemaker = account.client("sagemaker")
    endpoint = json.loads(project.run("stack", "output", "--json"))["models"][MODEL]["endpoint"]
    assert sagemaker.describe_endpoint(EndpointName=endpoint)["EndpointStatus"] == "InService"

    assert reported(project, environment, capsys)["changes"] == []
    project.configure(environment, pinned, {"network": {"flow_log_retention_days": 545}})
    assert set(project.changes()) == {"update"}
    report = reported(project, environment, capsys)
    assert report["summary"]["change"] == len(report["changes"]) > 0
    assert "retentionInDays" in {each["path"] for change in report["changes"] for each in change["properties"]}
    assert (report["permissions"]["granted"], report["policy"]["new"]) == ([], [])
    project.run("up", "--yes", "--skip-preview")
    kept = [group.get("retentionInDays") for group in account.client("logs").describe_log_groups()["logGroups"]]
    assert 545 in kept

    s3, raw = account.client("s3"), outputs["buckets"]["raw"]
    s3.put_bucket_versioning(Bucket=raw, VersioningConfiguration={"Status": "Suspended"})
    assert project.ask("refresh", "--yes", "--expect-no-changes").returncode != 0
    project.run("refresh", "--yes")
    project.run("up", "--yes", "--skip-preview")
    assert s3.get_bucket_versioning(Bucket=raw)["Status"] == "Enabled"
    project.run("preview", "--expect-no-changes")
    take_down(project, account, outputs, environment)

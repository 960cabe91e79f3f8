"""A run's folder as `estate pipeline run` leaves it, small and signed, and the material of an evidence pack."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

from mlops_estate.checks import check_graph
from mlops_estate.config import LoadedEnvironment, load_environment
from mlops_estate.evidence.history import history_of
from mlops_estate.evidence.model import Material, Signer
from mlops_estate.evidence.run import SIGNED_INPUTS, RunRecord, read_run
from mlops_estate.graph import STACK_TYPE, ResourceGraph, ResourceNode
from mlops_pipelines.signing import signing
from mlops_pipelines.training.documents import DOCUMENTS
from mlops_policies.configuration import Configuration
from tests.support.governed import settings
from tests.support.project import copy_project
from tests.support.report_documents import SCHEMA
from tests.support.signatures import KEY_ARN, FakeKms, lay_run, signed_run

MODEL = "mortgage-approval"
DAY = date(2026, 11, 26)
SECRET = "correct-horse-battery-staple"


def lay_estate_run(
    folder: Path,
    *,
    model: str = MODEL,
    changed: Callable[[Path], object] = lambda _inputs: None,
    key_arn: str = KEY_ARN,
) -> Path:
    """Write a signed run below a folder; `changed` may change the step's inputs before they are signed."""
    inputs = folder / SIGNED_INPUTS.replace("pipelines-*", "run-1/pipelines-run-1")
    lay_run(inputs)
    snapshot = json.loads((inputs / "snapshot/snapshot.json").read_text())
    own = settings(model=model)
    write(inputs / "snapshot/snapshot.json", {**snapshot, "settings_sha256": own.sha256()})
    changed(inputs)
    kms = FakeKms()
    signed = signed_run(inputs, kms, key_arn, model=model)
    for name, (step, output, file) in DOCUMENTS.items():
        if (inputs / output / file).is_file():
            target = step_file(folder, name)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes((inputs / output / file).read_bytes())
        assert step
    card = step_file(folder, "card").with_name("model_card.json")
    card.parent.mkdir(parents=True, exist_ok=True)
    card.write_bytes((inputs / "card/model_card.json").read_bytes())
    place = step_file(folder, "manifest")
    place.parent.mkdir(parents=True)
    place.write_bytes(signed.manifest)
    place.with_name("lineage.json").write_bytes(signed.contents["lineage.json"])
    write(place.with_name("signature.json"), signed.signature)
    snapshot_sha256 = json.loads((inputs / "snapshot/snapshot.json").read_text())["sha256"]
    splits = {"train": {"records": 300, "sha256": "1" * 64}, "test": {"records": 200, "sha256": "2" * 64}}
    write(step_file(folder, "splits"), {"seed": 7, "snapshot_sha256": snapshot_sha256, "splits": splits})
    key = step_file(folder, "verification").with_name("public_key.pem")
    told = {"model": model, "semantic_version": "1.0.0", "execution": signed.document["execution"], "key_arn": key_arn}
    write(step_file(folder, "verification"), {"verified": True, **told})
    key.write_text(signing.public_key(kms, key_arn))
    code = folder / "run-1/pipelines-run-1-Train/opt/ml"
    write(code / "code/settings.json", own.as_dict())
    write(code / "code/schema.json", SCHEMA)
    write(code / "model/metadata.json", {"family": "linear"})
    return folder


def step_file(folder: Path, name: str) -> Path:
    """Return where a run keeps a document."""
    step, output, file = DOCUMENTS[name]
    return folder / f"run-1/pipelines-run-1-{step}/opt/ml/processing/output/{output}/{file}"


def write(path: Path, document: Any) -> None:
    """Write JSON, with the folders that it takes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")


def project(folder: Path, environment: str = "dev") -> LoadedEnvironment:
    """Return an environment of a project of its own in a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    return load_environment(environment, copy_project(folder))


def node(type_: str, called: str, parent: str = "", /, **inputs: Any) -> ResourceNode:
    """Return a declared resource."""
    urn = f"urn:pulumi:dev::mlops-estate::{type_}::{called}"
    custom = type_ != STACK_TYPE and not type_.startswith("mlops:")
    return ResourceNode(urn, type_, called, custom, parent or None, inputs=inputs, source="components/x.py:1")


def graph_of(*more: ResourceNode) -> ResourceGraph:
    """Return a small estate: monitor, alarm, capture, role, buckets, trail; a secret that must not be shown."""
    tags = {"model": MODEL, "ai-risk-tier": "high"}
    trust = json.dumps({"Statement": [{"Principal": {"Service": "sagemaker.amazonaws.com"}}]})
    secret = node("aws:secretsmanager/secret:Secret", "pseudonyms", description=f"of {SECRET}", value=SECRET)
    secret.secret_inputs = ["value"]
    found = [
        node(STACK_TYPE, "mlops-estate-dev"),
        node("aws:sagemaker/monitoringSchedule:MonitoringSchedule", f"{MODEL}-bias", name="m-bias", tags=tags,
             monitoringScheduleConfig={"monitoringType": "ModelBias",
                                       "scheduleConfig": {"scheduleExpression": "cron(0 0 ? * * *)"}}),
        node("aws:cloudwatch/metricAlarm:MetricAlarm", f"{MODEL}-errors", name="m-errors", tags=tags, metricName="E",
             comparisonOperator="GreaterThanThreshold", threshold=0.01, evaluationPeriods=3, period=60,
             alarmDescription="Errors"),
        node("aws:sagemaker/endpointConfiguration:EndpointConfiguration", f"{MODEL}-v1", tags=tags,
             dataCaptureConfig={"initialSamplingPercentage": 100, "destinationS3Uri": "s3://capture/m"},
             productionVariants=[{"initialInstanceCount": 2, "instanceType": "ml.m5.large"}]),
        node("aws-native:sagemaker:Endpoint", MODEL, tags=[{"key": "model", "value": MODEL}],
             deploymentConfig={"autoRollbackConfiguration": {"alarms": [{"alarmName": "m-errors"}]}}),
        node("aws:scheduler/schedule:Schedule", f"{MODEL}-schedule", scheduleExpression="cron(0 3 1 * ? *)",
             scheduleExpressionTimezone="UTC"),
        node("aws:iam/role:Role", f"{MODEL}-role", name="m-role", assumeRolePolicy=trust, description="Serves",
             tags=tags),
        node("aws:iam/rolePolicy:RolePolicy", f"{MODEL}-role-policy", role="m-role", policy="{}"),
        node("mlops:index:Personas", "people"),
        node("aws:iam/role:Role", "people-auditor", "urn:pulumi:dev::mlops-estate::mlops:index:Personas::people",
             name="auditor", assumeRolePolicy=trust, description="Audits"),
        node("aws:iam/policy:Policy", "people-boundary", name="boundary"),
        node("aws:s3/bucket:Bucket", "lake-raw", bucket="raw"),
        node("aws:s3/bucketVersioning:BucketVersioning", "lake-raw-versioning", bucket="raw",
             versioningConfiguration={"status": "Enabled"}),
        node("aws:s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration", "lake-raw-lock", bucket="raw",
             rule={"defaultRetention": {"days": 365, "mode": "COMPLIANCE"}}),
        node("aws:cloudtrail/trail:Trail", "audit", isMultiRegionTrail=True, enableLogFileValidation=True),
        node("aws:cloudwatch/logGroup:LogGroup", "flow", name="/flow", retentionInDays=365),
        node("aws:backup/plan:Plan", "backups", rules=[{"lifecycle": {"deleteAfter": 35}}]),
        node("aws:kms/key:Key", "keys-models", enableKeyRotation=True, deletionWindowInDays=30, description="Models"),
        node("aws:cloudwatch/eventRule:EventRule", "findings", name="findings"),
        secret,
        *more,
    ]  # fmt: skip
    graph = ResourceGraph("mlops-estate", "dev", nodes={item.urn: item for item in found})
    graph.stack_outputs = {"models": {MODEL: {
        "endpoint": "m", "version": 1, "pipeline": "credit", "model_package_group": "g", "signing_key": KEY_ARN,
        "monitoring_schedules": {"bias": "m-bias"}, "monitors_without_baseline": ["bias"],
    }}}  # fmt: skip
    return graph


PACKAGE = {
    "ModelPackageArn": "arn:aws:sagemaker:eu-west-1:123456789012:model-package/g/1", "ModelPackageVersion": 1,
    "CreationTime": "2026-11-20T08:00:00+00:00", "LastModifiedTime": "2026-11-21T09:30:00+00:00",
    "ModelApprovalStatus": "Approved", "ApprovalDescription": "Reviewed with the credit committee",
    "CreatedBy": {"IamIdentity": {"Arn": "arn:aws:sts::123456789012:assumed-role/pipeline/run"}},
    "LastModifiedBy": {"UserProfileName": "j.doe", "DomainId": "d-abc"},
    "ResponseMetadata": {"RequestId": "not of the version"},
}  # fmt: skip


def material(environment: LoadedEnvironment, **changes: Any) -> Material:
    """Return the material of a pack, whole unless changed: `run`, `graph`, `package`, `standing`, ..."""
    graph = changes.pop("graph", None) or graph_of()
    run = changes.pop("run", None)
    if run is None:
        folder = environment.project_dir / ".estate" / environment.name / "runs" / MODEL
        if not folder.exists():
            lay_estate_run(folder)
        run = read_run(environment.project_dir, environment.name, MODEL)
    made = Material(
        environment, MODEL, DAY, run, graph, check_graph(graph, Configuration(), today=DAY), True,
        history_of(environment.project_dir, environment.name, MODEL, ["data"]), PACKAGE, "", None,
        environment.project_dir / "data/mortgage-approval/PROVENANCE.md",
    )  # fmt: skip
    return replace(made, **changes)


def bare(environment: LoadedEnvironment) -> Material:
    """Return material in which nothing is recorded beside the configuration."""
    empty = RunRecord("nowhere", {}, {}, signature_why="the run was not signed")
    graph = ResourceGraph("mlops-estate", "dev", nodes={item.urn: item for item in [node(STACK_TYPE, "dev")]})
    return material(environment, run=empty, graph=graph, package=None, package_missing="no registry was asked",
                    standing=False, provenance=None)  # fmt: skip


def signer(key_arn: str = KEY_ARN) -> Signer:
    """Return who signs in tests."""
    kms = FakeKms()
    return Signer(kms, key_arn, signing.public_key(kms, key_arn), "embedded account 123456789012: for a test")

"""The first version of each model: real records ingested, the deployed pipeline run, the package approved."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from mlops_estate.faults import Fault
from mlops_estate.up.data import split_uri
from mlops_estate.up.execution import execute
from mlops_estate.up.lineage import record_training
from mlops_estate.up.report import ModelReport
from mlops_estate.up.session import EstateSession, HalfWay

if TYPE_CHECKING:
    from mlops_pipelines.training.local import PipelineRun

REFUSED = "Refused"
"""The step in which an execution ends whose model the gates refuse."""
EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
"""The event time of the sample records: fixed, so that a run can be repeated."""


def train_model(session: EstateSession, name: str) -> ModelReport:
    """Stage and ingest a model's records, run its deployed pipeline, register and approve what it trained."""
    outputs = session.applied().stack_outputs["models"][name]
    report = ModelReport(name)
    with session.phase("ingest"):
        data_uri = stage(session, name)
        report.records_ingested = _ingest(session, name, outputs["feature_group"])
    with session.phase("train"):
        run = _run_pipeline(session, name, data_uri)
    _describe(session, report, run)
    _register(session, name, run, report, data_uri)
    return report


def live_model(session: EstateSession, name: str, version: int) -> ModelReport:
    """Report a version that was trained and approved by an earlier run in the same account."""
    arn = session.applied().stack_outputs["models"][name]["model_package_group_arn"]
    package = f"{arn.replace(':model-package-group/', ':model-package/')}/{version}"
    described = session.account.client("sagemaker").describe_model_package(ModelPackageName=package)
    baseline = session.kept.baselines.get(name, "")
    return ModelReport(name, baseline_uri=baseline, version=version, approval_status=described["ModelApprovalStatus"])


def stage(session: EstateSession, name: str, file: Path | None = None) -> str:
    """Put the model's file, or another in its place, into the raw bucket, as the delivery of data would."""
    outputs = session.applied().stack_outputs["models"][name]
    path = file or session.environment.project_dir / session.environment.config.models[name].data
    bucket = session.applied().stack_outputs["buckets"]["raw"]
    key = f"{outputs['raw_prefix']}{path.name}"
    session.inside("s3").put_object(Bucket=bucket, Key=key, Body=path.read_bytes(), ContentType="text/csv")
    return f"s3://{bucket}/{outputs['raw_prefix'].rstrip('/')}"


def _ingest(session: EstateSession, name: str, feature_group: str) -> int:
    """Write every record to the feature store."""
    from mlops_pipelines.features import load_schema
    from mlops_pipelines.features.ingest import ingest, read_rows

    model = session.environment.config.models[name]
    folder = session.environment.project_dir
    rows = list(read_rows(folder / model.data))
    return ingest(
        rows,
        put_record=session.account.client("sagemaker-featurestore-runtime").put_record,
        feature_group_name=feature_group,
        event_time=EPOCH,
        schema=load_schema(folder / model.schema_path),
        on_record=lambda number: session.progress(f"{name}: records to the feature store", number, len(rows)),
    )


def _run_pipeline(session: EstateSession, name: str, data_uri: str) -> PipelineRun:
    """Run the definition that the account holds. Raises `HalfWay` where a step fails or the gates refuse the model."""
    done = execute(session, name, data_uri)
    if done.failed_step == REFUSED:
        fix = f"estate pipeline run {name} --local --env {session.environment.name} writes a report of what was found"
        raise HalfWay([Fault(f"models.{name}.gates", None, done.reason, fix)], f"{name} was not registered")
    if done.failed_step:
        fix = f"look into {done.work_dir}; the step's own output is there"
        rule = f"step {done.failed_step} failed: {done.reason}"
        raise HalfWay([Fault(f"models.{name}", None, rule, fix)], f"{name} was not trained")
    return done.run


def _describe(session: EstateSession, report: ModelReport, run: PipelineRun) -> None:
    """Take over what the run measured and made."""
    report.metrics = dict(run.metrics)
    report.snapshot_sha256 = str(run.property_files.get("SnapshotManifest", {}).get("sha256", ""))
    if run.model_package:
        uri = run.model_package["InferenceSpecification"]["Containers"][0]["ModelDataUrl"]
        bucket, key = split_uri(uri)
        body = session.account.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read()
        report.model_sha256 = hashlib.sha256(body).hexdigest()


def verify_registered(session: EstateSession, name: str, package_arn: str) -> str:
    """Verify the signature of a registered package by the estate's own key, as whatever releases one has to.

    Returns what was verified, in words. Raises `HalfWay` with the reason of a refusal.
    """
    from mlops_pipelines.signing.verification import SignatureRefused, verify_package

    client = session.account.client
    package = client("sagemaker").describe_model_package(ModelPackageName=package_arn)
    trusted = [session.applied().stack_outputs["models"][name]["signing_key"]]
    try:
        verified = verify_package(package, s3=session.inside("s3"), kms=client("kms"), trusted_key_arns=trusted)
    except SignatureRefused as refused:
        fix = "train it anew; a package whose signature does not hold must not be released"
        raise HalfWay([Fault(package_arn, None, str(refused), fix)], "the package was not approved") from refused
    return f"the signature of {len(verified.artifacts)} artefacts holds"


def _register(session: EstateSession, name: str, run: PipelineRun, report: ModelReport, data_uri: str) -> None:
    """Register the model, approve it and record its lineage, up to the version that the configuration pins."""
    if run.model_package is None:
        report.waits_for = "a pipeline that registers what it trains"
        return
    report.baseline_uri = run.model_package["CustomerMetadataProperties"]["baseline_uri"]
    release = session.environment.config.models[name].release
    sagemaker = session.account.client("sagemaker")
    group = run.model_package["ModelPackageGroupName"]
    pages = sagemaker.get_paginator("list_model_packages").paginate(ModelPackageGroupName=group)
    there = sum(len(page["ModelPackageSummaryList"]) for page in pages)  # from an earlier run in the same account
    for _ in range(max(1, (release.version or 1) - there)):
        arn = sagemaker.create_model_package(**run.model_package)["ModelPackageArn"]
        verified = verify_registered(session, name, arn)
        sagemaker.update_model_package(
            ModelPackageArn=arn,
            ModelApprovalStatus="Approved",
            ApprovalDescription=f"approved by `estate up`: the gates passed, and {verified}",
        )
        record_training(session, report, arn, data_uri)
    described = sagemaker.describe_model_package(ModelPackageName=arn)
    report.version, report.approval_status = described["ModelPackageVersion"], described["ModelApprovalStatus"]

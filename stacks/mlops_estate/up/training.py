"""The first version of each model: real records ingested, the deployed pipeline run, the package approved."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlops_estate.faults import Fault
from mlops_estate.up.data import fetcher, split_uri, storer
from mlops_estate.up.lineage import record_training
from mlops_estate.up.report import ModelReport
from mlops_estate.up.session import EstateSession, HalfWay

if TYPE_CHECKING:
    from mlops_pipelines.training.local import PipelineRun

EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
"""The event time of the sample records: fixed, so that a run can be repeated."""


def train_model(session: EstateSession, name: str) -> ModelReport:
    """Stage and ingest a model's records, run its deployed pipeline, register and approve what it trained."""
    outputs = session.applied().stack_outputs["models"][name]
    report = ModelReport(name)
    with session.phase("ingest"):
        data_uri = _stage(session, name, outputs)
        report.records_ingested = _ingest(session, name, outputs["feature_group"])
    with session.phase("train"):
        run = _run_pipeline(session, name, outputs["pipeline"], data_uri)
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


def _stage(session: EstateSession, name: str, outputs: dict[str, Any]) -> str:
    """Put the model's file into the raw bucket, as the delivery of data would."""
    path = session.environment.project_dir / session.environment.config.models[name].data
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


def _run_pipeline(session: EstateSession, name: str, pipeline: str, data_uri: str) -> PipelineRun:
    """Run the definition that the account holds, step by step, as local processes."""
    from mlops_pipelines.training.local import StepFailed, run_definition

    described = session.account.client("sagemaker").describe_pipeline(PipelineName=pipeline)
    definition = json.loads(described["PipelineDefinition"])
    s3 = session.inside("s3")  # the jobs run in the estate's network
    work_dir = session.environment.project_dir / ".estate" / session.environment.name / "runs" / name
    shutil.rmtree(work_dir, ignore_errors=True)
    work_dir.mkdir(parents=True)
    done = 0

    def on_step(step: str, state: str, _seconds: float) -> None:
        nonlocal done
        done += state == "succeeded"
        session.progress(f"{name}: step {step} {state}", done, len(definition["Steps"]))

    try:
        return run_definition(
            definition,
            parameters={"InputDataUri": data_uri, "Commit": _commit(session.environment.project_dir)},
            work_dir=work_dir,
            fetch=fetcher(s3),
            store=storer(s3),
            on_step=on_step,
            execution_id="run-1",
            pipeline_arn=described["PipelineArn"],
        )
    except StepFailed as failed:
        fix = f"look into {work_dir}; the step's own output is there"
        raise HalfWay([Fault(f"models.{name}", None, str(failed), fix)], f"{name} was not trained") from failed


def _commit(folder: Path) -> str:
    """Return the commit of the project, or "unrecorded" where it is no clone (an archive, a package)."""
    git = shutil.which("git")
    if git is None:
        return "unrecorded"
    found = subprocess.run(  # noqa: S603 -- a fixed command
        [git, "-C", str(folder), "rev-parse", "HEAD"], capture_output=True, text=True, check=False
    )
    return found.stdout.strip() if found.returncode == 0 else "unrecorded"


def _describe(session: EstateSession, report: ModelReport, run: PipelineRun) -> None:
    """Take over what the run measured and made."""
    report.metrics = dict(run.metrics)
    snapshot = run.property_files.get("Snapshot", {})
    report.snapshot_sha256 = str(snapshot.get("sha256", ""))
    for step in run.steps:
        for output in step.properties.get("ProcessingOutputConfig", {}).get("Outputs", {}).values():
            if output["OutputName"] == "baseline":
                report.baseline_uri = output["S3Output"]["S3Uri"]
    if run.model_package:
        uri = run.model_package["InferenceSpecification"]["Containers"][0]["ModelDataUrl"]
        bucket, key = split_uri(uri)
        body = session.account.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read()
        report.model_sha256 = hashlib.sha256(body).hexdigest()


def _register(session: EstateSession, name: str, run: PipelineRun, report: ModelReport, data_uri: str) -> None:
    """Register the model, approve it and record its lineage, up to the version that the configuration pins."""
    if run.model_package is None:
        report.waits_for = "a model that passes the quality gate (training.minimum_auc)"
        return
    release = session.environment.config.models[name].release
    sagemaker = session.account.client("sagemaker")
    group = run.model_package["ModelPackageGroupName"]
    pages = sagemaker.get_paginator("list_model_packages").paginate(ModelPackageGroupName=group)
    there = sum(len(page["ModelPackageSummaryList"]) for page in pages)  # from an earlier run in the same account
    for _ in range(max(1, (release.version or 1) - there)):
        arn = sagemaker.create_model_package(**run.model_package)["ModelPackageArn"]
        sagemaker.update_model_package(
            ModelPackageArn=arn,
            ModelApprovalStatus="Approved",
            ApprovalDescription="approved by `estate up`: the quality gate of the pipeline passed",
        )
        record_training(session, report, arn, data_uri)
    described = sagemaker.describe_model_package(ModelPackageName=arn)
    report.version, report.approval_status = described["ModelPackageVersion"], described["ModelApprovalStatus"]

"""The step that registers a model package: what it may be served with, what was measured, where it came from.

Only `definition.py` imports this module.
"""

from __future__ import annotations

from typing import Any

from sagemaker.core.drift_check_baselines import DriftCheckBaselines
from sagemaker.core.metadata_properties import MetadataProperties
from sagemaker.core.model_metrics import MetricsSource, ModelMetrics
from sagemaker.core.shapes import ModelPackageModelCard
from sagemaker.core.workflow.execution_variables import ExecutionVariables
from sagemaker.core.workflow.functions import Join, JsonGet
from sagemaker.mlops.workflow.model_step import ModelStep
from sagemaker.serve.model_builder import ModelBuilder

from mlops_pipelines.training.parts import ROLES, Run, output_uri

MONITOR_JSON = "application/json"
SUMMARY = {
    "version": ("Gate", "GateReport", "summary.version"),
    "version_reason": ("Gate", "GateReport", "summary.version_reason"),
    "challenger_of": ("Gate", "GateReport", "summary.challenger_of"),
    "metric": ("Gate", "GateReport", "summary.metric"),
    "score": ("Gate", "GateReport", "summary.score"),
    "score_interval": ("Gate", "GateReport", "summary.score_interval"),
    "champion_score": ("Gate", "GateReport", "summary.champion_score"),
    "fairness": ("Gate", "GateReport", "summary.fairness"),
    "robustness": ("Gate", "GateReport", "summary.robustness"),
    "label": ("Snapshot", "SnapshotManifest", "label"),
    "snapshot_sha256": ("Snapshot", "SnapshotManifest", "sha256"),
    "schema_sha256": ("Snapshot", "SnapshotManifest", "schema_sha256"),
    "settings_sha256": ("Snapshot", "SnapshotManifest", "settings_sha256"),
    "model_sha256": ("Evaluate", "Evaluation", "model_sha256"),
    "manifest_sha256": ("VerifySignature", "Verification", "summary.manifest_sha256"),
    "lineage_sha256": ("VerifySignature", "Verification", "summary.lineage_sha256"),
    "verified_by": ("VerifySignature", "Verification", "summary.key_arn"),
}
"""Metadata of the package that the run finds out: step, property file and path; each is text of at most 256 characters
(CreateModelPackage, CustomerMetadataProperties)."""


def register(run: Run, made: dict[str, Any]) -> ModelStep:
    """Return the step that creates the model package, to be approved by a person, with metrics, card and lineage."""

    def source(step: str, output: str, file: str) -> MetricsSource:
        return MetricsSource(
            content_type=MONITOR_JSON, s3_uri=Join(on="/", values=[output_uri(made[step], output), file])
        )

    statistics = source("Preprocess", "baseline", "data-quality/statistics.json")
    constraints = source("Preprocess", "baseline", "data-quality/constraints.json")
    model = ModelBuilder(
        s3_model_data_url=made["Train"].properties.ModelArtifacts.S3ModelArtifacts,
        image_uri="s3://open/image_uri",
        sagemaker_session=run.session,
        role_arn=f"{ROLES}/training_role_arn",  # the SDK wants one; a model package has none
        env_vars={"SAGEMAKER_PROGRAM": "inference.py", "SAGEMAKER_SUBMIT_DIRECTORY": "/opt/ml/model/code"},
    )
    arguments = model.register(
        model_package_group_name="${model_package_group}",
        content_types=["text/csv", "application/json"],
        response_types=["application/json"],
        approval_status="PendingManualApproval",
        description="Registered by the training pipeline",
        domain="MACHINE_LEARNING",
        task="OTHER",
        model_metrics=ModelMetrics(
            model_statistics=source("Evaluate", "evaluation", "evaluation.json"),
            model_constraints=source("Evaluate", "quality-baseline", "model-quality/constraints.json"),
            model_data_statistics=statistics,
            model_data_constraints=constraints,
            bias=source("Fairness", "fairness", "fairness.json"),
            explainability=source("Explain", "explanations", "explanations.json"),
        ),
        drift_check_baselines=DriftCheckBaselines(model_data_statistics=statistics, model_data_constraints=constraints),
        metadata_properties=MetadataProperties(
            commit_id=run.parameters["Commit"], generated_by=ExecutionVariables.PIPELINE_EXECUTION_ARN
        ),
        customer_metadata_properties={
            "commit": run.parameters["Commit"],
            "seed": run.seed,
            "source": "s3://open/source_uri",
            "image": "s3://open/steps_image_uri",
            "snapshot_uri": output_uri(made["Snapshot"], "snapshot"),
            "report_uri": output_uri(made["Gate"], "report"),
            "signature_uri": output_uri(made["Sign"], "signature"),
            "baseline_uri": output_uri(made["Preprocess"], "baseline"),
            **{
                key: JsonGet(step_name=made[step].name, property_file=file, json_path=path)
                for key, (step, file, path) in SUMMARY.items()
            },
        },
        model_card=ModelPackageModelCard(
            model_card_content=JsonGet(step_name="ModelCard", property_file="Card", json_path="content"),
            model_card_status="PendingReview",
        ),
    )
    return ModelStep(name="Register", step_args=arguments)

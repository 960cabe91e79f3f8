"""The training pipeline as written with the SageMaker Python SDK v3: preprocess, train, evaluate, register or fail.

Only `compile.py` imports this module, in an environment that has the SDK. What the estate fills in later stands here as
`${name}`; where the SDK looks at the value, as a stand-in that `compile.py` turns into `${name}`: `s3://open/<name>`,
the roles below, and numbers (`sentinels`).
"""

from __future__ import annotations

from typing import Any

from sagemaker.core.drift_check_baselines import DriftCheckBaselines
from sagemaker.core.metadata_properties import MetadataProperties
from sagemaker.core.model_metrics import MetricsSource, ModelMetrics
from sagemaker.core.network import NetworkConfig
from sagemaker.core.processing import Processor
from sagemaker.core.shapes import (
    CheckpointConfig,
    MetricDefinition,
    OutputDataConfig,
    ProcessingInput,
    ProcessingOutput,
    ProcessingS3Input,
    ProcessingS3Output,
    StoppingCondition,
    Tag,
)
from sagemaker.core.training.configs import Compute, InputData, Networking
from sagemaker.core.workflow.conditions import ConditionGreaterThanOrEqualTo
from sagemaker.core.workflow.execution_variables import ExecutionVariables
from sagemaker.core.workflow.functions import Join, JsonGet
from sagemaker.core.workflow.parameters import ParameterFloat, ParameterInteger, ParameterString
from sagemaker.core.workflow.pipeline_context import PipelineSession
from sagemaker.core.workflow.pipeline_definition_config import PipelineDefinitionConfig
from sagemaker.core.workflow.properties import PropertyFile
from sagemaker.mlops.workflow.condition_step import ConditionStep
from sagemaker.mlops.workflow.fail_step import FailStep
from sagemaker.mlops.workflow.model_step import ModelStep
from sagemaker.mlops.workflow.pipeline import Pipeline
from sagemaker.mlops.workflow.retry import (
    SageMakerJobExceptionTypeEnum,
    SageMakerJobStepRetryPolicy,
    StepExceptionTypeEnum,
    StepRetryPolicy,
)
from sagemaker.mlops.workflow.steps import ProcessingStep, TrainingStep
from sagemaker.serve.model_builder import ModelBuilder
from sagemaker.train.model_trainer import ModelTrainer

PROCESSING_ROLE = "arn:aws:iam::000000000000:role/open/processing_role_arn"
TRAINING_ROLE = "arn:aws:iam::000000000000:role/open/training_role_arn"
"""Each kind of job has a role of its own; the pipeline passes them, and has a third."""
CODE = "/opt/ml/processing/input/code"
INPUTS, OUTPUTS, CHECKPOINTS = "/opt/ml/processing/input", "/opt/ml/processing/output", "/opt/ml/checkpoints"
STEP_SECONDS = 3600
"""Longest run of a processing step, in seconds; the steps take under a minute on the sample data."""
VOLUME_GB = 30
SNAPSHOT = ("snapshot", "train", "validation", "test")
MONITOR_JSON = "application/json"


def job_tags(step: str) -> list[dict[str, str]]:
    """Return the tags of a step's jobs; SageMaker adds the pipeline's own (`sagemaker:pipeline-execution-arn`)."""
    return [{"Key": "mlops:pipeline", "Value": "training"}, {"Key": "mlops:step", "Value": step}]


def per_execution(prefix: str, *tail: str) -> Join:
    """Return the S3 URI of this execution's own folder below a prefix, so that no run overwrites another's."""
    return Join(on="/", values=[prefix, ExecutionVariables.PIPELINE_EXECUTION_ID, *tail])


def reads(name: str, uri: Any) -> ProcessingInput:
    """Return an input that is copied to /opt/ml/processing/input/<name> before the step starts."""
    return ProcessingInput(
        input_name=name,
        s3_input=ProcessingS3Input(
            s3_uri=uri,
            local_path=f"{INPUTS}/{name}",
            s3_data_type="S3Prefix",
            s3_input_mode="File",
            s3_data_distribution_type="FullyReplicated",
        ),
    )


def writes(name: str, uri: Any) -> ProcessingOutput:
    """Return an output that is copied from /opt/ml/processing/output/<name> when the step has ended."""
    return ProcessingOutput(
        output_name=name,
        s3_output=ProcessingS3Output(s3_uri=uri, local_path=f"{OUTPUTS}/{name}", s3_upload_mode="EndOfJob"),
    )


def output_uri(step: ProcessingStep, name: str) -> Any:
    """Return the reference to where a step has stored an output."""
    return step.properties.ProcessingOutputConfig.Outputs[name].S3Output.S3Uri


def processor(session: PipelineSession, module: str) -> Processor:
    """Return a processor that unpacks the source tarball and runs one of its modules.

    The container runs entry point and arguments as one command: bash hands the arguments on as `"$@"`.
    """
    command = f"cd '{CODE}' && tar -xzf sourcedir.tar.gz && exec python3 -m mlops_pipelines.steps.{module} \"$@\""
    return Processor(
        role=PROCESSING_ROLE,
        image_uri="s3://open/image_uri",
        instance_count=1,
        instance_type="${processing_instance_type}",
        entrypoint=["/bin/bash", "-c", command, module],
        volume_size_in_gb=VOLUME_GB,
        volume_kms_key="${volume_key_arn}",
        output_kms_key="${data_key_arn}",
        max_runtime_in_seconds=STEP_SECONDS,
        sagemaker_session=session,
        tags=job_tags(module),
        network_config=NetworkConfig(
            enable_network_isolation=False,
            subnets=["${subnet_ids}"],
            security_group_ids=["${security_group_ids}"],
            encrypt_inter_container_traffic=True,
        ),
    )


def retries() -> list[Any]:
    """Return the retry policies of a job: five times for lack of capacity or a fault, three times if throttled."""
    faults = [SageMakerJobExceptionTypeEnum.CAPACITY_ERROR, SageMakerJobExceptionTypeEnum.INTERNAL_ERROR]
    return [
        SageMakerJobStepRetryPolicy(exception_types=faults, interval_seconds=30, backoff_rate=2.0, max_attempts=5),
        StepRetryPolicy(
            exception_types=[StepExceptionTypeEnum.THROTTLING], interval_seconds=10, backoff_rate=2.0, max_attempts=3
        ),
    ]


def trainer(session: PipelineSession, preprocess: ProcessingStep, sentinels: dict[str, Any], seed: Any) -> ModelTrainer:
    """Return the training job: script mode on managed spot instances, with checkpoints of this execution's own."""
    built = ModelTrainer(
        training_image="s3://open/image_uri",
        role=TRAINING_ROLE,
        sagemaker_session=session,
        base_job_name="train",
        compute=Compute(
            instance_type="${training_instance_type}",
            instance_count=1,
            volume_size_in_gb=VOLUME_GB,
            volume_kms_key_id="${volume_key_arn}",
            enable_managed_spot_training=True,
        ),
        networking=Networking(
            subnets=["${subnet_ids}"],
            security_group_ids=["${security_group_ids}"],
            enable_network_isolation=False,
            enable_inter_container_traffic_encryption=True,
        ),
        stopping_condition=StoppingCondition(
            max_runtime_in_seconds=sentinels["training_max_runtime_seconds"],
            max_wait_time_in_seconds=sentinels["training_max_wait_seconds"],
        ),
        checkpoint_config=CheckpointConfig(s3_uri=per_execution("s3://open/checkpoints_uri"), local_path=CHECKPOINTS),
        output_data_config=OutputDataConfig(s3_output_path="s3://open/models_uri", kms_key_id="${output_key_arn}"),
        hyperparameters={
            "sagemaker_program": "train.py",
            "sagemaker_submit_directory": "s3://open/source_uri",
            "checkpoint-dir": CHECKPOINTS,
            "seed": seed.to_string(),
        },
        input_data_config=[
            InputData(channel_name=name, data_source=output_uri(preprocess, name), content_type="text/csv")
            for name in ("train", "validation")
        ],
        tags=[Tag(key=tag["Key"], value=tag["Value"]) for tag in job_tags("train")],
    )
    return built.with_metric_definitions([MetricDefinition(name="validation:auc", regex="validation-auc=([0-9.]+)")])


def register(
    session: PipelineSession, preprocess: ProcessingStep, train: TrainingStep, evaluate: ProcessingStep,
    files: dict[str, PropertyFile], commit: Any, seed: Any,
) -> ModelStep:  # fmt: skip
    """Return the step that creates the model package, to be approved by a person, with metrics and lineage."""

    def source(step: ProcessingStep, output: str, file: str) -> MetricsSource:
        return MetricsSource(content_type=MONITOR_JSON, s3_uri=Join(on="/", values=[output_uri(step, output), file]))

    def figure(file: str, path: str) -> JsonGet:
        step = preprocess if file == "snapshot" else evaluate
        return JsonGet(step_name=step.name, property_file=files[file], json_path=path)

    statistics = source(preprocess, "baseline", "data-quality/statistics.json")
    constraints = source(preprocess, "baseline", "data-quality/constraints.json")
    model = ModelBuilder(
        s3_model_data_url=train.properties.ModelArtifacts.S3ModelArtifacts,
        image_uri="s3://open/image_uri",
        sagemaker_session=session,
        role_arn=TRAINING_ROLE,  # the SDK wants one; a model package has none
        env_vars={"SAGEMAKER_PROGRAM": "inference.py", "SAGEMAKER_SUBMIT_DIRECTORY": "/opt/ml/model/code"},
    )
    arguments = model.register(
        model_package_group_name="${model_package_group}",
        content_types=["text/csv", "application/json"],
        response_types=["application/json"],
        approval_status="PendingManualApproval",
        description="Registered by the training pipeline",
        domain="MACHINE_LEARNING",
        task="CLASSIFICATION",
        model_metrics=ModelMetrics(
            model_statistics=source(evaluate, "evaluation", "evaluation.json"),
            model_data_statistics=statistics,
            model_data_constraints=constraints,
        ),
        drift_check_baselines=DriftCheckBaselines(model_data_statistics=statistics, model_data_constraints=constraints),
        metadata_properties=MetadataProperties(
            commit_id=commit, generated_by=ExecutionVariables.PIPELINE_EXECUTION_ARN
        ),
        customer_metadata_properties={
            "commit": commit,
            "seed": seed.to_string(),
            "source": "s3://open/source_uri",
            "label": "${label}",
            "protected_attribute": "${protected_attribute}",
            "snapshot_sha256": figure("snapshot", "sha256"),
            "snapshot_uri": output_uri(preprocess, "snapshot"),
            "model_sha256": figure("evaluation", "model_sha256"),
            "auc": figure("evaluation", "summary.auc"),
            "accuracy": figure("evaluation", "summary.accuracy"),
            "selection_rate_difference": figure("evaluation", "summary.selection_rate_difference"),
        },
    )
    return ModelStep(name="Register", step_args=arguments)


def build(session: PipelineSession, sentinels: dict[str, Any]) -> Pipeline:
    """Return the pipeline; `sentinels` maps each numeric placeholder to the number that stands for it."""
    data = ParameterString("InputDataUri", default_value="s3://open/input_data_uri")
    commit = ParameterString("Commit", default_value="unrecorded")
    minimum_auc = ParameterFloat("MinimumAuc", default_value=sentinels["minimum_auc"])
    seed = ParameterInteger("Seed", default_value=sentinels["seed"])
    attributes = ["--protected-attribute", "${protected_attribute}", "--seed", seed.to_string()]
    files = {
        "snapshot": PropertyFile(name="Snapshot", output_name="snapshot", path="snapshot.json"),
        "evaluation": PropertyFile(name="Evaluation", output_name="evaluation", path="evaluation.json"),
    }

    preprocess = ProcessingStep(
        "Preprocess",
        step_args=processor(session, "preprocess").run(
            inputs=[reads("code", "s3://open/source_uri"), reads("data", data)],
            outputs=[
                *(writes(name, per_execution("s3://open/snapshot_uri", name)) for name in SNAPSHOT),
                writes("baseline", per_execution("s3://open/reports_uri", "baseline")),
            ],
            arguments=["--input", f"{INPUTS}/data", "--output", OUTPUTS, "--schema", f"{CODE}/schema.json",
                       "--label", "${label}", *attributes],
        ),
        property_files=[files["snapshot"]],
        retry_policies=retries(),
    )  # fmt: skip
    train = TrainingStep(
        "Train", step_args=trainer(session, preprocess, sentinels, seed).train(), retry_policies=retries()
    )
    evaluate = ProcessingStep(
        "Evaluate",
        step_args=processor(session, "evaluate").run(
            inputs=[
                reads("code", "s3://open/source_uri"),
                reads("model", train.properties.ModelArtifacts.S3ModelArtifacts),
                reads("test", output_uri(preprocess, "test")),
            ],
            outputs=[writes("evaluation", per_execution("s3://open/reports_uri", "evaluation"))],
            arguments=["--model", f"{INPUTS}/model", "--test", f"{INPUTS}/test", "--output", f"{OUTPUTS}/evaluation",
                       *attributes],
        ),
        property_files=[files["evaluation"]],
        retry_policies=retries(),
    )  # fmt: skip
    auc = JsonGet(
        step_name=evaluate.name, property_file=files["evaluation"], json_path="binary_classification_metrics.auc.value"
    )
    refused = Join(on=" ", values=["The area under the ROC curve on the test set is below the minimum of", minimum_auc])
    gate = ConditionStep(
        "QualityGate",
        conditions=[ConditionGreaterThanOrEqualTo(left=auc, right=minimum_auc)],
        if_steps=[register(session, preprocess, train, evaluate, files, commit, seed)],
        else_steps=[FailStep("BelowMinimumAuc", error_message=refused)],
    )
    return Pipeline(
        name="training",
        parameters=[data, commit, minimum_auc, seed],
        steps=[preprocess, train, evaluate, gate],
        sagemaker_session=session,
        pipeline_experiment_config=None,  # an execution then needs no rights on experiments and trials
        pipeline_definition_config=PipelineDefinitionConfig(use_custom_job_prefix=False),
    )

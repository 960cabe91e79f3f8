"""The parts that the training pipeline is made of, with the SageMaker Python SDK: jobs, inputs, outputs, retries.

Only `definition.py` imports this module. What the estate fills in later stands here as `${name}`; where the SDK looks
at the value, as a stand-in that `compile.py` turns into `${name}`: `s3://open/<name>`, role ARNs, and numbers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

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
from sagemaker.core.workflow.execution_variables import ExecutionVariables
from sagemaker.core.workflow.functions import Join
from sagemaker.core.workflow.pipeline_context import PipelineSession
from sagemaker.core.workflow.properties import PropertyFile
from sagemaker.mlops.workflow.retry import (
    SageMakerJobExceptionTypeEnum,
    SageMakerJobStepRetryPolicy,
    StepExceptionTypeEnum,
    StepRetryPolicy,
)
from sagemaker.mlops.workflow.steps import CacheConfig, ProcessingStep
from sagemaker.train.model_trainer import ModelTrainer

ROLES = "arn:aws:iam::000000000000:role/open"
"""Each kind of job has a role of its own, `<ROLES>/<placeholder>`; the pipeline passes them, and has another."""
CODE = "/opt/ml/processing/input/code"
INPUTS, OUTPUTS, CHECKPOINTS = "/opt/ml/processing/input", "/opt/ml/processing/output", "/opt/ml/checkpoints"
CHANNELS = "/opt/ml/input/data"
STEP_SECONDS = 3600
"""Longest run of a processing step, in seconds; the steps take under a minute on the sample data."""
VOLUME_GB = 30
CACHED = CacheConfig(enable_caching=True, expire_after="P30D")
"""For steps whose outputs follow from their inputs alone. Inputs are compared by address, so steps that read a prefix
in which new data may arrive have none."""


@dataclass(frozen=True)
class Run:
    """What steps share: the session, the parameters by name, and the numbers that stand for placeholders."""

    session: PipelineSession
    parameters: Mapping[str, Any]
    sentinels: Mapping[str, Any]

    @property
    def seed(self) -> Any:
        """The seed as the text that arguments take."""
        return self.parameters["Seed"].to_string()


def job_tags(step: str) -> list[dict[str, str]]:
    """Return the tags of a step's jobs; SageMaker adds the pipeline's own (`sagemaker:pipeline-execution-arn`)."""
    return [{"Key": "mlops:pipeline", "Value": "training"}, {"Key": "mlops:step", "Value": step}]


def per_execution(prefix: str, *tail: str) -> Join:
    """Return the S3 URI of this execution's own folder below a prefix, so that no run overwrites another's."""
    return Join(on="/", values=[prefix, ExecutionVariables.PIPELINE_EXECUTION_ID, *tail])


def output_uri(step: ProcessingStep, name: str) -> Any:
    """Return the reference to where a step has stored an output."""
    return step.properties.ProcessingOutputConfig.Outputs[name].S3Output.S3Uri


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


def writes(name: str, prefix: str) -> ProcessingOutput:
    """Return an output that is copied from /opt/ml/processing/output/<name> when the step has ended."""
    return ProcessingOutput(
        output_name=name,
        s3_output=ProcessingS3Output(
            s3_uri=per_execution(f"s3://open/{prefix}", name),
            local_path=f"{OUTPUTS}/{name}",
            s3_upload_mode="EndOfJob",
        ),
    )


def processing_step(
    run: Run, name: str, module: str, inputs: Mapping[str, Any], outputs: Mapping[str, str], *,
    role: str = "processing_role_arn", isolated: bool = True, cached: bool = False,
    facts: Mapping[str, Any] | None = None, files: Mapping[str, tuple[str, str]] | None = None,
) -> ProcessingStep:  # fmt: skip
    """Return a step that unpacks the source tarball and runs one of its modules.

    `inputs` maps names to URIs, `outputs` names to the placeholder of their prefix, `files` the property files to
    output and path. The container runs entry point and arguments as one command: bash hands the arguments on as `"$@"`.
    A job that is isolated opens no connection: SageMaker copies its inputs and outputs from outside the container.
    """
    command = f"cd '{CODE}' && tar -xzf sourcedir.tar.gz && exec python3 -m mlops_pipelines.steps.{module} \"$@\""
    processor = Processor(
        role=f"{ROLES}/{role}",
        image_uri="s3://open/steps_image_uri",
        instance_count=1,
        instance_type=run.parameters["ProcessingInstanceType"],
        entrypoint=["/bin/bash", "-c", command, module],
        volume_size_in_gb=VOLUME_GB,
        volume_kms_key="${volume_key_arn}",
        output_kms_key="${data_key_arn}",
        max_runtime_in_seconds=STEP_SECONDS,
        sagemaker_session=run.session,
        tags=job_tags(module),
        env={"AWS_DEFAULT_REGION": "${region}"},
        network_config=NetworkConfig(
            enable_network_isolation=isolated,
            subnets=["${subnet_ids}"],
            security_group_ids=["${security_group_ids}"],
            encrypt_inter_container_traffic=True,
        ),
    )
    arguments = ["--input", INPUTS, "--output", OUTPUTS, "--seed", run.seed]
    for fact, value in (facts or {}).items():
        arguments += ["--fact", Join(on="=", values=[fact, value])]
    return ProcessingStep(
        name,
        step_args=processor.run(
            inputs=[reads("code", "s3://open/source_uri"), *(reads(key, uri) for key, uri in inputs.items())],
            outputs=[writes(key, prefix) for key, prefix in outputs.items()],
            arguments=arguments,
        ),
        property_files=[
            PropertyFile(name=key, output_name=output, path=path) for key, (output, path) in (files or {}).items()
        ],
        retry_policies=retries(),
        cache_config=CACHED if cached else None,
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


def trainer(run: Run, channels: Mapping[str, Any]) -> ModelTrainer:
    """Return the training job: script mode on managed spot instances, with checkpoints of this execution's own.

    The code is a channel, since a container that is isolated from the network cannot fetch it by itself.
    """
    built = ModelTrainer(
        training_image="s3://open/image_uri",
        role=f"{ROLES}/training_role_arn",
        sagemaker_session=run.session,
        base_job_name="train",
        compute=Compute(
            instance_type=run.parameters["TrainingInstanceType"],
            instance_count=1,
            volume_size_in_gb=VOLUME_GB,
            volume_kms_key_id="${volume_key_arn}",
            enable_managed_spot_training=True,
        ),
        networking=Networking(
            subnets=["${subnet_ids}"],
            security_group_ids=["${security_group_ids}"],
            enable_network_isolation=True,
            enable_inter_container_traffic_encryption=True,
        ),
        stopping_condition=StoppingCondition(
            max_runtime_in_seconds=run.sentinels["training_max_runtime_seconds"],
            max_wait_time_in_seconds=run.sentinels["training_max_wait_seconds"],
        ),
        checkpoint_config=CheckpointConfig(s3_uri=per_execution("s3://open/checkpoints_uri"), local_path=CHECKPOINTS),
        output_data_config=OutputDataConfig(s3_output_path="s3://open/models_uri", kms_key_id="${output_key_arn}"),
        hyperparameters={
            "sagemaker_program": "train.py",
            "sagemaker_submit_directory": f"{CHANNELS}/code/sourcedir.tar.gz",
            "checkpoint-dir": CHECKPOINTS,
            "seed": run.seed,
        },
        input_data_config=[
            InputData(channel_name="code", data_source="s3://open/source_uri", content_type="application/gzip"),
            *(
                InputData(
                    channel_name=name,
                    data_source=uri,
                    content_type="application/json" if name == "search" else "text/csv",
                )
                for name, uri in channels.items()
            ),
        ],
        tags=[Tag(key=tag["Key"], value=tag["Value"]) for tag in job_tags("train")],
    )
    return built.with_metric_definitions(
        [
            MetricDefinition(name="validation:score", regex="validation-score=([0-9.eE+-]+)"),
            MetricDefinition(name="train:loss", regex="train-loss=([0-9.eE+-]+)"),
        ]
    )

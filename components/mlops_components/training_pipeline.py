"""Training pipeline: a SageMaker pipeline filled from the compiled definition, its code, and its three roles."""

import base64
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NotRequired, TypedDict

import pulumi
from pulumi_aws import s3, sagemaker

from mlops_components.documents import join_s3_uri
from mlops_components.execution_role import ExecutionRole
from mlops_components.image_registries import SCIKIT_LEARN, scikit_learn_image
from mlops_components.validation import Checker

# CreateTrainingJob, StoppingCondition: 28 days.
_LONGEST_SECONDS = 2_419_200
PROCESSING_INSTANCE = {"dev": "ml.t3.medium", "staging": "ml.m5.large", "prod": "ml.m5.large"}
TRAINING_INSTANCE = {"dev": "ml.m5.large", "staging": "ml.m5.large", "prod": "ml.m5.xlarge"}


class TrainingPipelineArgs(TypedDict):
    """Inputs of `TrainingPipeline`."""

    prefix: str
    """Start of every name of the environment; the pipeline is `{prefix}-{model}-training`."""
    account: str
    """AWS account id of the environment, 12 digits."""
    region: str
    """AWS region code."""
    environment_class: NotRequired[str]
    """dev, staging or prod; decides the defaults below. Default: prod."""
    model: str
    """Name of the model."""
    label: str
    """Column that the model predicts."""
    protected_attribute: NotRequired[str]
    """Column by which fairness is measured. Default: none (or the word itself), and fairness isn't measured."""
    raw_bucket: pulumi.Input[str]
    """Name of the bucket that holds the input under `{model}/`."""
    curated_bucket: pulumi.Input[str]
    """Name of the bucket that takes dataset snapshots."""
    models_bucket: pulumi.Input[str]
    """Name of the bucket that takes models, checkpoints and the pipeline's code."""
    reports_bucket: pulumi.Input[str]
    """Name of the bucket that takes evaluation reports and baselines."""
    personal_key_arn: pulumi.Input[str]
    """ARN of the KMS key of the input, the snapshots and the baselines."""
    models_key_arn: pulumi.Input[str]
    """ARN of the KMS key of models, code and volumes."""
    model_package_group_arn: pulumi.Input[str]
    """ARN of the group in which good models are registered."""
    subnet_ids: pulumi.Input[list[str]]
    """Private subnets of the jobs."""
    security_group_ids: pulumi.Input[list[str]]
    """Security groups of the jobs."""
    schema_file: NotRequired[str]
    """Path of the YAML file that describes the data's columns. Default: `data/{model}/schema.yaml` of this project."""
    image_uri: NotRequired[pulumi.Input[str]]
    """Container of every step. Default: AWS's scikit-learn container of the region."""
    processing_instance_type: NotRequired[str]
    """Instance type of the processing jobs. Default: ml.t3.medium in dev, else ml.m5.large."""
    training_instance_type: NotRequired[str]
    """Instance type of the training job. Default: ml.m5.xlarge in prod, else ml.m5.large."""
    use_spot: NotRequired[bool]
    """Whether to train on managed spot capacity, with checkpoints. Default: true."""
    max_runtime_seconds: NotRequired[int]
    """Longest run of the training job, 1 to 2,419,200 seconds. Default: 3600."""
    max_wait_seconds: NotRequired[int]
    """Longest time from submission to end on spot capacity, in seconds; at least `max_runtime_seconds`. Default: twice
    that."""
    minimum_auc: NotRequired[float]
    """Quality gate, 0.5 to 1: a model below this area under the ROC curve isn't registered. Default: 0.7."""
    seed: NotRequired[int]
    """Seed of the split and of the training algorithm, 0 to 4294967295. Default: 7."""
    max_parallel_steps: NotRequired[int]
    """Most steps that run at the same time, 1 to 50. Default: 2."""
    definition: NotRequired[pulumi.Input[str]]
    """A whole pipeline definition as JSON, in place of the one that ships. Default: that one."""


class TrainingPipeline(pulumi.ComponentResource):
    """Preprocess, train on managed spot with checkpoints, evaluate, register: in the private network, encrypted."""

    pipeline_name: pulumi.Output[str]
    """Name of the pipeline."""
    pipeline_arn: pulumi.Output[str]
    """ARN of the pipeline."""
    role_arn: pulumi.Output[str]
    """ARN of the pipeline's own role: it creates the jobs, passes them their roles and registers models."""
    processing_role_arn: pulumi.Output[str]
    """ARN of the role of the processing jobs: they read the input and write snapshots, baselines and reports."""
    training_role_arn: pulumi.Output[str]
    """ARN of the role of the training job: it reads snapshots and writes models and checkpoints."""
    source_uri: pulumi.Output[str]
    """S3 URI of the code, which changes exactly when the code does."""

    def __init__(self, name: str, args: TrainingPipelineArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        check = Checker("TrainingPipeline", name, args, TrainingPipelineArgs)
        _check(check)
        check.finish()
        super().__init__("mlops:index:TrainingPipeline", name, {**args}, opts)
        self._base, self._args = name, args
        self._class = args.get("environment_class") or "prod"
        pipeline_name = f"{args['prefix']}-{args['model']}-training"
        locations = self._locations()
        image = pulumi.Output.from_input(args.get("image_uri") or scikit_learn_image(args["region"]))
        self.source_uri = self._upload_code()
        processing = self._processing_role(locations, image)
        training = self._training_role(locations, image)
        role = self._pipeline_role(pipeline_name, locations, image, [processing.role_arn, training.role_arn])
        pipeline = sagemaker.Pipeline(
            name,
            pipeline_name=pipeline_name,
            pipeline_display_name=pipeline_name,
            pipeline_description=f"Trains, evaluates and registers {args['model']}",
            pipeline_definition=args.get("definition") or self._definition(locations, image, processing, training),
            parallelism_configuration={"max_parallel_execution_steps": int(args.get("max_parallel_steps") or 2)},
            role_arn=role.role_arn,
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.pipeline_name = pipeline.pipeline_name
        self.pipeline_arn = pipeline.arn
        self.role_arn = role.role_arn
        self.processing_role_arn, self.training_role_arn = processing.role_arn, training.role_arn
        self.register_outputs(
            {
                "pipeline_name": self.pipeline_name,
                "pipeline_arn": self.pipeline_arn,
                "role_arn": self.role_arn,
                "processing_role_arn": self.processing_role_arn,
                "training_role_arn": self.training_role_arn,
                "source_uri": self.source_uri,
            }
        )

    def _locations(self) -> dict[str, pulumi.Output[str]]:
        args, model = self._args, self._args["model"]

        def under(bucket: pulumi.Input[str], *folders: str) -> pulumi.Output[str]:
            return pulumi.Output.from_input(bucket).apply(lambda known: join_s3_uri(known, *folders))

        return {
            "input_data_uri": under(args["raw_bucket"], model),
            "snapshot_uri": under(args["curated_bucket"], model),
            "models_uri": under(args["models_bucket"], model, "models"),
            "checkpoints_uri": under(args["models_bucket"], model, "checkpoints"),
            "reports_uri": under(args["reports_bucket"], model),
        }

    def _upload_code(self) -> pulumi.Output[str]:
        from mlops_pipelines.training import source_bundle, source_key  # reads the data's schema: only when used

        args = self._args
        schema = Path(args["schema_file"]) if args.get("schema_file") else args["model"]
        key = f"{args['model']}/{source_key(schema)}"
        code = s3.BucketObjectv2(
            f"{self._base}-source",
            bucket=args["models_bucket"],
            key=key,
            content_base64=base64.b64encode(source_bundle(schema)).decode(),
            content_type="application/gzip",
            server_side_encryption="aws:kms",
            kms_key_id=args["models_key_arn"],
            bucket_key_enabled=True,
            opts=pulumi.ResourceOptions(parent=self),
        )
        return code.bucket.apply(lambda bucket: join_s3_uri(bucket, key))

    def _processing_role(self, locations: Mapping[str, pulumi.Output[str]], image: pulumi.Output[str]) -> ExecutionRole:
        """Return the role that reads input, code and the model under test, and writes what it made of records."""
        args = self._args
        read = (locations["input_data_uri"], self.source_uri, locations["models_uri"])
        return self._role("processing", image, {
            "read_uris": pulumi.Output.all(*read).apply(list),
            "write_uris": pulumi.Output.all(locations["snapshot_uri"], locations["reports_uri"]).apply(list),
            # The models key is that of the code, the model and the volumes.
            "key_arns": pulumi.Output.all(args["personal_key_arn"], args["models_key_arn"]).apply(list),
        })  # fmt: skip

    def _training_role(self, locations: Mapping[str, pulumi.Output[str]], image: pulumi.Output[str]) -> ExecutionRole:
        """Return the role that never sees the input: it reads snapshots of it, and writes no records."""
        args = self._args
        return self._role("training", image, {
            "read_uris": pulumi.Output.all(locations["snapshot_uri"], self.source_uri).apply(list),
            "write_uris": pulumi.Output.all(locations["models_uri"], locations["checkpoints_uri"]).apply(list),
            "key_arns": pulumi.Output.all(args["models_key_arn"]).apply(list),
            "read_key_arns": pulumi.Output.all(args["personal_key_arn"]).apply(list),
        })  # fmt: skip

    def _pipeline_role(
        self,
        pipeline_name: str,
        locations: Mapping[str, pulumi.Output[str]],
        image: pulumi.Output[str],
        job_roles: list[pulumi.Output[str]],
    ) -> ExecutionRole:
        """Return the role that starts jobs and registers models; of all records it reads only what was counted of them.

        JsonGet reads property files as the pipeline (developer guide, IAM Access Management of Pipelines), and
        registration the artefact and metrics it names (managed policy AmazonSageMakerModelRegistryFullAccess).
        """
        args = self._args
        read = pulumi.Output.all(locations["snapshot_uri"], locations["reports_uri"], locations["models_uri"]).apply(
            lambda known: [f"{known[0]}/*/snapshot/snapshot.json", known[1], known[2]]
        )
        return self._role("pipeline", image, {
            "read_uris": read,
            "read_key_arns": pulumi.Output.all(args["personal_key_arn"], args["models_key_arn"]).apply(list),
            "model_package_group_arn": args["model_package_group_arn"],
            "pipeline_name": pipeline_name,
            "job_role_arns": pulumi.Output.all(*job_roles).apply(list),
        })  # fmt: skip

    def _role(self, purpose: str, image: pulumi.Output[str], own: Mapping[str, Any]) -> ExecutionRole:
        args = self._args
        given: Any = {
            "prefix": args["prefix"],
            "account": args["account"],
            "region": args["region"],
            "role_suffix": f"{args['model']}-{purpose}",
            "purpose": purpose,
            "image_uris": pulumi.Output.all(image).apply(list),
            **own,
        }
        return ExecutionRole(f"{self._base}-{purpose}-role", given, pulumi.ResourceOptions(parent=self))

    def _definition(
        self,
        locations: Mapping[str, pulumi.Output[str]],
        image: pulumi.Output[str],
        processing: ExecutionRole,
        training: ExecutionRole,
    ) -> pulumi.Output[str]:
        args = self._args
        known = self._plain_values()
        return pulumi.Output.all(
            **locations,
            source_uri=self.source_uri,
            image_uri=image,
            processing_role_arn=processing.role_arn,
            training_role_arn=training.role_arn,
            model_package_group=args["model_package_group_arn"],
            subnet_ids=args["subnet_ids"],
            security_group_ids=args["security_group_ids"],
            volume_key_arn=args["models_key_arn"],
            output_key_arn=args["models_key_arn"],
            # Snapshots and baselines are records of people, or derived from them: their buckets take no other key.
            data_key_arn=args["personal_key_arn"],
        ).apply(lambda resolved: _render({**known, **resolved}))

    def _plain_values(self) -> dict[str, Any]:
        args = self._args
        longest = int(args.get("max_runtime_seconds") or 3600)
        return {
            "processing_instance_type": args.get("processing_instance_type") or PROCESSING_INSTANCE[self._class],
            "training_instance_type": args.get("training_instance_type") or TRAINING_INSTANCE[self._class],
            "training_max_runtime_seconds": longest,
            "training_max_wait_seconds": int(args.get("max_wait_seconds") or 2 * longest),
            "use_spot": args.get("use_spot", True),
            "label": args["label"],
            "protected_attribute": args.get("protected_attribute") or "none",
            "minimum_auc": float(args.get("minimum_auc") or 0.7),
            "seed": int(args.get("seed", 7)),
        }


def _render(values: Mapping[str, Any]) -> str:
    from mlops_pipelines.training import render_definition

    return render_definition(values)


def _check(check: Checker[TrainingPipelineArgs]) -> None:
    prefix, model = check.plain("prefix"), check.plain("model")
    if prefix and model:
        check.aws_name("model", f"{prefix}-{model}-training", "pipeline")
        check.aws_name("model", f"{prefix}-{model}-processing", "role")  # the longest of the three
    _check_schema(check)
    for path in ("personal_key_arn", "models_key_arn"):
        check.arn(path, "kms")
    check.arn("model_package_group_arn", "sagemaker")
    for path in ("processing_instance_type", "training_instance_type"):
        check.instance_type(path, volume_key=True)
    check.between("max_runtime_seconds", 1, _LONGEST_SECONDS, "seconds (StoppingCondition)")
    check.between("max_wait_seconds", 1, _LONGEST_SECONDS, "seconds (StoppingCondition)")
    check.between("minimum_auc", 0.5, 1, "")
    check.between("seed", 0, 2**32 - 1, "")
    check.between("max_parallel_steps", 1, 50, "steps (SageMaker pipelines quota)")
    _check_wait(check)
    region = check.plain("region")
    if region and "image_uri" not in check.args and region not in SCIKIT_LEARN:
        check.fault("region", region, "has no scikit-learn container of AWS", "give image_uri")


def _check_schema(check: Checker[TrainingPipelineArgs]) -> None:
    from mlops_pipelines.features import schema as shipped

    given, model = check.plain("schema_file"), check.plain("model")
    path = Path(given) if given else shipped.DATA / str(model) / "schema.yaml"
    if model and not path.is_file():
        check.fault("schema_file", str(path), "is no file", "give the YAML file that describes the data's columns")


def _check_wait(check: Checker[TrainingPipelineArgs]) -> None:
    longest, wait = check.plain("max_runtime_seconds", 3600), check.plain("max_wait_seconds")
    if wait is None or longest is None:
        return
    if check.plain("use_spot") is False:
        check.fault("max_wait_seconds", wait, "is for managed spot, which is off", "drop it, or turn use_spot on")
    elif wait < longest:
        rule = f"must be at least max_runtime_seconds, {longest} (CreateTrainingJob)"
        check.fault("max_wait_seconds", wait, rule, f"use {2 * longest}")

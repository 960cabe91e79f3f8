"""Training pipeline: a SageMaker pipeline filled from the compiled definition, its code, and a role per kind of job."""

import base64
import hashlib
import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, NotRequired, TypedDict

import pulumi
from pulumi_aws import s3, sagemaker

from mlops_components.documents import join_s3_uri, split_s3_uri
from mlops_components.execution_role import ExecutionRole
from mlops_components.image_registries import SCIKIT_LEARN, scikit_learn_image
from mlops_components.training_roles import JOBS, TrainingRoles
from mlops_components.training_settings import (
    TrainingCard,
    TrainingData,
    TrainingGates,
    TrainingSearch,
    check_settings,
    schema_path,
    settings_of,
)
from mlops_components.validation import Checker

# CreateTrainingJob, StoppingCondition: 28 days.
_LONGEST_SECONDS = 2_419_200
MOST_INLINE = 1_048_576
"""Characters of a definition that CreatePipeline takes in itself (API reference, PipelineDefinition)."""
LONGEST_VALUE = 1024
"""Generous length of what a placeholder becomes: 16 subnets are 450 characters, an ARN or a URI fewer."""
DEFINITIONS = "definitions"
_IMAGE = r"\d{12}\.dkr\.ecr\.[a-z0-9-]+\.amazonaws\.com(\.cn)?/[^:@]+[:@].+"
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
    label: NotRequired[str]
    """Column that the model predicts. Default: the schema's label, the only one that it can be."""
    raw_bucket: pulumi.Input[str]
    """Name of the bucket that holds the input under `{model}/`."""
    curated_bucket: pulumi.Input[str]
    """Name of the bucket that takes dataset snapshots."""
    models_bucket: pulumi.Input[str]
    """Name of the bucket that takes models, checkpoints and the pipeline's code."""
    reports_bucket: pulumi.Input[str]
    """Name of the bucket that takes reports, baselines and signatures."""
    personal_key_arn: pulumi.Input[str]
    """ARN of the KMS key of the input, the snapshots and the baselines."""
    models_key_arn: pulumi.Input[str]
    """ARN of the KMS key of models, code and volumes."""
    signing_key_arn: pulumi.Input[str]
    """ARN of the asymmetric KMS key that signs what a version was made of."""
    model_package_group_arn: pulumi.Input[str]
    """ARN of the group in which good models are registered, and in which the champion is looked up."""
    artefact_account_ids: NotRequired[list[str]]
    """Further accounts whose models a champion may be. Default: none."""
    artefact_prefixes: NotRequired[str]
    """Pattern of the environments' prefixes in those accounts, such as `mlops-*`. Default: `prefix`."""
    subnet_ids: pulumi.Input[list[str]]
    """Private subnets of the jobs."""
    security_group_ids: pulumi.Input[list[str]]
    """Security groups of the jobs."""
    schema_file: NotRequired[str]
    """Path of the YAML file that describes the data's columns. Default: `data/{model}/schema.yaml` of this project."""
    image_uri: NotRequired[pulumi.Input[str]]
    """Container of the training job, and of the model when it is served. Default: AWS's scikit-learn container of the
    region."""
    steps_image_uri: pulumi.Input[str]
    """Container of all other jobs, in ECR, by digest or tag: Python with the libraries that the steps import."""
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
    data_quality: NotRequired[TrainingData]
    """What the data have to be like, and how they are split. Default: as its fields say."""
    search: NotRequired[TrainingSearch]
    """How hyperparameters are found. Default: as its fields say."""
    gates: NotRequired[TrainingGates]
    """What a model has to be like to be registered. Default: as its fields say."""
    card: NotRequired[TrainingCard]
    """What only people know about the model, for its card. Default: nothing but a high risk."""
    seed: NotRequired[int]
    """Seed of the split, the search and the training algorithm, 0 to 4294967295. Default: 7."""
    max_parallel_steps: NotRequired[int]
    """Most steps that run at the same time, 1 to 50. Default: 2."""
    definition: NotRequired[pulumi.Input[str]]
    """A whole pipeline definition as JSON, in place of the one that ships. Default: that one."""
    definition_in_s3: NotRequired[bool]
    """Whether the definition lies in the models bucket, and the pipeline names its place: CreatePipeline takes
    1,048,576 characters in itself. It has to be known before the values that fill the definition are. Default: if it
    could be longer than that once filled; false for a definition of your own that is only known later."""


class TrainingPipeline(pulumi.ComponentResource):
    """Validate, train, assess, gate, sign, verify, register: in the private network, encrypted, each by its own role.

    Jobs are isolated from the network but for the three that read the registry, sign and verify: they call AWS through
    the network's endpoints of SageMaker and KMS, so a network you bring needs these two.
    """

    pipeline_name: pulumi.Output[str]
    """Name of the pipeline."""
    pipeline_arn: pulumi.Output[str]
    """ARN of the pipeline."""
    role_arn: pulumi.Output[str]
    """ARN of the pipeline's own role: it creates the jobs, passes them their roles and registers models."""
    processing_role_arn: pulumi.Output[str]
    """ARN of the role of most processing jobs: they read the input and write snapshots, baselines and reports."""
    registry_role_arn: pulumi.Output[str]
    """ARN of the role of the job that looks up the champion: it reads versions, models and snapshots."""
    training_role_arn: pulumi.Output[str]
    """ARN of the role of the training job: it reads snapshots and writes models and checkpoints."""
    signing_role_arn: pulumi.Output[str]
    """ARN of the role of the job that signs: the only one that the signing key signs for."""
    verifying_role_arn: pulumi.Output[str]
    """ARN of the role of the job that verifies signatures before a version is registered."""
    steps_image_uri: pulumi.Output[str]
    """Container of all jobs but training."""
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
        images = {
            "training": pulumi.Output.from_input(args.get("image_uri") or scikit_learn_image(args["region"])),
            "steps": pulumi.Output.from_input(args["steps_image_uri"]),
        }
        self.source_uri = self._upload_code()
        roles = TrainingRoles(name, self, {**args}, locations, self.source_uri, images)
        jobs = roles.jobs()
        given = args.get("definition")
        text = pulumi.Output.from_input(given) if given else self._definition(locations, images, jobs)
        stored = under(args["models_bucket"], args["model"], DEFINITIONS) if lies_in_s3(args) else None
        role = roles.pipeline(pipeline_name, jobs, stored)
        pipeline = sagemaker.Pipeline(
            name,
            pipeline_name=pipeline_name,
            pipeline_display_name=pipeline_name,
            pipeline_description=f"Trains, assesses, signs and registers {args['model']}",
            parallelism_configuration={"max_parallel_execution_steps": int(args.get("max_parallel_steps") or 2)},
            role_arn=role.role_arn,
            opts=pulumi.ResourceOptions(parent=self),
            **self._place(text),
        )
        self.pipeline_name = pipeline.pipeline_name
        self.pipeline_arn = pipeline.arn
        self.role_arn = role.role_arn
        self.processing_role_arn, self.registry_role_arn = jobs["processing"].role_arn, jobs["registry"].role_arn
        self.training_role_arn = jobs["training"].role_arn
        self.signing_role_arn, self.verifying_role_arn = jobs["signing"].role_arn, jobs["verifying"].role_arn
        self.steps_image_uri = images["steps"]
        self.register_outputs(
            {
                "pipeline_name": self.pipeline_name,
                "pipeline_arn": self.pipeline_arn,
                "role_arn": self.role_arn,
                **{f"{kind}_role_arn": made.role_arn for kind, made in jobs.items()},
                "steps_image_uri": self.steps_image_uri,
                "source_uri": self.source_uri,
            }
        )

    def _locations(self) -> dict[str, pulumi.Output[str]]:
        args, model = self._args, self._args["model"]
        return {
            "input_data_uri": under(args["raw_bucket"], model),
            "snapshot_uri": under(args["curated_bucket"], model),
            "models_uri": under(args["models_bucket"], model, "models"),
            "checkpoints_uri": under(args["models_bucket"], model, "checkpoints"),
            "reports_uri": under(args["reports_bucket"], model),
        }

    def _upload_code(self) -> pulumi.Output[str]:
        from mlops_pipelines.training import source_bundle, source_key  # reads the data's schema: only when used

        args, settings = self._args, settings_of(self._args)
        schema = Path(args["schema_file"]) if args.get("schema_file") else args["model"]
        key = f"{args['model']}/{source_key(schema, settings)}"
        code = base64.b64encode(source_bundle(schema, settings)).decode()
        return self._upload("source", key, content_base64=code, content_type="application/gzip")

    def _upload(self, role: str, key: pulumi.Input[str], **content: Any) -> pulumi.Output[str]:
        """Declare an object of the models bucket and return its URI."""
        args = self._args
        made = s3.BucketObjectv2(
            f"{self._base}-{role}",
            bucket=args["models_bucket"],
            key=key,
            server_side_encryption="aws:kms",
            kms_key_id=args["models_key_arn"],
            bucket_key_enabled=True,
            opts=pulumi.ResourceOptions(parent=self),
            **content,
        )
        return pulumi.Output.all(made.bucket, made.key).apply(lambda known: join_s3_uri(*known))

    def _place(self, text: pulumi.Output[str]) -> dict[str, Any]:
        """Return where the pipeline finds its definition: in itself, or in S3 where CreatePipeline takes no more."""
        if not lies_in_s3(self._args):
            return {"pipeline_definition": text}
        # Named after its contents, so that another definition is another location and changes the pipeline.
        named = text.apply(lambda known: hashlib.sha256(known.encode()).hexdigest()[:16])
        key = named.apply(lambda digest: f"{self._args['model']}/{DEFINITIONS}/{digest}.json")
        uri = self._upload("definition", key, content=text, content_type="application/json")
        place = uri.apply(lambda known: dict(zip(("bucket", "object_key"), split_s3_uri(known), strict=True)))
        return {"pipeline_definition_s3_location": place}

    def _definition(
        self,
        locations: Mapping[str, pulumi.Output[str]],
        images: Mapping[str, pulumi.Output[str]],
        jobs: Mapping[str, ExecutionRole],
    ) -> pulumi.Output[str]:
        args = self._args
        known = self._plain_values()
        return pulumi.Output.all(
            **locations,
            source_uri=self.source_uri,
            image_uri=images["training"],
            steps_image_uri=images["steps"],
            **{f"{kind}_role_arn": role.role_arn for kind, role in jobs.items()},
            model_package_group=args["model_package_group_arn"],
            signing_key_arn=args["signing_key_arn"],
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
            "seed": int(args.get("seed", 7)),
            "search": settings_of(args).search.mode,
            "region": args["region"],
        }


def under(bucket: pulumi.Input[str], *folders: str) -> pulumi.Output[str]:
    """Return the URI of a folder of a bucket."""
    return pulumi.Output.from_input(bucket).apply(lambda known: join_s3_uri(known, *folders))


def lies_in_s3(args: Mapping[str, Any]) -> bool:
    """Return whether the definition lies in S3: as asked for, and else if it could be too long once it is filled.

    What is declared can't wait for values that are only known at deployment, so their length is assumed.
    """
    if args.get("definition_in_s3") is not None:
        return bool(args["definition_in_s3"])
    given = args.get("definition")
    if given is not None:
        return isinstance(given, str) and len(given) > MOST_INLINE
    return _longest_definition() > MOST_INLINE


@cache
def _longest_definition() -> int:
    """Return how long the shipped definition can be once it is filled."""
    from mlops_pipelines.training import load_definition

    text = json.dumps(load_definition(), separators=(",", ":"))
    return len(text) + LONGEST_VALUE * text.count("${")


def _render(values: Mapping[str, Any]) -> str:
    from mlops_pipelines.training import render_definition

    return render_definition(values)


def _check(check: Checker[TrainingPipelineArgs]) -> None:
    prefix, model = check.plain("prefix"), check.plain("model")
    if prefix and model:
        check.aws_name("model", f"{prefix}-{model}-training", "pipeline")
        check.aws_name("model", f"{prefix}-{model}-{max(JOBS, key=len)}", "role")
    path = schema_path(check.args)
    if path is not None and not path.is_file():
        check.fault("schema_file", str(path), "is no file", "give the YAML file that describes the data's columns")
    for key in ("personal_key_arn", "models_key_arn", "signing_key_arn"):
        check.arn(key, "kms")
    check.arn("model_package_group_arn", "sagemaker")
    for kind in ("processing_instance_type", "training_instance_type"):
        check.instance_type(kind, volume_key=True)
    check.between("max_runtime_seconds", 1, _LONGEST_SECONDS, "seconds (StoppingCondition)")
    check.between("max_wait_seconds", 1, _LONGEST_SECONDS, "seconds (StoppingCondition)")
    check.between("seed", 0, 2**32 - 1, "")
    check.between("max_parallel_steps", 1, 50, "steps (SageMaker pipelines quota)")
    _check_wait(check)
    _check_definition(check)
    check_settings(check)
    rule, fix = "must be an image in ECR with a tag or digest", "write ACCOUNT.dkr.ecr.REGION.amazonaws.com/NAME:TAG"
    for image in ("image_uri", "steps_image_uri"):
        check.matches(image, _IMAGE, rule, fix)
    region = check.plain("region")
    if region and "image_uri" not in check.args and region not in SCIKIT_LEARN:
        check.fault("region", region, "has no scikit-learn container of AWS", "give image_uri")


def _check_definition(check: Checker[TrainingPipelineArgs]) -> None:
    given = check.plain("definition")
    if isinstance(given, str) and len(given) > MOST_INLINE and check.plain("definition_in_s3") is False:
        rule = f"has {len(given):,} characters; CreatePipeline takes {MOST_INLINE:,} in itself"
        check.fault("definition_in_s3", False, rule, "leave it out")


def _check_wait(check: Checker[TrainingPipelineArgs]) -> None:
    longest, wait = check.plain("max_runtime_seconds", 3600), check.plain("max_wait_seconds")
    if wait is None or longest is None:
        return
    if check.plain("use_spot") is False:
        check.fault("max_wait_seconds", wait, "is for managed spot, which is off", "drop it, or turn use_spot on")
    elif wait < longest:
        rule = f"must be at least max_runtime_seconds, {longest} (CreateTrainingJob)"
        check.fault("max_wait_seconds", wait, rule, f"use {2 * longest}")

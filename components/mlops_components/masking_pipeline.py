"""Masking pipeline: a SageMaker pipeline of one job that writes a model's masked copy by the rules of its columns."""

import base64
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NotRequired, TypedDict

import pulumi
from pulumi_aws import s3, sagemaker

from mlops_components.documents import join_s3_uri
from mlops_components.execution_role import ExecutionRole
from mlops_components.image_registries import SCIKIT_LEARN, scikit_learn_image
from mlops_components.training_pipeline import PROCESSING_INSTANCE, under
from mlops_components.training_settings import schema_path
from mlops_components.validation import Checker

if TYPE_CHECKING:
    from mlops_pipelines.features import Schema

# CreateProcessingJob, ProcessingStoppingCondition: 7 days.
_LONGEST_SECONDS = 604_800
_WHOLE = ("length", "prefix")


class MaskingColumn(TypedDict):
    """How one column is masked; which parameters belong to which method stands in docs/reference/masking.md."""

    method: str
    """drop, hash, generalise, synthesise or keep."""
    domain: NotRequired[str]
    """hash: what the values are of; equal values of one domain get the same pseudonym. Default: the column's name."""
    length: NotRequired[int]
    """hash: hexadecimal digits of a pseudonym, 16 to 64. Default: 32."""
    step: NotRequired[float]
    """generalise numbers: width of a band, in the column's unit. Default: none."""
    bands: NotRequired[list[float]]
    """generalise numbers: lower edge of each band, rising. Default: none."""
    prefix: NotRequired[int]
    """generalise texts: how many characters stay, 1 to 32. Default: none."""
    year: NotRequired[bool]
    """generalise dates: whether the year alone stays. Default: false."""
    groups: NotRequired[dict[str, list[str]]]
    """generalise categories: groups by name, each with the values that it replaces. Default: none."""
    other: NotRequired[str]
    """generalise categories: group of all values that no group has. Default: none."""
    scan: NotRequired[str]
    """keep texts: refuse a copy in which personal data are found, or report how many. Default: refuse."""


class MaskingRules(TypedDict):
    """How a model's records are masked."""

    columns: NotRequired[dict[str, MaskingColumn]]
    """Rule of each column. Default: identifiers, texts and ignored columns are dropped, others kept."""
    minimum_group: NotRequired[int]
    """Records for which a generalised or drawn value of the copy stands at least, 2 to 1000. Default: 5."""


class MaskingPipelineArgs(TypedDict):
    """Inputs of `MaskingPipeline`."""

    prefix: str
    """Start of every name of the environment; the pipeline is `{prefix}-{model}-masking`."""
    account: str
    """AWS account id of the environment, 12 digits."""
    region: str
    """AWS region code."""
    environment_class: NotRequired[str]
    """dev, staging or prod; decides the default of `instance_type`. Default: prod."""
    model: str
    """Name of the model."""
    schema_file: NotRequired[str]
    """Path of the YAML file that describes the data's columns. Default: `data/{model}/schema.yaml` of this project."""
    masking: NotRequired[MaskingRules]
    """How records are masked. Default: identifiers, texts and ignored columns are dropped, others kept."""
    raw_bucket: pulumi.Input[str]
    """Name of the bucket that holds the original under `{model}/`."""
    models_bucket: pulumi.Input[str]
    """Name of the bucket that takes the job's code, under `{model}/masking/`."""
    models_key_arn: pulumi.Input[str]
    """ARN of the KMS key of that bucket."""
    masked_uri: pulumi.Input[str]
    """S3 URI under which the copy is written, in a folder `{model}`, as `MaskedCopy` has it."""
    masked_key_arn: pulumi.Input[str]
    """ARN of the KMS key of the copy."""
    masking_role_arn: pulumi.Input[str]
    """ARN of the role of the job, as `MaskedCopy` makes it: the one role that may write the copy."""
    personal_key_arn: pulumi.Input[str]
    """ARN of the KMS key of the original: it encrypts the job's volume too."""
    secret_arn: pulumi.Input[str]
    """ARN of the secret with the key of the pseudonyms."""
    subnet_ids: pulumi.Input[list[str]]
    """Private subnets of the job; its network needs a way to Secrets Manager."""
    security_group_ids: pulumi.Input[list[str]]
    """Security groups of the job."""
    instance_type: NotRequired[str]
    """Instance type of the job. Default: ml.t3.medium in dev, else ml.m5.large."""
    max_runtime_seconds: NotRequired[int]
    """Longest run of the job, 1 to 604,800 seconds. Default: 3600."""


class MaskingPipeline(pulumi.ComponentResource):
    """One processing job in the private network, as the masking role, in AWS's scikit-learn container.

    The pipeline's own role sees no data: it starts this job and passes it that one role.
    """

    pipeline_name: pulumi.Output[str]
    """Name of the pipeline."""
    pipeline_arn: pulumi.Output[str]
    """ARN of the pipeline."""
    role_arn: pulumi.Output[str]
    """ARN of the pipeline's own role."""
    source_uri: pulumi.Output[str]
    """S3 URI of the code, schema and rules, which changes exactly when one of them does."""

    def __init__(self, name: str, args: MaskingPipelineArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        check = Checker("MaskingPipeline", name, args, MaskingPipelineArgs)
        _check(check)
        check.finish()
        super().__init__("mlops:index:MaskingPipeline", name, {**args}, opts)
        self._base, self._args = name, args
        pipeline_name = f"{args['prefix']}-{args['model']}-masking"
        self.source_uri = self._upload_code()
        role = self._role(pipeline_name)
        pipeline = sagemaker.Pipeline(
            name,
            pipeline_name=pipeline_name,
            pipeline_display_name=pipeline_name,
            pipeline_description=f"Writes the masked copy of {args['model']}",
            pipeline_definition=self._definition(),
            role_arn=role.role_arn,
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.pipeline_name, self.pipeline_arn, self.role_arn = pipeline.pipeline_name, pipeline.arn, role.role_arn
        self.register_outputs(
            {
                "pipeline_name": self.pipeline_name,
                "pipeline_arn": self.pipeline_arn,
                "role_arn": self.role_arn,
                "source_uri": self.source_uri,
            }
        )

    def _upload_code(self) -> pulumi.Output[str]:
        from mlops_pipelines.features import load_schema  # reads the data's schema: only when used
        from mlops_pipelines.masking.job import masking_bundle
        from mlops_pipelines.masking.pipeline import bundle_key
        from mlops_pipelines.settings import resolve

        args, path = self._args, schema_path(self._args)
        assert path is not None
        schema = load_schema(path)
        bundle = masking_bundle(schema, resolve(args["model"], schema.as_dict()), rules_of(args.get("masking") or {}))
        made = s3.BucketObjectv2(
            f"{self._base}-source",
            bucket=args["models_bucket"],
            key=bundle_key(args["model"], bundle),
            content_base64=base64.b64encode(bundle).decode(),
            content_type="application/gzip",
            server_side_encryption="aws:kms",
            kms_key_id=args["models_key_arn"],
            bucket_key_enabled=True,
            opts=pulumi.ResourceOptions(parent=self),
        )
        return pulumi.Output.all(made.bucket, made.key).apply(lambda known: join_s3_uri(*known))

    def _role(self, pipeline_name: str) -> ExecutionRole:
        args = self._args
        return ExecutionRole(
            f"{self._base}-pipeline-role",
            {
                "prefix": args["prefix"],
                "account": args["account"],
                "region": args["region"],
                "role_suffix": f"{args['model']}-masking",
                "purpose": "pipeline",
                "pipeline_name": pipeline_name,
                "job_role_arns": pulumi.Output.all(args["masking_role_arn"]).apply(list),
            },
            pulumi.ResourceOptions(parent=self),
        )

    def _definition(self) -> pulumi.Output[str]:
        args = self._args
        plain = {
            "model": args["model"],
            "region": args["region"],
            "image_uri": scikit_learn_image(args["region"]),
            "instance_type": args.get("instance_type") or PROCESSING_INSTANCE[args.get("environment_class") or "prod"],
            "max_runtime_seconds": int(args.get("max_runtime_seconds") or 3600),
        }
        return pulumi.Output.all(
            code_uri=self.source_uri,
            raw_uri=under(args["raw_bucket"], args["model"]),
            masked_uri=args["masked_uri"],
            masked_key_arn=args["masked_key_arn"],
            role_arn=args["masking_role_arn"],
            volume_key_arn=args["personal_key_arn"],
            secret_arn=args["secret_arn"],
            subnet_ids=args["subnet_ids"],
            security_group_ids=args["security_group_ids"],
        ).apply(lambda known: _render({**plain, **known}))


def rules_of(masking: Mapping[str, Any]) -> dict[str, Any]:
    """Return the rules as the job reads them; a hosted component receives whole numbers as floats."""
    made: dict[str, Any] = {
        "columns": {
            name: {key: int(value) if key in _WHOLE else value for key, value in rule.items() if value is not None}
            for name, rule in (masking.get("columns") or {}).items()
        }
    }
    if masking.get("minimum_group") is not None:
        made["minimum_group"] = int(masking["minimum_group"])
    return made


def _render(values: Mapping[str, Any]) -> str:
    from mlops_pipelines.masking.job import MaskingJob
    from mlops_pipelines.masking.pipeline import masking_definition

    return json.dumps(masking_definition(MaskingJob(**values)), separators=(",", ":"))


def _check(check: Checker[MaskingPipelineArgs]) -> None:
    prefix, model, region = check.plain("prefix"), check.plain("model"), check.plain("region")
    if prefix and model:
        check.aws_name("model", f"{prefix}-{model}-masking", "pipeline")
        check.aws_name("model", f"{prefix}-{model}-masking", "role")
    for key in ("models_key_arn", "masked_key_arn", "personal_key_arn"):
        check.arn(key, "kms")
    check.arn("masking_role_arn", "iam")
    check.arn("secret_arn", "secretsmanager")
    check.s3_uri("masked_uri")
    check.instance_type("instance_type", volume_key=True)
    check.between("max_runtime_seconds", 1, _LONGEST_SECONDS, "seconds (ProcessingStoppingCondition)")
    if region and region not in SCIKIT_LEARN:
        check.fault("region", region, "has no scikit-learn container of AWS", "use a region that has")
    schema = _schema(check)
    masking = check.plain("masking", {})
    if schema is None or masking is None:
        return
    from mlops_pipelines.masking.rules import rule_faults

    for fault in rule_faults(rules_of(masking), schema):
        check.fault(".".join(("masking", *fault.where)), fault.value, fault.rule, fault.fix)


def _schema(check: Checker[MaskingPipelineArgs]) -> "Schema | None":
    """Return the schema of the data; None, and a fault, where it can't be read."""
    import yaml

    from mlops_pipelines.features import load_schema

    path = schema_path(check.args)
    if path is None:
        return None
    try:
        return load_schema(path)
    except (OSError, ValueError, yaml.YAMLError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        fix = "give the YAML file that describes the data's columns"
        check.fault("schema_file", str(path), f"is no schema: {reason}", fix)
        return None

"""Configuration recorder: what every resource of the account looked like when, kept by AWS Config."""

from typing import NotRequired, TypedDict

import pulumi
from pulumi_aws import cfg, iam

from mlops_components.buckets import bucket_name
from mlops_components.deletion import protects
from mlops_components.documents import Statement, bucket_arn, partition, service_principal, statement
from mlops_components.log_bucket import LogBucket, declare_log_bucket
from mlops_components.validation import Checker

CONFIG = "config"
FREQUENCIES = ("CONTINUOUS", "DAILY")
FREQUENCY = {"dev": "DAILY", "staging": "CONTINUOUS", "prod": "CONTINUOUS"}
RETENTION_DAYS = {"dev": 30, "staging": 400, "prod": 2557}
ROLE_MODES = ("create", "existing")
SERVICE = "config.amazonaws.com"


class ConfigurationRecorderArgs(TypedDict):
    """Inputs of `ConfigurationRecorder`."""

    prefix: str
    """Start of every name of the environment; the recorder is `{prefix}-recorder`."""
    account: str
    """AWS account id of the environment, 12 digits."""
    region: str
    """AWS region code."""
    environment_class: NotRequired[str]
    """dev, staging or prod; decides the defaults below. Default: prod."""
    operations_key_arn: pulumi.Input[str]
    """ARN of the KMS key of what is delivered; its policy has to admit AWS Config."""
    access_logs_bucket: pulumi.Input[str]
    """Name of the bucket that takes the access logs of the recorder's bucket."""
    frequency: NotRequired[str]
    """CONTINUOUS (each change) or DAILY (what differs after a day, cheaper). Default: DAILY in dev, else CONTINUOUS."""
    retention_days: NotRequired[int]
    """Days for which configurations are kept, 30 to 2557. Default: 30 in dev, 400 in staging, 2557 in prod."""
    service_role: NotRequired[str]
    """AWS Config's service-linked role, of which an account has one: create or existing. Default: create."""
    protect: NotRequired[bool]
    """Whether Pulumi refuses to delete the bucket. Default: false in dev, else true."""


class ConfigurationRecorder(pulumi.ComponentResource):
    """The region's one recorder, of all resource types and the global ones, with its delivery channel and bucket.

    The bucket has no Object Lock: AWS Config delivers to none with a default retention.
    """

    recorder_name: pulumi.Output[str]
    """Name of the recorder; it resolves once the recorder records."""
    bucket: pulumi.Output[str]
    """Name of the bucket of configuration histories and snapshots."""

    def __init__(self, name: str, args: ConfigurationRecorderArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        check = Checker("ConfigurationRecorder", name, args, ConfigurationRecorderArgs)
        _check(check)
        check.finish()
        super().__init__("mlops:index:ConfigurationRecorder", name, {**args}, opts)
        environment_class = args.get("environment_class") or "prod"
        days = int(args.get("retention_days") or RETENTION_DAYS[environment_class])
        child = pulumi.ResourceOptions(parent=self)
        bucket, ready = declare_log_bucket(name, _bucket_plan(args, environment_class, days), self)
        recorder = cfg.Recorder(
            name,
            name=f"{args['prefix']}-recorder",
            role_arn=self._role(name, args),
            recording_group={"all_supported": True, "include_global_resource_types": True},
            recording_mode={"recording_frequency": args.get("frequency") or FREQUENCY[environment_class]},
            opts=child,
        )
        channel = cfg.DeliveryChannel(
            f"{name}-channel",
            name=f"{args['prefix']}-recorder",
            s3_bucket_name=bucket.bucket,
            s3_kms_key_arn=args["operations_key_arn"],
            snapshot_delivery_properties={"delivery_frequency": "TwentyFour_Hours"},
            # A channel needs a recorder, and AWS Config tries to write to the bucket.
            opts=pulumi.ResourceOptions(parent=self, depends_on=[recorder, *ready]),
        )
        cfg.RetentionConfiguration(
            f"{name}-retention",
            retention_period_in_days=days,
            opts=pulumi.ResourceOptions(parent=self, depends_on=[recorder]),
        )
        started = cfg.RecorderStatus(
            f"{name}-status",
            name=recorder.name,
            is_enabled=True,
            # A recorder starts only with a channel, and stops before the channel is deleted.
            opts=pulumi.ResourceOptions(parent=self, depends_on=[channel]),
        )
        self.recorder_name = started.name
        self.bucket = bucket.bucket
        self.register_outputs({"recorder_name": self.recorder_name, "bucket": self.bucket})

    def _role(self, name: str, args: ConfigurationRecorderArgs) -> pulumi.Input[str]:
        if (args.get("service_role") or "create") == "existing":
            return service_role_arn(args["account"], args["region"])
        role = iam.ServiceLinkedRole(
            f"{name}-role",
            aws_service_name=SERVICE,
            opts=pulumi.ResourceOptions(parent=self),
        )
        return role.arn


def service_role_arn(account: str, region: str) -> str:
    """Return the ARN of AWS Config's service-linked role (developer guide, Using service-linked roles)."""
    return f"arn:{partition(region)}:iam::{account}:role/aws-service-role/{SERVICE}/AWSServiceRoleForConfig"


def delivery_statements(prefix: str, account: str, region: str) -> list[Statement]:
    """Return what AWS Config needs to deliver (developer guide, permissions for the Amazon S3 bucket)."""
    bucket = bucket_arn(bucket_name(prefix, CONFIG, account, region), region)
    owner = {"aws:SourceAccount": account}
    return [
        statement(
            "ConfigAsks", ["s3:GetBucketAcl", "s3:ListBucket"], [bucket], principal=service_principal("config"),
            condition={"StringEquals": owner},
        ),
        statement(
            "ConfigWrites", ["s3:PutObject"], [f"{bucket}/AWSLogs/{account}/Config/*"],
            principal=service_principal("config"),
            condition={"StringEquals": {**owner, "s3:x-amz-acl": "bucket-owner-full-control"}},
        ),
    ]  # fmt: skip


def _bucket_plan(args: ConfigurationRecorderArgs, environment_class: str, days: int) -> LogBucket:
    place = (args["prefix"], args["account"], args["region"])
    return LogBucket(
        CONFIG, *place, args["operations_key_arn"], args["access_logs_bucket"],
        keep_days=days,
        emptied=environment_class == "dev",
        protect=protects(args),
        statements=delivery_statements(*place),
    )  # fmt: skip


def _check(check: Checker[ConfigurationRecorderArgs]) -> None:
    check.arn("operations_key_arn", "kms")
    check.one_of("frequency", FREQUENCIES)
    check.one_of("service_role", ROLE_MODES)
    check.between("retention_days", 30, 2557, "days (AWS Config PutRetentionConfiguration)")
    prefix, account, region = (check.plain(path) for path in ("prefix", "account", "region"))
    if prefix and account and region:
        check.aws_name("prefix", bucket_name(prefix, CONFIG, account, region), "bucket")
        check.aws_name("prefix", f"{prefix}-recorder", "recorder")

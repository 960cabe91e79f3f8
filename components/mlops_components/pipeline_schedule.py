"""Pipeline schedule: starts a model's training pipeline every month or quarter, as a role that can do nothing else."""

from collections.abc import Mapping
from typing import Any, NotRequired, TypedDict

import pulumi
from pulumi_aws import iam, scheduler

from mlops_components.documents import assume_role_policy, dns_suffix, join_s3_uri, partition, policy, statement
from mlops_components.schedule_group import group_name
from mlops_components.validation import Checker

# 03:00 UTC on the first day (EventBridge Scheduler user guide, cron-based schedules); the window spreads the models.
CADENCES: Mapping[str, str] = {"monthly": "cron(0 3 1 * ? *)", "quarterly": "cron(0 3 1 1,4,7,10 ? *)"}
_RETRY = {"maximum_event_age_in_seconds": 21_600, "maximum_retry_attempts": 20}


class PipelineScheduleArgs(TypedDict):
    """Inputs of `PipelineSchedule`."""

    prefix: str
    """Start of every name of the environment; the schedule is `{prefix}-{model}-training`."""
    account: str
    """AWS account id of the environment, 12 digits."""
    region: str
    """AWS region code."""
    model: str
    """Name of the model."""
    cadence: str
    """monthly or quarterly: on the first day, from 03:00 UTC."""
    window_minutes: NotRequired[int]
    """Within how many minutes of that the pipeline starts, 1 to 1440: so that not all start at once. Default: 240."""
    pipeline_arn: pulumi.Input[str]
    """ARN of the pipeline that is started."""
    raw_bucket: NotRequired[pulumi.Input[str]]
    """Name of the bucket whose folder `{model}` the pipeline's parameter `InputDataUri` names. Default: its own."""
    group_name: pulumi.Input[str]
    """Name of the schedule group, `{prefix}-training`, as `ScheduleGroup` makes it."""
    queue_arn: pulumi.Input[str]
    """ARN of the dead-letter queue for a start that failed for good."""
    key_arn: pulumi.Input[str]
    """ARN of the KMS key of the operations class: it encrypts the schedule and the queue."""


class PipelineSchedule(pulumi.ComponentResource):
    """An EventBridge schedule whose target is a SageMaker pipeline, and the role that starts that one pipeline."""

    schedule_name: pulumi.Output[str]
    """Name of the schedule."""
    schedule_arn: pulumi.Output[str]
    """ARN of the schedule."""
    role_arn: pulumi.Output[str]
    """ARN of the role that the schedule starts the pipeline as."""

    def __init__(self, name: str, args: PipelineScheduleArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        check = Checker("PipelineSchedule", name, args, PipelineScheduleArgs)
        _check(check)
        check.finish()
        super().__init__("mlops:index:PipelineSchedule", name, {**args}, opts)
        child = pulumi.ResourceOptions(parent=self)
        place = (args["prefix"], args["account"], args["region"])
        role = iam.Role(
            f"{name}-role",
            name=f"{args['prefix']}-{args['model']}-scheduler",
            description=f"Starts the training pipeline of {args['model']} on schedule",
            assume_role_policy=assume_role_policy("scheduler", args["account"], group_arn(*place)),
            max_session_duration=3600,
            tags={"purpose": "scheduler"},
            opts=child,
        )
        granted = iam.RolePolicy(
            f"{name}-role-policy",
            name="scheduler",
            role=role.name,
            policy=pulumi.Output.all(args["pipeline_arn"], args["queue_arn"], args["key_arn"]).apply(
                lambda known: scheduler_policy(args["region"], schedule_arn(*place, args["model"]), *known)
            ),
            opts=child,
        )
        self.role_arn = pulumi.Output.all(role.arn, granted.id).apply(lambda known: str(known[0]))
        bucket = args.get("raw_bucket")
        window: Any = {"mode": "FLEXIBLE", "maximum_window_in_minutes": int(args.get("window_minutes") or 240)}
        target: Any = {
            "arn": args["pipeline_arn"],
            "role_arn": self.role_arn,
            "dead_letter_config": {"arn": args["queue_arn"]},
            "retry_policy": _RETRY,
        }
        if bucket is not None:
            folder = pulumi.Output.from_input(bucket).apply(lambda known: join_s3_uri(known, args["model"]))
            parameters = [{"name": "InputDataUri", "value": folder}]
            target["sagemaker_pipeline_parameters"] = {"pipeline_parameters": parameters}
        schedule = scheduler.Schedule(
            name,
            name=schedule_name(args["prefix"], args["model"]),
            group_name=args["group_name"],
            description=f"Trains {args['model']} anew, {args['cadence']}",
            schedule_expression=CADENCES[args["cadence"]],
            schedule_expression_timezone="UTC",
            flexible_time_window=window,
            kms_key_arn=args["key_arn"],
            target=target,
            opts=child,
        )
        self.schedule_name, self.schedule_arn = schedule.name, schedule.arn
        self.register_outputs(
            {"schedule_name": self.schedule_name, "schedule_arn": self.schedule_arn, "role_arn": self.role_arn}
        )


def schedule_name(prefix: str, model: str) -> str:
    """Return the schedule's name."""
    return f"{prefix}-{model}-training"


def group_arn(prefix: str, account: str, region: str) -> str:
    """Return the ARN of the environment's schedule group: whose schedules may take the role.

    The user guide allows the group's ARN as `aws:SourceArn`, not a schedule's (confused deputy prevention).
    """
    return f"arn:{partition(region)}:scheduler:{region}:{account}:schedule-group/{group_name(prefix)}"


def schedule_arn(prefix: str, account: str, region: str, model: str) -> str:
    """Return the schedule's ARN, known before it exists."""
    base = f"arn:{partition(region)}:scheduler:{region}:{account}:schedule"
    return f"{base}/{group_name(prefix)}/{schedule_name(prefix, model)}"


def scheduler_policy(region: str, schedule: str, pipeline_arn: str, queue_arn: str, key_arn: str) -> str:
    """Return what the role may do: start one pipeline, keep a start that failed, read its own encrypted schedule.

    Source: EventBridge Scheduler user guide, Encryption at rest and Configuring a dead-letter queue; SQS developer
    guide, Key management (a producer to an encrypted queue generates and decrypts data keys).
    """
    through_sqs = {"StringEquals": {"kms:ViaService": f"sqs.{region}.{dns_suffix(region)}"}}
    own = {"StringEquals": {"kms:EncryptionContext:aws:scheduler:schedule:arn": schedule}}
    return policy(
        [
            statement("StartThePipeline", ["sagemaker:StartPipelineExecution"], [pipeline_arn]),
            statement("KeepMissedStarts", ["sqs:SendMessage"], [queue_arn]),
            statement("EncryptMissedStarts", ["kms:Decrypt", "kms:GenerateDataKey"], [key_arn], condition=through_sqs),
            statement("ReadTheSchedule", ["kms:Decrypt"], [key_arn], condition=own),
        ]
    )


def _check(check: Checker[PipelineScheduleArgs]) -> None:
    prefix, model = check.plain("prefix"), check.plain("model")
    if prefix and model:
        check.aws_name("model", schedule_name(prefix, model), "event_schedule")
        check.aws_name("model", f"{prefix}-{model}-scheduler", "role")
    check.one_of("cadence", CADENCES)
    check.between("window_minutes", 1, 1440, "minutes (FlexibleTimeWindow)")
    check.arn("pipeline_arn", "sagemaker")
    check.arn("queue_arn", "sqs")
    check.arn("key_arn", "kms")
    check.aws_name("raw_bucket", check.plain("raw_bucket"), "bucket")
    group = check.plain("group_name")
    if prefix and group is not None and group != group_name(prefix):
        rule = "is not the group whose schedules the role trusts"
        check.fault("group_name", group, rule, f"use {group_name(prefix)}, as ScheduleGroup makes it")

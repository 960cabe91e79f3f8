"""Schedule group: where an environment's training schedules lie, and where a start that failed is kept and told of."""

import json
from typing import TypedDict

import pulumi
from pulumi_aws import cloudwatch, scheduler, sqs

from mlops_components.documents import partition, policy, tls_only
from mlops_components.validation import Checker

# The longest that SQS keeps a message (SetQueueAttributes, MessageRetentionPeriod): a missed start outlives a holiday.
_RETENTION_SECONDS = 1_209_600


class ScheduleGroupArgs(TypedDict):
    """Inputs of `ScheduleGroup`."""

    prefix: str
    """Start of every name of the environment; the group is `{prefix}-training`, the queue
    `{prefix}-missed-training`."""
    account: str
    """AWS account id of the environment, 12 digits."""
    region: str
    """AWS region code."""
    key_arn: pulumi.Input[str]
    """ARN of the KMS key of the operations class: it encrypts the queue."""
    alarm_topic_arn: pulumi.Input[str]
    """ARN of the topic that is told when a schedule failed to start its pipeline."""


class ScheduleGroup(pulumi.ComponentResource):
    """A group of EventBridge schedules with an encrypted dead-letter queue and an alarm on it."""

    group_name: pulumi.Output[str]
    """Name of the group."""
    queue_arn: pulumi.Output[str]
    """ARN of the queue that takes what could not be started; it resolves once its policy is set."""
    queue_url: pulumi.Output[str]
    """URL of that queue."""
    alarm_name: pulumi.Output[str]
    """Name of the alarm that a message in the queue raises."""

    def __init__(self, name: str, args: ScheduleGroupArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        check = Checker("ScheduleGroup", name, args, ScheduleGroupArgs)
        check.arn("key_arn", "kms")
        check.arn("alarm_topic_arn", "sns")
        check.aws_name("prefix", queue_name(str(check.plain("prefix"))), "queue")
        check.aws_name("prefix", group_name(str(check.plain("prefix"))), "event_schedule")
        check.finish()
        super().__init__("mlops:index:ScheduleGroup", name, {**args}, opts)
        child = pulumi.ResourceOptions(parent=self)
        group = scheduler.ScheduleGroup(name, name=group_name(args["prefix"]), opts=child)
        queue = sqs.Queue(
            f"{name}-missed",
            name=queue_name(args["prefix"]),
            kms_master_key_id=args["key_arn"],
            message_retention_seconds=_RETENTION_SECONDS,
            # It ends here: no other queue sends what it could not handle to this one.
            redrive_allow_policy=json.dumps({"redrivePermission": "denyAll"}, separators=(",", ":")),
            opts=child,
        )
        guarded = sqs.QueuePolicy(
            f"{name}-missed-policy",
            queue_url=queue.id,
            policy=queue_policy(args["prefix"], args["account"], args["region"]),
            opts=child,
        )
        alarm = cloudwatch.MetricAlarm(
            f"{name}-missed-alarm",
            name=queue_name(args["prefix"]),
            alarm_description="A scheduled training was not started: its request is in the dead-letter queue",
            namespace="AWS/SQS",
            metric_name="ApproximateNumberOfMessagesVisible",
            dimensions={"QueueName": queue.name},
            statistic="Maximum",
            comparison_operator="GreaterThanThreshold",
            threshold=0,
            period=300,
            evaluation_periods=1,
            treat_missing_data="notBreaching",
            alarm_actions=[args["alarm_topic_arn"]],
            opts=child,
        )
        self.group_name = group.name
        self.queue_arn = pulumi.Output.all(queue.arn, guarded.id).apply(lambda known: str(known[0]))
        self.queue_url = queue.id  # the provider's id of a queue is its URL
        self.alarm_name = alarm.name
        self.register_outputs(
            {
                "group_name": self.group_name,
                "queue_arn": self.queue_arn,
                "queue_url": self.queue_url,
                "alarm_name": self.alarm_name,
            }
        )


def group_name(prefix: str) -> str:
    """Return the group's name."""
    return f"{prefix}-training"


def queue_name(prefix: str) -> str:
    """Return the name of the queue of what was missed."""
    return f"{prefix}-missed-training"


def queue_policy(prefix: str, account: str, region: str) -> str:
    """Return the queue's policy: TLS only; who sends and reads is for the roles' own policies to say."""
    arn = f"arn:{partition(region)}:sqs:{region}:{account}:{queue_name(prefix)}"
    return policy([tls_only(["sqs:ReceiveMessage", "sqs:SendMessage"], [arn])])

"""Alert topics: one encrypted SNS topic per severity, and who is told."""

from typing import NotRequired, TypedDict

import pulumi
from pulumi_aws import sns

from mlops_components.documents import Statement, partition, policy, roles_of, service_principal, statement, tls_only
from mlops_components.validation import Checker

SEVERITIES = {
    "critical": "service down, corrupted data, breach: answer within 15 minutes",
    "warning": "degraded performance, minor drift: answer within a day",
    "info": "trends and capacity: answer within a week",
}


class AlertTopicsArgs(TypedDict):
    """Inputs of `AlertTopics`."""

    prefix: str
    """Start of every name of the environment, such as `mlops-dev`."""
    account: str
    """AWS account id of the environment, 12 digits."""
    region: str
    """AWS region code."""
    key_arn: pulumi.Input[str]
    """ARN of the KMS key of the operations class; its policy has to let CloudWatch, EventBridge, Budgets
    and Cost Anomaly Detection use it."""
    critical_emails: NotRequired[list[str]]
    """Mail addresses told of critical alerts. Default: none."""
    warning_emails: NotRequired[list[str]]
    """Mail addresses told of warnings. Default: none."""
    info_emails: NotRequired[list[str]]
    """Mail addresses told of what is good to know. Default: none."""


class AlertTopics(pulumi.ComponentResource):
    """Topics `{prefix}-critical`, `-warning` and `-info`, encrypted, TLS only, with their mail subscriptions."""

    critical_topic_arn: pulumi.Output[str]
    """ARN of the topic for what needs a person now."""
    warning_topic_arn: pulumi.Output[str]
    """ARN of the topic for what needs a look today."""
    info_topic_arn: pulumi.Output[str]
    """ARN of the topic for what is good to know."""

    def __init__(self, name: str, args: AlertTopicsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        check = Checker("AlertTopics", name, args, AlertTopicsArgs)
        check.arn("key_arn", "kms")
        check.aws_name("prefix", f"{check.plain('prefix')}-critical", "topic")
        for severity in SEVERITIES:
            path = f"{severity}_emails"
            check.matches(path, r"[^@\s]+@[^@\s]+\.[^@\s]+", "must be a mail address", "write NAME@DOMAIN")
            check.unique(path, check.plain(path) or [])
        check.finish()
        super().__init__("mlops:index:AlertTopics", name, {**args}, opts)
        child = pulumi.ResourceOptions(parent=self)
        emails = {
            "critical": args.get("critical_emails"),
            "warning": args.get("warning_emails"),
            "info": args.get("info_emails"),
        }
        arns: dict[str, pulumi.Output[str]] = {}
        for severity, meaning in SEVERITIES.items():
            topic = sns.Topic(
                f"{name}-{severity}",
                name=f"{args['prefix']}-{severity}",
                display_name=f"{args['prefix']} {severity}",
                kms_master_key_id=args["key_arn"],
                tags={"severity": severity, "meaning": meaning.replace(",", "")},
                opts=child,
            )
            sns.TopicPolicy(
                f"{name}-{severity}-policy",
                arn=topic.arn,
                policy=topic_policy(args["prefix"], args["account"], args["region"], severity),
                opts=child,
            )
            for email in emails[severity] or ():
                sns.TopicSubscription(
                    f"{name}-{severity}-{email}", topic=topic.arn, protocol="email", endpoint=email, opts=child
                )
            arns[severity] = topic.arn
        self.critical_topic_arn = arns["critical"]
        self.warning_topic_arn = arns["warning"]
        self.info_topic_arn = arns["info"]
        self.register_outputs({f"{severity}_topic_arn": arn for severity, arn in arns.items()})


def topic_policy(prefix: str, account: str, region: str, severity: str) -> str:
    """Return the policy of one topic: who may publish, and TLS only."""
    arn = f"arn:{partition(region)}"
    topic = [f"{arn}:sns:{region}:{account}:{prefix}-{severity}"]
    owner = {"aws:SourceAccount": account}

    def publish(sid: str, service: str, source: str) -> Statement:
        condition = {"StringEquals": owner, "ArnLike": {"aws:SourceArn": source}}
        return statement(sid, ["sns:Publish"], topic, principal=service_principal(service), condition=condition)

    return policy([
        publish("CloudWatchAlarms", "cloudwatch", f"{arn}:cloudwatch:{region}:{account}:alarm:{prefix}-*"),
        # EventBridge sends no source with what it publishes, so a condition would refuse every event (EventBridge user
        # guide, Resource-based policies: no Condition blocks in SNS topic policies). Rules of other accounts publish by
        # a role of their own, which this does not let in.
        statement("EventBridgeRules", ["sns:Publish"], topic, principal=service_principal("events")),
        publish("Budgets", "budgets", f"{arn}:budgets::{account}:*"),
        # Cost Management user guide, Creating an Amazon SNS topic for anomaly notifications.
        publish("CostAnomalies", "costalerts", f"{arn}:ce::{account}:anomalysubscription/*"),
        statement(
            "RolesOfTheEnvironment", ["sns:Publish"], topic, principal={"AWS": f"{arn}:iam::{account}:root"},
            condition={"ArnLike": {"aws:PrincipalArn": roles_of(prefix, account, region)}},
        ),
        tls_only(["sns:Publish"], topic),
    ])  # fmt: skip

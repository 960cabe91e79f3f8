"""Finding alerts: EventBridge rules that send what the detective services find to the topic of its urgency."""

import json
from typing import NotRequired, TypedDict

import pulumi
from pulumi_aws import cloudwatch, sqs

from mlops_components.documents import Statement, partition, policy, service_principal, statement, tls_only
from mlops_components.findings import SOURCES, URGENCIES, event_pattern, mail_text, rule_name
from mlops_components.validation import Checker

# EventBridge tries for at most a day (PutTargets, RetryPolicy); a finding that old is no alert any more.
RETRY_SECONDS = 3600
RETRIES = 8
# SQS keeps a message for at most 14 days (CreateQueue, MessageRetentionPeriod).
KEPT_SECONDS = 14 * 24 * 3600


class FindingAlertsArgs(TypedDict):
    """Inputs of `FindingAlerts`."""

    prefix: str
    """Start of every name of the environment, such as `mlops-dev`."""
    account: str
    """AWS account id of the environment, 12 digits: only its findings are told."""
    region: str
    """AWS region code: findings are told in the region that they are made in."""
    sources: NotRequired[list[str]]
    """Services whose findings are told: guardduty, macie, security_hub, inspector, access_analyzer. Default: all."""
    critical_topic_arn: pulumi.Input[str]
    """ARN of the topic for what needs a person now."""
    warning_topic_arn: pulumi.Input[str]
    """ARN of the topic for what needs a look today."""
    info_topic_arn: pulumi.Input[str]
    """ARN of the topic for what is good to know."""
    key_arn: pulumi.Input[str]
    """ARN of the KMS key of the operations class: it encrypts what could not be delivered."""


class FindingAlerts(pulumi.ComponentResource):
    """A rule for each source and urgency, and one encrypted queue of what could not be delivered."""

    dead_letter_queue_arn: pulumi.Output[str]
    """ARN of the queue of findings that no topic took."""
    rule_names: pulumi.Output[list[str]]
    """Names of the rules, source by source, the most urgent first."""

    def __init__(self, name: str, args: FindingAlertsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        check = Checker("FindingAlerts", name, args, FindingAlertsArgs)
        _check(check)
        check.finish()
        super().__init__("mlops:index:FindingAlerts", name, {**args}, opts)
        child = pulumi.ResourceOptions(parent=self)
        topics = dict(
            zip(
                URGENCIES,
                (args["critical_topic_arn"], args["warning_topic_arn"], args["info_topic_arn"]),
                strict=True,
            )
        )
        queue = _dead_letters(name, args, child)
        rules = []
        for source in args.get("sources") or SOURCES:
            for urgency, topic in topics.items():
                rules.append(_rule(f"{name}-{source}-{urgency}", args, source, urgency, topic, queue, child))
        self.dead_letter_queue_arn = queue.arn
        self.rule_names = pulumi.Output.all(*(rule.name for rule in rules)).apply(lambda names: [*map(str, names)])
        self.register_outputs({"dead_letter_queue_arn": self.dead_letter_queue_arn, "rule_names": self.rule_names})


def _dead_letters(name: str, args: FindingAlertsArgs, opts: pulumi.ResourceOptions) -> sqs.Queue:
    queue = sqs.Queue(
        f"{name}-undelivered",
        name=queue_name(args["prefix"]),
        kms_master_key_id=args["key_arn"],
        message_retention_seconds=KEPT_SECONDS,
        tags={"purpose": "findings that could not be delivered"},
        opts=opts,
    )
    sqs.QueuePolicy(
        f"{name}-undelivered-policy",
        queue_url=queue.url,
        policy=queue_policy(args["prefix"], args["account"], args["region"]),
        opts=opts,
    )
    return queue


def _rule(
    name: str,
    args: FindingAlertsArgs,
    source: str,
    urgency: str,
    topic: pulumi.Input[str],
    queue: sqs.Queue,
    opts: pulumi.ResourceOptions,
) -> cloudwatch.EventRule:
    rule = cloudwatch.EventRule(
        name,
        name=rule_name(args["prefix"], source, urgency),
        description=f"{SOURCES[source].label} findings: {SOURCES[source].meaning[urgency]}",
        event_pattern=json.dumps(event_pattern(source, urgency, args["account"]), separators=(",", ":")),
        state="ENABLED",
        opts=opts,
    )
    paths, template = mail_text(source, urgency)
    cloudwatch.EventTarget(
        f"{name}-topic",
        rule=rule.name,
        target_id=urgency,
        arn=topic,
        input_transformer={"input_paths": paths, "input_template": template},
        dead_letter_config={"arn": queue.arn},
        retry_policy={"maximum_event_age_in_seconds": RETRY_SECONDS, "maximum_retry_attempts": RETRIES},
        opts=opts,
    )
    return rule


def queue_name(prefix: str) -> str:
    """Return the name of the queue of what could not be delivered."""
    return f"{prefix}-undelivered-findings"


def queue_policy(prefix: str, account: str, region: str) -> str:
    """Return the policy of that queue: this environment's rules send, over TLS.

    Source: EventBridge user guide, Dead-letter queues, permissions.
    """
    arn = f"arn:{partition(region)}"
    queue = [f"{arn}:sqs:{region}:{account}:{queue_name(prefix)}"]
    rules = {"ArnLike": {"aws:SourceArn": f"{arn}:events:{region}:{account}:rule/{prefix}-*"}}
    send: Statement = statement(
        "RulesOfTheEnvironment", ["sqs:SendMessage"], queue, principal=service_principal("events"), condition=rules
    )
    return policy([send, tls_only(["sqs:*"], queue)])


def _check(check: Checker[FindingAlertsArgs]) -> None:
    for urgency in URGENCIES:
        check.arn(f"{urgency}_topic_arn", "sns")
    check.arn("key_arn", "kms")
    prefix = check.plain("prefix")
    if isinstance(prefix, str):
        longest = max((rule_name(prefix, source, urgency) for source in SOURCES for urgency in URGENCIES), key=len)
        check.aws_name("prefix", longest, "event_rule")
    sources = check.plain("sources")
    for index, source in enumerate(sources or []):
        if isinstance(source, str) and source not in SOURCES:
            known = ", ".join(SOURCES)
            check.fault(f"sources[{index}]", source, f"must be one of {known}", "name a service that finds")
    check.unique("sources", [source for source in sources or [] if isinstance(source, str)])
    if sources == []:
        check.fault("sources", [], "needs at least one service", "leave the component out where nothing finds")

"""SNS and SQS: keys, policies, transport, subscribers, and what becomes of messages that nobody can handle."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from mlops_policies.policy_documents import TRUSTED_ACCOUNTS, Saying, by_statement, sayings
from mlops_policies.remedies_messaging import encrypted_queue
from mlops_policies.resource import Resource
from mlops_policies.rule import Use, resource_rule, stack_rule
from mlops_policies.stack import Stack
from mlops_policies.values import Malformed, UnknownValue, document, has_unknown
from mlops_policies.verdicts import Verdict, each, not_applicable

TOPIC = "aws:sns/topic:Topic"
TOPIC_POLICY = "aws:sns/topicPolicy:TopicPolicy"
SUBSCRIPTION = "aws:sns/topicSubscription:TopicSubscription"
QUEUE = "aws:sqs/queue:Queue"
QUEUE_POLICY = "aws:sqs/queuePolicy:QueuePolicy"
REDRIVE = "aws:sqs/redrivePolicy:RedrivePolicy"
REDRIVE_ALLOW = "aws:sqs/redriveAllowPolicy:RedriveAllowPolicy"

_SNS = "https://docs.aws.amazon.com/sns/latest/dg"
_SQS = "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide"


@resource_rule(
    "sns-kms",
    on=[TOPIC],
    title="Topics encrypt messages with a key of one's own.",
    severity="medium",
    level="mandatory",
    why="Messages name findings, failures and data. Without a key whoever reads the disk reads them; through "
    "alias/aws/sns alarms and events can't even be published, since its policy can't let their services in.",
    fix="Set kmsMasterKeyId to a key whose policy lets the publishing services in",
    source=f"{_SNS}/sns-key-management.html",
)
def sns_kms(it: Resource, use: Use) -> Iterator[Verdict]:
    """AWS's own key fails: CloudWatch and EventBridge can't use it."""
    yield it.requires("kmsMasterKeyId")
    key = it.raw("kmsMasterKeyId")
    if str(key).endswith("alias/aws/sns"):
        yield it.fails("kmsMasterKeyId", "is AWS's own key, through which alarms and events can't be published")


@resource_rule(
    "sns-policy-not-public",
    on=[TOPIC, TOPIC_POLICY],
    title="Topics are open to named principals only.",
    severity="critical",
    level="mandatory",
    why="Everybody could publish false alarms, or subscribe and read what the topic tells.",
    fix="Name the principals, or add a condition on aws:SourceAccount, aws:SourceArn or aws:PrincipalOrgID",
    source="https://docs.aws.amazon.com/securityhub/latest/userguide/sns-controls.html#sns-4",
    settings=TRUSTED_ACCOUNTS,
)
def sns_policy_not_public(it: Resource, use: Use) -> Iterator[Verdict]:
    """The policy that AWS gives each topic names everybody, under a condition on its owner: that passes."""
    yield from _not_public(it, "policy", use["trusted_accounts"])


def _not_public(it: Resource, path: str, trusted: list[str]) -> Iterator[Verdict]:
    if not it.present(path):
        yield not_applicable("it has no policy of its own")

    def check(said: Saying) -> Iterator[Verdict]:
        if said.allows and trusted:
            for kind, name in said.principals:
                account = _account(name) if kind == "AWS" else ""
                if account and account not in trusted:
                    yield it.fails(said.path, f"lets account {account} in, which is not a trusted one", key=account)
        if said.is_public():
            yield it.fails(said.path, "lets everybody in", key="*")

    yield from by_statement(it, path, check)


def _account(principal: Any) -> str:
    """Return the account of a principal, given by its ARN or as the account's id; "" for what has none."""
    parts = str(principal).split(":")
    found = parts[4] if len(parts) > 5 else parts[0]
    return found if found.isdigit() else ""


@stack_rule(
    "sns-tls-only",
    on=[TOPIC, TOPIC_POLICY],
    title="Topics refuse what does not come over TLS.",
    severity="medium",
    level="advisory",
    why="SNS still answers plain HTTP: what is published that way can be read and changed on its way.",
    fix="Deny sns:Publish to everybody where aws:SecureTransport is false",
    source=f"{_SNS}/sns-security-best-practices.html#enforce-encryption-data-in-transit",
)
def sns_tls_only(it: Resource, stack: Stack, use: Use) -> Iterator[Verdict]:
    """sns:Publish is enough, as AWS's guide has it. A topic is judged by its separate policy, where it has one here."""
    if it.type == TOPIC and stack.referring(it, TOPIC_POLICY, "arn"):
        yield not_applicable("its policy is judged by itself")
        return
    if not it.declares("policy") or not any(
        said.refuses_plain_transport("sns:Publish") for said in sayings(it, "policy")
    ):
        yield it.fails("policy", "must deny sns:Publish to everybody where aws:SecureTransport is false")


@resource_rule(
    "sns-no-http-subscription",
    on=[SUBSCRIPTION, TOPIC],
    title="No subscriber is told over plain HTTP.",
    severity="high",
    level="mandatory",
    why="Messages over plain HTTP can be read and changed on their way.",
    fix="Subscribe with the protocol https",
    source=f"{_SNS}/sns-security-best-practices.html#enforce-encryption-data-in-transit",
)
def sns_no_http_subscription(it: Resource, use: Use) -> Iterator[Verdict]:
    """A native topic lists subscriptions itself."""
    if it.type == SUBSCRIPTION:
        yield it.holds("protocol", lambda protocol: protocol != "http", "must not be http")
        return
    found = it.items("subscription")
    if not found:
        yield not_applicable("it lists no subscriptions")
    yield from each(found, lambda one: [one.holds("protocol", lambda protocol: protocol != "http", "must not be http")])


@resource_rule(
    "sqs-encrypted",
    on=[QUEUE],
    title="Queues are encrypted.",
    severity="medium",
    level="mandatory",
    why="Messages carry what is to be processed; without encryption whoever reads the disk reads them.",
    fix="Set kmsMasterKeyId, or leave sqsManagedSseEnabled on",
    source=f"{_SQS}/sqs-server-side-encryption.html",
    remedy=encrypted_queue,
)
def sqs_encrypted(it: Resource, use: Use) -> Iterator[Verdict]:
    """AWS encrypts new queues with its own key where nothing is said, so only an explicit false fails; older tools fail
    a queue without a key.
    """
    if not it.present("kmsMasterKeyId"):
        yield it.equals("sqsManagedSseEnabled", True, default=True)


@resource_rule(
    "sqs-policy-not-public",
    on=[QUEUE, QUEUE_POLICY],
    title="Queues are open to named principals, for named actions.",
    severity="critical",
    level="mandatory",
    why="Everybody could put work into the queue, read what is in it, or empty it.",
    fix="Name the principals and actions, or add a condition on aws:SourceAccount or aws:SourceArn",
    source="https://docs.aws.amazon.com/securityhub/latest/userguide/sqs-controls.html#sqs-3",
)
def sqs_policy_not_public(it: Resource, use: Use) -> Iterator[Verdict]:
    """Every action to anybody fails unless a condition says when; ``sqs:*`` for a named principal is AWS's default."""
    yield from _not_public(it, "policy", [])

    def check(said: Saying) -> Iterator[Verdict]:
        if said.allows and said.every_action() and not said.conditions:
            yield it.fails(said.path, "allows every action", key="actions")

    yield from by_statement(it, "policy", check)


_NAMED = "queues that redrive policies name"
_DEAD_LETTERS = (
    (QUEUE, "redrivePolicy"),
    (REDRIVE, "redrivePolicy"),
    (SUBSCRIPTION, "redrivePolicy"),
    ("aws:cloudwatch/eventTarget:EventTarget", "deadLetterConfig"),
    ("aws:lambda/function:Function", "deadLetterConfig"),
    ("aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig", "destinationConfig.onFailure"),
    ("aws:scheduler/schedule:Schedule", "target.deadLetterConfig"),
)
"""Where queues are named that take what failed."""


@stack_rule(
    "sqs-dlq",
    on=[QUEUE],
    title="Work queues set aside what nobody can handle.",
    severity="medium",
    level="advisory",
    category="reliability",
    why="A message that fails each time comes back until it expires, holds up the others, and then is lost.",
    fix="Set redrivePolicy with a dead-letter queue and maxReceiveCount",
    source=f"{_SQS}/sqs-dead-letter-queues.html",
)
def sqs_dlq(it: Resource, stack: Stack, use: Use) -> Iterator[Verdict]:
    """A queue that is itself where failures go needs none: one that allows or refuses redrive, or that queues, topics,
    rules, schedules or functions of this stack name as such.
    """
    redrives = [(it, "redrivePolicy")] if it.declares("redrivePolicy") and it.present("redrivePolicy") else []
    redrives += [(found, "redrivePolicy") for found in stack.referring(it, REDRIVE, "queueUrl")]
    if redrives:
        yield from each(redrives, lambda place: _counts(*place))
    elif _takes_failures(it, stack, use):
        yield not_applicable("it is where failures go")
    else:
        yield it.fails("redrivePolicy", "must be given")


def _counts(it: Resource, path: str) -> Iterator[Verdict]:
    if has_unknown(it.raw(path)):
        return
    policy = it.document(path)
    if not isinstance(policy, dict) or not policy.get("deadLetterTargetArn") or not policy.get("maxReceiveCount"):
        yield it.fails(path, "must name a deadLetterTargetArn and a maxReceiveCount")


def _takes_failures(it: Resource, stack: Stack, use: Use) -> bool:
    if it.declares("redriveAllowPolicy") and it.present("redriveAllowPolicy"):
        return True
    if stack.referring(it, REDRIVE_ALLOW, "queueUrl"):
        return True
    if _NAMED not in use.memory:
        use.memory[_NAMED] = set(_named_in_texts(stack))
    named = use.memory[_NAMED]
    if any(name in named for name in it.identifiers()):
        return True
    return any(stack.referring(it, kind, by) for kind, by in _DEAD_LETTERS)


def _named_in_texts(stack: Stack) -> Iterator[str]:
    """Yield ARN and name of each queue that a redrive policy names: they are JSON texts, which no index looks into."""
    for holder in stack.of(QUEUE, REDRIVE, SUBSCRIPTION):
        try:
            policy = document(holder.raw("redrivePolicy"), path=holder.name)
        except (Malformed, UnknownValue):
            continue
        if isinstance(policy, dict):
            arn = str(policy.get("deadLetterTargetArn"))
            yield from (arn, arn.rpartition(":")[2])

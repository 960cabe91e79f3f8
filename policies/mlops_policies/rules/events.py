"""EventBridge and its scheduler: who may put events, what events start, and what becomes of those that fail."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any

from mlops_policies.policy_documents import Saying, by_statement
from mlops_policies.resource import Resource, View
from mlops_policies.rule import Use, resource_rule, stack_rule
from mlops_policies.stack import Stack
from mlops_policies.values import Malformed, UnknownValue, any_of, has_unknown, is_unknown, listed
from mlops_policies.verdicts import PASS, Verdict, each, not_applicable

EVENT_BUS = "aws:cloudwatch/eventBus:EventBus"
EVENT_BUS_POLICY = "aws:cloudwatch/eventBusPolicy:EventBusPolicy"
EVENT_PERMISSION = "aws:cloudwatch/eventPermission:EventPermission"
EVENT_RULE = "aws:cloudwatch/eventRule:EventRule"
EVENT_TARGET = "aws:cloudwatch/eventTarget:EventTarget"
SCHEDULE = "aws:scheduler/schedule:Schedule"

_GUIDE = "https://docs.aws.amazon.com/eventbridge/latest/userguide"
_SCHEDULER = "https://docs.aws.amazon.com/scheduler/latest/UserGuide"
_STARTED_TYPES = (
    "aws:sfn/stateMachine:StateMachine", "aws:lambda/function:Function", "aws:sagemaker/pipeline:Pipeline",
    "aws-native:sagemaker:Pipeline", "aws:codepipeline/pipeline:Pipeline", "aws:codebuild/project:Project",
    "aws:batch/jobQueue:JobQueue", "aws:ecs/cluster:Cluster", "aws:glue/workflow:Workflow",
)  # fmt: skip
_STARTED_SERVICES = frozenset(
    {"states", "lambda", "sagemaker", "codepipeline", "codebuild", "batch", "ecs", "glue", "scheduler"}
)
"""Services whose targets do something; the scheduler's own ARNs name calls of an SDK."""
_TELLING_TYPES = (
    "aws:sns/topic:Topic", "aws:sqs/queue:Queue", "aws:cloudwatch/logGroup:LogGroup", EVENT_BUS,
    "aws:kinesis/stream:Stream", "aws:kinesis/firehoseDeliveryStream:FirehoseDeliveryStream",
)  # fmt: skip
_PATTERN = "eventPattern"
PACKAGE_EVENT = "SageMaker Model Package State Change"


@resource_rule(
    "eventbus-policy-not-public",
    on=[EVENT_BUS_POLICY, EVENT_PERMISSION, EVENT_BUS],
    title="Event buses take events from named accounts only.",
    severity="high",
    level="mandatory",
    why="Whoever may put events on a bus can start whatever its rules start: retraining, deployment, an all-clear.",
    fix="Name the accounts, or add a condition on aws:PrincipalOrgID",
    source=f"{_GUIDE}/eb-event-bus-perms.html",
)
def bus_policy_not_public(it: Resource, use: Use) -> Iterator[Verdict]:
    """The condition of a permission can only be on the organisation. A native bus has its policy itself."""
    if it.type == EVENT_PERMISSION and not it.present("statement"):
        if it.get("principal") == "*" and not it.present("condition"):
            yield it.fails("principal", "is everybody, with no condition", key="*")
        return
    path = "statement" if it.type == EVENT_PERMISSION else "policy"
    if not it.present(path):
        yield not_applicable("it has no policy")

    def check(said: Saying) -> Iterator[Verdict]:
        if said.is_public():
            yield it.fails(said.path, "lets everybody in", key="*")

    yield from by_statement(it, path, check)


@stack_rule(
    "eventtarget-dlq",
    on=[EVENT_TARGET, EVENT_RULE, SCHEDULE],
    title="Events and schedules that start something keep what could not be delivered.",
    severity="medium",
    level="advisory",
    category="reliability",
    why="An event that can't be delivered is tried for a day and then dropped: the retraining or deployment that it "
    "was to start never happens, and nobody learns of it.",
    fix="Set deadLetterConfig to a queue",
    source=(f"{_GUIDE}/eb-rule-dlq.html", f"{_SCHEDULER}/configuring-schedule-dlq.html"),
)
def target_dlq(it: Resource, stack: Stack, use: Use) -> Iterator[Verdict]:
    """Of targets that run something; what only tells (topics, queues, logs, buses) is left alone. Native rules hold
    their targets themselves, and schedules have one.
    """

    def check(target: View) -> Iterator[Verdict]:
        if _starts(target, stack):
            kept = target.present("deadLetterConfig.arn")
            key = str(target.raw("id") or "")
            yield PASS if kept else target.fails("deadLetterConfig", "must be given", key)

    yield from list(each(_targets(it), check)) or [not_applicable("it starts nothing")]


def _targets(it: Resource) -> list[View]:
    if it.type == EVENT_TARGET:
        return [it]
    return it.items("targets" if it.type == EVENT_RULE else "target")


def _starts(target: View, stack: Stack) -> bool:
    """Whether a target runs something. Raises `UnknownValue`."""
    arn = target.raw("arn")
    if not has_unknown(arn):
        return str(arn).partition(":")[2].partition(":")[2].partition(":")[0] in _STARTED_SERVICES
    return any(
        found.type in _STARTED_TYPES for found in stack.referred(target, "arn", *_STARTED_TYPES, *_TELLING_TYPES)
    )


@resource_rule(
    "scheduler-cmk",
    on=[SCHEDULE],
    title="Schedules encrypt their input with a key of one's own.",
    severity="low",
    level="advisory",
    why="Under AWS's key you can neither refuse nor audit the decryption of what a schedule sends.",
    fix="Set kmsKeyArn",
    source=f"{_SCHEDULER}/encryption-rest.html",
)
def scheduler_cmk(it: Resource, use: Use) -> Iterator[Verdict]:
    """A key of AWS's is used where none is given."""
    yield it.requires("kmsKeyArn")


@stack_rule(
    "events-approved-packages-only",
    on=[EVENT_RULE],
    title="What a change of a model package starts, only an approval starts.",
    severity="high",
    level="mandatory",
    category="ml-governance",
    why="A rule that takes every change of a package deploys models that nobody approved, and rejected ones.",
    fix='Set detail.ModelApprovalStatus of the pattern to ["Approved"]',
    source="https://docs.aws.amazon.com/sagemaker/latest/dg/automating-sagemaker-with-eventbridge.html",
)
def approved_packages_only(it: Resource, stack: Stack, use: Use) -> Iterator[Verdict]:
    """For rules whose pattern takes the event and that start something: a topic or queue may be told of every state.

    A pattern without a detail type counts where it takes SageMaker's events and asks nothing that packages don't have.
    """
    pattern = it.document(_PATTERN)
    if pattern is None or not _takes_packages(pattern, it.path(_PATTERN)):
        yield not_applicable("it takes no change of a model package")
        return
    targets = [*it.items("targets"), *stack.referring(it, EVENT_TARGET, "rule")]
    if not any_of(targets, lambda target: _starts(target, stack)):
        yield not_applicable("it starts nothing")
        return
    if not _is_approved_only(pattern.get("detail"), it.path(_PATTERN)):
        yield it.fails(_PATTERN, "must take packages with the ModelApprovalStatus Approved only")


def _takes_packages(pattern: Any, path: str) -> bool:
    if not isinstance(pattern, Mapping):
        raise Malformed(path, why="is no event pattern")
    if not _takes(pattern.get("source"), "aws.sagemaker", path):
        return False
    if "detail-type" in pattern:
        return _takes(pattern["detail-type"], PACKAGE_EVENT, path)
    detail = pattern.get("detail") or {}
    return "source" in pattern and all(key.startswith("Model") for key in detail)


def _takes(matchers: Any, text: str, path: str) -> bool:
    """Whether one of a field's matchers takes a text; no matchers take all. Raises `UnknownValue`."""
    if matchers is None or any(_matches(matcher, text) for matcher in listed(matchers) if not has_unknown(matcher)):
        return True
    if has_unknown(matchers):
        raise UnknownValue(path)
    return False


_KINDS: Mapping[str, Callable[[str, Any], bool]] = {
    "prefix": lambda text, wanted: text.startswith(str(wanted)),
    "suffix": lambda text, wanted: text.endswith(str(wanted)),
    "wildcard": lambda text, wanted: fnmatchcase(text, str(wanted)),
    "equals-ignore-case": lambda text, wanted: text.lower() == str(wanted).lower(),
    "anything-but": lambda text, wanted: not any(_matches(one, text) for one in listed(wanted)),
    "exists": lambda text, wanted: bool(wanted),
}
"""Matchers of event patterns. Source: EventBridge user guide, "Comparison operators"."""


def _matches(matcher: Any, text: str) -> bool:
    if not isinstance(matcher, Mapping):
        return bool(matcher == text)
    return all(kind in _KINDS and _KINDS[kind](text, wanted) for kind, wanted in matcher.items())


def _is_approved_only(detail: Any, path: str) -> bool:
    """Whether the detail of a pattern takes approved packages and no others; of alternatives, each has to."""
    if not isinstance(detail, Mapping):
        return False
    if "ModelApprovalStatus" in detail:
        states = listed(detail["ModelApprovalStatus"])
        if any(not is_unknown(state) and not _is_approved(state) for state in states):
            return False
        if has_unknown(states):
            raise UnknownValue(path)
        return bool(states)
    ways = listed(detail.get("$or"))
    return bool(ways) and all(_is_approved_only(way, path) for way in ways)


def _is_approved(state: Any) -> bool:
    return bool(state == "Approved" or state == {"equals-ignore-case": "approved"})

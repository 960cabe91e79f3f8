"""What is told and recorded of endpoints and monitors: alarms, logs, and who asked a high-risk model."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from mlops_policies.log_retention import RETENTION
from mlops_policies.ml_alarms import INSTANCES, INVOCATIONS, MONITORING_SCHEDULE, tells, watched
from mlops_policies.ml_serving import ENDPOINT
from mlops_policies.resource import Resource, View
from mlops_policies.risk import RISK, is_high_risk
from mlops_policies.rule import Use, stack_rule
from mlops_policies.stack import Stack
from mlops_policies.values import UnknownValue, any_of, has_unknown, listed
from mlops_policies.verdicts import Verdict, not_applicable, not_evaluated

LOG_GROUP = "aws:cloudwatch/logGroup:LogGroup"
TRAIL = "aws:cloudtrail/trail:Trail"
EVENT_STORES = ("aws:cloudtrail/eventDataStore:EventDataStore", "aws-native:cloudtrail:EventDataStore")
FEATURE_GROUP = "aws:sagemaker/featureGroup:FeatureGroup"
_GUIDE = "https://docs.aws.amazon.com/sagemaker/latest/dg"
_LOGS = "/aws/sagemaker/Endpoints/"
_BY_NAME, _RECORDED = "log groups by name", "recorded types"
_UTILISATION = frozenset(
    {
        "CPUUtilization", "CPUUtilizationNormalized", "MemoryUtilization", "MemoryUtilizationNormalized",
        "DiskUtilization", "GPUUtilization", "GPUUtilizationNormalized", "GPUMemoryUtilization",
        "GPUMemoryUtilizationNormalized", "ServerlessProvisionedConcurrencyUtilization",
        "ApproximateBacklogSizePerInstance",
    }
)  # fmt: skip
"""Metrics of how much of an endpoint's capacity is used; of an asynchronous one the queue tells it."""
_WANTED: Mapping[str, frozenset[str]] = {
    "Invocation5XXErrors": frozenset({"Invocation5XXErrors"}),
    "ModelLatency": frozenset({"ModelLatency"}),
    "utilisation": _UTILISATION,
}


@stack_rule(
    "ml-endpoint-service-alarms",
    on=[ENDPOINT],
    title="Endpoints in production have alarms for errors, latency and utilisation.",
    severity="medium",
    level="mandatory",
    category="reliability",
    why="Without an alarm the first to hear of errors, slowness or a full endpoint are its callers.",
    fix="Add alarms on Invocation5XXErrors, ModelLatency and a utilisation metric, each with an action",
    source=(f"{_GUIDE}/monitoring-cloudwatch.html", f"{_GUIDE}/serverless-endpoints-monitoring.html"),
    only=["prod"],
)
def service_alarms(it: Resource, stack: Stack, use: Use) -> Iterator[Verdict]:
    """An alarm whose composite alarm acts counts, and one whose metric is part of an expression. An alarm that only
    rolls releases back does not: between releases nobody would hear of it."""
    found = watched(stack, use)
    pairs = found.metrics.get(it.urn, [])
    for name, metrics in _WANTED.items():
        if any_of(pairs, lambda pair, metrics=metrics: _is_on(pair, metrics, stack, use)):  # type: ignore[misc]
            continue
        message = f"no alarm with an action watches {name} of this endpoint"
        yield not_evaluated(found.loose) if found.loose else it.fails("", message, name)


def _is_on(pair: tuple[Resource, View], wanted: frozenset[str], stack: Stack, use: Use) -> bool:
    alarm, metric = pair
    ours = metric.get("namespace") in (INVOCATIONS, INSTANCES) and metric.get("metricName") in wanted
    return ours and tells(alarm, stack, use)


@stack_rule(
    "ml-monitor-drift-alarm",
    on=[MONITORING_SCHEDULE],
    title="Monitors raise an alarm when they find drift.",
    severity="medium",
    level="advisory",
    category="ml-governance",
    why="A monitor writes violations into a report in S3, which nobody opens until something has gone wrong.",
    fix="Create an alarm with an action on the metrics that the monitor publishes",
    source=(f"{_GUIDE}/model-monitor-interpreting-cloudwatch.html", f"{_GUIDE}/model-monitor-byoc-cloudwatch.html"),
)
def drift_alarm(it: Resource, stack: Stack, use: Use) -> Iterator[Verdict]:
    """The schedule is a dimension of each metric that a monitor publishes, so an alarm on one names it: as
    MonitoringSchedule, or ScheduleName in containers of one's own."""
    found = watched(stack, use)
    if not any_of(found.metrics.get(it.urn, []), lambda pair: tells(pair[0], stack, use)):
        message = "no alarm with an action watches a metric of this monitor"
        yield not_evaluated(found.loose) if found.loose else it.fails("", message)


@stack_rule(
    "ml-endpoint-log-group-retention",
    on=[ENDPOINT],
    title="Logs of endpoints are declared, with a retention and a key.",
    severity="medium",
    level="advisory",
    category="compliance",
    why="A log group that SageMaker creates by itself keeps everything for ever, without a key of one's own; logs of "
    "high-risk systems have to be kept for six months (EU AI Act, Articles 19 and 26).",
    fix="Declare the log group /aws/sagemaker/Endpoints/<endpoint> before the endpoint, with retention and key",
    source=(f"{_GUIDE}/logging-cloudwatch.html",
            "https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html"),
    settings={**RISK, "minimum_high_risk_days": RETENTION["minimum_high_risk_days"]},
)  # fmt: skip
def log_group_retention(it: Resource, stack: Stack, use: Use) -> Iterator[Verdict]:
    """The endpoint's tags tell its risk, which counts outside dev. A retention of 0 is for ever, which is no time that
    anybody has set."""
    group = _log_group(it, stack, use)
    if group is None:
        yield it.fails("", f"no log group {_LOGS}<endpoint> is declared")
        return
    grave = use.environment != "dev" and is_high_risk(it, use)
    least = use["minimum_high_risk_days"] if grave else 1
    if group.get("retentionInDays", 0) < least:
        yield it.fails(
            "", f"its log group {group.name} must be kept for at least {least} days, and not for ever", "days"
        )
    if not group.present("kmsKeyId"):
        yield it.fails("", f"its log group {group.name} has no kmsKeyId", "key")


def _log_group(endpoint: Resource, stack: Stack, use: Use) -> Resource | None:
    """Return the log group that an endpoint writes to; None where none is declared. Raises `UnknownValue`."""
    by_name: dict[str, Resource] | None = use.memory.get(_BY_NAME)
    if by_name is None:
        names = [(group.raw("name"), group) for group in stack.of(LOG_GROUP)]
        by_name = use.memory[_BY_NAME] = {name: group for name, group in names if not has_unknown(name)}
    found = next((by_name[_LOGS + name] for name in endpoint.identifiers() if _LOGS + name in by_name), None)
    if found is not None:
        return found
    coming = stack.referring(endpoint, LOG_GROUP, by="name")
    if not coming:
        endpoint.get("name")  # raises where it is unknown
    return coming[0] if coming else None


@stack_rule(
    "ml-cloudtrail-invocation-events",
    on=[ENDPOINT],
    title="Invocations of high-risk endpoints are recorded by CloudTrail.",
    severity="medium",
    level="advisory",
    category="compliance",
    why="Trails leave data events out, so who asked a high-risk model for a decision can't be told afterwards.",
    fix="Add an advanced event selector for data events of AWS::SageMaker::Endpoint, and of "
    "AWS::SageMaker::FeatureGroup where there are feature groups",
    source=("https://docs.aws.amazon.com/awscloudtrail/latest/userguide/logging-data-events-with-cloudtrail.html",
            f"{_GUIDE}/feature-store-logging-using-cloudtrail.html"),
    settings=RISK,
)  # fmt: skip
def invocation_events(it: Resource, stack: Stack, use: Use) -> Iterator[Verdict]:
    """Any trail or event data store of the stack may record them; a stack without one leaves trails to another. Feature
    groups are asked for only where the stack has some. The older event selectors don't know SageMaker."""
    recorders = stack.of(TRAIL, *EVENT_STORES)
    if not recorders or not is_high_risk(it, use):
        yield not_applicable("no high-risk endpoint, or no trail in this stack")
        return
    wanted = ["AWS::SageMaker::Endpoint", *["AWS::SageMaker::FeatureGroup" for _ in stack.of(FEATURE_GROUP)[:1]]]
    recorded, loose = _recorded(recorders, use)
    for kind in wanted:
        if kind not in recorded:
            yield not_evaluated(loose) if loose else it.fails("", f"no trail records data events of {kind}", kind)


def _recorded(recorders: list[Resource], use: Use) -> tuple[set[Any], str]:
    """Return the resource types whose data events are recorded; found once for a stack."""
    found: tuple[set[Any], str] | None = use.memory.get(_RECORDED)
    if found is None:
        kinds: set[Any] = set()
        loose = ""
        for recorder in recorders:
            try:
                for selector in recorder.items("advancedEventSelectors"):
                    kinds |= _selected(selector)
            except UnknownValue as unknown:
                loose = unknown.path
        found = use.memory[_RECORDED] = (kinds, loose)
    return found


def _selected(selector: View) -> set[Any]:
    """Return the resource types whose data events a selector records."""
    chosen = {field.get("field"): {*listed(field.whole("equals"))} for field in selector.items("fieldSelectors")}
    return chosen.get("resources.type", set()) if "Data" in chosen.get("eventCategory", ()) else set()

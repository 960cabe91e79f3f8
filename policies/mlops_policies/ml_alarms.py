"""Which CloudWatch alarms of a stack watch an endpoint or a monitoring schedule, and whether they tell anybody."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from mlops_policies.ml_serving import ENDPOINT
from mlops_policies.resource import Resource, View
from mlops_policies.rule import Use
from mlops_policies.stack import Stack
from mlops_policies.values import UnknownValue, has_unknown, is_unknown

METRIC_ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm"
COMPOSITE_ALARM = "aws:cloudwatch/compositeAlarm:CompositeAlarm"
MONITORING_SCHEDULE = "aws:sagemaker/monitoringSchedule:MonitoringSchedule"
INVOCATIONS, INSTANCES = "AWS/SageMaker", "/aws/sagemaker/Endpoints"
"""Namespaces of what SageMaker measures of endpoints: of their requests, and of their instances."""

_NAMED_BY = {
    "EndpointName": ENDPOINT,
    "Endpoint": ENDPOINT,
    "MonitoringSchedule": MONITORING_SCHEDULE,
    "ScheduleName": MONITORING_SCHEDULE,
}
"""Dimensions that name endpoints and schedules; the monitors' containers have other names for them than SageMaker."""
_CHILD = re.compile(r"""(?:ALARM|OK|INSUFFICIENT_DATA)\s*\(\s*["']?([^"')]+?)["']?\s*\)""")


@dataclass
class Watched:
    """What the alarms of a stack watch."""

    metrics: dict[str, list[tuple[Resource, View]]] = field(default_factory=dict)
    """By the URN of what is watched: alarms with the metric that names it."""
    loose: str = ""
    """A dimension that may name anything."""


def metrics_of(alarm: Resource) -> Iterator[View]:
    """Yield the metrics that an alarm watches, each with namespace, name, dimensions and period. Raises
    `UnknownValue`."""
    if alarm.present("metricName"):
        yield alarm
    for query in alarm.items("metricQueries"):
        metric = query.part("metric")
        if metric is not None:
            yield metric


def names(metric: View, dimension: str, what: Resource, stack: Stack) -> bool:
    """Whether a dimension of a metric names a resource. Raises `UnknownValue`."""
    return what in stack.referred(metric, f"dimensions.{dimension}", what.type)


def watched(stack: Stack, use: Use) -> Watched:
    """Return what the stack's alarms watch; found once for a stack."""
    found: Watched | None = use.memory.get("watched")
    if found is None:
        found = use.memory["watched"] = Watched()
        for alarm in stack.of(METRIC_ALARM):
            _note(alarm, stack, found)
    return found


def _note(alarm: Resource, stack: Stack, found: Watched) -> None:
    try:
        metrics = list(metrics_of(alarm))
    except UnknownValue as unknown:
        found.loose = unknown.path
        return
    for metric in metrics:
        for dimension, kind in _NAMED_BY.items():
            try:
                for what in stack.referred(metric, f"dimensions.{dimension}", kind):
                    found.metrics.setdefault(what.urn, []).append((alarm, metric))
            except UnknownValue as unknown:
                found.loose = unknown.path


def tells(alarm: Resource, stack: Stack, use: Use) -> bool:
    """Whether somebody is told when an alarm goes off: by an action of its own, or of a composite alarm over it."""
    return _acts(alarm) or any(_acts(composite) for composite in _composites(stack, use).get(alarm.urn, ()))


def _acts(alarm: Resource) -> bool:
    given = alarm.raw("alarmActions")
    return bool(given) and (is_unknown(alarm.raw("actionsEnabled")) or bool(alarm.get("actionsEnabled", True)))


def _composites(stack: Stack, use: Use) -> dict[str, list[Resource]]:
    """Return the composite alarms by the alarms in their rules; found once for a stack."""
    found: dict[str, list[Resource]] | None = use.memory.get("composites")
    if found is None:
        found = use.memory["composites"] = {}
        by_name = {name: alarm for alarm in stack.of(METRIC_ALARM) for name in alarm.identifiers()}
        for composite in stack.of(COMPOSITE_ALARM):
            for alarm in _inside(composite, stack, by_name):
                found.setdefault(alarm.urn, []).append(composite)
    return found


def _inside(composite: Resource, stack: Stack, by_name: Mapping[str, Resource]) -> list[Resource]:
    rule = composite.raw("alarmRule")
    if not has_unknown(rule):
        return [by_name[name] for name in _CHILD.findall(rule or "") if name in by_name]
    return [stack.by_urn[urn] for urn in composite.property_dependencies.get("alarmRule", ()) if urn in stack.by_urn]

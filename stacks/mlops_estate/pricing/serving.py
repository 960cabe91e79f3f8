"""What endpoints cost: instance-hours between the bounds of scaling, serverless time, and data that is processed.

Formulas: SageMaker pricing (https://aws.amazon.com/sagemaker/ai/pricing/): instances by the hour from creation to
deletion, GB of requests and answers; serverless inference by the millisecond and memory.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal
from typing import Any

from mlops_estate.graph import ResourceNode
from mlops_estate.pricing.desk import Desk, blocks, first, known_number, known_text
from mlops_estate.pricing.model import HOURS, Amount, Range

CONFIGURATIONS = (
    "aws:sagemaker/endpointConfiguration:EndpointConfiguration",
    "aws-native:sagemaker:EndpointConfig",
)
TARGETS = ("aws:appautoscaling/target:Target", "aws-native:applicationautoscaling:ScalableTarget")
POLICIES = ("aws:appautoscaling/policy:Policy", "aws-native:applicationautoscaling:ScalingPolicy")
_PER_INSTANCE = "SageMakerVariantInvocationsPerInstance"
_KB_PER_GB = Decimal(1_000_000)


@dataclass(frozen=True, slots=True)
class Traffic:
    """The requests of one variant: how many a month, and in how many hours of the month they come."""

    requests: Range
    hours: Range
    by: tuple[Amount, ...]


def endpoint(desk: Desk, node: ResourceNode) -> None:
    """Price an endpoint by the variants of the configuration that it uses."""
    configuration = configuration_of(desk, node)
    if configuration is None:
        desk.unpriced(node, "its configuration isn't in the graph: instances are unknown")
        return
    production = blocks(configuration.inputs.get("productionVariants"))
    shadow = blocks(configuration.inputs.get("shadowProductionVariants"))
    weights = sum((_weight(variant) for variant in production), Decimal(0))
    if not production:
        desk.unpriced(node, "its variants are unknown until the update")
    for variant in (*production, *shadow):
        share = _weight(variant) / weights if weights else Decimal(1)
        _variant(desk, node, variant, min(share, Decimal(1)))


def configuration_of(desk: Desk, node: ResourceNode) -> ResourceNode | None:
    """Return the configuration that an endpoint uses: by reference, else by its name."""
    for key in ("endpointConfigName", "endpointConfigurationName"):
        if found := desk.linked(node, key, *CONFIGURATIONS):
            return found
        if name := known_text(node.inputs.get(key)):
            for other in desk.of_types(*CONFIGURATIONS):
                if name in {other.inputs.get("name"), other.inputs.get("endpointConfigName"), other.id}:
                    return other
    return None


def traffic_of(desk: Desk, model: str, share: Decimal) -> Traffic:
    """Return a variant's share of a model's requests, and the hours of the month in which they come."""
    requests = desk.amount(model, "requests_per_month")
    per_day, per_week = desk.amount(model, "active_hours_per_day"), desk.amount(model, "active_days_per_week")
    hours = per_day.range * per_week.range * HOURS / (24 * 7)
    return Traffic(requests.range * share, hours, (requests, per_day, per_week))


def _weight(variant: Mapping[str, Any]) -> Decimal:
    weight = known_number(variant.get("initialVariantWeight"))
    return Decimal(1) if weight is None else weight


def _variant(desk: Desk, node: ResourceNode, variant: Mapping[str, Any], share: Decimal) -> None:
    model = desk.model_of.get(node.urn, "")
    traffic = traffic_of(desk, model, share)
    if serverless := first(variant.get("serverlessConfig")):
        _serverless(desk, node, serverless, traffic, model)
        return
    instance_type = known_text(variant.get("instanceType"))
    count = known_number(variant.get("initialInstanceCount"))
    if not instance_type or count is None:
        desk.unpriced(node, "instance type or count of a variant is unknown until the update")
        return
    least, most, target = _scaling(desk, node, variant, count)
    hours, by = _instance_hours(least, most, target, traffic)
    desk.instances(
        node, instance_type, hours, mode="hosting", by=by,
        instances=Range(least, hours.expected / HOURS, most), variant=known_text(variant.get("variantName")),
        scaled=least != most,
    )  # fmt: skip
    if volume := known_number(variant.get("volumeSizeInGb")):
        desk.add(node, "sagemaker.volume.hosting", hours * volume / HOURS, by=by)
    _data(desk, node, traffic, model, "sagemaker.data.in", "sagemaker.data.out")


def _instance_hours(
    least: Decimal, most: Decimal, target: Decimal | None, traffic: Traffic
) -> tuple[Range, tuple[Amount, ...]]:
    """Return the instance-hours of a month, and what they rest on.

    Low is the fewest instances all the time. Expected are as many as bring the requests, spread evenly over the active
    hours, below the target of invocations per instance and minute; the fewest in the other hours. High is the most in
    all active hours.
    """
    if least == most:
        return Range.exactly(least * HOURS), ()
    active = traffic.hours.at_most(HOURS)
    needed = least
    if target and active.expected:
        per_minute = traffic.requests.expected / (active.expected * 60)
        needed = min(max((per_minute / target).to_integral_value(ROUND_CEILING), least), most)
    rest = HOURS - active.expected
    hours = Range(
        least * HOURS, needed * active.expected + least * rest, most * active.high + least * (HOURS - active.high)
    )
    return hours, traffic.by


def _scaling(
    desk: Desk, node: ResourceNode, variant: Mapping[str, Any], count: Decimal
) -> tuple[Decimal, Decimal, Decimal | None]:
    """Return the fewest and most instances of a variant, and its target of invocations per instance and minute."""
    managed = first(variant.get("managedInstanceScaling"))
    if managed.get("status") == "ENABLED":
        least, most = known_number(managed.get("minInstanceCount")), known_number(managed.get("maxInstanceCount"))
        return (count if least is None else least), (count if most is None else most), None
    name = known_text(node.inputs.get("endpointName")) or known_text(node.inputs.get("name"))
    resource = f"endpoint/{name}/variant/{known_text(variant.get('variantName'))}"
    for scaled in desk.of_types(*TARGETS):
        if scaled.inputs.get("resourceId") == resource or node.urn in scaled.property_dependencies.get(
            "resourceId", ()
        ):
            least, most = known_number(scaled.inputs.get("minCapacity")), known_number(scaled.inputs.get("maxCapacity"))
            return (count if least is None else least), (count if most is None else most), _target(desk, scaled)
    return count, count, None


def _target(desk: Desk, scaled: ResourceNode) -> Decimal | None:
    for policy in desk.of_types(*POLICIES):
        if policy.inputs.get("resourceId") != scaled.inputs.get("resourceId"):
            continue
        tracking = first(policy.inputs.get("targetTrackingScalingPolicyConfiguration"))
        metric = first(tracking.get("predefinedMetricSpecification"))
        if metric.get("predefinedMetricType") == _PER_INSTANCE:
            return known_number(tracking.get("targetValue"))
    return None


def _serverless(desk: Desk, node: ResourceNode, serverless: Mapping[str, Any], traffic: Traffic, model: str) -> None:
    memory = known_number(serverless.get("memorySizeInMb"))
    if memory is None:
        desk.unpriced(node, "the memory of a serverless variant is unknown until the update")
        return
    duration = desk.amount(model, "inference_ms")
    seconds = traffic.requests * duration.range / 1000 * (memory / 1024)
    desk.add(
        node, "sagemaker.serverless", seconds, by=(traffic.by[0], duration), item=f"serverless, {memory:f} MB",
        basis={"mode": "serverless", "memory_mb": memory, "seconds": traffic.requests * duration.range / 1000},
    )  # fmt: skip
    if known_number(serverless.get("provisionedConcurrency")):
        desk.unpriced(node, "the table has no price of provisioned concurrency")
    _data(desk, node, traffic, model, "sagemaker.serverless.data", "sagemaker.serverless.data")


def _data(desk: Desk, node: ResourceNode, traffic: Traffic, model: str, price_in: str, price_out: str) -> None:
    for key, size_of, item in ((price_in, "request_kb", "requests"), (price_out, "response_kb", "answers")):
        size = desk.amount(model, size_of)
        gigabytes = traffic.requests * size.range / _KB_PER_GB
        desk.add(node, key, gigabytes, item=f"data processed, {item}", by=(traffic.by[0], size))


def captured(desk: Desk) -> Iterator[tuple[str, Range, tuple[Amount, ...]]]:
    """Yield for every model the GB of requests and answers that are captured in a month."""
    for node in desk.of_types("aws:sagemaker/endpoint:Endpoint", "aws-native:sagemaker:Endpoint"):
        configuration = configuration_of(desk, node)
        capture = first(configuration.inputs.get("dataCaptureConfig")) if configuration else {}
        percent = known_number(capture.get("initialSamplingPercentage"))
        if not capture.get("enableCapture") or not percent:
            continue
        model = desk.model_of.get(node.urn, "")
        amounts = tuple(desk.amount(model, key) for key in ("requests_per_month", "request_kb", "response_kb"))
        size = amounts[1].range + amounts[2].range
        yield model, amounts[0].range * size * (percent / 100) / _KB_PER_GB, amounts

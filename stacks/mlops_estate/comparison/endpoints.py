"""What a resource graph says of its endpoints: whose they are, what they run on, and how they are released."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from mlops_estate.graph import ResourceGraph
from mlops_estate.graph_models import models_of, tags_of
from mlops_policies.instances import family
from mlops_policies.ml_scaling_targets import TARGET
from mlops_policies.ml_serving import ENDPOINT, ENDPOINT_CONFIG, ROLLING, ROUTING, configuration_of
from mlops_policies.resource import Resource
from mlops_policies.stack import Stack
from mlops_policies.values import UnknownValue, has_unknown, is_absent

MODEL = "aws:sagemaker/model:Model"
METRIC_ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm"
GUARDED = "mlops:index:GuardedEndpoint"
_UPDATE = "deploymentConfig.blueGreenUpdatePolicy"
_ALARMS = "deploymentConfig.autoRollbackConfiguration.alarms"
_VERSION = re.compile(r"-v(\d+)$")
_IDENTIFIERS = ("arn", "bucket", "id", "keyId", "name", "url")
_UNGUARDED = "inf1"
"""On Inf1, SageMaker shifts all at once whatever the endpoint says (developer guide, deployment guardrails,
"Exclusions")."""


@dataclass(frozen=True, slots=True)
class Variant:
    """A production variant: instances, or serverless with `memory_mb`; None and "" where that is unknown."""

    name: str
    instance_type: str = ""
    instance_count: int | None = None
    memory_mb: int | None = None

    @property
    def serverless(self) -> bool:
        """Whether it has no instances."""
        return self.memory_mb is not None


@dataclass(frozen=True, slots=True)
class Shift:
    """How traffic moves: all at once, canary, linear or rolling; `size` is of the first (canary) or each step, of
    `size_type` CAPACITY_PERCENT or INSTANCE_COUNT; times in seconds, None where nothing says."""

    strategy: str = "all at once"
    size: int = 100
    size_type: str = "CAPACITY_PERCENT"
    wait: int = 0
    termination_wait: int = 0
    max_execution: int | None = None

    def __str__(self) -> str:
        if self.strategy == "all at once":
            return self.strategy
        unit = "%" if self.size_type == "CAPACITY_PERCENT" else "instance" if self.size == 1 else "instances"
        return f"{self.strategy} {self.size} {unit}"


@dataclass(frozen=True, slots=True)
class Alarm:
    """A rollback alarm: its name, and how long a breach lasts at least before it goes off, in seconds."""

    name: str
    seconds: int = 0


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An endpoint with everything that a release depends on. `configuration` are the live configuration's inputs."""

    urn: str
    name: str
    model: str
    version: int | None
    shift: Shift
    variants: tuple[Variant, ...] = ()
    alarms: tuple[Alarm, ...] = ()
    autoscaled: bool = False
    keeps_count: bool = False
    """Whether an update keeps the number of instances that runs (RetainAllVariantProperties)."""
    configuration_urn: str = ""
    configuration: Mapping[str, Any] = field(default_factory=dict)

    @property
    def instances(self) -> int | None:
        """Instances of all variants at creation; None where unknown or serverless."""
        counts = [variant.instance_count for variant in self.variants]
        known = [count for count in counts if count is not None]
        return sum(known) if known and len(known) == len(counts) else None

    @property
    def instance_types(self) -> tuple[str, ...]:
        """The instance types of its variants."""
        return tuple(sorted({variant.instance_type for variant in self.variants if variant.instance_type}))

    @property
    def serverless(self) -> bool:
        """Whether it has no instances."""
        return any(variant.serverless for variant in self.variants)

    @property
    def guarded(self) -> bool:
        """Whether deployment guardrails work for what it runs on."""
        return not any(family(each) == _UNGUARDED for each in self.instance_types)


def resources_of(graph: ResourceGraph) -> Stack:
    """Return a graph's resources as the policies read them, under the `aws` provider's types and names."""
    made = []
    for node in graph.custom_nodes():
        if node.is_provider or node.status in ("deleted", "superseded"):
            continue
        # By what the provider answers others may name it; anything else that it answers is none of the program's.
        known = {key: node.outputs[key] for key in _IDENTIFIERS if isinstance(node.outputs.get(key), str)}
        it = Resource(node.type, {**known, **node.inputs}, urn=node.urn, name=node.name, id=node.id or "")
        it.property_dependencies = {
            **dict.fromkeys(node.inputs, ()),
            **{key: tuple(urns) for key, urns in node.property_dependencies.items()},
        }
        made.append(it)
    return Stack(made)


def endpoints_of(graph: ResourceGraph, stack: Stack | None = None) -> dict[str, Endpoint]:
    """Return the endpoints of a graph by URN, in alphabetical order."""
    stack = stack or resources_of(graph)
    models = models_of(graph)
    scaled = _scaled(stack)
    found = {it.urn: _endpoint(it, stack, graph, models, scaled) for it in stack.of(ENDPOINT)}
    return dict(sorted(found.items()))


def _endpoint(
    it: Resource, stack: Stack, graph: ResourceGraph, models: Mapping[str, str], scaled: set[str]
) -> Endpoint:
    name = _text(it.raw("name")) or it.name
    try:
        configuration = configuration_of(it, stack)
    except UnknownValue:
        configuration = None
    excluded = {_text(each.raw("variantPropertyType")) for each in _items(it, "excludeRetainedVariantProperties")}
    retains = it.raw("retainAllVariantProperties") is True
    return Endpoint(
        it.urn,
        name,
        models.get(it.urn, ""),
        _version(it, configuration, stack, graph),
        shift_of(it),
        _variants(configuration),
        _alarms(it, stack),
        bool({it.urn, name} & scaled),
        retains and "DesiredInstanceCount" not in excluded,
        configuration.urn if configuration else "",
        configuration.value if configuration else {},
    )


def shift_of(it: Resource) -> Shift:
    """Return how an endpoint's traffic moves. Without a policy SageMaker shifts all at once (API, DeploymentConfig)."""
    if it.present("deploymentConfig") and it.present(ROLLING):
        size = _number(it, f"{ROLLING}.maximumBatchSize.value") or 100
        kind = _text(it.raw(f"{ROLLING}.maximumBatchSize.type"))
        wait = _number(it, f"{ROLLING}.waitIntervalInSeconds") or 0
        return Shift(
            "rolling", size, kind, wait, max_execution=_number(it, f"{ROLLING}.maximumExecutionTimeoutInSeconds")
        )
    kinds = {"CANARY": ("canary", "canarySize"), "LINEAR": ("linear", "linearStepSize")}
    strategy, sized = kinds.get(_text(_raw(it, f"{ROUTING}.type")), ("all at once", ""))
    size = _number(it, f"{ROUTING}.{sized}.value") or 100 if sized else 100
    return Shift(
        strategy,
        size,
        _text(_raw(it, f"{ROUTING}.{sized}.type")) if sized else "CAPACITY_PERCENT",
        _number(it, f"{ROUTING}.waitIntervalInSeconds") or 0,
        _number(it, f"{_UPDATE}.terminationWaitInSeconds") or 0,
        _number(it, f"{_UPDATE}.maximumExecutionTimeoutInSeconds"),
    )


def _variants(configuration: Resource | None) -> tuple[Variant, ...]:
    if configuration is None:
        return ()
    return tuple(
        Variant(
            _text(each.raw("variantName")),
            _text(each.raw("instanceType")),
            _whole(each.raw("initialInstanceCount")),
            _whole(each.raw("serverlessConfig.memorySizeInMb"), 0) if each.present("serverlessConfig") else None,
        )
        for each in _items(configuration, "productionVariants")
    )


def _alarms(it: Resource, stack: Stack) -> tuple[Alarm, ...]:
    if _raw(it, _ALARMS) is None:
        return ()
    try:
        declared = stack.referred(it, _ALARMS, METRIC_ALARM)
    except UnknownValue:
        declared = []
    found = {_text(alarm.raw("name")) or alarm.name: _seconds(alarm) for alarm in declared}
    for each in _items(it, _ALARMS):
        found.setdefault(_text(each.raw("alarmName")), 0)
    return tuple(Alarm(name, seconds) for name, seconds in sorted(found.items()) if name)


def _seconds(alarm: Resource) -> int:
    """Return how long a breach lasts before the alarm goes off: M of N datapoints (CloudWatch, Evaluating an alarm)."""
    points = _whole(alarm.raw("datapointsToAlarm")) or _whole(alarm.raw("evaluationPeriods"), 1) or 1
    return (_whole(alarm.raw("period"), 60) or 60) * points


def _version(it: Resource, configuration: Resource | None, stack: Stack, graph: ResourceGraph) -> int | None:
    """Return the version that is live: as the model's tag has it, its component, or the configuration's name."""
    if configuration is not None:
        try:
            models = stack.referred(configuration, "productionVariants", MODEL)
        except UnknownValue:
            models = []
        told = {tags_of(model.value).get("model-version", "") for model in models}
        if len(told) == 1 and (text := told.pop()).isdigit():
            return int(text)
    node = graph.nodes[it.urn]
    parent = graph.nodes.get(node.parent or "")
    if parent is not None and parent.type == GUARDED and (known := _whole(parent.inputs.get("version"))) is not None:
        return known
    found = _VERSION.search(configuration.name) if configuration else None
    return int(found[1]) if found else None


def _scaled(stack: Stack) -> set[str]:
    """Return the names and URNs of endpoints with a variant that is registered for scaling of its instances."""
    found: set[str] = set()
    for target in stack.of(TARGET):
        if target.raw("scalableDimension") != "sagemaker:variant:DesiredInstanceCount":
            continue
        name = target.raw("resourceId")
        if isinstance(name, str) and not has_unknown(name):
            found.add(name.split("/")[1] if name.count("/") == 3 else name)
        else:
            found.update(target.property_dependencies.get("resourceId", ()))
    return found


def _items(it: Resource, path: str) -> list[Any]:
    try:
        return [each for each in it.items(path) if isinstance(each.value, Mapping)]
    except UnknownValue:
        return []


def _raw(it: Resource, path: str) -> Any:
    try:
        return it.raw(path)
    except UnknownValue:
        return None


def _text(value: Any) -> str:
    return "" if is_absent(value) or has_unknown(value) else str(value)


def _number(it: Resource, path: str) -> int | None:
    return _whole(_raw(it, path))


def _whole(value: Any, default: int | None = None) -> int | None:
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return default
    try:
        return int(float(value))
    except ValueError:
        return default


__all__ = ["ENDPOINT", "ENDPOINT_CONFIG", "Alarm", "Endpoint", "Shift", "Variant", "endpoints_of", "resources_of"]

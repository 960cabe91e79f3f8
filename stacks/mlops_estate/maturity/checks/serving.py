"""Checks of endpoints: how they are released, rolled back, scaled, watched and compared."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from mlops_estate.graph import UNKNOWN, ResourceNode
from mlops_estate.maturity.checks.registry import Found, check, every_model, resource
from mlops_estate.maturity.facts import Facts, namespaces
from mlops_estate.maturity.model import Outcome
from mlops_estate.maturity.values import block, entries, number

ENDPOINTS = ("aws-native:sagemaker:Endpoint", "aws:sagemaker/endpoint:Endpoint")
CONFIGURATION = "aws:sagemaker/endpointConfiguration:EndpointConfiguration"
JOB_DEFINITIONS: Mapping[str, str] = {
    "DataQuality": "aws:sagemaker/dataQualityJobDefinition:DataQualityJobDefinition",
    "ModelQuality": "aws-native:sagemaker:ModelQualityJobDefinition",
    "ModelBias": "aws-native:sagemaker:ModelBiasJobDefinition",
    "ModelExplainability": "aws-native:sagemaker:ModelExplainabilityJobDefinition",
}
"""Monitoring types, and what defines their jobs."""
_PREFIX = {"DataQuality": "dataQuality", "ModelQuality": "modelQuality", "ModelBias": "modelBias",
           "ModelExplainability": "modelExplainability"}  # fmt: skip


def of_endpoints(facts: Facts, look: Callable[[ResourceNode], Found]) -> Outcome:
    """Return the outcome of every endpoint of every model; a model without one has nothing to look at."""

    def of_model(model: str) -> Found:
        nodes = facts.of(*ENDPOINTS, model=model)
        if not nodes:
            return "it has no endpoint"
        evidence = []
        for node in nodes:
            found = look(node)
            if isinstance(found, str):
                return found
            evidence += found
        return evidence

    return every_model(facts, of_model)


def _configurations(facts: Facts, endpoint: ResourceNode) -> list[ResourceNode]:
    return [node for node in facts.linked(endpoint, "endpointConfigName") if node.type == CONFIGURATION]


@check
def blue_green(facts: Facts) -> Outcome:
    """Endpoints are updated by deployment guardrails: a new fleet beside the old one, or rolling batches."""

    def look(endpoint: ResourceNode) -> Found:
        config = block(endpoint.inputs.get("deploymentConfig"))
        policy = next((name for name in ("blueGreenUpdatePolicy", "rollingUpdatePolicy") if config.get(name)), None)
        return [resource(endpoint, policy)] if policy else "no update policy: traffic moves without a guardrail"

    return of_endpoints(facts, look)


@check
def gradual_release(facts: Facts) -> Outcome:
    """Traffic moves in steps with a bake time: canary, linear or rolling."""

    def look(endpoint: ResourceNode) -> Found:
        config = block(endpoint.inputs.get("deploymentConfig"))
        routing = block(block(config.get("blueGreenUpdatePolicy")).get("trafficRoutingConfiguration"))
        rolling = block(config.get("rollingUpdatePolicy"))
        if routing.get("type") in ("CANARY", "LINEAR") and number(routing.get("waitIntervalInSeconds")) > 0:
            return [resource(endpoint, f"{routing['type']}, {routing['waitIntervalInSeconds']} s between steps")]
        if number(rolling.get("waitIntervalInSeconds")) > 0:
            return [resource(endpoint, f"rolling, {rolling['waitIntervalInSeconds']} s between batches")]
        return f"all traffic moves at once ({routing.get('type') or 'no routing'})"

    return of_endpoints(facts, look)


@check
def rolls_back(facts: Facts) -> Outcome:
    """A release is rolled back by alarms that are declared, and that watch the same endpoint."""

    def look(endpoint: ResourceNode) -> Found:
        automatic = block(block(endpoint.inputs.get("deploymentConfig")).get("autoRollbackConfiguration"))
        named = [alarm.get("alarmName") for alarm in entries(automatic.get("alarms"))]
        own = {alarm.inputs.get("name"): alarm for alarm in facts.alarms_of(endpoint)}
        if not named:
            return "no alarms roll a release back"
        absent = [name for name in named if name not in own]
        if absent:
            return f"rollback alarms that no resource declares for this endpoint: {', '.join(map(str, absent))}"
        return [resource(endpoint, f"{len(named)} rollback alarms"), *(resource(own[name]) for name in named)]

    return of_endpoints(facts, look)


@check
def variant_test(facts: Facts, kind: str) -> Outcome:
    """Endpoints compare versions on live traffic: `shadow` has a shadow variant, `ab` two weighted variants."""

    def look(endpoint: ResourceNode) -> Found:
        for node in _configurations(facts, endpoint):
            variants = entries(node.inputs.get("productionVariants"))
            shadows = entries(node.inputs.get("shadowProductionVariants"))
            weighted = [one for one in variants if number(one.get("initialVariantWeight", 1)) > 0]
            if kind == "shadow" and shadows:
                return [resource(node, f"{len(shadows)} shadow variants")]
            if kind == "ab" and len(weighted) > 1:
                return [resource(node, f"{len(weighted)} production variants with a weight")]
        return "no shadow variant" if kind == "shadow" else "one production variant alone has traffic"

    return of_endpoints(facts, look)


@check
def captures(facts: Facts) -> Outcome:
    """What is asked and answered is captured."""

    def look(endpoint: ResourceNode) -> Found:
        for node in _configurations(facts, endpoint):
            capture = block(node.inputs.get("dataCaptureConfig"))
            modes = {one.get("captureMode") for one in entries(capture.get("captureOptions"))}
            if capture.get("enableCapture") is True and ({"Input", "Output"} <= modes or "InputAndOutput" in modes):
                return [resource(node, f"{capture.get('initialSamplingPercentage')} % of requests and answers")]
        return "requests and answers are not captured"

    return of_endpoints(facts, look)


@check
def endpoint_alarms(facts: Facts, metrics: list[list[str]]) -> Outcome:
    """Alarms watch the endpoint: at least one metric of each group of `metrics`, and each alarm tells a topic."""

    def look(endpoint: ResourceNode) -> Found:
        evidence = []
        for group in metrics:
            watching = [alarm for alarm in facts.alarms_of(endpoint) if alarm.inputs.get("metricName") in group]
            told = [alarm for alarm in watching if _topics(facts, alarm)]
            if not told:
                return f"no alarm on {' or '.join(group)} that tells a topic"
            evidence += [resource(alarm, str(alarm.inputs.get("metricName"))) for alarm in told]
        return evidence

    return of_endpoints(facts, look)


def _topics(facts: Facts, alarm: ResourceNode) -> list[ResourceNode]:
    return [node for node in facts.linked(alarm, "alarmActions") if node.type == "aws:sns/topic:Topic"]


@check
def autoscales(facts: Facts) -> Outcome:
    """The endpoint's fleet follows its load: a target with room, and a policy on it."""

    def look(endpoint: ResourceNode) -> Found:
        place = f"endpoint/{endpoint.inputs.get('endpointName')}/"
        for target in facts.of("aws:appautoscaling/target:Target"):
            own = target.inputs.get("resourceId")
            room = number(target.inputs.get("maxCapacity")) > number(target.inputs.get("minCapacity"))
            if not (isinstance(own, str) and own.startswith(place) and room):
                continue
            for policy in facts.of("aws:appautoscaling/policy:Policy"):
                if policy.inputs.get("resourceId") == own:
                    size = f"{target.inputs['minCapacity']} to {target.inputs['maxCapacity']}"
                    return [resource(target, size), resource(policy, str(policy.inputs.get("policyType")))]
        return "its number of instances is fixed"

    return of_endpoints(facts, look)


def monitors_of(facts: Facts, endpoint: ResourceNode, kind: str) -> list[tuple[ResourceNode, ResourceNode]]:
    """Return (schedule, job definition) of the monitors of a type that look at an endpoint."""
    found = []
    for schedule in facts.of("aws:sagemaker/monitoringSchedule:MonitoringSchedule"):
        config = block(schedule.inputs.get("monitoringScheduleConfig"))
        if config.get("monitoringType") != kind or not block(config.get("scheduleConfig")).get("scheduleExpression"):
            continue
        for job in facts.linked(schedule, "monitoringScheduleConfig"):
            source = block(block(job.inputs.get(f"{_PREFIX[kind]}JobInput")).get("endpointInput"))
            if job.type == JOB_DEFINITIONS[kind] and source.get("endpointName") == endpoint.inputs.get("endpointName"):
                found.append((schedule, job))
    return found


@check
def monitored(facts: Facts, kinds: list[str], baseline: bool = False) -> Outcome:
    """Schedules of monitors look at the endpoint; with `baseline`, they compare with constraints. A type that a model
    turned off, or that its kind of problem has no use for, has to be absent from `monitors` of its block."""

    def look(endpoint: ResourceNode) -> Found:
        evidence = []
        for kind in kinds:
            found = monitors_of(facts, endpoint, kind)
            if not found:
                return f"no {kind} monitor is scheduled on it"
            schedule, job = found[0]
            compares = block(job.inputs.get(f"{_PREFIX[kind]}BaselineConfig"))
            if baseline and not compares.get("constraintsResource"):
                return f"its {kind} monitor has no baseline, and reports without comparing"
            when = schedule.inputs["monitoringScheduleConfig"]["scheduleConfig"]["scheduleExpression"]
            evidence += [resource(schedule, f"{kind}, {when}"), resource(job, "compares" if baseline else "")]
        return evidence

    return of_endpoints(facts, look)


@check
def alarms_on_monitors(facts: Facts, namespaces_any: list[str]) -> Outcome:
    """An alarm on what a monitor measures tells a topic; the metrics are of one of the namespaces."""

    def look(endpoint: ResourceNode) -> Found:
        for alarm in facts.alarms_of(endpoint):
            own = namespaces(alarm) & set(namespaces_any)
            if own and _topics(facts, alarm):
                return [resource(alarm, f"on {', '.join(sorted(own))}"), *map(resource, _topics(facts, alarm))]
        return f"no alarm on {' or '.join(namespaces_any)} tells a topic"

    return of_endpoints(facts, look)


@check
def serves_packages(facts: Facts) -> Outcome:
    """What is served comes out of the registry, by version, not from a file."""

    def look(endpoint: ResourceNode) -> Found:
        evidence = []
        for configuration in _configurations(facts, endpoint):
            for model in facts.linked(configuration, "productionVariants"):
                container: Any = block(model.inputs.get("primaryContainer"))
                if model.type == "aws:sagemaker/model:Model" and container.get("modelPackageName"):
                    named = container["modelPackageName"]
                    evidence.append(resource(model, "a model package" if named == UNKNOWN else str(named)))
        return evidence or "its model is no model package of a registry"

    return of_endpoints(facts, look)

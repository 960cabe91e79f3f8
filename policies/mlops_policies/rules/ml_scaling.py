"""Endpoints that grow with their load and survive the loss of a zone: registration, bounds, policies, subnets."""

from __future__ import annotations

from collections.abc import Iterator

from mlops_policies.ml_network import SUBNET
from mlops_policies.ml_scaling_targets import (
    PROVISIONED_CONCURRENCY,
    TARGET,
    Registered,
    endpoint_of,
    scaling,
)
from mlops_policies.ml_serving import ENDPOINT, ENDPOINT_CONFIG, configuration_of, runs_on_instances, variant_name
from mlops_policies.resource import Resource
from mlops_policies.rule import Use, stack_rule
from mlops_policies.stack import Stack
from mlops_policies.values import UnknownValue, is_unknown
from mlops_policies.verdicts import Verdict, each, not_applicable, not_evaluated

MODEL = "aws:sagemaker/model:Model"
_AUTOSCALING = "https://docs.aws.amazon.com/sagemaker/latest/dg/endpoint-auto-scaling.html"
_API = "https://docs.aws.amazon.com/autoscaling/application/APIReference/API_RegisterScalableTarget.html"
_SAGEMAKER = "sagemaker"
_SUBNETS, _ZONE = "vpcConfig.subnets", "availabilityZone"


@stack_rule(
    "ml-variant-autoscaling-registered",
    on=[ENDPOINT],
    title="Variants in production scale with their load.",
    severity="medium",
    level="mandatory",
    category="reliability",
    why="A variant with a fixed number of instances turns callers away under load, and costs the same when it is idle.",
    fix="Register endpoint/<name>/variant/<variant> with Application Auto Scaling, or enable managedInstanceScaling",
    source=_AUTOSCALING,
    only=["prod"],
)
def autoscaling_registered(it: Resource, stack: Stack, use: Use) -> Iterator[Verdict]:
    """A target whose resource id comes from the endpoint and is unknown until the update stands for one variant: there
    can't be two for the same, and AWS refuses one for a variant that does not exist."""
    configuration = configuration_of(it, stack)
    if configuration is None:
        yield not_applicable("the endpoint's configuration, which names its variants, is elsewhere")
        return
    variants = [variant for variant in configuration.items("productionVariants") if runs_on_instances(variant)]
    if not variants:
        yield not_applicable("SageMaker itself scales what the endpoint runs on")
        return
    found = scaling(stack, use)
    registered = found.registered.get(it.urn, Registered())
    names = [variant_name(variant) for variant in variants]
    missing = [name for name in names if name not in registered.names]
    # A variant whose name is unknown may be one that a target names, and no other variant is.
    spare = registered.unnamed + (len(registered.names - set(names)) if "" in names else 0)
    if len(missing) <= spare:
        return
    if found.loose_target:
        yield not_evaluated(found.loose_target)
        return
    for name in missing:
        yield it.fails("endpointConfigName", f"leads to variant {name}, which has no scalable target", name)


@stack_rule(
    "ml-autoscaling-bounds",
    on=[TARGET],
    title="Endpoints scale within bounds.",
    severity="medium",
    level="mandatory",
    category="reliability",
    why="With fewer than two instances an endpoint falls with its zone; without a sensible maximum, a flood of "
    "requests becomes a bill.",
    fix="Set minCapacity to at least 2 in production, and maxCapacity above it and under the ceiling",
    source=(_API, _AUTOSCALING),
    settings={
        "min_capacity": {
            "type": "integer",
            "minimum": 0,
            "default": 2,
            "description": "The least minCapacity in production; asynchronous endpoints may go down to none.",
        },
        "max_capacity": {
            "type": "integer",
            "minimum": 1,
            "default": 20,
            "description": "The largest maxCapacity: instances, or copies of an inference component.",
        },
    },
)
def autoscaling_bounds(it: Resource, stack: Stack, use: Use) -> Iterator[Verdict]:
    """An asynchronous endpoint keeps requests in a queue, so it may scale to none even in production. Provisioned
    concurrency of serverless endpoints has bounds of its own."""
    if it.get("serviceNamespace") != _SAGEMAKER or it.get("scalableDimension") == PROVISIONED_CONCURRENCY:
        yield not_applicable("the target scales no instances of endpoints")
        return
    least, most = use["min_capacity"], use["max_capacity"]
    yield it.holds("maxCapacity", lambda count: count <= most, f"must be at most {most}")
    if it.get("maxCapacity") <= it.get("minCapacity"):
        yield it.fails("maxCapacity", "leaves no room above minCapacity, so nothing ever scales", "room")
    if use.is_prod and it.get("minCapacity") < least and not _is_asynchronous(it, stack, use):
        yield it.fails("minCapacity", f"must be at least {least} in production", "least")


def _is_asynchronous(target: Resource, stack: Stack, use: Use) -> bool:
    endpoint = endpoint_of(target, stack, use)
    configuration = None if endpoint is None else configuration_of(endpoint, stack)
    return configuration is not None and configuration.present("asyncInferenceConfig")


@stack_rule(
    "ml-autoscaling-policy-attached",
    on=[TARGET],
    title="What is registered for scaling has a policy that scales it, down as well.",
    severity="medium",
    level="mandatory",
    category="cost",
    why="A target without a policy never scales, and one that can't scale in stays at its highest bill.",
    fix="Add a target-tracking policy for the target, with scale-in enabled",
    source=("https://docs.aws.amazon.com/sagemaker/latest/dg/endpoint-auto-scaling-add-code-apply.html", _API),
)
def autoscaling_policy_attached(it: Resource, stack: Stack, use: Use) -> Iterator[Verdict]:
    """A scheduled action counts as a policy. In production scale-in may be disabled, to protect it."""
    if it.get("serviceNamespace") != _SAGEMAKER:
        yield not_applicable("the target is not for SageMaker")
        return
    found = scaling(stack, use)
    policies = found.policies_of(it)
    if not policies and not it.present("scheduledActions"):
        if found.loose_policy:
            yield not_evaluated(found.loose_policy)
        else:
            yield it.fails("", "no policy scales this target", "policy")
    if use.is_prod:
        return
    if it.get("suspendedState.dynamicScalingInSuspended"):
        yield it.fails("suspendedState.dynamicScalingInSuspended", "keeps the target from scaling in")
    yield from each(policies, lambda policy: _scales_in(it, policy))


def _scales_in(it: Resource, policy: Resource) -> Iterator[Verdict]:
    if policy.get("targetTrackingScalingPolicyConfiguration.disableScaleIn"):
        yield it.fails("", f"policy {policy.name} disables scale-in", policy.name)


@stack_rule(
    "ml-multi-az-subnets",
    on=[MODEL, ENDPOINT_CONFIG],
    title="Models in production run in two zones or more.",
    severity="medium",
    level="mandatory",
    category="reliability",
    why="An endpoint whose subnets lie in one zone is down when the zone is.",
    fix="Give vpcConfig subnets of different availability zones",
    source="https://docs.aws.amazon.com/sagemaker/latest/dg/host-vpc.html",
    only=["prod"],
)
def multi_az_subnets(it: Resource, stack: Stack, use: Use) -> Iterator[Verdict]:
    """A model without a VPC runs in SageMaker's, over all zones. Subnets from elsewhere don't tell their zones: one
    alone fails, several are not judged. `aws-native` has subnets in the endpoint configuration too."""
    if not it.present("vpcConfig"):
        yield not_applicable("SageMaker's own VPC lies in all zones")
        return
    given = it.raw(_SUBNETS)
    if isinstance(given, list) and len(given) == 1:
        yield it.fails(_SUBNETS, "names one subnet, which lies in one zone")
        return
    subnets = stack.referred(it, _SUBNETS, SUBNET)
    zones = {zone for subnet in subnets if (zone := _zone(subnet))}
    if len(zones) > 1:
        return
    whole = isinstance(given, list) and len(given) == len(subnets)
    unknown = next((subnet for subnet in subnets if not _zone(subnet)), None)
    if unknown is not None:
        raise UnknownValue(unknown.path(_ZONE))
    if subnets and (whole or not isinstance(given, list)):
        yield it.fails(_SUBNETS, f"all lie in {next(iter(zones))}")
    else:
        yield not_applicable("subnets from elsewhere don't tell their zones")


def _zone(subnet: Resource) -> str:
    """Return a subnet's zone by name or id; "" where AWS chooses it, or it is unknown."""
    found = (subnet.raw(_ZONE), subnet.raw("availabilityZoneId"))
    return next((str(zone) for zone in found if zone and not is_unknown(zone)), "")

"""Application Auto Scaling's targets and policies, and the endpoints and variants that they are for."""

from __future__ import annotations

from dataclasses import dataclass, field

from mlops_policies.ml_serving import ENDPOINT
from mlops_policies.resource import Resource
from mlops_policies.rule import Use
from mlops_policies.stack import Stack
from mlops_policies.values import has_unknown

TARGET = "aws:appautoscaling/target:Target"
POLICY = "aws:appautoscaling/policy:Policy"
SCHEDULED_ACTION = "aws:appautoscaling/scheduledAction:ScheduledAction"
INSTANCE_COUNT = "sagemaker:variant:DesiredInstanceCount"
PROVISIONED_CONCURRENCY = "sagemaker:variant:DesiredProvisionedConcurrency"
_TARGET_PROPERTIES = ("resourceId", "scalingTargetId", "scalableDimension", "serviceNamespace")


@dataclass
class Registered:
    """The variants of an endpoint that are registered for scaling of their instance count."""

    names: set[str] = field(default_factory=set)
    unnamed: int = 0
    """How many more are: targets of the endpoint whose variant is unknown."""


@dataclass
class Scaling:
    """What the targets and policies of a stack are for."""

    endpoints: dict[str, Resource] = field(default_factory=dict)
    """Endpoints by id, ARN and name."""
    registered: dict[str, Registered] = field(default_factory=dict)
    """By the endpoint's URN."""
    policies: dict[str, list[Resource]] = field(default_factory=dict)
    """What scales a target, by the target's resource id or URN."""
    loose_target: str = ""
    loose_policy: str = ""
    """A property of a target, or of a policy, that may be about anything."""

    def policies_of(self, target: Resource) -> list[Resource]:
        """Return the policies and scheduled actions of a target."""
        by_urn = self.policies.get(target.urn, [])
        return [*by_urn, *(it for it in self.policies.get(target.raw("resourceId"), []) if it not in by_urn)]


def scaling(stack: Stack, use: Use) -> Scaling:
    """Return what the stack's targets and policies are for; found once for a stack."""
    found: Scaling | None = use.memory.get("scaling")
    if found is None:
        found = use.memory["scaling"] = Scaling()
        found.endpoints = {name: it for it in stack.of(ENDPOINT) for name in it.identifiers()}
        for target in stack.of(TARGET):
            _note_target(target, stack, found)
        for policy in stack.of(POLICY, SCHEDULED_ACTION):
            _note_policy(policy, stack, found)
    return found


def endpoint_of(target: Resource, stack: Stack, use: Use) -> Resource | None:
    """Return the endpoint of this stack that a target scales; None where it can't be told, or is elsewhere."""
    return _endpoint_of(target, stack, scaling(stack, use))


def _endpoint_of(target: Resource, stack: Stack, found: Scaling) -> Resource | None:
    name = target.raw("resourceId")
    if not has_unknown(name):
        return found.endpoints.get(_part(name, 1)) if _part(name, 0) == "endpoint" else None
    sources = [stack.by_urn[urn] for urn in target.property_dependencies.get("resourceId", ()) if urn in stack.by_urn]
    endpoints = [source for source in sources if source.type == ENDPOINT]
    return endpoints[0] if len(endpoints) == 1 else None


def _note_target(target: Resource, stack: Stack, found: Scaling) -> None:
    dimension = target.raw("scalableDimension")
    if dimension != INSTANCE_COUNT and not has_unknown(dimension):
        return
    endpoint = _endpoint_of(target, stack, found)
    if endpoint is None:
        if has_unknown(target.raw("resourceId")):
            found.loose_target = target.path("resourceId")
        return
    registered = found.registered.setdefault(endpoint.urn, Registered())
    if has_unknown(target.raw("resourceId")):
        registered.unnamed += 1
    else:
        registered.names.add(_part(target.raw("resourceId"), 3))


def _note_policy(policy: Resource, stack: Stack, found: Scaling) -> None:
    name = policy.raw("resourceId")
    if isinstance(name, str) and not has_unknown(name):
        found.policies.setdefault(name, []).append(policy)
        return
    sources = {urn for key in _TARGET_PROPERTIES for urn in policy.property_dependencies.get(key, ())}
    targets = {urn for urn in sources if urn in stack.by_urn and stack.by_urn[urn].type == TARGET}
    if not targets:
        found.loose_policy = policy.path("resourceId")
    for urn in targets:
        found.policies.setdefault(urn, []).append(policy)


def _part(name: str | None, index: int) -> str:
    """Return one part of ``endpoint/<endpoint>/variant/<variant>``; "" where there is none."""
    parts = (name or "").split("/")
    return parts[index] if index < len(parts) else ""

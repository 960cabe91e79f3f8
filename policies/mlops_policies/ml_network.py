"""Which security groups and VPCs of a stack machine learning runs in: those that SageMaker resources name.

A group or subnet is named by a property that comes from it, or by its id in any text, a pipeline's definition included.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from mlops_policies.group_rules import DEFAULT_VPC, GROUP, VPC
from mlops_policies.resource import Resource
from mlops_policies.rule import Use
from mlops_policies.stack import Stack
from mlops_policies.values import UnknownValue, has_unknown, texts

SUBNET = "aws:ec2/subnet:Subnet"
_ML = ("aws:sagemaker/", "aws-native:sagemaker:")
_ID = re.compile(r"\b(?:sg|subnet)-[0-9a-f]{8,17}\b")
_NETWORK = ("securityGroups", "securityGroupIds", "subnetId", "subnetIds", "vpcConfig", "networkConfig")
"""Properties of SageMaker resources that name groups and subnets."""


@dataclass
class MlNetwork:
    """What SageMaker resources of a stack run in."""

    groups: set[str] = field(default_factory=set)
    """URNs of security groups."""
    vpcs: dict[str, set[str]] = field(default_factory=dict)
    """The types that run in a VPC, by its URN."""
    loose: str = ""
    """A property that names groups or subnets nobody knows yet."""


def ml_network(stack: Stack, use: Use) -> MlNetwork:
    """Return what the stack's SageMaker resources run in; found once for a stack."""
    found: MlNetwork | None = use.memory.get("ml_network")
    if found is None:
        found = use.memory["ml_network"] = MlNetwork()
        by_id = {name: it for it in stack.of(GROUP, SUBNET) for name in {it.id, it.value.get("id")} if name}
        for it in stack.resources:
            if it.type.startswith(_ML):
                _note(it, stack, by_id, found)
    return found


def _note(it: Resource, stack: Stack, by_id: Mapping[str, Resource], found: MlNetwork) -> None:
    for place in _places(it, stack, by_id):
        if place.type == GROUP:
            found.groups.add(place.urn)
        try:
            for vpc in stack.referred(place, "vpcId", VPC, DEFAULT_VPC):
                found.vpcs.setdefault(vpc.urn, set()).add(it.type)
        except UnknownValue as unknown:
            found.loose = unknown.path
    for name in _NETWORK:
        if has_unknown(it.value.get(name)) and not it.property_dependencies.get(it.written(name)):
            found.loose = it.path(name)


def _places(it: Resource, stack: Stack, by_id: Mapping[str, Resource]) -> Iterator[Resource]:
    for urns in it.property_dependencies.values():
        for urn in urns:
            source = stack.by_urn.get(urn)
            if source is not None and source.type in (GROUP, SUBNET):
                yield source
    for _, text in texts(it.value):
        for name in (text, *_ID.findall(text)):
            if name in by_id:
                yield by_id[name]

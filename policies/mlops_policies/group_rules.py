"""Rules of security groups, in whichever of the ways they are written.

Inline in a group, or as resources of their own: the `aws` provider has two generations of these, `aws-native` a third.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from mlops_policies.resource import Resource, View
from mlops_policies.stack import Stack
from mlops_policies.values import UnknownValue, has_unknown, is_absent, listed

GROUP = "aws:ec2/securityGroup:SecurityGroup"
DEFAULT_GROUP = "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup"
INGRESS_RULE = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
EGRESS_RULE = "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule"
OLD_RULE = "aws:ec2/securityGroupRule:SecurityGroupRule"
VPC = "aws:ec2/vpc:Vpc"
DEFAULT_VPC = "aws:ec2/defaultVpc:DefaultVpc"
RULES = (INGRESS_RULE, EGRESS_RULE, OLD_RULE)
"""The resources that are a rule each."""

_CIDRS = ("cidrBlocks", "ipv6CidrBlocks", "cidrIpv4", "cidrIpv6")
_WITH_PORTS = ("tcp", "6", "udp", "17")


@dataclass(frozen=True, slots=True)
class GroupRule:
    """One rule of a security group."""

    view: View
    """Where it is written: a resource, or an element of a group's list."""
    ingress: bool

    def from_anywhere(self) -> Iterator[tuple[str, str]]:
        """Yield (path, CIDR block) of those that hold the internet; in the end raise `UnknownValue` for an unknown."""
        unknown = ""
        for name in _CIDRS:
            value = self.view.raw(name)
            for index, cidr in enumerate([] if is_absent(value) else listed(value)):
                path = f"{name}[{index}]" if isinstance(value, list) else name
                if has_unknown(cidr):
                    unknown = path
                elif is_internet(cidr):
                    yield path, cidr
        if unknown:
            raise UnknownValue(self.view.path(unknown))

    def ports(self) -> range | None:
        """Return the ports that the rule is about; None for all there are. Raises `UnknownValue`."""
        protocol = self.view.get("protocol") or self.view.get("ipProtocol")
        first, last = self.view.get("fromPort"), self.view.get("toPort")
        if str(protocol).lower() not in _WITH_PORTS or first is None or last is None:
            return None
        return range(int(first), int(last) + 1)


def is_internet(cidr: Any) -> bool:
    """Whether a block is so wide that it can't be a private network: wider than 10.0.0.0/8 or fc00::/7.

    The halves 0.0.0.0/1 and 128.0.0.0/1, by which a check for 0.0.0.0/0 is passed by, are such blocks.
    """
    try:
        network = ipaddress.ip_network(str(cidr), strict=False)
    except ValueError:
        return False
    return network.prefixlen < (8 if network.version == 4 else 7)


def shown_ports(ports: range | None) -> str:
    """Return ports as a message and a finding's key name them: ``22``, ``8000-8080``, ``all ports``."""
    if ports is None:
        return "all ports"
    return str(ports.start) if len(ports) == 1 else f"{ports.start}-{ports.stop - 1}"


def rules_in(it: Resource, *, ingress: bool) -> list[GroupRule]:
    """Return the rules of one direction that a resource declares itself: a group's inline ones, or the one it is.

    Raises `UnknownValue`.
    """
    if it.type in (GROUP, DEFAULT_GROUP):
        return [GroupRule(view, ingress) for view in it.items("ingress" if ingress else "egress")]
    is_ingress = it.get("type") == "ingress" if it.type == OLD_RULE else it.type == INGRESS_RULE
    return [GroupRule(it, ingress)] if is_ingress == ingress else []


def groups_of(it: Resource, stack: Stack) -> list[Resource]:
    """Return the group that a resource is, or the one in the stack that it is a rule of; a VPC stands for its default
    group. Raises `UnknownValue`."""
    if it.type in (GROUP, DEFAULT_GROUP):
        return [it]
    return stack.referred(it, "securityGroupId", GROUP, DEFAULT_GROUP, VPC, DEFAULT_VPC)


def separate_rules(to: Resource, stack: Stack) -> Iterator[Resource]:
    """Yield the rules of a group that are resources of their own; those of a VPC's default group name the VPC.

    Raises `UnknownValue` where a rule may be one of them.
    """
    for kind in RULES:
        yield from stack.referring(to, kind, by="securityGroupId")


def keeps_default_egress(group: Resource) -> bool:
    """Whether a group keeps the egress rules to anywhere that EC2 adds where a group has none of its own.

    The `aws` provider takes them away when it makes a group; CloudFormation's handler, which `aws-native` calls, does
    not. Source: CloudFormation, AWS::EC2::SecurityGroup.
    """
    return group.type == GROUP and group.token != GROUP and not group.items("egress")

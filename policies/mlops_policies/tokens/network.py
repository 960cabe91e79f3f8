"""VPC, EC2 and load balancers: `aws-native` and legacy names of what the `aws` provider has."""

from __future__ import annotations

from typing import Any

from mlops_policies.tokens import Alias
from mlops_policies.values import is_unknown

_PEERS = {
    "ipProtocol": "protocol",
    "cidrIp": "cidrBlocks",
    "cidrIpv6": "ipv6CidrBlocks",
    "sourcePrefixListId": "prefixListIds",
    "destinationPrefixListId": "prefixListIds",
    "sourceSecurityGroupId": "securityGroups",
    "destinationSecurityGroupId": "securityGroups",
}
"""What an inline rule of a native security group calls the properties of the `aws` provider's."""
_LISTS = frozenset({"cidrBlocks", "ipv6CidrBlocks", "prefixListIds", "securityGroups"})


def _security_group(props: dict[str, Any]) -> dict[str, Any]:
    for direction in ("ingress", "egress"):
        if isinstance(props.get(direction), list):
            props[direction] = [_inline_rule(rule) for rule in props[direction]]
    return props


def _inline_rule(rule: Any) -> Any:
    if is_unknown(rule):
        return rule
    turned = {}
    for name, value in rule.items():
        known = _PEERS.get(name, name)
        turned[known] = [value] if known in _LISTS and value is not None else value
    return turned


def _flow_log(props: dict[str, Any]) -> dict[str, Any]:
    """Leave `vpcId` to the flow logs of a VPC: natively one property names what is watched, whatever it is."""
    if props.get("resourceType") not in ("VPC", None) and not is_unknown(props["resourceType"]):
        props["resourceId"] = props.pop("vpcId", None)
    return props


def _launch_template(props: dict[str, Any]) -> dict[str, Any]:
    data = props.get("launchTemplateData")
    options = data if is_unknown(data) else (data or {}).get("metadataOptions")
    return {**props, "metadataOptions": options}


def _load_balancer(props: dict[str, Any]) -> dict[str, Any]:
    scheme = props.get("internal")
    return {**props, "internal": scheme if is_unknown(scheme) else scheme == "internal"}


_RULE = {"groupId": "securityGroupId", "cidrIp": "cidrIpv4"}

ALIASES: dict[str, Alias] = {
    "aws-native:ec2:SecurityGroup": Alias(
        "aws:ec2/securityGroup:SecurityGroup",
        {
            "groupName": "name",
            "groupDescription": "description",
            "securityGroupIngress": "ingress",
            "securityGroupEgress": "egress",
        },
        _security_group,
    ),
    "aws-native:ec2:SecurityGroupIngress": Alias(
        "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule",
        {**_RULE, "sourcePrefixListId": "prefixListId", "sourceSecurityGroupId": "referencedSecurityGroupId"},
    ),
    "aws-native:ec2:SecurityGroupEgress": Alias(
        "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule",
        {**_RULE, "destinationPrefixListId": "prefixListId", "destinationSecurityGroupId": "referencedSecurityGroupId"},
    ),
    "aws-native:ec2:Vpc": Alias("aws:ec2/vpc:Vpc"),
    "aws-native:ec2:Subnet": Alias("aws:ec2/subnet:Subnet"),
    "aws-native:ec2:FlowLog": Alias("aws:ec2/flowLog:FlowLog", {"resourceId": "vpcId"}, _flow_log),
    "aws-native:ec2:VpcEndpoint": Alias("aws:ec2/vpcEndpoint:VpcEndpoint", {"policyDocument": "policy"}),
    "aws-native:ec2:LaunchTemplate": Alias(
        "aws:ec2/launchTemplate:LaunchTemplate",
        {"launchTemplateName": "name", "launchTemplateData.metadataOptions": "metadataOptions"},
        _launch_template,
    ),
    "aws-native:elasticloadbalancingv2:LoadBalancer": Alias(
        "aws:lb/loadBalancer:LoadBalancer", {"scheme": "internal"}, _load_balancer
    ),
    "aws:alb/loadBalancer:LoadBalancer": Alias("aws:lb/loadBalancer:LoadBalancer"),
}

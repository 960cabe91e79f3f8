"""Networks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from mlops_estate.embedded.driver.mapping import At
from mlops_estate.embedded.driver.operations import Call, Extra, Inputs, Operations, Place


def _attribute(input_name: str, member: str) -> Extra:
    """`ModifyVpcAttribute` takes one attribute at a time."""
    return Extra(
        (input_name,),
        lambda i, k: [
            Call("ModifyVpcAttribute", {"VpcId": k["VpcId"], member: {"Value": At(i[input_name], input_name)}})
        ],
    )


def _permission(rule: Mapping[str, Any], path: str, cidrs: str, groups: str, prefixes: str) -> dict[str, Any]:
    """Return one IpPermission from a provider's rule."""

    def listed(key: str, member: str) -> list[dict[str, Any]]:
        given = rule.get(key)
        items = given if isinstance(given, list) else [given] if given else []
        description = {"Description": rule["description"]} if rule.get("description") else {}
        return [{member: At(item, f"{path}{key}"), **description} for item in items]

    protocol = "protocol" if "protocol" in rule else "ipProtocol"
    permission: dict[str, Any] = {
        "IpProtocol": At(rule.get(protocol), f"{path}{protocol}"),
        "IpRanges": listed(cidrs, "CidrIp"),
        "UserIdGroupPairs": listed(groups, "GroupId"),
        "PrefixListIds": listed(prefixes, "PrefixListId"),
    }
    if str(rule.get(protocol)) != "-1":
        permission["FromPort"] = At(rule.get("fromPort"), f"{path}fromPort")
        permission["ToPort"] = At(rule.get("toPort"), f"{path}toPort")
    return {key: value for key, value in permission.items() if value not in ([], None)}


def _one_rule(inputs: dict[str, Any], _place: Place) -> dict[str, Any]:
    rule = _permission(inputs, "", "cidrIpv4", "referencedSecurityGroupId", "prefixListId")
    return {"groupId": At(inputs.get("securityGroupId"), "securityGroupId"), "ipPermissions": At([rule], ""),
            **({"tags": inputs["tags"]} if "tags" in inputs else {})}  # fmt: skip


def _inline_rules(direction: str) -> Extra:
    """A group's rules given in place; the provider removes AWS's allow-all egress and adds what is given."""
    operation = f"AuthorizeSecurityGroup{direction.capitalize()}"

    def calls(inputs: Inputs, keys: Mapping[str, Any]) -> list[Call]:
        rules = [
            _permission(rule, f"{direction}[{index}].", "cidrBlocks", "securityGroups", "prefixListIds")
            for index, rule in enumerate(inputs.get(direction) or [])
        ]
        return [Call(operation, {"GroupId": keys["GroupId"], "IpPermissions": rules})] if rules else []

    return Extra((direction,), calls)


ALLOW_ALL = {"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}


def _drop_default_egress(_inputs: Inputs, keys: Mapping[str, Any]) -> list[Call]:
    return [Call("RevokeSecurityGroupEgress", {"GroupId": keys["GroupId"], "IpPermissions": [ALLOW_ALL]})]


def _lock_default_group(_inputs: Inputs, keys: Mapping[str, Any]) -> list[Call]:
    group = {"GroupId": keys["GroupId"]}
    inside = {"IpProtocol": "-1", "UserIdGroupPairs": [group]}
    return [
        Call("RevokeSecurityGroupIngress", {**group, "IpPermissions": [inside]}),
        Call("RevokeSecurityGroupEgress", {**group, "IpPermissions": [ALLOW_ALL]}),
    ]


def _default_group_of(inputs: dict[str, Any], _place: Place) -> dict[str, Any]:
    filters = [
        {"Name": "vpc-id", "Values": [At(inputs.get("vpcId"), "vpcId")]},
        {"Name": "group-name", "Values": ["default"]},
    ]
    return {"filters": At(filters, "")}


def _security_group(inputs: dict[str, Any], place: Place) -> dict[str, Any]:
    kept = {key: value for key, value in inputs.items() if key not in {"ingress", "egress", "name"}}
    name = At(inputs.get("name", place.name), "name")
    return {"description": "Managed by Pulumi", **kept, "groupName": name}


def _flow_log(inputs: dict[str, Any], _place: Place) -> dict[str, Any]:
    kept = {key: value for key, value in inputs.items() if key not in {"vpcId", "subnetId", "eniId", "iamRoleArn"}}
    for key, kind in (("vpcId", "VPC"), ("subnetId", "Subnet"), ("eniId", "NetworkInterface")):
        if inputs.get(key):
            kept |= {"resourceType": kind, "resourceIds": At([At(inputs[key], key)], key)}
    if "resourceIds" not in kept:
        kept |= {"resourceType": "VPC", "resourceIds": At(None, "vpcId")}
    if inputs.get("iamRoleArn"):
        kept["deliverLogsPermissionArn"] = At(inputs["iamRoleArn"], "iamRoleArn")
    return kept


def _prefix_list(client: Callable[[str], Any], inputs: Inputs) -> dict[str, Any]:
    """A gateway endpoint's prefix list, which security group rules name, is looked up by the service's name."""
    if inputs.get("vpcEndpointType", "Gateway") != "Gateway":
        return {}
    lists = client("ec2").describe_prefix_lists()["PrefixLists"]
    found = next((item for item in lists if item["PrefixListName"] == inputs["serviceName"]), None)
    return {"prefixListId": found["PrefixListId"], "cidrBlocks": found.get("Cidrs", [])} if found else {}


def _rule_row(direction: str) -> Operations:
    return Operations(
        "ec2", f"AuthorizeSecurityGroup{direction}", "DescribeSecurityGroupRules", f"RevokeSecurityGroup{direction}",
        root="SecurityGroupRules[0]", noun="SecurityGroupRule",
        keys={"SecurityGroupRuleId": "response.SecurityGroupRules[0].SecurityGroupRuleId", "GroupId": "params.GroupId"},
        id="{SecurityGroupRuleId}", before=_one_rule, ec2_resource="security-group-rule",
        read_before=lambda k: {"SecurityGroupRuleIds": [k["SecurityGroupRuleId"]]},
        delete_before=lambda _i, k: {"GroupId": k["GroupId"], "SecurityGroupRuleIds": [k["SecurityGroupRuleId"]]},
        outputs={"arn": "arn:aws:ec2:{region}:{account}:security-group-rule/{SecurityGroupRuleId}"},
        same={
            "IpPermissions[0].IpProtocol": "IpProtocol", "IpPermissions[0].FromPort": "FromPort",
            "IpPermissions[0].ToPort": "ToPort", "IpPermissions[0].IpRanges[0].CidrIp": "CidrIpv4",
            "IpPermissions[0].PrefixListIds[0].PrefixListId": "PrefixListId",
            "IpPermissions[0].UserIdGroupPairs[0].GroupId": "ReferencedGroupInfo.GroupId",
        },
    )  # fmt: skip


def _ec2(name: str, **more: Any) -> Operations:
    """Return the row of a plain EC2 resource: CreateX answers X.XId, DescribeXs takes XIds, DeleteX takes XId."""
    key = f"{name}Id"
    return Operations(
        "ec2", f"Create{name}", f"Describe{name}s", f"Delete{name}", root=f"{name}s[0]",
        keys={key: f"response.{name}.{key}"}, id=f"{{{key}}}", noun=name, **more,
    )  # fmt: skip


ROWS = {
    "aws:ec2/vpc:Vpc": _ec2(
        "Vpc", ec2_resource="vpc", drop=("enableDnsSupport", "enableDnsHostnames"),
        extras=(
            _attribute("enableDnsSupport", "EnableDnsSupport"), _attribute("enableDnsHostnames", "EnableDnsHostnames"),
        ),
        outputs={"arn": "arn:aws:ec2:{region}:{account}:vpc/{VpcId}"},
    ),
    "aws:ec2/subnet:Subnet": _ec2(
        "Subnet", ec2_resource="subnet", drop=("mapPublicIpOnLaunch",),
        extras=(Extra(("mapPublicIpOnLaunch",), lambda i, k: [Call("ModifySubnetAttribute", {
            "SubnetId": k["SubnetId"],
            "MapPublicIpOnLaunch": {"Value": At(i["mapPublicIpOnLaunch"], "mapPublicIpOnLaunch")},
        })]),),
        outputs={"arn": "arn:aws:ec2:{region}:{account}:subnet/{SubnetId}"},
    ),
    "aws:ec2/routeTable:RouteTable": _ec2(
        "RouteTable", ec2_resource="route-table", drop=("routes",),
        outputs={"arn": "arn:aws:ec2:{region}:{account}:route-table/{RouteTableId}"},
    ),
    "aws:ec2/routeTableAssociation:RouteTableAssociation": Operations(
        "ec2", "AssociateRouteTable", "DescribeRouteTables", "DisassociateRouteTable", noun="RouteTableAssociation",
        keys={"AssociationId": "response.AssociationId", "RouteTableId": "params.RouteTableId"}, id="{AssociationId}",
        root="RouteTables[0].Associations[?RouteTableAssociationId=='{AssociationId}'] | [0]",
        read_before=lambda k: {"RouteTableIds": [k["RouteTableId"]]},
    ),
    "aws:ec2/vpcEndpoint:VpcEndpoint": Operations(
        "ec2", "CreateVpcEndpoint", "DescribeVpcEndpoints", "DeleteVpcEndpoints", "ModifyVpcEndpoint",
        root="VpcEndpoints[0]",
        keys={"VpcEndpointId": "response.VpcEndpoint.VpcEndpointId"}, id="{VpcEndpointId}", noun="VpcEndpoint",
        rename={"policy": "policyDocument"}, ec2_resource="vpc-endpoint", update_drop=("routeTableIds", "subnetIds"),
        outputs={"arn": "arn:aws:ec2:{region}:{account}:vpc-endpoint/{VpcEndpointId}"},
        same={"SecurityGroupIds": "Groups[].GroupId"}, after=_prefix_list,
    ),
    "aws:ec2/securityGroup:SecurityGroup": Operations(
        "ec2", "CreateSecurityGroup", "DescribeSecurityGroups", "DeleteSecurityGroup", root="SecurityGroups[0]",
        keys={"GroupId": "response.GroupId"}, id="{GroupId}", before=_security_group, auto_name="name",
        drop=("revokeRulesOnDelete",), ec2_resource="security-group",
        extras=(
            Extra(("vpcId",), _drop_default_egress),
            _inline_rules("ingress"), _inline_rules("egress"),
        ),
        outputs={"arn": "arn:aws:ec2:{region}:{account}:security-group/{GroupId}"},
    ),
    "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup": Operations(
        # The provider adopts the group that came with the VPC and takes its rules away; deleting leaves it to the VPC.
        "ec2", "DescribeSecurityGroups", "DescribeSecurityGroups", root="SecurityGroups[0]", noun="SecurityGroup",
        keys={"GroupId": "response.SecurityGroups[0].GroupId"}, id="{GroupId}", before=_default_group_of,
        extras=(Extra(("vpcId",), _lock_default_group), _inline_rules("ingress"), _inline_rules("egress")),
        unread=("Filters",), why_unread="a filter finds the group, it is no property of it",
    ),
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": _rule_row("Ingress"),
    "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": _rule_row("Egress"),
    "aws:ec2/flowLog:FlowLog": Operations(
        "ec2", "CreateFlowLogs", "DescribeFlowLogs", "DeleteFlowLogs", root="FlowLogs[0]", noun="FlowLog",
        keys={"FlowLogId": "response.FlowLogIds[0]"}, id="{FlowLogId}", before=_flow_log, ec2_resource="vpc-flow-log",
        outputs={"arn": "arn:aws:ec2:{region}:{account}:vpc-flow-log/{FlowLogId}"},
        read_before=lambda k: {"FlowLogIds": [k["FlowLogId"]]},
        same={"ResourceIds[0]": "ResourceId"},
        unread=("ResourceType",), why_unread="the answer's ResourceId implies it",
    ),
}  # fmt: skip

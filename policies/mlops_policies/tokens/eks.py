"""EKS: `aws-native` names of what the `aws` provider has."""

from __future__ import annotations

from typing import Any

from mlops_policies.tokens import Alias
from mlops_policies.values import UnknownValue, is_unknown, look_up


def _cluster(props: dict[str, Any]) -> dict[str, Any]:
    """Turn ``logging.clusterLogging.enabledTypes[].type`` into a list of texts."""
    if "enabledClusterLogTypes" not in props:
        return props
    try:
        types = look_up(props["enabledClusterLogTypes"], "clusterLogging.enabledTypes")
    except UnknownValue:
        return props
    if types is None or is_unknown(types):
        return {**props, "enabledClusterLogTypes": types}
    names = [entry if is_unknown(entry) else entry.get("type") for entry in types]
    return {**props, "enabledClusterLogTypes": names}


def _node_group(props: dict[str, Any]) -> dict[str, Any]:
    access = props.get("remoteAccess")
    if not isinstance(access, dict) or "sourceSecurityGroups" not in access:
        return props
    return {**props, "remoteAccess": {**access, "sourceSecurityGroupIds": access["sourceSecurityGroups"]}}


ALIASES: dict[str, Alias] = {
    "aws-native:eks:Cluster": Alias(
        "aws:eks/cluster:Cluster",
        {"resourcesVpcConfig": "vpcConfig", "logging": "enabledClusterLogTypes"},
        _cluster,
    ),
    "aws-native:eks:Nodegroup": Alias(
        "aws:eks/nodeGroup:NodeGroup",
        {"nodegroupName": "nodeGroupName", "nodeRole": "nodeRoleArn", "subnets": "subnetIds"},
        _node_group,
    ),
    "aws-native:eks:PodIdentityAssociation": Alias("aws:eks/podIdentityAssociation:PodIdentityAssociation"),
}

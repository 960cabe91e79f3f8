"""The policies of an estate as it stands, read from its resource graph: roles, boundaries, keys, buckets, topics.

What the program declares is what is evaluated: no copy of a policy is kept anywhere else.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from mlops_estate.embedded.iam.evaluation import Decision, Policies, Request, decide
from mlops_estate.graph import ResourceGraph, ResourceNode
from mlops_policies.iam.patterns import Value
from mlops_policies.iam.statements import Statement, parse

Statements = tuple[Statement, ...]
EVERYTHING = parse({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]})
"""What a principal that is no role of the estate counts as allowed by its own policies: they are not ours to bound."""


@dataclass(frozen=True, slots=True)
class Role:
    """A role with the policies that have a say about its sessions."""

    arn: str
    trust: Statements
    identity: tuple[Statements, ...] = ()
    boundary: Statements | None = None
    boundary_arn: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The role's name."""
        return self.arn.rsplit("/", 1)[1]

    @property
    def session(self) -> str:
        """The ARN of a session of the role."""
        partition, account = self.arn.split(":")[1], self.arn.split(":")[4]
        return f"arn:{partition}:sts::{account}:assumed-role/{self.name}/session"


@dataclass(frozen=True, slots=True)
class Estate:
    """Roles by name, resource policies by ARN (of a bucket: without its objects), and tags by ARN."""

    account: str
    region: str
    roles: Mapping[str, Role]
    resource_policies: Mapping[str, Statements]
    tags: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def decide(self, role: str, action: str, resource: str, context: Mapping[str, Value]) -> Decision:
        """Return the decision about a request of a role's session, or of a principal that is no role of the estate."""
        return decide(*self.case(role, action, resource, context))

    def case(
        self, principal: str, action: str, resource: str, context: Mapping[str, Value]
    ) -> tuple[Request, Policies]:
        """Return the request with what AWS tells about it by itself, and the policies that have a say.

        `principal` is a role's name, or the ARN or service of somebody else. A context value of "" takes a key away.
        """
        role = self.roles.get(principal)
        told: dict[str, Value] = {"aws:SecureTransport": "true", "aws:RequestedRegion": self.region}
        told |= {f"aws:ResourceTag/{key}": value for key, value in self.tags.get(resource, {}).items()}
        if role is not None:
            told |= {"aws:PrincipalArn": role.arn, "aws:PrincipalAccount": self.account}
            told |= {f"aws:PrincipalTag/{key}": value for key, value in role.tags.items()}
        elif principal.startswith("arn:"):
            told |= {"aws:PrincipalArn": principal, "aws:PrincipalAccount": principal.split(":")[4]}
        told = {key: value for key, value in {**told, **context}.items() if value != ""}
        request = Request(role.session if role else principal, action, resource, told, self._owner(resource))
        policies = Policies(
            identity=role.identity if role else (EVERYTHING,),
            boundary=role.boundary if role else None,
            resource=self._resource_policy(action, resource),
        )
        return request, policies

    def _owner(self, resource: str) -> str:
        parts = resource.split(":")
        return parts[4] if len(parts) > 5 and parts[4] else self.account

    def _resource_policy(self, action: str, resource: str) -> Statements | None:
        if action.lower().startswith("sts:"):
            return next((role.trust for role in self.roles.values() if role.arn == resource), None)
        whole = resource.split("/")[0] if resource.startswith("arn:aws:s3:::") else resource
        if ":model-package/" in resource:  # the group's policy speaks of its versions
            whole = resource.rsplit("/", 1)[0].replace(":model-package/", ":model-package-group/")
        return self.resource_policies.get(whole)

    def with_identity(self, role: str, *documents: Statements) -> Estate:
        """Return the estate with other identity policies of one role."""
        return replace(self, roles={**self.roles, role: replace(self.roles[role], identity=documents)})


def estate_of(*graphs: ResourceGraph) -> Estate:
    """Return the policies of stacks that stand in one account. Raises `InvalidPolicy` for a document IAM refuses."""
    nodes = [(node, _default_tags(graph)) for graph in graphs for node in graph.custom_nodes()]
    managed = {node.outputs["arn"]: parse(node.inputs["policy"]) for node, _ in _of(nodes, "iam/policy:Policy")}
    inline: dict[str, list[Statements]] = {}
    for node, _ in _of(nodes, "iam/rolePolicy:RolePolicy"):
        inline.setdefault(node.inputs["role"], []).append(parse(node.inputs["policy"]))
    for node, _ in _of(nodes, "iam/rolePolicyAttachment:RolePolicyAttachment"):
        inline.setdefault(node.inputs["role"], []).append(managed[node.inputs["policyArn"]])
    roles = {
        node.inputs["name"]: Role(
            node.outputs["arn"],
            parse(node.inputs["assumeRolePolicy"]),
            tuple(inline.get(node.inputs["name"], ())),
            managed.get(node.inputs.get("permissionsBoundary", "")),
            node.inputs.get("permissionsBoundary", ""),
            {**tags, **(node.inputs.get("tags") or {})},
        )
        for node, tags in _of(nodes, "iam/role:Role")
    }
    outputs = graphs[0].stack_outputs
    tagged = {node.outputs["arn"]: {**tags, **_own_tags(node)} for node, tags in nodes if node.outputs.get("arn")}
    return Estate(outputs["account"], outputs["region"], roles, dict(_resource_policies(nodes)), tagged)


def _of(
    nodes: Iterable[tuple[ResourceNode, Mapping[str, str]]], kind: str
) -> Iterator[tuple[ResourceNode, Mapping[str, str]]]:
    return ((node, tags) for node, tags in nodes if node.type == f"aws:{kind}")


def _resource_policies(nodes: list[tuple[ResourceNode, Mapping[str, str]]]) -> Iterator[tuple[str, Statements]]:
    made = _of(nodes, "sagemaker/modelPackageGroup:ModelPackageGroup")
    groups = {node.inputs["modelPackageGroupName"]: node.outputs["arn"] for node, _ in made}
    for node, _ in nodes:
        if node.type == "aws:kms/key:Key" and "policy" in node.inputs:
            yield node.outputs["arn"], parse(node.inputs["policy"])
        elif node.type == "aws:s3/bucketPolicy:BucketPolicy":
            yield f"arn:aws:s3:::{node.inputs['bucket']}", parse(node.inputs["policy"])
        elif node.type == "aws:sns/topicPolicy:TopicPolicy":
            yield node.inputs["arn"], parse(node.inputs["policy"])
        elif node.type == "aws:sagemaker/modelPackageGroupPolicy:ModelPackageGroupPolicy":
            yield groups[node.inputs["modelPackageGroupName"]], parse(node.inputs["resourcePolicy"])


def _own_tags(node: ResourceNode) -> Mapping[str, str]:
    tags = node.inputs.get("tags") or {}
    return {item["key"]: item["value"] for item in tags} if isinstance(tags, list) else tags


def _default_tags(graph: ResourceGraph) -> Mapping[str, str]:
    """Return the tags that the graph's provider puts on everything."""
    for node in graph.nodes.values():
        if node.is_provider and node.type.endswith(":aws"):
            given: Any = node.inputs.get("defaultTags") or {}
            found: Mapping[str, str] = (json.loads(given) if isinstance(given, str) else given).get("tags") or {}
            return found
    return {}

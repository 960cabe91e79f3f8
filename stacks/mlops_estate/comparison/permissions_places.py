"""Where policies stand in a resource graph, and who or what each is about: roles, users, groups, and resources."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from mlops_estate.comparison.endpoints import resources_of
from mlops_estate.graph import UNKNOWN, ResourceGraph
from mlops_estate.graph_file import MASK
from mlops_policies.identity_policies import (
    GROUP,
    GROUP_ATTACHMENT,
    GROUP_POLICY,
    POLICY,
    POLICY_ATTACHMENT,
    ROLE,
    ROLE_ATTACHMENT,
    ROLE_POLICY,
    USER,
    USER_ATTACHMENT,
    USER_POLICY,
    documents,
)
from mlops_policies.resource import Resource
from mlops_policies.role_policies import EXCLUSIVE_ATTACHMENTS
from mlops_policies.values import UnknownValue, has_unknown, listed

TRUST, BOUNDARY = "assumeRolePolicy", "permissionsBoundary"
POLICY_TYPES: Mapping[str, tuple[str, str]] = {
    "aws:s3/bucketPolicy:BucketPolicy": ("policy", "bucket"),
    "aws:s3control/accessPointPolicy:AccessPointPolicy": ("policy", "accessPointArn"),
    "aws:kms/keyPolicy:KeyPolicy": ("policy", "keyId"),
    "aws:sns/topicPolicy:TopicPolicy": ("policy", "arn"),
    "aws:sqs/queuePolicy:QueuePolicy": ("policy", "queueUrl"),
    "aws:secretsmanager/secretPolicy:SecretPolicy": ("policy", "secretArn"),
    "aws:ecr/repositoryPolicy:RepositoryPolicy": ("policy", "repository"),
    "aws:sagemaker/modelPackageGroupPolicy:ModelPackageGroupPolicy": ("resourcePolicy", "modelPackageGroupName"),
    "aws:backup/vaultPolicy:VaultPolicy": ("policy", "backupVaultName"),
    "aws:efs/fileSystemPolicy:FileSystemPolicy": ("policy", "fileSystemId"),
    "aws:cloudwatch/logResourcePolicy:LogResourcePolicy": ("policyDocument", "policyName"),
    "aws:cloudwatch/eventBusPolicy:EventBusPolicy": ("policy", "eventBusName"),
    "aws-native:lambda:ResourcePolicy": ("policyDocument", "functionName"),
    "aws:ec2/vpcEndpointPolicy:VpcEndpointPolicy": ("policy", "vpcEndpointId"),
}
"""Types that hold a policy of another resource: the property with the document, and the one that names the resource."""
OWN_DOCUMENTS = ("policy", "resourcePolicy", "policyDocument", "accessPolicies", "accessPolicy")
"""Properties in which any other type may hold a policy of its own, such as `aws:kms/key:Key`."""
PERMISSION = "aws:lambda/permission:Permission"
VPC_ENDPOINT = "aws:ec2/vpcEndpoint:VpcEndpoint"
KEY = "aws:kms/key:Key"
_NO_POLICIES = ("aws:ecr/lifecyclePolicy:LifecyclePolicy", "aws:appautoscaling/policy:Policy")
"""Types whose `policy` is no document of IAM's."""
_IDENTITY = {POLICY, ROLE_POLICY, USER_POLICY, GROUP_POLICY, ROLE, USER, GROUP}
_SEPARATE = {ROLE_POLICY: (ROLE, "role"), USER_POLICY: (USER, "user"), GROUP_POLICY: (GROUP, "group")}
_ATTACHING = (
    (ROLE_ATTACHMENT, ROLE, "role", "policyArn"),
    (USER_ATTACHMENT, USER, "user", "policyArn"),
    (GROUP_ATTACHMENT, GROUP, "group", "policyArn"),
    (POLICY_ATTACHMENT, ROLE, "roles", "policyArn"),
    (POLICY_ATTACHMENT, USER, "users", "policyArn"),
    (POLICY_ATTACHMENT, GROUP, "groups", "policyArn"),
    (EXCLUSIVE_ATTACHMENTS, ROLE, "roleName", "policyArns"),
)
_FULL = {"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}]}
_ACCOUNT = re.compile(r"\d{12}")


@dataclass(frozen=True, slots=True)
class Place:
    """One document: who it is about, where it stands, and its text or data (a sentinel where it is unknown).

    `how` is policy, boundary, trust or resource policy; `symbol` stands for what is unknown in it, and `sources` are
    the URNs that unknown parts come from.
    """

    how: str
    holder: str
    urn: str
    document: Any
    symbol: str = "unknown"
    sources: tuple[str, ...] = ()

    @property
    def unknown(self) -> bool:
        """Whether nothing of the document can be read."""
        text = self.document
        return isinstance(text, str) and (text == MASK or (UNKNOWN in text and text[:1] not in "{["))

    @property
    def text(self) -> str:
        """The document as one text, to tell whether two are written alike."""
        told = self.document if isinstance(self.document, str) else json.dumps(self.document, sort_keys=True)
        return f"{told}\n{self.symbol}\n{' '.join(self.sources) if has_unknown(told) else ''}"


@dataclass(slots=True)
class Holder:
    """Whom or what documents are about: an identity by its policies, a role by its trust, a resource by its policy."""

    key: tuple[str, str]
    name: str
    urn: str
    places: list[Place] = field(default_factory=list)
    managed: dict[str, str] = field(default_factory=dict)
    """ARNs of managed policies whose document is not in this stack, by where each is attached."""
    undecided: list[tuple[str, str]] = field(default_factory=list)
    """(URN, why) of what may be a policy of this one, which can't be told."""
    bounded: bool = False


@dataclass(slots=True)
class Places:
    """Every holder of a graph, by its key; `account` is the estate's own, "" where nothing tells."""

    holders: dict[tuple[str, str], Holder]
    account: str
    region: str
    roles: dict[str, str]
    """URNs of roles by name and by ARN, those of this stack."""
    urns: frozenset[str] = frozenset()
    """Everything that stands."""

    def holder(self, like: Holder) -> Holder | None:
        """Return the counterpart of another side's holder: without documents where it stands and has none."""
        found = self.holders.get(like.key)
        if found is None and like.urn in self.urns:
            return Holder(like.key, like.name, like.urn)
        return found


def places_of(graph: ResourceGraph) -> Places:
    """Return where policies stand in a graph."""
    return _Reader(graph).read()


class _Reader:
    """Reads one graph; every join is by names and ARNs where they are known, else by what a property comes from."""

    def __init__(self, graph: ResourceGraph) -> None:
        self.graph = graph
        self.stack = resources_of(graph)
        self.holders: dict[tuple[str, str], Holder] = {}

    def read(self) -> Places:
        attached = self._managed()
        for it in self.stack.resources:
            if it.type in (ROLE, USER, GROUP):
                self._identity(it)
            elif it.type in _SEPARATE:
                kind, by = _SEPARATE[it.type]
                for holder in self._named(it, by, kind):
                    holder.places.append(self._place("policy", holder, it, "policy"))
            elif it.type == PERMISSION:
                self._permission(it)
            elif it.type not in _IDENTITY:
                self._resource_policy(it)
        for holder, policy, at in attached:
            self._attach(holder, policy, at)
        roles = {
            text: it.urn
            for it in self.stack.of(ROLE)
            for text in (it.value.get("name"), it.value.get("arn"))
            if isinstance(text, str) and not has_unknown(text)
        }
        account, region = account_and_region(self.graph)
        return Places(dict(sorted(self.holders.items())), account, region, roles, frozenset(self.stack.by_urn))

    def _holder(self, group: str, it: Resource | str, kind: str = "") -> Holder:
        """Return the holder for a resource of the stack, or for a name that is none of it."""
        name = it if isinstance(it, str) else _name(it)
        key = (f"{group} {kind}".strip(), name or _place_of(it))
        if key not in self.holders:
            self.holders[key] = Holder(key, name, "") if isinstance(it, str) else Holder(key, name or it.name, it.urn)
        return self.holders[key]

    def _named(self, it: Resource, by: str, kind: str) -> list[Holder]:
        """Return the identities that a property names; nobody where it is unknown, which is noted."""
        try:
            found = self.stack.referred(it, by, kind)
        except UnknownValue:
            self._holder("identity", f"whoever {it.name} is for").undecided.append(
                (it.urn, f"whom it is for is unknown until the update ({by})")
            )
            return []
        if found:
            return [self._holder("identity", each, kind) for each in found]
        texts = [text for text in listed(it.raw(by)) if isinstance(text, str) and text and not has_unknown(text)]
        return [self._holder("identity", text.rpartition("/")[2], kind) for text in texts]

    def _identity(self, it: Resource) -> None:
        holder = self._holder("identity", it, it.type)
        holder.urn = it.urn
        if it.present(TRUST):
            trusting = self._holder("trust", it)
            trusting.urn = it.urn
            trusting.places.append(self._place("trust", trusting, it, TRUST))
        try:
            inline = documents(it)
        except UnknownValue as unknown:
            inline = []
            holder.undecided.append((it.urn, f"{unknown.path} is unknown until the update"))
        for view, path in inline:
            holder.places.append(Place("policy", holder.name, it.urn, view.raw(path), *self._origin(it, view.path())))
        self._boundary(it, holder)

    def _boundary(self, it: Resource, holder: Holder) -> None:
        if not it.present(BOUNDARY):
            return
        holder.bounded = True
        try:
            found = self.stack.referred(it, BOUNDARY, POLICY)
        except UnknownValue:
            holder.undecided.append((it.urn, "its permissions boundary is unknown until the update"))
            return
        for policy in found:
            holder.places.append(self._place("boundary", holder, policy, "policy"))
        if not found:
            holder.managed[f"boundary {it.raw(BOUNDARY)}"] = it.urn

    def _managed(self) -> list[tuple[Holder, Resource | str, str]]:
        """Return who carries which managed policy: one of this stack, or an ARN; and where that is said."""
        found: list[tuple[Holder, Resource | str, str]] = []
        for kind, who, by, names in _ATTACHING:
            for it in self.stack.of(kind):
                if it.present(by):
                    for holder in self._named(it, by, who):
                        found += self._policies(holder, it, names)
        for it in self.stack.of(ROLE, USER, GROUP):
            if it.present("managedPolicyArns") and it.declares("managedPolicyArns"):
                found += self._policies(self._holder("identity", it, it.type), it, "managedPolicyArns")
        for it in self.stack.of(POLICY):
            for by, kind in (("roles", ROLE), ("users", USER), ("groups", GROUP)):
                if it.present(by):
                    found += [(holder, it, it.urn) for holder in self._named(it, by, kind)]
        return found

    def _policies(self, holder: Holder, it: Resource, names: str) -> Iterator[tuple[Holder, Resource | str, str]]:
        try:
            known: list[Resource] = self.stack.referred(it, names, POLICY)
        except UnknownValue:
            holder.undecided.append((it.urn, f"which policies it attaches is unknown until the update ({names})"))
            return
        yield from ((holder, policy, it.urn) for policy in known)
        own = {text for policy in known for text in policy.identifiers()}
        for text in listed(it.raw(names)):
            if isinstance(text, str) and not has_unknown(text) and text not in own:
                yield holder, text, it.urn

    def _attach(self, holder: Holder, policy: Resource | str, at: str) -> None:
        if isinstance(policy, str):
            holder.managed[policy] = at
        else:
            holder.places.append(self._place("policy", holder, policy, "policy"))

    def _resource_policy(self, it: Resource) -> None:
        path, by = POLICY_TYPES.get(it.type, ("", ""))
        if not path:
            path = next((name for name in OWN_DOCUMENTS if _is_policy(it.value.get(name))), "")
        if it.type in _NO_POLICIES:
            return
        if not path and it.type == VPC_ENDPOINT:
            # An endpoint without a policy lets everything pass (VPC user guide, "Default endpoint policy").
            holder = self._holder("resource", it, it.type)
            holder.places.append(Place("resource policy", holder.name, it.urn, _FULL))
        if path and it.present(path):
            holder = self._target(it, by) if by else self._holder("resource", it, it.type)
            holder.places.append(self._place("resource policy", holder, it, path))

    def _target(self, it: Resource, by: str) -> Holder:
        """Return the resource that a policy is about; what is named by several texts is one and the same."""
        value = it.raw(by)
        sources = [self.stack.by_urn[urn] for urn in it.property_dependencies.get(by, ()) if urn in self.stack.by_urn]
        if not sources and isinstance(value, str) and not has_unknown(value):
            sources = [each for each in self.stack.resources if value in each.identifiers()]
            sources = [each for each in sources if each.type not in POLICY_TYPES]
            if not sources:
                return self._holder("resource", value)
        if not sources:
            return self._holder("resource", it, it.type)
        base = min(sources, key=lambda each: (each.type.split("/")[0] != it.type.split("/")[0], each.urn))
        return self._holder("resource", base, base.type)

    def _permission(self, it: Resource) -> None:
        """Read a Lambda permission as the statement that it adds to the function's policy."""
        principal = it.raw("principal")
        conditions: dict[str, dict[str, Any]] = {}
        for path, operator, key in (
            ("sourceArn", "ArnLike", "aws:SourceArn"),
            ("sourceAccount", "StringEquals", "aws:SourceAccount"),
            ("principalOrgId", "StringEquals", "aws:PrincipalOrgID"),
            ("functionUrlAuthType", "StringEquals", "lambda:FunctionUrlAuthType"),
        ):
            if it.present(path):
                conditions.setdefault(operator, {})[key] = it.raw(path)
        kind = "Service" if isinstance(principal, str) and principal.endswith((".amazonaws.com", ".amazonaws.com.cn"))\
            else "AWS"  # fmt: skip
        statement = {
            "Effect": "Allow",
            "Principal": "*" if principal == "*" else {kind: principal},
            "Action": it.raw("action"),
            "Resource": "*",
            "Condition": conditions,
        }
        holder = self._target(it, "function")
        document = {"Statement": [statement]}
        holder.places.append(Place("resource policy", holder.name, it.urn, document, *self._origin(it, "sourceArn")))

    def _place(self, how: str, holder: Holder, it: Resource, path: str) -> Place:
        return Place(how, holder.name, it.urn, it.raw(path), *self._origin(it, path))

    def _origin(self, it: Resource, path: str) -> tuple[str, tuple[str, ...]]:
        """Return what stands for unknown parts, the name of what they come from where that is one, and all of it."""
        top = re.split(r"[.\[]", it.written(path))[0]
        urns = tuple(sorted(it.property_dependencies.get(top, ())))
        return (urns[0].rpartition("::")[2] if len(urns) == 1 else "unknown"), urns


def _name(it: Resource) -> str:
    """Return what a resource is known by where it stands: its name, "" where the program gives none."""
    for path in ("name", "bucket", "repository", it.name_property()):
        value = it.value.get(path)
        if isinstance(value, str) and value and not has_unknown(value) and value != MASK:
            return value
    return ""


def _place_of(it: Resource | str) -> str:
    """Return a resource's place in the program: its URN without stack and project, which differ between stacks."""
    return it if isinstance(it, str) else it.urn.split("::", 2)[2]


def _is_policy(value: Any) -> bool:
    """Whether a value is a policy document, or one that is unknown."""
    if isinstance(value, str):
        whole = UNKNOWN in value and value[:1] not in "{["
        return whole or value == MASK or ('"Statement"' in value and value.lstrip().startswith("{"))
    return isinstance(value, Mapping) and "Statement" in value


def account_and_region(graph: ResourceGraph) -> tuple[str, str]:
    """Return the account and region of a stack: as it exports them, else as its providers are pinned to them."""
    account, region = graph.stack_outputs.get("account"), graph.stack_outputs.get("region")
    for node in graph.nodes.values():
        if node.is_provider:
            pinned = _ACCOUNT.findall(json.dumps(node.inputs.get("allowedAccountIds") or ""))
            account = account or (pinned[0] if pinned else None)
            region = region or node.inputs.get("region")
    return _known(account), _known(region)


def _known(text: Any) -> str:
    return text if isinstance(text, str) and not has_unknown(text) and text != MASK else ""

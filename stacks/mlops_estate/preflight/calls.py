"""The calls that the plan takes, resource by resource, as IAM decides them.

Which operations stand behind a type is what the operations table says (`embedded.driver.table`), the same that an
embedded `up` runs; beside them, what services ask of the caller on the way: a role that is handed over, a key that is
used, a role of a service's own. What the providers read on their own account is in `provider_reads`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from mlops_estate.graph import ResourceGraph, ResourceNode
from mlops_estate.preflight import actions
from mlops_estate.preflight.provider_reads import reads_of

LINKED: Mapping[str, str] = {
    "accessanalyzer:CreateAnalyzer": "access-analyzer.amazonaws.com/AWSServiceRoleForAccessAnalyzer",
    "application-autoscaling:RegisterScalableTarget": (
        "sagemaker.application-autoscaling.amazonaws.com/AWSServiceRoleForApplicationAutoScaling_SageMakerEndpoint"
    ),
    "backup:CreateBackupVault": "backup.amazonaws.com/AWSServiceRoleForBackup",
    "backup:CreateRestoreTestingPlan": ("restore-testing.backup.amazonaws.com/AWSServiceRoleForBackupRestoreTesting"),
    "config:PutConformancePack": "config-conforms.amazonaws.com/AWSServiceRoleForConfigConforms",
    "guardduty:CreateDetector": "guardduty.amazonaws.com/AWSServiceRoleForAmazonGuardDuty",
    "inspector2:Enable": "inspector2.amazonaws.com/AWSServiceRoleForAmazonInspector2",
    "macie2:EnableMacie": "macie.amazonaws.com/AWSServiceRoleForAmazonMacie",
    "sagemaker:CreateDomain": "sagemaker.amazonaws.com/AWSServiceRoleForAmazonSageMakerNotebooks",
    "securityhub:EnableSecurityHub": "securityhub.amazonaws.com/AWSServiceRoleForSecurityHub",
}
"""The role of its own that a service makes at the first such call in an account (the services' user guides)."""
PASSED: Mapping[str, str] = {
    "ec2": "vpc-flow-logs.amazonaws.com", "application-autoscaling": "application-autoscaling.amazonaws.com",
}  # fmt: skip
"""Who a role is handed to, where it is not the service with `.amazonaws.com`."""
KEY_USES: Mapping[str, tuple[str, ...]] = {
    "s3:PutObject": ("kms:Decrypt", "kms:GenerateDataKey"),
    "secretsmanager:CreateSecret": ("kms:Decrypt", "kms:GenerateDataKey"),
    "sagemaker:CreateEndpointConfig": ("kms:CreateGrant", "kms:DescribeKey"),
    "sagemaker:CreateFeatureGroup": ("kms:CreateGrant", "kms:DescribeKey"),
    "backup:CreateBackupVault": (
        "kms:CreateGrant", "kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey", "kms:RetireGrant",
    ),
    "ecr:CreateRepository": ("kms:CreateGrant", "kms:DescribeKey"),
    "lambda:CreateFunction": ("kms:CreateGrant", "kms:Decrypt"),
}  # fmt: skip
"""What a call that names a key asks of the caller on that key: S3 user guide ("Using SSE-KMS"), Secrets Manager user
guide ("Secret encryption and decryption"), SageMaker AI developer guide (API permissions reference), AWS Backup
developer guide ("Access control"), ECR user guide ("Encryption at rest"), Lambda developer guide ("Securing environment
variables")."""
UNTAGGED_BEFORE = frozenset({"aws:ec2/defaultSecurityGroup:DefaultSecurityGroup"})
"""Types that take over what AWS made, without a tag."""
LISTED: Mapping[str, str] = {
    "route-table": "RouteTableIds", "subnet": "SubnetIds", "security-group": "SecurityGroupIds", "vpc": "ResourceIds",
}  # fmt: skip
"""Parameters that list what a call is about, by resource type."""
SEVERAL = frozenset({"ec2:CreateFlowLogs", "ec2:CreateVpcEndpoint", "ec2:ModifyVpcEndpoint"})
"""Actions that are decided on everything that they list, and on nothing of a type that they list nothing of."""
LISTS_ALL = frozenset({"logs:DescribeLogGroups"})
"""Actions that are decided on every resource of the type, whatever they ask for."""
ALONGSIDE: Mapping[str, tuple[str, ...]] = {"backup:CreateBackupVault": ("backup-storage:MountCapsule",)}
"""Actions without an operation that a call is decided by too (AWS Backup developer guide, "Access control")."""
CONTROL = tuple(
    f"cloudformation:{verb}"
    for verb in ("CreateResource", "DeleteResource", "GetResource", "GetResourceRequestStatus", "UpdateResource")
)
"""Cloud Control's own actions, for the `aws-native` provider; the handlers' calls are made with the caller's rights."""


@dataclass(frozen=True, slots=True)
class Call:
    """One request as IAM decides it: the action, the ARN (`*` where the action has no resource type), and what is told.

    `kind` is the resource type of the service authorization reference; `made` whether the call makes the resource, so
    that it has no tags yet.
    """

    action: str
    resource: str
    kind: str
    phase: str
    urn: str
    operation: str = ""
    context: Mapping[str, str] = field(default_factory=dict)
    made: bool = False


def calls_of(graph: ResourceGraph, account: str, region: str, partition: str) -> list[Call]:
    """Return the calls of every planned resource: to make, read, change, delete and tag it."""
    place = {"account": account, "region": region, "partition": partition}
    tags = _told_by_arn(graph)
    found: list[Call] = []
    for node in graph.custom_nodes():
        if node.aws.get("operations"):
            found += _of_node(node, place, tags)
    return found


def _told_by_arn(graph: ResourceGraph) -> dict[str, Mapping[str, str]]:
    """Return what a request about each resource tells of it: its tags, and a role's boundary."""
    found: dict[str, Mapping[str, str]] = {}
    for node in graph.custom_nodes():
        if node.aws.get("arn"):
            told = {f"aws:ResourceTag/{key}": value for key, value in node.aws["tags"].items()}
            boundary = node.aws["params"].get("PermissionsBoundary")
            found[node.aws["arn"]] = {**told, **({"iam:PermissionsBoundary": boundary} if boundary else {})}
    return found


def _of_node(node: ResourceNode, place: Mapping[str, str], tags: Mapping[str, Mapping[str, str]]) -> Iterator[Call]:
    """Yield the calls of one resource's life, then what its creation asks besides."""
    words = {**flat(node.aws["params"]), **node.aws["keys"], **place}
    if "AWSServiceName" in words:
        words["RolePath"] = f"aws-service-role/{words['AWSServiceName']}/{words['RoleName']}"
    for phase, service, operation in node.aws["operations"]:
        phase = "untag" if phase == "tag" and not _adds(operation) else phase
        action = actions.action_of(service, operation)
        text = f"{service}:{operation}"
        if not actions.is_known(action):
            yield Call(action, "*", "", phase, node.urn, text)
            continue
        first = phase == "create" and text == node.aws["operation"]
        for kind, arn in resources_of(action, words, node.aws["arn"]):
            made = first and (not kind or arn == node.aws["arn"])
            known = {} if node.type in UNTAGGED_BEFORE and phase == "create" else tags.get(arn, {})
            adds = phase == "tag" and _adds(operation)
            asked = _asked(node, words, created=made) if made or adds else {}
            yield Call(action, arn, kind, phase, node.urn, text, {**asked, **({} if made else known)}, made)
            if adds and node.aws["operations"][0][0] == "create":
                # A creation with tags is decided by the tagging action too, and the resource has no tag yet.
                yield Call(action, arn, kind, phase, node.urn, text, _asked(node, words, created=True), made=True)
    yield from _beside(node, words, place, tags)


def _adds(operation: str) -> bool:
    return not operation.startswith(("Untag", "Delete", "Remove"))


def resources_of(action: str, words: Mapping[str, Any], own: str) -> Iterator[tuple[str, str]]:
    """Yield the type and ARN of what an action is decided on: `own` is the resource itself, which tags are about."""
    kinds = actions.kinds_of(action)
    if not kinds:
        yield "", "*"
    for kind in kinds:
        listed = words.get(LISTED.get(kind, ""))
        if kind == "own" or (kind == "ScalableTarget" and "scalable-target" in own):
            yield kind, own or "*"
        elif action in LISTS_ALL:
            yield kind, actions.arn_for(action, kind, {key: words[key] for key in ("account", "region", "partition")})
        elif action in SEVERAL and kind in LISTED and (kind != "vpc" or "ResourceIds" in words):
            for item in listed if isinstance(listed, list) else ():
                yield kind, actions.arn_for(action, kind, {**words, actions.place_of(action, kind): item})
        else:
            yield kind, actions.arn_for(action, kind, words)


def _asked(node: ResourceNode, words: Mapping[str, Any], *, created: bool) -> dict[str, str]:
    """Return what a call asks for: tags, a role's boundary, a service, the creation that tags belong to."""
    told = {f"aws:RequestTag/{key}": value for key, value in node.aws["tags"].items()}
    for key, word in (("iam:PermissionsBoundary", "PermissionsBoundary"), ("iam:AWSServiceName", "AWSServiceName")):
        if isinstance(words.get(word), str):
            told[key] = words[word]
    if created and node.aws["operation"].startswith("ec2:"):
        told["ec2:CreateAction"] = node.aws["operation"].split(":")[1]
    return told


def _beside(
    node: ResourceNode, words: Mapping[str, Any], place: Mapping[str, str], tags: Mapping[str, Mapping[str, str]]
) -> Iterator[Call]:
    """Yield what the creation asks beyond its own action, and what the provider reads by itself."""
    operation, params, urn = node.aws["operation"], node.aws["params"], node.urn
    service = operation.split(":")[0]
    action = actions.action_of(*operation.split(":"))
    for role in sorted(set(role_arns(params))) if service != "iam" else ():
        told = {"iam:PassedToService": PASSED.get(service, f"{service}.amazonaws.com")}
        yield Call("iam:PassRole", role, "role", "hand over", urn, operation, told)
    if linked := LINKED.get(operation):
        told = {"iam:AWSServiceName": linked.partition("/")[0]}
        arn = f"arn:{place['partition']}:iam::{place['account']}:role/aws-service-role/{linked}"
        yield Call("iam:CreateServiceLinkedRole", arn, "role", "hand over", urn, operation, told)
    for key in sorted(set(key_arns(params))) if action in KEY_USES else ():
        for use in KEY_USES[action]:
            told = {"kms:ViaService": f"{service}.{place['region']}.amazonaws.com", **tags.get(key, {})}
            if use == "kms:CreateGrant":
                told["kms:GrantIsForAWSResource"] = "true"
            yield Call(use, key, "key", "use a key", urn, operation, told)
    for more in ALONGSIDE.get(action, ()):
        yield Call(more, "*", "", "create", urn, operation)
    for control in CONTROL if node.type.startswith("aws-native:") else ():
        yield Call(control, "*", "", "provider", urn, operation)
    for read in reads_of(node.type, service):
        for kind, arn in resources_of(read, words, node.aws["arn"]):
            yield Call(read, arn, kind, "provider", urn, "", tags.get(arn, {}))


def flat(params: Mapping[str, Any]) -> dict[str, Any]:
    """Return a call's scalar parameters by name, those of structures below too; of two with one name the outer wins."""
    found: dict[str, Any] = {}
    below: list[Mapping[str, Any]] = []
    for key, value in params.items():
        if isinstance(value, Mapping):
            below.append(value)
        elif isinstance(value, list):
            below += [item for item in value if isinstance(item, Mapping)]
        if not isinstance(value, Mapping):
            found[key] = value
    for inner in below:
        found = {**flat(inner), **found}
    return found


def role_arns(value: Any, key: str = "") -> Iterator[str]:
    """Yield the roles that a call hands over: values of members whose name ends like a role's ARN does."""
    if isinstance(value, Mapping):
        for name, item in value.items():
            yield from role_arns(item, name)
    elif isinstance(value, list):
        for item in value:
            yield from role_arns(item, key)
    elif isinstance(value, str) and ":iam::" in value[:40] and ":role/" in value and _hands_over(key):
        yield value


def _hands_over(member: str) -> bool:
    name = member.lower()
    return "role" in name or name == "deliverlogspermissionarn"


def key_arns(value: Any) -> Iterator[str]:
    """Yield the keys that a call names, in whatever member."""
    if isinstance(value, Mapping):
        for item in value.values():
            yield from key_arns(item)
    elif isinstance(value, list):
        for item in value:
            yield from key_arns(item)
    elif isinstance(value, str) and value.startswith("arn:") and value.split(":")[2] == "kms" and ":key/" in value:
        yield value

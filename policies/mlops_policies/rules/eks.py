"""EKS clusters and their node groups."""

from __future__ import annotations

from collections.abc import Iterator

from mlops_policies.group_rules import is_internet
from mlops_policies.instances import is_accelerated
from mlops_policies.resource import Resource
from mlops_policies.rule import Use, resource_rule
from mlops_policies.values import is_unknown
from mlops_policies.verdicts import Verdict, not_applicable

CLUSTER = "aws:eks/cluster:Cluster"
NODE_GROUP = "aws:eks/nodeGroup:NodeGroup"
_API = "https://docs.aws.amazon.com/eks/latest/APIReference/"
_GUIDE = "https://docs.aws.amazon.com/eks/latest/userguide/"


@resource_rule(
    "eks-private-endpoint",
    on=[CLUSTER],
    title="A cluster's API server is not open to the internet.",
    severity="high",
    level="mandatory",
    why="An API server that everybody reaches is one stolen token or one flaw away from being somebody else's.",
    fix="Set vpcConfig.endpointPublicAccess to false, or list the networks in publicAccessCidrs",
    source=(f"{_API}API_VpcConfigRequest.html", f"{_GUIDE}cluster-endpoint.html"),
)
def private_endpoint(it: Resource, use: Use) -> Iterator[Verdict]:
    """Absent, the public endpoint is on and open to 0.0.0.0/0; an empty list of networks is the same as none."""
    if not it.get("vpcConfig.endpointPublicAccess", True):
        return
    blocks = it.get("vpcConfig.publicAccessCidrs") or ["0.0.0.0/0"]
    if any(is_internet(block) for block in blocks):
        yield it.fails("vpcConfig.publicAccessCidrs", "let everybody reach the API server")
    else:
        it.whole("vpcConfig.publicAccessCidrs")


@resource_rule(
    "eks-secrets-encryption",
    on=[CLUSTER],
    title="A cluster's secrets are encrypted with a key of one's own.",
    severity="high",
    level="mandatory",
    why="Whoever reads the cluster's storage reads its secrets, unless a key that you control wraps them.",
    fix="Add encryptionConfig with a KMS key for secrets; it can't be taken away later",
    source=(f"{_GUIDE}envelope-encryption.html", f"{_API}API_EncryptionConfig.html"),
)
def secrets_encryption(it: Resource, use: Use) -> Iterator[Verdict]:
    """EKS encrypts all API data by itself since Kubernetes 1.28, but with a key of AWS, which nobody can revoke."""
    yield it.requires("encryptionConfig.provider.keyArn", "is absent; secrets need a KMS key of one's own")
    yield it.holds(
        "encryptionConfig.resources", lambda kinds: any(kind == "secrets" or is_unknown(kind) for kind in kinds),
        "must name secrets",
    )  # fmt: skip


@resource_rule(
    "eks-audit-logs",
    on=[CLUSTER],
    title="A cluster logs who asked its API server for what.",
    severity="medium",
    level="mandatory",
    why="Without the audit log nobody can tell what an intruder, or a colleague, did in the cluster.",
    fix="List the log types in enabledClusterLogTypes",
    source=f"{_GUIDE}control-plane-logs.html",
    settings={
        "cluster_log_types": {
            "type": "array",
            "items": {"type": "string"},
            "default": ["audit", "authenticator"],
            "description": "Log types that every cluster needs.",
        },
        "production_cluster_log_types": {
            "type": "array",
            "items": {"type": "string"},
            "default": ["api", "audit", "authenticator", "controllerManager", "scheduler"],
            "description": "Log types that a cluster in production needs.",
        },
    },
)
def audit_logs(it: Resource, use: Use) -> Iterator[Verdict]:
    """No type is logged unless it is listed."""
    logged = it.get("enabledClusterLogTypes") or []
    missing = [
        kind
        for kind in use["production_cluster_log_types" if use.is_prod else "cluster_log_types"]
        if kind not in logged
    ]
    for kind in missing:
        it.whole("enabledClusterLogTypes")
        yield it.fails("enabledClusterLogTypes", f"lacks {kind}", key=kind)


@resource_rule(
    "eks-supported-version",
    on=[CLUSTER],
    title="A cluster's Kubernetes version is written down and in standard support.",
    severity="high",
    level="mandatory",
    why="After standard support AWS charges six times as much, and in the end upgrades the cluster by itself.",
    fix="Set version to one in standard support",
    source=f"{_GUIDE}kubernetes-versions.html",
    settings={
        "supported_kubernetes_versions": {
            "type": "array",
            "items": {"type": "string"},
            "default": ["1.34", "1.35", "1.36"],
            "description": "Versions in standard support. The default is the Amazon EKS release calendar's as of "
            "25 November 2026: 1.34 until 2 December 2026, 1.35 until 27 March 2027, and 1.36.",
        }
    },
)
def supported_version(it: Resource, use: Use) -> Iterator[Verdict]:
    """Absent means the version that EKS has for default on the day, which is not always the latest, and never
    upgrades."""
    yield it.one_of("version", use["supported_kubernetes_versions"])


@resource_rule(
    "eks-deletion-protection",
    on=[CLUSTER],
    title="A production cluster is protected from deletion.",
    severity="medium",
    level="advisory",
    category="reliability",
    only=["prod"],
    why="Deleting a cluster takes all that runs in it along.",
    fix="Set deletionProtection to true",
    source=f"{_GUIDE}deletion-protection.html",
)
def deletion_protection(it: Resource, use: Use) -> Iterator[Verdict]:
    """Off unless switched on; Pulumi's own protection does not hold other callers back."""
    yield it.equals("deletionProtection", True, default=False)


@resource_rule(
    "eks-access-entries-api",
    on=[CLUSTER],
    title="Access to a cluster is granted by access entries alone.",
    severity="medium",
    level="advisory",
    why="Whoever may edit one object edits the aws-auth map, and whoever made the cluster is its hidden admin.",
    fix="Set accessConfig.authenticationMode to API and bootstrapClusterCreatorAdminPermissions to false",
    source=f"{_API}API_CreateAccessConfigRequest.html",
)
def access_entries(it: Resource, use: Use) -> Iterator[Verdict]:
    """A cluster made through the API has the mode CONFIG_MAP unless told, and its creator is an admin."""
    yield it.equals("accessConfig.authenticationMode", "API", default="CONFIG_MAP")
    yield it.equals("accessConfig.bootstrapClusterCreatorAdminPermissions", False, default=True)


@resource_rule(
    "eks-nodegroup-no-ssh",
    on=[NODE_GROUP],
    title="Nodes take no SSH from the internet.",
    severity="high",
    level="mandatory",
    why="With a key but no source groups, EKS opens port 22 of every node to 0.0.0.0/0.",
    fix="Drop remoteAccess and use Session Manager, or name the source security groups",
    source=f"{_API}API_RemoteAccessConfig.html",
)
def no_ssh(it: Resource, use: Use) -> Iterator[Verdict]:
    """A group that is unknown until the update is a group; an empty list is none."""
    if it.present("remoteAccess.ec2SshKey") and not it.raw("remoteAccess.sourceSecurityGroupIds"):
        yield it.fails("remoteAccess.ec2SshKey", "is given without source security groups")


@resource_rule(
    "eks-gpu-nodegroup-cost",
    on=[NODE_GROUP],
    title="Node groups with accelerators are kept for what needs them, and shrink to nothing.",
    severity="medium",
    level="advisory",
    category="cost",
    why="A GPU node costs as much idle as busy, and without a taint any pod may keep it busy.",
    fix="Taint the group, set scalingConfig.minSize to 0 outside production, and use SPOT for batch work",
    source=(
        "https://docs.aws.amazon.com/eks/latest/best-practices/aiml-compute.html",
        "https://docs.aws.amazon.com/wellarchitected/latest/machine-learning-lens/machine-learning-lens.html",
    ),
    settings={
        "batch_labels": {
            "type": "array",
            "items": {"type": "string"},
            "default": ["workload=batch", "workload=training"],
            "description": "Labels (key=value) of node groups whose work can be interrupted and repeated.",
        }
    },
)
def gpu_node_group(it: Resource, use: Use) -> Iterator[Verdict]:
    """A group has accelerators by its instance types, or by the AMI type where a launch template has them. Work that
    can be repeated is told by the group's labels; a capacity block is paid for beforehand, so it may stay."""
    types = it.get("instanceTypes") or []
    ami = it.get("amiType", "")
    if not any(is_accelerated(f"ml.{kind}") for kind in types) and not ami.endswith(("_GPU", "NVIDIA", "_NEURON")):
        it.whole("instanceTypes")
        yield not_applicable("it has no accelerators")
        return
    if not it.raw("taints"):
        yield it.fails("taints", "is absent; a taint must keep other pods away")
    if not use.is_prod:
        yield it.equals("scalingConfig.minSize", 0, default=1)
    labels = {f"{key}={value}" for key, value in it.get("labels", {}).items()}
    if labels & set(use["batch_labels"]):
        yield it.one_of("capacityType", ("SPOT", "CAPACITY_BLOCK"), default="ON_DEMAND")

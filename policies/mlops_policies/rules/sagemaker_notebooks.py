"""Notebook instances: network, root access, encryption, platform, metadata service, role."""

from __future__ import annotations

import re
from collections.abc import Iterator

from mlops_policies.identity_policies import ROLE, refuse_unknown_actions
from mlops_policies.policy_documents import Saying
from mlops_policies.resource import Resource
from mlops_policies.role_policies import managed_arns_of_role, statements_of_role
from mlops_policies.rule import Use, resource_rule, stack_rule
from mlops_policies.stack import Stack
from mlops_policies.verdicts import Verdict, each, not_applicable

NOTEBOOK = "aws:sagemaker/notebookInstance:NotebookInstance"
_KEYS = ("aws:kms/key:Key", "aws:kms/replicaKey:ReplicaKey", "aws:kms/externalKey:ExternalKey",
         "aws:kms/replicaExternalKey:ReplicaExternalKey", "aws:kms/alias:Alias")  # fmt: skip
_EVERYTHING = re.compile(r"^arn:[\w-]+:iam::aws:policy/(AdministratorAccess|PowerUserAccess)$")
"""Managed policies of AWS that allow every action, or every one but a few."""
_API = "https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateNotebookInstance.html"


@resource_rule(
    "sm-notebook-no-direct-internet",
    on=[NOTEBOOK],
    title="Notebook instances have no direct internet access.",
    severity="high",
    level="mandatory",
    why="A notebook with direct internet access can send the data it reads to anywhere, past the VPC's controls.",
    fix="Set directInternetAccess to Disabled and give the instance a subnet and security groups",
    source=_API,
)
def no_direct_internet(it: Resource, use: Use) -> Iterator[Verdict]:
    """Absent means Enabled (CreateNotebookInstance), so absent fails; checkov passes it."""
    yield it.equals("directInternetAccess", "Disabled", default="Enabled")


@resource_rule(
    "sm-notebook-in-vpc",
    on=[NOTEBOOK],
    title="Notebook instances run in a VPC of one's own.",
    severity="high",
    level="mandatory",
    why="Without a subnet the instance runs in a VPC that SageMaker manages, where none of your network controls hold.",
    fix="Launch the notebook in a private subnet with a dedicated security group",
    source=_API,
    settings={
        "approved_subnets": {
            "type": "array",
            "items": {"type": "string"},
            "default": [],
            "description": "Ids of the subnets that are allowed; none listed allows every subnet.",
        }
    },
)
def in_vpc(it: Resource, use: Use) -> Iterator[Verdict]:
    """A subnet that is unknown until the update is a subnet; whether it is an approved one can't be known then."""
    yield it.requires("subnetId")
    yield it.requires_some("securityGroups")
    if use["approved_subnets"] and it.present("subnetId"):
        yield it.one_of("subnetId", use["approved_subnets"])


@resource_rule(
    "sm-notebook-root-access-disabled",
    on=[NOTEBOOK],
    title="Users of notebook instances are not root.",
    severity="high",
    level="mandatory",
    why="As root a user can switch off logging and take the instance's credentials, or install what nobody checked.",
    fix="Set rootAccess to Disabled, and install what is needed in the lifecycle configuration, which runs as root",
    source="https://docs.aws.amazon.com/sagemaker/latest/dg/nbi-root-access.html",
)
def root_access_disabled(it: Resource, use: Use) -> Iterator[Verdict]:
    """Absent means Enabled (CreateNotebookInstance)."""
    yield it.equals("rootAccess", "Disabled", default="Enabled")


@resource_rule(
    "sm-notebook-kms-key",
    on=[NOTEBOOK],
    title="Volumes of notebook instances are encrypted with a KMS key.",
    severity="medium",
    level="mandatory",
    why="The volume holds copies of the data; a key has a policy, a log of its use, and can be withdrawn.",
    fix="Set kmsKeyId to the ARN of a key of your own; this replaces the notebook instance",
    source=_API,
)
def kms_key(it: Resource, use: Use) -> Iterator[Verdict]:
    """Whose key it is, `sm-notebook-key-customer-managed` asks."""
    yield it.requires("kmsKeyId")


@stack_rule(
    "sm-notebook-key-customer-managed",
    on=[NOTEBOOK],
    title="The key of a notebook instance is one's own, not one that AWS manages.",
    severity="medium",
    level="advisory",
    why="The policy of a key that AWS manages can't be changed: who uses it can't be limited, nor can it be withdrawn.",
    fix="Name a customer managed key in kmsKeyId, not an alias that begins with alias/aws/",
    source="https://docs.aws.amazon.com/kms/latest/developerguide/concepts.html",
)
def key_customer_managed(it: Resource, stack: Stack, use: Use) -> Iterator[Verdict]:
    """Keys that AWS manages are told by their aliases. A known id or ARN of a key is taken for one's own: whose it is
    can't be seen without an account, and nobody writes the id of AWS's key by hand."""
    if not it.present("kmsKeyId"):
        yield not_applicable("it names no key")
    elif not stack.referred(it, "kmsKeyId", *_KEYS) and "alias/aws/" in it.get("kmsKeyId"):
        yield it.fails("kmsKeyId", "is a key that AWS manages")


@resource_rule(
    "sm-notebook-supported-platform",
    on=[NOTEBOOK],
    title="Notebook instances run on a platform that gets security updates.",
    severity="medium",
    level="mandatory",
    why="Amazon Linux 2 is at the end of its support: holes that are found in it now stay open.",
    fix="Set platformIdentifier to notebook-al2023-v1 or later; this replaces the notebook instance",
    source="https://docs.aws.amazon.com/securityhub/latest/userguide/sagemaker-controls.html#sagemaker-8",
    settings={
        "supported_platforms": {
            "type": "array",
            "items": {"type": "string"},
            "default": ["notebook-al2023-v1", "notebook-al2023-v2"],
            "description": "Platforms that notebook instances may run on.",
        }
    },
)
def supported_platform(it: Resource, use: Use) -> Iterator[Verdict]:
    """Where nothing is said, the `aws` provider writes notebook-al2-v3, while the API takes notebook-al2023-v1: so
    absent is well for `aws-native` only. Amazon Linux 2 was supported until June 2026."""
    default = "notebook-al2-v3" if it.token == NOTEBOOK else "notebook-al2023-v1"
    yield it.one_of("platformIdentifier", use["supported_platforms"], default=default)


@resource_rule(
    "sm-notebook-imdsv2",
    on=[NOTEBOOK],
    title="Notebook instances accept version 2 of the metadata service only.",
    severity="medium",
    level="mandatory",
    why="With version 1, any request that a program is tricked into gets the role's credentials.",
    fix='Set instanceMetadataServiceConfiguration.minimumInstanceMetadataServiceVersion to "2"',
    source="https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_InstanceMetadataServiceConfiguration.html",
)
def metadata_version_2(it: Resource, use: Use) -> Iterator[Verdict]:
    """Absent means 1, which lets both versions in."""
    path = "instanceMetadataServiceConfiguration.minimumInstanceMetadataServiceVersion"
    yield it.equals(path, "2", default="1")


@stack_rule(
    "sm-notebook-role-least-privilege",
    on=[NOTEBOOK],
    title="The role of a notebook instance does not allow every action.",
    severity="high",
    level="mandatory",
    why="Whoever opens the notebook acts as its role: with every action allowed, the whole account is theirs.",
    fix="Allow the role the actions and resources that the work in the notebook needs",
    source="https://docs.aws.amazon.com/sagemaker/latest/dg/sagemaker-roles.html",
)
def role_least_privilege(it: Resource, stack: Stack, use: Use) -> Iterator[Verdict]:
    """Inline, separate and attached policies count, of this stack or AWS's own; checkov looks for the policy in an
    attribute that a role does not have. NotAction allows all but a few, which is every action here."""
    roles = stack.referred(it, "roleArn", ROLE)
    if not roles:
        yield not_applicable("its role is not of this stack")
    asked = [(check, role) for role in roles for check in (_allows_all, _is_given_all)]
    yield from each(asked, lambda pair: pair[0](it, pair[1], stack))


def _allows_all(it: Resource, role: Resource, stack: Stack) -> Iterator[Verdict]:
    def check(said: Saying) -> Iterator[Verdict]:
        if said.allows and said.every_action():
            yield it.fails("roleArn", f"is {role.name}, of which {said.named} allows every action", key=said.named)
        elif said.allows:
            refuse_unknown_actions(said)

    yield from each(statements_of_role(stack, role), check)


def _is_given_all(it: Resource, role: Resource, stack: Stack) -> Iterator[Verdict]:
    for _, _, arn in managed_arns_of_role(stack, role):
        managed = _EVERYTHING.match(arn)
        if managed:
            yield it.fails("roleArn", f"is {role.name}, to which {managed[1]} is attached", key=managed[1])

"""Notebook instances: network, root access, encryption, platform, metadata service, scripts."""

from __future__ import annotations

from collections.abc import Iterator

from mlops_policies.resource import Resource
from mlops_policies.rule import Use, resource_rule
from mlops_policies.verdicts import Verdict

NOTEBOOK = "aws:sagemaker/notebookInstance:NotebookInstance"
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
    yield it.requires("securityGroups")
    if use["approved_subnets"] and it.present("subnetId"):
        yield it.one_of("subnetId", use["approved_subnets"])

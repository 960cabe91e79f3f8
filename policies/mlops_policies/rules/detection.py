"""Detective services of an account: Inspector and Macie."""

from __future__ import annotations

from collections.abc import Iterator

from mlops_policies.resource import Resource
from mlops_policies.risk import DATA_CLASS, data_class
from mlops_policies.rule import Use, whole_stack_rule
from mlops_policies.stack import Stack
from mlops_policies.values import UnknownValue, has_unknown
from mlops_policies.verdicts import Status, Verdict, not_applicable

ENABLER = "aws:inspector2/enabler:Enabler"
ORGANIZATION = "aws:inspector2/organizationConfiguration:OrganizationConfiguration"
MACIE = "aws:macie2/account:Account"
BUCKET = "aws:s3/bucket:Bucket"
_BASELINE = (
    "aws:guardduty/detector:Detector",
    "aws:securityhub/account:Account",
    "aws:macie2/account:Account",
    "aws:accessanalyzer/analyzer:Analyzer",
)
"""What a stack that sets up an account declares."""
_SWITCHES = {"ECR": "autoEnable.ecr", "LAMBDA": "autoEnable.lambda"}


@whole_stack_rule(
    "inspector-ecr-lambda",
    title="Inspector scans container images and functions.",
    severity="medium",
    level="advisory",
    why="A flaw in an image or a package is known to the world the day it is published, and should be to you.",
    fix="Enable ECR and LAMBDA with an inspector2 Enabler, or for the organisation",
    source=(
        "https://docs.aws.amazon.com/securityhub/latest/userguide/inspector-controls.html",
        "https://docs.aws.amazon.com/inspector/latest/user/scanning-resources.html",
    ),
)
def inspector_scans(stack: Stack, use: Use) -> Iterator[Verdict]:
    """Speaks of stacks that set up an account: those that declare Inspector, GuardDuty, Security Hub, Macie or an
    access analyzer. Several enablers count together, and what an organisation enables by itself counts too."""
    enablers, organizations = stack.of(ENABLER), stack.of(ORGANIZATION)
    if not enablers and not organizations and not stack.of(*_BASELINE):
        yield not_applicable("the stack sets up no account")
        return
    missing = [kind for kind in _SWITCHES if not _is_scanned(kind, enablers, organizations)]
    if missing:
        for enabler in enablers:
            if has_unknown(enabler.raw("resourceTypes")):
                raise UnknownValue(f"{enabler.name}: resourceTypes")
    for kind in missing:
        yield Verdict(Status.FAIL, f"Inspector is not enabled for {kind}", key=kind)


def _is_scanned(kind: str, enablers: list[Resource], organizations: list[Resource]) -> bool:
    if any(kind in (enabler.raw("resourceTypes") or []) for enabler in enablers):
        return True
    return any(organization.get(_SWITCHES[kind], False) for organization in organizations)


@whole_stack_rule(
    "macie-on-training-data",
    title="Macie looks for personal data where confidential data are kept.",
    severity="medium",
    level="advisory",
    why="Personal data get into buckets that nobody thought held any, and from there into models.",
    fix="Enable Macie with a macie2 Account",
    source="https://docs.aws.amazon.com/securityhub/latest/userguide/macie-controls.html#macie-1",
    settings={
        **DATA_CLASS,
        "scanned_data_classes": {
            "type": "array",
            "items": {"type": "string"},
            "default": ["confidential", "restricted"],
            "description": "Classes of data among which personal data may be.",
        },
    },
)
def macie_enabled(stack: Stack, use: Use) -> Iterator[Verdict]:
    """Speaks of stacks with buckets that tags class so, or with a Macie account, which must not be paused. Macie is on
    unless it says PAUSED."""
    accounts = stack.of(MACIE)
    for account in accounts:
        if account.get("status", "ENABLED") != "ENABLED":
            yield Verdict(Status.FAIL, f"Macie is paused by {account.name}")
    if not accounts:
        buckets = [bucket for bucket in stack.of(BUCKET) if data_class(bucket, use) in use["scanned_data_classes"]]
        if buckets:
            yield Verdict(Status.FAIL, f"Macie is not enabled, and {buckets[0].name} holds confidential data")
        else:
            yield not_applicable("no bucket of the stack is classed as confidential")

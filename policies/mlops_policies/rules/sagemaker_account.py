"""The account around machine learning: AWS's broad managed policies, and GuardDuty."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from mlops_policies.identity_policies import (
    GROUP,
    GROUP_ATTACHMENT,
    MANAGED_BY_AWS,
    POLICY,
    POLICY_ATTACHMENT,
    ROLE,
    ROLE_ATTACHMENT,
    USER,
    USER_ATTACHMENT,
)
from mlops_policies.policy_documents import sayings
from mlops_policies.resource import Resource
from mlops_policies.role_policies import EXCLUSIVE_ATTACHMENTS
from mlops_policies.rule import Use, stack_rule, whole_stack_rule
from mlops_policies.stack import Stack
from mlops_policies.values import has_unknown, listed
from mlops_policies.verdicts import Status, Verdict, each, not_applicable

DETECTOR = "aws:guardduty/detector:Detector"
_BASELINE = (
    "aws:accessanalyzer/analyzer:Analyzer",
    "aws:cfg/recorder:Recorder",
    "aws:inspector2/enabler:Enabler",
    "aws:macie2/account:Account",
    "aws:securityhub/account:Account",
)
"""What a stack that sets up an account declares."""
_ATTACHING: Mapping[str, tuple[str, str]] = {
    ROLE: ("managedPolicyArns", ""),
    USER: ("managedPolicyArns", ""),
    GROUP: ("managedPolicyArns", ""),
    ROLE_ATTACHMENT: ("policyArn", "role"),
    POLICY_ATTACHMENT: ("policyArn", "roles"),
    EXCLUSIVE_ATTACHMENTS: ("policyArns", "roleName"),
    USER_ATTACHMENT: ("policyArn", ""),
    GROUP_ATTACHMENT: ("policyArn", ""),
}
"""By type: the property that names managed policies, and the one that names roles."""
_NO_DETECTOR = "the stack sets up an account, and declares no GuardDuty detector"
_NAMES = {"type": "array", "items": {"type": "string"}}


@stack_rule(
    "sm-no-fullaccess-managed-policy",
    on=list(_ATTACHING),
    title="No identity carries AWS's full access to SageMaker, and no role of SageMaker's full access to S3.",
    severity="high",
    level="mandatory",
    why="These policies reach every model, endpoint and bucket of the account, and far beyond SageMaker: code in a "
    "notebook or a training container acts with them.",
    fix="Attach a policy of your own with the actions and resources that the work needs",
    source=(
        "https://docs.aws.amazon.com/sagemaker/latest/dg/security-iam-awsmanpol.html",
        "https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AmazonSageMakerFullAccess.html",
    ),
    settings={
        "policies": {
            **_NAMES,
            "default": ["AmazonSageMakerFullAccess"],
            "description": "Names of AWS managed policies that nothing may carry.",
        },
        "role_policies": {
            **_NAMES,
            "default": ["AmazonS3FullAccess"],
            "description": "Names of AWS managed policies that no role may carry which SageMaker takes on.",
        },
    },
)
def no_full_access(it: Resource, stack: Stack, use: Use) -> Iterator[Verdict]:
    """Attachments of every kind, and the lists on roles, users and groups. A role is SageMaker's where its trust policy
    lets sagemaker.amazonaws.com in; whether one of another stack is can't be seen.
    """
    path, _ = _ATTACHING[it.type]
    given = it.raw(path) if it.declares(path) else None
    if not given:
        yield not_applicable("no managed policy is attached here")
        return

    def check(place: tuple[int, Any]) -> Iterator[Verdict]:
        index, arn = place
        where = f"{path}[{index}]" if isinstance(given, list) else path
        if has_unknown(arn):
            stack.referred(it, path, POLICY)  # raises where it is no policy of this stack
        found = MANAGED_BY_AWS.match(str(arn))
        name = found[1] if found else ""
        if name in use["policies"] or (name in use["role_policies"] and _is_of_sagemaker(it, stack)):
            yield it.fails(where, f"attaches {name}", key=name)

    yield from each(enumerate(listed(given)), check)


def _is_of_sagemaker(it: Resource, stack: Stack) -> bool:
    """Whether a policy hangs on a role that SageMaker may take on. Raises `UnknownValue`."""
    _, by = _ATTACHING[it.type]
    roles = [it] if it.type == ROLE else stack.referred(it, by, ROLE) if by else []
    return any(
        said.allows and ("Service", "sagemaker.amazonaws.com") in said.principals
        for role in roles
        for said in sayings(role, "assumeRolePolicy")
    )


@whole_stack_rule(
    "sm-guardduty-on",
    title="GuardDuty is on in the account.",
    severity="high",
    level="advisory",
    why="Stolen credentials, mined instances and data that leave in unusual ways show in the account's logs, which "
    "nobody reads by himself.",
    fix="Declare a GuardDuty detector with enable true",
    source=(
        "https://docs.aws.amazon.com/securityhub/latest/userguide/guardduty-controls.html#guardduty-1",
        "https://docs.aws.amazon.com/guardduty/latest/APIReference/API_CreateDetector.html",
    ),
)
def guardduty_on(stack: Stack, use: Use) -> Iterator[Verdict]:
    """Speaks of stacks that set up an account: those that declare a detector, Security Hub, Macie, Inspector, a
    configuration recorder or an access analyzer. An absent `enable` is true in the `aws` provider.
    """
    detectors = stack.of(DETECTOR)
    if not detectors and not stack.of(*_BASELINE):
        yield not_applicable("the stack sets up no account")
    elif not detectors:
        yield Verdict(Status.FAIL, _NO_DETECTOR)
    yield from each(detectors, _is_on)


def _is_on(detector: Resource) -> Iterator[Verdict]:
    if not detector.get("enable", True):
        yield Verdict(Status.FAIL, f"GuardDuty is switched off by {detector.name}", key=detector.name)

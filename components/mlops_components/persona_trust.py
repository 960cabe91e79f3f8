"""Who may become a persona: permission sets of IAM Identity Center, and named roles and users."""

import re
from collections.abc import Sequence
from typing import Any, NotRequired, TypedDict

from mlops_components.documents import Statement, account_root, partition, policy
from mlops_components.validation import Checker

PRINCIPAL = re.compile(r"arn:aws[a-z-]*:iam::(\d{12}):(role|user)/[\w+=,.@/-]+")
PERMISSION_SET = re.compile(r"[\w+=,.@-]{1,32}")
"""SSO Admin CreatePermissionSet, Name."""
_BECOME = ["sts:AssumeRole", "sts:SetSourceIdentity"]


class PersonaTrust(TypedDict):
    """Who may take one persona: a permission set, principals, or both."""

    persona: str
    """data_scientist, ml_engineer, model_approver, auditor or platform_operator."""
    permission_set: NotRequired[str]
    """Permission set of IAM Identity Center, assigned in the environment's account; no wildcards. Default: none."""
    principal_arns: NotRequired[list[str]]
    """ARNs of roles and users; no wildcards, no account's root. Default: none."""


def trust_policy(trust: PersonaTrust, account: str, region: str) -> str:
    """Return the trust policy of one persona's role.

    A user proves a second factor and gives its own name as source identity; a role has to name one, which CloudTrail
    then shows for every action. A permission set's sessions carry their user's name, and Identity Center asks for the
    factor.
    Source: IAM user guide, "Monitor and control actions taken with assumed roles"; Identity Center user guide,
    "Referencing permission sets in resource policies".
    """
    named = trust.get("principal_arns") or []
    users = sorted(arn for arn in named if ":user/" in arn)
    roles = sorted(arn for arn in named if ":role/" in arn)
    made: list[Statement] = []
    if permission_set := trust.get("permission_set"):
        # Identity Center names its roles; the last 16 characters are its own, a region's folder may stand before.
        path = f"role/aws-reserved/sso.amazonaws.com*/AWSReservedSSO_{permission_set}_{'?' * 16}"
        condition: dict[str, Any] = {
            "ArnLike": {"aws:PrincipalArn": f"arn:{partition(region)}:iam::{account}:{path}"},
        }
        made.append(_statement("PermissionSet", [account_root(account, region)], condition))
    if users:
        own = {
            "Bool": {"aws:MultiFactorAuthPresent": "true"},
            "StringEquals": {"sts:SourceIdentity": "${aws:username}"},
        }
        made.append(_statement("UsersWithSecondFactor", users, own))
    if roles:
        made.append(_statement("RolesWithSourceIdentity", roles, {"StringLike": {"sts:SourceIdentity": "?*"}}))
    return policy(made)


def _statement(sid: str, principals: Sequence[str], condition: dict[str, Any]) -> Statement:
    return {
        "Sid": sid,
        "Effect": "Allow",
        "Principal": {"AWS": list(principals)},
        "Action": _BECOME,
        "Condition": condition,
    }


def check_trust(check: Checker[Any], personas: Sequence[str]) -> None:
    """Note what is wrong with the argument `trust`: each persona exactly once, and nobody trusted unnamed."""
    given: list[PersonaTrust] = check.plain("trust") or []
    accounts = {check.plain("account"), *(check.plain("identity_account_ids") or [])}
    check.unique("trust", [trust["persona"] for trust in given])
    for index, trust in enumerate(given):
        path = f"trust[{index}]"
        if trust["persona"] not in personas:
            check.fault(f"{path}.persona", trust["persona"], f"must be one of {', '.join(personas)}", "name a persona")
        if not trust.get("permission_set") and not trust.get("principal_arns"):
            check.fault(path, trust, "trusts nobody", "give permission_set or principal_arns")
        name = trust.get("permission_set")
        if name and not PERMISSION_SET.fullmatch(name):
            rule = "must be one permission set's name, without wildcards"
            check.fault(f"{path}.permission_set", name, rule, "name it, such as DataScientist")
        for position, arn in enumerate(trust.get("principal_arns") or []):
            _check_principal(check, f"{path}.principal_arns[{position}]", arn, accounts)
    if given and (missing := [persona for persona in personas if persona not in {trust["persona"] for trust in given}]):
        check.fault("trust", missing, "leaves personas out", "say who may take each of them")


def _check_principal(check: Checker[Any], path: str, arn: str, accounts: set[str | None]) -> None:
    found = PRINCIPAL.fullmatch(arn)
    if found is None:
        rule = "must be the ARN of one role or user; a * or an account's root would trust everybody there"
        check.fault(path, arn, rule, "give an ARN such as arn:aws:iam::123456789012:role/ml-engineers")
    elif found[1] not in accounts:
        rule = f"is of account {found[1]}, which is neither this account nor in identity_account_ids"
        check.fault(path, arn, rule, "name a principal of this account, or list its account")

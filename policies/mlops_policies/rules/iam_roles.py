"""Roles and users: what hangs on them, their boundary, and how their policies are managed."""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase

from mlops_policies.identity_policies import (
    GROUP,
    GROUP_ATTACHMENT,
    MANAGED_BY_AWS,
    POLICY,
    POLICY_ATTACHMENT,
    ROLE,
    ROLE_ATTACHMENT,
    ROLE_POLICY,
    USER,
    USER_ATTACHMENT,
    USER_POLICY,
)
from mlops_policies.resource import Resource
from mlops_policies.rule import Use, resource_rule, stack_rule
from mlops_policies.stack import Stack
from mlops_policies.values import UnknownValue, is_unknown, listed
from mlops_policies.verdicts import Verdict, each, not_applicable

ACCESS_KEY = "aws:iam/accessKey:AccessKey"
LOGIN = "aws:iam/userLoginProfile:UserLoginProfile"
EXCLUSIVE_ATTACHMENTS = "aws:iam/rolePolicyAttachmentsExclusive:RolePolicyAttachmentsExclusive"

_PRACTICES = "https://docs.aws.amazon.com/IAM/latest/UserGuide/best-practices.html"
_ARNS = {
    **dict.fromkeys((ROLE, USER, GROUP), "managedPolicyArns"),
    **dict.fromkeys((ROLE_ATTACHMENT, USER_ATTACHMENT, GROUP_ATTACHMENT, POLICY_ATTACHMENT), "policyArn"),
    EXCLUSIVE_ATTACHMENTS: "policyArns",
}


@resource_rule(
    "iam-no-managed-admin",
    on=list(_ARNS),
    title="No identity carries AWS's administrator policies.",
    severity="critical",
    level="mandatory",
    why="Whoever gets hold of such an identity has the whole account, or can give it to itself.",
    fix="Attach a policy with the actions and resources that the identity needs",
    source="https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AdministratorAccess.html",
    settings={
        "refused_policies": {
            "type": "array",
            "items": {"type": "string"},
            "default": ["AdministratorAccess", "IAMFullAccess", "PowerUserAccess"],
            "description": "Names of the AWS managed policies that nothing may carry.",
        }
    },
)
def no_managed_admin(it: Resource, use: Use) -> Iterator[Verdict]:
    """Attachments of every kind, and the lists on roles, users and groups; an own policy of that name is none."""
    path = _ARNS[it.type]
    given = it.get(path)
    if given is None:
        yield not_applicable("no managed policy is attached here")
        return

    def check(place: tuple[int, object]) -> Iterator[Verdict]:
        index, arn = place
        where = f"{path}[{index}]" if isinstance(given, list) else path
        if is_unknown(arn):
            raise UnknownValue(it.path(where))
        found = MANAGED_BY_AWS.match(str(arn))
        if found and found[1] in use["refused_policies"]:
            yield it.fails(where, f"attaches {found[1]}", key=found[1])

    yield from each(enumerate(listed(given)), check)


@resource_rule(
    "iam-no-users-or-keys",
    on=[USER, ACCESS_KEY, LOGIN],
    title="There are no IAM users, passwords or access keys.",
    severity="high",
    level="mandatory",
    why="Passwords and access keys of users don't expire: one that leaks is good until somebody notices.",
    fix="Let people in through IAM Identity Center, and machines through roles",
    source=f"{_PRACTICES}#bp-users-federation-idp",
    settings={
        "allowed_users": {
            "type": "array",
            "items": {"type": "string"},
            "default": [],
            "description": "Names, or patterns of names, of users that have to be, such as one to break the glass.",
        }
    },
)
def no_users_or_keys(it: Resource, use: Use) -> Iterator[Verdict]:
    """A user that a setting names is let be, with its key and password."""
    if use["allowed_users"]:
        name = it.get("name" if it.type == USER else "user", "")
        if any(fnmatchcase(name, pattern) for pattern in use["allowed_users"]):
            return
    what = {USER: "an IAM user", ACCESS_KEY: "an access key", LOGIN: "a password of an IAM user"}[it.type]
    yield it.fails("", f"{what}, which does not expire")


@resource_rule(
    "iam-no-user-attachments",
    on=[USER_ATTACHMENT, USER_POLICY, POLICY_ATTACHMENT, USER, POLICY],
    title="Policies hang on roles and groups, not on users.",
    severity="medium",
    level="mandatory",
    why="Rights of single users escape the reviews of roles and groups, and stay when people change their work.",
    fix="Attach the policy to a role or a group",
    source="https://docs.aws.amazon.com/securityhub/latest/userguide/iam-controls.html#iam-2",
)
def no_user_attachments(it: Resource, use: Use) -> Iterator[Verdict]:
    """The list `users` of an attachment or a native policy counts, and a native user's own policies."""
    if it.type in (USER_ATTACHMENT, USER_POLICY):
        yield it.fails("user", "is given a policy of its own")
    elif it.type == USER:
        for path in ("inlinePolicies", "managedPolicyArns"):
            if it.get(path):
                yield it.fails(path, "hang on a user")
    elif it.get("users"):
        yield it.fails("users", "are given the policy")


@resource_rule(
    "iam-permissions-boundary",
    on=[ROLE],
    title="Roles carry a permissions boundary.",
    severity="medium",
    level="advisory",
    why="Who may make roles may make one that can do more than he may; a boundary caps all of them alike.",
    fix="Set permissionsBoundary to the boundary of the environment",
    source="https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html",
    settings={
        "boundary": {
            "type": "string",
            "default": "",
            "description": "The ARN, or a pattern of ARNs, that the boundary has to be; empty allows any.",
        }
    },
)
def permissions_boundary(it: Resource, use: Use) -> Iterator[Verdict]:
    """Advice in every class: developers make roles in dev, pipelines in the others; who made one can't be seen."""
    yield it.requires("permissionsBoundary")
    if use["boundary"] and it.present("permissionsBoundary"):
        wanted = use["boundary"]
        yield it.holds("permissionsBoundary", lambda arn: fnmatchcase(arn, wanted), f"must be {wanted}")


@stack_rule(
    "iam-no-mixed-role-policy-management",
    on=[ROLE],
    title="A role's policies are listed on it or attached to it, not both.",
    severity="medium",
    level="mandatory",
    category="reliability",
    why="A list on the role is taken for all there is: each update removes what other resources attach, and the next "
    "one attaches it again.",
    fix="Move the policies of the list to resources of their own, or all of them into the list",
    source="https://www.pulumi.com/registry/packages/aws/api-docs/iam/role/",
)
def no_mixed_role_policy_management(it: Resource, stack: Stack, use: Use) -> Iterator[Verdict]:
    """An empty list is a list too: it removes everything that is attached (the provider's note on these properties)."""

    def check(way: tuple[str, list[tuple[str, str]]]) -> Iterator[Verdict]:
        path, others = way
        if it.present(path) and it.declares(path):
            found = [other.name for kind, by in others for other in stack.referring(it, kind, by)]
            if found:
                yield it.fails(path, f"is mixed with {', '.join(sorted(found))}", key=path)

    yield from each(_WAYS, check)


_WAYS = [
    ("inlinePolicies", [(ROLE_POLICY, "role")]),
    ("managedPolicyArns", [(ROLE_ATTACHMENT, "role"), (POLICY_ATTACHMENT, "roles"), (POLICY, "roles")]),
]

"""Identity policies: what their statements allow, and on what."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from mlops_policies.identity_policies import (
    IDENTITY_POLICIES,
    is_broad,
    is_limited_write,
    judged,
    limited_to,
    refuse_unknown_actions,
)
from mlops_policies.policy_documents import Saying
from mlops_policies.resource import Resource
from mlops_policies.rule import Use, stack_rule
from mlops_policies.stack import Stack
from mlops_policies.verdicts import Verdict

_PRACTICES = "https://docs.aws.amazon.com/IAM/latest/UserGuide/best-practices.html#grant-least-privilege"
_WHOLE_SERVICE = re.compile(r"^([a-z0-9-]+):\*+$")


@stack_rule(
    "iam-no-admin-statement",
    on=IDENTITY_POLICIES,
    title="No policy allows every action on every resource.",
    severity="critical",
    level="mandatory",
    why="Whoever gets hold of such an identity has the whole account: its data, its keys, and its other identities.",
    fix="List the actions and resources that the identity needs",
    source="https://docs.aws.amazon.com/securityhub/latest/userguide/iam-controls.html#iam-1",
)
def no_admin_statement(it: Resource, stack: Stack, use: Use) -> Iterator[Verdict]:
    """Allow with NotAction on every resource counts too: it is everything but a few, also what AWS adds tomorrow.

    Conditions don't excuse it: they say when, not what. A policy that is only a permissions boundary in this stack
    grants nothing and is left alone, as in the other rules about policies.
    """

    def check(said: Saying) -> Iterator[Verdict]:
        if said.allows and said.every_resource():
            if said.every_action():
                yield it.fails(said.path, "allows every action, or all but a few, on every resource")
            else:
                refuse_unknown_actions(said)

    return judged(it, stack, check)


@stack_rule(
    "iam-no-service-wildcard",
    on=IDENTITY_POLICIES,
    title="No policy allows all actions of a service that guards data or identities.",
    severity="high",
    level="mandatory",
    why="All actions of a service hold those that open its resources to others, delete them, or lift their protection; "
    "actions that AWS adds later are granted unseen.",
    fix="List the actions that the identity needs",
    source="https://docs.aws.amazon.com/securityhub/latest/userguide/iam-controls.html#iam-21",
    settings={
        "services": {
            "type": "array",
            "items": {"type": "string"},
            "default": ["iam", "kms", "s3", "sagemaker", "secretsmanager", "sts"],
            "description": "Prefixes of the services whose actions have to be listed.",
        }
    },
)
def no_service_wildcard(it: Resource, stack: Stack, use: Use) -> Iterator[Verdict]:
    """Whatever the resource, as IAM.21 has it; every action of every service is iam-no-admin-statement's."""
    services = set(use["services"])

    def check(said: Saying) -> Iterator[Verdict]:
        if not said.allows:
            return
        for action in (str(action).lower() for action in said.actions):
            found = _WHOLE_SERVICE.match(action)
            if found and found[1] in services:
                yield it.fails(said.path, f"allows all of {found[1]}: {action}", key=f"{found[1]}:*")
        refuse_unknown_actions(said)

    return judged(it, stack, check)


@stack_rule(
    "iam-no-wildcard-resource-on-writes",
    on=IDENTITY_POLICIES,
    title="Actions that write name the resources that they write to.",
    severity="medium",
    level="advisory",
    why="A write on every resource reaches what other teams, other environments and the account itself keep.",
    fix="Name the resources, or limit them by tag with aws:ResourceTag",
    source=(
        "https://docs.aws.amazon.com/service-authorization/latest/reference/"
        "reference_policies_actions-resources-contextkeys.html",
        _PRACTICES,
    ),
)
def no_wildcard_resource_on_writes(it: Resource, stack: Stack, use: Use) -> Iterator[Verdict]:
    """Only for actions that can be limited to resources: other tools ask the impossible, such as of kms:CreateKey.

    Limits by resource tag, VPC or subnet count. Passing roles has a rule of its own, and so has every action.
    """

    def check(said: Saying) -> Iterator[Verdict]:
        if not said.allows or not said.every_resource() or limited_to(said, *_LIMITS):
            return
        for action in sorted({str(action) for action in said.actions}):
            if action.lower() != "iam:passrole" and is_limited_write(action):
                yield it.fails(said.path, f"allows {action} on every resource", key=action)
        refuse_unknown_actions(said)

    return judged(it, stack, check)


_LIMITS = ("*:resourcetag/*", "ec2:subnet", "ec2:vpc")


@stack_rule(
    "iam-passrole-scoped",
    on=IDENTITY_POLICIES,
    title="Roles are passed by name, and only to the services that use them.",
    severity="high",
    level="mandatory",
    why="Who can pass any role to a service that runs code has the rights of the strongest role in the account.",
    fix="Name the roles in Resource and the services in a condition on iam:PassedToService",
    source="https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html",
)
def passrole_scoped(it: Resource, stack: Stack, use: Use) -> Iterator[Verdict]:
    """A name may have a wildcard (``role/ml-*``), but not be one. IfExists is fine: every request to pass has the key.

    A pattern such as ``iam:*`` passes roles as well, where the statement's resources can be roles.
    """

    def check(said: Saying) -> Iterator[Verdict]:
        if not said.allows or said.every_action() or not _may_be_roles(said) or not said.names_action("iam:PassRole"):
            return
        for resource in (*(item for item in said.resources if is_broad(item)), *said.not_resources):
            yield it.fails(said.path, f"passes any role: its resource is {resource}", key=str(resource))
        if not _says_to_whom(said):
            yield it.fails(
                said.path, "passes roles to any service: no condition on iam:PassedToService", key="iam:PassedToService"
            )

    return judged(it, stack, check)


def _may_be_roles(said: Saying) -> bool:
    return bool(said.not_resources) or any(_may_be_role(resource) for resource in said.resources)


def _may_be_role(resource: object) -> bool:
    parts = str(resource).split(":", 5)
    return len(parts) < 6 or (parts[2] in ("iam", "*") and parts[5].startswith(("role/", "*")))


def _says_to_whom(said: Saying) -> bool:
    tests: Iterable[tuple[str, str, tuple[object, ...]]] = said.conditions
    return any(
        key == "iam:passedtoservice" and "not" not in operator and operator != "null" and values and "*" not in values
        for operator, key, values in tests
    )

"""Ways from what a policy says to more than it says: by identities, keys and buckets that it can change, and by roles
that it can have services work as."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

from mlops_policies.iam.escalation_methods import CHANGES_ACCESS, CHANGES_IDENTITY, REUSES_A_ROLE, TAKES_A_ROLE
from mlops_policies.iam.patterns import action_matches
from mlops_policies.identity_policies import (
    IDENTITY_POLICIES,
    POLICY,
    POLICY_ATTACHMENT,
    ROLE,
    ROLE_ATTACHMENT,
    ROLE_POLICY,
    documents,
    is_broad,
    is_only_boundary,
    is_pattern,
    limited_to,
)
from mlops_policies.policy_documents import Saying, sayings
from mlops_policies.resource import Resource, View
from mlops_policies.role_policies import EXCLUSIVE_ATTACHMENTS, policies_of_role
from mlops_policies.rule import Use, stack_rule
from mlops_policies.stack import Stack
from mlops_policies.verdicts import Status, Verdict, not_applicable

EVERYTHING = "*"
_BOUNDARY = "permissionsBoundary"
_NEEDS_MORE = frozenset(
    {
        "iam:AddRoleToInstanceProfile", "iam:CreateOpenIDConnectProvider", "iam:CreateRole", "iam:CreateSAMLProvider",
        "iam:CreateUser", "iam:DeleteRolePolicy", "iam:DetachRolePolicy", "iam:TagRole", "iam:UntagRole",
        "iam:UpdateOpenIDConnectProviderThumbprint",
    }
)  # fmt: skip
"""What gives nothing by itself: it loosens, or makes an identity without rights. On a range of names it is let be."""
_KINDS = (
    ("Group", "group/"),
    ("PolicyVersion", "policy/"),
    ("OpenIDConnect", "oidc-provider/"),
    ("SAML", "saml-provider/"),
    ("InstanceProfile", "instance-profile/"),
    ("User", "user/"),
    ("AccessKey", "user/"),
    ("LoginProfile", "user/"),
    ("Role", "role/"),
)
"""What kind of IAM resource an action is about, by a part of its name; the first counts."""
_BOUNDED = ("iam:permissionsboundary", "iam:policyarn")
_SHOWN = 3
_ATTACHING = (
    (ROLE_ATTACHMENT, "role", "policyArn"),
    (POLICY_ATTACHMENT, "roles", "policyArn"),
    (EXCLUSIVE_ATTACHMENTS, "roleName", "policyArns"),
)
_TAGGED = ("*:resourcetag/*",)
_TIED = (
    *_TAGGED, "kms:grantisforawsresource", "kms:granteeprincipal", "kms:requestalias", "kms:resourcealiases",
    "kms:viaservice", "aws:calledvia*",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Grant:
    """A statement that allows, and the resource in which it stands."""

    said: Saying
    owner: Resource


@dataclass
class _Grants:
    """What one identity's policies allow and deny."""

    name: str
    allows: list[_Grant] = field(default_factory=list)
    denies: list[Saying] = field(default_factory=list)
    makes_bounded: bool = False
    """Whether a statement lets it make roles, but only with a boundary."""

    def add(self, places: Iterable[tuple[View, str]]) -> _Grants:
        for view, path in places:
            for said in sayings(view, path):
                if said.allows and not _is_bounded(said):
                    self.allows.append(_Grant(said, view.resource))
                elif not said.allows:
                    self.denies.append(said)
                elif said.names_action("iam:CreateRole"):
                    self.makes_bounded = True
        return self

    def allowing(self, action: str) -> Iterator[_Grant]:
        """Yield the statements that allow an action; none where another denies it, whatever is asked."""
        if not any(_denies(said, action) for said in self.denies):
            yield from (grant for grant in self.allows if grant.said.names_action(action))


@dataclass(frozen=True, slots=True)
class _Way:
    """A method that is open: by which statement and action, and what it does."""

    grant: _Grant
    action: str
    does: str


@stack_rule(
    "iam-no-privilege-escalation",
    on=IDENTITY_POLICIES,
    title="No policy lets an identity gain more than it says.",
    severity="high",
    level="mandatory",
    why="Who can change policies, trust, keys or code that runs with another role's rights has those rights too, "
    "whatever else the policy leaves out.",
    fix="Name the resources, demand a permissions boundary by a condition on iam:PermissionsBoundary, and pass only "
    "named roles",
    source=(
        "https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html",
        "https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html",
    ),
)
def no_privilege_escalation(it: Resource, stack: Stack, use: Use) -> Iterator[Verdict]:
    """A role is judged with all policies that this stack hangs on it; a policy alone where none of its roles is here.

    What strengthens an identity is found on ``*`` and on ranges of names (whoever may write the policies of
    ``role/ml-*`` may write his own role's), unless a condition or a denial demands a boundary. What gives nothing by
    itself, such as iam:CreateRole, and what opens buckets and keys, is found only on all of them. Named resources, tags
    and ``${aws:username}`` pass. A role's own boundary counts if its document is in this stack: what it leaves out is
    no way. Key policies are none of this: there the account's root administers.
    """
    if is_only_boundary(it, stack):
        yield not_applicable("a permissions boundary grants nothing")
        return
    if _judged_with_its_role(it, stack):
        yield not_applicable("it is judged with the roles that carry it")
        return
    ways = _ways(_Grants(_own_name(it)).add(policies_of_role(stack, it) if it.type == ROLE else documents(it)))
    if ways and it.present(_BOUNDARY):
        bounds = stack.referred(it, _BOUNDARY, POLICY)
        if not bounds:
            text = f"{_BOUNDARY} leads out of this stack: what it leaves of these rights can't be told"
            yield Verdict(Status.UNKNOWN, text, it.path(_BOUNDARY))
            return
        ways = _within(ways, _ways(_Grants("").add((bound, "policy") for bound in bounds)))
    for written, found in _grouped(ways).items():
        grant = found[0].grant
        place = grant.said.path if grant.owner is it else ""
        text = "; ".join(way.does for way in found[:_SHOWN])
        yield it.fails(place, f"{text} (in {grant.owner.name})", key=written)


def _own_name(it: Resource) -> str:
    return str(it.raw("name") or "") if it.type == ROLE else ""


def _judged_with_its_role(it: Resource, stack: Stack) -> bool:
    if it.type == ROLE_POLICY:
        return bool(stack.referred(it, "role", ROLE))
    if it.type != POLICY:
        return False
    if stack.referred(it, "roles", ROLE) or stack.referring(it, ROLE, "managedPolicyArns"):
        return True
    return any(
        stack.referred(attachment, by, ROLE)
        for kind, by, names in _ATTACHING
        for attachment in stack.referring(it, kind, names)
    )


def _ways(grants: _Grants) -> dict[str, _Way]:
    """Return the methods that are open to an identity; one for everything, where it may do everything."""
    for grant in grants.allows:
        if grant.said.every_action() and grant.said.every_resource():
            return {EVERYTHING: _Way(grant, EVERYTHING, does="allows everything")}
    found: dict[str, _Way] = {}
    for action in CHANGES_IDENTITY:
        for grant in grants.allowing(action):
            if _strengthens(grant.said, action, grants):
                found[action] = _Way(grant, action, f"allows {action} beyond named resources")
    for action in CHANGES_ACCESS:
        for grant in grants.allowing(action):
            if _reaches_all(grant.said, action):
                found[action] = _Way(grant, action, f"allows {action} on everything")
    return found | _taken(grants) | _reused(grants)


def _is_bounded(said: Saying) -> bool:
    """Whether a statement demands a boundary or named policies; it then grants nothing but what these are asked for."""
    named = all(not is_broad(value) for _, key, values in said.conditions if key == "iam:policyarn" for value in values)
    return named and limited_to(said, *_BOUNDED)


def _strengthens(said: Saying, action: str, grants: _Grants) -> bool:
    """Whether a statement lets one change identities that one can become.

    IAM knows no condition on a boundary for versions of policies: on a range of them they are let be where roles are
    made with a boundary only, since it caps whatever the policies come to say.
    """
    kind = next(prefix for part, prefix in _KINDS if part in action)
    reach = [resource for resource in said.resources if _is_about(resource, "iam", kind)]
    everywhere = bool(said.not_resources) or any(is_broad(resource) for resource in reach)
    if action in _NEEDS_MORE:
        return everywhere and not limited_to(said, *_TAGGED)
    itself = kind == "role/" and grants.name and any(str(item).endswith(f"/{grants.name}") for item in reach)
    ranged = any(is_pattern(resource) for resource in reach) and not (kind == "policy/" and grants.makes_bounded)
    return bool(everywhere or itself or ranged)


def _reaches_all(said: Saying, action: str) -> bool:
    service = action.partition(":")[0]
    everywhere = bool(said.not_resources) or any(
        is_broad(resource) for resource in said.resources if _is_about(resource, service, "")
    )
    return everywhere and not limited_to(said, *_TIED)


def _is_about(resource: Any, service: str, kind: str) -> bool:
    parts = str(resource).split(":", 5)
    return len(parts) < 6 or (parts[2] in (service, "*") and parts[5].startswith((kind, "*")))


def _taken(grants: _Grants) -> dict[str, _Way]:
    """Return what takes any role that is passed to it, by service: the first way in for each."""
    found: dict[str, _Way] = {}
    for service, methods in TAKES_A_ROLE.items():
        passing = next((grant for grant in grants.allowing("iam:PassRole") if _passes_any(grant.said, service)), None)
        open_to = [actions for actions in methods if all(any(grants.allowing(action)) for action in actions)]
        if passing is not None and open_to:
            text = f"passes any role to {service} with {' and '.join(open_to[0])}"
            found[f"iam:PassRole to {service}"] = _Way(passing, "iam:PassRole", text)
    return found


def _passes_any(said: Saying, service: str) -> bool:
    everywhere = bool(said.not_resources) or any(
        is_broad(resource) for resource in said.resources if _is_about(resource, "iam", "role/")
    )
    to_it = all(
        any(fnmatchcase(service, str(value)) for value in values)
        for operator, key, values in said.conditions
        if key == "iam:passedtoservice" and "not" not in operator and operator != "null"
    )
    return everywhere and to_it and not limited_to(said, *_TAGGED)


def _reused(grants: _Grants) -> dict[str, _Way]:
    """Return what takes over something that runs as its role already."""
    found: dict[str, _Way] = {}
    for actions in (actions for methods in REUSES_A_ROLE.values() for actions in methods):
        open_by = [
            next((grant for grant in grants.allowing(action) if _reaches_all(grant.said, action)), None)
            for action in actions
        ]
        if open_by[0] is not None and None not in open_by:
            method = " and ".join(actions)
            found[method] = _Way(open_by[0], actions[0], f"allows {method} on everything, which runs as a role already")
    return found


def _denies(said: Saying, action: str) -> bool:
    """Whether a denial leaves nothing of an action but what names a boundary or policy that it excepts."""
    everywhere = said.every_resource() or any(is_broad(resource) for resource in said.resources)
    excepted = all(key in _BOUNDED and "not" in operator for operator, key, _ in said.conditions)
    return everywhere and excepted and said.names_action(action)


def _within(ways: dict[str, _Way], bounds: dict[str, _Way]) -> dict[str, _Way]:
    """Return the ways that a boundary leaves open."""
    if EVERYTHING in bounds:
        return ways
    if EVERYTHING in ways:
        grant = ways[EVERYTHING].grant
        return {method: _Way(grant, way.action, f"{way.does}, as its boundary does") for method, way in bounds.items()}
    return {method: way for method, way in ways.items() if method in bounds}


def _grouped(ways: dict[str, _Way]) -> dict[str, list[_Way]]:
    """Return the ways by method, those that one pattern such as ``iam:*`` opens together."""
    found: dict[str, list[_Way]] = {}
    for method, way in ways.items():
        patterns = [
            text for text in way.grant.said.actions if set(text) & {"*", "?"} and action_matches(text, way.action)
        ]
        found.setdefault(patterns[0] if patterns else method, []).append(way)
    return found

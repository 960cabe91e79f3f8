"""Where identity policies stand, and what their statements reach.

Managed, inline and separate policies of roles, users and groups; the inline ones of `aws-native` call their document
``policyDocument``.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import yaml

from mlops_policies.policy_documents import Saying, by_statement
from mlops_policies.resource import Resource, View
from mlops_policies.stack import Stack
from mlops_policies.values import UnknownValue, has_unknown, is_unknown
from mlops_policies.verdicts import Verdict, each, not_applicable

ROLE = "aws:iam/role:Role"
USER = "aws:iam/user:User"
GROUP = "aws:iam/group:Group"
POLICY = "aws:iam/policy:Policy"
ROLE_POLICY = "aws:iam/rolePolicy:RolePolicy"
USER_POLICY = "aws:iam/userPolicy:UserPolicy"
GROUP_POLICY = "aws:iam/groupPolicy:GroupPolicy"
ROLE_ATTACHMENT = "aws:iam/rolePolicyAttachment:RolePolicyAttachment"
USER_ATTACHMENT = "aws:iam/userPolicyAttachment:UserPolicyAttachment"
GROUP_ATTACHMENT = "aws:iam/groupPolicyAttachment:GroupPolicyAttachment"
POLICY_ATTACHMENT = "aws:iam/policyAttachment:PolicyAttachment"
IDENTITY_POLICIES = (POLICY, ROLE_POLICY, USER_POLICY, GROUP_POLICY, ROLE, USER, GROUP)
"""Every type in which an identity policy can be written."""

_HOLDERS = (ROLE, USER, GROUP)
_ATTACHED_BY = (
    (ROLE_ATTACHMENT, "policyArn"),
    (USER_ATTACHMENT, "policyArn"),
    (GROUP_ATTACHMENT, "policyArn"),
    (POLICY_ATTACHMENT, "policyArn"),
    *((holder, "managedPolicyArns") for holder in _HOLDERS),
)
_WRITES = Path(__file__).parent / "iam" / "limited_writes.yaml"
_VARIABLE = re.compile(r"\$\{[^}]*\}")
_KIND = re.compile(r"^[a-z-]+[/:]")


MANAGED_BY_AWS = re.compile(r"^arn:[\w-]+:iam::aws:policy/(?:.*/)?([^/]+)$")
"""The ARN of one of AWS's own managed policies, with its name."""


def documents(it: Resource) -> list[tuple[View, str]]:
    """Return the policy documents that stand in a resource, each as a view and the property that holds it."""
    if it.type not in _HOLDERS:
        return [(it, "policy")]
    # The provider works the list out where the program gives none: unknown then, it is no list of the program's.
    inline = it.items("inlinePolicies") if it.declares("inlinePolicies") else []
    return [(item, "policyDocument" if item.present("policyDocument") else "policy") for item in inline]


def judged(it: Resource, stack: Stack, check: Callable[[Saying], Iterable[Verdict]]) -> Iterator[Verdict]:
    """Yield a check's answers for each statement that a resource grants by; a boundary grants nothing."""
    if is_only_boundary(it, stack):
        yield not_applicable("a permissions boundary grants nothing")
        return
    found = documents(it)
    if not found:
        yield not_applicable("it holds no policy")
    yield from each(found, lambda place: by_statement(place[0], place[1], check))


def is_only_boundary(it: Resource, stack: Stack) -> bool:
    """Whether a managed policy is a permissions boundary in this stack, and attached to nobody in it."""
    if it.type != POLICY:
        return False
    try:
        bounds = any(stack.referring(it, holder, "permissionsBoundary") for holder in (ROLE, USER))
        attached = any(it.present(who) for who in ("roles", "users", "groups")) or any(
            stack.referring(it, kind, by) for kind, by in _ATTACHED_BY
        )
    except UnknownValue:
        return False  # what can't be told excuses nothing
    return bounds and not attached


def refuse_unknown_actions(said: Saying) -> None:
    """Raise `UnknownValue` where a statement names an action that is unknown: it could be any."""
    if any(is_unknown(action) for action in (*said.actions, *said.not_actions)):
        raise UnknownValue(f"{said.path}.Action")


def is_broad(resource: Any) -> bool:
    """Whether a resource names all of its kind: ``*``, ``arn:aws:iam::*:role/*``; what is unknown names one."""
    if not isinstance(resource, str) or has_unknown(resource):
        return False
    parts = resource.split(":", 5)
    if len(parts) < 6:
        return resource.endswith("*")
    _, _, service, region, _, rest = parts
    # Within a bucket's ARN there is no kind: `bucket/*` is what is in one bucket.
    named = rest if service == "s3" and not region else _KIND.sub("", rest)
    return not named.strip("*?/:")


def is_pattern(resource: Any) -> bool:
    """Whether a resource has a wildcard in its name; a policy variable such as ``${aws:username}`` is none."""
    if not isinstance(resource, str) or has_unknown(resource):
        return False
    name = _VARIABLE.sub("", resource).rpartition(":")[2]
    return "*" in name or "?" in name


def limited_to(said: Saying, *keys: str) -> bool:
    """Whether a condition ties a statement to values of one of these keys (a trailing * is a prefix).

    A negated operator, IfExists and ForAllValues don't: a request without the key passes them; nor does a value ``*``.
    """
    return any(
        _named(key, keys) and demands(operator) and values and not any(value == "*" for value in values)
        for operator, key, values in said.conditions
    )


def _named(key: str, keys: Iterable[str]) -> bool:
    return any(fnmatchcase(key, wanted) for wanted in keys)


def demands(operator: str) -> bool:
    """Whether a condition operator (in lower case) passes only requests that have the key, with one of the values."""
    qualifier, _, plain = operator.rpartition(":")
    return qualifier != "forallvalues" and "not" not in plain and not plain.endswith("ifexists") and plain != "null"


@functools.cache
def _writes() -> Mapping[str, frozenset[str]]:
    found = yaml.load(_WRITES.read_text(encoding="utf-8"), yaml.CSafeLoader)
    return {service: frozenset(action.lower() for action in actions) for service, actions in found.items()}


@functools.lru_cache(maxsize=4096)
def is_limited_write(action: str) -> bool:
    """Whether a pattern of actions names one that writes and that can be limited to resources."""
    service, _, name = action.lower().partition(":")
    known = _writes().get(service, frozenset())
    return name in known or any(fnmatchcase(one, name) for one in known if "*" in name or "?" in name)

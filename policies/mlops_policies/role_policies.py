"""Which policies a role has, in whichever of the ways they hang on it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from mlops_policies.identity_policies import (
    POLICY,
    POLICY_ATTACHMENT,
    ROLE_ATTACHMENT,
    ROLE_POLICY,
    documents,
)
from mlops_policies.policy_documents import Saying, sayings
from mlops_policies.resource import Resource, View
from mlops_policies.stack import Stack
from mlops_policies.values import UnknownValue, has_unknown, texts

EXCLUSIVE_ATTACHMENTS = "aws:iam/rolePolicyAttachmentsExclusive:RolePolicyAttachmentsExclusive"
_ATTACHING = (
    (ROLE_ATTACHMENT, "role", "policyArn"),
    (POLICY_ATTACHMENT, "roles", "policyArn"),
    (EXCLUSIVE_ATTACHMENTS, "roleName", "policyArns"),
)
"""Types that attach policies: the property that names the role, and the one that names policies."""

_Found = TypeVar("_Found")
_Given = TypeVar("_Given")


def policies_of_role(stack: Stack, role: Resource) -> Iterator[tuple[View, str]]:
    """Yield each policy document that a role has in this stack, as a view and the property that holds the document.

    Inline, separate, and managed policies that are attached; boundaries are none. What hangs on an unknown value is
    told in the end, by `UnknownValue`, so that it hides nothing that can be seen.
    """
    ways: list[Callable[[], Iterable[tuple[View, str]]]] = [
        lambda: documents(role),
        lambda: [(policy, "policy") for policy in stack.referring(role, ROLE_POLICY, by="role")],
        lambda: [(policy, "policy") for policy in stack.referring(role, POLICY, by="roles")],
        lambda: _attached(stack, role),
    ]
    yield from _later(ways, lambda way: way())


def statements_of_role(stack: Stack, role: Resource) -> Iterator[Saying]:
    """Yield every statement of a role's policies in this stack; what is unknown is told in the end."""
    yield from _later(policies_of_role(stack, role), lambda place: sayings(*place))


def managed_arns_of_role(stack: Stack, role: Resource) -> Iterator[tuple[View, str, str]]:
    """Yield (view, property, ARN) of the managed policies attached to a role, AWS's own among them.

    ARNs that are unknown are told in the end, by `UnknownValue`, unless the policy is one of this stack.
    """
    yield from _later(_attachments(stack, role), lambda place: _arns(stack, *place))


def _attachments(stack: Stack, role: Resource) -> Iterator[tuple[View, str]]:
    """Yield what attaches policies to a role, and the property that names them."""

    def found(way: tuple[str, str, str]) -> Iterable[tuple[View, str]]:
        kind, by, names = way
        return [(attachment, names) for attachment in stack.referring(role, kind, by)]

    yield role, "managedPolicyArns"
    yield from _later(_ATTACHING, found)


def _attached(stack: Stack, role: Resource) -> Iterator[tuple[View, str]]:
    def policies(place: tuple[View, str]) -> Iterable[tuple[View, str]]:
        return [(policy, "policy") for policy in stack.referred(*place, POLICY)]

    yield from _later(_attachments(stack, role), policies)


def _arns(stack: Stack, it: View, path: str) -> Iterator[tuple[View, str, str]]:
    for inner, text in texts(it.raw(path)):
        yield it, f"{path}{inner}", text
    if has_unknown(it.raw(path)):
        stack.referred(it, path, POLICY)


def _later(items: Iterable[_Given], found: Callable[[_Given], Iterable[_Found]]) -> Iterator[_Found]:
    """Yield what is found for each item, then raise the first `UnknownValue` that was met on the way."""
    unknown: UnknownValue | None = None
    remaining = iter(items)
    while True:
        try:
            item = next(remaining)
        except StopIteration:
            break
        except UnknownValue as met:
            unknown = unknown or met
            break
        try:
            yield from found(item)
        except UnknownValue as met:
            unknown = unknown or met
    if unknown is not None:
        raise unknown

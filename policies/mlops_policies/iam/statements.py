"""Policy documents read into statements, and what one statement applies to.

Source: IAM user guide, "Grammar of the IAM JSON policy language".
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from mlops_policies.iam.conditions import UnknownOperator, condition_holds, listed, operator
from mlops_policies.iam.patterns import VARIABLES_SINCE, Context, action_matches, resource_matches

Document = str | Mapping[str, Any]
_ELEMENTS = {
    "Sid", "Effect", "Action", "NotAction", "Resource", "NotResource", "Principal", "NotPrincipal", "Condition",
}  # fmt: skip


class InvalidPolicy(ValueError):  # noqa: N818 -- named for what it says
    """A document that IAM would refuse, with the reason."""


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement; an element that is not written is None."""

    sid: str
    allows: bool
    action: tuple[str, ...] | None
    not_action: tuple[str, ...] | None
    resource: tuple[str, ...] | None
    not_resource: tuple[str, ...] | None
    principal: Mapping[str, tuple[str, ...]] | None
    not_principal: Mapping[str, tuple[str, ...]] | None
    condition: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    variables: bool = True
    """Whether policy variables count in it."""

    def applies(self, action: str, resource: str, context: Context) -> bool:
        """Whether the statement is about this action on this resource in this context, whoever asks."""
        return (
            self.names(action)
            and self._reaches(resource, context)
            and condition_holds(self.condition, context, variables=self.variables)
        )

    def names(self, action: str) -> bool:
        """Whether the statement is about this action."""
        if self.not_action is not None:
            return not any(action_matches(pattern, action) for pattern in self.not_action)
        return any(action_matches(pattern, action) for pattern in self.action or ())

    def _reaches(self, resource: str, context: Context) -> bool:
        def named(patterns: tuple[str, ...]) -> list[bool | None]:
            return [resource_matches(text, resource, context, variables=self.variables) for text in patterns]

        if self.not_resource is not None:
            return all(found is False for found in named(self.not_resource))
        # A trust policy has no Resource: it stands at the role that it is about.
        return self.resource is None or any(named(self.resource))


def parse(document: Document) -> tuple[Statement, ...]:
    """Return the statements of a policy document. Raises `InvalidPolicy`."""
    try:
        found = json.loads(document) if isinstance(document, str) else document
    except json.JSONDecodeError as error:
        raise InvalidPolicy(f"the policy is no JSON: {error}") from error
    statements = found.get("Statement") if isinstance(found, Mapping) else None
    if isinstance(statements, Mapping):
        statements = [statements]
    if not isinstance(statements, list):
        raise InvalidPolicy("the policy has no Statement")
    variables = found.get("Version") == VARIABLES_SINCE
    return tuple(_statement(item, variables) for item in statements)


def _statement(raw: Mapping[str, Any], variables: bool) -> Statement:
    sid = str(raw.get("Sid", ""))
    if unknown := raw.keys() - _ELEMENTS:
        raise InvalidPolicy(f"statement {sid!r} has no such element: {', '.join(sorted(unknown))}")
    if raw.get("Effect") not in ("Allow", "Deny"):
        raise InvalidPolicy(f"statement {sid!r} needs an Effect, Allow or Deny")
    if ("Action" in raw) == ("NotAction" in raw):
        raise InvalidPolicy(f"statement {sid!r} needs either Action or NotAction")
    for one in ("Resource", "Principal"):
        if one in raw and f"Not{one}" in raw:
            raise InvalidPolicy(f"statement {sid!r} has both {one} and Not{one}")
    condition = raw.get("Condition") or {}
    try:
        for name in condition:
            operator(name)
    except UnknownOperator as error:
        raise InvalidPolicy(f"statement {sid!r}: {error}") from error
    return Statement(
        sid=sid,
        allows=raw["Effect"] == "Allow",
        action=_texts(raw, "Action"),
        not_action=_texts(raw, "NotAction"),
        resource=_texts(raw, "Resource"),
        not_resource=_texts(raw, "NotResource"),
        principal=_principals(raw, "Principal"),
        not_principal=_principals(raw, "NotPrincipal"),
        condition=condition,
        variables=variables,
    )


def _texts(raw: Mapping[str, Any], element: str) -> tuple[str, ...] | None:
    return tuple(listed(raw[element])) if element in raw else None


def _principals(raw: Mapping[str, Any], element: str) -> Mapping[str, tuple[str, ...]] | None:
    """Return principals by kind; `*` is short for every AWS principal."""
    if element not in raw:
        return None
    named = raw[element]
    return {"AWS": ("*",)} if named == "*" else {kind: tuple(listed(names)) for kind, names in named.items()}

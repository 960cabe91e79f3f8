"""How much a permission means to a reviewer, and why, in plain words."""

from __future__ import annotations

import functools
import re
from typing import Literal

from mlops_estate.comparison.permissions_patterns import Condition, overlaps
from mlops_estate.comparison.permissions_statements import EVERYBODY, Permission, Who
from mlops_policies.iam.escalation_methods import CHANGES_ACCESS, CHANGES_IDENTITY, REUSES_A_ROLE
from mlops_policies.identity_policies import demands, is_broad, is_limited_write, is_pattern
from mlops_policies.policy_documents import LIMITING_KEYS

Severity = Literal["danger", "warning", "notice"]
ORDER: dict[Severity, int] = {"danger": 0, "warning": 1, "notice": 2}

KEY_ADMINISTRATION = (
    "kms:CancelKeyDeletion", "kms:CreateGrant", "kms:CreateKey", "kms:DeleteAlias", "kms:DeleteImportedKeyMaterial",
    "kms:DisableKey", "kms:DisableKeyRotation", "kms:EnableKey", "kms:ImportKeyMaterial", "kms:PutKeyPolicy",
    "kms:ReplicateKey", "kms:RevokeGrant", "kms:ScheduleKeyDeletion", "kms:UpdateAlias", "kms:UpdatePrimaryRegion",
)  # fmt: skip
"""What administers keys (KMS developer guide, "Default key policy": allows key administrators to administer)."""

SECRET_READS = (
    "kms:Decrypt", "secretsmanager:GetSecretValue", "secretsmanager:BatchGetSecretValue", "ssm:GetParameter*",
    "sts:GetFederationToken", "sts:GetSessionToken", "ecr:GetAuthorizationToken",
)  # fmt: skip
"""Reads that hand out secrets or credentials."""

_READS = (
    "batchget", "check", "describe", "discover", "estimate", "filter", "get", "head", "list", "lookup", "preview",
    "query", "read", "scan", "search", "select", "simulate", "test", "validate", "verify", "view",
)  # fmt: skip
"""How names of actions begin whose access level is read or list (service authorization reference)."""
_SERVICE = re.compile(r"^[a-z0-9-]+:\*$")
_ACCOUNT = re.compile(r"^(?:arn:[\w-]+:(?:iam|sts)::)?(\d{12}|\$\{account\})(?::.*)?$")
_REUSES = tuple(action for ways in REUSES_A_ROLE.values() for actions in ways for action in actions)
_HANDS_ON = "iam:PassRole"
_FOR_AWS = "kms:grantisforawsresource"


def judged(permission: Permission, account: str, *, how: str) -> tuple[Severity, str]:
    """Return how grave a permission is, and why; `account` is the estate's own, "" where it isn't known.

    A denial and a boundary are judged by what they keep from happening.
    """
    if how == "filter":
        open_ = permission.who is not None and EVERYBODY in permission.who.names and not limits(permission.condition)
        text = "what passes the endpoint; it grants nothing by itself"
        return ("warning", f"{text}, and no condition says whose") if open_ else ("notice", text)
    if permission.who is not None:
        graver = _by_principal(permission, account, how=how)
        if graver is not None:
            return graver
    if permission.action.but:
        return "danger", f"it names every action {permission.action}"
    (action,) = permission.action.patterns
    text = str(permission.action)
    if action == "*":
        return "danger", "it names every action of every service"
    if _SERVICE.match(action):
        return "danger", f"it names every action of {action.partition(':')[0]}"
    if permission.resource.but:
        return "danger", f"{text} on everything {permission.resource}"
    return _by_action(permission, action, text, how=how)


def _by_action(permission: Permission, action: str, text: str, *, how: str) -> tuple[Severity, str]:
    # In a policy of a resource `*` is the resource itself.
    ranged = how == "identity" and any(is_broad(each) or is_pattern(each) for each in permission.resource.patterns)
    if how != "trust" and _names(action, (_HANDS_ON,)):
        if ranged:
            return "danger", f"{text} lets services work as any role that it reaches: a way to that role's rights"
        return "warning", f"{text} hands a role to a service"
    if (found := _first(action, CHANGES_IDENTITY)) and _bounded(permission.condition):
        return "warning", f"{_it(action, found)} changes what identities may do, within a named policy or boundary"
    if found:
        return "danger", f"{_it(action, found)} changes what identities may do: a known way to more rights"
    if _names(action, ("kms:CreateGrant",)) and _tested(permission.condition, _FOR_AWS):
        return "warning", "it grants AWS services the use of keys"
    if found := _first(action, KEY_ADMINISTRATION):
        return "danger", f"{_it(action, found)} administers keys"
    if found := _first(action, CHANGES_ACCESS):
        return "danger", f"{_it(action, found)} opens data to others"
    if ranged and (found := _first(action, _REUSES)):
        return "danger", f"{_it(action, found)} takes over what runs as a role: a way to that role's rights"
    if found := _first(action, SECRET_READS):
        return "warning", f"{_it(action, found)} reads what is secret"
    if how == "trust":
        return "warning", "who is trusted works with all rights of the role"
    word = "reads" if is_read(action) else "writes or manages"
    return "notice" if word == "reads" else "warning", f"it {word}{' a range of resources' if ranged else ''}"


def _it(action: str, found: str) -> str:
    """Return what to call an action: the one that a pattern names, else "it"."""
    return f"{action} names {found}, which" if {"*", "?"} & set(action) else "it"


def _by_principal(permission: Permission, account: str, *, how: str) -> tuple[Severity, str] | None:
    """Return what whoever is named makes of it: everybody, or somebody of another account."""
    who = permission.who
    assert who is not None
    if who.but:
        return "danger", f"it names {who}"
    if EVERYBODY in who.names:
        limited = limits(permission.condition)
        return None if limited else ("danger", "it names everybody, and no condition says who of them")
    outside = sorted(each for each in accounts(who) if account and each != account)
    if outside:
        shown = ", ".join(outside)
        return ("danger", f"account {shown} is not the estate's own") if how == "trust" or not is_read(
            permission.action.patterns[0]
        ) else ("warning", f"account {shown} is not the estate's own")  # fmt: skip
    if how == "trust" and any(kind == "Federated" for kind, _ in who.names):
        return "danger", f"{who} signs in from outside of AWS"
    return None


def accounts(who: Who) -> set[str]:
    """Return the accounts of the principals that are named."""
    found = (_ACCOUNT.match(name) for kind, name in who.names if kind == "AWS")
    return {each[1] for each in found if each is not None}


def limits(condition: Condition) -> bool:
    """Whether a condition makes a statement for everybody one for few, by the keys that S3 takes for that."""
    return any(
        key in LIMITING_KEYS and demands(operator) and not any(value in ("*", "0.0.0.0/0", "::/0") for value in values)
        for operator, key, values in condition
    )


@functools.lru_cache(maxsize=4096)
def is_read(action: str) -> bool:
    """Whether every action that a pattern names reads or lists: none that is known to write, by its name else."""
    service, _, name = action.lower().partition(":")
    if service == "*" or is_limited_write(action):
        return False
    stem = re.split(r"[*?]", name)[0]
    return any(stem.startswith(verb) for verb in _READS)


def _bounded(condition: Condition) -> bool:
    """Whether a condition demands a named policy or boundary, so that no more can be given than that says."""
    return any(
        key in ("iam:policyarn", "iam:permissionsboundary") and demands(operator)
        and not any(is_broad(value) or is_pattern(value) for value in values)
        for operator, key, values in condition
    )  # fmt: skip


@functools.lru_cache(maxsize=1 << 14)
def _first(action: str, among: tuple[str, ...]) -> str:
    return next((each for each in among if _names(action, (each,))), "")


def _names(action: str, among: tuple[str, ...]) -> bool:
    """Whether a pattern of actions names one of these, which may be patterns too."""
    return any(overlaps(action.lower(), each.lower()) for each in among)


def _tested(condition: Condition, key: str) -> bool:
    return any(key == tested and values == ("true",) for _, tested, values in condition)

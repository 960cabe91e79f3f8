"""A small evaluator of policies: what a role of one account may do to a resource of another.

It knows what the grants between accounts use (IAM user guide, policy evaluation logic, cross-account): both sides have
to allow, no side may deny; principals are accounts; conditions are StringEquals and ArnLike on keys that are told.
"""

from __future__ import annotations

import fnmatch
import json
from collections.abc import Iterator, Mapping
from typing import Any


def allowed(
    identity: str, resource_policy: str, role_arn: str, action: str, resource: str, context: Mapping[str, str]
) -> bool:
    """Whether a role's own policy and the policy of a resource in another account let it act."""
    known = {"aws:PrincipalArn": role_arn, **context}
    account = role_arn.split(":")[4]
    mine = list(_matching(identity, action, resource, known))
    theirs = [
        statement
        for statement in _matching(resource_policy, action, resource, known)
        if f":{account}:root" in json.dumps(statement.get("Principal", {})) or statement.get("Principal") == "*"
    ]
    return all(side and all(statement["Effect"] == "Allow" for statement in side) for side in (mine, theirs))


def _matching(document: str, action: str, resource: str, known: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    for statement in json.loads(document)["Statement"]:
        # A policy that names no resource, such as a repository's, is about what it is attached to.
        named = statement.get("Resource", ["*"])
        if (
            any(fnmatch.fnmatchcase(action, pattern) for pattern in statement["Action"])
            and any(fnmatch.fnmatchcase(resource, pattern) for pattern in named)
            and _holds(statement.get("Condition", {}), known)
        ):
            yield statement


def _holds(condition: Mapping[str, Mapping[str, Any]], known: Mapping[str, str]) -> bool:
    for operator, keys in condition.items():
        for key, wanted in keys.items():
            values = wanted if isinstance(wanted, list) else [wanted]
            if operator == "Bool":
                if known.get(key, "false") not in values:
                    return False
            elif operator == "StringEquals":
                if known.get(key) not in values:
                    return False
            elif operator == "ArnLike":
                if not any(fnmatch.fnmatchcase(known.get(key, ""), value) for value in values):
                    return False
            elif operator != "StringLike":
                raise NotImplementedError(operator)
    return True

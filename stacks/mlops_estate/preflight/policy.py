"""The smallest policy that the plan's calls need, as documents that IAM takes.

An action stands in a statement only because a call of the plan asks for it, with the ARNs that the calls name: names
that begin with the environment's prefix as `prefix-*`; names that the provider ends itself, and ids that AWS makes up,
as `*` with the project's tag asked. `*` alone stands only where IAM knows no resource type for the action.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mlops_estate.preflight import actions
from mlops_estate.preflight.calls import Call

LONGEST_MANAGED = 6144
"""Characters of a managed policy without white space (IAM and AWS STS quotas)."""
MOST_ATTACHED = 10
"""Managed policies of a role by default (IAM and AWS STS quotas, Managed policies per role)."""
NO_TYPE = "IAM knows no resource type for these actions, so that only * names them"
_IDS = re.compile(
    r"(?<=[/:])([0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{32}|(vpc|vpce|subnet|sg|sgr|rtb|fl|d)-[0-9a-f]{17})"
)
_GENERATED = re.compile(r"-[0-9a-f]{7}$")
PROJECT_TAG = "aws:ResourceTag/project"
ASKED_TAG = "aws:RequestTag/project"


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement with the reason of its width: `why` is not part of the document."""

    sid: str
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    condition: Mapping[str, Mapping[str, Any]]
    why: str

    def document(self) -> dict[str, Any]:
        """Return the statement as IAM has it."""
        made: dict[str, Any] = {
            "Sid": self.sid, "Effect": "Allow", "Action": list(self.actions), "Resource": list(self.resources),
        }  # fmt: skip
        if self.condition:
            made["Condition"] = {key: dict(value) for key, value in self.condition.items()}
        return made

    @property
    def size(self) -> int:
        """Characters without white space, with the comma that follows."""
        return len(json.dumps(self.document(), separators=(",", ":"))) + 1


@dataclass(frozen=True, slots=True)
class Names:
    """What names are made of: they become patterns by it."""

    prefix: str
    models: tuple[str, ...]
    project: str
    region: str
    registry: str = ""


def minimal_policy(calls: Iterable[Call], names: Names) -> list[Statement]:
    """Return the statements that allow the calls, grouped by service, resources and condition."""
    reached: dict[tuple[str, str, str], set[str]] = {}
    for call in calls:
        operator = _condition(call, names)
        key, value = next(iter(operator.items()), ("", ""))
        reached.setdefault((call.action, key, value), set()).add(pattern(call, names))
    _drop_covered(reached)
    merged: dict[tuple[str, str, tuple[str, ...]], set[str]] = {}
    for (action, key, value), arns in reached.items():
        shown = ("*",) if "*" in arns else tuple(sorted(_covering(arns)))
        merged.setdefault((action, key, shown), set()).add(value)
    grouped: dict[tuple[str, tuple[str, ...], str, tuple[str, ...]], list[str]] = {}
    for (action, key, where), values in merged.items():
        grouped.setdefault((action.split(":")[0], where, key, tuple(sorted(values))), []).append(action)
    return [_statement(number, *group, found) for number, (group, found) in enumerate(sorted(grouped.items()), 1)]


def _drop_covered(reached: dict[tuple[str, str, str], set[str]]) -> None:
    """Leave out what the same action may do without a condition anyway."""
    for (action, key, value), arns in list(reached.items()):
        free = reached.get((action, "", ""), set())
        if key:
            arns -= {arn for arn in arns if any(_covers(other, arn) for other in free)}
            if not arns:
                del reached[(action, key, value)]


def _statement(
    number: int, service: str, arns: tuple[str, ...], key: str, values: tuple[str, ...], found: list[str]
) -> Statement:
    sid = f"S{number:03d}{''.join(part.capitalize() for part in service.split('-'))}"
    condition = {"StringEquals": {key: values[0] if len(values) == 1 else list(values)}} if key else {}
    return Statement(sid, tuple(sorted(found)), arns, condition, _why(arns, key))


def pattern(call: Call, names: Names) -> str:
    """Return the ARN of a call as the policy has it."""
    if call.resource == "*":
        return "*"
    arn = _IDS.sub("*", call.resource)
    head, name = _split(arn)
    for separator in ("-", "_", "/"):
        start = names.prefix.replace("-", "_") if separator == "_" else names.prefix
        if name.startswith(f"{start}{separator}"):
            return f"{head}{start}{separator}*"
    if name.startswith(f"/{names.prefix}/"):
        return f"{head}/{names.prefix}/*"
    if names.registry and call.kind == "model-package-group" and name.startswith(f"{names.registry}-"):
        return f"{head}{names.registry}-*"
    if _GENERATED.search(name) and names.project in (call.context.get(PROJECT_TAG), call.context.get(ASKED_TAG)):
        return f"{head}*"  # such a name begins like the model's, whatever the environment: the project's tag binds it
    if _GENERATED.search(name):
        model = next((model for model in names.models if name.startswith(f"{model}-")), "")
        return f"{head}{model}-*" if model else f"{head}{_GENERATED.sub('-*', name)}"
    return arn


def _split(arn: str) -> tuple[str, str]:
    """Return an ARN's start up to its name, and the name: after the resource type, where the service writes one."""
    parts = arn.split(":", 5)
    resource = parts[5]
    for separator in (":", "/"):
        kind, found, name = resource.partition(separator)
        if found and re.fullmatch(r"[a-zA-Z-]+", kind) and parts[2] not in ("s3", "sqs", "sns"):
            return ":".join(parts[:5]) + f":{kind}{separator}", name
    return ":".join(parts[:5]) + ":", resource


def _covering(arns: set[str]) -> set[str]:
    """Leave out what another pattern covers."""
    return {arn for arn in arns if not any(other != arn and _covers(other, arn) for other in arns)}


def _covers(other: str, arn: str) -> bool:
    return other in ("*", arn) or (other.endswith("*") and arn.startswith(other[:-1]))


def _condition(call: Call, names: Names) -> dict[str, str]:
    """Return the one condition that a call's statement gets: key and value, compared by StringEquals."""
    for key in ("iam:PassedToService", "iam:PermissionsBoundary"):
        if call.action.startswith("iam:") and key in call.context:
            return {key: call.context[key]}
    shown = pattern(call, names)
    nameless = shown == "*" or _split(shown)[1] == "*"
    for key in (PROJECT_TAG, ASKED_TAG):
        if nameless and call.context.get(key) == names.project and "project" in _tag_keys(call, key):
            return {key: names.project}
    return {}


def _tag_keys(call: Call, key: str) -> tuple[str, ...]:
    """Return the tags that a condition may ask for: none where the reference knows no tag of such a resource."""
    if key == ASKED_TAG or call.kind == "own":
        return ("project",)
    return ("project",) if call.kind and actions.asks_tags(call.action, call.kind) else ()


def _why(arns: Sequence[str], key: str) -> str:
    if key == PROJECT_TAG:
        return "AWS makes up the ids in these ARNs; the project's tag binds them"
    if key == ASKED_TAG:
        return "what is being made has no ARN yet; the tag that is asked for binds it"
    if arns == ("*",):
        return NO_TYPE
    if any(re.search(r"[/:]\*$", arn) for arn in arns):
        return "these ARNs hold ids that AWS makes up, and these actions are decided before anything is tagged"
    return ""


def documents(statements: Sequence[Statement], longest: int = LONGEST_MANAGED) -> list[dict[str, Any]]:
    """Return the statements as managed policies, each within IAM's length, filled in the statements' order.

    A statement that is longer alone is split by its resources.
    """
    frame = len('{"Version":"2012-10-17","Statement":[]}')
    made: list[list[dict[str, Any]]] = []
    room = 0
    for statement in (part for one in statements for part in _parts(one, longest - frame)):
        if statement.size > room:
            made.append([])
            room = longest - frame
        made[-1].append(statement.document())
        room -= statement.size
    return [{"Version": "2012-10-17", "Statement": part} for part in made]


def _parts(statement: Statement, room: int) -> list[Statement]:
    if statement.size <= room or len(statement.resources) == 1:
        return [statement]
    half = len(statement.resources) // 2
    halves = (statement.resources[:half], statement.resources[half:])
    return [
        part
        for letter, resources in zip("ab", halves, strict=True)
        for part in _parts(
            Statement(f"{statement.sid}{letter}", statement.actions, resources, statement.condition, statement.why),
            room,
        )
    ]


def length(document: Mapping[str, Any]) -> int:
    """Return a document's characters as IAM counts them: without white space."""
    return len(json.dumps(document, separators=(",", ":")))


def unknown_actions(calls: Iterable[Call]) -> list[Call]:
    """Return the calls whose action the data don't have, each action once: their resource types are not known."""
    found = {call.action: call for call in calls if not actions.is_known(call.action)}
    return [found[action] for action in sorted(found)]

"""From an API operation to the IAM action that it is decided by, and the ARNs of what it is decided on.

The data are the service authorization reference's (`data/iam_actions.json`): an action has the operation's name unless
`named` says otherwise, and each of its resource types an ARN format, filled here from what the call names.
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_DATA = Path(__file__).parent / "data" / "iam_actions.json"
_PREFIXES = {"s3control": "s3", "accessanalyzer": "access-analyzer"}
_PLACE = re.compile(r"\{(\w+)\}")
# What the formats call otherwise than the calls' parameters; the first that is known fills the place.
_ALIASES: Mapping[str, tuple[str, ...]] = {
    "RoleNameWithPath": ("RolePath", "RoleName"),
    "PolicyNameWithPath": ("PolicyName", "PolicyArn"),
    "BucketName": ("Bucket",),
    "ObjectName": ("Key",),
    "TopicName": ("TopicArn", "Name"),
    "QueueName": ("QueueUrl",),
    "RuleName": ("Rule", "Name"),
    "TrailName": ("TrailName", "Name"),
    "WorkGroupName": ("WorkGroup", "Name"),
    "SecretId": ("SecretId",),
    "Alias": ("AliasName",),
    "KeyId": ("KeyId", "TargetKeyId"),
    "ScheduleName": ("Name",),
    "DatabaseName": ("DatabaseName", "Name"),
    "TableName": ("Name",),
    "SecurityGroupId": ("GroupId",),
    "VpcFlowLogId": ("FlowLogId",),
    "ResourceId": ("jobId",),
    "OidcProviderName": ("OpenIDConnectProviderArn",),
    "Identifier": ("MonitorArn", "SubscriptionArn"),
    **{f"{kind}JobDefinitionName": ("JobDefinitionName",)
       for kind in ("DataQuality", "ModelBias", "ModelExplainability", "ModelQuality")},
}  # fmt: skip
_GROUP_OF_SCHEDULES = ("GroupName", "Name")


@dataclass(frozen=True, slots=True)
class Service:
    """What the reference says of one service: formats by type, types whose tags count, types by action."""

    formats: Mapping[str, str]
    tagged: frozenset[str]
    actions: Mapping[str, tuple[str, ...]]


@functools.cache
def _data() -> tuple[str, Mapping[str, str], Mapping[str, Service]]:
    raw = json.loads(_DATA.read_text(encoding="utf-8"))
    services = {
        name: Service(
            found["formats"],
            frozenset(found["tagged"]),
            {action: tuple(kinds.split()) for kinds, actions in found["actions"].items() for action in actions},
        )
        for name, found in raw["services"].items()
    }
    return raw["source"], raw["named"], services


def source() -> str:
    """Return the address of the reference."""
    return _data()[0]


def action_of(service: str, operation: str) -> str:
    """Return the action that an operation is decided by: `s3:ListBucket` for S3's HeadBucket."""
    named = _data()[1].get(f"{service}:{operation}")
    return named or f"{_PREFIXES.get(service, service)}:{operation}"


def is_known(action: str) -> bool:
    """Whether the data have the action."""
    service, _, name = action.partition(":")
    return service in _data()[2] and name in _data()[2][service].actions


def kinds_of(action: str) -> tuple[str, ...]:
    """Return the resource types that an action is decided on; nothing where IAM knows none, so that only `*` names
    it."""
    service, _, name = action.partition(":")
    return _data()[2][service].actions[name]


def asks_tags(action: str, kind: str) -> bool:
    """Whether a policy may ask for the tags of such a resource."""
    return kind in _data()[2][action.partition(":")[0]].tagged


def arn_for(action: str, kind: str, words: Mapping[str, Any]) -> str:
    """Return the ARN of a resource type of an action, with `*` for what the call doesn't name."""
    service = action.partition(":")[0]
    text = _data()[2][service].formats[kind]
    known = {key.lower(): value for key, value in words.items() if isinstance(value, (str, int)) and value != ""}

    def fill(found: re.Match[str]) -> str:
        place = found[1]
        if place in ("Partition", "Region", "Account"):
            return str(words[place.lower()])
        names = _ALIASES.get(place, ())
        if kind == "ScalableTarget":
            return "*"  # its ARN holds an id of its own, not what it scales
        if place == "TableName" and "databasename" not in known:
            return "*"  # the call is about a database, with all its tables
        if kind == "schedule-group":
            names = _GROUP_OF_SCHEDULES
        for name in (place, *names):
            if name.lower() in known:
                return _short(str(known[name.lower()]), place)
        return "*"

    return _PLACE.sub(fill, text)


def place_of(action: str, kind: str) -> str:
    """Return the last place in the ARN format of a resource type: what names one of them."""
    return str(_PLACE.findall(_data()[2][action.partition(":")[0]].formats[kind])[-1])


def _short(value: str, place: str) -> str:
    """Return what of a value stands in an ARN: the last part of an ARN or URL, an alias without its prefix."""
    if place in ("TopicName", "QueueName"):
        return re.split(r"[:/]", value)[-1]
    if place == "SecretId" and value.startswith("arn:"):
        return value.split(":", 6)[6]
    if place == "SecretId":
        return f"{value}-*"  # AWS ends the ARN in a hyphen and six characters of its own
    if place == "Alias":
        return value.removeprefix("alias/")
    if value.startswith("arn:"):
        return value.rsplit("/", 1)[-1]
    return value

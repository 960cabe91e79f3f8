"""Pulumi's state in its bucket: the last sound version before a moment becomes the current one again."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from mlops_pipelines.recovery.objects import Entry, copy_version, histories


class NoSoundState(LookupError):  # noqa: N818 -- the outcome of a search
    """No version of the state can be read."""


@dataclass(frozen=True, slots=True)
class RestoredState:
    """Which version is current again, how many newer ones it was put over, and how many resources it knows."""

    key: str
    version: str
    modified: datetime
    passed_over: int
    resources: int


def state_key(project: str, stack: str) -> str:
    """Return the key of a stack's state (Pulumi documentation, "State and backends": DIY backends)."""
    return f".pulumi/stacks/{project}/{stack}.json"


def restore_state(s3: Any, bucket: str, key: str, as_of: datetime | None = None) -> RestoredState:
    """Make the latest sound version of a state, at `as_of` or before, the current one, and return which it is.

    A sound version is a JSON document with a checkpoint. The bucket keeps what it is put over. Stop every deployment
    first: Pulumi's lock isn't taken here. Raises `NoSoundState` where no version is sound.
    """
    history = next((found for found in histories(s3, bucket, key) if found[0].key == key), [])
    passed = 0
    for entry in history:
        if entry.deleted or (as_of is not None and entry.modified > as_of):
            passed += 1
            continue
        resources = _resources(s3, bucket, entry)
        if resources is None:
            passed += 1
            continue
        if passed:
            copy_version(s3, bucket, entry)
        return RestoredState(key, entry.version, entry.modified, passed, resources)
    when = f" at {as_of.isoformat()} or before" if as_of else ""
    raise NoSoundState(f"s3://{bucket}/{key} has no sound version{when} among {len(history)}")


def _resources(s3: Any, bucket: str, entry: Entry) -> int | None:
    """Return how many resources a version knows; None where it is no state."""
    body = s3.get_object(Bucket=bucket, Key=entry.key, VersionId=entry.version)["Body"].read()
    try:
        latest = json.loads(body)["checkpoint"]["latest"]
        return len((latest or {}).get("resources") or [])
    except (ValueError, KeyError, TypeError, AttributeError):
        return None

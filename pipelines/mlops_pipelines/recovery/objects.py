"""Objects of a versioned bucket as they were at a moment: delete markers taken away, earlier versions brought back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

MOST_COPIED_BYTES = 5 * 1024**3
"""CopyObject takes at most 5 GiB; larger ones are copied in parts (API reference, CopyObject)."""


@dataclass(slots=True)
class RestoredObjects:
    """Keys by what was done with them. `newer` did not exist at the moment and were left alone, or deleted where asked;
    what has nothing left from before it, as its versions expired or were deleted, is not to be told from those."""

    undeleted: list[str] = field(default_factory=list)
    brought_back: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    newer: list[str] = field(default_factory=list)

    @property
    def restored(self) -> int:
        """How many objects are there again as they were."""
        return len(self.undeleted) + len(self.brought_back)


@dataclass(frozen=True, slots=True)
class Entry:
    """One version of an object, or the marker of its deletion."""

    key: str
    version: str
    modified: datetime
    deleted: bool
    latest: bool
    size: int = 0


def restore_objects(
    s3: Any,
    bucket: str,
    as_of: datetime,
    *,
    prefix: str = "",
    delete_newer: bool = False,
    on_object: Callable[[int], None] = lambda _number: None,
) -> RestoredObjects:
    """Bring every object below `prefix` back to what it was at `as_of`, and return what was done.

    S3 tells times to the second: what happened within the second of `as_of` counts as before it. Nothing is lost by a
    restore: a version is copied over what is there, which stays a version. Only delete markers newer than `as_of` are
    deleted, where they alone hide the version. `delete_newer` also deletes (by a marker) objects that did not exist.
    Raises `ValueError` for a moment without a time zone, and boto3's errors.
    """
    if as_of.tzinfo is None:
        raise ValueError(f"as_of {as_of.isoformat()} has no time zone")
    done = RestoredObjects()
    for number, history in enumerate(histories(s3, bucket, prefix), 1):
        _restore(s3, bucket, history, as_of, done, delete_newer=delete_newer)
        on_object(number)
    return done


def histories(s3: Any, bucket: str, prefix: str = "") -> Iterator[list[Entry]]:
    """Yield the history of each key below a prefix, newest entry first."""
    entries: dict[str, list[Entry]] = {}
    for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket, Prefix=prefix):
        for kind, deleted in (("Versions", False), ("DeleteMarkers", True)):
            for item in page.get(kind, []):
                entry = Entry(
                    item["Key"], item["VersionId"], item["LastModified"], deleted, item["IsLatest"], item.get("Size", 0)
                )
                entries.setdefault(entry.key, []).append(entry)
    for key in sorted(entries):
        # S3 lists newest first, which a stable order keeps within a second; the latest may be a marker, listed apart.
        yield sorted(entries[key], key=lambda entry: (entry.modified, entry.latest), reverse=True)


def _restore(
    s3: Any, bucket: str, history: list[Entry], as_of: datetime, done: RestoredObjects, *, delete_newer: bool
) -> None:
    newer = [entry for entry in history if entry.modified > as_of]
    before = next((entry for entry in history if entry.modified <= as_of), None)
    key = history[0].key
    if before is None or before.deleted:
        if newer and not newer[0].deleted:
            done.newer.append(key)
            if delete_newer:
                s3.delete_object(Bucket=bucket, Key=key)
        return
    if not newer:
        done.unchanged.append(key)
    elif all(entry.deleted for entry in newer):
        for entry in newer:
            s3.delete_object(Bucket=bucket, Key=key, VersionId=entry.version)
        done.undeleted.append(key)
    else:
        copy_version(s3, bucket, before)
        done.brought_back.append(key)


def copy_version(s3: Any, bucket: str, entry: Entry) -> None:
    """Make a version the current one again, with its metadata; the bucket's default encrypts it."""
    source = {"Bucket": bucket, "Key": entry.key, "VersionId": entry.version}
    if entry.size > MOST_COPIED_BYTES:
        s3.copy(source, bucket, entry.key)
    else:
        s3.copy_object(Bucket=bucket, Key=entry.key, CopySource=source)

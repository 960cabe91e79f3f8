"""A versioned bucket in memory, with a clock that a test sets: S3's answers, as far as a restore asks for them."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from botocore.exceptions import ClientError

START = datetime(2026, 11, 23, 12, 0, 0, tzinfo=UTC)


@dataclass
class Version:
    """One version; a deleted one is a marker."""

    version: str
    modified: datetime
    body: bytes | None


class VersionedBucket:
    """One bucket; `at` is the second, after 12:00, in which the next call happens."""

    def __init__(self) -> None:
        self.at = 0
        self.versions: dict[str, list[Version]] = {}
        self._made = 0

    def put(self, at: int, key: str, body: str) -> str:
        """Write an object at a second and return its version."""
        self.at = at
        return str(self.put_object(Bucket="b", Key=key, Body=body.encode())["VersionId"])

    def delete(self, at: int, key: str) -> None:
        """Delete an object by a marker at a second."""
        self.at = at
        self.delete_object(Bucket="b", Key=key)

    def current(self) -> dict[str, str]:
        """Return what a reader finds, by key."""
        return {
            key: str(found[0].body.decode())
            for key, found in sorted(self.versions.items())
            if found and found[0].body is not None
        }

    def _add(self, key: str, body: bytes | None) -> dict[str, Any]:
        self._made += 1
        made = Version(f"v{self._made}", START + timedelta(seconds=self.at), body)
        self.versions.setdefault(key, []).insert(0, made)
        return {"VersionId": made.version}

    def put_object(self, *, Bucket: str, Key: str, Body: bytes, **_: Any) -> dict[str, Any]:  # noqa: N803
        """Add a version."""
        return self._add(Key, Body)

    def copy_object(self, *, Bucket: str, Key: str, CopySource: dict[str, str]) -> dict[str, Any]:  # noqa: N803
        """Add a version with another one's content."""
        return self._add(Key, self._find(CopySource["Key"], CopySource["VersionId"]).body)

    def delete_object(self, *, Bucket: str, Key: str, VersionId: str = "") -> None:  # noqa: N803
        """Add a marker, or take a version away."""
        if VersionId:
            self.versions[Key].remove(self._find(Key, VersionId))
        else:
            self._add(Key, None)

    def get_object(self, *, Bucket: str, Key: str, VersionId: str = "") -> dict[str, Any]:  # noqa: N803
        """Return a version's content, or the current one's."""
        found = self._find(Key, VersionId)
        if found.body is None:
            raise ClientError({"Error": {"Code": "NoSuchKey"}}, "GetObject")
        return {"Body": io.BytesIO(found.body), "VersionId": found.version, "ContentLength": len(found.body)}

    head_object = get_object

    def get_paginator(self, operation: str) -> Any:
        """Return what lists versions, or current objects, one key on a page."""
        return {"list_object_versions": _Pages(self._all), "list_objects_v2": _Pages(self._current)}[operation]

    def _find(self, key: str, version: str) -> Version:
        for item in self.versions.get(key, []):
            if version in ("", item.version):
                return item
        raise ClientError({"Error": {"Code": "NoSuchKey"}}, "GetObject")

    def _all(self, prefix: str) -> Iterator[dict[str, Any]]:
        for key in sorted(key for key in self.versions if key.startswith(prefix)):
            page: dict[str, Any] = {"Versions": [], "DeleteMarkers": []}
            for index, item in enumerate(self.versions[key]):
                named = {"Key": key, "VersionId": item.version, "LastModified": item.modified, "IsLatest": index == 0}
                page["Versions" if item.body is not None else "DeleteMarkers"].append(named)
            yield page

    def _current(self, prefix: str) -> Iterator[dict[str, Any]]:
        for key in self.current():
            if key.startswith(prefix):
                yield {"Contents": [{"Key": key}]}


class _Pages:
    def __init__(self, pages: Any) -> None:
        self._pages = pages

    def paginate(self, *, Bucket: str, Prefix: str = "") -> Iterator[dict[str, Any]]:  # noqa: N803
        """Yield the pages below a prefix."""
        return iter(list(self._pages(Prefix)))

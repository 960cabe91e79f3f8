"""What has to happen before a resource can be deleted, and what AWS keeps nevertheless."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from botocore.exceptions import ClientError


def empty_bucket(client: Any, bucket: str, inputs: Mapping[str, Any]) -> tuple[str, ...]:
    """Delete every version of every object; only with `forceDestroy`, which is for development.

    Returns in words what stays, and the bucket with it: what a lock retains, or, without `forceDestroy`, everything.
    """
    versions: list[dict[str, str]] = []
    markers: list[dict[str, str]] = []
    for page in client.get_paginator("list_object_versions").paginate(Bucket=bucket):
        versions += [_version(item) for item in page.get("Versions", [])]
        markers += [_version(item) for item in page.get("DeleteMarkers", [])]
    if not versions and not markers:
        return ()
    if not inputs.get("forceDestroy"):
        locked = sum(_locked(client, bucket, item) for item in versions)
        why = f"{locked} of them under Object Lock" if locked else "only development buckets are emptied"
        return (f"bucket {bucket} keeps {len(versions)} object version{'s' if len(versions) != 1 else ''}: {why}",)
    kept = 0
    for item in versions + markers:
        try:
            client.delete_object(Bucket=bucket, **item, BypassGovernanceRetention=True)
        except ClientError as error:
            if error.response["Error"]["Code"] != "AccessDenied":
                raise
            kept += 1
    return (f"bucket {bucket} keeps {kept} object version{'s' if kept != 1 else ''} under Object Lock",) if kept else ()


def _version(item: Mapping[str, str]) -> dict[str, str]:
    return {"Key": item["Key"], "VersionId": item["VersionId"]}


def _locked(client: Any, bucket: str, item: Mapping[str, str]) -> bool:
    return "ObjectLockRetainUntilDate" in client.head_object(Bucket=bucket, **item)

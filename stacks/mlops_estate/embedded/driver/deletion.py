"""What has to happen before a resource can be deleted, and what AWS keeps nevertheless."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from botocore.exceptions import ClientError

from mlops_estate.faults import Fault, FaultsFound


def empty_bucket(client: Any, bucket: str, inputs: Mapping[str, Any], urn: str) -> tuple[str, ...]:
    """Delete every version of every object; only with `forceDestroy`, which is for development.

    Returns what a lock retains, in words: such a bucket cannot be deleted before its retention has passed. Raises
    `FaultsFound` where objects are there and `forceDestroy` is not set, as the provider does.
    """
    versions = [
        {"Key": item["Key"], "VersionId": item["VersionId"]}
        for page in client.get_paginator("list_object_versions").paginate(Bucket=bucket)
        for item in [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
    ]
    if not versions:
        return ()
    if not inputs.get("forceDestroy"):
        locked = [item for item in versions if _locked(client, bucket, item)]
        if locked:
            return (_kept(bucket, len(locked)),)
        rule = f"the bucket holds {len(versions)} object versions and forceDestroy is not set"
        raise FaultsFound([Fault("forceDestroy", False, rule, "empty the bucket first, or set forceDestroy", urn)])
    kept = 0
    for item in versions:
        try:
            client.delete_object(Bucket=bucket, **item, BypassGovernanceRetention=True)
        except ClientError as error:
            if error.response["Error"]["Code"] != "AccessDenied":
                raise
            kept += 1
    return (_kept(bucket, kept),) if kept else ()


def _locked(client: Any, bucket: str, item: Mapping[str, str]) -> bool:
    head = client.head_object(Bucket=bucket, **item)
    return "ObjectLockRetainUntilDate" in head


def _kept(bucket: str, count: int) -> str:
    return f"bucket {bucket} keeps {count} object version{'s' if count != 1 else ''} under Object Lock"

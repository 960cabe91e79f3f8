"""What has to happen before a resource can be deleted, and what AWS keeps nevertheless."""

from __future__ import annotations

from typing import Any

from botocore.exceptions import ClientError


def kept_objects(client: Any, bucket: str) -> tuple[str, ...]:
    """Say in words that a bucket keeps its objects: only development buckets (`forceDestroy`) are emptied."""
    versions, _ = _versions(client, bucket)
    if not versions:
        return ()
    # The version of an object of an unversioned bucket is called null, which moto takes in no request.
    named = [{key: value for key, value in item.items() if value != "null"} for item in versions]
    locked = sum(_is_locked(client, bucket, item) for item in named)
    why = f"{locked} of them under Object Lock" if locked else "only development buckets are emptied"
    return (f"bucket {bucket} keeps {len(versions)} object version{'s' if len(versions) != 1 else ''}: {why}",)


def _is_locked(client: Any, bucket: str, version: dict[str, str]) -> bool:
    """Ask for the lock alone: an object itself may be out of reach from here."""
    try:
        return bool(client.get_object_retention(Bucket=bucket, **version).get("Retention"))
    except ClientError as error:
        if error.response["Error"]["Code"] in ("NoSuchObjectLockConfiguration", "InvalidRequest"):
            return False
        raise


def empty_bucket(client: Any, bucket: str) -> str:
    """Delete every version of every object, bypassing governance as the provider does; say what a lock retains."""
    kept = 0
    versions, markers = _versions(client, bucket)
    for item in versions + markers:
        try:
            client.delete_object(Bucket=bucket, **item, BypassGovernanceRetention=True)
        except ClientError as error:
            if error.response["Error"]["Code"] != "AccessDenied":
                raise
            kept += 1
    return f"bucket {bucket} keeps {kept} object version{'s' if kept != 1 else ''} under Object Lock" if kept else ""


def delete_every_version(client: Any, bucket: str, key: str) -> None:
    """Delete an object with its history, as the provider does in a versioned bucket: a marker alone would keep it."""
    versions, markers = _versions(client, bucket)
    for item in versions + markers:
        if item["Key"] == key:
            client.delete_object(Bucket=bucket, **item)


def delete_earlier_versions(client: Any, policy_arn: str) -> None:
    """Delete a managed policy's versions but the default one, without which IAM deletes no policy (DeletePolicy)."""
    for version in client.list_policy_versions(PolicyArn=policy_arn)["Versions"]:
        if not version["IsDefaultVersion"]:
            client.delete_policy_version(PolicyArn=policy_arn, VersionId=version["VersionId"])


def _versions(client: Any, bucket: str) -> tuple[list[dict[str, str]], list[dict[str, str]]]:
    """Return the versions of objects, and the markers of deleted ones."""
    versions: list[dict[str, str]] = []
    markers: list[dict[str, str]] = []
    for page in client.get_paginator("list_object_versions").paginate(Bucket=bucket):
        versions += [{"Key": item["Key"], "VersionId": item["VersionId"]} for item in page.get("Versions", [])]
        markers += [{"Key": item["Key"], "VersionId": item["VersionId"]} for item in page.get("DeleteMarkers", [])]
    return versions, markers


def kept_packages(client: Any, group: str) -> tuple[str, ...]:
    """Say in words that a model package group keeps its versions: SageMaker deletes only empty groups."""
    pages = client.get_paginator("list_model_packages").paginate(ModelPackageGroupName=group)
    count = sum(len(page["ModelPackageSummaryList"]) for page in pages)
    if not count:
        return ()
    versions = f"{count} version{'s' if count != 1 else ''}"
    return (
        f"model package group {group} keeps {versions}: the registry's record, and SageMaker deletes only empty groups",
    )

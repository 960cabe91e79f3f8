"""The model registry as a document: exported with a checksum, and registered again from it.

SageMaker numbers versions itself, one more than the latest ever given: a version that is registered again can have
another number, and the caller is told which.
"""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

FORMAT = 1
RESTORED_FROM = "restored-from-version"
"""Metadata of a version that was registered again: the number it had."""


class ExportDamaged(ValueError):  # noqa: N818 -- what stops a restore
    """An export is not what was written: its checksum differs, or it is of another kind."""


@dataclass(frozen=True, slots=True)
class RestoredRegistry:
    """What was done: `versions` maps each exported number to the number it has now; `kept` stood all along.

    `missing` are versions whose artefact is gone, by number and URI: they are registered, and can't be deployed.
    """

    group: str
    versions: Mapping[int, int]
    kept: tuple[int, ...] = ()
    missing: Mapping[int, str] = field(default_factory=dict)

    @property
    def renumbered(self) -> dict[int, int]:
        """Versions that have another number now: what pins them has to be changed."""
        return {old: new for old, new in self.versions.items() if old != new}


def export_registry(
    sagemaker: Any, s3: Any, group: str, bucket: str, *, now: datetime | None = None, prefix: str = "registry"
) -> str:
    """Write a package group with every version, its tags and its policy to `bucket`, and return the key.

    The document says of each artefact which version of its object it is, and carries the SHA-256 of its own content.
    """
    described = sagemaker.describe_model_package_group(ModelPackageGroupName=group)
    versions = [_version(sagemaker, s3, arn) for arn in _package_arns(sagemaker, group)]
    moment = (now or datetime.now(UTC)).astimezone(UTC)
    content = {
        "format": FORMAT,
        "group": group,
        "description": described.get("ModelPackageGroupDescription", ""),
        "tags": sagemaker.list_tags(ResourceArn=described["ModelPackageGroupArn"]).get("Tags", []),
        "policy": _policy(sagemaker, group),
        "exported_at": moment.isoformat(),
        "versions": sorted(versions, key=lambda version: int(version["number"])),
    }
    plain = json.loads(json.dumps(content, default=_text))
    key = f"{prefix}/{group}/{moment.strftime('%Y%m%dT%H%M%S%fZ')}.json"
    body = json.dumps({**plain, "sha256": checksum(plain)}, indent=1, sort_keys=True).encode()
    s3.put_object(Bucket=bucket, Key=key, Body=body, ContentType="application/json")
    return key


def latest_export(s3: Any, bucket: str, group: str, prefix: str = "registry") -> str:
    """Return the key of a group's latest export; `LookupError` where there is none."""
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=f"{prefix}/{group}/")
    keys = sorted(item["Key"] for page in pages for item in page.get("Contents", []))
    if not keys:
        raise LookupError(f"s3://{bucket}/{prefix}/{group}/ holds no export")
    return str(keys[-1])


def load_export(s3: Any, bucket: str, key: str) -> dict[str, Any]:
    """Return an export after its checksum; raises `ExportDamaged`."""
    body = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    try:
        found = dict(json.loads(body))
        written = found.pop("sha256")
    except (ValueError, TypeError, KeyError) as error:
        raise ExportDamaged(f"s3://{bucket}/{key} is no export of a registry: {error!r}") from error
    if written != checksum(found):
        raise ExportDamaged(f"s3://{bucket}/{key} has been changed: its checksum differs")
    if found.get("format") != FORMAT:
        raise ExportDamaged(f"s3://{bucket}/{key} has format {found.get('format')!r}, not {FORMAT}")
    return found


def restore_registry(
    sagemaker: Any,
    s3: Any,
    export: Mapping[str, Any],
    *,
    group: str = "",
    on_version: Callable[[int], None] = lambda _number: None,
) -> RestoredRegistry:
    """Register every version of an export that isn't there, in the group it came from or in `group`.

    A group that is gone is created again, with its tags and policy. Versions are registered in ascending order, with
    their approval status, description and metadata: one that was rejected or quarantined stays so. Approval comes last,
    so that nothing deploys a version before it is whole. A version still there is left as it is.
    """
    name = group or str(export["group"])
    standing = _standing(sagemaker, name, export)
    versions: dict[int, int] = {}
    missing: dict[int, str] = {}
    for number, version in enumerate(export["versions"], 1):
        old = int(version["number"])
        if old in standing:
            versions[old] = old
        else:
            versions[old] = _register(sagemaker, name, version)
        for artefact in version["artefacts"]:
            if not _exists(s3, artefact):
                missing[old] = artefact["uri"]
        on_version(number)
    return RestoredRegistry(name, versions, tuple(sorted(standing)), missing)


def checksum(content: Mapping[str, Any]) -> str:
    """Return the SHA-256 of a document's content, whatever the order of its keys."""
    text = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _package_arns(sagemaker: Any, group: str) -> list[str]:
    pages = sagemaker.get_paginator("list_model_packages").paginate(ModelPackageGroupName=group)
    return [item["ModelPackageArn"] for page in pages for item in page["ModelPackageSummaryList"]]


def _version(sagemaker: Any, s3: Any, arn: str) -> dict[str, Any]:
    described = sagemaker.describe_model_package(ModelPackageName=arn)
    uris = [
        container["ModelDataUrl"]
        for container in (described.get("InferenceSpecification") or {}).get("Containers", [])
        if container.get("ModelDataUrl")
    ]
    return {
        "number": described["ModelPackageVersion"],
        "arn": arn,
        "created": described["CreationTime"],
        "registration": {name: described[name] for name in _registrable(sagemaker) if described.get(name) is not None},
        "approval": {
            "ModelApprovalStatus": described["ModelApprovalStatus"],
            "ApprovalDescription": described.get("ApprovalDescription") or "",
        },
        "artefacts": [_artefact(s3, uri) for uri in uris],
    }


@functools.cache
def _members(model: Any) -> tuple[str, ...]:
    shape = model.operation_model("CreateModelPackage").input_shape
    # The group gives the tags; the name is the service's; approval follows.
    apart = {"ModelPackageName", "ModelPackageGroupName", "ModelApprovalStatus", "Tags", "ClientToken"}
    return tuple(name for name in shape.members if name not in apart)


def _registrable(sagemaker: Any) -> tuple[str, ...]:
    """Return what of a version's description registers it again: what CreateModelPackage takes."""
    return _members(sagemaker.meta.service_model)


def _artefact(s3: Any, uri: str) -> dict[str, Any]:
    """Return which version of which object an artefact is; one that isn't there has no version."""
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    found = _head(s3, bucket, key)
    return {"uri": uri, "version": found.get("VersionId", ""), "bytes": found.get("ContentLength", 0)}


def _head(s3: Any, bucket: str, key: str) -> dict[str, Any]:
    from botocore.exceptions import ClientError

    try:
        return dict(s3.head_object(Bucket=bucket, Key=key))
    except ClientError as error:
        if error.response["Error"]["Code"] in {"404", "NoSuchKey", "NotFound"}:
            return {}
        raise


def _exists(s3: Any, artefact: Mapping[str, Any]) -> bool:
    bucket, _, key = str(artefact["uri"]).removeprefix("s3://").partition("/")
    return bool(_head(s3, bucket, key))


def _policy(sagemaker: Any, group: str) -> str:
    """Return a group's resource policy, or nothing."""
    from botocore.exceptions import ClientError

    try:
        return str(sagemaker.get_model_package_group_policy(ModelPackageGroupName=group)["ResourcePolicy"])
    except ClientError as error:
        if error.response["Error"]["Code"] in {"ValidationException", "ResourceNotFound"}:
            return ""
        raise


def _standing(sagemaker: Any, name: str, export: Mapping[str, Any]) -> set[int]:
    """Return which exported versions are in the group; a group that isn't there is made.

    A number is the same version only in the group it came from: a group that was made again counts from one.
    """
    from botocore.exceptions import ClientError

    try:
        sagemaker.describe_model_package_group(ModelPackageGroupName=name)
    except ClientError as error:
        if error.response["Error"]["Code"] not in {"ValidationException", "ResourceNotFound"}:
            raise
        described = {"ModelPackageGroupDescription": export["description"]} if export["description"] else {}
        sagemaker.create_model_package_group(ModelPackageGroupName=name, Tags=export["tags"], **described)
        if export["policy"]:
            sagemaker.put_model_package_group_policy(ModelPackageGroupName=name, ResourcePolicy=export["policy"])
        return set()
    created = {version["arn"]: (int(version["number"]), version["created"]) for version in export["versions"]}
    found = set()
    for arn in _package_arns(sagemaker, name):
        number, made = created.get(arn, (0, ""))
        if number and made == _text(sagemaker.describe_model_package(ModelPackageName=arn)["CreationTime"]):
            found.add(number)
    return found


def _register(sagemaker: Any, group: str, version: Mapping[str, Any]) -> int:
    registration = dict(version["registration"])
    metadata = dict(registration.get("CustomerMetadataProperties") or {})
    registration["CustomerMetadataProperties"] = {RESTORED_FROM: str(version["number"]), **metadata}
    arn = sagemaker.create_model_package(
        ModelPackageGroupName=group, **registration, ModelApprovalStatus="PendingManualApproval"
    )["ModelPackageArn"]
    approval = {name: value for name, value in version["approval"].items() if value}
    if approval["ModelApprovalStatus"] != "PendingManualApproval":
        sagemaker.update_model_package(ModelPackageArn=arn, **approval)
    return int(arn.rsplit("/", 1)[-1])


def _text(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)

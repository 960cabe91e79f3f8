"""Which versions are registered: the champion (newest approved), the latest, and what each said of itself.

Versions that an older pipeline or a person registered lack some or all of the metadata; what is missing is null.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mlops_pipelines.governance import aws, versions
from mlops_pipelines.steps.shell import StepFault

MOST_DESCRIBED = 100
"""How many of the newest versions are described to find the highest semantic version."""
QUARANTINED = "quarantined"
"""Metadata key of a version that was rolled back: it is no champion, whatever its approval says."""
LEGACY_METRIC = "auc"
"""The key under which pipelines without `metric` and `score` registered their one figure."""


@dataclass(frozen=True)
class Registered:
    """A version of the registry: its ARN, number, approval, the archive it serves, and its metadata."""

    arn: str
    number: int | None
    approval: str
    model_uri: str | None
    metadata: Mapping[str, str]
    made_by: str = ""
    """The pipeline execution's ARN, where it is recorded."""

    @property
    def version(self) -> str | None:
        """The semantic version, None where none or a malformed one is recorded."""
        found = versions.parse(self.metadata.get("version"))
        return None if found is None else str(found)

    @property
    def metric(self) -> dict[str, Any] | None:
        """The metric it was registered with, None where there is no finite figure."""
        name = self.metadata.get("metric") or (LEGACY_METRIC if LEGACY_METRIC in self.metadata else None)
        try:
            value = float(self.metadata.get("score") or self.metadata.get(str(name)) or "nan")
        except ValueError:
            return None
        if name is None or not math.isfinite(value):
            return None
        return {"name": "roc_auc" if name == LEGACY_METRIC else name, "value": value}

    def recorded(self, key: str) -> str | None:
        """Return a value of the metadata, None for an empty one."""
        return self.metadata.get(key) or None


def registered(sagemaker: Any, group: str) -> list[Registered]:
    """Return the versions of a model package group (name or ARN), newest first, the newest hundred described.

    Versions whose creation failed are left out. Raises `StepFault` where the registry can't be read.
    """
    with aws.calling("sagemaker:ListModelPackages", group):
        pages = sagemaker.get_paginator("list_model_packages").paginate(ModelPackageGroupName=group)
        listed = [item for page in pages for item in page["ModelPackageSummaryList"]]
    usable = [item for item in listed if item.get("ModelPackageStatus", "Completed") == "Completed"]
    # Numbers only grow, and two versions can have the same time of creation.
    usable.sort(key=lambda item: int(item.get("ModelPackageVersion") or 0), reverse=True)
    kept = usable[:MOST_DESCRIBED]
    # A champion beyond the newest hundred still is the champion.
    kept += [item for item in usable[MOST_DESCRIBED:] if item.get("ModelApprovalStatus") == "Approved"][:1]
    return [_described(sagemaker, str(item["ModelPackageArn"])) for item in kept]


def _described(sagemaker: Any, arn: str) -> Registered:
    with aws.calling("sagemaker:DescribeModelPackage", arn):
        said = sagemaker.describe_model_package(ModelPackageName=arn)
    containers = (said.get("InferenceSpecification") or {}).get("Containers") or []
    archives = [container["ModelDataUrl"] for container in containers if container.get("ModelDataUrl")]
    return Registered(
        arn=arn,
        number=said.get("ModelPackageVersion"),
        approval=said.get("ModelApprovalStatus") or "",
        model_uri=archives[0] if archives else None,
        metadata=said.get("CustomerMetadataProperties") or {},
        made_by=(said.get("MetadataProperties") or {}).get("GeneratedBy") or "",
    )


def champion_of(found: Sequence[Registered]) -> Registered | None:
    """Return the newest approved version that is not quarantined."""
    return next((one for one in found if one.approval == "Approved" and QUARANTINED not in one.metadata), None)


def latest_of(found: Sequence[Registered]) -> Registered | None:
    """Return the newest version that is not rejected."""
    return next((one for one in found if one.approval != "Rejected"), None)


def document(found: Sequence[Registered]) -> dict[str, Any]:
    """Return champion.json, without what its files add."""
    champion, latest = champion_of(found), latest_of(found)
    top = versions.highest(one.metadata.get("version") for one in found)
    return {
        "status": "none" if champion is None else "found",
        "package_arn": champion.arn if champion else None,
        "registry_version": champion.number if champion else None,
        "version": champion.version if champion else None,
        "snapshot_sha256": champion.recorded("snapshot_sha256") if champion else None,
        "schema_sha256": champion.recorded("schema_sha256") if champion else None,
        "model_uri": champion.model_uri if champion else None,
        "metric": champion.metric if champion else None,
        "latest": _standing(latest) if latest else None,
        "highest_version": None if top is None else str(top),
        "registered": len(found),
        "files": {},
        "notes": _notes(found, champion, latest),
    }


def _standing(one: Registered) -> dict[str, Any]:
    return {
        "version": one.version,
        "snapshot_sha256": one.recorded("snapshot_sha256"),
        "schema_sha256": one.recorded("schema_sha256"),
        "registry_version": one.number,
        "package_arn": one.arn,
        "approval": one.approval,
    }


def _notes(found: Sequence[Registered], champion: Registered | None, latest: Registered | None) -> list[str]:
    notes = []
    if found and champion is None:
        notes.append(f"none of {len(found)} registered versions is approved")
    for one in {one.arn: one for one in (champion, latest) if one is not None}.values():
        said = one.metadata.get("version")
        if one.version is None:
            notes.append(f"{one.arn} has {f'the malformed version {said!r}' if said else 'no semantic version'}")
    return notes


def fetch(s3: Any, champion: Registered, folder: Path, execution: str = "") -> tuple[dict[str, Any], list[str]]:
    """Download a champion's archive and the snapshot it was trained on; return checksums by file, and notes.

    A file that is gone, or whose place is not recorded, is left out, and a note says so; so are the data of a champion
    that another account's pipeline made: records do not leave their environment. `execution` is this run's ARN, which
    says whose account this is. Raises `StepFault` where the checksum is not the recorded one: an approved model, or the
    data it came from, was changed after its registration.
    """
    files: dict[str, Any] = {}
    notes: list[str] = []
    snapshot = champion.recorded("snapshot_uri")
    wanted = (
        ("model.tar.gz", champion.model_uri, "model_sha256"),
        ("data.csv", f"{snapshot.rstrip('/')}/data.csv" if snapshot else None, "snapshot_sha256"),
    )
    for name, uri, key in wanted:
        if uri is None:
            notes.append(f"{champion.arn} does not say where its {name} lies")
            continue
        if name == "data.csv" and _elsewhere(champion.made_by, execution):
            notes.append(f"the data of {champion.arn} stay in the account that made it, {_account(champion.made_by)}")
            continue
        digest = aws.download(s3, uri, folder / name)
        if digest is None:
            notes.append(f"{uri} of {champion.arn} is gone")
            continue
        expected = champion.recorded(key)
        if expected is None:
            notes.append(f"{champion.arn} has no {key}: its {name} was taken as it is")
        elif expected != digest:
            (folder / name).unlink()
            raise StepFault(
                f"{uri} was changed: its SHA-256 is {digest}, but {champion.arn} was registered with {expected}. "
                "Reject that version and look into who wrote the object (CloudTrail data events, object versions)"
            )
        files[name] = {"sha256": digest, "uri": uri}
    return files, notes


def _account(arn: str) -> str:
    return arn.split(":")[4] if arn.count(":") >= 5 else ""


def _elsewhere(made_by: str, execution: str) -> bool:
    """Whether two executions are known to be of different accounts."""
    one, other = _account(made_by), _account(execution)
    return bool(one and other and one != other)

"""The model registry: every version deleted, registered again from its export, and pinned anew where renumbered."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlops_estate.drill import compare, timed
from mlops_estate.drill.objects import asked
from mlops_estate.drill.report import Rehearsal
from mlops_pipelines.recovery import export_registry, latest_export, load_export, restore_registry
from mlops_pipelines.recovery.registry import RESTORED_FROM

if TYPE_CHECKING:
    from mlops_estate.up import UpReport
    from mlops_estate.up.session import EstateSession

QUARANTINE = {"quarantined": "drill: rolled back in production"}
"""Metadata of a version that must stay out of use, also after a restore."""


def rehearse(session: EstateSession, stood: UpReport) -> list[Rehearsal]:
    """Lose and restore the versions of every model, then release the restored one and ask its endpoint."""
    done = []
    for model in stood.models:
        if model.version:
            rehearsal, versions = _rehearse(session, model.name)
            done.append(rehearsal)
            model.version = versions.get(model.version, model.version)
    if done:
        done.append(_release(session, stood))
    return done


def _rehearse(session: EstateSession, name: str) -> tuple[Rehearsal, dict[int, int]]:
    sagemaker, s3 = session.account.client("sagemaker"), session.inside("s3")
    outputs = session.applied().stack_outputs
    group, bucket = outputs["models"][name]["model_package_group"], outputs["buckets"]["models"]
    done = Rehearsal(
        "registry", group, "every version deleted", "restore_registry, from the latest export in the models bucket"
    )
    _quarantine(sagemaker, group)
    with session.phase("back up"), timed(lambda seconds: setattr(done, "backup_seconds", seconds)):
        export_registry(sagemaker, s3, group, bucket)
    before = _versions(sagemaker, group)
    with session.phase("lose"):
        for version in before.values():
            sagemaker.delete_model_package(ModelPackageName=version["arn"])
    done.damaged = len(before) - len(_versions(sagemaker, group))
    with session.phase("restore"), timed(lambda seconds: setattr(done, "restore_seconds", seconds)):
        export = load_export(s3, bucket, latest_export(s3, bucket, group))
        restored = restore_registry(
            sagemaker,
            s3,
            export,
            on_version=lambda number: session.progress(f"{group}: versions registered", number, len(before)),
        )
    done.notes += [f"version {old} is now {new}: pin it so" for old, new in restored.renumbered.items()]
    done.notes += [f"the artefact of version {number} is gone: {uri}" for number, uri in restored.missing.items()]
    old_numbers = {str(new): str(old) for old, new in restored.versions.items()}
    after = {old_numbers.get(number, number): shown for number, shown in _versions(sagemaker, group).items()}
    compare(done, _comparable(before), _comparable(after))
    return done, dict(restored.versions)


def _release(session: EstateSession, stood: UpReport) -> Rehearsal:
    """Apply the estate with the restored versions pinned, as a commit to the configuration would."""
    from mlops_estate.engine import EngineFault

    done = Rehearsal(
        "releases", "of the restored versions", "the versions that were live", "a release of the new number"
    )
    before = {model.endpoint: model.sample_prediction for model in stood.models if model.version}
    done.damaged = len(before)
    versions = {model.name: model.version for model in stood.models}
    baselines = {model.name: model.baseline_uri for model in stood.models if model.version and model.baseline_uri}
    with session.phase("restore"), timed(lambda seconds: setattr(done, "restore_seconds", seconds)):
        try:
            session.apply(versions, baselines)
        except EngineFault as fault:
            done.notes += [f"not applied: {found.as_text()}" for found in fault.faults]
    compare(done, before, {name: answer for name, answer in asked(session, stood).items() if answer is not None})
    return done


def _quarantine(sagemaker: Any, group: str) -> None:
    """Register a second version that is rejected and quarantined, a copy of the first."""
    first = next(iter(_versions(sagemaker, group).values()))
    arn = sagemaker.create_model_package(
        ModelPackageGroupName=group,
        InferenceSpecification=first["shown"]["InferenceSpecification"],
        CustomerMetadataProperties=QUARANTINE,
        ModelApprovalStatus="PendingManualApproval",
    )["ModelPackageArn"]
    sagemaker.update_model_package(
        ModelPackageArn=arn, ModelApprovalStatus="Rejected", ApprovalDescription="a drill quarantined it"
    )


def _versions(sagemaker: Any, group: str) -> dict[str, dict[str, Any]]:
    """Return each version by its number: its ARN and what the service shows of it."""
    pages = sagemaker.get_paginator("list_model_packages").paginate(ModelPackageGroupName=group)
    arns = sorted(item["ModelPackageArn"] for page in pages for item in page["ModelPackageSummaryList"])
    return {
        arn.rsplit("/", 1)[-1]: {"arn": arn, "shown": sagemaker.describe_model_package(ModelPackageName=arn)}
        for arn in arns
    }


def _comparable(versions: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Leave out what can't be the same: number, ARN, times, and the note of the restore."""
    apart = {"ModelPackageVersion", "ModelPackageArn", "CreationTime", "LastModifiedTime", "ResponseMetadata",
             "CustomerMetadataProperties"}  # fmt: skip
    found = {}
    for number, version in versions.items():
        shown = version["shown"]
        metadata = {k: v for k, v in (shown.get("CustomerMetadataProperties") or {}).items() if k != RESTORED_FROM}
        kept = {key: value for key, value in shown.items() if key not in apart and value not in (None, "", [], {})}
        found[number] = {**kept, "metadata": metadata}
    return found

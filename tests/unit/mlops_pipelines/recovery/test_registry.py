"""The registry's export and its checksum, and what a restore registers, in what order, under which numbers."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError
from botocore.session import get_session
from tests.support.versioned import VersionedBucket

from mlops_pipelines.recovery import ExportDamaged, export_registry, latest_export, load_export, restore_registry

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
ARN = "arn:aws:sagemaker:eu-west-1:123456789012:model-package"


class Registry:
    """Model packages as SageMaker numbers them: one more than the latest ever."""

    def __init__(self, policy: str = "") -> None:
        self.meta = SimpleNamespace(service_model=get_session().get_service_model("sagemaker"))
        self.groups: dict[str, dict[str, Any]] = {}
        self.packages: dict[str, dict[str, Any]] = {}
        self.policy = policy
        self.calls: list[str] = []

    def create_model_package_group(self, **group: Any) -> None:
        self.groups[group["ModelPackageGroupName"]] = {**group, "last": 0}

    def describe_model_package_group(self, *, ModelPackageGroupName: str) -> dict[str, Any]:  # noqa: N803
        if ModelPackageGroupName not in self.groups:
            raise ClientError({"Error": {"Code": "ValidationException"}}, "DescribeModelPackageGroup")
        arn = f"{ARN}-group/{ModelPackageGroupName}"
        return {**self.groups[ModelPackageGroupName], "ModelPackageGroupArn": arn}

    def list_tags(self, *, ResourceArn: str) -> dict[str, Any]:  # noqa: N803
        return {"Tags": self.groups[ResourceArn.rsplit("/", 1)[-1]].get("Tags", [])}

    def get_model_package_group_policy(self, **_: Any) -> dict[str, str]:
        if not self.policy:
            raise ClientError({"Error": {"Code": "ValidationException"}}, "GetModelPackageGroupPolicy")
        return {"ResourcePolicy": self.policy}

    def put_model_package_group_policy(self, *, ResourcePolicy: str, **_: Any) -> None:  # noqa: N803
        self.policy = ResourcePolicy

    def create_model_package(self, **given: Any) -> dict[str, str]:
        assert given["ModelApprovalStatus"] == "PendingManualApproval"
        group = self.groups[given["ModelPackageGroupName"]]
        group["last"] += 1
        arn = f"{ARN}/{given['ModelPackageGroupName']}/{group['last']}"
        self.packages[arn] = {
            **given, "ModelPackageArn": arn, "ModelPackageVersion": group["last"],
            "CreationTime": datetime(2026, 11, 23, len(self.calls) % 24, tzinfo=UTC), "ModelPackageStatus": "Completed",
        }  # fmt: skip
        self.calls.append(f"create {group['last']}")
        return {"ModelPackageArn": arn}

    def update_model_package(self, *, ModelPackageArn: str, **change: Any) -> None:  # noqa: N803
        self.packages[ModelPackageArn].update(change)
        self.calls.append(f"approve {ModelPackageArn.rsplit('/', 1)[-1]}")

    def describe_model_package(self, *, ModelPackageName: str) -> dict[str, Any]:  # noqa: N803
        return dict(self.packages[ModelPackageName])

    def get_paginator(self, _operation: str) -> Any:
        def paginate(_self: Any, *, ModelPackageGroupName: str) -> Any:  # noqa: N803
            arns = sorted(arn for arn in self.packages if f"/{ModelPackageGroupName}/" in arn)
            return iter([{"ModelPackageSummaryList": [{"ModelPackageArn": arn}]} for arn in reversed(arns)])

        return type("Pages", (), {"paginate": paginate})()


@pytest.fixture
def bucket() -> VersionedBucket:
    made = VersionedBucket()
    made.put(1, "model.tar.gz", "model")
    return made


@pytest.fixture
def registry() -> Registry:
    made = Registry()
    made.create_model_package_group(
        ModelPackageGroupName="g", ModelPackageGroupDescription="versions", Tags=[{"Key": "data", "Value": "hmda"}]
    )
    for status in ("Approved", "Rejected"):
        arn = made.create_model_package(
            ModelPackageGroupName="g",
            ModelPackageDescription=f"{status} one",
            InferenceSpecification={"Containers": [{"Image": "i", "ModelDataUrl": "s3://b/model.tar.gz"}]},
            CustomerMetadataProperties={"quarantined": "yes"} if status == "Rejected" else {},
            ModelApprovalStatus="PendingManualApproval",
        )["ModelPackageArn"]
        made.update_model_package(ModelPackageArn=arn, ModelApprovalStatus=status, ApprovalDescription="said so")
    made.calls.clear()
    return made


def exported(registry: Registry, bucket: VersionedBucket) -> dict[str, Any]:
    return load_export(bucket, "b", export_registry(registry, bucket, "g", "b", now=NOW))


def test_an_export_has_every_version_in_order_and_which_object_its_artefact_is(registry, bucket):
    found = exported(registry, bucket)
    assert [version["number"] for version in found["versions"]] == [1, 2]
    assert found["versions"][0]["artefacts"] == [{"uri": "s3://b/model.tar.gz", "version": "v1", "bytes": 5}]
    assert (found["description"], found["tags"]) == ("versions", [{"Key": "data", "Value": "hmda"}])


def test_an_export_holds_only_what_registers_a_version_again(registry, bucket):
    registration = exported(registry, bucket)["versions"][0]["registration"]
    assert set(registration) == {"ModelPackageDescription", "InferenceSpecification", "CustomerMetadataProperties"}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda text: text.replace("Approved one", "Approved two"), "checksum differs"),
        (lambda text: text[:-10], "is no export"),
        (lambda _text: "[]", "is no export"),
        (lambda _text: "{}", "is no export"),
    ],
)
def test_a_changed_export_is_not_restored_from(registry, bucket, change, words):
    key = export_registry(registry, bucket, "g", "b", now=NOW)
    bucket.put(9, key, change(bucket.current()[key]))
    with pytest.raises(ExportDamaged, match=words):
        load_export(bucket, "b", key)


def test_an_export_of_another_format_is_refused(registry, bucket):
    from mlops_pipelines.recovery.registry import checksum

    content = {**exported(registry, bucket), "format": 2}
    bucket.put(9, "other.json", json.dumps({**content, "sha256": checksum(content)}))
    with pytest.raises(ExportDamaged, match="format 2"):
        load_export(bucket, "b", "other.json")


def test_the_latest_export_is_found_and_its_absence_said(registry, bucket):
    export_registry(registry, bucket, "g", "b", now=NOW)
    later = export_registry(registry, bucket, "g", "b", now=NOW.replace(hour=13))
    assert latest_export(bucket, "b", "g") == later == "registry/g/20261123T130000000000Z.json"
    with pytest.raises(LookupError, match="holds no export"):
        latest_export(bucket, "b", "another")


def test_lost_versions_get_new_numbers_and_keep_status_description_and_metadata(registry, bucket):
    export = exported(registry, bucket)
    registry.packages.clear()
    done = restore_registry(registry, bucket, export)
    assert (done.versions, done.renumbered) == ({1: 3, 2: 4}, {1: 3, 2: 4})
    rejected = registry.packages[f"{ARN}/g/4"]
    assert (rejected["ModelApprovalStatus"], rejected["ApprovalDescription"]) == ("Rejected", "said so")
    assert rejected["CustomerMetadataProperties"] == {"quarantined": "yes", "restored-from-version": "2"}
    assert registry.calls == ["create 3", "approve 3", "create 4", "approve 4"]


def test_a_version_that_is_still_there_is_left_as_it_is(registry, bucket):
    export = exported(registry, bucket)
    del registry.packages[f"{ARN}/g/1"]
    done = restore_registry(registry, bucket, export)
    assert (done.versions, done.kept, done.renumbered) == ({1: 3, 2: 2}, (2,), {1: 3})
    assert registry.calls == ["create 3", "approve 3"]


def test_a_group_that_is_gone_is_made_again_with_tags_and_policy_and_counts_from_one(bucket):
    old = Registry(policy="{}")
    old.create_model_package_group(ModelPackageGroupName="g", Tags=[{"Key": "a", "Value": "b"}])
    old.create_model_package(ModelPackageGroupName="g", ModelApprovalStatus="PendingManualApproval")
    old.update_model_package(ModelPackageArn=f"{ARN}/g/1", ModelApprovalStatus="PendingManualApproval")
    export = exported(old, bucket)
    fresh = Registry()
    done = restore_registry(fresh, bucket, export)
    assert (done.versions, fresh.policy, fresh.groups["g"]["Tags"]) == ({1: 1}, "{}", [{"Key": "a", "Value": "b"}])
    assert fresh.calls == ["create 1"]


def test_the_same_number_of_another_group_of_the_name_is_another_version(registry, bucket):
    export = exported(registry, bucket)
    again = Registry()
    again.create_model_package_group(ModelPackageGroupName="g")
    again.calls.extend("unrelated")
    again.create_model_package(ModelPackageGroupName="g", ModelApprovalStatus="PendingManualApproval")
    assert restore_registry(again, bucket, export).versions == {1: 2, 2: 3}


def test_a_version_whose_artefact_is_gone_is_registered_and_named(registry, bucket):
    export = exported(registry, bucket)
    bucket.delete(9, "model.tar.gz")
    done = restore_registry(registry, bucket, export, group="other")
    assert done.missing == {1: "s3://b/model.tar.gz", 2: "s3://b/model.tar.gz"}
    assert (done.group, done.versions) == ("other", {1: 1, 2: 2})

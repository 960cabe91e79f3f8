"""Every restore in an embedded account, and the offline store that one of them reads."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError
from tests.support.sagemaker_things import IMAGE

from mlops_estate.drill.clock import moment
from mlops_estate.embedded.account import EmbeddedAccount
from mlops_pipelines.recovery import (
    describe_group,
    export_registry,
    latest_export,
    load_export,
    offline_rows,
    rebuild_online_store,
    restore_objects,
    restore_registry,
    restore_state,
)

DAY = "2026-11-{:02d}T10:00:00Z"


@pytest.fixture
def account() -> Iterator[EmbeddedAccount]:
    with EmbeddedAccount() as embedded:
        s3 = embedded.client("s3")
        for name in ("features", "models"):
            s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
            s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
        yield embedded


@pytest.fixture
def features(account: EmbeddedAccount) -> EmbeddedAccount:
    account.client("sagemaker").create_feature_group(
        FeatureGroupName="group",
        RecordIdentifierFeatureName="id",
        EventTimeFeatureName="at",
        FeatureDefinitions=[{"FeatureName": name, "FeatureType": "String"} for name in ("id", "at", "x")],
        OnlineStoreConfig={"EnableOnlineStore": True},
        OfflineStoreConfig={"S3StorageConfig": {"S3Uri": "s3://features/offline"}},
        RoleArn="arn:aws:iam::123456789012:role/features",
    )
    return account


def put(account: EmbeddedAccount, identifier: str, day: int, x: str, **options: Any) -> None:
    record = {"id": identifier, "at": DAY.format(day), "x": x}
    values = [{"FeatureName": name, "ValueAsString": value} for name, value in record.items()]
    account.client("sagemaker-featurestore-runtime").put_record(FeatureGroupName="group", Record=values, **options)


def online(account: EmbeddedAccount, identifier: str) -> str | None:
    runtime = account.client("sagemaker-featurestore-runtime")
    found = runtime.get_record(FeatureGroupName="group", RecordIdentifierValueAsString=identifier)
    return {item["FeatureName"]: item["ValueAsString"] for item in found.get("Record", [])}.get("x")


def delete(account: EmbeddedAccount, identifier: str, day: int, **options: Any) -> None:
    named = {"FeatureGroupName": "group", "RecordIdentifierValueAsString": identifier}
    account.client("sagemaker-featurestore-runtime").delete_record(**named, EventTime=DAY.format(day), **options)


def rows(account: EmbeddedAccount) -> list[dict[str, Any]]:
    group = describe_group(account.client("sagemaker"), "group")
    return list(offline_rows(account.client("s3"), group.offline_uri))


def test_the_offline_store_has_every_record_by_the_hour_of_its_event_time(features):
    put(features, "1", 5, "first")
    put(features, "1", 6, "second")
    put(features, "2", 5, "online only", TargetStores=["OnlineStore"])
    listed = features.client("s3").list_objects_v2(Bucket="features")["Contents"]
    assert [item["Key"].split("/data/")[1].rpartition("/")[0] for item in listed] == [
        "year=2026/month=11/day=05/hour=10",
        "year=2026/month=11/day=06/hour=10",
    ]
    found = rows(features)
    assert [(row["id"], row["x"], row["is_deleted"]) for row in found] == [
        ("1", "first", False),
        ("1", "second", False),
    ]
    assert all(row["write_time"] and row["api_invocation_time"] for row in found)


def test_a_deletion_is_a_row_of_its_own_offline_and_an_older_record_stays_out_online(features):
    put(features, "1", 5, "old")
    delete(features, "1", 7)
    put(features, "1", 6, "older than the deletion")
    assert online(features, "1") is None
    assert [row["is_deleted"] for row in rows(features) if row["at"] == DAY.format(7)] == [True]
    put(features, "1", 8, "newer")
    assert online(features, "1") == "newer"


def test_a_deletion_for_good_leaves_no_trace_online_and_an_earlier_one_changes_nothing(features):
    put(features, "1", 5, "old")
    delete(features, "1", 4)
    assert online(features, "1") == "old"
    delete(features, "1", 7, DeletionMode="HardDelete", TargetStores=["OnlineStore"])
    put(features, "1", 6, "older than the deletion")
    assert online(features, "1") == "older than the deletion"
    assert not [row for row in rows(features) if row["at"] == DAY.format(7)]


def test_the_online_store_is_rebuilt_as_of_a_moment(features):
    for number in range(3):
        put(features, str(number), 5, f"right {number}")
    as_of = moment()
    put(features, "0", 20, "wrong")
    delete(features, "1", 20)
    group = describe_group(features.client("sagemaker"), "group")
    runtime = features.client("sagemaker-featurestore-runtime")
    done = rebuild_online_store(runtime, group, rows(features), as_of=as_of)
    assert [online(features, str(number)) for number in range(3)] == ["right 0", "right 1", "right 2"]
    assert (done.written, done.unchanged) == (2, 1)
    assert len(rows(features)) == 5


def test_objects_of_a_locked_bucket_come_back_as_of_a_moment(account):
    s3 = account.client("s3")
    s3.create_bucket(
        Bucket="locked", ObjectLockEnabledForBucket=True,
        CreateBucketConfiguration={"LocationConstraint": "eu-west-1"},
    )  # fmt: skip
    retention = {"DefaultRetention": {"Mode": "COMPLIANCE", "Days": 1}}
    s3.put_object_lock_configuration(
        Bucket="locked", ObjectLockConfiguration={"ObjectLockEnabled": "Enabled", "Rule": retention}
    )
    for key in ("a", "b"):
        s3.put_object(Bucket="locked", Key=key, Body=key.encode(), Metadata={"of": "a snapshot"})
    as_of = moment()
    s3.delete_object(Bucket="locked", Key="a")
    s3.put_object(Bucket="locked", Key="b", Body=b"wrong")
    done = restore_objects(s3, "locked", as_of)
    assert (done.undeleted, done.brought_back) == (["a"], ["b"])
    found = s3.get_object(Bucket="locked", Key="b")
    assert (found["Body"].read(), found["Metadata"]) == (b"b", {"of": "a snapshot"})
    assert "ObjectLockRetainUntilDate" in s3.head_object(Bucket="locked", Key="b")


def test_a_registry_comes_back_from_its_export_also_where_the_group_is_gone(account):
    sagemaker, s3 = account.client("sagemaker"), account.client("s3")
    sagemaker.create_model_package_group(ModelPackageGroupName="group", Tags=[{"Key": "data", "Value": "hmda"}])
    s3.put_object(Bucket="models", Key="model.tar.gz", Body=b"model")
    arn = sagemaker.create_model_package(
        ModelPackageGroupName="group",
        ModelApprovalStatus="Approved",
        CustomerMetadataProperties={"commit": "abc"},
        InferenceSpecification={
            "Containers": [{"Image": IMAGE, "ModelDataUrl": "s3://models/model.tar.gz"}],
            "SupportedContentTypes": ["application/json"],
            "SupportedResponseMIMETypes": ["application/json"],
        },
    )["ModelPackageArn"]
    before = sagemaker.describe_model_package(ModelPackageName=arn)
    export_registry(sagemaker, s3, "group", "models", now=datetime(2026, 11, 23, tzinfo=UTC))
    sagemaker.delete_model_package(ModelPackageName=arn)
    sagemaker.delete_model_package_group(ModelPackageGroupName="group")
    done = restore_registry(sagemaker, s3, load_export(s3, "models", latest_export(s3, "models", "group")))
    after = sagemaker.describe_model_package(ModelPackageName=arn)
    assert (done.versions, done.renumbered, done.missing) == ({1: 1}, {}, {})
    for member in ("ModelApprovalStatus", "InferenceSpecification", "ModelPackageStatus"):
        assert after[member] == before[member]
    assert after["CustomerMetadataProperties"] == {"commit": "abc", "restored-from-version": "1"}
    group = sagemaker.describe_model_package_group(ModelPackageGroupName="group")["ModelPackageGroupArn"]
    assert sagemaker.list_tags(ResourceArn=group)["Tags"] == [{"Key": "data", "Value": "hmda"}]


def test_a_state_comes_back_after_it_was_broken_and_deleted(account):
    s3 = account.client("s3")
    body = json.dumps({"version": 3, "checkpoint": {"latest": {"resources": [{}]}}})
    s3.put_object(Bucket="models", Key="state.json", Body=body.encode())
    s3.put_object(Bucket="models", Key="state.json", Body=b"{")
    s3.delete_object(Bucket="models", Key="state.json")
    assert restore_state(s3, "models", "state.json").passed_over == 2
    assert s3.get_object(Bucket="models", Key="state.json")["Body"].read().decode() == body
    with pytest.raises(ClientError):
        s3.get_object(Bucket="models", Key="state.json.bak")

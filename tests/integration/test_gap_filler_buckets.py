"""Bucket configurations that moto lacks or forgets, read back as they were sent (Amazon S3 API Reference)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from botocore import xform_name
from botocore.exceptions import ClientError

from mlops_estate.embedded.account import EmbeddedAccount

TARGET = {"S3BucketDestination": {"Bucket": "arn:aws:s3:::reports", "Format": "CSV"}}
CONFIGURATIONS: dict[str, dict[str, Any]] = {
    "Metrics": {"Id": "a", "Filter": {"Prefix": "raw/"}},
    "IntelligentTiering": {
        "Id": "a", "Status": "Enabled", "Filter": {"And": {"Prefix": "p", "Tags": [{"Key": "k", "Value": "v & w"}]}},
        "Tierings": [{"Days": 90, "AccessTier": "ARCHIVE_ACCESS"}, {"Days": 180, "AccessTier": "DEEP_ARCHIVE_ACCESS"}],
    },
    "Analytics": {
        "Id": "a",
        "StorageClassAnalysis": {"DataExport": {"OutputSchemaVersion": "V_1", "Destination": TARGET}},
    },
    "Inventory": {
        "Id": "a", "Destination": TARGET, "IsEnabled": True, "IncludedObjectVersions": "Current",
        "OptionalFields": ["Size", "ETag"], "Schedule": {"Frequency": "Daily"}, "Filter": {"Prefix": "raw/"},
    },
}  # fmt: skip


@pytest.fixture
def s3() -> Iterator[Any]:
    """S3 with the bucket "data"."""
    with EmbeddedAccount() as account:
        client = account.client("s3")
        client.create_bucket(Bucket="data", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
        yield client


def call(client: Any, verb: str, kind: str, **more: Any) -> dict[str, Any]:
    ending = "Configurations" if verb == "List" else "Configuration"
    return dict(getattr(client, xform_name(f"{verb}Bucket{kind}{ending}"))(Bucket="data", **more))


@pytest.mark.parametrize("kind", CONFIGURATIONS)
def test_configurations_are_kept_by_id(s3: Any, kind: str) -> None:
    """Put, Get, List and Delete; moto took the first for CreateBucket and the last for DeleteBucket."""
    member, sent = f"{kind}Configuration", CONFIGURATIONS[kind]
    other = {**sent, "Id": "b"}
    for item in (sent, other):
        call(s3, "Put", kind, Id=item["Id"], **{member: item})
    assert call(s3, "Get", kind, Id="a")[member] == sent
    listed = call(s3, "List", kind)
    assert (listed[f"{member}List"], listed["IsTruncated"]) == ([sent, other], False)
    call(s3, "Delete", kind, Id="a")
    with pytest.raises(ClientError, match="NoSuchConfiguration"):
        call(s3, "Get", kind, Id="a")
    assert call(s3, "Get", kind, Id="b")[member] == other
    with pytest.raises(ClientError, match="NoSuchConfiguration"):
        call(s3, "Delete", kind, Id="a")


def test_a_configuration_needs_its_bucket_and_its_id(s3: Any) -> None:
    with pytest.raises(ClientError, match="NoSuchBucket"):
        s3.put_bucket_metrics_configuration(Bucket="absent", Id="a", MetricsConfiguration={"Id": "a"})
    with pytest.raises(ClientError, match="MalformedXML"):
        call(s3, "Put", "Metrics", Id="a", MetricsConfiguration={"Id": "b"})


def test_request_payment_is_kept(s3: Any) -> None:
    """The owner pays until told otherwise (GetBucketRequestPayment)."""
    assert s3.get_bucket_request_payment(Bucket="data")["Payer"] == "BucketOwner"
    s3.put_bucket_request_payment(Bucket="data", RequestPaymentConfiguration={"Payer": "Requester"})
    assert s3.get_bucket_request_payment(Bucket="data")["Payer"] == "Requester"


def test_notifications_to_event_bridge_are_told(s3: Any) -> None:
    """moto keeps `EventBridgeConfiguration` and leaves it out of the answer."""

    def held() -> dict[str, Any]:
        answer = s3.get_bucket_notification_configuration(Bucket="data")
        return {key: value for key, value in answer.items() if key != "ResponseMetadata"}

    assert held() == {}
    s3.put_bucket_notification_configuration(Bucket="data", NotificationConfiguration={"EventBridgeConfiguration": {}})
    assert held() == {"EventBridgeConfiguration": {}}
    queue = {"Id": "q", "QueueArn": "arn:aws:sqs:eu-west-1:123456789012:q", "Events": ["s3:ObjectRemoved:*"]}
    both = {"EventBridgeConfiguration": {}, "QueueConfigurations": [queue]}
    s3.put_bucket_notification_configuration(Bucket="data", NotificationConfiguration=both)
    assert held() == both
    s3.put_bucket_notification_configuration(Bucket="data", NotificationConfiguration={})
    assert held() == {}


def test_a_subresource_that_nobody_keeps_harms_nothing(s3: Any) -> None:
    """moto would delete the bucket, or overwrite the object."""
    s3.put_object(Bucket="data", Key="kept", Body=b"kept")
    with pytest.raises(ClientError, match="NotImplemented"):
        s3.delete_bucket_metadata_configuration(Bucket="data")
    with pytest.raises(ClientError, match="NotImplemented"):
        s3.rename_object(Bucket="data", Key="kept", RenameSource="other")
    assert s3.get_object(Bucket="data", Key="kept")["Body"].read() == b"kept"


def test_a_lock_is_told_without_the_object(s3: Any) -> None:
    """moto would answer with the object."""
    s3.create_bucket(
        Bucket="locked", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}, ObjectLockEnabledForBucket=True
    )
    s3.put_object(Bucket="locked", Key="open", Body=b"x")
    s3.put_object(
        Bucket="locked", Key="kept", Body=b"x", ObjectLockMode="GOVERNANCE", ObjectLockRetainUntilDate="2040-01-01"
    )
    assert s3.get_object_retention(Bucket="locked", Key="kept")["Retention"]["Mode"] == "GOVERNANCE"
    for bucket, key, code in (
        ("locked", "open", "NoSuchObjectLockConfiguration"),
        ("locked", "none", "NoSuchKey"),
        ("data", "none", "NoSuchKey"),
    ):
        with pytest.raises(ClientError, match=code):
            s3.get_object_retention(Bucket=bucket, Key=key)
    s3.put_object(Bucket="data", Key="open", Body=b"x")
    with pytest.raises(ClientError, match="InvalidRequest"):
        s3.get_object_retention(Bucket="data", Key="open")

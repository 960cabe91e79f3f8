"""Configuration recorder: everything recorded, delivered to a bucket without a lock, kept for its class."""

from __future__ import annotations

import pytest
from tests.support.components import ACCOUNT, REGION, arguments, bucket, deployed, faults, key, only, statements

from mlops_components.configuration_recorder import service_role_arn
from mlops_components.encryption_keys import key_policy


@pytest.fixture(scope="module")
def dev():
    return deployed("ConfigurationRecorder", arguments("ConfigurationRecorder", "dev"))


@pytest.fixture(scope="module")
def prod():
    return deployed("ConfigurationRecorder", arguments("ConfigurationRecorder", "prod"))


def test_it_records_all_types_and_the_global_ones(dev):
    recorder = only(dev, ":Recorder it").inputs
    assert recorder["recordingGroup"] == {"allSupported": True, "includeGlobalResourceTypes": True}
    assert recorder["recordingMode"] == {"recordingFrequency": "DAILY"}


def test_each_change_is_recorded_outside_dev(prod):
    assert only(prod, ":Recorder it").inputs["recordingMode"] == {"recordingFrequency": "CONTINUOUS"}


def test_the_bucket_has_no_lock_because_aws_config_delivers_to_none_that_has(dev, prod):
    for nodes in (dev, prod):
        assert only(nodes, ":Bucket it-config").inputs["objectLockEnabled"] is False
        assert not [tail for tail in nodes if "ObjectLock" in tail]


def test_only_aws_config_of_this_account_writes_to_the_bucket(prod):
    made = statements(only(prod, "-config-policy").inputs["policy"])
    allowed = [statement for statement in made.values() if statement["Effect"] == "Allow"]
    assert {statement["Principal"]["Service"] for statement in allowed} == {"config.amazonaws.com"}
    assert {s["Condition"]["StringEquals"]["aws:SourceAccount"] for s in allowed} == {ACCOUNT}
    arn = f"arn:aws:s3:::{bucket('config', 'prod')}"
    assert made["ConfigWrites"]["Resource"] == [f"{arn}/AWSLogs/{ACCOUNT}/Config/*"]


def test_what_is_delivered_is_encrypted_with_a_key_that_admits_aws_config(dev):
    assert only(dev, "it-channel").inputs["s3KmsKeyArn"] == key("operations")
    admitted = statements(key_policy("operations", "mlops-dev", ACCOUNT, REGION))["ConfigDelivery"]
    assert admitted["Condition"] == {"StringEquals": {"aws:SourceAccount": ACCOUNT}}
    assert set(admitted["Action"]) == {"kms:Decrypt", "kms:GenerateDataKey"}


def test_a_channel_waits_for_the_recorder_and_the_start_for_the_channel(dev):
    def waits(tail: str) -> set[str]:
        return {urn.split("::")[-1] for urn in only(dev, tail).dependencies}

    assert {"it", "it-config-policy"} <= waits("it-channel")
    assert "it-channel" in waits("it-status")


def test_an_existing_service_role_is_named_and_not_made_again(dev, prod):
    assert [tail for tail in dev if "ServiceLinkedRole" in tail] != []
    assert [tail for tail in prod if "ServiceLinkedRole" in tail] == []
    assert only(prod, ":Recorder it").inputs["roleArn"] == service_role_arn(ACCOUNT, REGION)


@pytest.mark.parametrize(("environment", "days"), [("dev", 30), ("staging", 400), ("prod", 2557)])
def test_configurations_are_kept_by_class_in_the_service_and_in_the_bucket(environment, days):
    nodes = deployed("ConfigurationRecorder", arguments("ConfigurationRecorder", environment))
    assert only(nodes, "it-retention").inputs["retentionPeriodInDays"] == days
    rules = only(nodes, "-config-lifecycle").inputs["rules"]
    assert [rule["expiration"]["days"] for rule in rules if "expiration" in rule] == [days]


@pytest.mark.parametrize(
    ("changes", "paths"),
    [
        ({"frequency": "HOURLY"}, {"frequency"}),
        ({"retention_days": 29}, {"retention_days"}),
        ({"retention_days": 2558}, {"retention_days"}),
        ({"service_role": "off"}, {"service_role"}),
        ({"operations_key_arn": "alias/a", "access_logs_bucket": None}, {"operations_key_arn", "access_logs_bucket"}),
    ],
)
def test_bad_arguments_are_refused_before_anything_is_registered(changes, paths):
    assert set(faults("ConfigurationRecorder", **changes)) == paths

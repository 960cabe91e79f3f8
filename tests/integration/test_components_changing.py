"""The components changing in the embedded AWS account: features added, versions released, dev torn down."""

from __future__ import annotations

import pytest
from tests.support.composed import FEATURES, Standing

from mlops_estate.embedded.account import EmbeddedAccount
from mlops_estate.engine import EngineFault, destroy
from mlops_estate.faults import FaultsFound


@pytest.fixture
def fresh():
    with EmbeddedAccount(seed=0) as account:
        yield Standing(account)


def test_a_new_feature_is_added_in_place_and_records_stay(fresh):
    fresh.apply()
    group = fresh.graph.stack_outputs["feature_group"]
    runtime = fresh.client("sagemaker-featurestore-runtime")
    record = [
        {"FeatureName": "application_id", "ValueAsString": "7"},
        {"FeatureName": "event_time", "ValueAsString": "2026-11-23T12:00:00Z"},
    ]
    runtime.put_record(FeatureGroupName=group, Record=record)
    fresh.apply(features=[*FEATURES, {"name": "income", "type": "Integral"}])
    described = fresh.client("sagemaker").describe_feature_group(FeatureGroupName=group)
    assert [feature["FeatureName"] for feature in described["FeatureDefinitions"]][-1] == "income"
    assert runtime.get_record(FeatureGroupName=group, RecordIdentifierValueAsString="7")["Record"]


def test_both_versions_stand_while_a_release_settles_and_the_old_one_goes_when_it_has(fresh):
    fresh.apply()
    first, second = fresh.register(), fresh.register()
    sagemaker = fresh.client("sagemaker")

    def configurations() -> int:
        return len(sagemaker.list_endpoint_configs()["EndpointConfigs"])

    fresh.apply(version=first)
    before = sagemaker.describe_endpoint(EndpointName=fresh.graph.stack_outputs["endpoint"])
    fresh.apply(version=second, previous=first)
    during = sagemaker.describe_endpoint(EndpointName=fresh.graph.stack_outputs["endpoint"])
    assert before["EndpointConfigName"] != during["EndpointConfigName"]
    assert before["EndpointArn"] == during["EndpointArn"]
    assert configurations() == 2
    fresh.apply(version=second)
    after = sagemaker.describe_endpoint(EndpointName=fresh.graph.stack_outputs["endpoint"])
    assert after["EndpointConfigName"] == during["EndpointConfigName"]
    assert configurations() == 1


def test_what_only_aws_can_know_is_refused_there_with_its_path(fresh):
    fresh.apply()
    version = fresh.register()
    with pytest.raises((EngineFault, FaultsFound)) as caught:
        fresh.apply(version=version, instance_type="ml.m5.huge")
    assert any("instanceType" in fault.where for fault in caught.value.faults)


def test_dev_is_torn_down_with_nothing_left_but_what_its_rules_keep(fresh):
    fresh.apply()
    report = destroy(fresh.graph, fresh.driver, unprotect=False)
    assert report.faults == []
    assert fresh.client("s3").list_buckets()["Buckets"] == []
    assert fresh.client("sagemaker").list_feature_groups()["FeatureGroupSummaries"] == []

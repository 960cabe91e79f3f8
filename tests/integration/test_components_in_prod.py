"""The components as they stand in prod: careful by default, and hard to lose."""

from __future__ import annotations

import pytest
from tests.support.composed import MODEL, Standing, rollback_alarms

from mlops_estate.embedded.account import EmbeddedAccount
from mlops_estate.engine import destroy, read_back
from mlops_estate.faults import FaultsFound

pytestmark = pytest.mark.xdist_group("components-in-prod")
ENDPOINT = f"mlops-prod-{MODEL}"


@pytest.fixture(scope="module")
def prod():
    with EmbeddedAccount(seed=0) as account:
        standing = Standing(account, "prod")
        standing.apply()
        first, second = standing.register(), standing.register()
        standing.apply(version=first)
        standing.apply(version=second, previous=first)
        yield standing


def test_everything_reads_back_as_it_was_declared(prod):
    found = read_back(prod.graph, prod.driver)
    assert len(found) > 120
    assert {urn.split("::", 2)[2]: back.differences for urn, back in found if not back.equal} == {}


def test_nothing_that_holds_data_can_be_destroyed_by_accident(prod):
    with pytest.raises(FaultsFound, match="nothing was deleted: 14 resources are protected") as caught:
        destroy(prod.graph, prod.driver, unprotect=False)
    kept = {fault.urn.split("::")[2].split("$")[-1] for fault in caught.value.faults}
    assert kept == {
        "aws:kms/key:Key",
        "aws:s3/bucket:Bucket",
        "aws:cloudwatch/logGroup:LogGroup",
        "aws-native:sagemaker:FeatureGroup",
    }


def test_snapshots_are_locked_for_a_year_by_nobodys_leave(prod):
    bucket = prod.graph.stack_outputs["buckets"]["curated"]
    lock = prod.client("s3").get_object_lock_configuration(Bucket=bucket)["ObjectLockConfiguration"]
    assert lock["Rule"]["DefaultRetention"]["Mode"] == "COMPLIANCE"
    assert lock["Rule"]["DefaultRetention"]["Days"] == 365


def test_a_snapshot_takes_the_lock_of_its_bucket(prod):
    s3, bucket = prod.client("s3"), prod.graph.stack_outputs["buckets"]["curated"]
    s3.put_object(Bucket=bucket, Key=f"{MODEL}/snapshot.csv", Body=b"deny\n0\n")
    assert s3.head_object(Bucket=bucket, Key=f"{MODEL}/snapshot.csv")["ObjectLockMode"] == "COMPLIANCE"


def test_captures_and_access_logs_are_kept_for_their_time(prod):
    def days(purpose: str) -> list[int]:
        bucket = prod.graph.stack_outputs["buckets"][purpose]
        rules = prod.client("s3").get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"]
        return [rule["Expiration"]["Days"] for rule in rules if "Expiration" in rule]

    assert (days("capture"), days("access_logs"), days("raw")) == ([90], [400], [])


def test_every_service_has_an_endpoint_in_every_zone(prod):
    here = [{"Name": "vpc-id", "Values": [prod.graph.stack_outputs["vpc"]]}]
    found = prod.client("ec2").describe_vpc_endpoints(Filters=here)["VpcEndpoints"]
    interfaces = [endpoint for endpoint in found if endpoint["VpcEndpointType"] == "Interface"]
    assert len(interfaces) == 12
    assert {len(endpoint["SubnetIds"]) for endpoint in interfaces} == {2}


def test_flow_logs_are_encrypted_and_kept_for_a_year(prod):
    (group,) = prod.client("logs").describe_log_groups(logGroupNamePrefix="/mlops-prod/")["logGroups"]
    assert group["retentionInDays"] == 365
    assert group["kmsKeyId"] == prod.graph.stack_outputs["keys"]["operations"]
    (flow,) = prod.client("ec2").describe_flow_logs()["FlowLogs"]
    assert flow["TrafficType"] == "ALL"


def test_the_endpoint_scales_between_two_and_eight_instances(prod):
    scaling = prod.client("application-autoscaling")
    (target,) = scaling.describe_scalable_targets(ServiceNamespace="sagemaker")["ScalableTargets"]
    assert (target["MinCapacity"], target["MaxCapacity"]) == (2, 8)
    assert target["ResourceId"] == f"endpoint/{ENDPOINT}/variant/live"
    (policy,) = scaling.describe_scaling_policies(ServiceNamespace="sagemaker")["ScalingPolicies"]
    assert policy["PolicyType"] == "TargetTrackingScaling"


def test_rollback_alarms_tell_the_critical_topic(prod):
    alarms = rollback_alarms(prod.client("cloudwatch"), ENDPOINT)
    assert len(alarms) == 4
    assert {tuple(alarm["AlarmActions"]) for alarm in alarms} == {(prod.graph.stack_outputs["topic"],)}


def test_the_monitor_runs_hourly_and_isolated(prod):
    sagemaker = prod.client("sagemaker")
    name = prod.graph.stack_outputs["schedule"]
    config = sagemaker.describe_monitoring_schedule(MonitoringScheduleName=name)["MonitoringScheduleConfig"]
    assert config["ScheduleConfig"]["ScheduleExpression"] == "cron(0 * ? * * *)"
    job = sagemaker.describe_data_quality_job_definition(JobDefinitionName=config["MonitoringJobDefinitionName"])
    assert job["NetworkConfig"]["EnableNetworkIsolation"] is True


def test_a_reverted_release_goes_back_to_the_configuration_that_was_live(prod):
    sagemaker = prod.client("sagemaker")

    def model() -> str:
        live = sagemaker.describe_endpoint(EndpointName=ENDPOINT)["EndpointConfigName"]
        (variant,) = sagemaker.describe_endpoint_config(EndpointConfigName=live)["ProductionVariants"]
        return sagemaker.describe_model(ModelName=variant["ModelName"])["PrimaryContainer"]["ModelPackageName"]

    def configurations() -> set[str]:
        return {item["EndpointConfigName"] for item in sagemaker.list_endpoint_configs()["EndpointConfigs"]}

    before = configurations()
    assert model().endswith("/2")
    prod.apply(version=1, previous=2)
    assert model().endswith("/1")
    after = configurations()
    assert after == before

"""Data-quality monitor: encrypted, isolated, as often as the class asks."""

from __future__ import annotations

import pytest
from tests.support.components import MODEL, arguments, bucket, deployed, faults, key, only, statements

JOB, SCHEDULE = "DataQualityJobDefinition it", "it-schedule"


def nodes(environment: str = "dev", **changes):
    return deployed("DataQualityMonitor", {**arguments("DataQualityMonitor", environment), **changes})


@pytest.mark.parametrize(
    ("environment", "cron"),
    [("dev", "cron(0 6 ? * * *)"), ("staging", "cron(0 6 ? * * *)"), ("prod", "cron(0 * ? * * *)")],
)
def test_the_schedule_follows_the_class(environment, cron):
    schedule = only(nodes(environment), SCHEDULE).inputs["monitoringScheduleConfig"]
    assert schedule == {
        "monitoringJobDefinitionName": "it",
        "monitoringType": "DataQuality",
        "scheduleConfig": {"scheduleExpression": cron},
    }


def test_volume_and_reports_are_encrypted():
    job = only(nodes(), JOB).inputs
    assert job["jobResources"]["clusterConfig"]["volumeKmsKeyId"] == key("models")
    assert job["dataQualityJobOutputConfig"]["kmsKeyId"] == key("personal")


def test_the_job_is_isolated_in_the_private_network():
    network = only(nodes(), JOB).inputs["networkConfig"]
    assert network["enableNetworkIsolation"] is True
    assert network["enableInterContainerTrafficEncryption"] is True
    assert network["vpcConfig"] == {"subnets": ["subnet-0a1b2c3d"], "securityGroupIds": ["sg-0a1b2c3d"]}


def test_results_are_published_as_metrics():
    specification = only(nodes(), JOB).inputs["dataQualityAppSpecification"]
    assert specification["environment"] == {"publish_cloudwatch_metrics": "Enabled"}


def test_a_baseline_is_compared_with_only_where_there_is_one():
    assert "dataQualityBaselineConfig" not in only(nodes(), JOB).inputs
    baseline = only(nodes("prod"), JOB).inputs["dataQualityBaselineConfig"]
    base = f"s3://{bucket('reports', 'prod')}/{MODEL}/baselines"
    assert baseline == {
        "constraintsResource": {"s3Uri": f"{base}/constraints.json"},
        "statisticsResource": {"s3Uri": f"{base}/statistics.json"},
    }


def test_the_role_reads_what_was_captured_and_writes_its_reports():
    policy = statements(only(nodes(), "it-role-policy").inputs["policy"])
    assert policy["ReadData"]["Resource"] == [f"arn:aws:s3:::{bucket('capture', 'dev')}/{MODEL}/*"]
    assert f"arn:aws:s3:::{bucket('reports', 'dev')}/{MODEL}/data-quality/*" in policy["WriteData"]["Resource"]
    assert policy["ReadTheEndpoint"]["Resource"][0].endswith(f":endpoint/mlops-dev-{MODEL}")


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"schedule": "weekly"}, "schedule"),
        ({"schedule": "hourly", "max_runtime_seconds": 3601}, "max_runtime_seconds"),
        ({"max_runtime_seconds": 0}, "max_runtime_seconds"),
        ({"volume_size_gb": 0}, "volume_size_gb"),
        ({"instance_type": "large"}, "instance_type"),
        ({"instance_type": "ml.g5.xlarge"}, "instance_type"),
        ({"region": "ca-west-1"}, "region"),
        ({"baseline_statistics_uri": "statistics.json"}, "baseline_statistics_uri"),
        ({"model": "m" * 50}, "model"),
    ],
)
def test_bad_arguments_are_refused_before_anything_is_registered(changes, path):
    assert set(faults("DataQualityMonitor", **changes)) == {path}

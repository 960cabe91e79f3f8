"""Data-quality monitor: encrypted, isolated, as often as the class asks."""

from __future__ import annotations

import pandas as pd
import pytest
from tests.support.components import BASELINES, MODEL, arguments, deployed, faults, key, only, topic

from mlops_pipelines.features import load_schema
from mlops_pipelines.features.schema import DATA
from mlops_pipelines.steps import baseline

SCHEMA_FILE = str(DATA / MODEL / "schema.yaml")
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
    given = only(nodes("prod"), JOB).inputs["dataQualityBaselineConfig"]
    assert given == {
        "constraintsResource": {"s3Uri": f"{BASELINES}/data-quality/constraints.json"},
        "statisticsResource": {"s3Uri": f"{BASELINES}/data-quality/statistics.json"},
    }


def test_every_feature_has_an_alarm_on_its_drift_ten_to_each():
    alarms = [node.inputs for tail, node in nodes("prod").items() if "MetricAlarm" in tail]
    queries = [[query for query in alarm["metricQueries"] if "metric" in query] for alarm in alarms]
    assert [len(group) for group in queries] == [10, 2]
    read = [query["metric"] for group in queries for query in group]
    features = load_schema(MODEL).names("feature")
    assert [metric["metricName"] for metric in read] == [f"feature_baseline_drift_{name}" for name in features]
    assert {metric["namespace"] for metric in read} == {"aws/sagemaker/Endpoints/data-metrics"}
    assert [alarm["alarmActions"] for alarm in alarms] == [[topic("warning", "prod")]] * 2
    assert alarms[1]["metricQueries"][-1] == {
        "id": "drift", "expression": "MAX([m1, m2])", "label": "drift-2", "returnData": True
    }  # fmt: skip


def test_there_is_no_drift_to_warn_of_without_a_baseline():
    assert not [tail for tail in nodes() if "MetricAlarm" in tail]


def test_the_alarm_goes_off_where_the_baseline_reports_a_violation():
    allowed = baseline.constraints(pd.DataFrame({"x": [1.0]}), [{"name": "x", "type": "number", "minimum": 0}])
    threshold = allowed["monitoring_config"]["distribution_constraints"]["comparison_threshold"]
    assert only(nodes("prod"), "it-drift-1").inputs["threshold"] == threshold


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
        ({"model": "m" * 50, "schema_file": SCHEMA_FILE}, "model"),
        ({"model": "nothing"}, "schema_file"),
        ({"role_arn": "monitor"}, "role_arn"),
        ({"max_drift": 2.0}, "max_drift"),
    ],
)
def test_bad_arguments_are_refused_before_anything_is_registered(changes, path):
    assert set(faults("DataQualityMonitor", **changes)) == {path}


@pytest.mark.parametrize("label", ["type: number, minimum: 0, maximum: 9", 'type: category, values: ["a", "b", "c"]'])
def test_a_label_of_any_kind_is_taken_since_it_is_never_looked_at(label, tmp_path):
    text = (DATA / MODEL / "schema.yaml").read_text()
    path = tmp_path / "schema.yaml"
    path.write_text(text.replace('type: category, role: label, values: ["no", "yes"]', f"role: label, {label}"))
    assert load_schema(path).problem != "binary"
    assert only(nodes(schema_file=str(path)), JOB).inputs["jobResources"]

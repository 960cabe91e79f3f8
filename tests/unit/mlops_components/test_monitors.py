"""The monitors of labels, groups and attributions: what each compares, when, and how it is shut in."""

from __future__ import annotations

import json

import pytest
from tests.support.components import (
    BASELINES,
    MODEL,
    arguments,
    bucket,
    deployed,
    faults,
    key,
    only,
    statements,
    topic,
)

from mlops_components.monitor_jobs import offsets
from mlops_pipelines.features.schema import DATA
from mlops_pipelines.monitoring import bias_analysis, schema_at

MONITORS = {
    "ModelQualityMonitor": "modelQuality",
    "BiasMonitor": "modelBias",
    "ExplainabilityMonitor": "modelExplainability",
}
SCHEMA = schema_at(MODEL)
SHIPPED = DATA / MODEL / "schema.yaml"


def nodes(component: str, environment: str = "dev", **changes):
    return deployed(component, {**arguments(component, environment), **changes})


def job(component: str, environment: str = "dev", **changes):
    return only(nodes(component, environment, **changes), "JobDefinition it").inputs


@pytest.mark.parametrize("component", MONITORS)
def test_volume_reports_and_traffic_are_encrypted(component):
    inputs = job(component)
    assert inputs["jobResources"]["clusterConfig"]["volumeKmsKeyId"] == key("models")
    assert inputs[f"{MONITORS[component]}JobOutputConfig"]["kmsKeyId"] == key("personal")
    assert inputs["networkConfig"]["enableInterContainerTrafficEncryption"] is True
    assert inputs["networkConfig"]["vpcConfig"]["subnets"] == ["subnet-0a1b2c3d"]


@pytest.mark.parametrize("component", MONITORS)
def test_a_job_is_isolated_unless_it_invokes_a_shadow_endpoint(component):
    isolated = job(component)["networkConfig"]["enableNetworkIsolation"]
    assert isolated is (component != "ExplainabilityMonitor")


@pytest.mark.parametrize(("component", "kind"), MONITORS.items())
def test_a_schedule_names_its_kind_and_its_job(component, kind):
    schedule = only(nodes(component, "prod"), "it-schedule").inputs["monitoringScheduleConfig"]
    assert schedule == {
        "monitoringJobDefinitionName": "it",
        "monitoringType": kind[0].upper() + kind[1:],
        "scheduleConfig": {"scheduleExpression": "cron(0 * ? * * *)"},
    }


@pytest.mark.parametrize(("component", "kind"), MONITORS.items())
def test_a_baseline_is_compared_with_only_where_there_is_one(component, kind):
    assert f"{kind}BaselineConfig" not in job(component)
    folder = {"modelQuality": "model-quality", "modelBias": "bias", "modelExplainability": "explainability"}[kind]
    uri = job(component, "prod")[f"{kind}BaselineConfig"]["constraintsResource"]["s3Uri"]
    assert uri == f"{BASELINES}/{folder}/constraints.json"


def test_a_run_looks_at_one_period_that_ended_when_labels_are_there():
    assert offsets("hourly", 24) == {"start_time_offset": "-PT25H", "end_time_offset": "-PT24H"}
    assert offsets("daily", 0) == {"start_time_offset": "-PT24H", "end_time_offset": "-PT0H"}
    assert max(len(value) for value in offsets("daily", 8760).values()) <= 15  # MonitoringTimeOffsetString


@pytest.mark.parametrize(("component", "truth"), [("ModelQualityMonitor", "model-quality"), ("BiasMonitor", "bias")])
def test_labels_are_read_from_a_place_of_the_monitors_own(component, truth):
    source = job(component, label_delay_hours=2)[f"{MONITORS[component]}JobInput"]
    assert source["groundTruthS3Input"] == {"s3Uri": f"s3://{bucket('raw', 'dev')}/ground-truth/{MODEL}/{truth}"}
    window = (source["endpointInput"]["startTimeOffset"], source["endpointInput"]["endTimeOffset"])
    assert window == ("-PT26H", "-PT2H")


def test_model_quality_reads_what_its_preprocessor_makes_of_an_answer():
    found = nodes("ModelQualityMonitor")
    inputs = only(found, "JobDefinition it").inputs
    source, specification = inputs["modelQualityJobInput"]["endpointInput"], inputs["modelQualityAppSpecification"]
    assert (source["inferenceAttribute"], source["probabilityAttribute"]) == ("prediction", "probability")
    assert specification["problemType"] == "BinaryClassification"
    script = only(found, "it-preprocessor").inputs
    assert specification["recordPreprocessorSourceUri"] == f"s3://{bucket('models', 'dev')}/{script['key']}"
    assert 'CLASSES = ["no", "yes"]' in script["content"]


def test_bias_analyses_what_the_schema_says():
    analysis = only(nodes("BiasMonitor"), "it-analysis").inputs
    assert json.loads(analysis["content"]) == bias_analysis(SCHEMA, "afam")
    assert (analysis["serverSideEncryption"], analysis["kmsKeyId"]) == ("aws:kms", key("models"))
    assert analysis["key"].startswith(f"{MODEL}/source/")


def test_attributions_never_see_the_protected_attribute():
    found = nodes("ExplainabilityMonitor")
    path = only(found, "JobDefinition it").inputs["modelExplainabilityJobInput"]["endpointInput"]["featuresAttribute"]
    assert "afam" not in path + only(found, "it-analysis").inputs["content"]
    assert "pirat" in path


def test_alarms_are_on_documented_metrics_and_go_to_the_topic():
    quality = only(nodes("ModelQualityMonitor", "prod"), "it-auc").inputs
    metric = quality["metricQueries"][0]["metric"]
    assert (metric["namespace"], metric["metricName"]) == ("aws/sagemaker/Endpoints/model-metrics", "auc")
    assert (quality["comparisonOperator"], quality["threshold"], metric["stat"]) == (
        "LessThanThreshold",
        0.7,
        "Minimum",
    )
    bias = only(nodes("BiasMonitor", "prod"), "it-disparity").inputs
    metric = bias["metricQueries"][0]["metric"]
    assert (metric["namespace"], metric["metricName"]) == ("aws/sagemaker/Endpoints/bias-metrics", "bias_metric_DPPL")
    assert metric["dimensions"] == {
        "Endpoint": f"mlops-prod-{MODEL}", "MonitoringSchedule": f"mlops-prod-{MODEL}-bias", "Label": "deny",
        "LabelValue": "yes", "Facet": "afam", "FacetValue": "yes", "BiasStage": "Post-Training",
    }  # fmt: skip
    assert bias["metricQueries"][1]["expression"] == "ABS(m1)"
    assert quality["alarmActions"] == bias["alarmActions"] == [topic("warning", "prod")]
    assert not [tail for tail in nodes("ExplainabilityMonitor", "prod") if "MetricAlarm" in tail]


def test_every_group_of_more_than_two_has_a_part_in_the_alarm(tmp_path):
    text, file = SHIPPED.read_text(encoding="utf-8"), tmp_path / "schema.yaml"
    file.write_text(text.replace('role: protected, values: ["no", "yes"]', "role: protected, values: [a, b, c]"))
    alarm = only(nodes("BiasMonitor", schema_file=str(file)), "it-disparity").inputs
    assert alarm["metricQueries"][-1]["expression"] == "MAX([ABS(m1), ABS(m2), ABS(m3)])"
    groups = [query["metric"]["dimensions"]["FacetValue"] for query in alarm["metricQueries"][:-1]]
    assert groups == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("component", "changes", "path"),
    [
        ("ModelQualityMonitor", {"schedule": "hourly", "max_runtime_seconds": 1801}, "max_runtime_seconds"),
        ("BiasMonitor", {"schedule": "hourly", "max_runtime_seconds": 1801}, "max_runtime_seconds"),
        ("ExplainabilityMonitor", {"schedule": "hourly", "max_runtime_seconds": 3601}, "max_runtime_seconds"),
        ("ModelQualityMonitor", {"min_auc": 0.4}, "min_auc"),
        ("ModelQualityMonitor", {"label_delay_hours": -1}, "label_delay_hours"),
        ("ModelQualityMonitor", {"region": "ca-west-1"}, "region"),
        ("BiasMonitor", {"region": "eu-south-2"}, "region"),
        ("BiasMonitor", {"protected_attribute": "single"}, "protected_attribute"),
        ("BiasMonitor", {"max_disparity": 1.5}, "max_disparity"),
        ("BiasMonitor", {"schema_file": "nowhere.yaml"}, "schema_file"),
        ("ExplainabilityMonitor", {"shadow_instance_type": "large"}, "shadow_instance_type"),
        ("ExplainabilityMonitor", {"alarm_topic_arn": "arn:aws:sns:eu-west-1:123456789012:t"}, "alarm_topic_arn"),
        ("MonitoringRole", {"monitors": ["data-quality", "drift"]}, "monitors[1]"),
        ("MonitoringRole", {"monitors": []}, "monitors"),
        ("MonitoringRole", {"monitors": ["bias", "bias"]}, "monitors"),
        ("MonitoringRole", {"monitors": ["bias"], "region": "eu-south-2"}, "region"),
    ],
)
def test_bad_arguments_are_refused_before_anything_is_registered(component, changes, path):
    assert set(faults(component, **changes)) == {path}


@pytest.mark.parametrize(
    ("old", "new", "path"),
    [
        ('role: label, values: ["no", "yes"]', "role: label, values: [a, b, c]", "schema_file"),
        ('category, role: protected, values: ["no", "yes"]', "integer, role: protected, minimum: 0, maximum: 1",
         "protected_attribute"),
    ],
)  # fmt: skip
def test_data_that_gives_no_outcome_or_no_groups_is_refused(old, new, path, tmp_path):
    text = SHIPPED.read_text(encoding="utf-8")
    assert old in text
    file = tmp_path / "schema.yaml"
    file.write_text(text.replace(old, new))
    assert set(faults("BiasMonitor", schema_file=str(file))) == {path}


@pytest.mark.parametrize(
    "label", ["category, role: label, values: [a, b, c]", "number, role: label, minimum: 0, maximum: 9"]
)
def test_data_quality_alone_takes_a_label_of_any_kind(label, tmp_path):
    old = 'category, role: label, values: ["no", "yes"]'
    text = SHIPPED.read_text(encoding="utf-8")
    assert old in text
    file = tmp_path / "schema.yaml"
    file.write_text(text.replace(old, label))
    assert deployed("DataQualityMonitor", {**arguments("DataQualityMonitor"), "schema_file": str(file)})
    for component in ("ModelQualityMonitor", "ExplainabilityMonitor"):
        assert set(faults(component, schema_file=str(file))) == {"schema_file"}


def test_the_one_role_reads_and_writes_what_its_monitors_need_and_no_more():
    policy = statements(only(nodes("MonitoringRole"), "it-policy").inputs["policy"])
    assert policy["ReadData"]["Resource"] == [
        f"arn:aws:s3:::{bucket('capture', 'dev')}/{MODEL}/*",
        f"arn:aws:s3:::{bucket('models', 'dev')}/{MODEL}/source/monitoring/data-quality/*",
    ]
    assert policy["WriteData"]["Resource"] == [f"arn:aws:s3:::{bucket('reports', 'dev')}/{MODEL}/data-quality/*"]
    assert policy["ReadTheEndpoint"]["Resource"][0].endswith(f":endpoint/mlops-dev-{MODEL}")
    assert "ShadowEndpoints" not in policy
    images = policy["PullImages"]["Resource"]
    assert [arn.rpartition("/")[2] for arn in images] == ["sagemaker-model-monitor-analyzer"]


def test_only_a_role_that_explains_makes_endpoints_and_only_shadow_ones():
    policy = statements(only(nodes("MonitoringRole", "prod"), "it-policy").inputs["policy"])
    made = [
        (sid, statement["Resource"])
        for sid, statement in policy.items()
        if "sagemaker:CreateEndpoint" in statement["Action"]
    ]
    assert [sid for sid, _ in made] == ["ShadowEndpoints"]
    assert {arn.rpartition(":")[2] for arn in made[0][1]} == {"endpoint/sm-clarify-*", "endpoint-config/sm-clarify-*"}
    truths = [arn for arn in policy["ReadData"]["Resource"] if "/ground-truth/" in arn]
    assert [arn.split("/")[-2] for arn in truths] == ["bias", "model-quality"]
    assert [arn.rpartition("/")[2] for arn in policy["PullImages"]["Resource"]] == [
        "sagemaker-clarify-processing", "sagemaker-model-monitor-analyzer",
    ]  # fmt: skip

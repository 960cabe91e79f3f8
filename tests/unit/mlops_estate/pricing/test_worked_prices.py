"""Configurations worked out by hand from the price table of us-east-1 (2026-11-26) and AWS's own formulas, to the cent.

The figures stand as arithmetic in each test, so that a reader checks them against the table (`estate prices list`) and
AWS's pricing pages; nothing is calculated by the package but what is compared.
"""

from __future__ import annotations

import json
from decimal import ROUND_HALF_UP, Decimal

import pytest
from tests.support.costed import MODEL, anchor, bucket, costed, endpoint, node, variant

from mlops_estate.pricing import shipped

ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm"
SCHEDULE = "aws:sagemaker/monitoringSchedule:MonitoringSchedule"
ENDPOINT_OF_VPC = "aws:ec2/vpcEndpoint:VpcEndpoint"
PIPELINE = "aws:sagemaker/pipeline:Pipeline"


def cents(amount: str) -> float:
    """Round half a cent upwards."""
    return float(Decimal(amount).quantize(Decimal("0.01"), ROUND_HALF_UP))


def test_the_amounts_below_are_at_this_date_of_the_table():
    assert shipped().regions["us-east-1"].date == "2026-11-26"


def test_01_two_instances_of_an_endpoint_all_month():
    found = costed(*endpoint(variant("ml.m5.large", 2)), requests_per_month=0)
    # 2 instances x 730 hours x $0.115
    assert found.of("endpoint", "ml.m5.large hosting") == dict.fromkeys(("low", "expected", "high"), 167.90)


def test_02_data_that_an_endpoint_processes():
    found = costed(*endpoint(variant("ml.m5.large")), requests_per_month=10_000_000, request_kb=40, response_kb=5)
    # in: 10 million x 40 kB = 400 GB x $0.016 = $6.40; out: 10 million x 5 kB = 50 GB x $0.016 = $0.80
    assert found.expected("endpoint", "data processed, requests") == 6.40
    assert found.expected("endpoint", "data processed, answers") == 0.80


def test_03_scaling_between_two_and_eight_instances():
    target = node("aws:appautoscaling/target:Target", "scaling", resourceId="endpoint/churn/variant/live",
                  minCapacity=2, maxCapacity=8)  # fmt: skip
    tracked = {"predefinedMetricSpecification": {"predefinedMetricType": "SageMakerVariantInvocationsPerInstance"},
               "targetValue": 200}  # fmt: skip
    policy = node("aws:appautoscaling/policy:Policy", "policy", resourceId="endpoint/churn/variant/live",
                  targetTrackingScalingPolicyConfiguration=tracked)  # fmt: skip
    found = costed(
        *endpoint(variant("ml.m5.large", 2)), target, policy,
        requests_per_month=10_000_000, active_hours_per_day=12, active_days_per_week=7,
    )  # fmt: skip
    # active: 730 h x 12/24 = 365 h; 10,000,000 / (365 x 60) = 456.6 a minute / 200 = 2.28, so 3 instances
    # low 2 x 730 h = 1,460 h; expected 3 x 365 + 2 x 365 = 1,825 h; high 8 x 365 + 2 x 365 = 3,650 h; x $0.115
    assert found.of("endpoint", "ml.m5.large") == {"low": 167.90, "expected": cents("209.875"), "high": 419.75}


def test_04_serverless_inference():
    served = endpoint({"variantName": "live", "serverlessConfig": {"memorySizeInMb": 2048, "maxConcurrency": 5}})
    found = costed(*served, requests_per_month=1_000_000, inference_ms=100, request_kb=0, response_kb=0)
    # 1,000,000 x 0.1 s = 100,000 s x 2 GB x $0.00002
    assert found.expected("endpoint", "serverless") == 4.00


def test_05_a_price_that_sources_disagree_on_is_a_range():
    found = costed(*endpoint(variant("ml.p5.48xlarge")), requests_per_month=0)
    # 730 h x $98.32, between 730 h x $63.296 and 730 h x $113.068
    assert found.of("endpoint") == {"low": 46_206.08, "expected": 71_773.60, "high": 82_539.64}


def test_06_a_shadow_variant_is_billed_as_well():
    served = endpoint(variant("ml.m5.large"), shadow=[variant("ml.c5.large", variantName="shadow")])
    found = costed(*served, requests_per_month=0)
    # 730 h x ($0.115 + $0.102) = $158.41
    assert found.expected("endpoint") == 158.41


def trained(**step: object) -> str:
    arguments = {
        "ResourceConfig": {"InstanceType": "ml.m5.xlarge", "InstanceCount": 1, "VolumeSizeInGB": 30},
        "StoppingCondition": {"MaxRuntimeInSeconds": 3600},
        **step,
    }
    return json.dumps({"Steps": [{"Name": "Train", "Type": "Training", "Arguments": arguments}]})


def test_07_training_on_managed_spot():
    pipeline = node(PIPELINE, "training", pipelineDefinition=trained(EnableManagedSpotTraining=True))
    found = costed(pipeline, training_runs_per_month=40, training_hours=0.5)
    # 40 runs x 0.5 h = 20 h x $0.23 = $4.60 on demand; 90, 70 and 50 % off
    assert found.of("training", "ml.m5.xlarge") == {"low": 0.46, "expected": 1.38, "high": 2.30}
    # 30 GB for 20 of 730 h = 0.8219 GB-months x $0.14
    assert found.expected("training", "volume") == cents("0.11506")


def test_08_training_on_demand_ends_with_its_longest_run():
    pipeline = node(PIPELINE, "training", pipelineDefinition=trained())
    found = costed(pipeline, training_runs_per_month=40, training_hours=5)
    # 40 runs x 1 h (the longest run) x $0.23
    assert found.expected("training", "ml.m5.xlarge") == 9.20


def test_09_every_processing_job_of_the_shipped_pipeline():
    component = node("mlops:index:TrainingPipeline", "component", model=MODEL, processing_instance_type="ml.m5.large",
                     training_instance_type="ml.m5.xlarge", environment_class="prod")  # fmt: skip
    found = costed(
        component, node(PIPELINE, "training"), children={"training": "component"},
        training_runs_per_month=20, processing_hours=0.5, training_hours=0.5,
    )  # fmt: skip
    # 14 jobs x 0.5 h x 20 runs = 140 h x $0.115 = $16.10; 3 of them run only if the gates pass: 11 x 0.5 x 20 x $0.115
    assert found.of("training", "ml.m5.large processing") == {"low": 12.65, "expected": 16.10, "high": 16.10}


def test_10_an_hourly_monitor_of_data_quality():
    cluster = {"instanceType": "ml.m5.large", "instanceCount": 1, "volumeSizeInGb": 20}
    definition = node("aws:sagemaker/dataQualityJobDefinition:DataQualityJobDefinition", "definition",
                      jobResources={"clusterConfig": cluster})  # fmt: skip
    config = {"monitoringType": "DataQuality", "scheduleConfig": {"scheduleExpression": "cron(0 * ? * * *)"}}
    monitor = node(SCHEDULE, "monitor", monitoringScheduleConfig=config,
                   links={"monitoringScheduleConfig": [definition]})  # fmt: skip
    found = costed(definition, monitor, monitoring_minutes=6)
    # 730 jobs x 0.1 h = 73 h x $0.115 = $8.395; 20 GB x 73/730 = 2 GB-months x $0.14
    assert found.expected("monitor", "ml.m5.large") == cents("8.395")
    assert found.expected("monitor", "volume") == 0.28


def test_11_a_daily_monitor_of_model_quality_runs_two_jobs():
    cluster = {"instanceType": "ml.m5.xlarge", "instanceCount": 1, "volumeSizeInGb": 20}
    definition = node("aws-native:sagemaker:ModelQualityJobDefinition", "definition",
                      jobResources={"clusterConfig": cluster},
                      stoppingCondition={"maxRuntimeInSeconds": 1800})  # fmt: skip
    config = {"monitoringType": "ModelQuality", "scheduleConfig": {"scheduleExpression": "cron(0 6 ? * * *)"}}
    monitor = node(SCHEDULE, "monitor", monitoringScheduleConfig=config,
                   links={"monitoringScheduleConfig": [definition]})  # fmt: skip
    found = costed(definition, monitor, monitoring_minutes=60)
    # 365/12 = 30.4167 days x 2 jobs x 0.5 h (the longest run) = 30.4167 h x $0.23
    assert found.expected("monitor", "ml.m5.xlarge") == cents("6.99583")


def test_12_a_feature_group_on_demand():
    group = node("aws-native:sagemaker:FeatureGroup", "features", onlineStoreConfig={"enableOnlineStore": True})
    found = costed(
        group, feature_record_kb=1.5, feature_writes_per_month=10_000_000, feature_reads_per_month=40_000_000,
        online_records=1_000_000,
    )  # fmt: skip
    # writes: 1.5 kB are 2 units of 1 KB: 20 million x $1.25; reads: 1 unit of 4 KB: 40 million x $0.25
    assert found.expected("features", "feature store, writes") == 25.00
    assert found.expected("features", "feature store, reads") == 10.00
    # 1,000,000 x 1.5 kB = 1.5 GB x $0.45
    assert found.expected("features", "feature store, online") == cents("0.675")


def test_13_interface_endpoints_in_three_zones():
    endpoints = [
        node(ENDPOINT_OF_VPC, f"e{index}", vpcEndpointType="Interface", subnetIds=["a", "b", "c"], tags={})
        for index in range(12)
    ]
    found = costed(*endpoints, anchor(), private_traffic_gb=200)
    # 12 endpoints x 3 zones x 730 h x $0.01, and 200 GB x $0.01 once
    assert sum(found.expected(f"e{index}", "interface") for index in range(12)) == pytest.approx(262.80)
    assert found.expected("e0", "data processed") == 2.00
    assert sum(line.item.startswith("data processed") for line in found.estimate.lines) == 1


def test_14_alarms_beyond_the_ten_metrics_that_are_free():
    metrics = [{"id": f"m{index}", "metric": {"metricName": "x", "period": 300}} for index in range(3)]
    alarms = [node(ALARM, f"a{index}", period=60) for index in range(12)]
    found = costed(*alarms, node(ALARM, "math", metricQueries=[*metrics, {"id": "e", "expression": "MAX(METRICS())"}]))
    # 12 alarms of one metric and one of three = 15 alarm metrics, 10 of them free: 5 x $0.10
    assert found.estimate.by_service()["CloudWatch"].dollars()["expected"] == pytest.approx(0.50 + logs(found))
    assert (
        sum(line.free_quantity.expected for line in found.estimate.lines if line.price.key == "cloudwatch.alarm") == 10
    )


def logs(found: object) -> float:
    """Return what the environment's own logs cost, which every estimate has."""
    lines = [line for line in found.estimate.lines if line.item.startswith("logs of jobs")]  # type: ignore[attr-defined]
    return sum(line.monthly.dollars()["expected"] for line in lines)


def test_15_keys_and_their_requests():
    keys = [node("aws:kms/key:Key", f"k{index}", enableKeyRotation=True, tags={}) for index in range(5)]
    found = costed(*keys, anchor(), key_requests=1_020_000)
    # $1 each; after two rotations $3 each; (1,020,000 - 20,000 free) / 10,000 x $0.03
    assert found.of("k1") == {"low": 1.0, "expected": 1.0, "high": 3.0}
    assert found.expected("k0", "requests") == 3.00


def test_16_a_second_trail_pays_for_its_management_events():
    everything = {"fieldSelectors": [{"field": "eventCategory", "equals": ["Management"]}]}
    objects = {"fieldSelectors": [{"field": "eventCategory", "equals": ["Data"]},
                                  {"field": "resources.type", "equals": ["AWS::S3::Object"]}]}  # fmt: skip
    kind = "aws:cloudtrail/trail:Trail"
    insights = [{"insightType": "ApiCallRateInsight"}, {"insightType": "ApiErrorRateInsight"}]
    one = node(kind, "one", advancedEventSelectors=[everything, objects], insightSelectors=insights)
    two = node(kind, "two", advancedEventSelectors=[everything])
    found = costed(one, two, management_events=200_000, data_events=13_000_000)
    # data: 13,000,000 / 100,000 x $0.10; Insights: 200,000 x (1 + 0.1) / 100,000 x $0.35
    assert found.expected("one", "data events") == 13.00
    assert found.expected("one", "events analysed") == 0.77
    assert found.expected("one") == 13.77
    # the first copy is free, the second costs 200,000 / 100,000 x $2.00
    assert found.expected("two") == 4.00


def test_17_configuration_items_and_a_conformance_pack():
    rules = {f"R{index}": {"Type": "AWS::Config::ConfigRule"} for index in range(37)}
    pack = node("aws:cfg/conformancePack:ConformancePack", "pack", templateBody=json.dumps({"Resources": rules}))
    found = costed(node("aws:cfg/recorder:Recorder", "recorder"), pack, config_items=2000)
    # 2,000 x $0.003; 37 rules x 60 evaluations (30 to 300) x $0.001
    assert found.expected("recorder") == 6.00
    assert found.of("pack") == {"low": 1.11, "expected": 2.22, "high": 11.10}


def test_18_sixty_terabytes_cross_a_tier():
    found = costed(*bucket("raw"), anchor(), raw_gb=60_000)
    # 50 TB = 51,200 GB x $0.023 = $1,177.60; 8,800 GB x $0.022 = $193.60
    assert found.expected("raw", "raw, Standard") == 1371.20


def test_19_half_of_what_is_old_lies_in_infrequent_access():
    found = costed(*bucket("curated", infrequent_after=90), anchor(), curated_gb=1000)
    # 500 GB x $0.023 + 500 GB x $0.0125
    assert found.expected("curated") == 17.75


def test_20_captured_requests_are_kept_as_long_as_the_lifecycle_says():
    served = endpoint(variant("ml.m5.large"), capture=50)
    found = costed(*served, *bucket("capture", expires_after=73), requests_per_month=1_000_000, request_kb=40,
                   response_kb=10)  # fmt: skip
    # 1,000,000 x 50 kB x 50 % = 25 GB a month x 73 / (365/12) = 2.4 months = 60 GB x $0.023
    assert found.expected("capture") == 1.38


def test_21_guardduty_by_volume():
    found = costed(node("aws:guardduty/detector:Detector", "detector"), management_events=2_000_000, flow_log_gb=700)
    # 2 million x $4.00, up to $4.80 by other sources; 500 GB x $1.00 + 200 GB x $0.50
    assert found.of("detector", "CloudTrail") == {"low": 8.0, "expected": 8.0, "high": 9.6}
    assert found.expected("detector", "flow") == 600.00


def test_22_logs_beyond_the_five_free_gigabytes():
    found = costed(anchor(), log_gb=25)
    # (25 - 5) GB x $0.50; stored for a year: 25 x 12 x 0.15 = 45 GB x $0.03
    assert found.expected("", "logs of jobs, endpoints and functions, ingestion") == 10.00
    assert found.expected("", "logs of jobs, endpoints and functions, stored") == 1.35


def test_23_backups_of_a_bucket():
    selection = node("aws:backup/selection:Selection", "selection", tags={},
                     resources=["arn:aws:s3:::mlops-test-curated-123456789012-us-east-1"])  # fmt: skip
    found = costed(selection, anchor(), curated_gb=100)
    # 100 GB x 1.2 (1 to 2) x $0.05
    assert found.of("selection") == {"low": 5.0, "expected": 6.0, "high": 10.0}


def test_24_queries_mails_and_images():
    topic = node("aws:sns/topic:Topic", "topic", tags={})
    mail = node("aws:sns/topicSubscription:TopicSubscription", "mail", protocol="email", links={"topic": [topic]})
    repositories = [node("aws:ecr/repository:Repository", name, tags={}) for name in ("steps", "inference")]
    workgroup = node("aws:athena/workgroup:Workgroup", "queries", tags={})
    found = costed(topic, mail, *repositories, workgroup, anchor(), query_gb=250, alerts=12_000, image_gb=40)
    # 0.25 TB x $5.00; (12,000 - 1,000 free) / 100,000 x $2.00; 20 GB x $0.10 in each repository
    assert found.expected("queries") == 1.25
    assert found.expected("topic", "mails") == 0.22
    assert found.expected("steps") == found.expected("inference") == 2.00


def test_25_minimums_and_free_tiers_of_functions_and_machines():
    function = node("aws:lambda/function:Function", "function", timeout=30, memorySize=1024, architectures=["arm64"])
    machine = node("aws:sfn/stateMachine:StateMachine", "machine")
    crawler = node("aws:glue/crawler:Crawler", "crawler")
    found = costed(function, machine, crawler, node("aws:eks/cluster:Cluster", "cluster"))
    # 100,000 calls x 3 s x 1 GB = 300,000 GB-seconds: within the free 400,000 and the free million requests
    assert found.of("function")["high"] == 0.00
    # 20,000 transitions - 4,000 free = 16 thousand x $0.025
    assert found.of("machine") == {"low": 0.0, "expected": 0.0, "high": 0.40}
    # 30 runs x 2 DPU x 10 minutes / 60 x $0.44; 730 h x $0.10
    assert found.expected("crawler") == 4.40
    assert found.expected("cluster") == 73.00


def test_26_ireland_has_some_prices_of_its_own():
    found = costed(*endpoint(variant("ml.m5.xlarge")), node(ALARM, "alarm"), region="eu-west-1", requests_per_month=0)
    # 730 h x $0.257 (us-east-1: $0.23); the alarm is us-east-1's, and the first ten are free
    assert found.expected("endpoint") == 187.61
    assert found.expected("alarm") == 0.00
    assert "eu-west-1 has no complete price table" in found.estimate.prices_note

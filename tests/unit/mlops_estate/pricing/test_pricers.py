"""What pricers read of resources, and what they say where something is unknown."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from tests.support.costed import MODEL, anchor, bucket, costed, endpoint, graph, node, usage, variant

from mlops_estate.graph import UNKNOWN
from mlops_estate.pricing import estimate, shipped
from mlops_estate.pricing.registry import FREE, PRICERS, UNPRICED, is_known
from mlops_estate.pricing.table import FORMAT, parse

ENDPOINT, PIPELINE = "aws-native:sagemaker:Endpoint", "aws:sagemaker/pipeline:Pipeline"
BUCKET = "aws:s3/bucket:Bucket"


def test_an_unknown_instance_type_is_unpriced_with_a_fix_and_never_nothing():
    found = costed(*endpoint(variant("ml.q9.large")))
    why = found.unpriced()[ENDPOINT]
    assert "ml.q9.large" in why
    assert "--prices" in why
    assert not [line for line in found.estimate.lines if "hosting" in line.item]
    assert any("no price here" in note for note in found.estimate.notes)


def test_every_instance_type_of_sagemaker_has_a_price_or_is_unpriced():
    import botocore.session

    model = botocore.session.get_session().get_service_model("sagemaker")
    types = {name for shape in ("ProductionVariantInstanceType", "TrainingInstanceType", "ProcessingInstanceType")
             for name in model.shape_for(shape).enum}  # type: ignore[attr-defined]  # fmt: skip
    assert len(types) > 250
    for name in types:
        found = costed(*endpoint(variant(name)), requests_per_month=0)
        hosted = [line for line in found.estimate.lines if line.item.endswith("hosting")]
        assert all(line.monthly.expected > 0 for line in hosted)
        assert bool(hosted) != (ENDPOINT in found.unpriced()), name


def test_a_type_that_nothing_knows_is_listed_as_unpriced():
    found = costed(node("aws:redshift/cluster:Cluster", "warehouse"), anchor())
    assert "look its price up" in found.unpriced()["aws:redshift/cluster:Cluster"]


def test_no_type_is_two_things_at_once():
    assert not PRICERS.keys() & FREE.keys()
    assert not PRICERS.keys() & UNPRICED.keys()
    assert not FREE.keys() & UNPRICED.keys()
    assert is_known("kubernetes:apps/v1:Deployment")
    assert not is_known("aws:redshift/cluster:Cluster")


def test_objects_of_a_cluster_are_free_but_for_volumes_and_load_balancers():
    nodes = [
        node("kubernetes:apps/v1:Deployment", "a"),
        node("kubernetes:core/v1:Service", "b", spec={"type": "ClusterIP"}),
        node("kubernetes:core/v1:PersistentVolumeClaim", "c"),
    ]
    found = costed(*nodes)
    assert set(found.free()) >= {"kubernetes:apps/v1:Deployment", "kubernetes:core/v1:Service"}
    assert set(found.unpriced()) == {"kubernetes:core/v1:PersistentVolumeClaim"}
    balanced = costed(node("kubernetes:core/v1:Service", "b", spec={"type": "LoadBalancer"}))
    assert "load balancer" in balanced.unpriced()["kubernetes:core/v1:Service"]


@pytest.mark.parametrize(
    ("made", "says"),
    [
        (lambda: [node(ENDPOINT, "e", endpointConfigName=UNKNOWN)], "configuration isn't in the graph"),
        (lambda: endpoint(variant("ml.m5.large", initialInstanceCount=UNKNOWN)), "unknown until the update"),
        (lambda: endpoint({"variantName": "live", "serverlessConfig": {"memorySizeInMb": UNKNOWN}}), "memory"),
        (lambda: [node(PIPELINE, "p", pipelineDefinition=UNKNOWN)], "definition is unknown"),
        (lambda: [node("aws:sagemaker/monitoringSchedule:MonitoringSchedule", "m")], "unknown until the update"),
        (lambda: [node("aws:ec2/vpcEndpoint:VpcEndpoint", "v", vpcEndpointType="Interface")], "subnets are unknown"),
        (lambda: [node("aws:ec2/vpcEndpoint:VpcEndpoint", "v", vpcEndpointType="GatewayLoadBalancer")], "no price of"),
        (lambda: [node(BUCKET, "site", bucket="www.example.org")], "what it holds"),
        (lambda: [node("aws:cfg/conformancePack:ConformancePack", "c", templateS3Uri="s3://x/y")], "template"),
        (lambda: [node("aws:cfg/recorder:Recorder", "r", recordingMode={"recordingFrequency": "DAILY"})], "daily"),
        (lambda: [node("aws:backup/selection:Selection", "b", resources=["*"])], "GB of its backups"),
        (lambda: [node("aws:macie2/classificationJob:ClassificationJob", "j")], "aren't known"),
        (lambda: [node("aws:guardduty/detectorFeature:DetectorFeature", "f", name="RUNTIME_MONITORING",
                       status="ENABLED")], "protection plan RUNTIME_MONITORING"),
        (lambda: [node("aws:inspector2/enabler:Enabler", "i", resourceTypes=["EC2"])], "scans of EC2"),
        (lambda: [node("aws:sfn/stateMachine:StateMachine", "s", type="EXPRESS")], "express"),
        (lambda: [node("aws:scheduler/schedule:Schedule", "s", scheduleExpression=UNKNOWN)], "expression"),
        (lambda: [node("aws:sns/topicSubscription:TopicSubscription", "s", protocol="sms")], "text messages"),
        (lambda: [node("aws:sagemaker/notebookInstance:NotebookInstance", "n")], "instance type"),
        (lambda: [node("aws:sagemaker/mlflowTrackingServer:MlflowTrackingServer", "m", trackingServerSize="Large")],
         "sagemaker.mlflow.large"),
        (lambda: [node("aws:ec2/natGateway:NatGateway", "n")], "GB that cross it"),
        (lambda: [node("aws:sagemaker/featureGroup:FeatureGroup", "f",
                       onlineStoreConfig={"enableOnlineStore": True, "storageType": "InMemory"})], "in-memory"),
        (lambda: [node("aws:sagemaker/featureGroup:FeatureGroup", "f", onlineStoreConfig={"enableOnlineStore": True},
                       throughputConfig={"throughputMode": "Provisioned"})], "provisioned throughput"),
    ],
)  # fmt: skip
def test_what_is_unknown_is_unpriced_and_says_why(made, says):
    nodes = made()
    found = costed(*nodes)
    assert any(says in why for why in found.unpriced().values()), found.unpriced()


@pytest.mark.parametrize(
    ("made", "says"),
    [
        (lambda: node("aws:ec2/vpcEndpoint:VpcEndpoint", "v", vpcEndpointType="Gateway"), "gateway endpoint"),
        (lambda: node("aws:accessanalyzer/analyzer:Analyzer", "a", type="ACCOUNT"), "external access"),
        (lambda: node("aws:guardduty/detector:Detector", "d", enable=False), "is off"),
        (lambda: node("aws:guardduty/detectorFeature:DetectorFeature", "f", name="EKS", status="DISABLED"), "is off"),
        (lambda: node("aws:macie2/account:Account", "m", status="PAUSED"), "paused"),
        (lambda: node("aws:sagemaker/featureGroup:FeatureGroup", "f", offlineStoreConfig={}), "offline store alone"),
        (lambda: node("aws:budgets/budget:Budget", "b"), "without actions"),
        (lambda: node("aws:cloudwatch/logGroup:LogGroup", "l", name="/x"), "log_gb"),
        (lambda: node("aws:sns/topicSubscription:TopicSubscription", "s", protocol="email"), "with the topic"),
        (lambda: node("aws:iam/role:Role", "r"), "IAM costs nothing"),
    ],
)
def test_what_is_free_says_why(made, says):
    made_node = made()
    found = costed(made_node)
    assert says in found.free()[made_node.type]
    assert not [line for line in found.estimate.lines if line.urn == made_node.urn]


def test_unused_access_is_billed_by_role():
    roles = [node("aws:iam/role:Role", f"r{index}") for index in range(7)]
    found = costed(*roles, node("aws:accessanalyzer/analyzer:Analyzer", "a", type="ACCOUNT_UNUSED_ACCESS"))
    assert found.expected("a") == 1.40


def test_a_certain_job_runs_each_time_and_one_below_a_condition_may_not():
    cluster = {"ClusterConfig": {"InstanceType": {"Get": "Parameters.Type"}, "InstanceCount": 2, "VolumeSizeInGB": 0}}
    job = {"Type": "Processing", "Arguments": {"ProcessingResources": cluster}}
    otherwise = [{"Type": "Fail", "Name": "f", "Arguments": {}}]
    branches = {"Conditions": [], "IfSteps": [{**job, "Name": "b"}], "ElseSteps": otherwise}
    condition = {"Type": "Condition", "Arguments": branches}
    text = json.dumps({"Parameters": [{"Name": "Type", "DefaultValue": "ml.m5.large"}],
                       "Steps": [{**job, "Name": "a"}, {**condition, "Name": "c"}]})  # fmt: skip
    found = costed(node(PIPELINE, "p", pipelineDefinition=text), training_runs_per_month=10, processing_hours=1)
    # 2 instances x 10 runs x 1 h x $0.115 a job
    assert found.of("p", "ml.m5.large") == {"low": 2.30, "expected": 4.60, "high": 4.60}


def test_a_search_is_as_many_jobs_as_it_may_start():
    definition = {"ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 0}}
    step = {"Name": "t", "Type": "Tuning", "Arguments": {
        "HyperParameterTuningJobConfig": {"ResourceLimits": {"MaxNumberOfTrainingJobs": 12}},
        "TrainingJobDefinition": definition}}  # fmt: skip
    pipeline = node(PIPELINE, "p", pipelineDefinition=json.dumps({"Steps": [step]}))
    # 12 jobs x 0.5 h x $0.115 = $0.69
    assert costed(pipeline, training_runs_per_month=1, training_hours=0.5).expected("p", "ml.m5.large") == 0.69


def test_steps_of_other_kinds_are_said():
    pipeline = node(PIPELINE, "p", pipelineDefinition=json.dumps({"Steps": [{"Name": "e", "Type": "EMR"}]}))
    assert "EMR" in costed(pipeline).unpriced()[PIPELINE]


def test_runs_that_a_schedule_starts_come_on_top_of_those_by_hand():
    step = {"Name": "t", "Type": "Training", "Arguments": {
        "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 0}}}  # fmt: skip
    pipeline = node(PIPELINE, "p", pipelineDefinition=json.dumps({"Steps": [step]}))
    schedule = node("aws:scheduler/schedule:Schedule", "s", scheduleExpression="cron(0 3 1 * ? *)",
                    links={"target": [pipeline]})  # fmt: skip
    lines = costed(pipeline, schedule, training_hours=1).estimate.lines
    (line,) = [line for line in lines if line.name == "p" and "training" in line.item and "GB" not in line.price.unit]
    # prod assumes 0, 0.5 and 2 by hand; the schedule starts one a month
    assert (line.quantity.low, line.quantity.expected, line.quantity.high) == (1, Decimal("1.5"), 3)


def test_a_named_configuration_is_found_without_a_reference():
    configuration, served = endpoint(variant("ml.m5.large"))
    configuration.inputs["name"] = "churn-v1"
    served.property_dependencies = {}
    served.inputs["endpointConfigName"] = "churn-v1"
    assert costed(configuration, served, requests_per_month=0).expected("endpoint", "ml.m5.large") == 83.95


def test_the_volume_of_an_endpoint_is_billed_where_its_size_is_stated():
    found = costed(*endpoint(variant("ml.m5.large", 2, volumeSizeInGb=50)), requests_per_month=0)
    # 2 x 50 GB x $0.14
    assert found.expected("endpoint", "volume") == 14.00


def test_what_a_reader_of_lines_computes_with_is_beside_them():
    found = costed(*endpoint(variant("ml.m5.large", 2)), requests_per_month=0)
    (line,) = [line for line in found.estimate.lines if line.item == "ml.m5.large hosting"]
    assert line.basis["mode"] == "hosting"
    assert line.basis["instance_type"] == "ml.m5.large"
    assert line.basis["hours"].expected == 1460
    assert line.basis["instances"].expected == 2
    assert line.model == MODEL


def test_stated_usage_is_priced_and_assumed_usage_says_so():
    stated = costed(*bucket("raw"), anchor(), raw_gb=10)
    assumed = costed(*bucket("raw"), anchor())
    by_item = [{line.item: line for line in each.estimate.lines} for each in (stated, assumed)]
    assert by_item[0]["raw, Standard"].status == "priced"
    assert by_item[1]["raw, Standard"].status == "usage"
    assert "raw_gb 1 to 200, 20 expected" in by_item[1]["raw, Standard"].assumption


def test_captured_gigabytes_are_taken_as_stated():
    found = costed(*endpoint(variant("ml.m5.large"), capture=100), *bucket("capture"), captured_gb=200)
    assert found.expected("capture") == 4.60


def test_two_actions_of_one_budget_are_billed_once():
    budgets = [node("aws:budgets/budget:Budget", f"b{index}") for index in range(3)]
    kind = "aws:budgets/budgetAction:BudgetAction"
    actions = [node(kind, f"a{index}{again}", links={"budgetName": [budget]})
               for index, budget in enumerate(budgets) for again in "xy"]  # fmt: skip
    found = costed(*budgets, *actions)
    lines = [line for line in found.estimate.lines if line.type == kind]
    # three budgets of 30 days, two of them free: 30 x $0.10
    assert len(lines) == 3
    assert sum(line.monthly.expected for line in lines) == Decimal("3.00")


def test_a_mode_with_a_price_of_its_own_is_billed_at_that():
    row = {"key": "sagemaker.hosting.ml.m5.large", "service": "SageMaker", "item": "ml.m5.large hosting",
           "unit": "instance-hour", "usd": "0.2", "agreeing": 1, "sources": ["mine"]}  # fmt: skip
    held = {"us-east-1": {"date": "2026-11-26", "prices": [row]}}
    own = parse({"format": FORMAT, "version": 1, "regions": held}, "mine.yaml").over(shipped())
    found = estimate(
        graph(*endpoint(variant("ml.m5.large")), node("aws:sagemaker/userProfile:UserProfile", "ada")),
        usage(requests_per_month=0, studio_hours=10), region="us-east-1", environment_class="prod", table=own,
    )  # fmt: skip
    by_item = {line.item: line.monthly.expected for line in found.lines}
    assert by_item["ml.m5.large hosting"] == 146  # 730 h x $0.20
    assert by_item["Studio, ml.t3.medium"] == Decimal("0.5")  # 10 h x $0.05

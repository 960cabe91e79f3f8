"""The composition: which components stand in which environment, and that they are wired to each other."""

from __future__ import annotations

import base64
import io
import json
import shutil
import tarfile
from collections import Counter
from functools import cache

import pytest
from tests.support.programs import MODEL, PROJECT, configured, declared
from tests.support.project import copy_project
from tests.support.recorder import Recorder, Registered, by_tail

from mlops_components.training_roles import JOBS
from mlops_estate.config import load_environment, parse
from mlops_estate.faults import FaultsFound
from mlops_pipelines.training.image import image_tag

REGISTRY = "123456789012"
OBJECT = "aws:s3/bucketObjectv2:BucketObjectv2"
MONITORS = ("DataQualityMonitor", "ModelQualityMonitor", "BiasMonitor", "ExplainabilityMonitor")
SHARED = {
    "mlops:index:Personas people",
    "mlops:index:EncryptionKeys keys",
    "mlops:index:PrivateNetwork network",
    "mlops:index:DataLake lake",
    "mlops:index:DataCatalog catalog",
    "mlops:index:AlertTopics alerts",
    "mlops:index:AccountBaseline account",
    "mlops:index:DetectiveControls detection",
    "mlops:index:FindingAlerts findings",
    "mlops:index:EnvironmentBudget budget",
    "mlops:index:CostAnomalyMonitor unusual-cost",
    "mlops:index:TrainingStop training-stop",
    "mlops:index:AuditTrail audit",
    "mlops:index:AuditQueries audit-queries",
    "mlops:index:ConfigurationRecorder configuration",
    "mlops:index:BackupPlan backups",
    "mlops:index:ImageRepository images-steps",
    "mlops:index:ImageRepository images-inference",
}
SCHEDULED = {"mlops:index:ScheduleGroup schedules", f"mlops:index:PipelineSchedule {MODEL}-schedule"}
RULES = {"mlops:index:ConformanceRules conformance"}
UNPINNED = {
    f"mlops:index:ModelRegistry {MODEL}-registry",
    f"mlops:index:FeatureStore {MODEL}-features",
    f"mlops:index:FeatureStore$mlops:index:ExecutionRole {MODEL}-features-role",
    f"mlops:index:TrainingPipeline {MODEL}-training",
    *(
        f"mlops:index:TrainingPipeline$mlops:index:ExecutionRole {MODEL}-training-{purpose}-role"
        for purpose in ("pipeline", *JOBS)
    ),
}
PINNED = {
    f"mlops:index:GuardedEndpoint {MODEL}",
    f"mlops:index:GuardedEndpoint$mlops:index:ExecutionRole {MODEL}-role",
    f"mlops:index:MonitoringRole {MODEL}-monitoring",
    f"mlops:index:MonitoringRole$mlops:index:ExecutionRole {MODEL}-monitoring",
    f"mlops:index:DataQualityMonitor {MODEL}-data-quality",
    f"mlops:index:ModelQualityMonitor {MODEL}-model-quality",
    f"mlops:index:BiasMonitor {MODEL}-bias",
    f"mlops:index:ExplainabilityMonitor {MODEL}-explainability",
}


@cache
def shipped(environment: str, version: int | None = None, previous: int | None = None) -> Recorder:
    model = {"release": {"version": version, "previous": previous}} if previous else {}
    return declared(configured(environment, model=model, version=version))


def components(recorder: Recorder) -> set[str]:
    return {tail for tail, node in by_tail(recorder).items() if not node.custom}


def of_type(recorder: Recorder, kind: str) -> list[Registered]:
    return [node for node in recorder.registered.values() if node.type == kind]


def one(recorder: Recorder, kind: str) -> Registered:
    (node,) = of_type(recorder, kind)
    return node


def model_types(recorder: Recorder) -> Counter[str]:
    """Count the types of what belongs to the model alone."""
    mine = {"ModelRegistry", "FeatureStore", "TrainingPipeline", "GuardedEndpoint", "MonitoringRole", *MONITORS}
    return Counter(
        node.type
        for tail, node in by_tail(recorder).items()
        if node.custom and tail.partition("$")[0].removeprefix("mlops:index:") in mine
    )


MASKED = {
    "dev": {"mlops:index:MaskedImport masked-import"},
    "prod": {
        "mlops:index:MaskedCopy masked",
        "mlops:index:RotatedSecret pseudonymisation",
        f"mlops:index:MaskingPipeline {MODEL}-masking",
        f"mlops:index:MaskingPipeline$mlops:index:ExecutionRole {MODEL}-masking-pipeline-role",
    },
}


@pytest.mark.parametrize("environment", ["dev", "staging", "prod"])
def test_the_components_of_each_shipped_environment(environment):
    scheduled = set() if environment == "dev" else SCHEDULED | RULES
    expected = SHARED | UNPINNED | scheduled | MASKED.get(environment, set())
    assert components(shipped(environment)) == expected
    assert components(shipped(environment, 1)) == expected | PINNED


BEFORE_A_VERSION = {
    "aws-native:sagemaker:FeatureGroup": 1,
    "aws:sagemaker/pipeline:Pipeline": 1,
    "aws:s3/bucketObjectv2:BucketObjectv2": 1,
    "aws:iam/role:Role": 7,
    "aws:iam/rolePolicy:RolePolicy": 8,
}
WITH_A_VERSION = {
    **BEFORE_A_VERSION,
    "aws:iam/role:Role": 9,
    "aws:iam/rolePolicy:RolePolicy": 11,
    "aws:sagemaker/model:Model": 1,
    "aws:sagemaker/endpointConfiguration:EndpointConfiguration": 1,
    "aws-native:sagemaker:Endpoint": 1,
    "aws:cloudwatch/metricAlarm:MetricAlarm": 6,
    "aws:s3/bucketObjectv2:BucketObjectv2": 5,
    "aws:sagemaker/dataQualityJobDefinition:DataQualityJobDefinition": 1,
    "aws-native:sagemaker:ModelQualityJobDefinition": 1,
    "aws-native:sagemaker:ModelBiasJobDefinition": 1,
    "aws-native:sagemaker:ModelExplainabilityJobDefinition": 1,
    "aws:sagemaker/monitoringSchedule:MonitoringSchedule": 4,
}
REGISTRY_TYPES = {
    "aws:sagemaker/modelPackageGroup:ModelPackageGroup": 1,
    "aws:sagemaker/modelPackageGroupPolicy:ModelPackageGroupPolicy": 1,
}
SCALING = {"aws:appautoscaling/target:Target": 1, "aws:appautoscaling/policy:Policy": 1}


@pytest.mark.parametrize(
    ("environment", "version", "types"),
    [
        ("dev", None, BEFORE_A_VERSION),
        ("dev", 1, WITH_A_VERSION),
        ("staging", None, BEFORE_A_VERSION),
        ("staging", 1, WITH_A_VERSION | SCALING),
        ("prod", None, BEFORE_A_VERSION | REGISTRY_TYPES),
        ("prod", 1, WITH_A_VERSION | REGISTRY_TYPES | SCALING),
    ],
)
def test_what_a_model_has_before_and_after_a_version_is_pinned(environment, version, types):
    assert model_types(shipped(environment, version)) == Counter(types)


def test_a_settling_release_keeps_both_versions_and_points_at_the_new_one():
    recorder = shipped("staging", 2, previous=1)
    versions = {f"{MODEL}-v1", f"{MODEL}-v2"}
    assert {node.name for node in of_type(recorder, "aws:sagemaker/model:Model")} == versions
    configurations = of_type(recorder, "aws:sagemaker/endpointConfiguration:EndpointConfiguration")
    assert {node.name for node in configurations} == versions
    assert one(recorder, "aws-native:sagemaker:Endpoint").inputs["endpointConfigName"] == f"{MODEL}-v2"
    packages = {
        node.name: node.inputs["primaryContainer"]["modelPackageName"]
        for node in of_type(recorder, "aws:sagemaker/model:Model")
    }
    package = f"arn:aws:sagemaker:eu-west-1:{REGISTRY}:model-package/mlops-{MODEL}"
    assert packages == {f"{MODEL}-v1": f"{package}/1", f"{MODEL}-v2": f"{package}/2"}


def test_the_registry_stands_in_its_own_account_and_is_shared():
    group = one(shipped("prod"), "aws:sagemaker/modelPackageGroup:ModelPackageGroup")
    assert group.inputs["modelPackageGroupName"] == f"mlops-{MODEL}"
    told = {"model", "data-set", "data-class", "label", "pipeline", "ai-risk-tier", "runbook-url"}
    assert set(group.inputs["tags"]) == told
    policy = json.loads(
        one(shipped("prod"), "aws:sagemaker/modelPackageGroupPolicy:ModelPackageGroupPolicy").inputs["resourcePolicy"]
    )
    principals = {arn for statement in policy["Statement"] for arn in statement["Principal"]["AWS"]}
    assert principals == {"arn:aws:iam::111122223333:root", "arn:aws:iam::444455556666:root"}


def test_another_account_refers_to_the_registry_by_arn():
    recorder = shipped("dev", 1)
    arn = f"arn:aws:sagemaker:eu-west-1:{REGISTRY}:model-package-group/mlops-{MODEL}"
    assert of_type(recorder, "aws:sagemaker/modelPackageGroup:ModelPackageGroup") == []
    assert recorder.stack_outputs["models"][MODEL]["model_package_group_arn"] == arn
    assert arn in one(recorder, "aws:sagemaker/pipeline:Pipeline").inputs["pipelineDefinition"]


def test_the_pipeline_definition_is_filled_from_the_estate():
    text = one(shipped("dev"), "aws:sagemaker/pipeline:Pipeline").inputs["pipelineDefinition"]
    assert "${" not in text
    definition = json.loads(text)
    training = next(step["Arguments"] for step in definition["Steps"] if step["Type"] == "Training")
    assert training["VpcConfig"] == {"Subnets": ["network-eu-west-1a-id"], "SecurityGroupIds": ["network-workloads-id"]}
    assert training["ResourceConfig"]["VolumeKmsKeyId"].endswith("key/keys-models")
    assert training["OutputDataConfig"]["KmsKeyId"].endswith("key/keys-models")
    assert training["EnableManagedSpotTraining"] is True
    assert training["StoppingCondition"] == {"MaxRuntimeInSeconds": 3600, "MaxWaitTimeInSeconds": 7200}
    for bucket in ("raw", "curated", "models", "reports"):
        assert f"s3://mlops-dev-{bucket}-111122223333-eu-west-1/{MODEL}" in text


def test_records_are_masked_where_the_original_is_by_the_models_rules():
    recorder = declared(configured("prod", model={"masking": {"columns": {"pirat": {"method": "synthesise"}}}}))
    (made,) = [node for node in of_type(recorder, "aws:sagemaker/pipeline:Pipeline") if node.name == f"{MODEL}-masking"]
    (step,) = json.loads(made.inputs["pipelineDefinition"])["Steps"]
    assert step["Arguments"]["RoleArn"].endswith("masked-role")
    assert recorder.stack_outputs["models"][MODEL]["masking_pipeline"] == f"mlops-prod-{MODEL}-masking"
    (code,) = [node.inputs for node in of_type(recorder, OBJECT) if node.name == f"{MODEL}-masking-source"]
    with tarfile.open(fileobj=io.BytesIO(base64.b64decode(code["contentBase64"]))) as archive:
        rules = json.load(archive.extractfile("masking.json"))
    assert rules["columns"] == {"pirat": {"method": "synthesise"}}
    assert "masking_pipeline" not in shipped("dev").stack_outputs["models"][MODEL]


def test_keys_reach_what_they_are_for():
    recorder = shipped("prod", 1)
    group = one(recorder, "aws-native:sagemaker:FeatureGroup").inputs
    assert group["onlineStoreConfig"]["securityConfig"]["kmsKeyId"].endswith("key/keys-features")
    assert group["offlineStoreConfig"]["s3StorageConfig"]["kmsKeyId"].endswith("key/keys-features")
    configuration = one(recorder, "aws:sagemaker/endpointConfiguration:EndpointConfiguration").inputs
    assert configuration["dataCaptureConfig"]["kmsKeyId"].endswith("key/keys-personal")
    encryption = {
        node.name: node.inputs["rules"][0]["applyServerSideEncryptionByDefault"]
        .get("kmsMasterKeyId", "")
        .partition("/")[2]
        for node in of_type(
            recorder, "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"
        )
    }
    assert encryption == {
        "lake-raw-encryption": "keys-personal",
        "lake-curated-encryption": "keys-personal",
        "lake-features-encryption": "keys-features",
        "lake-models-encryption": "keys-models",
        "lake-capture-encryption": "keys-personal",
        "lake-reports-encryption": "keys-operations",
        "lake-access-logs-encryption": "",
        "audit-cloudtrail-encryption": "keys-operations",
        "configuration-config-encryption": "keys-operations",
        "audit-queries-queries-encryption": "keys-operations",
        "masked-encryption": "masked-key",
    }


def test_topics_reach_alarms_and_budget():
    recorder = shipped("prod", 1)
    alarms = of_type(recorder, "aws:cloudwatch/metricAlarm:MetricAlarm")
    drift = {alarm.inputs["name"] for alarm in alarms if "metricQueries" in alarm.inputs}
    assert len(drift) == 2
    told = {alarm.inputs.get("namespace", "drift"): alarm.inputs["alarmActions"] for alarm in alarms}
    assert told == {
        "AWS/SageMaker": ["arn:aws:sns:eu-west-1:123456789012:topic/alerts-critical"],
        "/aws/sagemaker/Endpoints": ["arn:aws:sns:eu-west-1:123456789012:topic/alerts-critical"],
        "AWS/Lambda": ["arn:aws:sns:eu-west-1:123456789012:topic/alerts-critical"],
        "AWS/SQS": ["arn:aws:sns:eu-west-1:123456789012:topic/alerts-warning"],
        "mlops-prod/audit": ["arn:aws:sns:eu-west-1:123456789012:topic/alerts-critical"],
        "drift": ["arn:aws:sns:eu-west-1:123456789012:topic/alerts-warning"],
    }
    budget = one(recorder, "aws:budgets/budget:Budget").inputs
    told = {
        (item["threshold"], item["notificationType"]): item["subscriberSnsTopicArns"][0].rpartition("-")[2]
        for item in budget["notifications"]
    }
    assert told == {
        (50, "ACTUAL"): "warning",
        (80, "ACTUAL"): "warning",
        (100, "ACTUAL"): "critical",
        (100, "FORECASTED"): "warning",
    }
    assert budget["limitAmount"] == "5000"
    endpoint = one(recorder, "aws-native:sagemaker:Endpoint").inputs
    rolls_back = endpoint["deploymentConfig"]["autoRollbackConfiguration"]["alarms"]
    spaces = ("AWS/SageMaker", "/aws/sagemaker/Endpoints")
    watched = {alarm.inputs["name"] for alarm in alarms if alarm.inputs.get("namespace") in spaces}
    assert {item["alarmName"] for item in rolls_back} == watched


def test_every_resource_uses_an_explicit_provider_pinned_to_the_account():
    recorder = shipped("staging", 1)
    providers = {node.name: node for node in recorder.registered.values() if node.type.startswith("pulumi:providers:")}
    assert set(providers) == {"aws", "aws-native"}
    for node in providers.values():
        assert node.inputs["region"] == "eu-west-1"
        assert json.loads(node.inputs["allowedAccountIds"]) == ["444455556666"]
        assert json.loads(node.inputs["defaultTags"])["tags"]["environment"] == "staging"
    custom = [node for node in recorder.registered.values() if node.custom and node not in providers.values()]
    assert custom
    for node in custom:
        package = node.type.partition(":")[0]
        assert node.provider.startswith(f"{providers[package].urn}::"), node.urn


@pytest.mark.parametrize("environment", ["dev", "staging", "prod"])
def test_stateful_resources_are_protected_outside_dev(environment):
    stateful = {"aws:kms/key:Key", "aws:s3/bucket:Bucket", "aws-native:sagemaker:FeatureGroup"}
    nodes = [node for node in shipped(environment).registered.values() if node.type in stateful]
    assert Counter(node.type for node in nodes) == {
        "aws:kms/key:Key": 6 if environment == "prod" else 5,
        "aws:s3/bucket:Bucket": 11 if environment == "prod" else 10,
        "aws-native:sagemaker:FeatureGroup": 1,
    }
    assert {node.protect for node in nodes} == {environment != "dev"}


@pytest.mark.parametrize(
    ("environment", "subnets", "strategy", "count", "schedule", "lock"),
    [
        ("dev", 1, "ALL_AT_ONCE", 1, "cron(0 6 ? * * *)", "GOVERNANCE"),
        ("staging", 2, "CANARY", 2, "cron(0 6 ? * * *)", "GOVERNANCE"),
        ("prod", 3, "CANARY", 2, "cron(0 * ? * * *)", "COMPLIANCE"),
    ],
)
def test_defaults_by_class_reach_the_resources(environment, subnets, strategy, count, schedule, lock):
    recorder = shipped(environment, 1)
    assert len(of_type(recorder, "aws:ec2/subnet:Subnet")) == subnets
    routing = one(recorder, "aws-native:sagemaker:Endpoint").inputs["deploymentConfig"]["blueGreenUpdatePolicy"]
    assert routing["trafficRoutingConfiguration"]["type"] == strategy
    variant = one(recorder, "aws:sagemaker/endpointConfiguration:EndpointConfiguration").inputs["productionVariants"][0]
    assert variant["initialInstanceCount"] == count
    schedules = of_type(recorder, "aws:sagemaker/monitoringSchedule:MonitoringSchedule")
    expressions = [
        node.inputs["monitoringScheduleConfig"]["scheduleConfig"]["scheduleExpression"] for node in schedules
    ]
    assert expressions == [schedule] * 4
    locks = of_type(recorder, "aws:s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration")
    assert {node.name for node in locks} == {"lake-curated-lock", "audit-cloudtrail-lock"}
    assert {node.inputs["rule"]["defaultRetention"]["mode"] for node in locks} == {lock}


def test_a_network_of_your_own_is_used_and_none_is_made():
    own = {
        "vpc_id": "vpc-0a1b2c3d",
        "subnet_ids": ["subnet-0a1b2c3d", "subnet-1a1b2c3d"],
        "security_group_ids": ["sg-0a1b2c3d"],
        "s3_endpoint_ids": ["vpce-0a1b2c3d"],
    }
    recorder = declared(configured("prod", estate={"network": own}, version=1))
    made = Counter(node.type for node in recorder.registered.values() if node.type.startswith("aws:ec2/"))
    assert made == {}
    assert recorder.stack_outputs["vpc_id"] == "vpc-0a1b2c3d"
    model = one(recorder, "aws:sagemaker/model:Model").inputs["vpcConfig"]
    assert model == {"subnets": own["subnet_ids"], "securityGroupIds": own["security_group_ids"]}


def test_a_serverless_model_has_no_instances_capture_monitor_or_network():
    recorder = declared(configured("dev", model={"serving": {"serverless_memory_mb": 2048}}, version=1))
    configuration = one(recorder, "aws:sagemaker/endpointConfiguration:EndpointConfiguration").inputs
    (variant,) = configuration["productionVariants"]
    assert variant["serverlessConfig"] == {"memorySizeInMb": 2048, "maxConcurrency": 5}
    assert "dataCaptureConfig" not in configuration
    assert "vpcConfig" not in one(recorder, "aws:sagemaker/model:Model").inputs
    assert of_type(recorder, "aws:sagemaker/monitoringSchedule:MonitoringSchedule") == []
    assert "monitoring_schedules" not in recorder.stack_outputs["models"][MODEL]
    assert components(recorder).isdisjoint({f"mlops:index:MonitoringRole {MODEL}-monitoring"})


def test_a_rolling_release_keeps_no_old_fleet():
    recorder = declared(configured("prod", model={"release": {"strategy": "rolling", "step_percent": 20}}, version=1))
    deployment = one(recorder, "aws-native:sagemaker:Endpoint").inputs["deploymentConfig"]
    assert set(deployment) == {"rollingUpdatePolicy", "autoRollbackConfiguration"}
    assert deployment["rollingUpdatePolicy"]["maximumBatchSize"] == {"type": "CAPACITY_PERCENT", "value": 20}


def test_without_autoscaling_nothing_scales():
    recorder = declared(configured("prod", model={"autoscaling": {"enabled": False}}, version=1))
    assert of_type(recorder, "aws:appautoscaling/target:Target") == []


def test_a_baseline_of_the_version_reaches_the_monitor():
    baseline = "s3://mlops-prod-reports/run-1/baseline"
    recorder = declared(configured("prod", model={"release": {"version": 1, "baseline_uri": baseline}}))
    job = one(recorder, "aws:sagemaker/dataQualityJobDefinition:DataQualityJobDefinition").inputs
    assert job["dataQualityBaselineConfig"] == {
        "constraintsResource": {"s3Uri": f"{baseline}/data-quality/constraints.json"},
        "statisticsResource": {"s3Uri": f"{baseline}/data-quality/statistics.json"},
    }
    assert recorder.stack_outputs["models"][MODEL]["monitors_without_baseline"] == [
        "model-quality", "bias", "explainability",
    ]  # fmt: skip


def test_every_monitor_takes_its_own_baseline_where_there_is_one():
    release = {"version": 1, "baseline_uri": "s3://some-bucket/baseline"}
    release["baselines"] = ["model-quality", "bias", "explainability"]
    recorder = declared(configured("prod", model={"release": release}))
    found = {}
    for kind in ("ModelQuality", "ModelBias", "ModelExplainability"):
        inputs = one(recorder, f"aws-native:sagemaker:{kind}JobDefinition").inputs
        found[kind] = inputs[f"model{kind.removeprefix('Model')}BaselineConfig"]["constraintsResource"]["s3Uri"]
    assert found == {
        "ModelQuality": "s3://some-bucket/baseline/model-quality/constraints.json",
        "ModelBias": "s3://some-bucket/baseline/bias/constraints.json",
        "ModelExplainability": "s3://some-bucket/baseline/explainability/constraints.json",
    }
    assert recorder.stack_outputs["models"][MODEL]["monitors_without_baseline"] == ["data-quality"]


@pytest.mark.parametrize(
    ("model", "running"),
    [
        ({"risk": "minimal"}, {"DataQualityMonitor"}),
        ({"risk": "limited"}, {"DataQualityMonitor", "ModelQualityMonitor"}),
        ({}, set(MONITORS)),
        ({"monitoring": {"bias": False, "explainability": False}}, {"DataQualityMonitor", "ModelQualityMonitor"}),
        ({"risk": "minimal", "monitoring": {"bias": True}}, {"DataQualityMonitor", "BiasMonitor"}),
        ({"monitoring": {"enabled": False}}, set()),
    ],
)
def test_risk_decides_which_monitors_run_and_each_can_be_switched(model, running):
    recorder = declared(configured("dev", model=model, version=1))
    kinds = {tail.split(" ")[0].removeprefix("mlops:index:") for tail in components(recorder)}
    assert kinds & set(MONITORS) == running
    assert ("MonitoringRole" in kinds) == bool(running)


def test_a_model_of_a_number_has_the_monitor_that_understands_it(tmp_path):
    folder = copy_project(tmp_path)
    text = (PROJECT / "data/mortgage-approval/schema.yaml").read_text(encoding="utf-8")
    label = next(line for line in text.splitlines() if "role: label" in line)
    number = "  - {name: deny, type: number, role: label, minimum: 0, maximum: 1, description: How likely it is.}"
    (folder / "number.yaml").write_text(text.replace(label, number), encoding="utf-8")
    model = {"features": {"schema_file": "number.yaml"}, "gates": {"metric": "rmse", "threshold": 0.3}}
    recorder = declared(configured("dev", model=model, version=1), folder)
    kinds = {tail.split(" ")[0].removeprefix("mlops:index:") for tail in components(recorder)}
    assert kinds & set(MONITORS) == {"DataQualityMonitor"}
    role = next(node for tail, node in by_tail(recorder).items() if tail.endswith(f"MonitoringRole {MODEL}-monitoring"))
    assert role.inputs["monitors"] == ["data-quality"]


def test_the_pipelines_image_is_that_of_this_project_unless_another_is_named():
    repository = f"{REGISTRY}.dkr.ecr.eu-west-1.amazonaws.com/mlops/steps"
    image = shipped("dev").stack_outputs["models"][MODEL]["steps_image"]
    assert image == f"{repository}:{image_tag()}"
    assert image in one(shipped("dev"), "aws:sagemaker/pipeline:Pipeline").inputs["pipelineDefinition"]
    own = f"{repository}@sha256:{'a' * 64}"
    assert (
        own
        in one(
            declared(configured("dev", model={"training": {"steps_image": own}})), "aws:sagemaker/pipeline:Pipeline"
        ).inputs["pipelineDefinition"]
    )


def test_the_outputs_name_the_roles_and_the_key_of_the_pipeline():
    outputs = shipped("dev").stack_outputs
    model = outputs["models"][MODEL]
    roles = {model[f"{job}_role"].rpartition("/")[2] for job in (*JOBS, "pipeline")}
    assert roles == {f"{MODEL}-training-{job}-role" for job in (*JOBS, "pipeline")}
    assert model["signing_key"] == outputs["keys"]["signing"]


def test_the_explained_model_is_the_one_that_is_live():
    recorder = shipped("staging", 2, previous=1)
    (analysis,) = [node for node in of_type(recorder, OBJECT) if node.name == f"{MODEL}-explainability-analysis"]
    predictor = json.loads(analysis.inputs["content"])["predictor"]
    assert (predictor["model_name"], predictor["instance_type"]) == (f"{MODEL}-v2", "ml.m5.large")


def test_a_high_risk_model_needs_a_region_with_clarify():
    estate = {"region": "eu-south-2", "zones": ["eu-south-2a"]}
    with pytest.raises(FaultsFound, match="no SageMaker Clarify container in eu-south-2"):
        configured("dev", estate=estate)
    assert configured("dev", estate=estate, model={"risk": "limited"}).models[MODEL].monitors


def test_data_that_the_bias_monitor_cannot_take_is_refused_with_a_way_out(tmp_path):
    folder = copy_project(tmp_path)
    column = '{name: afam, type: category, role: protected, values: ["no", "yes"],'
    text = (PROJECT / "data/mortgage-approval/schema.yaml").read_text(encoding="utf-8")
    assert column in text
    numbers = text.replace(column, "{name: afam, type: integer, role: protected, minimum: 0, maximum: 1,")
    (folder / "numbers.yaml").write_text(numbers, encoding="utf-8")
    other = {"features": {"schema_file": "numbers.yaml"}}
    with pytest.raises(FaultsFound) as caught:
        declared(configured("dev", model=other), folder)
    assert ["monitoring.bias: false" in fault.fix for fault in caught.value.faults] == [True]
    declared(configured("dev", model={"risk": "limited", **other}), folder)


def test_optional_settings_reach_their_components():
    recorder = declared(
        configured(
            "dev",
            estate={"network": {"cidr": "10.9.0.0/20"}},
            model={"features": {"ttl_days": 30}, "training": {"max_runtime_seconds": 600, "max_wait_seconds": 700}},
        )
    )
    assert one(recorder, "aws:ec2/vpc:Vpc").inputs["cidrBlock"] == "10.9.0.0/20"
    online = one(recorder, "aws-native:sagemaker:FeatureGroup").inputs["onlineStoreConfig"]
    assert online["ttlDuration"] == {"unit": "Days", "value": 30}
    assert '"MaxWaitTimeInSeconds":700' in one(recorder, "aws:sagemaker/pipeline:Pipeline").inputs["pipelineDefinition"]


def test_the_catalogue_has_a_table_with_the_columns_of_the_data():
    tables = {node.name: node.inputs for node in of_type(shipped("dev"), "aws:glue/catalogTable:CatalogTable")}
    assert set(tables) == {"catalog-mortgage_approval", "audit-queries-table"}
    table = tables["catalog-mortgage_approval"]
    columns = {column["name"]: column["type"] for column in table["storageDescriptor"]["columns"]}
    assert table["name"] == "mortgage_approval"
    assert {columns["deny"], columns["afam"], columns["pirat"]} == {"string", "double"}
    assert next(iter(columns)) == "deny"


def test_a_model_that_names_a_missing_file_is_refused_before_anything_is_registered():
    config = configured("dev", model={"data": "data/none.csv"})
    with pytest.raises(FaultsFound, match="there is no such file"):
        declared(config)


def test_a_second_model_shares_what_is_shared():
    loaded = load_environment("dev", PROJECT)
    config = parse("dev", loaded.estate_raw, {**loaded.models_raw, "second-model": loaded.models_raw[MODEL]})
    added = Counter(node.type for node in declared(config).registered.values() if node.custom)
    added.subtract(Counter(node.type for node in shipped("dev").registered.values() if node.custom))
    assert +added == Counter({**BEFORE_A_VERSION, "aws:glue/catalogTable:CatalogTable": 1})
    assert -added == Counter()


def test_the_code_of_a_model_carries_the_schema_that_its_block_names(tmp_path):
    shutil.copytree(PROJECT / "data", tmp_path / "data")
    schema = (tmp_path / "data" / MODEL / "schema.yaml").read_text(encoding="utf-8")
    changed = schema.replace("description: ", "description: Changed. ", 1)
    assert changed != schema
    (tmp_path / "changed.yaml").write_text(changed, encoding="utf-8")
    config = configured("dev", model={"features": {"schema_file": "changed.yaml"}})
    sources = [
        one(recorder, "aws:s3/bucketObjectv2:BucketObjectv2").inputs["key"]
        for recorder in (declared(config, tmp_path), shipped("dev"))
    ]
    assert sources[0] != sources[1]


def test_other_accounts_reach_keys_buckets_network_and_registry():
    trusting = {
        f"{node.type} {node.name}"
        for node in shipped("prod").registered.values()
        if node.custom
        and node.type != "aws:iam/rolePolicy:RolePolicy"  # which says where a role may go, not who may come
        and any("111122223333" in str(node.inputs.get(key)) for key in ("policy", "resourcePolicy"))
    }
    assert trusting == {
        "aws:kms/key:Key keys-models",
        "aws:kms/key:Key keys-signing",
        "aws:s3/bucketPolicy:BucketPolicy lake-models-policy",
        "aws:ecr/repositoryPolicy:RepositoryPolicy images-steps-accounts",
        "aws:ecr/repositoryPolicy:RepositoryPolicy images-inference-accounts",
        "aws:kms/key:Key masked-key",
        "aws:s3/bucketPolicy:BucketPolicy masked-policy",
        "aws:ec2/vpcEndpoint:VpcEndpoint network-s3",
        "aws:ec2/vpcEndpoint:VpcEndpoint network-dynamodb",
        f"aws:sagemaker/modelPackageGroupPolicy:ModelPackageGroupPolicy {MODEL}-registry-accounts",
    }


def test_the_same_configuration_gives_the_same_estate():
    again = declared(configured("prod", version=1)).registered
    first = shipped("prod", 1).registered
    assert {urn: node.inputs for urn, node in again.items()} == {urn: node.inputs for urn, node in first.items()}

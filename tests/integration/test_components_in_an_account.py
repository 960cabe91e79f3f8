"""The components standing in the embedded AWS account, looked at with boto3 as their users would."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile

import pytest
from tests.support.composed import MODEL, Standing, rollback_alarms

from mlops_components.training_roles import JOBS
from mlops_estate.embedded.account import EmbeddedAccount
from mlops_estate.engine import read_back

pytestmark = pytest.mark.xdist_group("components-in-an-account")


@pytest.fixture(scope="module")
def standing():
    with EmbeddedAccount(seed=0) as account:
        made = Standing(account)
        made.apply()
        version = made.register()
        made.apply(version=version)
        yield made


def test_everything_reads_back_as_it_was_declared(standing):
    found = read_back(standing.graph, standing.driver)
    assert len(found) > 110
    assert {urn.split("::", 2)[2]: back.differences for urn, back in found if not back.equal} == {}


def test_each_data_class_has_a_key_that_rotates_and_answers_to_its_alias(standing):
    kms = standing.client("kms")
    for data_class, arn in standing.graph.stack_outputs["keys"].items():
        assert kms.describe_key(KeyId=f"alias/mlops-dev-{data_class}")["KeyMetadata"]["Arn"] == arn
        assert kms.get_key_rotation_status(KeyId=arn)["KeyRotationEnabled"] is True


def test_a_signature_is_verified_with_the_key_that_signed_it_and_nothing_else_is(standing):
    kms, arn = standing.client("kms"), standing.graph.stack_outputs["signing_key"]
    described = kms.describe_key(KeyId="alias/mlops-dev-signing")["KeyMetadata"]
    assert (described["Arn"], described["KeySpec"], described["KeyUsage"]) == (arn, "ECC_NIST_P256", "SIGN_VERIFY")
    digest, asked = hashlib.sha256(b"manifest").digest(), {"MessageType": "DIGEST", "SigningAlgorithm": "ECDSA_SHA_256"}
    signature = kms.sign(KeyId=arn, Message=digest, **asked)["Signature"]
    assert kms.verify(KeyId=arn, Message=digest, Signature=signature, **asked)["SignatureValid"] is True
    with pytest.raises(kms.exceptions.KMSInvalidSignatureException):
        kms.verify(KeyId=arn, Message=hashlib.sha256(b"other").digest(), Signature=signature, **asked)


def test_the_network_has_no_default_route_and_no_gateway_to_the_internet(standing):
    ec2 = standing.client("ec2")
    here = [{"Name": "vpc-id", "Values": [standing.graph.stack_outputs["vpc"]]}]
    routes = [route for table in ec2.describe_route_tables(Filters=here)["RouteTables"] for route in table["Routes"]]
    assert not [route for route in routes if route.get("DestinationCidrBlock") == "0.0.0.0/0"]
    attached = [{"Name": "attachment.vpc-id", "Values": here[0]["Values"]}]
    assert ec2.describe_internet_gateways(Filters=attached)["InternetGateways"] == []
    assert {subnet["MapPublicIpOnLaunch"] for subnet in ec2.describe_subnets(Filters=here)["Subnets"]} == {False}


def test_every_endpoint_of_the_network_carries_a_policy(standing):
    here = [{"Name": "vpc-id", "Values": [standing.graph.stack_outputs["vpc"]]}]
    endpoints = standing.client("ec2").describe_vpc_endpoints(Filters=here)["VpcEndpoints"]
    assert {endpoint["ServiceName"].split("eu-west-1.")[1] for endpoint in endpoints} == {
        "s3",
        "dynamodb",
        "sagemaker.api",
        "sagemaker.featurestore-runtime",
        "kms",
        "sts",
    }
    assert all("Condition" in endpoint["PolicyDocument"] for endpoint in endpoints)


def test_buckets_block_public_access_log_to_their_bucket_and_expire_captures(standing):
    s3, buckets = standing.client("s3"), standing.graph.stack_outputs["buckets"]
    for purpose, name in buckets.items():
        assert all(s3.get_public_access_block(Bucket=name)["PublicAccessBlockConfiguration"].values())
        if purpose != "access_logs":
            logging = s3.get_bucket_logging(Bucket=name)["LoggingEnabled"]
            assert logging == {"TargetBucket": buckets["access_logs"], "TargetPrefix": f"{purpose}/"}
    rules = s3.get_bucket_lifecycle_configuration(Bucket=buckets["capture"])["Rules"]
    assert [rule["Expiration"]["Days"] for rule in rules if "Expiration" in rule] == [14]


def test_the_catalogue_knows_the_models_raw_data(standing):
    table = standing.client("glue").get_table(DatabaseName="mlops_dev", Name="mortgage_approval")["Table"]
    assert table["StorageDescriptor"]["Location"].endswith(f"/{MODEL}/")
    assert table["StorageDescriptor"]["Columns"][0]["Name"] == "deny"


def test_the_critical_topic_is_encrypted_and_somebody_listens(standing):
    sns, arn = standing.client("sns"), standing.graph.stack_outputs["topic"]
    attributes = sns.get_topic_attributes(TopicArn=arn)["Attributes"]
    assert attributes["KmsMasterKeyId"] == standing.graph.stack_outputs["keys"]["operations"]
    assert "RefuseWithoutTls" in attributes["Policy"]
    (subscription,) = sns.list_subscriptions_by_topic(TopicArn=arn)["Subscriptions"]
    assert subscription["Endpoint"] == "oncall@example.com"


def test_the_budget_warns_of_actual_and_forecast_cost(standing):
    budgets = standing.client("budgets")
    named = {"AccountId": "123456789012", "BudgetName": "mlops-dev-monthly"}
    assert budgets.describe_budget(**named)["Budget"]["BudgetLimit"]["Unit"] == "USD"
    told = budgets.describe_notifications_for_budget(**named)["Notifications"]
    assert sorted((n["NotificationType"], n["Threshold"]) for n in told) == [
        ("ACTUAL", 80.0),
        ("ACTUAL", 100.0),
        ("FORECASTED", 100.0),
    ]


def test_the_feature_store_keeps_and_returns_a_record(standing):
    runtime = standing.client("sagemaker-featurestore-runtime")
    group = standing.graph.stack_outputs["feature_group"]
    record = {"application_id": "7", "event_time": "2026-11-23T12:00:00Z", "loan_to_value": "0.8"}
    sent = [{"FeatureName": name, "ValueAsString": value} for name, value in record.items()]
    runtime.put_record(FeatureGroupName=group, Record=sent)
    found = runtime.get_record(FeatureGroupName=group, RecordIdentifierValueAsString="7")["Record"]
    assert {item["FeatureName"]: item["ValueAsString"] for item in found} == record


def test_the_group_of_versions_admits_the_reading_account(standing):
    sagemaker = standing.client("sagemaker")
    text = sagemaker.get_model_package_group_policy(ModelPackageGroupName=standing.graph.stack_outputs["group"])
    assert "arn:aws:iam::222222222222:root" in text["ResourcePolicy"]


def test_the_pipeline_runs_code_that_lies_where_it_says(standing):
    outputs = standing.graph.stack_outputs
    described = standing.client("sagemaker").describe_pipeline(PipelineName=outputs["pipeline"])
    assert outputs["source"] in described["PipelineDefinition"]
    bucket, key = outputs["source"].removeprefix("s3://").split("/", 1)
    body = standing.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read()
    with tarfile.open(fileobj=io.BytesIO(body)) as archive:
        assert "mlops_pipelines/steps/train.py" in archive.getnames()


def test_the_endpoint_serves_the_registered_version_with_guardrails(standing):
    sagemaker = standing.client("sagemaker")
    live = sagemaker.describe_endpoint(EndpointName=standing.graph.stack_outputs["endpoint"])
    assert live["EndpointStatus"] == "InService"
    config = sagemaker.describe_endpoint_config(EndpointConfigName=live["EndpointConfigName"])
    assert config["KmsKeyId"] == standing.graph.stack_outputs["keys"]["models"]
    assert config["DataCaptureConfig"]["KmsKeyId"] == standing.graph.stack_outputs["keys"]["personal"]
    alarms = rollback_alarms(standing.client("cloudwatch"), live["EndpointName"])
    assert {alarm["AlarmName"] for alarm in alarms} == {
        f"mlops-dev-{MODEL}-{what}" for what in ("errors", "model-errors", "latency", "memory")
    }


def test_the_monitor_is_scheduled_daily_in_dev(standing):
    name = standing.graph.stack_outputs["schedule"]
    schedule = standing.client("sagemaker").describe_monitoring_schedule(MonitoringScheduleName=name)
    assert schedule["MonitoringScheduleConfig"]["ScheduleConfig"]["ScheduleExpression"] == "cron(0 6 ? * * *)"


def test_roles_are_taken_by_sagemaker_of_this_account_only(standing):
    iam = standing.client("iam")
    for suffix in ("pipeline", *JOBS, "features", "endpoint", "monitor"):
        trust = iam.get_role(RoleName=f"mlops-dev-{MODEL}-{suffix}")["Role"]["AssumeRolePolicyDocument"]
        (statement,) = (trust if isinstance(trust, dict) else json.loads(trust))["Statement"]
        assert statement["Condition"] == {"StringEquals": {"aws:SourceAccount": "123456789012"}}

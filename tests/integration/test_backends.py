"""What moto lacks or answers wrongly, and the embedded account answers as AWS does: each seen through boto3."""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError
from tests.support.sagemaker_things import create_job_definition

from mlops_estate.embedded.account import EmbeddedAccount

ACCOUNT, REGION = "123456789012", "eu-west-1"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/r"
IMAGE = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/model:1"
ARN = f"arn:aws:sagemaker:{REGION}:{ACCOUNT}"


@pytest.fixture(scope="module")
def account() -> Iterator[EmbeddedAccount]:
    """One account for the module: each test uses names of its own."""
    with EmbeddedAccount(REGION) as standing:
        yield standing


@pytest.fixture
def sagemaker(account) -> Any:
    return account.client("sagemaker")


def refused(call: Any, **parameters: Any) -> str:
    """Return the code and message of the error that a call answers."""
    with pytest.raises(ClientError) as caught:
        call(**parameters)
    error = caught.value.response["Error"]
    return f"{error['Code']}: {error['Message']}"


def variant(name: str = "live", **more: Any) -> dict[str, Any]:
    return {"VariantName": name, "ModelName": "m", "InstanceType": "ml.m5.large", "InitialInstanceCount": 2,
            "InitialVariantWeight": 1.0, **more}  # fmt: skip


def config(sagemaker: Any, name: str, *variants: dict[str, Any], **more: Any) -> str:
    try:
        sagemaker.describe_model(ModelName="m")
    except ClientError:
        sagemaker.create_model(ModelName="m", ExecutionRoleArn=ROLE, PrimaryContainer={"Image": IMAGE})
    sagemaker.create_endpoint_config(EndpointConfigName=name, ProductionVariants=list(variants) or [variant()], **more)
    return name


@pytest.mark.parametrize(
    "instance", ["ml.g5.xlarge", "ml.p5.48xlarge", "ml.inf2.xlarge", "ml.c6i.large", "ml.m7i.large"]
)
def test_instance_types_of_today_are_taken(sagemaker, instance):
    name = config(sagemaker, f"types-{instance.replace('.', '-')}", variant(InstanceType=instance))
    described = sagemaker.describe_endpoint_config(EndpointConfigName=name)
    assert described["ProductionVariants"][0]["InstanceType"] == instance


def test_an_instance_type_that_is_none_is_refused(sagemaker):
    assert "ml.none" in refused(lambda: config(sagemaker, "types-none", variant(InstanceType="ml.none")))


@pytest.mark.parametrize("kind", ["moto's", "ours"])
def test_adding_a_tag_replaces_its_value(sagemaker, kind):
    if kind == "ours":
        arn = sagemaker.create_feature_group(**feature_group("tags"), Tags=[{"Key": "a", "Value": "1"}])[
            "FeatureGroupArn"
        ]
    else:
        arn = sagemaker.create_model(
            ModelName="tags", ExecutionRoleArn=ROLE, PrimaryContainer={"Image": IMAGE},
            Tags=[{"Key": "a", "Value": "1"}],
        )["ModelArn"]  # fmt: skip
    sagemaker.add_tags(ResourceArn=arn, Tags=[{"Key": "a", "Value": "2"}, {"Key": "b", "Value": "3"}])
    tags = sagemaker.list_tags(ResourceArn=arn)["Tags"]
    assert sorted((tag["Key"], tag["Value"]) for tag in tags) == [("a", "2"), ("b", "3")]
    sagemaker.delete_tags(ResourceArn=arn, TagKeys=["a"])
    assert sagemaker.list_tags(ResourceArn=arn)["Tags"] == [{"Key": "b", "Value": "3"}]


def test_a_new_vpcs_default_group_lets_its_own_members_in_and_everything_out(account):
    ec2 = account.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    (group,) = ec2.describe_security_groups(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["SecurityGroups"]
    assert group["GroupName"] == "default"
    (inward,) = group["IpPermissions"]
    assert [pair["GroupId"] for pair in inward["UserIdGroupPairs"]] == [group["GroupId"]]
    assert group["IpPermissionsEgress"][0]["IpRanges"] == [{"CidrIp": "0.0.0.0/0"}]


@pytest.mark.parametrize("by", ["name", "ARN"])
def test_a_package_names_its_group_either_way(sagemaker, by):
    name = f"group-{by.lower()}"
    arn = sagemaker.create_model_package_group(ModelPackageGroupName=name)["ModelPackageGroupArn"]
    packages = [
        sagemaker.create_model_package(ModelPackageGroupName=name if by == "name" else arn)["ModelPackageArn"]
        for _ in range(2)
    ]
    assert packages == [f"{ARN}:model-package/{name}/{number}" for number in (1, 2)]
    assert sagemaker.describe_model_package(ModelPackageName=packages[1])["ModelPackageVersion"] == 2


def test_a_group_is_deleted_once_it_is_empty_and_numbers_are_not_given_again(sagemaker):
    sagemaker.create_model_package_group(ModelPackageGroupName="emptied")
    first = sagemaker.create_model_package(ModelPackageGroupName="emptied")["ModelPackageArn"]
    assert "contains" in refused(sagemaker.delete_model_package_group, ModelPackageGroupName="emptied")
    sagemaker.delete_model_package(ModelPackageName=first)
    sagemaker.delete_model_package_group(ModelPackageGroupName="emptied")
    assert "emptied" in refused(sagemaker.delete_model_package_group, ModelPackageGroupName="emptied")
    assert "model-package" in refused(sagemaker.delete_model_package, ModelPackageName=first)


DENIED = "403: Forbidden"
TLS_ONLY = {
    "Effect": "Deny", "Principal": "*", "Action": "s3:*",
    "Condition": {"Bool": {"aws:SecureTransport": "false"}},
}  # fmt: skip
ENCRYPTED = {
    "Effect": "Deny", "Principal": "*", "Action": "s3:PutObject",
    "Condition": {"StringNotEqualsIfExists": {"s3:x-amz-server-side-encryption": "aws:kms"}},
}  # fmt: skip


def bucket(account: EmbeddedAccount, name: str, *statements: dict[str, Any]) -> Any:
    s3 = account.client("s3")
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
    if statements:
        resource = [f"arn:aws:s3:::{name}", f"arn:aws:s3:::{name}/*"]
        document = {"Version": "2012-10-17", "Statement": [{**item, "Resource": resource} for item in statements]}
        s3.put_bucket_policy(Bucket=name, Policy=json.dumps(document))
    return s3


def test_a_policy_that_denies_plain_http_denies_nothing_over_tls(account):
    s3 = bucket(account, "tls-only", TLS_ONLY)
    s3.put_object(Bucket="tls-only", Key="k", Body=b"x")
    assert s3.get_object(Bucket="tls-only", Key="k")["Body"].read() == b"x"


@pytest.mark.parametrize(
    ("sent", "allowed"),
    [({}, False), ({"ServerSideEncryption": "aws:kms"}, True), ({"ServerSideEncryption": "AES256"}, False)],
)
def test_a_policy_that_demands_encryption_looks_at_the_request(account, sent, allowed):
    name = f"encrypted-{'-'.join(sent.values()).replace(':', '-').lower() or 'not'}"
    s3 = bucket(account, name, TLS_ONLY, ENCRYPTED)
    if allowed:
        s3.put_object(Bucket=name, Key="k", Body=b"x", **sent)
    else:
        assert refused(s3.put_object, Bucket=name, Key="k", Body=b"x", **sent) == DENIED


def test_a_statement_without_condition_still_denies(account):
    s3 = bucket(account, "denied", {"Effect": "Deny", "Principal": "*", "Action": "s3:PutObject"})
    assert refused(s3.put_object, Bucket="denied", Key="k", Body=b"x") == DENIED


@pytest.mark.parametrize(("sent", "algorithm"), [({}, "aws:kms"), ({"ServerSideEncryption": "AES256"}, "AES256")])
def test_a_copy_in_place_is_encrypted_as_its_bucket_says_unless_the_call_does(account, sent, algorithm):
    name = f"copied-{algorithm.replace(':', '-').lower()}"
    s3, key = bucket(account, name), f"arn:aws:kms:{REGION}:{ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
    by_default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}
    rule = {"ApplyServerSideEncryptionByDefault": by_default, "BucketKeyEnabled": True}
    s3.put_bucket_encryption(Bucket=name, ServerSideEncryptionConfiguration={"Rules": [rule]})
    s3.put_object(Bucket=name, Key="k", Body=b"x")
    s3.copy_object(Bucket=name, Key="k", CopySource={"Bucket": name, "Key": "k"}, **sent)
    shown = s3.head_object(Bucket=name, Key="k")
    expected = (algorithm, key, True) if algorithm == "aws:kms" else (algorithm, None, None)
    assert tuple(shown.get(what) for what in ("ServerSideEncryption", "SSEKMSKeyId", "BucketKeyEnabled")) == expected


def test_access_logs_may_go_where_a_policy_of_several_statements_allows_the_service(account):
    bucket(account, "logged")
    s3 = bucket(
        account, "logs-target", TLS_ONLY,
        {"Effect": "Allow", "Principal": {"Service": ["logging.s3.amazonaws.com"]}, "Action": "s3:PutObject"},
    )  # fmt: skip
    enabled = {"TargetBucket": "logs-target", "TargetPrefix": "logged/"}
    s3.put_bucket_logging(Bucket="logged", BucketLoggingStatus={"LoggingEnabled": enabled})
    assert s3.get_bucket_logging(Bucket="logged")["LoggingEnabled"] == enabled


CANARY = {"BlueGreenUpdatePolicy": {"TrafficRoutingConfiguration": {
    "Type": "CANARY", "WaitIntervalInSeconds": 60, "CanarySize": {"Type": "CAPACITY_PERCENT", "Value": 10},
}}}  # fmt: skip


def shares(sagemaker: Any, endpoint: str) -> dict[str, tuple[float, int]]:
    described = sagemaker.describe_endpoint(EndpointName=endpoint)
    return {
        item["VariantName"]: (item["CurrentWeight"], item["CurrentInstanceCount"])
        for item in described["ProductionVariants"]
    }


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, {"a": (1.0, 4), "new": (1.0, 2)}),
        ({"RetainAllVariantProperties": True}, {"a": (9.0, 2), "new": (1.0, 2)}),
        (
            {"RetainAllVariantProperties": True,
             "ExcludeRetainedVariantProperties": [{"VariantPropertyType": "DesiredWeight"}]},
            {"a": (1.0, 2), "new": (1.0, 2)},
        ),
    ],
    ids=["as configured", "retained", "retained but weights"],
)  # fmt: skip
def test_an_update_keeps_weights_and_counts_where_it_is_asked_to(sagemaker, options, expected):
    name = f"update-{len(options)}"
    config(sagemaker, f"{name}-1", variant("a"), variant("b"))
    config(sagemaker, f"{name}-2", variant("a", InitialInstanceCount=4), variant("new"))
    sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=f"{name}-1")
    sagemaker.update_endpoint_weights_and_capacities(
        EndpointName=name, DesiredWeightsAndCapacities=[{"VariantName": "a", "DesiredWeight": 9.0}]
    )
    sagemaker.update_endpoint(EndpointName=name, EndpointConfigName=f"{name}-2", **options)
    assert shares(sagemaker, name) == expected
    described = sagemaker.describe_endpoint(EndpointName=name)
    assert (described["EndpointConfigName"], described["EndpointStatus"]) == (f"{name}-2", "InService")


def test_the_last_deployment_configuration_is_described(sagemaker):
    config(sagemaker, "guarded-1")
    config(sagemaker, "guarded-2")
    sagemaker.create_endpoint(EndpointName="guarded", EndpointConfigName="guarded-1")
    assert "LastDeploymentConfig" not in sagemaker.describe_endpoint(EndpointName="guarded")
    sagemaker.update_endpoint(EndpointName="guarded", EndpointConfigName="guarded-2", DeploymentConfig=CANARY)
    assert sagemaker.describe_endpoint(EndpointName="guarded")["LastDeploymentConfig"] == CANARY


@pytest.mark.parametrize(
    ("operation", "call", "said"),
    [
        ("update_endpoint", {"EndpointName": "none", "EndpointConfigName": "taken"}, 'Could not find endpoint "none"'),
        ("update_endpoint", {"EndpointName": "taken", "EndpointConfigName": "none"}, "endpoint configuration"),
        ("create_endpoint", {"EndpointName": "taken", "EndpointConfigName": "taken"}, "already existing endpoint"),
    ],
)
def test_an_endpoint_that_is_not_there_or_there_already_is_an_error(sagemaker, operation, call, said):
    if not any(item["EndpointName"] == "taken" for item in sagemaker.list_endpoints()["Endpoints"]):
        sagemaker.create_endpoint(EndpointName="taken", EndpointConfigName=config(sagemaker, "taken"))
    assert said in refused(getattr(sagemaker, operation), **call)


@pytest.mark.parametrize(
    ("create", "describe", "call"),
    [
        (
            "create_endpoint_config", "describe_endpoint_config",
            {"EndpointConfigName": "full", "ProductionVariants": [variant()],
             "ShadowProductionVariants": [variant("s")],
             "EnableNetworkIsolation": True, "ExecutionRoleArn": ROLE},
        ),
        (
            "create_model", "describe_model",
            {"ModelName": "isolated", "ExecutionRoleArn": ROLE, "PrimaryContainer": {"Image": IMAGE},
             "EnableNetworkIsolation": True, "VpcConfig": {"Subnets": ["subnet-1"], "SecurityGroupIds": ["sg-1"]}},
        ),
    ],
)  # fmt: skip
def test_a_description_shows_all_that_was_sent(sagemaker, create, describe, call):
    config(sagemaker, f"before-{create}".replace("_", "-"))
    getattr(sagemaker, create)(**call)
    name = next(key for key in call if key in {"EndpointConfigName", "ModelName"})
    described = getattr(sagemaker, describe)(**{name: call[name]})
    assert {key: described.get(key) for key in call} == call


def feature_group(name: str, **more: Any) -> dict[str, Any]:
    types = {"id": "String", "at": "String", "age": "Integral", "rate": "Fractional"}
    return {
        "FeatureGroupName": name, "RecordIdentifierFeatureName": "id", "EventTimeFeatureName": "at",
        "FeatureDefinitions": [{"FeatureName": key, "FeatureType": kind} for key, kind in types.items()],
        "OnlineStoreConfig": {"EnableOnlineStore": True}, **more,
    }  # fmt: skip


def test_a_feature_group_may_be_online_only(sagemaker):
    sagemaker.create_feature_group(**feature_group("online-only"))
    described = sagemaker.describe_feature_group(FeatureGroupName="online-only")
    assert described["OnlineStoreConfig"] == {"EnableOnlineStore": True}
    assert "OfflineStoreConfig" not in described
    assert described["FeatureGroupStatus"] == "Created"
    assert described["FeatureGroupArn"] == f"{ARN}:feature-group/online-only"


def test_an_offline_store_gets_its_path_and_table(sagemaker):
    offline = {"S3StorageConfig": {"S3Uri": "s3://features/prefix/"}}
    sagemaker.create_feature_group(**feature_group("offline"), OfflineStoreConfig=offline)
    described = sagemaker.describe_feature_group(FeatureGroupName="offline")["OfflineStoreConfig"]
    path = described["S3StorageConfig"]["ResolvedOutputS3Uri"]
    assert path.startswith(f"s3://features/prefix/{ACCOUNT}/sagemaker/{REGION}/offline-store/offline-")
    assert path.endswith("/data")
    assert described["DataCatalogConfig"]["Catalog"] == "AwsDataCatalog"


def test_a_feature_group_can_grow_and_go(sagemaker):
    sagemaker.create_feature_group(**feature_group("grows"))
    more = [{"FeatureName": "new", "FeatureType": "String"}]
    sagemaker.update_feature_group(FeatureGroupName="grows", FeatureAdditions=more)
    described = sagemaker.describe_feature_group(FeatureGroupName="grows")
    assert [item["FeatureName"] for item in described["FeatureDefinitions"]] == ["id", "at", "age", "rate", "new"]
    sagemaker.delete_feature_group(FeatureGroupName="grows")
    assert "ResourceNotFound" in refused(sagemaker.describe_feature_group, FeatureGroupName="grows")


@pytest.fixture
def records(account) -> Any:
    return account.client("sagemaker-featurestore-runtime")


def record(**values: Any) -> list[dict[str, str]]:
    full = {"id": "1", "at": "2026-01-01T00:00:00Z", "age": "40", **values}
    return [{"FeatureName": key, "ValueAsString": value} for key, value in full.items() if value is not None]


def values(answer: dict[str, Any]) -> dict[str, str]:
    return {item["FeatureName"]: item["ValueAsString"] for item in answer.get("Record", [])}


def test_records_are_put_read_and_deleted_and_the_latest_event_wins(sagemaker, records):
    sagemaker.create_feature_group(**feature_group("records"))
    put = {"FeatureGroupName": "records"}
    get = {**put, "RecordIdentifierValueAsString": "1"}
    assert values(records.get_record(**get)) == {}
    records.put_record(**put, Record=record(at="2026-01-02T00:00:00Z", age="41"))
    records.put_record(**put, Record=record(age="40"))
    assert values(records.get_record(**get))["age"] == "41", "an older event does not overwrite"
    assert values(records.get_record(**get, FeatureNames=["age"])) == {"age": "41"}
    records.delete_record(**get, EventTime="2026-01-03T00:00:00Z")
    assert values(records.get_record(**get)) == {}


def test_records_of_several_groups_are_read_at_once_with_an_error_beside_each_refused(sagemaker, records):
    for name in ("batch-a", "batch-b"):
        sagemaker.create_feature_group(**feature_group(name))
        records.put_record(FeatureGroupName=name, Record=record(age=str(len(name))))
    asked = [
        {"FeatureGroupName": name, "RecordIdentifiersValueAsString": ["1", "2"]} for name in ("batch-a", "batch-b", "x")
    ]
    answer = records.batch_get_record(Identifiers=asked)
    assert [(item["FeatureGroupName"], item["RecordIdentifierValueAsString"]) for item in answer["Records"]] == [
        ("batch-a", "1"), ("batch-b", "1"),
    ]  # fmt: skip
    assert {(item["FeatureGroupName"], item["ErrorCode"]) for item in answer["Errors"]} == {("x", "ResourceNotFound")}


@pytest.mark.parametrize(
    ("put", "said"),
    [
        ({"Record": record(id=None)}, "Missing required feature id"),
        ({"Record": record(at=None)}, "Missing required feature at"),
        ({"Record": record(at="yesterday")}, "is not ISO-8601"),
        ({"Record": record(age="4.5")}, "age is Integral"),
        ({"Record": record(rate="high")}, "rate is Fractional"),
        ({"Record": record(other="x")}, "other is not defined"),
        ({"Record": record(), "FeatureGroupName": "nowhere"}, "ResourceNotFound"),
    ],
)
def test_a_record_that_does_not_fit_its_group_is_refused(sagemaker, records, put, said):
    if (
        "FeatureGroupSummaries" in (listed := sagemaker.list_feature_groups(NameContains="strict"))
        and not listed["FeatureGroupSummaries"]
    ):
        sagemaker.create_feature_group(**feature_group("strict"))
    assert said in refused(records.put_record, **{"FeatureGroupName": "strict", **put})


def test_a_monitoring_schedule_lives_from_scheduled_over_stopped_to_gone(sagemaker):
    create_job_definition(sagemaker, "DataQuality", "quality")
    name = {"MonitoringScheduleName": "daily"}
    rule = {"MonitoringJobDefinitionName": "quality", "MonitoringType": "DataQuality"}
    hourly, daily = ({"ScheduleConfig": {"ScheduleExpression": f"cron(0 {hour} ? * * *)"}, **rule} for hour in "*6")
    created = sagemaker.create_monitoring_schedule(**name, MonitoringScheduleConfig=hourly)
    assert created["MonitoringScheduleArn"] == f"{ARN}:monitoring-schedule/daily"
    assert sagemaker.describe_monitoring_schedule(**name)["MonitoringScheduleStatus"] == "Scheduled"
    sagemaker.stop_monitoring_schedule(**name)
    assert sagemaker.describe_monitoring_schedule(**name)["MonitoringScheduleStatus"] == "Stopped"
    sagemaker.start_monitoring_schedule(**name)
    sagemaker.update_monitoring_schedule(**name, MonitoringScheduleConfig=daily)
    described = sagemaker.describe_monitoring_schedule(**name)
    assert (described["MonitoringScheduleStatus"], described["MonitoringScheduleConfig"]) == ("Scheduled", daily)
    listed = sagemaker.list_monitoring_schedules()["MonitoringScheduleSummaries"]
    assert [item["MonitoringScheduleName"] for item in listed] == ["daily"]
    sagemaker.delete_monitoring_schedule(**name)
    assert "ResourceNotFound" in refused(sagemaker.describe_monitoring_schedule, **name)


# noun, plural, what identifies it, what it is created with, what is changed
DERIVED = [
    ("Image", "Images", {"ImageName": "x"}, {"RoleArn": ROLE}, {"Description": "new"}),
    ("CodeRepository", "CodeRepositories", {"CodeRepositoryName": "x"},
     {"GitConfig": {"RepositoryUrl": "https://git.example.com/x"}}, None),
    ("StudioLifecycleConfig", "StudioLifecycleConfigs", {"StudioLifecycleConfigName": "x"},
     {"StudioLifecycleConfigContent": "eA==", "StudioLifecycleConfigAppType": "JupyterLab"}, None),
    ("AppImageConfig", "AppImageConfigs", {"AppImageConfigName": "x"}, {},
     {"KernelGatewayImageConfig": {"KernelSpecs": [{"Name": "k"}]}}),
    ("FlowDefinition", "FlowDefinitions", {"FlowDefinitionName": "x"},
     {"OutputConfig": {"S3OutputPath": "s3://b/x"}, "RoleArn": ROLE}, None),
    ("Context", "Contexts", {"ContextName": "x"},
     {"Source": {"SourceUri": "s3://b/x"}, "ContextType": "t"}, {"Description": "new"}),
    ("Project", "Projects", {"ProjectName": "x"}, {"ProjectDescription": "d"}, {"ProjectDescription": "new"}),
    ("MlflowTrackingServer", "MlflowTrackingServers", {"TrackingServerName": "x"},
     {"ArtifactStoreUri": "s3://b/x", "RoleArn": ROLE}, {"ArtifactStoreUri": "s3://b/y"}),
]  # fmt: skip


def method(client: Any, operation: str) -> Any:
    from botocore import xform_name

    return getattr(client, xform_name(operation))


@pytest.mark.parametrize(("noun", "plural", "name", "sent", "changed"), DERIVED, ids=[row[0] for row in DERIVED])
def test_kinds_that_moto_lacks_are_created_described_listed_changed_and_deleted(
    sagemaker, noun, plural, name, sent, changed
):
    def asked(operation: str, **more: Any) -> dict[str, Any]:
        answer: dict[str, Any] = method(sagemaker, operation)(**name, **more)
        answer.pop("ResponseMetadata")
        return answer

    asked(f"Create{noun}", **sent)
    described = asked(f"Describe{noun}")
    assert {key: described.get(key) for key in (*name, *sent)} == {**name, **sent}
    assert any(str(value).startswith(f"{ARN}:") for value in described.values())
    (listing,) = (value for value in method(sagemaker, f"List{plural}")().values() if isinstance(value, list))
    assert len(listing) == 1
    assert set(name.values()) & {value for value in listing[0].values() if isinstance(value, str)}
    assert refused(lambda: asked(f"Create{noun}", **sent)).startswith("ResourceInUse")
    if changed is not None:
        asked(f"Update{noun}", **changed)
        described = asked(f"Describe{noun}")
        assert {key: described.get(key) for key in changed} == changed
    asked(f"Delete{noun}")
    assert "ResourceNotFound" in refused(lambda: asked(f"Describe{noun}"))
    assert [value for value in method(sagemaker, f"List{plural}")().values() if isinstance(value, list)] == [[]]


def test_lists_are_paged_and_filtered(sagemaker):
    for number in range(5):
        sagemaker.create_image(ImageName=f"paged-{number}", RoleArn=ROLE)
    pages = list(
        sagemaker.get_paginator("list_images").paginate(NameContains="paged", PaginationConfig={"PageSize": 2})
    )
    assert [len(page["Images"]) for page in pages] == [2, 2, 1]
    assert len({image["ImageName"] for page in pages for image in page["Images"]}) == 5
    assert sagemaker.list_images(NameContains="paged-3")["Images"][0]["ImageName"] == "paged-3"


def packaged(code: str) -> bytes:
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w:gz") as archive:
        entry = tarfile.TarInfo("code/inference.py")
        entry.size = len(code.encode())
        archive.addfile(entry, io.BytesIO(code.encode()))
    return plain.getvalue()


CODE = """
def model_fn(folder): return None
def input_fn(body, content_type): return body.decode()
def predict_fn(data, model):
    if data == "boom": raise ZeroDivisionError("too much")
    return data.upper()
def output_fn(prediction, accept): return prediction, accept
"""


@pytest.fixture(scope="module")
def served(account) -> str:
    """Return the name of an endpoint that captures what it is asked."""
    s3, sagemaker = bucket(account, "served"), account.client("sagemaker")
    s3.put_object(Bucket="served", Key="model.tar.gz", Body=packaged(CODE))
    container = {"Image": IMAGE, "ModelDataUrl": "s3://served/model.tar.gz"}
    sagemaker.create_model(ModelName="served", ExecutionRoleArn=ROLE, PrimaryContainer=container)
    capture = {"EnableCapture": True, "InitialSamplingPercentage": 100, "DestinationS3Uri": "s3://served/capture",
               "CaptureOptions": [{"CaptureMode": "Input"}, {"CaptureMode": "Output"}]}  # fmt: skip
    config(sagemaker, "served", variant(ModelName="served"), DataCaptureConfig=capture)
    sagemaker.create_endpoint(EndpointName="served", EndpointConfigName="served")
    return "served"


def test_an_endpoint_answers_with_its_models_code_and_captures_the_request(account, served):
    runtime, s3 = account.client("sagemaker-runtime"), account.client("s3")
    answer = runtime.invoke_endpoint(EndpointName=served, ContentType="text/csv", Body=b"abc")
    assert (answer["Body"].read(), answer["ContentType"]) == (b"ABC", "text/csv")
    assert answer["InvokedProductionVariant"] == "live"
    (captured,) = s3.list_objects_v2(Bucket="served", Prefix="capture/served/live/")["Contents"]
    (line,) = s3.get_object(Bucket="served", Key=captured["Key"])["Body"].read().splitlines()
    data = json.loads(line)["captureData"]
    assert (data["endpointInput"]["data"], data["endpointOutput"]["data"]) == ("abc", "ABC")


@pytest.mark.parametrize(
    ("call", "said"),
    [
        ({"EndpointName": "nowhere", "Body": b""}, "ValidationError: Endpoint nowhere"),
        ({"Body": b"", "TargetVariant": "other"}, "ValidationError: Variant other not found"),
        ({"Body": b"boom"}, "ModelError: predict_fn raised ZeroDivisionError: too much"),
    ],
)
def test_a_request_that_cannot_be_answered_is_an_error(account, served, call, said):
    assert said in refused(account.client("sagemaker-runtime").invoke_endpoint, **{"EndpointName": served, **call})


def test_an_endpoint_whose_model_has_no_package_is_unavailable(account, sagemaker):
    config(sagemaker, "empty")
    sagemaker.create_endpoint(EndpointName="empty", EndpointConfigName="empty")
    said = refused(account.client("sagemaker-runtime").invoke_endpoint, EndpointName="empty", Body=b"")
    assert "the container has no ModelDataUrl" in said


def test_the_back_end_of_an_operation_is_told(account):
    assert account.backend_of("sagemaker", "UpdateEndpoint") == "gap filler"
    assert account.backend_of("sagemaker", "CreateFeatureGroup") == "gap filler"
    assert account.backend_of("sagemaker-featurestore-runtime", "PutRecord") == "gap filler"
    assert account.backend_of("sagemaker", "CreateModel") == "moto"
    assert account.backend_of("s3", "CreateBucket") == "moto"

"""Small programs, applied to an embedded account through the real driver: created, changed, replaced, deleted, read."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pulumi
import pulumi_aws as aws
import pulumi_aws_native as aws_native
import pytest
from tests.support.fake_driver import named

from mlops_estate.embedded.account import EmbeddedAccount
from mlops_estate.embedded.driver import AwsDriver
from mlops_estate.engine import destroy, read_back, run_program
from mlops_estate.faults import FaultsFound
from mlops_estate.graph import ResourceGraph

ACCOUNT, REGION = "123456789012", "eu-west-1"
TRUST = json.dumps({
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "sagemaker.amazonaws.com"}, "Action": "sts:AssumeRole"}
    ],
})  # fmt: skip
IMAGE = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/model:1"


@pytest.fixture
def account() -> Iterator[EmbeddedAccount]:
    with EmbeddedAccount(REGION) as standing:
        yield standing


@pytest.fixture
def driver(account) -> AwsDriver:
    return AwsDriver(account)


def apply(program: Callable[[], Any], driver: AwsDriver, previous: ResourceGraph | None = None) -> ResourceGraph:
    return run_program(program, stack="test", config={"aws:region": REGION}, driver=driver, previous=previous)


def refused(program: Callable[[], Any], driver: AwsDriver) -> list[tuple[str, str, Any, str]]:
    """Return the faults of a program: the resource's name, the path, the value and the rule."""
    with pytest.raises(FaultsFound) as caught:
        apply(program, driver)
    return [(fault.urn.rsplit("::")[-1], fault.where, fault.value, fault.rule) for fault in caught.value.faults]


def serving(instance: str = "ml.m5.large", weight: float = 1.0, **deployment: Any) -> None:
    """Declare a role, a model, an endpoint configuration and an endpoint."""
    role = aws.iam.Role("role", assume_role_policy=TRUST)
    model = aws.sagemaker.Model("model", execution_role_arn=role.arn, primary_container={"image": IMAGE})
    config = aws.sagemaker.EndpointConfiguration(
        "config",
        production_variants=[{
            "variant_name": "live", "model_name": model.name, "instance_type": instance, "initial_instance_count": 2,
            "initial_variant_weight": weight,
        }],
    )  # fmt: skip
    aws_native.sagemaker.Endpoint("endpoint", endpoint_config_name=config.name, **deployment)


def test_what_is_created_stands_in_the_account_with_its_outputs(account, driver):
    def program():
        key = aws.kms.Key("key", description="d", enable_key_rotation=True, tags={"team": "ml"})
        bucket = aws.s3.Bucket("bucket", bucket="mlops-test-raw", force_destroy=True)
        aws.s3.BucketServerSideEncryptionConfiguration(
            "encryption",
            bucket=bucket.id,
            rules=[{"apply_server_side_encryption_by_default": {"sse_algorithm": "aws:kms",
                                                                "kms_master_key_id": key.arn},
                    "bucket_key_enabled": True}],
        )  # fmt: skip
        pulumi.export("key", key.arn)
        pulumi.export("bucket", bucket.arn)

    graph = apply(program, driver)
    kms, s3 = account.client("kms"), account.client("s3")
    described = kms.describe_key(KeyId=graph.stack_outputs["key"])["KeyMetadata"]
    assert described["Description"] == "d"
    assert kms.get_key_rotation_status(KeyId=described["KeyId"])["KeyRotationEnabled"]
    assert kms.list_resource_tags(KeyId=described["KeyId"])["Tags"] == [{"TagKey": "team", "TagValue": "ml"}]
    rule = s3.get_bucket_encryption(Bucket="mlops-test-raw")["ServerSideEncryptionConfiguration"]["Rules"][0]
    assert rule["ApplyServerSideEncryptionByDefault"]["KMSMasterKeyID"] == graph.stack_outputs["key"]
    assert rule["BucketKeyEnabled"]
    assert graph.stack_outputs["bucket"] == "arn:aws:s3:::mlops-test-raw"
    assert all(result.equal for _, result in read_back(graph, driver))


def test_default_tags_of_the_explicit_provider_reach_the_account(account, driver):
    def program():
        provider = aws.Provider("aws", region=REGION, default_tags={"tags": {"team": "ml", "env": "dev"}})
        options = pulumi.ResourceOptions(provider=provider)
        aws.sns.Topic("topic", name="alerts", tags={"env": "own"}, opts=options)

    graph = apply(program, driver)
    tags = account.client("sns").list_tags_for_resource(ResourceArn=named(graph)["topic"].id)["Tags"]
    assert {tag["Key"]: tag["Value"] for tag in tags} == {"team": "ml", "env": "own"}
    assert named(graph)["topic"].outputs["tagsAll"] == {"team": "ml", "env": "own"}


@pytest.mark.parametrize(
    ("provider", "where"),
    [({"region": "us-east-1"}, "region"), ({"allowed_account_ids": ["999999999999"]}, "allowedAccountIds")],
)
def test_a_provider_for_elsewhere_is_refused(driver, provider, where):
    faults = refused(lambda: aws.Provider("aws", **{"region": REGION, **provider}), driver)
    assert [(name, path) for name, path, *_ in faults] == [("aws", where)]


def alarm(threshold: float = 1, **more: Any) -> None:
    aws.cloudwatch.MetricAlarm(
        "alarm", name="alarm", comparison_operator="GreaterThanThreshold", evaluation_periods=1, threshold=threshold,
        metric_name="Errors", namespace="AWS/SageMaker", period=60, statistic="Sum", **more,
    )  # fmt: skip


def group(retention: int) -> None:
    aws.cloudwatch.LogGroup("group", name="/mlops/x", retention_in_days=retention, tags={"days": str(retention)})


def role(description: str) -> None:
    aws.iam.Role("role", name="mlops-role", assume_role_policy=TRUST, description=description, tags={"d": description})


def document(sid: str) -> str:
    statement = {"Sid": sid, "Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def bucket_policy(sid: str) -> None:
    aws.s3.BucketPolicy("policy", bucket=aws.s3.Bucket("bucket", bucket="mlops-test-b").id, policy=document(sid))


CHANGES = [
    (alarm, 1, 2, "alarm", "cloudwatch", "describe_alarms", {}, "MetricAlarms[0].Threshold", 2.0),
    (group, 7, 30, "group", "logs", "describe_log_groups", {}, "logGroups[0].retentionInDays", 30),
    (group, 7, 30, "group", "logs", "list_tags_log_group", {"logGroupName": "/mlops/x"}, "tags.days", "30"),
    (role, "a", "b", "role", "iam", "get_role", {"RoleName": "mlops-role"}, "Role.Description", "b"),
    (role, "a", "b", "role", "iam", "list_role_tags", {"RoleName": "mlops-role"}, "Tags[0].Value", "b"),
    (bucket_policy, "a", "b", "policy", "s3", "get_bucket_policy", {"Bucket": "mlops-test-b"}, "Policy",
     document("b")),
]  # fmt: skip


@pytest.mark.parametrize(("declare", "before", "after", "name", "service", "method", "call", "path", "value"), CHANGES)
def test_a_change_is_made_in_place(account, driver, declare, before, after, name, service, method, call, path, value):
    import jmespath

    first = apply(lambda: declare(before), driver)
    second = apply(lambda: declare(after), driver, first)
    node = named(second)[name]
    assert (node.status, node.id) == ("updated", named(first)[name].id)
    assert jmespath.search(path, getattr(account.client(service), method)(**call)) == value
    assert all(result.equal for _, result in read_back(second, driver))


def test_what_cannot_be_changed_is_replaced_and_who_uses_it_follows(account, driver):
    first = apply(serving, driver)
    second = apply(lambda: serving("ml.c6i.large"), driver, first)
    assert {name: node.status for name, node in named(second).items() if node.custom} == {
        "role": "unchanged", "model": "unchanged", "config": "replaced", "endpoint": "updated",
    }  # fmt: skip
    old, new = (named(graph)["config"].outputs["name"] for graph in (first, second))
    assert old != new
    sagemaker = account.client("sagemaker")
    described = sagemaker.describe_endpoint(EndpointName=named(second)["endpoint"].id)
    assert described["EndpointConfigName"] == new
    listed = sagemaker.list_endpoint_configs()["EndpointConfigs"]
    assert [item["EndpointConfigName"] for item in listed] == [new]
    assert all(result.equal for _, result in read_back(second, driver))


def test_a_changed_name_replaces(account, driver):
    first = apply(lambda: aws.sns.Topic("topic", name="one"), driver)
    second = apply(lambda: aws.sns.Topic("topic", name="two"), driver, first)
    assert named(second)["topic"].status == "replaced"
    topics = [topic["TopicArn"] for topic in account.client("sns").list_topics()["Topics"]]
    assert topics == [f"arn:aws:sns:{REGION}:{ACCOUNT}:two"]


def test_what_is_no_longer_declared_goes(account, driver):
    def both():
        aws.sns.Topic("stays", name="stays")
        aws.sns.Topic("goes", name="goes")

    first = apply(both, driver)
    apply(lambda: aws.sns.Topic("stays", name="stays"), driver, first)
    assert [topic["TopicArn"].rsplit(":")[-1] for topic in account.client("sns").list_topics()["Topics"]] == ["stays"]


def test_an_estate_is_torn_down_and_its_key_waits(account, driver):
    def program():
        key = aws.kms.Key("key", deletion_window_in_days=7)
        bucket = aws.s3.Bucket("bucket", bucket="mlops-test-b", force_destroy=True)
        aws.s3.BucketVersioning("versioning", bucket=bucket.id, versioning_configuration={"status": "Enabled"})
        aws.kms.Alias("alias", name="alias/mlops", target_key_id=key.id)
        serving()

    graph = apply(program, driver)
    s3 = account.client("s3")
    for body in (b"1", b"2"):
        s3.put_object(Bucket="mlops-test-b", Key="k", Body=body)
    s3.delete_object(Bucket="mlops-test-b", Key="k")
    report = destroy(graph, driver)
    assert (report.faults, report.kept) == ([], {})
    assert s3.list_buckets()["Buckets"] == []
    assert account.client("iam").list_roles()["Roles"] == []
    for listed in ("list_models", "list_endpoint_configs", "list_endpoints"):
        answer = getattr(account.client("sagemaker"), listed)()
        assert [value for key, value in answer.items() if key != "ResponseMetadata"] == [[]]
    (left,) = report.expected_left
    assert "waits for its deletion window to pass" in left
    key_id = left.split()[2]
    assert account.client("kms").describe_key(KeyId=key_id)["KeyMetadata"]["KeyState"] == "PendingDeletion"


def test_a_bucket_with_data_is_kept_outside_development(account, driver):
    graph = apply(lambda: bucket_policy("a"), driver)
    account.client("s3").put_object(Bucket="mlops-test-b", Key="k", Body=b"x")
    report = destroy(graph, driver)
    assert {urn.rsplit("::")[-1] for urn in report.kept} == {"bucket", "policy"}
    assert report.expected_left == ["bucket mlops-test-b keeps 1 object version: only development buckets are emptied"]
    assert account.client("s3").get_bucket_policy(Bucket="mlops-test-b")["Policy"] == document("a")


def test_reading_back_notices_what_somebody_else_changed(account, driver):
    graph = apply(lambda: (alarm(), group(7), serving()), driver)
    account.client("logs").put_retention_policy(logGroupName="/mlops/x", retentionInDays=14)
    account.client("cloudwatch").delete_alarms(AlarmNames=["alarm"])
    changed = account.client("cloudwatch")
    assert changed.describe_alarms()["MetricAlarms"] == []
    sagemaker = account.client("sagemaker")
    sagemaker.delete_endpoint(EndpointName=named(graph)["endpoint"].id)
    unequal = {urn.rsplit("::")[-1]: result for urn, result in read_back(graph, driver) if not result.equal}
    assert set(unequal) == {"alarm", "endpoint"}
    assert unequal["alarm"].differences == ("DescribeAlarms does not find it",)


def test_an_object_is_stored_from_text_or_a_file_and_follows_its_content(account, driver, tmp_path):
    file = tmp_path / "f.txt"

    def program(text: str):
        file.write_text(f"file {text}")
        bucket = aws.s3.Bucket("bucket", bucket="mlops-test-b", force_destroy=True)
        aws.s3.BucketObjectv2("text", bucket=bucket.id, key="text", content=text)
        aws.s3.BucketObjectv2("asset", bucket=bucket.id, key="asset", source=pulumi.StringAsset(f"asset {text}"))
        aws.s3.BucketObjectv2("file", bucket=bucket.id, key="file", source=pulumi.FileAsset(str(file)))

    first = apply(lambda: program("one"), driver)
    second = apply(lambda: program("two"), driver, first)
    s3 = account.client("s3")
    stored = {key: s3.get_object(Bucket="mlops-test-b", Key=key)["Body"].read() for key in ("text", "asset", "file")}
    assert stored == {"text": b"two", "asset": b"asset two", "file": b"file two"}
    assert {named(second)[name].status for name in stored} == {"updated"}
    assert {node.status for node in apply(lambda: program("two"), driver, second).custom_nodes()} == {"unchanged"}


def canary(share: int, wait: int = 60) -> dict[str, Any]:
    return {"deployment_config": {"blue_green_update_policy": {"traffic_routing_configuration": {
        "type": "CANARY", "wait_interval_in_seconds": wait,
        "canary_size": {"type": "CAPACITY_PERCENT", "value": share},
    }}}}  # fmt: skip


def dangling() -> None:
    aws.sagemaker.Model(
        "model", execution_role_arn=f"arn:aws:iam::{ACCOUNT}:role/nobody", primary_container={"image": IMAGE}
    )


def unknown_field() -> None:
    bucket = aws.s3.Bucket("bucket", bucket="mlops-test-b")
    aws.s3.BucketVersioning("versioning", bucket=bucket.id, versioning_configuration={"stattus": "Enabled"})


REFUSED = [
    (dangling, "model", "executionRoleArn", f"arn:aws:iam::{ACCOUNT}:role/nobody", "there is no such IAM role"),
    (lambda: serving("ml.m5.larg"), "config", "productionVariants[0].instanceType", "ml.m5.larg", "must be one of"),
    (lambda: serving(weight=-1), "config", "productionVariants[0].initialVariantWeight", -1, "must be at least 0"),
    (lambda: serving(**canary(60)), "endpoint",
     "deploymentConfig.blueGreenUpdatePolicy.trafficRoutingConfiguration.canarySize.value", 60, "must be 1 to 50"),
    (lambda: serving(**canary(10, wait=9999)), "endpoint",
     "deploymentConfig.blueGreenUpdatePolicy.trafficRoutingConfiguration.waitIntervalInSeconds", 9999,
     "must be at most 3600"),
    (unknown_field, "versioning", "versioningConfiguration.stattus", None, ""),
    (lambda: aws.s3.Bucket("bucket", bucket="Not_A_Name"), "bucket", "bucket", "Not_A_Name", "lower-case"),
    (lambda: aws.kms.Alias("alias", name="alias/x", target_key_id="0000"), "alias", "targetKeyId", "0000",
     "there is no such KMS key"),
    (lambda: group(2), "group", "retentionInDays", 2, "must be one of the service's periods"),
    (lambda: aws.iam.Role("role", assume_role_policy="{}"), "role", "assumeRolePolicy", "{}", "Statement"),
    (lambda: alarm(tags={"k": "v" * 257}), "alarm", "tags.k", "v" * 257, "at most 256"),
    (lambda: aws.kms.Key("key", deletion_window_in_days=5), "key", "deletionWindowInDays", 5, "7 to 30"),
]  # fmt: skip


@pytest.mark.parametrize(("program", "name", "where", "value", "rule"), REFUSED)
def test_what_aws_would_refuse_is_refused_with_resource_path_value_and_rule(driver, program, name, where, value, rule):
    faults = [fault for fault in refused(program, driver) if fault[:2] == (name, where)]
    assert faults, "named by its input"
    assert any(value in (None, fault[2]) and rule in fault[3] for fault in faults)


@pytest.mark.parametrize(
    ("program", "service", "method"),
    [
        (lambda: serving(**canary(60)), "sagemaker", "list_endpoints"),
        (lambda: group(2), "logs", "describe_log_groups"),
        (lambda: aws.kms.Key("key", deletion_window_in_days=5), "kms", "list_keys"),
        (lambda: aws.s3.Bucket("b", bucket="mlops-test-b", tags={"k": "v" * 257}), "s3", "list_buckets"),
    ],
)
def test_what_is_refused_is_not_created_not_even_in_part(account, driver, program, service, method):
    assert refused(program, driver)
    answer = getattr(account.client(service), method)()
    assert [value for value in answer.values() if isinstance(value, list)] == [[]]


def test_a_type_without_operations_is_refused_by_name(driver):
    faults = refused(lambda: aws.kinesis.Stream("stream"), driver)
    assert faults[0][:3] == ("stream", "type", "aws:kinesis/stream:Stream")


def generated(seed: str) -> dict[str, str]:
    """Return the names and ids that a provider or the account makes up."""
    with EmbeddedAccount(REGION) as account:
        graph = apply(lambda: (serving(), aws.kms.Key("key"), aws.ec2.Vpc("vpc", cidr_block="10.0.0.0/16")),
                      AwsDriver(account, seed))  # fmt: skip
    return {name: node.id for name, node in named(graph).items() if node.custom}


def test_generated_names_and_ids_repeat_with_the_seed():
    once = generated("dev")
    assert generated("dev") == once
    other = generated("prod")
    assert other["model"] != once["model"]
    assert once["model"].startswith("model-")


def test_an_object_is_deleted_with_its_history_and_the_bucket_after_it(account, driver):
    """A marker in its place would keep a versioned bucket from going."""

    def program(text="one", *, kept=True):
        bucket = aws.s3.Bucket("bucket", bucket="mlops-test-code")
        versioning = aws.s3.BucketVersioning(
            "versioning", bucket=bucket.id, versioning_configuration={"status": "Enabled"}
        )
        if kept:
            aws.s3.BucketObjectv2(
                "code", bucket=bucket.id, key="code", content=text, opts=pulumi.ResourceOptions(depends_on=[versioning])
            )

    first = apply(program, driver)
    second = apply(lambda: program("two"), driver, first)
    client = account.client("s3")
    assert len(client.list_object_versions(Bucket="mlops-test-code")["Versions"]) == 2
    without = apply(lambda: program(kept=False), driver, second)
    listed = client.list_object_versions(Bucket="mlops-test-code")
    assert "Versions" not in listed
    assert "DeleteMarkers" not in listed
    assert destroy(without, driver).faults == []

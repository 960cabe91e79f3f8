"""The account served over HTTP: what boto3, or anything with an endpoint URL, sees of it."""

from __future__ import annotations

import json
import socket
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from mlops_estate.embedded.account import EmbeddedAccount, RemoteAccount
from mlops_estate.embedded.driver import AwsDriver
from mlops_estate.embedded.server import AccountServer
from mlops_estate.engine import destroy, read_back, run_program
from mlops_estate.graph_file import load, save

REGION = "eu-west-1"


@pytest.fixture(scope="module")
def account() -> Iterator[EmbeddedAccount]:
    with EmbeddedAccount(REGION) as standing:
        yield standing


@pytest.fixture(scope="module")
def server(account) -> Iterator[AccountServer]:
    with AccountServer() as served:
        yield served


@pytest.fixture
def remote(server) -> RemoteAccount:
    return RemoteAccount(server.url, REGION)


def client(server: AccountServer, service: str) -> Any:
    """Return a client as a user would make it, with boto3's own defaults."""
    return boto3.client(
        service, endpoint_url=server.url, region_name=REGION, aws_access_key_id="embedded",
        aws_secret_access_key="embedded", config=Config(retries={"max_attempts": 1}),
    )  # fmt: skip


def test_both_sides_see_the_same_buckets_and_objects(account, server):
    s3 = client(server, "s3")
    s3.create_bucket(Bucket="over-http", CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.put_object(Bucket="over-http", Key="k/e y", Body=b"bytes")
    assert account.client("s3").get_object(Bucket="over-http", Key="k/e y")["Body"].read() == b"bytes"
    account.client("s3").put_object(Bucket="over-http", Key="inside", Body=b"x")
    assert {item["Key"] for item in s3.list_objects_v2(Bucket="over-http")["Contents"]} == {"k/e y", "inside"}


def test_operations_of_moto_and_of_ours_are_answered_alike(server):
    sagemaker = client(server, "sagemaker")
    sagemaker.create_model_package_group(ModelPackageGroupName="over-http")
    sagemaker.create_image(ImageName="over-http", RoleArn="arn:aws:iam::123456789012:role/r")
    assert sagemaker.describe_image(ImageName="over-http")["ImageStatus"] == "CREATED"
    listed = sagemaker.list_model_package_groups()["ModelPackageGroupSummaryList"]
    assert [item["ModelPackageGroupName"] for item in listed] == ["over-http"]


def test_the_feature_stores_run_time_is_told_from_the_control_plane(server):
    features = [{"FeatureName": "id", "FeatureType": "String"}, {"FeatureName": "at", "FeatureType": "Fractional"}]
    client(server, "sagemaker").create_feature_group(
        FeatureGroupName="over-http", RecordIdentifierFeatureName="id", EventTimeFeatureName="at",
        FeatureDefinitions=features, OnlineStoreConfig={"EnableOnlineStore": True},
    )  # fmt: skip
    records = client(server, "sagemaker-featurestore-runtime")
    record = [{"FeatureName": "id", "ValueAsString": "1"}, {"FeatureName": "at", "ValueAsString": "1.5"}]
    records.put_record(FeatureGroupName="over-http", Record=record)
    found = records.get_record(FeatureGroupName="over-http", RecordIdentifierValueAsString="1")
    assert found["Record"] == record
    asked = [{"FeatureGroupName": "over-http", "RecordIdentifiersValueAsString": ["1"]}]
    assert len(records.batch_get_record(Identifiers=asked)["Records"]) == 1


@pytest.mark.parametrize(
    ("service", "method", "call", "code", "said"),
    [
        ("sagemaker", "describe_image", {"ImageName": "none"}, "ResourceNotFound", "does not exist"),
        ("sagemaker-featurestore-runtime", "get_record",
         {"FeatureGroupName": "none", "RecordIdentifierValueAsString": "1"}, "ResourceNotFound", "does not exist"),
        ("sagemaker-runtime", "invoke_endpoint", {"EndpointName": "none", "Body": b""}, "ValidationError",
         "Endpoint none"),
        ("s3", "get_bucket_policy", {"Bucket": "none"}, "NoSuchBucket", "does not exist"),
    ],
)  # fmt: skip
def test_errors_arrive_as_the_services_own(server, service, method, call, code, said):
    with pytest.raises(ClientError) as caught:
        getattr(client(server, service), method)(**call)
    error = caught.value.response["Error"]
    assert error["Code"] == code
    assert said in error["Message"]


@pytest.mark.parametrize(
    ("service", "method", "call"),
    [
        ("kms", "connect_custom_key_store", {"CustomKeyStoreId": "cks-1234567890"}),
        (
            "sagemaker",
            "create_device_fleet",
            {"DeviceFleetName": "x", "OutputConfig": {"S3OutputLocation": "s3://bucket/x"}},
        ),
        ("glue", "list_blueprints", {}),
    ],
)
def test_an_operation_that_is_missing_says_so_in_a_form_that_sdks_read(server, service, method, call):
    with pytest.raises(ClientError) as caught:
        getattr(client(server, service), method)(**call)
    error = caught.value.response["Error"]
    assert error["Code"] == "NotImplemented"
    assert "the embedded account lacks this" in error["Message"]
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501


def test_a_missing_operation_is_no_html_page(server):
    headers = {
        "Authorization": "AWS4-HMAC-SHA256 Credential=x/20260101/eu-west-1/kms/aws4_request, Signature=x",
        "X-Amz-Target": "TrentService.ConnectCustomKeyStore", "Content-Type": "application/x-amz-json-1.1",
    }  # fmt: skip
    request = urllib.request.Request(server.url, b"{}", headers, method="POST")
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(request)
    with caught.value as answer:
        body = answer.read().decode()
    assert "<" not in body
    assert json.loads(body)["__type"] == "NotImplemented"


def test_it_listens_on_loopback_only(server):
    port = int(server.url.rsplit(":", 1)[1])
    assert server.url == f"http://127.0.0.1:{port}"
    listening = set()
    for table in filter(Path.exists, (Path("/proc/net/tcp"), Path("/proc/net/tcp6"))):
        for line in table.read_text().splitlines()[1:]:
            local, state = line.split()[1], line.split()[3]
            if state == "0A" and int(local.rpartition(":")[2], 16) == port:
                listening.add(local.rpartition(":")[0])
    assert listening <= {"0100007F"}, "127.0.0.1 as the kernel writes it"
    with socket.socket() as elsewhere:
        assert elsewhere.connect_ex(("127.0.0.2", port)) != 0


def test_nothing_is_written_to_the_terminal(server, capfd):
    client(server, "s3").list_buckets()
    with pytest.raises(ClientError):
        client(server, "kms").connect_custom_key_store(CustomKeyStoreId="cks-1234567890")
    assert capfd.readouterr() == ("", "")


def test_an_estate_is_read_and_torn_down_by_another_process(account, remote, tmp_path):
    """As `estate destroy` does it: from the graph on disk, through HTTP alone."""
    import pulumi_aws as aws

    def program() -> None:
        key = aws.kms.Key("key")
        bucket = aws.s3.Bucket("bucket", bucket="torn-down", force_destroy=True)
        aws.s3.BucketVersioning("versioning", bucket=bucket.id, versioning_configuration={"status": "Enabled"})
        aws.sns.Topic("topic", name="torn-down", kms_master_key_id=key.arn)

    graph = run_program(program, stack="test", config={}, driver=AwsDriver(account))
    account.client("s3").put_object(Bucket="torn-down", Key="k", Body=b"x")
    save(graph, tmp_path / "graph.json")
    loaded = load(tmp_path / "graph.json")
    elsewhere = AwsDriver(remote)
    assert [result.differences for _, result in read_back(loaded, elsewhere) if not result.equal] == []
    report = destroy(loaded, elsewhere)
    assert (report.faults, len(report.deleted)) == ([], 4)
    assert "torn-down" not in [item["Name"] for item in account.client("s3").list_buckets()["Buckets"]]
    assert account.client("sns").list_topics()["Topics"] == []


def test_it_answers_several_at_once_and_stops_with_its_block(account):
    with AccountServer() as served:
        answers: list[int] = []

        def ask() -> None:
            answers.append(len(client(served, "s3").list_buckets()["Buckets"]))

        threads = [threading.Thread(target=ask) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout=10)
        port = int(served.url.rsplit(":", 1)[1])
    assert len(set(answers)) == 1
    assert len(answers) == 4
    with socket.socket() as after:
        assert after.connect_ex(("127.0.0.1", port)) != 0


def test_a_service_that_puts_the_account_before_the_host_is_reached(remote):
    control = remote.client("s3control")
    block = {
        "BlockPublicAcls": True,
        "IgnorePublicAcls": True,
        "BlockPublicPolicy": True,
        "RestrictPublicBuckets": True,
    }
    control.put_public_access_block(AccountId=remote.account_id, PublicAccessBlockConfiguration=block)
    assert control.get_public_access_block(AccountId=remote.account_id)["PublicAccessBlockConfiguration"] == block
    control.delete_public_access_block(AccountId=remote.account_id)


def test_every_answer_says_which_account_it_is_of(remote, server):
    again = RemoteAccount(server.url, REGION)
    assert remote.instance == again.instance != ""

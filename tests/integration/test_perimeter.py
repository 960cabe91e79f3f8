"""Objects behind a network perimeter in the embedded account: who reaches them, and who is refused."""

from __future__ import annotations

import json

import boto3
import pytest
from botocore.exceptions import ClientError
from tests.support.components import ACCOUNT, REGION

from mlops_components.documents import policy
from mlops_components.network_perimeter import inside_only
from mlops_estate.embedded.account import CONFIG, EmbeddedAccount

BUCKET = "mlops-test-raw"
OPERATOR = f"arn:aws:iam::{ACCOUNT}:role/break-glass"
WRITER = f"arn:aws:iam::{ACCOUNT}:role/mlops-test-model-endpoint"


@pytest.fixture(scope="module")
def account():
    with EmbeddedAccount(seed=0) as embedded:
        yield embedded


def endpoint(account, service="s3") -> str:
    ec2 = account.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.64.0.0/16")["Vpc"]["VpcId"]
    made = ec2.create_vpc_endpoint(VpcId=vpc, ServiceName=f"com.amazonaws.{REGION}.{service}")
    return made["VpcEndpoint"]["VpcEndpointId"]


@pytest.fixture(scope="module")
def inside(account):
    """Return a client in the network; the bucket, one object in it and its perimeter stand."""
    way_in, s3 = endpoint(account), account.client("s3")
    s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.create_bucket(Bucket="elsewhere", CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.put_object(Bucket=BUCKET, Key="a.csv", Body=b"age")
    statements = inside_only(f"arn:aws:s3:::{BUCKET}", [way_in], [OPERATOR], [WRITER])
    s3.put_bucket_policy(Bucket=BUCKET, Policy=policy(statements))
    return account.client_inside("s3", way_in)


def as_role(account, arn):
    trust = json.dumps({"Version": "2012-10-17", "Statement": []})
    name = arn.split("/")[-1]
    iam = account.client("iam")
    if name not in {role["RoleName"] for role in iam.list_roles()["Roles"]}:
        iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust)
    taken = account.client("sts").assume_role(RoleArn=arn, RoleSessionName="test")["Credentials"]
    return boto3.client(
        "s3", region_name=REGION, config=CONFIG, aws_access_key_id=taken["AccessKeyId"],
        aws_secret_access_key=taken["SecretAccessKey"], aws_session_token=taken["SessionToken"],
    )  # fmt: skip


def refused(call, **params) -> bool:
    try:
        call(**params)
    except ClientError as error:
        if error.response["Error"]["Code"] in ("AccessDenied", "403"):
            return True
        raise
    return False


READ = {"Bucket": BUCKET, "Key": "a.csv"}
WRITE = {"Bucket": BUCKET, "Key": "b.csv", "Body": b"x"}


def test_who_is_in_the_network_reads_writes_and_deletes(inside):
    assert inside.get_object(**READ)["Body"].read() == b"age"
    inside.put_object(**{**WRITE, "Key": "gone.csv"})
    inside.delete_object(Bucket=BUCKET, Key="gone.csv")
    assert [item["Key"] for item in inside.list_objects_v2(Bucket=BUCKET)["Contents"]] == ["a.csv"]


def test_who_is_outside_reaches_no_object_by_any_way(account, inside):
    s3 = account.client("s3")
    assert refused(s3.get_object, **READ)
    assert refused(s3.head_object, **READ)
    assert refused(s3.put_object, **WRITE)
    assert refused(s3.create_multipart_upload, Bucket=BUCKET, Key="b.csv")
    assert refused(s3.delete_object, Bucket=BUCKET, Key="a.csv")
    assert refused(s3.copy_object, Bucket="elsewhere", Key="a.csv", CopySource=f"{BUCKET}/a.csv")
    (error,) = s3.delete_objects(Bucket=BUCKET, Delete={"Objects": [{"Key": "a.csv"}]})["Errors"]
    assert error["Code"] == "AccessDenied"


def test_a_buckets_settings_are_reached_from_everywhere(account, inside):
    s3 = account.client("s3")
    s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    assert s3.get_bucket_versioning(Bucket=BUCKET)["Status"] == "Enabled"
    assert "RefuseReadingFromOutside" in s3.get_bucket_policy(Bucket=BUCKET)["Policy"]


@pytest.mark.parametrize("other", ["vpce-0123456789abcdef0", "another network's", "another service's"])
def test_another_endpoint_is_as_good_as_none(account, inside, other):
    if other.startswith("another"):
        other = endpoint(account, "s3" if "network" in other else "dynamodb")
    assert refused(account.client_inside("s3", other).get_object, **READ)


def test_an_exempt_role_comes_from_outside_and_a_capturing_one_only_writes(account, inside):
    operator, writer = as_role(account, OPERATOR), as_role(account, WRITER)
    assert not refused(operator.get_object, **READ)
    assert not refused(operator.put_object, **WRITE)
    assert not refused(writer.put_object, **WRITE)
    assert refused(writer.get_object, **READ)
    stranger = as_role(account, f"arn:aws:iam::{ACCOUNT}:role/analyst")
    assert refused(stranger.get_object, **READ)

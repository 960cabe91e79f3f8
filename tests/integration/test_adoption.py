"""Existing buckets and keys, taken over by the unchanged program in one embedded account."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from tests.support.adoption import RAW, REGION, SNAPSHOTS, UNPINNED, make_bucket, make_key, session
from tests.support.programs import MODEL

from mlops_estate.embedded.account import EmbeddedAccount


@pytest.fixture(scope="module")
def adopted():
    """Return an account whose bucket and keys were made beforehand, the estate that took them over, and its runs."""
    with EmbeddedAccount(REGION) as account:
        make_bucket(account, RAW)
        make_bucket(account, SNAPSHOTS, ObjectLockEnabledForBucket=True)
        account.client("s3").put_object(Bucket=RAW, Key="old.csv", Body=b"theirs")
        personal, models = make_key(account), make_key(account)
        made = account.client("kms").describe_key(KeyId=personal)["KeyMetadata"]["CreationDate"]
        arn = f"arn:aws:kms:{REGION}:{account.account_id}:key/{models}"
        own = session(
            account, {"buckets": {"raw": RAW, "curated": SNAPSHOTS}, "keys": {"personal": personal, "models": arn}}
        )
        first = own.apply(UNPINNED)
        statuses = {node.name: node.status for node in first.custom_nodes()}
        equal = [urn for urn, read in own.read_back() if not read.equal]
        second = own.apply(UNPINNED)
        yield SimpleNamespace(
            account=account, own=own, statuses=statuses, unequal=equal, second=second, personal=personal,
            models=models, made=made,
        )  # fmt: skip


def test_what_is_there_is_taken_over_and_not_made_again(adopted):
    taken = {name for name, status in adopted.statuses.items() if status == "imported"}
    assert taken == {"lake-raw", "lake-curated", "keys-personal", "keys-models"}
    assert adopted.unequal == []
    s3, kms = adopted.account.client("s3"), adopted.account.client("kms")
    assert s3.get_object(Bucket=RAW, Key="old.csv")["Body"].read() == b"theirs"
    assert kms.describe_key(KeyId=adopted.personal)["KeyMetadata"]["CreationDate"] == adopted.made
    names = {bucket["Name"] for bucket in s3.list_buckets()["Buckets"]}
    assert not {name for name in names if name.startswith(("mlops-dev-raw-", "mlops-dev-curated-"))}


def test_its_settings_are_the_estates_and_its_tags_the_owners(adopted):
    s3, kms = adopted.account.client("s3"), adopted.account.client("kms")
    assert "RefuseWithoutTls" in s3.get_bucket_policy(Bucket=RAW)["Policy"]
    (rule,) = s3.get_bucket_encryption(Bucket=RAW)["ServerSideEncryptionConfiguration"]["Rules"]
    assert rule["ApplyServerSideEncryptionByDefault"]["KMSMasterKeyID"].endswith(adopted.personal)
    assert s3.get_bucket_tagging(Bucket=RAW)["TagSet"] == [{"Key": "owner", "Value": "lending"}]
    assert "AdministerByAccount" in kms.get_key_policy(KeyId=adopted.models, PolicyName="default")["Policy"]
    aliases = {alias["AliasName"]: alias.get("TargetKeyId") for alias in kms.list_aliases()["Aliases"]}
    assert aliases["alias/mlops-dev-personal"] == adopted.personal


def test_names_follow_what_was_adopted(adopted):
    outputs = adopted.second.stack_outputs
    assert (outputs["buckets"]["raw"], outputs["buckets"]["curated"]) == (RAW, SNAPSHOTS)
    roles = [node for node in adopted.second.custom_nodes() if node.name.startswith(f"{MODEL}-training")]
    assert any(f"arn:aws:s3:::{RAW}/" in str(node.inputs.get("policy")) for node in roles)
    logs = next(node for node in adopted.second.custom_nodes() if node.name == "lake-access-logs-policy")
    assert f"arn:aws:s3:::{RAW}" in logs.inputs["policy"]


def test_a_second_run_changes_nothing(adopted):
    nodes = [node for node in adopted.second.custom_nodes() if not node.is_provider]
    assert {node.status for node in nodes} == {"unchanged"}

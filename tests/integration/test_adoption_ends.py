"""Where an adoption ends: the estate destroyed, the adoption dropped, or the import refused."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError
from tests.support.adoption import RAW, REGION, SNAPSHOTS, UNPINNED, make_bucket, make_key, session

from mlops_estate.embedded.account import EmbeddedAccount
from mlops_estate.engine import EngineFault


def test_destroying_the_estate_leaves_what_was_adopted_with_its_settings():
    with EmbeddedAccount(REGION) as account:
        make_bucket(account, RAW)
        key = make_key(account)
        own = session(account, {"buckets": {"raw": RAW, "reports": "acme-reports"}, "keys": {"operations": key}})
        make_bucket(account, "acme-reports")
        own.apply(UNPINNED)
        report = own.destroy(unprotect=False)
        s3, kms = account.client("s3"), account.client("kms")
        assert report.faults == []
        assert {name["Name"] for name in s3.list_buckets()["Buckets"]} == {RAW, "acme-reports"}
        assert "RefuseWithoutTls" in s3.get_bucket_policy(Bucket=RAW)["Policy"]
        assert kms.describe_key(KeyId=key)["KeyMetadata"]["KeyState"] == "Enabled"
        # The data of an adopted bucket is read with its class's key, so that key outlives the estate too.
        kept = s3.get_bucket_encryption(Bucket=RAW)["ServerSideEncryptionConfiguration"]["Rules"][0]
        key_arn = kept["ApplyServerSideEncryptionByDefault"]["KMSMasterKeyID"]
        assert kms.describe_key(KeyId=key_arn)["KeyMetadata"]["KeyState"] == "Enabled"
        # Access logs went to a bucket that is gone.
        assert "LoggingEnabled" not in s3.get_bucket_logging(Bucket=RAW)


def test_outside_dev_what_was_adopted_is_protected():
    with EmbeddedAccount(REGION) as account:
        make_bucket(account, RAW)
        own = session(account, {"buckets": {"raw": RAW}}, "prod")
        graph = own.apply(UNPINNED)
        (bucket,) = [node for node in graph.custom_nodes() if node.import_id]
        assert (bucket.id, bucket.protect, bucket.retain_on_delete) == (RAW, True, True)
        report = own.destroy(unprotect=True)
        assert bucket.urn in report.retained
        account.client("s3").head_bucket(Bucket=RAW)


def test_an_import_that_does_not_match_fails_and_changes_nothing():
    with EmbeddedAccount(REGION) as account:
        make_bucket(account, SNAPSHOTS)
        key = make_key(account, days=90)
        own = session(account, {"buckets": {"curated": SNAPSHOTS}, "keys": {"personal": key}})
        with pytest.raises(EngineFault) as caught:
            own.apply(UNPINNED)
        found = {(fault.urn.rsplit("::", 1)[-1], fault.where): fault for fault in caught.value.faults}
        assert found.keys() == {("keys-personal", "rotationPeriodInDays"), ("lake-curated", "objectLockEnabled")}
        rule = "inputs to import do not match the existing resource: it has 90"
        assert found["keys-personal", "rotationPeriodInDays"].rule == rule
        with pytest.raises(ClientError):
            account.client("s3").get_bucket_policy(Bucket=SNAPSHOTS)


def test_what_is_not_there_cannot_be_imported():
    with EmbeddedAccount(REGION) as account:
        own = session(account, {"buckets": {"raw": RAW}})
        with pytest.raises(EngineFault, match="there is no such Bucket in account"):
            own.apply(UNPINNED)


def test_dropping_an_adoption_leaves_the_bucket_and_makes_one():
    with EmbeddedAccount(REGION) as account:
        make_bucket(account, RAW)
        own = session(account, {"buckets": {"raw": RAW}})
        own.apply(UNPINNED)
        own.environment = session(account, {}).environment
        graph = own.apply(UNPINNED)
        assert graph.stack_outputs["buckets"]["raw"].startswith("mlops-dev-raw-")
        account.client("s3").head_bucket(Bucket=RAW)

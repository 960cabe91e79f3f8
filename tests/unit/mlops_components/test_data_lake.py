"""Data lake: every bucket hardened the same way, each with its own key, age and lock."""

from __future__ import annotations

import pytest
from tests.support.components import OTHER_ACCOUNT, arguments, bucket, deployed, faults, key, only, statements

from mlops_components.buckets import ACCESS_LOGS, lifecycle_rules, refuse_other_encryption
from mlops_components.data_lake import PURPOSES

BUCKETS = (*PURPOSES, ACCESS_LOGS)


@pytest.fixture(scope="module")
def dev():
    return deployed("DataLake", arguments("DataLake", "dev"))


@pytest.fixture(scope="module")
def prod():
    return deployed("DataLake", arguments("DataLake", "prod"))


def policy(nodes, purpose: str) -> dict:
    return statements(only(nodes, f"it-{purpose}-policy").inputs["policy"])


@pytest.mark.parametrize("purpose", BUCKETS)
def test_every_bucket_is_private_versioned_and_tls_only(dev, purpose):
    block = only(dev, f"it-{purpose}-public-access").inputs
    assert [block[name] for name in sorted(block) if name != "bucket"] == [True] * 4
    assert only(dev, f"it-{purpose}-ownership").inputs["rule"] == {"objectOwnership": "BucketOwnerEnforced"}
    assert only(dev, f"it-{purpose}-versioning").inputs["versioningConfiguration"] == {"status": "Enabled"}
    name = bucket(purpose, "dev")
    assert policy(dev, purpose)["RefuseWithoutTls"]["Resource"] == [f"arn:aws:s3:::{name}", f"arn:aws:s3:::{name}/*"]


@pytest.mark.parametrize("purpose", PURPOSES)
def test_every_data_bucket_is_encrypted_with_the_key_of_its_class(dev, purpose):
    (rule,) = only(dev, f"it-{purpose}-encryption").inputs["rules"]
    assert rule == {
        "applyServerSideEncryptionByDefault": {
            "sseAlgorithm": "aws:kms",
            "kmsMasterKeyId": key(PURPOSES[purpose].data_class),
        },
        "bucketKeyEnabled": True,
    }


def test_uploads_that_ask_for_other_encryption_are_refused_but_defaults_pass():
    algorithm, other_key = refuse_other_encryption("arn:aws:s3:::b", ["k"])
    assert algorithm["Condition"] == {
        "Null": {"s3:x-amz-server-side-encryption": "false"},
        "StringNotEquals": {"s3:x-amz-server-side-encryption": "aws:kms"},
    }
    assert other_key["Condition"]["StringNotEquals"] == {"s3:x-amz-server-side-encryption-aws-kms-key-id": ["k"]}
    # An upload without the header would match StringNotEquals: only Null tells it apart.
    assert other_key["Condition"]["Null"] == {"s3:x-amz-server-side-encryption-aws-kms-key-id": "false"}


def test_reports_also_take_baselines_under_the_personal_key(dev):
    (accepted,) = policy(dev, "reports")["RefuseOtherKeys"]["Condition"]["StringNotEquals"].values()
    assert accepted == [key("operations"), key("personal")]


def test_access_logs_are_delivered_by_s3_for_the_environments_buckets(dev):
    delivery = policy(dev, ACCESS_LOGS)["DeliverAccessLogs"]
    assert delivery["Principal"] == {"Service": "logging.s3.amazonaws.com"}
    assert delivery["Condition"]["ArnLike"] == {"aws:SourceArn": "arn:aws:s3:::mlops-dev-*"}
    (rule,) = only(dev, f"it-{ACCESS_LOGS}-encryption").inputs["rules"]
    assert rule["applyServerSideEncryptionByDefault"] == {"sseAlgorithm": "AES256"}
    targets = {only(dev, f"it-{purpose}-logging").inputs["targetBucket"] for purpose in PURPOSES}
    assert targets == {bucket(ACCESS_LOGS, "dev")}


def test_only_snapshots_are_locked_for_a_day_in_dev_and_for_good_in_prod(dev, prod):
    assert [tail for tail in dev if tail.endswith("-lock")] == [
        "mlops:index:DataLake$aws:s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration it-curated-lock"
    ]
    retention = {"dev": {"mode": "GOVERNANCE", "days": 1}, "prod": {"mode": "COMPLIANCE", "days": 365}}
    for nodes, wanted in ((dev, retention["dev"]), (prod, retention["prod"])):
        assert only(nodes, "it-curated-lock").inputs["rule"] == {"defaultRetention": wanted}
    locked = {node.name for node in dev.values() if node.inputs.get("objectLockEnabled") is True}
    assert locked == {"it-curated"}


def test_only_dev_deletes_objects_with_their_bucket(dev, prod):
    for nodes, forced in ((dev, True), (prod, False)):
        made = [node for node in nodes.values() if node.type == "aws:s3/bucket:Bucket"]
        assert len(made) == len(BUCKETS)
        assert {node.inputs["forceDestroy"] for node in made} == {forced}
        assert {node.protect for node in made} == {not forced}


def test_captured_requests_and_logs_expire_and_data_does_not(dev):
    def expiry(purpose: str) -> list:
        rules = only(dev, f"it-{purpose}-lifecycle").inputs["rules"]
        return [rule["expiration"]["days"] for rule in rules if "expiration" in rule]

    assert {purpose: expiry(purpose) for purpose in BUCKETS if expiry(purpose)} == {"capture": [14], ACCESS_LOGS: [30]}


def test_lifecycles_always_drop_unfinished_uploads_and_old_versions():
    ids = [rule["id"] for rule in lifecycle_rules(noncurrent_kept=30)]
    assert ids == ["drop-unfinished-uploads", "drop-old-versions"]
    ids = [rule["id"] for rule in lifecycle_rules(noncurrent_kept=30, infrequent_after=90, expire_after=400)]
    assert ids[2:] == ["to-infrequent-access", "expire"]


def test_deploying_accounts_read_models_and_no_other_bucket(prod):
    readers = {purpose for purpose in BUCKETS if "ReadByDeployingAccounts" in policy(prod, purpose)}
    assert readers == {"models"}
    assert policy(prod, "models")["ReadByDeployingAccounts"]["Principal"] == {
        "AWS": [f"arn:aws:iam::{OTHER_ACCOUNT}:root"]
    }


@pytest.mark.parametrize(
    ("changes", "paths"),
    [
        ({"snapshot_lock_mode": "FOREVER"}, {"snapshot_lock_mode"}),
        ({"snapshot_lock_days": 0}, {"snapshot_lock_days"}),
        ({"capture_retention_days": 0}, {"capture_retention_days"}),
        ({"log_retention_days": 9999}, {"log_retention_days"}),
        ({"models_key_arn": "alias/models"}, {"models_key_arn"}),
        ({"features_key_arn": None}, {"features_key_arn"}),
        ({"prefix": "mlops-" + "x" * 30}, {"prefix"}),
        ({"prefix": "mlops-", "account": "1"}, {"prefix", "account"}),
    ],
)
def test_bad_arguments_are_refused_before_anything_is_registered(changes, paths):
    assert set(faults("DataLake", **changes)) == paths


ADOPTED = {"raw": "acme-raw", "access-logs": "acme-logs"}


@pytest.fixture(scope="module")
def adopted():
    return deployed("DataLake", {**arguments("DataLake", "dev"), "adopted_buckets": ADOPTED})


def test_an_adopted_bucket_is_imported_by_its_name_and_never_emptied(adopted):
    node = only(adopted, " it-raw")
    assert (node.import_id, node.inputs["bucket"], node.inputs["forceDestroy"]) == ("acme-raw", "acme-raw", False)
    assert (node.ignore_changes, node.retain_on_delete) == (["tags", "tagsAll"], True)
    assert only(adopted, " it-models").inputs["forceDestroy"] is True


def test_the_settings_of_an_adopted_bucket_stay_with_it_but_for_its_logging(adopted):
    settings = ("policy", "public-access", "ownership", "versioning", "encryption", "lifecycle")
    assert {only(adopted, f"it-raw-{name}").retain_on_delete for name in settings} == {True}
    assert {only(adopted, f"it-models-{name}").retain_on_delete for name in settings} == {False}
    assert only(adopted, "it-raw-logging").retain_on_delete is False


def test_policies_name_the_adopted_bucket(adopted):
    assert policy(adopted, "raw")["RefuseWithoutTls"]["Resource"] == [
        "arn:aws:s3:::acme-raw",
        "arn:aws:s3:::acme-raw/*",
    ]
    delivery = policy(adopted, ACCESS_LOGS)["DeliverAccessLogs"]
    assert delivery["Resource"] == ["arn:aws:s3:::acme-logs/*"]
    assert "arn:aws:s3:::acme-raw" in delivery["Condition"]["ArnLike"]["aws:SourceArn"]


@pytest.mark.parametrize(
    ("adopted_buckets", "path"),
    [
        ({"rwa": "acme"}, "adopted_buckets.rwa"),
        ({"raw": "Acme"}, "adopted_buckets.raw"),
        ({"raw": "acme", "models": "acme"}, "adopted_buckets.models"),
    ],
)
def test_an_adoption_that_cannot_be_is_refused(adopted_buckets, path):
    assert path in faults("DataLake", adopted_buckets=adopted_buckets)

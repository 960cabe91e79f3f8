"""State backend: who uses its keys, what is kept, what Pulumi is told."""

from __future__ import annotations

import pytest
from tests.support.components import ACCOUNT, OTHER_ACCOUNT, REGION, arguments, deployed, faults, only, statements

from mlops_components.state_backend import key_policy

ROOT = {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}
USER = f"arn:aws:iam::{ACCOUNT}:role/mlops-bootstrap-delivery"


@pytest.fixture(scope="module")
def nodes():
    return deployed("StateBackend", arguments("StateBackend", "prod"))


@pytest.mark.parametrize("purpose", ["state", "secrets"])
def test_the_account_administers_a_key_and_only_those_who_deploy_use_it(purpose):
    made = statements(key_policy(purpose, ACCOUNT, REGION, [USER]))
    assert {statement["Principal"]["AWS"] for statement in made.values()} == {ROOT["AWS"]}
    use = ("kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey")
    assert not set(use) & set(made["AdministerByAccount"]["Action"])
    assert made["UseByThoseWhoDeploy"]["Condition"]["ArnLike"] == {"aws:PrincipalArn": [USER]}
    assert not [action for statement in made.values() for action in statement["Action"] if "*" in action]


def test_the_state_key_works_through_s3_only_and_the_secrets_key_directly():
    state, secrets = (statements(key_policy(purpose, ACCOUNT, REGION, [USER])) for purpose in ("state", "secrets"))
    through = {"kms:ViaService": f"s3.{REGION}.amazonaws.com"}
    assert state["UseByThoseWhoDeploy"]["Condition"]["StringEquals"] == through
    assert "StringEquals" not in secrets["UseByThoseWhoDeploy"]["Condition"]


def test_the_login_and_the_secrets_provider_are_what_pulumi_takes(nodes):
    outputs = nodes["mlops:index:StateBackend it"].outputs
    assert outputs["login_url"] == f"s3://mlops-bootstrap-state-{ACCOUNT}-{REGION}?region={REGION}"
    assert outputs["secrets_provider"] == f"awskms://alias/mlops-bootstrap-secrets?region={REGION}"
    assert only(nodes, "Alias it-secrets-alias").inputs["name"] == "alias/mlops-bootstrap-secrets"


def test_state_is_versioned_encrypted_logged_and_never_locked(nodes):
    assert only(nodes, "it-state-versioning").inputs["versioningConfiguration"] == {"status": "Enabled"}
    (rule,) = only(nodes, "it-state-encryption").inputs["rules"]
    assert rule["bucketKeyEnabled"] is True
    assert rule["applyServerSideEncryptionByDefault"]["sseAlgorithm"] == "aws:kms"
    assert only(nodes, "it-state-logging").inputs["targetPrefix"] == "state/"
    bucket = only(nodes, "Bucket it-state")
    assert (bucket.protect, bucket.inputs["forceDestroy"], bucket.inputs.get("objectLockEnabled")) == (
        True,
        False,
        None,
    )


def test_history_and_logs_are_kept_as_long_as_asked():
    asked = {**arguments("StateBackend"), "history_days": 30, "log_retention_days": 60, "deletion_window_days": 7}
    nodes = deployed("StateBackend", asked)
    rules = {rule["id"]: rule for rule in only(nodes, "it-state-lifecycle").inputs["rules"]}
    assert rules["drop-old-versions"]["noncurrentVersionExpiration"] == {"noncurrentDays": 30}
    assert "expire" not in rules  # the current state never ages away
    logs = {rule["id"]: rule for rule in only(nodes, "it-access-logs-lifecycle").inputs["rules"]}
    assert logs["expire"]["expiration"] == {"days": 60}
    assert only(nodes, "Key it-state-key").inputs["deletionWindowInDays"] == 7


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"user_arns": []}, "user_arns"),
        ({"user_arns": ["*"]}, "user_arns[0]"),
        ({"user_arns": [USER, f"arn:aws:iam::{OTHER_ACCOUNT}:role/deliver"]}, "user_arns[1]"),
        ({"user_arns": [f"arn:aws:iam::{ACCOUNT}:role/*"]}, "user_arns[0]"),
        ({"user_arns": [f"arn:aws:iam::{ACCOUNT}:root"]}, "user_arns[0]"),
        ({"prefix": "x" * 40}, "prefix"),
        ({"account": "12345"}, "account"),
        ({"history_days": 0}, "history_days"),
        ({"log_retention_days": 4000}, "log_retention_days"),
        ({"deletion_window_days": 6}, "deletion_window_days"),
        ({"object_lock": True}, "object_lock"),
    ],
)
def test_bad_arguments_are_refused_before_anything_is_registered(changes, path):
    assert set(faults("StateBackend", **changes)) == {path}

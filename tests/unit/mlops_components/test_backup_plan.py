"""Backup plan: how often, how long, how locked, who may touch it, and what it refuses."""

from __future__ import annotations

import json

import pytest
from tests.support.components import ACCOUNT, REGION, arguments, deployed, faults, key, only, statements

from mlops_components.backup_plan import INTERVALS, schedule
from mlops_components.backup_policies import backup_role_policy, failed_jobs, restore_role_policy, vault_policy

BUCKETS = ["mlops-dev-features", "mlops-dev-models"]
VAULT = f"arn:aws:backup:{REGION}:{ACCOUNT}:backup-vault:mlops-dev-backups"


def made(environment: str, **changes) -> dict:
    return deployed("BackupPlan", {**arguments("BackupPlan", environment), **changes})


def hours(expression: str) -> list[int]:
    """Return the hours at which a cron expression of this component fires (EventBridge's cron, `start/step`)."""
    start, _, step = expression.split()[1].partition("/")
    return list(range(int(start), 24, int(step or 24)))


@pytest.mark.parametrize("interval", INTERVALS)
def test_backups_are_an_interval_apart_also_over_midnight(interval):
    fired = hours(schedule(interval))
    gaps = {(later - earlier) % 24 or 24 for earlier, later in zip(fired, [*fired[1:], fired[0]], strict=True)}
    assert gaps == {interval}


def test_dev_backs_up_daily_for_a_week_into_an_open_vault():
    nodes = made("dev")
    (rule,) = only(nodes, "it-plan").inputs["rules"]
    assert (rule["lifecycle"], rule["startWindow"]) == ({"deleteAfter": 7}, 60)
    assert only(nodes, "Vault it").inputs["forceDestroy"] is True
    assert not [tail for tail in nodes if tail.endswith(("it-lock", "it-test", "it-test-selection"))]


def test_staging_can_lift_its_lock_and_prod_cannot_after_the_grace_time():
    governance = only(made("staging"), "it-lock").inputs
    assert (governance["minRetentionDays"], "changeableForDays" in governance) == (7, False)
    compliance = only(made("prod"), "it-lock").inputs
    assert (compliance["changeableForDays"], compliance["minRetentionDays"]) == (7, 35)


def test_continuous_backups_are_a_rule_of_their_own_into_the_same_vault():
    periodic, continuous = only(made("prod"), "it-plan").inputs["rules"]
    assert (continuous["enableContinuousBackup"], continuous["lifecycle"]) == (True, {"deleteAfter": 35})
    assert periodic["lifecycle"] == {"deleteAfter": 365}
    assert continuous["targetVaultName"] == periodic["targetVaultName"] == "mlops-prod-backups"
    assert "coldStorageAfter" not in json.dumps([periodic, continuous])


def test_the_vault_says_which_objectives_it_keeps():
    assert only(made("prod"), "Vault it").inputs["tags"] == {"rpo-hours": "1", "rto-hours": "4"}


def test_nobody_deletes_a_recovery_point_and_only_maintainers_change_the_policy():
    role = f"arn:aws:iam::{ACCOUNT}:role/deliver"
    policy = statements(vault_policy(VAULT, [role]))
    kept = policy["KeepRecoveryPoints"]
    assert (kept["Effect"], kept["Principal"], "Condition" in kept) == ("Deny", {"AWS": "*"}, False)
    assert {"backup:DeleteRecoveryPoint", "backup:UpdateRecoveryPointLifecycle"} <= set(kept["Action"])
    assert policy["KeepThisPolicy"]["Condition"] == {"ArnNotLike": {"aws:PrincipalArn": [role]}}
    assert set(statements(vault_policy(VAULT, []))) == {"KeepRecoveryPoints"}


def test_the_backing_role_reads_the_buckets_and_writes_no_object():
    policy = statements(backup_role_policy(BUCKETS, [key("models")], key("personal"), REGION, ACCOUNT))
    objects = [action for s in policy.values() for action in s["Action"] if action.startswith("s3:")]
    assert not [action for action in objects if action.startswith(("s3:PutObject", "s3:Delete"))]
    assert policy["ReadObjects"]["Resource"] == [f"arn:aws:s3:::{bucket}/*" for bucket in BUCKETS]
    assert policy["ReadKeys"]["Condition"] == {"StringEquals": {"kms:ViaService": "s3.eu-west-1.amazonaws.com"}}
    assert [sid for sid, s in policy.items() if s["Resource"] == ["*"]] == ["ListWhatIsThere"]


def test_the_restoring_role_writes_only_to_buckets_of_the_estate_and_of_tests_in_this_account():
    policy = statements(restore_role_policy(BUCKETS, [key("models")], key("personal"), REGION, ACCOUNT))
    reached = {arn.split(":::")[1].split("/")[0] for s in policy.values() for arn in s["Resource"] if ":s3:" in arn}
    assert reached == {*BUCKETS, "awsbackup-restore-test-*"}
    for sid in ("PrepareBuckets", "WriteObjects"):
        assert policy[sid]["Condition"] == {"StringEquals": {"aws:ResourceAccount": ACCOUNT}}


def test_failed_jobs_of_this_vault_alone_reach_the_warning_topic():
    pattern = json.loads(failed_jobs(VAULT, "restore-role"))
    backups, restores = (item["detail"] for item in pattern["$or"])
    assert backups == {"backupVaultArn": [VAULT], "state": ["ABORTED", "EXPIRED", "FAILED"]}
    assert restores == {"iamRoleArn": ["restore-role"], "status": ["ABORTED", "FAILED"]}
    assert only(made("dev"), "it-failed-topic").inputs["arn"].endswith(":mlops-dev-warning")


def test_a_restore_test_encrypts_its_bucket_like_the_vault():
    nodes = made("staging")
    selection = only(nodes, "it-test-selection").inputs
    assert selection["restoreMetadataOverrides"] == {"encryptionType": "SSE-KMS", "kmsKey": key("personal")}
    assert only(nodes, "it-test").inputs["recoveryPointSelection"]["recoveryPointTypes"] == ["SNAPSHOT"]


@pytest.mark.parametrize(
    ("environment", "changes", "path", "rule"),
    [
        ("dev", {"rpo_hours": 24}, "interval_hours", "loses up to 25 hours"),
        ("prod", {"continuous": False}, "interval_hours", "more than the RPO of 1"),
        ("dev", {"interval_hours": 5}, "interval_hours", "divide a day"),
        ("prod", {"retention_days": 30}, "retention_days", "outside what the locked vault takes"),
        ("prod", {"continuous_days": 30}, "continuous_days", "outside what the locked vault takes"),
        ("prod", {"continuous_days": 36}, "continuous_days", "1 to 35"),
        ("prod", {"lock_grace_days": 2}, "lock_grace_days", "3 to 36500"),
        ("staging", {"lock_min_days": 91}, "lock_min_days", "exceeds lock_max_days (90)"),
        ("dev", {"vault_lock": "strict"}, "vault_lock", "one of none, governance, compliance"),
        ("dev", {"restore_test": "daily"}, "restore_test", "one of off, weekly, monthly"),
        ("dev", {"buckets": []}, "buckets", "back up the whole account"),
        ("dev", {"prefix": "m" * 43}, "prefix", "at most 50 characters"),
        ("dev", {"vault_key_arn": "alias/key"}, "vault_key_arn", "must be an ARN of kms"),
    ],
)
def test_what_aws_or_an_objective_would_break_is_refused(environment, changes, path, rule):
    found = faults("BackupPlan", environment, **changes)
    assert list(found) == [path]
    assert rule in found[path]

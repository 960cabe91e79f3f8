"""AWS Backup as it answers, and refuses, in the embedded account."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from mlops_estate.embedded.account import EmbeddedAccount

TRUST = {
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "backup.amazonaws.com"}, "Action": "sts:AssumeRole"}]
}
RULE = {"RuleName": "daily", "TargetBackupVaultName": "vault", "Lifecycle": {"DeleteAfterDays": 35}}


@pytest.fixture
def account() -> Iterator[EmbeddedAccount]:
    with EmbeddedAccount() as embedded:
        embedded.client("backup").create_backup_vault(BackupVaultName="vault")
        yield embedded


@pytest.fixture
def backup(account: EmbeddedAccount) -> Any:
    return account.client("backup")


@pytest.fixture
def role(account: EmbeddedAccount) -> str:
    made = account.client("iam").create_role(RoleName="backup", AssumeRolePolicyDocument=json.dumps(TRUST))
    return str(made["Role"]["Arn"])


def create_plan(backup: Any, **changes: Any) -> str:
    document = {"BackupPlanName": "plan", "Rules": [{**RULE, **changes}]}
    return str(backup.create_backup_plan(BackupPlan=document)["BackupPlanId"])


def refused(act: Any, code: str, words: str) -> None:
    with pytest.raises(ClientError, match=words) as caught:
        act()
    assert caught.value.response["Error"]["Code"] == code


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"TargetBackupVaultName": "nowhere"}, "does not exist"),
        ({"StartWindowMinutes": 59}, "at least 60"),
        ({"StartWindowMinutes": 60, "CompletionWindowMinutes": 119}, "60 minutes longer"),
        ({"Lifecycle": {"MoveToColdStorageAfterDays": 7, "DeleteAfterDays": 96}}, "at least 90 days"),
        ({"EnableContinuousBackup": True, "Lifecycle": {"DeleteAfterDays": 36}}, "1 to 35 days"),
        ({"EnableContinuousBackup": True, "Lifecycle": {}}, "1 to 35 days"),
    ],
)
def test_a_plan_that_aws_would_refuse_is_refused_also_as_a_change(backup, changes, words):
    refused(lambda: create_plan(backup, **changes), "InvalidParameterValueException", words)
    made = create_plan(backup)
    document = {"BackupPlanName": "plan", "Rules": [{**RULE, **changes}]}
    refused(
        lambda: backup.update_backup_plan(BackupPlanId=made, BackupPlan=document),
        "InvalidParameterValueException",
        words,
    )


def test_a_changed_plan_has_a_new_version_and_a_deleted_ones_name_is_free(backup):
    made = create_plan(backup)
    before = backup.get_backup_plan(BackupPlanId=made)["VersionId"]
    document = {"BackupPlanName": "plan", "Rules": [{**RULE, "ScheduleExpression": "cron(0 1 ? * * *)"}]}
    assert backup.update_backup_plan(BackupPlanId=made, BackupPlan=document)["VersionId"] != before
    (rule,) = backup.get_backup_plan(BackupPlanId=made)["BackupPlan"]["Rules"]
    assert rule["ScheduleExpression"] == "cron(0 1 ? * * *)"
    backup.delete_backup_plan(BackupPlanId=made)
    assert create_plan(backup) != made


def test_a_selection_needs_a_role_that_aws_backup_can_take_and_keeps_its_plan(account, backup, role):
    made = create_plan(backup)
    wanted = {"SelectionName": "buckets", "IamRoleArn": role, "Resources": ["arn:aws:s3:::b"]}
    other = account.client("iam").create_role(RoleName="other", AssumeRolePolicyDocument=json.dumps({"Statement": []}))
    wrong = {**wanted, "IamRoleArn": other["Role"]["Arn"]}
    refused(
        lambda: backup.create_backup_selection(BackupPlanId=made, BackupSelection=wrong),
        "InvalidParameterValueException",
        "cannot be assumed",
    )
    own = backup.create_backup_selection(BackupPlanId=made, BackupSelection=wanted)["SelectionId"]
    named = {"BackupPlanId": made, "SelectionId": own}
    assert backup.get_backup_selection(**named)["BackupSelection"] == wanted
    (listed,) = backup.list_backup_selections(BackupPlanId=made)["BackupSelectionsList"]
    assert listed["SelectionId"] == own
    refused(
        lambda: backup.create_backup_selection(BackupPlanId=made, BackupSelection=wanted),
        "AlreadyExistsException",
        "same name",
    )
    refused(lambda: backup.delete_backup_plan(BackupPlanId=made), "InvalidRequestException", "selections must be")
    backup.delete_backup_selection(**named)
    refused(lambda: backup.get_backup_selection(**named), "ResourceNotFoundException", "Cannot find")
    backup.delete_backup_plan(BackupPlanId=made)


def test_a_vaults_policy_is_a_document_and_goes_with_the_vault(backup):
    refused(
        lambda: backup.put_backup_vault_access_policy(BackupVaultName="vault", Policy="{}"),
        "InvalidParameterValueException",
        "invalid JSON",
    )
    policy = json.dumps({"Version": "2012-10-17", "Statement": []})
    backup.put_backup_vault_access_policy(BackupVaultName="vault", Policy=policy)
    assert backup.get_backup_vault_access_policy(BackupVaultName="vault")["Policy"] == policy
    backup.delete_backup_vault(BackupVaultName="vault")
    backup.create_backup_vault(BackupVaultName="vault")
    refused(
        lambda: backup.get_backup_vault_access_policy(BackupVaultName="vault"),
        "ResourceNotFoundException",
        "no associated policy",
    )
    refused(lambda: backup.delete_backup_vault(BackupVaultName="gone"), "ResourceNotFoundException", "gone")


def test_a_restore_test_is_named_without_hyphens_and_kept_while_it_has_selections(backup, role):
    points = {"Algorithm": "LATEST_WITHIN_WINDOW", "IncludeVaults": ["*"], "RecoveryPointTypes": ["SNAPSHOT"]}
    plan = {
        "RestoreTestingPlanName": "a_test", "ScheduleExpression": "cron(0 3 ? * SUN *)",
        "RecoveryPointSelection": points,
    }  # fmt: skip
    refused(
        lambda: backup.create_restore_testing_plan(RestoreTestingPlan={**plan, "RestoreTestingPlanName": "a-test"}),
        "InvalidParameterValueException",
        "must match",
    )
    backup.create_restore_testing_plan(RestoreTestingPlan=plan)
    named = {"RestoreTestingPlanName": "a_test"}
    backup.update_restore_testing_plan(**named, RestoreTestingPlan={"StartWindowHours": 5})
    assert backup.get_restore_testing_plan(**named)["RestoreTestingPlan"]["StartWindowHours"] == 5
    selection = {"RestoreTestingSelectionName": "buckets", "ProtectedResourceType": "S3", "IamRoleArn": role}
    many = {**selection, "ProtectedResourceArns": [f"arn:aws:s3:::b{n}" for n in range(31)]}
    refused(
        lambda: backup.create_restore_testing_selection(**named, RestoreTestingSelection=many),
        "InvalidParameterValueException",
        "At most 30",
    )
    backup.create_restore_testing_selection(**named, RestoreTestingSelection=selection)
    refused(lambda: backup.delete_restore_testing_plan(**named), "InvalidRequestException", "still has selections")
    backup.delete_restore_testing_selection(**named, RestoreTestingSelectionName="buckets")
    backup.delete_restore_testing_plan(**named)
    assert backup.list_restore_testing_plans()["RestoreTestingPlans"] == []

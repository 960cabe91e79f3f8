"""Backup vaults, plans, selections and restore tests, and the rules that tell of failed jobs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mlops_estate.embedded.driver.mapping import At
from mlops_estate.embedded.driver.operations import Operations, Place

BACKUP = "arn:aws:backup:{region}:{account}:"
VAULT = {"BackupVaultName": "params.BackupVaultName"}
# The provider's names of a rule's parts, and the service's.
RULE_PARTS = {
    "targetVaultName": "targetBackupVaultName",
    "schedule": "scheduleExpression",
    "startWindow": "startWindowMinutes",
    "completionWindow": "completionWindowMinutes",
}
LIFECYCLE_PARTS = {"deleteAfter": "deleteAfterDays", "coldStorageAfter": "moveToColdStorageAfterDays"}


def _plan(inputs: dict[str, Any], _place: Place) -> dict[str, Any]:
    """A plan is one document, whose rules the provider spells shorter."""
    rules = [_rule(rule, f"rules[{index}]") for index, rule in enumerate(inputs.get("rules") or [])]
    document = {"backupPlanName": At(inputs.get("name"), "name"), "rules": At(rules, "rules")}
    rest = {key: value for key, value in inputs.items() if key not in {"name", "rules"}}
    return {"backupPlan": At(document, ""), **rest}


def _rule(rule: Mapping[str, Any], path: str) -> At:
    made = {RULE_PARTS.get(key, key): At(value, f"{path}.{key}") for key, value in rule.items()}
    if isinstance(rule.get("lifecycle"), Mapping):
        made["lifecycle"] = At(
            {
                LIFECYCLE_PARTS.get(key, key): At(value, f"{path}.lifecycle.{key}")
                for key, value in rule["lifecycle"].items()
            },
            f"{path}.lifecycle",
        )
    return At(made, path)


def _selection(inputs: dict[str, Any], _place: Place) -> dict[str, Any]:
    rest = {key: At(value, key) for key, value in inputs.items() if key not in {"planId", "name"}}
    return {
        "backupPlanId": At(inputs.get("planId"), "planId"),
        "backupSelection": At({"selectionName": At(inputs.get("name"), "name"), **rest}, ""),
    }


def _test_plan(inputs: dict[str, Any], _place: Place) -> dict[str, Any]:
    rest = {key: At(value, key) for key, value in inputs.items() if key not in {"name", "tags"}}
    document = {"restoreTestingPlanName": At(inputs.get("name"), "name"), **rest}
    tags = {"tags": inputs["tags"]} if "tags" in inputs else {}
    return {"restoreTestingPlan": At(document, ""), **tags}


def _test_plan_change(inputs: dict[str, Any], _place: Place) -> dict[str, Any]:
    """A change names no plan inside its document (UpdateRestoreTestingPlan)."""
    rest = {key: At(value, key) for key, value in inputs.items() if key not in {"name", "tags"}}
    return {"restoreTestingPlan": At(rest, "")}


def _test_selection(inputs: dict[str, Any], _place: Place) -> dict[str, Any]:
    apart = {"name", "restoreTestingPlanName"}
    rest = {key: At(value, key) for key, value in inputs.items() if key not in apart}
    return {
        "restoreTestingPlanName": At(inputs.get("restoreTestingPlanName"), "restoreTestingPlanName"),
        "restoreTestingSelection": At({"restoreTestingSelectionName": At(inputs.get("name"), "name"), **rest}, ""),
    }


def _test_selection_change(inputs: dict[str, Any], _place: Place) -> dict[str, Any]:
    """What is tested can change, its type can't (UpdateRestoreTestingSelection)."""
    apart = {"name", "restoreTestingPlanName", "protectedResourceType"}
    rest = {key: At(value, key) for key, value in inputs.items() if key not in apart}
    return {"restoreTestingSelection": At(rest, "")}


ROWS = {
    "aws:backup/vault:Vault": Operations(
        "backup", "CreateBackupVault", "DescribeBackupVault", "DeleteBackupVault",
        keys=VAULT, id="{BackupVaultName}", auto_name="name", auto_name_limit=50,
        drop=("forceDestroy",),  # a wish about deletion
        rename={"kmsKeyArn": "encryptionKeyArn"},
        outputs={"arn": BACKUP + "backup-vault:{BackupVaultName}"},
        unread=("BackupVaultTags",), why_unread="DescribeBackupVault shows no tags",
    ),
    "aws:backup/vaultPolicy:VaultPolicy": Operations(
        "backup", "PutBackupVaultAccessPolicy", "GetBackupVaultAccessPolicy", "DeleteBackupVaultAccessPolicy",
        "PutBackupVaultAccessPolicy", keys=VAULT, id="{BackupVaultName}",
        outputs={"backupVaultArn": BACKUP + "backup-vault:{BackupVaultName}"},
    ),
    "aws:backup/vaultLockConfiguration:VaultLockConfiguration": Operations(
        "backup", "PutBackupVaultLockConfiguration", "DescribeBackupVault", "DeleteBackupVaultLockConfiguration",
        "PutBackupVaultLockConfiguration", keys=VAULT, id="{BackupVaultName}",
        outputs={"backupVaultArn": BACKUP + "backup-vault:{BackupVaultName}"},
        unread=("ChangeableForDays",), why_unread="DescribeBackupVault shows the date that it leads to",
    ),
    "aws:backup/plan:Plan": Operations(
        "backup", "CreateBackupPlan", "GetBackupPlan", "DeleteBackupPlan", "UpdateBackupPlan", noun="BackupPlan",
        keys={"BackupPlanId": "response.BackupPlanId"}, id="{BackupPlanId}", auto_name="name", auto_name_limit=50,
        before=_plan, outputs={"arn": BACKUP + "backup-plan:{BackupPlanId}"},
        unread=("BackupPlanTags",), why_unread="GetBackupPlan shows no tags",
    ),
    "aws:backup/selection:Selection": Operations(
        "backup", "CreateBackupSelection", "GetBackupSelection", "DeleteBackupSelection", noun="BackupSelection",
        keys={"BackupPlanId": "params.BackupPlanId", "SelectionId": "response.SelectionId"}, id="{SelectionId}",
        auto_name="name", auto_name_limit=50, before=_selection,
    ),
    "aws:backup/restoreTestingPlan:RestoreTestingPlan": Operations(
        "backup", "CreateRestoreTestingPlan", "GetRestoreTestingPlan", "DeleteRestoreTestingPlan",
        "UpdateRestoreTestingPlan", noun="RestoreTestingPlan",
        keys={"RestoreTestingPlanName": "params.RestoreTestingPlan.RestoreTestingPlanName"},
        id="{RestoreTestingPlanName}", before=_test_plan, update_before=_test_plan_change,
        unread=("Tags",), why_unread="GetRestoreTestingPlan shows no tags",
    ),
    "aws:backup/restoreTestingSelection:RestoreTestingSelection": Operations(
        "backup", "CreateRestoreTestingSelection", "GetRestoreTestingSelection", "DeleteRestoreTestingSelection",
        "UpdateRestoreTestingSelection", noun="RestoreTestingSelection",
        keys={
            "RestoreTestingPlanName": "params.RestoreTestingPlanName",
            "RestoreTestingSelectionName": "params.RestoreTestingSelection.RestoreTestingSelectionName",
        },
        id="{RestoreTestingPlanName}:{RestoreTestingSelectionName}",
        before=_test_selection, update_before=_test_selection_change,
    ),
}  # fmt: skip

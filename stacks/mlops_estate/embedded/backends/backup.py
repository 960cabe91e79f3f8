"""AWS Backup: vault policies, selections, plan changes and restore tests, which moto lacks, and what AWS refuses.

No job runs here: a plan is kept and described, as AWS does between two runs of its schedule.
"""

from __future__ import annotations

import functools
import json
import re
from typing import Any
from urllib.parse import unquote

from moto.backup import urls
from moto.backup.exceptions import (
    AlreadyExistsException,
    InvalidParameterValueException,
    InvalidRequestException,
    ResourceNotFoundException,
)
from moto.backup.models import BackupBackend
from moto.backup.responses import BackupResponse
from moto.core.common_types import TYPE_RESPONSE
from moto.core.utils import unix_time
from moto.moto_api._internal import mock_random

OURS = frozenset(
    {
        *(f"{verb}BackupVaultAccessPolicy" for verb in ("Put", "Get", "Delete")),
        *(f"{verb}BackupSelection" for verb in ("Create", "Get", "Delete")),
        "ListBackupSelections",
        "UpdateBackupPlan",
        *(
            f"{verb}RestoreTesting{noun}"
            for noun in ("Plan", "Selection")
            for verb in ("Create", "Get", "Update", "Delete")
        ),
        "ListRestoreTestingPlans",
        "ListRestoreTestingSelections",
    }
)
PATHS = (
    "{0}/backup-vaults/(?P<name>[^/]+)/access-policy$",
    "{0}/restore-testing/plans$",
    "{0}/restore-testing/plans/(?P<plan>[^/]+)$",
    "{0}/restore-testing/plans/(?P<plan>[^/]+)/selections$",
    "{0}/restore-testing/plans/(?P<plan>[^/]+)/selections/(?P<selection>[^/]+)$",
)
MOST_CONTINUOUS_DAYS = 35
COLD_DAYS = 90
LEAST_START_MINUTES = 60
MOST_TESTED = 30
_TEST_NAME = re.compile(r"[A-Za-z0-9_]{1,50}")


def install() -> None:
    """Add the operations and the refusals."""
    urls.url_paths.update(dict.fromkeys(PATHS, urls.response.dispatch))
    for operation, method in _OPERATIONS.items():
        setattr(BackupResponse, operation, method)
    BackupBackend.create_backup_plan = _creating_plan(BackupBackend.create_backup_plan)
    BackupBackend.delete_backup_plan = _deleting_plan(BackupBackend.delete_backup_plan)
    BackupBackend.delete_backup_vault = _delete_vault


def _kept(backend: Any, kind: str) -> dict[Any, Any]:
    """Return what is kept of a kind, in the back end of one account and region."""
    found: dict[Any, Any] = backend.__dict__.setdefault("kept", {}).setdefault(kind, {})
    return found


def _answer(data: dict[str, Any], status: int = 200) -> TYPE_RESPONSE:
    return status, {"Content-Type": "application/json", "status": str(status)}, json.dumps(data)


def _parts(response: Any) -> list[str]:
    return [unquote(part) for part in response.path.strip("/").split("/")]


def check_plan(backend: Any, document: dict[str, Any]) -> None:
    """Refuse a plan that AWS would refuse.

    Source: API reference, BackupRuleInput and Lifecycle; developer guide, point-in-time recovery.
    """
    for rule in document["Rules"]:
        name, vault = rule["RuleName"], rule["TargetBackupVaultName"]
        if vault not in backend.vaults:
            raise InvalidParameterValueException(msg=f"Provided Backup vault {vault} of rule {name} does not exist.")
        start, end = rule.get("StartWindowMinutes", 480), rule.get("CompletionWindowMinutes", 10_080)
        if start < LEAST_START_MINUTES:
            raise InvalidParameterValueException(msg=f"StartWindowMinutes of rule {name} must be at least 60")
        if end < start + LEAST_START_MINUTES:
            rule_text = "must be at least 60 minutes longer than StartWindowMinutes"
            raise InvalidParameterValueException(msg=f"CompletionWindowMinutes of rule {name} {rule_text}")
        lifecycle = rule.get("Lifecycle") or {}
        kept, cold = lifecycle.get("DeleteAfterDays"), lifecycle.get("MoveToColdStorageAfterDays")
        if cold and kept and kept < cold + COLD_DAYS:
            days = "DeleteAfterDays must be at least 90 days after MoveToColdStorageAfterDays"
            raise InvalidParameterValueException(msg=f"{days} (rule {name})")
        if rule.get("EnableContinuousBackup") and (cold or not kept or not 1 <= kept <= MOST_CONTINUOUS_DAYS):
            text = "needs a retention of 1 to 35 days, and no cold storage"
            raise InvalidParameterValueException(msg=f"Continuous backup of rule {name} {text}")


def _creating_plan(create: Any) -> Any:
    """Check a new plan; a deleted plan's name is free again, which moto forgets."""

    @functools.wraps(create)
    def created(self: Any, backup_plan: dict[str, Any], *arguments: Any, **options: Any) -> Any:
        check_plan(self, backup_plan)
        gone = {key: plan for key, plan in self.plans.items() if plan.deletion_date is not None}
        for key in gone:
            del self.plans[key]
        try:
            return create(self, backup_plan, *arguments, **options)
        finally:
            self.plans.update(gone)

    return created


def _deleting_plan(delete: Any) -> Any:
    """A plan with selections is not deleted (API reference, DeleteBackupPlan)."""

    @functools.wraps(delete)
    def deleted(self: Any, backup_plan_id: str) -> Any:
        if any(plan == backup_plan_id for plan, _ in _kept(self, "selections")):
            raise InvalidRequestException(msg="Related backup plan selections must be deleted prior to backup plan")
        return delete(self, backup_plan_id)

    return deleted


def _standing_plan(backend: Any, plan_id: str) -> Any:
    plan = backend.plans.get(plan_id)
    if plan is None or plan.deletion_date is not None:
        raise ResourceNotFoundException(msg="Failed reading Backup plan with provided version")
    return plan


def _update_plan(self: Any) -> TYPE_RESPONSE:
    """Give a plan a new document, and so a new version."""
    backend = self.backup_backend
    plan = _standing_plan(backend, _parts(self)[2])
    document = json.loads(self.body)["BackupPlan"]
    check_plan(backend, document)
    fresh = type(plan)(document, plan.creator_request_id, backend)
    plan.backup_plan, plan.version_id = fresh.backup_plan, fresh.version_id
    return _answer(plan.to_dict())


def _delete_vault(self: Any, backup_vault_name: str) -> None:
    """Only an empty vault is deleted (API reference, DeleteBackupVault)."""
    vault = self.describe_backup_vault(backup_vault_name)
    if vault.num_of_recovery_points:
        raise InvalidRequestException(msg="Backup vault cannot be deleted because it contains recovery points.")
    del self.vaults[backup_vault_name]
    _kept(self, "policies").pop(backup_vault_name, None)


def _put_policy(self: Any) -> TYPE_RESPONSE:
    """Keep a vault's policy; it must be a document with statements."""
    name = _parts(self)[1]
    self.backup_backend.describe_backup_vault(name)
    text = json.loads(self.body or "{}").get("Policy") or ""
    try:
        sound = isinstance(json.loads(text).get("Statement"), list)
    except (ValueError, AttributeError):
        sound = False
    if not sound:
        raise InvalidParameterValueException(msg="The specified policy cannot be added to the vault: invalid JSON")
    _kept(self.backup_backend, "policies")[name] = text
    return _answer({})


def _get_policy(self: Any) -> TYPE_RESPONSE:
    name = _parts(self)[1]
    vault = self.backup_backend.describe_backup_vault(name)
    text = _kept(self.backup_backend, "policies").get(name)
    if text is None:
        raise ResourceNotFoundException(msg=f"Backup vault {name} has no associated policy")
    return _answer({"BackupVaultName": name, "BackupVaultArn": vault.backup_vault_arn, "Policy": text})


def _delete_policy(self: Any) -> TYPE_RESPONSE:
    name = _parts(self)[1]
    self.backup_backend.describe_backup_vault(name)
    _kept(self.backup_backend, "policies").pop(name, None)
    return _answer({})


def check_role(backend: Any, arn: str) -> None:
    """Refuse a role that is not there, or that AWS Backup may not take."""
    from moto.iam.models import iam_backends

    roles = iam_backends[backend.account_id][backend.partition].roles.values()
    role = next((role for role in roles if role.arn == arn), None)
    if role is None or "backup.amazonaws.com" not in str(role.assume_role_policy_document):
        raise InvalidParameterValueException(msg=f"IAM Role {arn} cannot be assumed by AWS Backup")


def _create_selection(self: Any) -> TYPE_RESPONSE:
    backend, plan_id = self.backup_backend, _parts(self)[2]
    _standing_plan(backend, plan_id)
    selection = json.loads(self.body)["BackupSelection"]
    check_role(backend, selection["IamRoleArn"])
    held = _kept(backend, "selections")
    if any(plan == plan_id and row["BackupSelection"]["SelectionName"] == selection["SelectionName"]
           for (plan, _), row in held.items()):  # fmt: skip
        raise AlreadyExistsException(msg="Backup selection with the same name already exists")
    made = str(mock_random.uuid4())
    row = {"BackupSelection": selection, "SelectionId": made, "BackupPlanId": plan_id, "CreationDate": unix_time()}
    held[plan_id, made] = row
    return _answer({key: row[key] for key in ("SelectionId", "BackupPlanId", "CreationDate")})


def _selection(self: Any) -> tuple[dict[Any, Any], tuple[str, str]]:
    _, _, plan_id, _, selection_id = _parts(self)
    held = _kept(self.backup_backend, "selections")
    if (plan_id, selection_id) not in held:
        raise ResourceNotFoundException(msg=f"Cannot find Backup selection with ID {selection_id}")
    return held, (plan_id, selection_id)


def _get_selection(self: Any) -> TYPE_RESPONSE:
    held, key = _selection(self)
    return _answer(held[key])


def _delete_selection(self: Any) -> TYPE_RESPONSE:
    held, key = _selection(self)
    del held[key]
    return _answer({})


def _list_selections(self: Any) -> TYPE_RESPONSE:
    plan_id = _parts(self)[2]
    _standing_plan(self.backup_backend, plan_id)
    rows = [row for (plan, _), row in _kept(self.backup_backend, "selections").items() if plan == plan_id]
    listed = [
        {
            "SelectionId": row["SelectionId"],
            "SelectionName": row["BackupSelection"]["SelectionName"],
            "BackupPlanId": plan_id,
            "IamRoleArn": row["BackupSelection"]["IamRoleArn"],
            "CreationDate": row["CreationDate"],
        }
        for row in rows
    ]
    return _answer({"BackupSelectionsList": listed})


def _create_test(self: Any) -> TYPE_RESPONSE:
    """Keep a restore testing plan; its name takes no hyphens (API reference, RestoreTestingPlanForCreate)."""
    backend, params = self.backup_backend, json.loads(self.body)
    plan = params["RestoreTestingPlan"]
    name, held = plan["RestoreTestingPlanName"], _kept(backend, "tests")
    if not _TEST_NAME.fullmatch(name):
        raise InvalidParameterValueException(msg=f"Restore testing plan name {name} must match {_TEST_NAME.pattern}")
    if name in held:
        raise AlreadyExistsException(msg=f"Restore testing plan {name} already exists")
    arn = f"arn:{backend.partition}:backup:{backend.region_name}:{backend.account_id}:restore-testing-plan:{name}"
    arn = f"{arn}-{mock_random.uuid4()}"
    defaults = {"ScheduleExpressionTimezone": "Etc/UTC", "StartWindowHours": 24}
    held[name] = {**defaults, **plan, "RestoreTestingPlanArn": arn, "CreationTime": unix_time()}
    if params.get("Tags"):
        backend.tag_resource(arn, params["Tags"])
    return _answer(
        {key: held[name][key] for key in ("RestoreTestingPlanName", "RestoreTestingPlanArn", "CreationTime")}, 201
    )


def _test(self: Any) -> tuple[dict[str, Any], str]:
    name, held = _parts(self)[2], _kept(self.backup_backend, "tests")
    if name not in held:
        raise ResourceNotFoundException(msg=f"Restore testing plan {name} does not exist")
    return held, name


def _get_test(self: Any) -> TYPE_RESPONSE:
    held, name = _test(self)
    return _answer({"RestoreTestingPlan": held[name]})


def _update_test(self: Any) -> TYPE_RESPONSE:
    held, name = _test(self)
    held[name].update(json.loads(self.body)["RestoreTestingPlan"], LastUpdateTime=unix_time())
    kept = ("RestoreTestingPlanName", "RestoreTestingPlanArn", "CreationTime", "LastUpdateTime")
    return _answer({**{key: held[name][key] for key in kept}, "UpdateTime": held[name]["LastUpdateTime"]})


def _delete_test(self: Any) -> TYPE_RESPONSE:
    """A plan with selections is not deleted (API reference, DeleteRestoreTestingPlan)."""
    held, name = _test(self)
    if any(plan == name for plan, _ in _kept(self.backup_backend, "tested")):
        raise InvalidRequestException(msg=f"Restore testing plan {name} still has selections")
    del held[name]
    return 204, {"status": "204"}, ""


def _create_tested(self: Any) -> TYPE_RESPONSE:
    """Keep a selection: at most 30 ARNs (API reference, RestoreTestingSelectionForCreate)."""
    tests, name = _test(self)
    selection = json.loads(self.body)["RestoreTestingSelection"]
    check_tested(self.backup_backend, selection)
    held, own = _kept(self.backup_backend, "tested"), selection["RestoreTestingSelectionName"]
    if (name, own) in held:
        raise AlreadyExistsException(msg=f"Restore testing selection {own} already exists")
    held[name, own] = {**selection, "RestoreTestingPlanName": name, "CreationTime": unix_time()}
    told = {"RestoreTestingPlanName": name, "RestoreTestingSelectionName": own, "CreationTime": unix_time()}
    return _answer({**told, "RestoreTestingPlanArn": tests[name]["RestoreTestingPlanArn"]}, 201)


def check_tested(backend: Any, selection: dict[str, Any]) -> None:
    """Refuse a selection that AWS would refuse."""
    if "IamRoleArn" in selection:
        check_role(backend, selection["IamRoleArn"])
    arns = selection.get("ProtectedResourceArns") or []
    if len(arns) > MOST_TESTED:
        raise InvalidParameterValueException(msg=f"At most {MOST_TESTED} ProtectedResourceArns are allowed")
    if selection.get("ProtectedResourceConditions") and arns != ["*"]:
        raise InvalidParameterValueException(msg="ProtectedResourceConditions need the wildcard * as resource ARN")


def _tested(self: Any) -> tuple[dict[Any, Any], tuple[str, str]]:
    _, _, plan, _, own = _parts(self)
    held = _kept(self.backup_backend, "tested")
    if (plan, own) not in held:
        raise ResourceNotFoundException(msg=f"Restore testing selection {own} does not exist")
    return held, (plan, own)


def _get_tested(self: Any) -> TYPE_RESPONSE:
    held, key = _tested(self)
    return _answer({"RestoreTestingSelection": held[key]})


def _update_tested(self: Any) -> TYPE_RESPONSE:
    held, key = _tested(self)
    change = json.loads(self.body)["RestoreTestingSelection"]
    check_tested(self.backup_backend, change)
    held[key].update(change)
    arn = _kept(self.backup_backend, "tests")[key[0]]["RestoreTestingPlanArn"]
    told = {"RestoreTestingPlanName": key[0], "RestoreTestingSelectionName": key[1], "RestoreTestingPlanArn": arn}
    return _answer({**told, "CreationTime": held[key]["CreationTime"], "UpdateTime": unix_time()})


def _delete_tested(self: Any) -> TYPE_RESPONSE:
    held, key = _tested(self)
    del held[key]
    return 204, {"status": "204"}, ""


def _list_tests(self: Any) -> TYPE_RESPONSE:
    return _answer({"RestoreTestingPlans": list(_kept(self.backup_backend, "tests").values())})


def _list_tested(self: Any) -> TYPE_RESPONSE:
    _, name = _test(self)
    rows = [row for (plan, _), row in _kept(self.backup_backend, "tested").items() if plan == name]
    return _answer({"RestoreTestingSelections": rows})


_OPERATIONS = {
    "put_backup_vault_access_policy": _put_policy,
    "get_backup_vault_access_policy": _get_policy,
    "delete_backup_vault_access_policy": _delete_policy,
    "update_backup_plan": _update_plan,
    "create_backup_selection": _create_selection,
    "get_backup_selection": _get_selection,
    "delete_backup_selection": _delete_selection,
    "list_backup_selections": _list_selections,
    "create_restore_testing_plan": _create_test,
    "get_restore_testing_plan": _get_test,
    "update_restore_testing_plan": _update_test,
    "delete_restore_testing_plan": _delete_test,
    "list_restore_testing_plans": _list_tests,
    "create_restore_testing_selection": _create_tested,
    "get_restore_testing_selection": _get_tested,
    "update_restore_testing_selection": _update_tested,
    "delete_restore_testing_selection": _delete_tested,
    "list_restore_testing_selections": _list_tested,
}

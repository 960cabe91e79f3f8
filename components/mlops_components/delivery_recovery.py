"""What delivery may do to declare backups: vaults, plans and restore tests, and the rules that tell of failed jobs.

Actions and the resource types they take: AWS service authorization reference, AWS Backup.
"""

from collections.abc import Sequence

from mlops_components.delivery_policy import PROJECT, Reach
from mlops_components.documents import Statement, statement


def recovery_statements(reach: Reach) -> Sequence[Statement]:
    """Return the statements. Deleting a recovery point is in none: whoever deploys can't take the backups away."""
    here = {"StringEquals": {"aws:RequestedRegion": reach.region}}
    asked, owned = ({"StringEquals": {f"aws:{kind}Tag/project": PROJECT}} for kind in ("Request", "Resource"))
    tags = ["backup:ListTags", "backup:TagResource", "backup:UntagResource"]
    vault = [f"backup:{verb}BackupVaultAccessPolicy" for verb in ("Delete", "Get", "Put")]
    vault += [f"backup:{verb}BackupVaultLockConfiguration" for verb in ("Delete", "Put")]
    vault += [f"backup:{verb}BackupVault" for verb in ("Create", "Delete", "Describe")]
    plan = [f"backup:{verb}BackupPlan" for verb in ("Delete", "Get", "Update")]
    plan += [f"backup:{verb}BackupSelection" for verb in ("Create", "Delete", "Get")]
    test = [
        f"backup:{verb}RestoreTesting{noun}"
        for noun in ("Plan", "Selection")
        for verb in ("Create", "Delete", "Get", "Update")
    ]
    plans = [reach.arn("backup", "backup-plan:*")]
    tests = f"restore-testing-plan:{reach.prefix.replace('-', '_')}_*"
    return [
        statement("BackupVaults", [*sorted(vault), *tags], [reach.arn("backup", f"backup-vault:{reach.prefix}-*")]),
        # A plan's ARN holds an id that the service makes and no name: the project's tag binds it.
        statement("CreatePlans", ["backup:CreateBackupPlan", "backup:TagResource"], plans, condition=asked),
        statement("BackupPlans", [*sorted(plan), *tags], plans, condition=owned),
        statement("RestoreTests", [*sorted(test), *tags], [reach.arn("backup", tests)]),
        # A vault is made with its storage; this action has no resource type.
        statement("VaultStorage", ["backup-storage:MountCapsule"], ["*"], condition=here),
        # AWS Backup retires its grant on the key of a vault on behalf of who makes the vault.
        statement("VaultKeys", ["kms:RetireGrant"], [reach.arn("kms", "key/*")], condition=owned),
        statement(
            "EventRules",
            [
                "events:DeleteRule", "events:DescribeRule", "events:ListTagsForResource", "events:ListTargetsByRule",
                "events:PutRule", "events:PutTargets", "events:RemoveTargets", "events:TagResource",
                "events:UntagResource",
            ],
            [reach.arn("events", f"rule/{reach.prefix}-*")],
        ),
    ]  # fmt: skip

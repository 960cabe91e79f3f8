"""Backup plan: a locked vault outside the buckets, filled within a stated RPO, and restored from by test."""

from collections.abc import Mapping
from typing import Any, NotRequired, TypedDict

import pulumi
from pulumi_aws import backup, cloudwatch, iam

from mlops_components.backup_policies import backup_role_policy, failed_jobs, restore_role_policy, vault_policy
from mlops_components.deletion import protects
from mlops_components.documents import assume_role_policy, bucket_arn, partition
from mlops_components.validation import Checker

VAULT_LOCKS = ("none", "governance", "compliance")
RESTORE_TESTS: Mapping[str, str] = {
    "off": "",
    "weekly": "cron(0 3 ? * SUN *)",
    "monthly": "cron(0 3 1 * ? *)",
}
INTERVALS = (1, 2, 3, 4, 6, 8, 12, 24)
"""Hours between two backups: what divides a day, so that intervals are even, from the shortest AWS Backup has."""
START_WINDOW_MINUTES = 60
"""The shortest start window (API reference, BackupRuleInput): a job begins at any time within it."""
COMPLETION_WINDOW_MINUTES = 24 * 60
LONGEST_CONTINUOUS_DAYS = 35
LONGEST_RETENTION_DAYS = 36_500
SHORTEST_GRACE_DAYS = 3
CONTINUOUS_RPO_HOURS = 1


class _Defaults(TypedDict):
    rpo_hours: int
    rto_hours: int
    interval_hours: int
    continuous: bool
    retention_days: int
    vault_lock: str
    lock_min_days: int
    lock_max_days: int
    restore_test: str


DEFAULTS: Mapping[str, _Defaults] = {
    "dev": {
        "rpo_hours": 48, "rto_hours": 48, "interval_hours": 24, "continuous": False, "retention_days": 7,
        "vault_lock": "none", "lock_min_days": 1, "lock_max_days": 90, "restore_test": "off",
    },
    "staging": {
        "rpo_hours": 24, "rto_hours": 24, "interval_hours": 12, "continuous": False, "retention_days": 35,
        "vault_lock": "governance", "lock_min_days": 7, "lock_max_days": 90, "restore_test": "monthly",
    },
    "prod": {
        "rpo_hours": 1, "rto_hours": 4, "interval_hours": 24, "continuous": True, "retention_days": 365,
        "vault_lock": "compliance", "lock_min_days": 35, "lock_max_days": 730, "restore_test": "weekly",
    },
}  # fmt: skip
CONTINUOUS_DAYS = 35
LOCK_GRACE_DAYS = 7


class BackupPlanArgs(TypedDict):
    """Inputs of `BackupPlan`."""

    prefix: str
    """Start of every name of the environment; the vault is `{prefix}-backups`."""
    account: str
    """AWS account id of the environment, 12 digits."""
    region: str
    """AWS region code."""
    environment_class: NotRequired[str]
    """dev, staging or prod; decides the defaults below. Default: prod."""
    buckets: pulumi.Input[list[str]]
    """Names of the buckets to back up, all versioned: AWS Backup refuses others."""
    key_arns: pulumi.Input[list[str]]
    """ARNs of the KMS keys of their objects."""
    vault_key_arn: pulumi.Input[str]
    """ARN of the KMS key of the vault: that of the strictest data class in it."""
    warning_topic_arn: pulumi.Input[str]
    """ARN of the SNS topic told of backup and restore jobs that fail."""
    maintainer_arns: NotRequired[list[str]]
    """ARNs of the roles that alone may change the vault's policy, such as the one that deploys. Default: none, and
    the policies of principals decide."""
    rpo_hours: NotRequired[int]
    """Most hours of data that may be lost. Default: 48 in dev, 24 in staging, 1 in prod."""
    rto_hours: NotRequired[int]
    """Most hours until data is restored. Default: 48 in dev, 24 in staging, 4 in prod."""
    interval_hours: NotRequired[int]
    """Hours between two backups: 1, 2, 3, 4, 6, 8, 12 or 24. Default: 12 in staging, else 24."""
    continuous: NotRequired[bool]
    """Whether changes are also backed up as they happen, to restore any second of the last days. Default: only in
    prod."""
    continuous_days: NotRequired[int]
    """Days that can be restored to the second, 1 to 35. Default: 35."""
    retention_days: NotRequired[int]
    """Days for which a backup is kept. Default: 7 in dev, 35 in staging, 365 in prod."""
    vault_lock: NotRequired[str]
    """none, governance (can be lifted) or compliance (by nobody, after the grace time). Default: none in dev,
    governance in staging, compliance in prod."""
    lock_grace_days: NotRequired[int]
    """Days after which a compliance lock can't be changed any more, at least 3. Default: 7."""
    lock_min_days: NotRequired[int]
    """Shortest retention that a locked vault takes, in days. Default: 1 in dev, 7 in staging, 35 in prod."""
    lock_max_days: NotRequired[int]
    """Longest retention that a locked vault takes, in days. Default: 730 in prod, else 90."""
    restore_test: NotRequired[str]
    """off, weekly or monthly: how often AWS Backup restores the latest backups for a test. Default: off in dev,
    monthly in staging, weekly in prod."""
    protect: NotRequired[bool]
    """Whether Pulumi refuses to delete the vault. Default: false in dev, else true."""


class BackupPlan(pulumi.ComponentResource):
    """A vault with its lock, the plan that fills it, roles to back up and restore, alarms of failure, restore tests.

    No recovery point can be deleted by hand. S3's backups have no cold storage tier, so none is declared (developer
    guide, "Feature availability by resource"). The state bucket isn't here: see `StateBackend`.
    """

    vault_name: pulumi.Output[str]
    """Name of the vault."""
    vault_arn: pulumi.Output[str]
    """ARN of the vault."""
    plan_id: pulumi.Output[str]
    """Id of the plan."""
    backup_role_arn: pulumi.Output[str]
    """ARN of the role that backs up."""
    restore_role_arn: pulumi.Output[str]
    """ARN of the role to restore with."""

    def __init__(self, name: str, args: BackupPlanArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        checked(name, args).finish()
        super().__init__("mlops:index:BackupPlan", name, {**args}, opts)
        self._base, self._args, self._settings = name, args, settings(args)
        self._child = pulumi.ResourceOptions(parent=self)
        vault = self._vault()
        buckets = pulumi.Output.from_input(args["buckets"])
        backing_up = self._role("backup", "Backs up", backup_role_policy)
        restoring = self._role("restore", "Restores", restore_role_policy)
        plan = self._plan(vault)
        backup.Selection(
            f"{name}-selection",
            name="buckets",
            plan_id=plan.id,
            iam_role_arn=backing_up,
            resources=buckets.apply(lambda known: [bucket_arn(bucket, args["region"]) for bucket in known]),
            opts=self._child,
        )
        self._tell_of_failures(vault, restoring)
        self._tests(vault, buckets, restoring)
        self.vault_name, self.vault_arn, self.plan_id = vault.name, vault.arn, plan.id
        self.backup_role_arn, self.restore_role_arn = backing_up, restoring
        self.register_outputs(
            {
                "vault_name": self.vault_name,
                "vault_arn": self.vault_arn,
                "plan_id": self.plan_id,
                "backup_role_arn": self.backup_role_arn,
                "restore_role_arn": self.restore_role_arn,
            }
        )

    def _vault(self) -> backup.Vault:
        args, known = self._args, self._settings
        environment_class = args.get("environment_class") or "prod"
        vault = backup.Vault(
            self._base,
            name=vault_name(args["prefix"]),
            kms_key_arn=args["vault_key_arn"],
            force_destroy=environment_class == "dev",
            tags={"rpo-hours": str(known["rpo_hours"]), "rto-hours": str(known["rto_hours"])},
            opts=pulumi.ResourceOptions(parent=self, protect=protects(args)),
        )
        backup.VaultPolicy(
            f"{self._base}-policy",
            backup_vault_name=vault.name,
            policy=vault.arn.apply(lambda arn: vault_policy(arn, args.get("maintainer_arns") or [])),
            opts=self._child,
        )
        if known["vault_lock"] != "none":
            backup.VaultLockConfiguration(
                f"{self._base}-lock",
                backup_vault_name=vault.name,
                # With a lock date the lock is a compliance lock, without one a governance lock.
                changeable_for_days=known["lock_grace_days"] if known["vault_lock"] == "compliance" else None,
                min_retention_days=known["lock_min_days"],
                max_retention_days=known["lock_max_days"],
                opts=self._child,
            )
        return vault

    def _role(self, purpose: str, what: str, document: Any) -> pulumi.Output[str]:
        """Declare a role for AWS Backup with one policy; its ARN resolves once the policy is attached."""
        args = self._args
        role = iam.Role(
            f"{self._base}-{purpose}-role",
            name=f"{args['prefix']}-{purpose}",
            description=f"{what} the buckets of {args['prefix']}",
            assume_role_policy=assume_role_policy("backup", args["account"]),
            tags={"purpose": purpose},
            opts=self._child,
        )
        known = pulumi.Output.all(args["buckets"], args["key_arns"], args["vault_key_arn"])
        granted = iam.RolePolicy(
            f"{self._base}-{purpose}-role-policy",
            name=purpose,
            role=role.name,
            policy=known.apply(lambda values: document(*values, args["region"], args["account"])),
            opts=self._child,
        )
        return pulumi.Output.all(role.arn, granted.id).apply(lambda pair: str(pair[0]))

    def _plan(self, vault: backup.Vault) -> backup.Plan:
        known = self._settings
        rules = [_rule("periodic", vault, schedule(known["interval_hours"]), known["retention_days"])]
        if known["continuous"]:
            # A bucket's continuous and periodic backups have to be in one vault (developer guide, Amazon S3 backups).
            continuous = _rule("continuous", vault, schedule(24), known["continuous_days"])
            rules.append({**continuous, "enable_continuous_backup": True})
        return backup.Plan(f"{self._base}-plan", name=f"{self._args['prefix']}-buckets", rules=rules, opts=self._child)

    def _tell_of_failures(self, vault: backup.Vault, restoring: pulumi.Output[str]) -> None:
        args = self._args
        rule = cloudwatch.EventRule(
            f"{self._base}-failed",
            name=f"{args['prefix']}-backup-failed",
            description=f"Backup and restore jobs of {vault_name(args['prefix'])} that did not succeed",
            event_pattern=pulumi.Output.all(vault.arn, restoring).apply(lambda arns: failed_jobs(*arns)),
            opts=self._child,
        )
        cloudwatch.EventTarget(
            f"{self._base}-failed-topic",
            rule=rule.name,
            target_id="warning-topic",
            arn=args["warning_topic_arn"],
            opts=self._child,
        )

    def _tests(self, vault: backup.Vault, buckets: pulumi.Output[list[str]], restoring: pulumi.Output[str]) -> None:
        args, known = self._args, self._settings
        if known["restore_test"] == "off":
            return
        kinds = ["SNAPSHOT", "CONTINUOUS"] if known["continuous"] else ["SNAPSHOT"]
        plan = backup.RestoreTestingPlan(
            f"{self._base}-test",
            name=restore_test_name(args["prefix"]),
            schedule_expression=RESTORE_TESTS[known["restore_test"]],
            schedule_expression_timezone="Etc/UTC",
            start_window_hours=24,
            recovery_point_selection={
                "algorithm": "LATEST_WITHIN_WINDOW",
                "include_vaults": [vault.arn],
                "recovery_point_types": kinds,
                "selection_window_days": min(30, known["retention_days"]),
            },
            opts=self._child,
        )
        backup.RestoreTestingSelection(
            f"{self._base}-test-selection",
            name="buckets",
            restore_testing_plan_name=plan.name,
            protected_resource_type="S3",
            protected_resource_arns=buckets.apply(
                lambda names: [bucket_arn(bucket, args["region"]) for bucket in names]
            ),
            iam_role_arn=restoring,
            # The bucket of a test is encrypted like the vault, not with S3's own key.
            restore_metadata_overrides={"encryptionType": "SSE-KMS", "kmsKey": args["vault_key_arn"]},
            opts=self._child,
        )


def settings(args: Mapping[str, Any]) -> dict[str, Any]:
    """Return what holds: the arguments over the defaults of the class; whole numbers as such."""
    defaults: dict[str, Any] = {
        **DEFAULTS[args.get("environment_class") or "prod"],
        "continuous_days": CONTINUOUS_DAYS,
        "lock_grace_days": LOCK_GRACE_DAYS,
    }
    known = {name: value if args.get(name) is None else args[name] for name, value in defaults.items()}
    return {name: int(value) if isinstance(value, float) else value for name, value in known.items()}


def vault_name(prefix: str) -> str:
    """Return the vault's name."""
    return f"{prefix}-backups"


def vault_arn(prefix: str, account: str, region: str) -> str:
    """Return the vault's ARN, known before the vault exists."""
    return f"arn:{partition(region)}:backup:{region}:{account}:backup-vault:{vault_name(prefix)}"


def restore_test_name(prefix: str) -> str:
    """Return the name of the restore testing plan, which takes no hyphens."""
    return f"{prefix.replace('-', '_')}_restore_test"


def schedule(interval_hours: int) -> str:
    """Return the cron expression of an interval that divides a day, at a quarter past, off the busy full hour."""
    hours = "2" if interval_hours == 24 else f"2/{interval_hours}" if interval_hours > 2 else f"0/{interval_hours}"
    return f"cron(15 {hours} ? * * *)"


def _rule(name: str, vault: backup.Vault, when: str, days: int) -> Any:
    return {
        "rule_name": name,
        "target_vault_name": vault.name,
        "schedule": when,
        "schedule_expression_timezone": "Etc/UTC",
        "start_window": START_WINDOW_MINUTES,
        "completion_window": COMPLETION_WINDOW_MINUTES,
        "lifecycle": {"delete_after": days},
    }


def checked(name: str, args: BackupPlanArgs) -> Checker[BackupPlanArgs]:
    """Return the checker of a backup plan's arguments, with whatever faults it found."""
    check = Checker("BackupPlan", name, args, BackupPlanArgs)
    for path in ("key_arns", "vault_key_arn"):
        check.arn(path, "kms")
    check.arn("warning_topic_arn", "sns")
    check.arn("maintainer_arns", "iam")
    check.one_of("vault_lock", VAULT_LOCKS)
    check.one_of("restore_test", RESTORE_TESTS)
    check.between("rpo_hours", 1, 168, "hours")
    check.between("rto_hours", 1, 168, "hours")
    check.between("continuous_days", 1, LONGEST_CONTINUOUS_DAYS, "days (AWS Backup, point-in-time recovery)")
    check.between("retention_days", 1, LONGEST_RETENTION_DAYS, "days (AWS Backup Lifecycle)")
    for path, least in (("lock_min_days", 1), ("lock_max_days", 1), ("lock_grace_days", SHORTEST_GRACE_DAYS)):
        check.between(path, least, LONGEST_RETENTION_DAYS, "days (PutBackupVaultLockConfiguration)")
    prefix = check.plain("prefix")
    if prefix:
        check.aws_name("prefix", vault_name(prefix), "vault")
        check.aws_name("prefix", restore_test_name(prefix), "restore_test")
        check.aws_name("prefix", f"{prefix}-restore", "role")
    if check.plain("buckets") == []:
        check.fault("buckets", [], "must name a bucket: an empty selection would back up the whole account", "name one")
    if not check.faults:
        _check_together(check)
    return check


def _check_together(check: Checker[BackupPlanArgs]) -> None:
    """The interval keeps the RPO, and the vault takes what the plan keeps (PutBackupVaultLockConfiguration)."""
    known = settings(check.args)
    interval, rpo = known["interval_hours"], known["rpo_hours"]
    if interval not in INTERVALS:
        check.fault(
            "interval_hours", interval, f"must be one of {', '.join(map(str, INTERVALS))}, which divide a day", "use 12"
        )
        return
    lost = CONTINUOUS_RPO_HOURS if known["continuous"] else interval + START_WINDOW_MINUTES // 60
    if lost > rpo:
        rule = f"loses up to {lost} hours (interval and start window), more than the RPO of {rpo}"
        check.fault("interval_hours", interval, rule, "back up more often, or continuously")
    if known["vault_lock"] == "none":
        return
    low, high = known["lock_min_days"], known["lock_max_days"]
    if low > high:
        check.fault("lock_min_days", low, f"exceeds lock_max_days ({high})", f"use at most {high}")
        return
    kept = ["retention_days", "continuous_days"] if known["continuous"] else ["retention_days"]
    for path in kept:
        if not low <= known[path] <= high:
            rule = f"is outside what the locked vault takes, {low} to {high} days: every job would fail"
            check.fault(path, known[path], rule, f"use {min(max(known[path], low), high)}")

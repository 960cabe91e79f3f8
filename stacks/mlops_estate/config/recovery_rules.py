"""Rules across recovery keys: objectives that the backups keep, and a vault that takes what the plan keeps."""

from __future__ import annotations

from collections.abc import Iterator

from mlops_estate.config.estate import EstateBlock
from mlops_estate.config.findings import Finding, RelativePath, Rule
from mlops_estate.config.recovery import RecoveryBlock

_GUIDE = "https://docs.aws.amazon.com/aws-backup/latest/devguide/"
START_WINDOW_HOURS = 1
CONTINUOUS_RPO_HOURS = 1


def worst_loss_hours(recovery: RecoveryBlock) -> int:
    """Return the most hours of data that the backups of a block can lose."""
    return CONTINUOUS_RPO_HOURS if recovery.continuous else recovery.interval_hours + START_WINDOW_HOURS


def backups_keep_the_rpo(estate: EstateBlock) -> Iterator[Finding]:
    """Interval and start window together are within the RPO: a job starts at any time of its window, at least an hour.

    Continuous backups of S3 follow changes by events, within minutes. Source: BackupRuleInput, StartWindowMinutes; AWS
    Backup developer guide, "Continuous backups and point-in-time recovery".
    """
    recovery = estate.recovery
    lost = worst_loss_hours(recovery)
    if lost <= recovery.rpo_hours:
        return
    rule = (
        f"loses up to {lost} hours (the interval and a start window of {START_WINDOW_HOURS}), "
        f"more than `rpo_hours` ({recovery.rpo_hours})"
    )
    possible = [hours for hours in (1, 2, 3, 4, 6, 8, 12) if hours + START_WINDOW_HOURS <= recovery.rpo_hours]
    fix = f"use {possible[-1]}, or `continuous: true`" if possible else "use `continuous: true`"
    yield Finding(
        ("recovery", "interval_hours"), recovery.interval_hours, rule, fix, f"{_GUIDE}API_BackupRuleInput.html",
        (("recovery", "rpo_hours"), ("recovery", "continuous")),
    )  # fmt: skip


def the_vault_takes_what_is_kept(estate: EstateBlock) -> Iterator[Finding]:
    """A locked vault fails every job whose retention is outside its bounds. Source: PutBackupVaultLockConfiguration."""
    recovery = estate.recovery
    if recovery.vault_lock == "none":
        return
    low, high = recovery.lock_min_days, recovery.lock_max_days
    page = f"{_GUIDE}API_PutBackupVaultLockConfiguration.html"
    bounds: tuple[RelativePath, ...] = (("recovery", "lock_min_days"), ("recovery", "lock_max_days"))
    if low > high:
        rule = f"must be at most `lock_max_days` ({high})"
        yield Finding(bounds[0], low, rule, f"use at most {high}", page, bounds[1:])
        return
    for key in ("retention_days", "continuous_days") if recovery.continuous else ("retention_days",):
        days = getattr(recovery, key)
        if not low <= days <= high:
            rule = f"must be {low} to {high}, which the locked vault takes (`lock_min_days`, `lock_max_days`)"
            fix = f"use {min(max(days, low), high)}, or change the lock's bounds"
            yield Finding(("recovery", key), days, rule, fix, page, (*bounds, ("recovery", "vault_lock")))


def grace_is_for_compliance(estate: EstateBlock) -> Iterator[Finding]:
    """Only a compliance lock has a lock date. Source: PutBackupVaultLockConfiguration, ChangeableForDays."""
    recovery = estate.recovery
    if "lock_grace_days" in recovery.model_fields_set and recovery.vault_lock != "compliance":
        rule = f"contradicts `vault_lock: {recovery.vault_lock}`: only a compliance lock becomes final"
        page = f"{_GUIDE}API_PutBackupVaultLockConfiguration.html"
        where = ("recovery", "lock_grace_days")
        yield Finding(where, recovery.lock_grace_days, rule, "remove it", page, (("recovery", "vault_lock"),))


def buckets_are_named_once(estate: EstateBlock) -> Iterator[Finding]:
    """A bucket's continuous backup belongs to one selection. Source: developer guide, "Amazon S3 backups"."""
    named = estate.recovery.buckets
    for index, bucket in enumerate(named):
        if bucket in named[:index]:
            rule = "each bucket must be named once"
            yield Finding(
                ("recovery", "buckets", index), bucket, rule, "remove the repeated one", f"{_GUIDE}s3-backups.html"
            )


RECOVERY_RULES: tuple[Rule, ...] = (
    backups_keep_the_rpo,
    the_vault_takes_what_is_kept,
    grace_is_for_compliance,
    buckets_are_named_once,
)

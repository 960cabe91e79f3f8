"""Rules across the keys of the audit block."""

from __future__ import annotations

from collections.abc import Iterator

from mlops_estate.config.estate import EstateBlock
from mlops_estate.config.findings import Finding, Rule

_LOCK = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock-managing.html"
_TRAIL = "https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-find-log-files.html"


def logs_outlive_their_lock(estate: EstateBlock) -> Iterator[Finding]:
    """A locked version isn't removed by a lifecycle rule, so retention shorter than the lock is never kept to."""
    audit = estate.audit
    if audit.trail_retention_days < audit.trail_lock_days:
        rule = f"must be at least `trail_lock_days` ({audit.trail_lock_days}): a locked log file can't be removed"
        yield Finding(
            ("audit", "trail_retention_days"), audit.trail_retention_days, rule, f"use {audit.trail_lock_days}", _LOCK,
            (("audit", "trail_lock_days"),),
        )  # fmt: skip


def existing_trail_is_used(estate: EstateBlock) -> Iterator[Finding]:
    """The folder of an existing trail is for an account whose trail exists."""
    uri, mode = estate.audit.existing_trail_uri, estate.account_baseline.mode("cloudtrail")
    if uri is not None and mode != "existing":
        rule = f"contradicts `account_baseline`, which says {mode} for cloudtrail"
        fix = "set account_baseline.cloudtrail to existing, or remove this key"
        yield Finding(
            ("audit", "existing_trail_uri"), uri, rule, fix, _TRAIL,
            (("account_baseline",), ("account_baseline", "cloudtrail")),
        )  # fmt: skip


AUDIT_RULES: tuple[Rule, ...] = (logs_outlive_their_lock, existing_trail_is_used)

"""Backups of the environment's buckets, by its recovery objectives."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pulumi

from mlops_components import BackupPlan
from mlops_components.data_lake import PURPOSES
from mlops_estate.config import EnvironmentConfig
from mlops_estate.program.shared import Shared


def declare_recovery(config: EnvironmentConfig, shared: Shared, opts: pulumi.ResourceOptions) -> dict[str, Any]:
    """Declare the backups and return what a restore needs to know."""
    estate, recovery = config.estate, config.estate.recovery
    plan = BackupPlan(
        "backups",
        {
            "prefix": config.prefix,
            "account": estate.account,
            "region": estate.region,
            "environment_class": config.environment_class,
            "buckets": [getattr(shared.lake, f"{name}_bucket") for name in recovery.buckets],
            "key_arns": [getattr(shared.keys, f"{name}_key_arn") for name in _data_classes(recovery.buckets)],
            # Records of people are in it, so the strictest class's key.
            "vault_key_arn": shared.keys.personal_key_arn,
            "warning_topic_arn": shared.topics.warning_topic_arn,
            "maintainer_arns": estate.delivery_role_arns,
            "rpo_hours": recovery.rpo_hours,
            "rto_hours": recovery.rto_hours,
            "interval_hours": recovery.interval_hours,
            "continuous": recovery.continuous,
            "continuous_days": recovery.continuous_days,
            "retention_days": recovery.retention_days,
            "vault_lock": recovery.vault_lock,
            "lock_grace_days": recovery.lock_grace_days,
            "lock_min_days": recovery.lock_min_days,
            "lock_max_days": recovery.lock_max_days,
            "restore_test": recovery.restore_test,
            "protect": estate.protect,
        },
        opts,
    )
    return {
        "vault": plan.vault_name,
        "plan": plan.plan_id,
        "restore_role": plan.restore_role_arn,
        "rpo_hours": recovery.rpo_hours,
        "rto_hours": recovery.rto_hours,
    }


def _data_classes(buckets: Sequence[str]) -> list[str]:
    """Return the data classes of what the buckets hold, and so the keys to read it with."""
    purposes = [PURPOSES[bucket] for bucket in buckets]
    return sorted({name for plan in purposes for name in (plan.data_class, plan.also_encrypted_as) if name})

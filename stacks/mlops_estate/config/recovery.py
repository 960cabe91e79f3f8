"""How much may be lost and for how long: recovery objectives, and the backups that keep them."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from mlops_estate.config.classes import Block, by_class

BackedUp = Literal["raw", "curated", "features", "models", "reports"]
"""Buckets worth a backup: captured requests expire within weeks, and access logs can be lost."""


def _backed_up() -> list[BackedUp]:
    return ["curated", "features", "models", "reports"]


class RecoveryBlock(Block):
    """Recovery objectives of the environment, and the backups of its buckets."""

    rpo_hours: int = by_class(
        48,
        24,
        1,
        ge=1,
        le=168,
        description="Recovery point objective: most hours of data that may be lost. A backup interval that loses "
        "more is refused.",
    )
    rto_hours: int = by_class(
        48,
        24,
        4,
        ge=1,
        le=168,
        description="Recovery time objective: most hours until data is restored; what restore tests and drills are "
        "held against.",
    )
    buckets: list[BackedUp] = Field(
        default_factory=_backed_up,
        min_length=1,
        description="Buckets that are backed up. `raw` is left out by default: its source delivers it again.",
    )
    interval_hours: Literal[1, 2, 3, 4, 6, 8, 12, 24] = by_class(
        24, 12, 24, description="Hours between two backups: a part of a day, at least one hour."
    )
    continuous: bool = by_class(
        False,
        False,
        True,
        description="Whether changes are also backed up as they happen, so that any second of the last "
        "`continuous_days` can be restored.",
    )
    continuous_days: int = Field(
        default=35, ge=1, le=35, description="Days that can be restored to the second (AWS Backup: at most 35)."
    )
    retention_days: int = by_class(7, 35, 365, ge=1, le=36_500, description="Days for which a backup is kept.")
    vault_lock: Literal["none", "governance", "compliance"] = by_class(
        "none",
        "governance",
        "compliance",
        description="Lock of the vault: governance can be lifted by who may; compliance by nobody, not even AWS, once "
        "`lock_grace_days` have passed.",
    )
    lock_grace_days: int = Field(
        default=7,
        ge=3,
        le=36_500,
        description="Days until a compliance lock can't be changed or lifted any more (AWS Backup: at least 3).",
    )
    lock_min_days: int = by_class(
        1, 7, 35, ge=1, le=36_500, description="Shortest retention that a locked vault takes, in days."
    )
    lock_max_days: int = by_class(
        90, 90, 730, ge=1, le=36_500, description="Longest retention that a locked vault takes, in days."
    )
    restore_test: Literal["off", "weekly", "monthly"] = by_class(
        "off",
        "monthly",
        "weekly",
        description="How often AWS Backup restores the latest backups into a bucket of its own, as a test.",
    )

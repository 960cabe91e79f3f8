"""Rules across fields about usage: what is stated of use is possible with what is declared."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from mlops_estate.config.findings import Finding, Rule

if TYPE_CHECKING:
    from mlops_estate.config.models import ModelBlock


def jobs_end_with_their_longest_run(model: ModelBlock) -> Iterator[Finding]:
    """A training or monitoring job takes no longer than its longest run, after which it is stopped."""
    for key, per, where, longest in (
        ("training_hours", 3600, ("training", "max_runtime_seconds"), model.training.max_runtime_seconds),
        ("monitoring_minutes", 60, ("monitoring", "max_runtime_seconds"), model.monitoring.max_runtime_seconds),
    ):
        stated = getattr(model.usage, key)
        if stated is not None and stated * per > longest:
            rule = f"exceeds `{'.'.join(where)}` ({longest} s), after which the job is stopped"
            fix = f"use at most {longest / per:g}, or raise `{'.'.join(where)}`"
            yield Finding(("usage", key), stated, rule, fix, "", (where,))


def only_online_records_are_read_one_by_one(model: ModelBlock) -> Iterator[Finding]:
    """Reads and records of the online store need one."""
    if model.features.online:
        return
    for key in ("feature_reads_per_month", "online_records"):
        stated = getattr(model.usage, key)
        if stated:
            rule = "contradicts `features.online: false`: there is no online store"
            yield Finding(("usage", key), stated, rule, "remove it", "", (("features", "online"),))


def what_is_kept_is_captured(model: ModelBlock) -> Iterator[Finding]:
    """Captured data needs capture: not with a share of 0, and not on a serverless endpoint."""
    stated = model.usage.captured_gb
    if stated and not model.captured_percent:
        serverless = model.serving.serverless
        key = "serverless_memory_mb" if serverless else "capture_percent"
        why = "a serverless endpoint captures nothing" if serverless else "nothing is captured"
        rule = f"contradicts `serving.{key}`: {why}"
        fix = "remove it" if serverless else "remove it, or capture a share of the requests"
        yield Finding(("usage", "captured_gb"), stated, rule, fix, "", (("serving", key),))


USAGE_RULES: tuple[Rule, ...] = (
    jobs_end_with_their_longest_run,
    only_online_records_are_read_one_by_one,
    what_is_kept_is_captured,
)

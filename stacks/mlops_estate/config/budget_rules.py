"""Rules between the keys of the budget."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from mlops_estate.config.findings import Finding, Rule

if TYPE_CHECKING:
    from mlops_estate.config.estate import EstateBlock

_API = "https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/"
_ANOMALIES = "https://docs.aws.amazon.com/cost-management/latest/userguide/getting-started-ad.html"


def budget_steps_rise(estate: EstateBlock) -> Iterator[Finding]:
    """Thresholds of a budget are distinct: AWS refuses a second notification of the same kind and threshold."""
    steps = estate.budget.warn_at_percent
    if sorted(set(steps)) != steps:
        source = f"{_API}API_budgets_CreateNotification.html"
        fix = f"write {sorted(set(steps))}"
        yield Finding(("budget", "warn_at_percent"), steps, "thresholds must rise and not repeat", fix, source)


def anomalies_are_told_before_the_budget_is_spent(estate: EstateBlock) -> Iterator[Finding]:
    """An anomaly as large as the budget is told by the budget itself (the estate's rule)."""
    given, budget = estate.budget.anomaly_usd, estate.budget.monthly_usd
    if given is not None and given >= budget:
        rule = f"must be below `monthly_usd` ({budget:g}): the budget tells of as much by itself"
        fix = f"leave it out for {budget / 10:g}"
        yield Finding(("budget", "anomaly_usd"), given, rule, fix, _ANOMALIES, (("budget", "monthly_usd"),))


def existing_monitor_is_used(estate: EstateBlock) -> Iterator[Finding]:
    """The monitor that an account has is named where the account's baseline says that it has one, and is its own."""
    arn, mode = estate.budget.anomaly_monitor_arn, estate.account_baseline.mode("cost_anomaly_monitor")
    where = ("budget", "anomaly_monitor_arn")
    if arn is None:
        return
    if mode != "existing":
        rule = f"contradicts `account_baseline`, which says {mode} for cost_anomaly_monitor"
        fix = "set account_baseline.cost_anomaly_monitor to existing, or remove this key"
        involves = (("account_baseline",), ("account_baseline", "cost_anomaly_monitor"))
        yield Finding(where, arn, rule, fix, _ANOMALIES, involves)
    if arn.split(":")[4] != estate.account:
        rule = f"must be a monitor of the account {estate.account}: monitors are seen by their own account alone"
        yield Finding(where, arn, rule, "name the account's own monitor", _ANOMALIES, (("account",),))


def approval_is_of_an_action(estate: EstateBlock) -> Iterator[Finding]:
    """How and when an action runs is said where there is one."""
    if estate.budget.action != "none":
        return
    for key in ("action_at_percent", "action_approval"):
        if key in estate.budget.model_fields_set:
            value = getattr(estate.budget, key)
            rule = "contradicts `action: none`: there is no action"
            yield Finding(("budget", key), value, rule, "remove it, or write `action: stop_training`", "",
                          (("budget", "action"),))  # fmt: skip


BUDGET_RULES: tuple[Rule, ...] = (
    budget_steps_rise,
    anomalies_are_told_before_the_budget_is_spent,
    existing_monitor_is_used,
    approval_is_of_an_action,
)

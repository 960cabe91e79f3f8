"""Costs: a budget for each environment, and a look-out for what is unusual."""

from __future__ import annotations

import math
from collections.abc import Iterator

from mlops_policies.resource import Resource, View
from mlops_policies.rule import Use, whole_stack_rule
from mlops_policies.stack import Stack
from mlops_policies.values import UnknownValue
from mlops_policies.verdicts import Status, Verdict, not_applicable

BUDGET = "aws:budgets/budget:Budget"
MONITOR = "aws:costexplorer/anomalyMonitor:AnomalyMonitor"
SUBSCRIPTION = "aws:costexplorer/anomalySubscription:AnomalySubscription"

_NARROWING = ("TagKeyValue", "LinkedAccount", "CostCategory")
_NO_MONITOR = "the stack has no cost anomaly monitor with a subscriber"
_SUBSCRIBERS = ("subscriberSnsTopicArns", "subscriberEmailAddresses")


def _has_machine_learning(stack: Stack) -> bool:
    return any(it.type.startswith(("aws:sagemaker/", "aws-native:sagemaker:")) for it in stack.resources)


@whole_stack_rule(
    "ml-budget-per-environment",
    title="Each environment has a cost budget that warns before it is spent.",
    severity="medium",
    level="mandatory",
    category="cost",
    why="An endpoint that nobody needs, or a tuning job without end, is first seen on next month's bill.",
    fix="Add a COST budget for the environment, with notices at 80 percent actual and 100 percent forecast",
    source="https://docs.aws.amazon.com/cost-management/latest/userguide/budgets-best-practices.html",
    settings={
        "account_per_environment": {
            "type": "boolean",
            "default": False,
            "description": "Whether the account holds this environment alone, so that its whole cost is the budget's.",
        },
        "budget_elsewhere": {
            "type": "boolean",
            "default": False,
            "description": "Whether the budget is declared in another stack.",
        },
    },
)
def budget_per_environment(stack: Stack, use: Use) -> Iterator[Verdict]:
    """Asked of stacks that hold SageMaker resources. A budget is one of an environment by a filter on tags, accounts or
    cost categories; without activated cost tags an account is the only filter there is.
    """
    if use["budget_elsewhere"] or not _has_machine_learning(stack):
        yield not_applicable("the stack runs no machine learning, or its budget is elsewhere")
        return
    lacks: list[str] = []
    unknown = ""
    for budget in stack.of(BUDGET):
        try:
            lack = ", ".join(_lacks(budget, use))
            if not lack:
                return
            lacks.append(f"{budget.name} lacks {lack}")
        except UnknownValue as met:
            unknown = met.path
    if unknown:
        raise UnknownValue(unknown)
    yield Verdict(Status.FAIL, "the stack has no budget for its environment" + "".join(f"; {lack}" for lack in lacks))


def _lacks(budget: Resource, use: Use) -> Iterator[str]:
    if budget.get("budgetType") != "COST":
        yield "the type COST"
    if not any(budget.present(name) for name in ("limitAmount", "plannedLimits", "autoAdjustData")):
        yield "a limit"
    if not (use["account_per_environment"] or budget.present("filterExpression") or _is_narrowed(budget)):
        yield "a filter for the environment"
    notices = budget.items("notifications")
    if not any(_warns(notice, budget, "ACTUAL", 80) for notice in notices):
        yield "a notice at 80 percent actual"
    if not any(_warns(notice, budget, "FORECASTED", 100) for notice in notices):
        yield "a notice at 100 percent forecast"


def _is_narrowed(budget: Resource) -> bool:
    return any(item.get("name") in _NARROWING and item.present("values") for item in budget.items("costFilters"))


def _warns(notice: View, budget: Resource, kind: str, percent: float) -> bool:
    """Whether a notice of a kind comes at or under a percentage of the limit, and reaches somebody."""
    if notice.get("notificationType") != kind or not any(_reaches(notice, path) for path in _SUBSCRIBERS):
        return False
    threshold = float(notice.get("threshold", 0))
    if notice.get("thresholdType", "PERCENTAGE") != "PERCENTAGE":
        limit = float(budget.get("limitAmount", 0))
        threshold = 100 * threshold / limit if limit else math.inf  # of no fixed limit, an amount is no share
    return threshold <= percent


def _reaches(notice: View, path: str) -> bool:
    return notice.present(path) and notice.raw(path) != []


@whole_stack_rule(
    "ml-cost-anomaly-monitor",
    title="Unusual costs are noticed and told.",
    severity="low",
    level="advisory",
    category="cost",
    why="A budget warns when a month's money is nearly gone; an anomaly monitor on the day on which something changed.",
    fix="Add an anomaly monitor with a subscription, or say that another stack of the account has one",
    source="https://docs.aws.amazon.com/cost-management/latest/userguide/getting-started-ad.html",
    settings={
        "monitor_elsewhere": {
            "type": "boolean",
            "default": False,
            "description": "Whether the monitor is in another stack of the account, or in the payer's account.",
        }
    },
)
def cost_anomaly_monitor(stack: Stack, use: Use) -> Iterator[Verdict]:
    """Asked of stacks that hold SageMaker resources: one monitor serves a whole account, and may be elsewhere."""
    if use["monitor_elsewhere"] or not _has_machine_learning(stack):
        yield not_applicable("the stack runs no machine learning, or the monitor is elsewhere")
        return
    monitors = stack.of(MONITOR)
    subscriptions = [found for it in monitors for found in stack.referring(it, SUBSCRIPTION, by="monitorArnLists")]
    if not any(it.items("subscribers") for it in subscriptions):
        yield Verdict(Status.FAIL, _NO_MONITOR)

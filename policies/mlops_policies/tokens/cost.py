"""Budgets and Cost Explorer: `aws-native` names of what the `aws` provider has."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mlops_policies.tokens import Alias
from mlops_policies.values import is_unknown

_SUBSCRIBERS = {"SNS": "subscriberSnsTopicArns", "EMAIL": "subscriberEmailAddresses"}


def _budget(props: dict[str, Any]) -> dict[str, Any]:
    """Lift what stands in `budget`, and read notifications with their subscribers as the `aws` provider has them."""
    whole = props.get("budget")
    if not isinstance(whole, Mapping):
        return {**props, **dict.fromkeys(("budgetType", "costFilters", "limitAmount"), whole)}
    limit, filters = whole.get("budgetLimit"), whole.get("costFilters")
    made = {**props, **whole, "limitAmount": limit.get("amount") if isinstance(limit, Mapping) else limit}
    made["plannedLimits"] = whole.get("plannedBudgetLimits")
    if isinstance(filters, Mapping):
        made["costFilters"] = [{"name": name, "values": values} for name, values in filters.items()]
    if isinstance(made.get("notifications"), list):
        made["notifications"] = [_notification(item) for item in made["notifications"]]
    return made


def _notification(item: Any) -> Any:
    if not isinstance(item, Mapping) or not isinstance(item.get("notification"), Mapping):
        return item
    made = dict(item["notification"])
    subscribers = item.get("subscribers")
    if is_unknown(subscribers):
        return {**made, "subscriberSnsTopicArns": subscribers}
    for subscriber in subscribers or []:
        if not is_unknown(subscriber):
            made.setdefault(_SUBSCRIBERS.get(subscriber.get("subscriptionType"), ""), []).append(
                subscriber.get("address")
            )
    return made


ALIASES: dict[str, Alias] = {
    "aws-native:budgets:Budget": Alias(
        "aws:budgets/budget:Budget", {"notificationsWithSubscribers": "notifications", "resourceTags": "tags"}, _budget
    ),
    "aws-native:ce:AnomalyMonitor": Alias(
        "aws:costexplorer/anomalyMonitor:AnomalyMonitor", {"monitorName": "name", "resourceTags": "tags"}
    ),
    "aws-native:ce:AnomalySubscription": Alias(
        "aws:costexplorer/anomalySubscription:AnomalySubscription",
        {"monitorArnList": "monitorArnLists", "subscriptionName": "name", "resourceTags": "tags"},
    ),
}

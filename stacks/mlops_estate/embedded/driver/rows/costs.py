"""What tells of unusual cost, and what happens once a budget is spent."""

from __future__ import annotations

from typing import Any

from mlops_estate.embedded.driver.mapping import At
from mlops_estate.embedded.driver.operations import Operations, Place
from mlops_estate.graph import UNKNOWN

# The provider's names of an expression's parts, and the service's.
EXPRESSION = {
    "ands": "And", "ors": "Or", "not": "Not", "dimension": "Dimensions", "tags": "Tags",
    "costCategory": "CostCategories",
}  # fmt: skip


def _expression(given: Any, path: str) -> At:
    """A threshold's parts are named in the singular by the provider, and some in the plural by the service."""
    if given == UNKNOWN or not isinstance(given, dict):
        return At(given, path)
    made: dict[str, Any] = {}
    for key, value in given.items():
        where = f"{path}.{key}"
        if key in ("ands", "ors") and isinstance(value, list):
            made[EXPRESSION[key]] = At([_expression(item, f"{where}[{n}]") for n, item in enumerate(value)], where)
        elif key == "not":
            made["Not"] = _expression(value, where)
        else:
            made[EXPRESSION.get(str(key), str(key))] = At(value, where)
    return At(made, path)


def _subscription(inputs: dict[str, Any], _place: Place) -> dict[str, Any]:
    """CreateAnomalySubscription takes the subscription as one structure, and tags beside it."""
    apart = {"name", "tags", "thresholdExpression"}
    made = {key: At(value, key) for key, value in inputs.items() if key not in apart}
    # What is required names the input also where nothing is given.
    made |= {key: At(inputs.get(key), key) for key in ("frequency", "monitorArnLists", "subscribers")}
    made["subscriptionName"] = At(inputs.get("name"), "name")
    if inputs.get("thresholdExpression"):
        made["thresholdExpression"] = _expression(inputs["thresholdExpression"], "thresholdExpression")
    return {"anomalySubscription": At(made, ""), **({"tags": inputs["tags"]} if "tags" in inputs else {})}


def _subscription_change(inputs: dict[str, Any], place: Place) -> dict[str, Any]:
    return dict(_subscription(inputs, place)["anomalySubscription"].value)


def _monitor(inputs: dict[str, Any], _place: Place) -> dict[str, Any]:
    made = {key: At(value, key) for key, value in inputs.items() if key not in {"name", "tags"}}
    made |= {"monitorName": At(inputs.get("name"), "name"), "monitorType": At(inputs.get("monitorType"), "monitorType")}
    return {"anomalyMonitor": At(made, ""), **({"tags": inputs["tags"]} if "tags" in inputs else {})}


def _action(inputs: dict[str, Any], place: Place) -> dict[str, Any]:
    """The provider takes the account from its own credentials where none is given."""
    return {"accountId": place.account, **inputs}


ROWS = {
    "aws:costexplorer/anomalyMonitor:AnomalyMonitor": Operations(
        "ce", "CreateAnomalyMonitor", "GetAnomalyMonitors", "DeleteAnomalyMonitor", "UpdateAnomalyMonitor",
        root="AnomalyMonitors[0]", keys={"MonitorArn": "response.MonitorArn"}, id="{MonitorArn}", auto_name="name",
        before=_monitor, read_before=lambda k: {"MonitorArnList": [k["MonitorArn"]]},
        outputs={"arn": "{MonitorArn}"}, noun="AnomalyMonitor",
        unread=("ResourceTags",), why_unread="GetAnomalyMonitors shows no tags",
    ),
    "aws:costexplorer/anomalySubscription:AnomalySubscription": Operations(
        "ce", "CreateAnomalySubscription", "GetAnomalySubscriptions", "DeleteAnomalySubscription",
        "UpdateAnomalySubscription", root="AnomalySubscriptions[0]",
        keys={"SubscriptionArn": "response.SubscriptionArn"}, id="{SubscriptionArn}", auto_name="name",
        before=_subscription, update_before=_subscription_change,
        read_before=lambda k: {"SubscriptionArnList": [k["SubscriptionArn"]]},
        outputs={"arn": "{SubscriptionArn}", "accountId": "{account}"}, noun="AnomalySubscription",
        unread=("ResourceTags",), why_unread="GetAnomalySubscriptions shows no tags",
    ),
    "aws:budgets/budgetAction:BudgetAction": Operations(
        "budgets", "CreateBudgetAction", "DescribeBudgetAction", "DeleteBudgetAction", "UpdateBudgetAction",
        root="Action",
        keys={
            "AccountId": "params.AccountId", "BudgetName": "params.BudgetName", "ActionId": "response.ActionId",
        },
        id="{AccountId}:{ActionId}:{BudgetName}", before=_action, noun="BudgetAction",
        outputs={
            "arn": "arn:aws:budgets::{AccountId}:budget/{BudgetName}/action/{ActionId}", "accountId": "{AccountId}",
            "actionId": "{ActionId}",
        },
        unread=("ResourceTags", "AccountId"), why_unread="DescribeBudgetAction shows the action alone",
    ),
}  # fmt: skip

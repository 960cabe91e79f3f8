"""Cost Anomaly Detection and the actions of budgets, which moto lacks; what an action does is done when it is run.

Sources: AWS Billing and Cost Management API Reference; AWS Cost Anomaly Detection FAQs (one monitor of AWS services an
account, one SNS topic a subscription). There is no bill here, so nothing is ever unusual and no action becomes due by
itself: `ExecuteBudgetAction` runs it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from moto.core.utils import utcnow
from moto.moto_api._internal import mock_random

from mlops_estate.embedded.backends.refusals import Refusal

OURS: Mapping[str, frozenset[str]] = {
    "ce": frozenset(
        f"{verb}Anomaly{noun}"
        for noun, plural in (("Monitor", "Monitors"), ("Subscription", "Subscriptions"))
        for verb in ("Create", "Update", "Delete")
    )
    | {"GetAnomalyMonitors", "GetAnomalySubscriptions"},
    "budgets": frozenset({
        "UpdateBudget", "CreateBudgetAction", "DescribeBudgetAction", "DescribeBudgetActionsForBudget",
        "UpdateBudgetAction", "DeleteBudgetAction", "ExecuteBudgetAction", "TagResource", "UntagResource",
        "ListTagsForResource",
    }),
}  # fmt: skip
MOST_CUSTOM_MONITORS = 500
MOST_MAILS = 10
# By what is asked of an action: what it does to the roles, and where it stands then (ExecuteBudgetAction, Action).
EXECUTIONS = {
    "APPROVE_BUDGET_ACTION": ("attach", "EXECUTION_SUCCESS"),
    "RETRY_BUDGET_ACTION": ("attach", "EXECUTION_SUCCESS"),
    "REVERSE_BUDGET_ACTION": ("detach", "REVERSE_SUCCESS"),
    "RESET_BUDGET_ACTION": ("", "STANDBY"),
}


def install() -> None:
    """Add the operations to moto's two services."""
    from moto.budgets.responses import BudgetsResponse
    from moto.ce.responses import CostExplorerResponse

    for name, operation in _ANOMALIES.items():
        setattr(CostExplorerResponse, name, operation)
    for name, operation in _BUDGETS.items():
        setattr(BudgetsResponse, name, operation)


def _sent(response: Any) -> dict[str, Any]:
    return dict(json.loads(response.body or "{}"))


def _kept(backend: Any, kind: str) -> dict[Any, Any]:
    """Return what a backend keeps of one kind; a reset of moto starts anew."""
    held: dict[Any, Any] = backend.__dict__.setdefault(f"estate_{kind}", {})
    return held


def _one(held: Mapping[str, Any], arn: str, error: str, what: str) -> dict[str, Any]:
    if arn not in held:
        raise Refusal(error, f"Could not find {what}: {arn}")
    found: dict[str, Any] = held[arn]
    return found


def _monitor(backend: Any, arn: str) -> dict[str, Any]:
    return _one(_kept(backend, "monitors"), arn, "UnknownMonitorException", "monitor")


def _subscription(backend: Any, arn: str) -> dict[str, Any]:
    return _one(_kept(backend, "subscriptions"), arn, "UnknownSubscriptionException", "subscription")


def _arn(backend: Any, kind: str) -> str:
    return f"arn:{backend.partition}:ce::{backend.account_id}:{kind}/{mock_random.uuid4()}"


def _keep_tags(backend: Any, arn: str, params: Mapping[str, Any]) -> None:
    """Keep tags where moto's own tagging operations of Cost Explorer find them."""
    backend.tagger.tag_resource(arn, params.get("ResourceTags") or [])


def _create_monitor(self: Any) -> str:
    backend, params = self.ce_backend, _sent(self)
    monitor, held = params["AnomalyMonitor"], _kept(self.ce_backend, "monitors")
    managed = monitor["MonitorType"] == "DIMENSIONAL"
    if managed and "MonitorDimension" not in monitor:
        raise Refusal("ValidationException", "MonitorDimension is required for a DIMENSIONAL monitor")
    if not managed and "MonitorSpecification" not in monitor:
        raise Refusal("ValidationException", "MonitorSpecification is required for a CUSTOM monitor")
    alike = [row for row in held.values() if row["MonitorType"] == monitor["MonitorType"]]
    if managed and any(row["MonitorDimension"] == monitor["MonitorDimension"] for row in alike):
        raise Refusal("LimitExceededException", "Limit exceeded on dimensional spend monitor creation")
    if not managed and len(alike) >= MOST_CUSTOM_MONITORS:
        raise Refusal("LimitExceededException", "Limit exceeded on custom spend monitor creation")
    arn, now = _arn(backend, "anomalymonitor"), f"{utcnow():%Y-%m-%dT%H:%M:%SZ}"
    held[arn] = {**monitor, "MonitorArn": arn, "CreationDate": now, "LastUpdatedDate": now}
    _keep_tags(backend, arn, params)
    return json.dumps({"MonitorArn": arn})


def _listed(held: Mapping[str, Any], arns: Iterable[str] | None, find: Any) -> list[dict[str, Any]]:
    return [find(arn) for arn in arns] if arns else list(held.values())


def _get_monitors(self: Any) -> str:
    backend, arns = self.ce_backend, _sent(self).get("MonitorArnList")
    rows = _listed(_kept(backend, "monitors"), arns, lambda arn: _monitor(backend, arn))
    return json.dumps({"AnomalyMonitors": rows})


def _update_monitor(self: Any) -> str:
    """Rename a monitor: nothing else of it changes (UpdateAnomalyMonitor)."""
    params = _sent(self)
    _monitor(self.ce_backend, params["MonitorArn"]).update(params)
    return json.dumps({"MonitorArn": params["MonitorArn"]})


def _delete_monitor(self: Any) -> str:
    arn = _sent(self)["MonitorArn"]
    _monitor(self.ce_backend, arn)
    del _kept(self.ce_backend, "monitors")[arn]
    return "{}"


def _check_subscription(backend: Any, subscription: Mapping[str, Any]) -> None:
    """Refuse what Cost Explorer refuses: a monitor that is not there, or a way of telling that the frequency lacks."""
    for arn in subscription["MonitorArnList"]:
        _monitor(backend, arn)
    kinds = [subscriber["Type"] for subscriber in subscription["Subscribers"]]
    at_once = subscription["Frequency"] == "IMMEDIATE"
    if set(kinds) != ({"SNS"} if at_once else {"EMAIL"}):
        raise Refusal("ValidationException", "Notifications go over SNS if IMMEDIATE, else over email")
    if len(kinds) > (1 if at_once else MOST_MAILS):
        raise Refusal("LimitExceededException", "A subscription has one SNS topic or at most 10 email recipients")
    if ("Threshold" in subscription) == ("ThresholdExpression" in subscription):
        raise Refusal("ValidationException", "Specify one of Threshold and ThresholdExpression")


def _create_subscription(self: Any) -> str:
    backend, params = self.ce_backend, _sent(self)
    subscription = params["AnomalySubscription"]
    _check_subscription(backend, subscription)
    arn = _arn(backend, "anomalysubscription")
    row = {**subscription, "SubscriptionArn": arn, "AccountId": backend.account_id}
    _kept(backend, "subscriptions")[arn] = row
    _keep_tags(backend, arn, params)
    return json.dumps({"SubscriptionArn": arn})


def _get_subscriptions(self: Any) -> str:
    backend, params = self.ce_backend, _sent(self)
    held = _kept(backend, "subscriptions")
    rows = _listed(held, params.get("SubscriptionArnList"), lambda arn: _subscription(backend, arn))
    wanted = params.get("MonitorArn")
    return json.dumps({"AnomalySubscriptions": [row for row in rows if wanted in (None, *row["MonitorArnList"])]})


def _update_subscription(self: Any) -> str:
    params = _sent(self)
    row = _subscription(self.ce_backend, params["SubscriptionArn"])
    changed = {**row, **params}
    _check_subscription(self.ce_backend, changed)
    row.update(changed)
    return json.dumps({"SubscriptionArn": params["SubscriptionArn"]})


def _delete_subscription(self: Any) -> str:
    arn = _sent(self)["SubscriptionArn"]
    _subscription(self.ce_backend, arn)
    del _kept(self.ce_backend, "subscriptions")[arn]
    return "{}"


def _budget(response: Any, account: str, name: str) -> Any:
    """Return moto's budget; its own refusal where there is none."""
    response.backend.describe_budget(account_id=account, budget_name=name)
    return response.backend.budgets[account][name]


def _update_budget(self: Any) -> str:
    params = _sent(self)
    new = params["NewBudget"]
    held = _budget(self, params["AccountId"], new["BudgetName"])
    kept = {key: held.budget[key] for key in ("TimePeriod", "LastUpdatedTime") if key in held.budget}
    held.budget = {**kept, **new}
    return "{}"


def _action(self: Any, params: Mapping[str, Any]) -> dict[str, Any]:
    key = (params["AccountId"], params["BudgetName"], params["ActionId"])
    held = _kept(self.backend, "actions")
    if key not in held:
        raise Refusal("NotFoundException", f"Unable to get action: {key[2]} - the action doesn't exist.")
    found: dict[str, Any] = held[key]
    return found


def _iam(account: str) -> Any:
    from moto.iam.models import iam_backends

    return iam_backends[account]["aws"]


def _check_action(account: str, row: Mapping[str, Any]) -> None:
    """Refuse a role that AWS Budgets may not take, and a policy or a role that is not there."""
    iam = _iam(account)
    role = next((role for role in iam.roles.values() if role.arn == row["ExecutionRoleArn"]), None)
    if role is None or "budgets.amazonaws.com" not in str(role.assume_role_policy_document):
        raise Refusal("AccessDeniedException", f"Budgets cannot assume the role {row['ExecutionRoleArn']}")
    definition = row["Definition"].get("IamActionDefinition")
    if row["ActionType"] != "APPLY_IAM_POLICY":
        raise Refusal("InvalidParameterException", f"{row['ActionType']} is not emulated here")
    if not definition or not any(definition.get(key) for key in ("Roles", "Groups", "Users")):
        raise Refusal("InvalidParameterException", "An IAM action needs a policy and whom it is applied to")
    if definition["PolicyArn"] not in iam.managed_policies:
        raise Refusal("InvalidParameterException", f"The policy {definition['PolicyArn']} does not exist")
    names = {role.name for role in iam.roles.values()}
    if missing := sorted(set(definition.get("Roles") or ()) - names):
        raise Refusal("InvalidParameterException", f"The roles {', '.join(missing)} do not exist")


def _create_action(self: Any) -> str:
    params = _sent(self)
    account, name = params["AccountId"], params["BudgetName"]
    _budget(self, account, name)
    _check_action(account, params)
    made = str(mock_random.uuid4())
    row = {key: value for key, value in params.items() if key not in ("AccountId", "ResourceTags")}
    _kept(self.backend, "actions")[account, name, made] = {**row, "ActionId": made, "Status": "STANDBY"}
    arn = f"arn:{self.partition}:budgets::{account}:budget/{name}/action/{made}"
    _tags(self)[arn] = _as_map(params.get("ResourceTags"))
    return json.dumps({"AccountId": account, "BudgetName": name, "ActionId": made})


def _describe_action(self: Any) -> str:
    params = _sent(self)
    named = {key: params[key] for key in ("AccountId", "BudgetName")}
    return json.dumps({**named, "Action": _action(self, params)})


def _describe_actions(self: Any) -> str:
    params = _sent(self)
    account, name = params["AccountId"], params["BudgetName"]
    _budget(self, account, name)
    rows = [row for key, row in _kept(self.backend, "actions").items() if key[:2] == (account, name)]
    return json.dumps({"Actions": rows})


def _update_action(self: Any) -> str:
    params = _sent(self)
    row = _action(self, params)
    before = dict(row)
    changed = {**row, **{key: value for key, value in params.items() if key != "AccountId"}}
    _check_action(params["AccountId"], changed)
    row.update(changed)
    named = {key: params[key] for key in ("AccountId", "BudgetName")}
    return json.dumps({**named, "OldAction": before, "NewAction": row})


def _delete_action(self: Any) -> str:
    params = _sent(self)
    row = _action(self, params)
    del _kept(self.backend, "actions")[params["AccountId"], params["BudgetName"], params["ActionId"]]
    return json.dumps({**{key: params[key] for key in ("AccountId", "BudgetName")}, "Action": row})


def _execute_action(self: Any) -> str:
    """Run, take back or reset an action: its policy is attached to its roles, or detached from them."""
    params = _sent(self)
    row, wanted = _action(self, params), params["ExecutionType"]
    does, status = EXECUTIONS[wanted]
    definition, iam = row["Definition"]["IamActionDefinition"], _iam(params["AccountId"])
    for name in definition.get("Roles") or ():
        attached = definition["PolicyArn"] in iam.get_role(name).managed_policies
        if does == "attach":  # once more changes nothing
            iam.attach_role_policy(definition["PolicyArn"], name)
        if does == "detach" and attached:
            iam.detach_role_policy(definition["PolicyArn"], name)
    row["Status"] = status
    return json.dumps({**{key: params[key] for key in ("AccountId", "BudgetName", "ActionId", "ExecutionType")}})


def _as_map(tags: Iterable[Mapping[str, str]] | None) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in tags or ()}


def _tags(self: Any) -> dict[str, dict[str, str]]:
    held: dict[str, dict[str, str]] = _kept(self.backend, "tags")
    return held


def _tag(self: Any) -> str:
    params = _sent(self)
    _tags(self).setdefault(params["ResourceARN"], {}).update(_as_map(params["ResourceTags"]))
    return "{}"


def _untag(self: Any) -> str:
    params = _sent(self)
    for key in params["ResourceTagKeys"]:
        _tags(self).get(params["ResourceARN"], {}).pop(key, None)
    return "{}"


def _list_tags(self: Any) -> str:
    tags = _tags(self).get(_sent(self)["ResourceARN"], {})
    return json.dumps({"ResourceTags": [{"Key": key, "Value": value} for key, value in tags.items()]})


_ANOMALIES = {
    "create_anomaly_monitor": _create_monitor,
    "get_anomaly_monitors": _get_monitors,
    "update_anomaly_monitor": _update_monitor,
    "delete_anomaly_monitor": _delete_monitor,
    "create_anomaly_subscription": _create_subscription,
    "get_anomaly_subscriptions": _get_subscriptions,
    "update_anomaly_subscription": _update_subscription,
    "delete_anomaly_subscription": _delete_subscription,
}
_BUDGETS = {
    "update_budget": _update_budget,
    "create_budget_action": _create_action,
    "describe_budget_action": _describe_action,
    "describe_budget_actions_for_budget": _describe_actions,
    "update_budget_action": _update_action,
    "delete_budget_action": _delete_action,
    "execute_budget_action": _execute_action,
    "tag_resource": _tag,
    "untag_resource": _untag,
    "list_tags_for_resource": _list_tags,
}

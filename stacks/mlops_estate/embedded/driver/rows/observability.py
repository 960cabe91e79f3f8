"""Logs, alarms, topics, budgets and scaling."""

from __future__ import annotations

from typing import Any

from mlops_estate.embedded.driver.mapping import At
from mlops_estate.embedded.driver.operations import Call, Extra, Operations, Place
from mlops_estate.graph import UNKNOWN

TOPIC_ATTRIBUTES = {
    "kmsMasterKeyId": "KmsMasterKeyId",
    "displayName": "DisplayName",
    "policy": "Policy",
    "deliveryPolicy": "DeliveryPolicy",
    "signatureVersion": "SignatureVersion",
    "tracingConfig": "TracingConfig",
}


def _topic(inputs: dict[str, Any], _place: Place) -> dict[str, Any]:
    """CreateTopic takes what the provider has as inputs of their own as a map of attributes."""
    kept = {key: value for key, value in inputs.items() if key not in TOPIC_ATTRIBUTES}
    attributes = {
        member: At(str(inputs[key]), key) for key, member in TOPIC_ATTRIBUTES.items() if inputs.get(key) is not None
    }
    return {**kept, "attributes": At(attributes, "")} if attributes else kept


def _topic_attribute(key: str) -> Extra:
    return Extra(
        (key,),
        lambda i, k: [Call("SetTopicAttributes", {
            "TopicArn": k["TopicArn"], "AttributeName": TOPIC_ATTRIBUTES[key],
            "AttributeValue": At(str(i.get(key, "")), key),
        })],
        on_create=False,
    )  # fmt: skip


def _budget(inputs: dict[str, Any], _place: Place) -> dict[str, Any]:
    """CreateBudget wraps the budget and lists notifications beside it, each with its subscribers."""
    budget: dict[str, Any] = {
        "budgetName": At(inputs.get("name"), "name"),
        "budgetType": At(inputs.get("budgetType"), "budgetType"),
        "timeUnit": At(inputs.get("timeUnit"), "timeUnit"),
        "budgetLimit": {
            "amount": At(inputs.get("limitAmount"), "limitAmount"),
            "unit": At(inputs.get("limitUnit"), "limitUnit"),
        },
    }
    filters = {item["name"]: At(item["values"], f"costFilters[{n}].values")
               for n, item in enumerate(inputs.get("costFilters") or [])}  # fmt: skip
    if filters:
        budget["costFilters"] = At(filters, "costFilters")
    if inputs.get("costTypes"):
        budget["costTypes"] = At(inputs["costTypes"], "costTypes")
    out: dict[str, Any] = {"accountId": At(inputs["accountId"], "accountId"), "budget": At(budget, "")}
    notifications = [
        _notification(item, f"notifications[{n}]") for n, item in enumerate(inputs.get("notifications") or [])
    ]
    if notifications:
        out["notificationsWithSubscribers"] = At(notifications, "notifications")
    known = {"name", "budgetType", "timeUnit", "limitAmount", "limitUnit", "costFilters", "costTypes", "accountId",
             "notifications", "tags"}  # fmt: skip
    if inputs.get("tags"):
        out["resourceTags"] = inputs["tags"]
    return {**out, **{key: value for key, value in inputs.items() if key not in known}}


def _notification(item: dict[str, Any], path: str) -> At:
    subscribers = []
    for key, kind in (("subscriberEmailAddresses", "EMAIL"), ("subscriberSnsTopicArns", "SNS")):
        for index, address in enumerate(item.get(key) or []):
            subscribers.append({"subscriptionType": kind, "address": At(address, f"{path}.{key}[{index}]")})
    rest = {key: At(value, f"{path}.{key}") for key, value in item.items() if not key.startswith("subscriber")}
    return At({"notification": At(rest, path), "subscribers": At(subscribers, path)}, path)


def _with_account(before: Any) -> Any:
    def run(inputs: dict[str, Any], place: Place) -> dict[str, Any]:
        return dict(before({"accountId": place.account, **inputs}, place))

    return run


def _budget_update(inputs: dict[str, Any], place: Place) -> dict[str, Any]:
    created = _budget({"accountId": place.account, **inputs}, place)
    return {"accountId": created["accountId"], "newBudget": created["budget"]}


def _metric_alarm(inputs: dict[str, Any], _place: Place) -> dict[str, Any]:
    """The provider calls a query's statistic of a metric `metric`, and flattens the metric into it."""
    queries = inputs.get("metricQueries")
    if not queries or queries == UNKNOWN:
        return inputs
    flat = ("namespace", "metricName", "dimensions")
    made = []
    for index, query in enumerate(queries):
        path = f"metricQueries[{index}]"
        if query == UNKNOWN:
            made.append(At(query, path))
            continue
        metric = query.get("metric")
        rest = {key: At(value, f"{path}.{key}") for key, value in query.items() if key != "metric"}
        if metric == UNKNOWN:
            rest["metricStat"] = At(metric, f"{path}.metric")
        elif metric:
            own = {key: At(value, f"{path}.metric.{key}") for key, value in metric.items()}
            named = {key: own.pop(key) for key in flat if key in own}
            rest["metricStat"] = At({**own, "metric": At(named, f"{path}.metric")}, f"{path}.metric")
        made.append(At(rest, path))
    return {
        **{key: value for key, value in inputs.items() if key != "metricQueries"},
        "metrics": At(made, "metricQueries"),
    }


ROWS = {
    "aws:cloudwatch/logGroup:LogGroup": Operations(
        "logs", "CreateLogGroup", "DescribeLogGroups", "DeleteLogGroup", noun="LogGroup",
        root="logGroups[?logGroupName=='{logGroupName}'] | [0]",
        keys={"logGroupName": "params.logGroupName"}, id="{logGroupName}", auto_name="name", auto_name_limit=512,
        drop=("retentionInDays", "skipDestroy"),
        read_before=lambda k: {"logGroupNamePrefix": k["logGroupName"]},
        extras=(
            Extra(("retentionInDays",), lambda i, k: [Call("PutRetentionPolicy", {
                "logGroupName": k["logGroupName"], "retentionInDays": At(i["retentionInDays"], "retentionInDays")
            })] if i.get("retentionInDays") else []),
            Extra(("kmsKeyId",), lambda i, k: [Call("AssociateKmsKey", {
                "logGroupName": k["logGroupName"], "kmsKeyId": At(i["kmsKeyId"], "kmsKeyId")
            })], on_create=False),
        ),
        outputs={"arn": "arn:aws:logs:{region}:{account}:log-group:{logGroupName}"},
    ),
    "aws:cloudwatch/metricAlarm:MetricAlarm": Operations(
        "cloudwatch", "PutMetricAlarm", "DescribeAlarms", "DeleteAlarms", "PutMetricAlarm", root="MetricAlarms[0]",
        keys={"AlarmName": "params.AlarmName"}, id="{AlarmName}", auto_name="name", noun="Alarm",
        before=_metric_alarm,
        outputs={"arn": "arn:aws:cloudwatch:{region}:{account}:alarm:{AlarmName}"},
    ),
    "aws:sns/topic:Topic": Operations(
        "sns", "CreateTopic", "GetTopicAttributes", "DeleteTopic", root="Attributes",
        keys={"TopicArn": "response.TopicArn"}, id="{TopicArn}", auto_name="name", before=_topic,
        extras=tuple(_topic_attribute(key) for key in TOPIC_ATTRIBUTES),
        outputs={"arn": "{TopicArn}"}, unread=("Name",), why_unread="the ARN holds the name",
    ),
    "aws:sns/topicPolicy:TopicPolicy": Operations(
        "sns", "SetTopicAttributes", "GetTopicAttributes", "", "SetTopicAttributes", root="Attributes",
        keys={"TopicArn": "params.TopicArn"}, id="{TopicArn}",
        before=lambda i, _p: {
            "topicArn": At(i.get("arn"), "arn"), "attributeName": "Policy",
            "attributeValue": At(i.get("policy"), "policy"),
        },
        same={"AttributeValue": "Policy"},
        unread=("AttributeName",), why_unread="the attribute is read under its own name",
    ),
    "aws:sns/topicSubscription:TopicSubscription": Operations(
        "sns", "Subscribe", "GetSubscriptionAttributes", "Unsubscribe", root="Attributes", noun="Subscription",
        keys={"SubscriptionArn": "response.SubscriptionArn"}, id="{SubscriptionArn}",
        rename={"topic": "topicArn"}, const={"ReturnSubscriptionArn": True},
        outputs={"arn": "{SubscriptionArn}"},
        unread=("ReturnSubscriptionArn",), why_unread="it asks for the answer's form",
        drop=("confirmationTimeoutInMinutes", "endpointAutoConfirms"),  # how long the provider waits
    ),
    "aws:budgets/budget:Budget": Operations(
        "budgets", "CreateBudget", "DescribeBudget", "DeleteBudget", "UpdateBudget", root="Budget",
        keys={"AccountId": "params.AccountId", "BudgetName": "params.Budget.BudgetName"},
        id="{AccountId}:{BudgetName}", auto_name="name", auto_name_limit=100, before=_with_account(_budget),
        update_before=_budget_update,
        outputs={"arn": "arn:aws:budgets::{AccountId}:budget/{BudgetName}", "accountId": "{AccountId}"},
        unread=("NotificationsWithSubscribers", "ResourceTags", "AccountId"),
        why_unread="DescribeBudget shows the budget alone",
    ),
    "aws:appautoscaling/target:Target": Operations(
        "application-autoscaling", "RegisterScalableTarget", "DescribeScalableTargets", "DeregisterScalableTarget",
        "RegisterScalableTarget", root="ScalableTargets[0]", noun="ScalableTarget",
        keys={key: f"params.{key}" for key in ("ServiceNamespace", "ResourceId", "ScalableDimension")},
        id="{ResourceId}",
    ),
    "aws:appautoscaling/policy:Policy": Operations(
        "application-autoscaling", "PutScalingPolicy", "DescribeScalingPolicies", "DeleteScalingPolicy",
        "PutScalingPolicy", root="ScalingPolicies[0]", noun="ScalingPolicy",
        keys={key: f"params.{key}" for key in ("PolicyName", "ServiceNamespace", "ResourceId", "ScalableDimension")},
        id="{PolicyName}", auto_name="name", auto_name_limit=256,
    ),
}  # fmt: skip

"""CloudWatch alarms and log groups: `aws-native` names of what the `aws` provider has."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mlops_policies.tokens import Alias
from mlops_policies.values import is_unknown


def _by_name(dimensions: Any) -> Any:
    """Turn a list of names and values into a map; where a name is unknown, so is the map."""
    if not isinstance(dimensions, list):
        return dimensions
    made = {}
    for entry in dimensions:
        name = entry if is_unknown(entry) else entry.get("name")
        if is_unknown(name):
            return name
        made[name] = entry.get("value")
    return made


def _query(query: Any) -> Any:
    """Lift a query's metric out of the object in which it stands natively beside its period."""
    if not isinstance(query, Mapping) or "metricStat" not in query:
        return query
    stat = query["metricStat"]
    if not isinstance(stat, Mapping):
        return {**query, "metric": stat}
    metric = stat["metric"]
    if isinstance(metric, Mapping):
        metric = {**metric, "period": stat.get("period"), "dimensions": _by_name(metric.get("dimensions"))}
    return {**query, "metric": metric}


def _alarm(props: dict[str, Any]) -> dict[str, Any]:
    made = dict(props)
    if "dimensions" in made:
        made["dimensions"] = _by_name(made["dimensions"])
    if isinstance(made.get("metricQueries"), list):
        made["metricQueries"] = [_query(query) for query in made["metricQueries"]]
    return made


ALIASES: dict[str, Alias] = {
    "aws-native:cloudwatch:Alarm": Alias(
        "aws:cloudwatch/metricAlarm:MetricAlarm", {"alarmName": "name", "metrics": "metricQueries"}, _alarm
    ),
    "aws-native:cloudwatch:CompositeAlarm": Alias("aws:cloudwatch/compositeAlarm:CompositeAlarm"),
    "aws-native:logs:LogGroup": Alias("aws:cloudwatch/logGroup:LogGroup", {"logGroupName": "name"}),
}

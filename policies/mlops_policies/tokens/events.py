"""EventBridge, Scheduler and Step Functions: `aws-native` names of what the `aws` provider has."""

from __future__ import annotations

import json
from typing import Any

from mlops_policies.tokens import Alias
from mlops_policies.values import is_unknown


def _bus_policy(props: dict[str, Any]) -> dict[str, Any]:
    """Read a bus policy's one statement as a document; without it, principal and condition say who may put events."""
    statement = props.get("statement")
    if statement is not None and not is_unknown(statement):
        props["statement"] = {"Statement": [json.loads(statement) if isinstance(statement, str) else statement]}
    return props


def _state_machine(props: dict[str, Any]) -> dict[str, Any]:
    logging = props.get("loggingConfiguration")
    if isinstance(logging, dict) and "destinations" in logging:
        props["loggingConfiguration"] = {**logging, "logDestination": _first_log_group(logging["destinations"])}
    return props


def _first_log_group(destinations: Any) -> Any:
    """Return the log group's ARN; what is unknown on the way to it stays unknown. A machine logs to one at most."""
    found = destinations
    for name in (None, "cloudWatchLogsLogGroup", "logGroupArn"):
        if is_unknown(found) or not found:
            return found or None
        found = found[0] if name is None else found.get(name)
    return found


ALIASES: dict[str, Alias] = {
    "aws-native:events:Rule": Alias("aws:cloudwatch/eventRule:EventRule"),
    "aws-native:events:EventBus": Alias("aws:cloudwatch/eventBus:EventBus"),
    "aws-native:events:EventBusPolicy": Alias("aws:cloudwatch/eventPermission:EventPermission", {}, _bus_policy),
    "aws-native:scheduler:Schedule": Alias("aws:scheduler/schedule:Schedule"),
    "aws-native:stepfunctions:StateMachine": Alias(
        "aws:sfn/stateMachine:StateMachine",
        {"stateMachineName": "name", "stateMachineType": "type", "definitionString": "definition"},
        _state_machine,
    ),
}

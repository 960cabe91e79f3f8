"""Event rules and their targets."""

from __future__ import annotations

from typing import Any

from mlops_estate.embedded.driver.mapping import At
from mlops_estate.embedded.driver.operations import Inputs, Operations, Place
from mlops_estate.graph import UNKNOWN


def _target(inputs: dict[str, Any], place: Place) -> dict[str, Any]:
    """PutTargets takes a list; the provider's names of what is in a target differ in places."""
    names = {
        "appsyncTarget": "appSyncParameters", "batchTarget": "batchParameters", "ecsTarget": "ecsParameters",
        "httpTarget": "httpParameters", "kinesisTarget": "kinesisParameters",
        "redshiftTarget": "redshiftDataParameters",
        "runCommandTargets": "runCommandParameters", "sagemakerPipelineTarget": "sageMakerPipelineParameters",
        "sqsTarget": "sqsParameters",
    }  # fmt: skip
    outside = {"rule", "eventBusName", "targetId", "inputTransformer", "forceDestroy"}
    target: dict[str, Any] = {
        names.get(key, key): At(value, key) for key, value in inputs.items() if key not in outside
    }
    target["arn"] = At(inputs.get("arn"), "arn")
    target["id"] = At(inputs.get("targetId") or place.name, "targetId")
    transformer = inputs.get("inputTransformer")
    if transformer == UNKNOWN:
        target["inputTransformer"] = At(transformer, "inputTransformer")
    elif transformer:
        target["inputTransformer"] = {
            "inputPathsMap": At(transformer.get("inputPaths"), "inputTransformer.inputPaths"),
            "inputTemplate": At(transformer.get("inputTemplate"), "inputTransformer.inputTemplate"),
        }
    bus = {"eventBusName": At(inputs["eventBusName"], "eventBusName")} if inputs.get("eventBusName") else {}
    return {"rule": At(inputs.get("rule"), "rule"), **bus, "targets": At([target], "")}


def _rule_state(inputs: Inputs) -> str:
    return str(inputs.get("state") or "ENABLED")


ROWS = {
    "aws:cloudwatch/eventRule:EventRule": Operations(
        "events", "PutRule", "DescribeRule", "DeleteRule", "PutRule",
        keys={"Name": "params.Name", "EventBusName": "params.EventBusName || 'default'"}, id="{Name}",
        auto_name="name", auto_name_limit=64,
        drop=("forceDestroy",),  # a wish about deletion
        before=lambda i, _p: {**i, "state": At(_rule_state(i), "state")},
        outputs={"arn": "arn:aws:events:{region}:{account}:rule/{Name}"},
        unread=("Tags",), why_unread="DescribeRule shows no tags",
    ),
    "aws:cloudwatch/eventTarget:EventTarget": Operations(
        "events", "PutTargets", "ListTargetsByRule", "RemoveTargets", "PutTargets", noun="Target",
        root="Targets[?Id=='{Id}'] | [0]",
        keys={
            "Rule": "params.Rule", "Id": "params.Targets[0].Id", "EventBusName": "params.EventBusName || 'default'",
        },
        id="{Rule}-{Id}", before=_target, outputs={"targetId": "{Id}"},
        refused="FailedEntries[].[ErrorCode, ErrorMessage]",
        same={"Targets[0]": "@"},
        unread=("Rule", "EventBusName"), why_unread="targets are listed of the rule that is asked for",
    ),
}  # fmt: skip

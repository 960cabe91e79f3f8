"""Small resource graphs and comparisons, made by hand."""

from __future__ import annotations

import copy
import json
from typing import Any

from mlops_estate.comparison.diff import compare
from mlops_estate.comparison.model import Comparison, Side
from mlops_estate.graph import UNKNOWN, ResourceGraph, ResourceNode

ACCOUNT, OTHER = "123456789012", "999999999999"
NO_FINDINGS: dict[str, Any] = {
    "new": [],
    "fixed": [],
    "unchanged": {"mandatory": 0, "advisory": 0, "exempt": 0},
    "new_mandatory": 0,
    "not_evaluated": {"before": 0, "after": 0},
}


def node(type_: str, name: str, inputs: dict[str, Any] | None = None, **more: Any) -> ResourceNode:
    """Return a resource; its URN has no parent types."""
    return ResourceNode(
        urn=f"urn:pulumi:prod::mlops-estate::{type_}::{name}",
        type=type_,
        name=name,
        custom=not type_.startswith("mlops:"),
        inputs=copy.deepcopy(inputs or {}),
        **more,
    )


def graph(*nodes: ResourceNode, account: str = ACCOUNT, region: str = "eu-west-1") -> ResourceGraph:
    """Return a graph of resources that depend as their property dependencies say."""
    made = ResourceGraph("mlops-estate", "prod", stack_outputs={"account": account, "region": region})
    for place, each in enumerate(nodes):
        each = copy.deepcopy(each)
        each.order = place
        each.outputs = each.outputs or each.inputs
        each.dependencies = sorted({urn for urns in each.property_dependencies.values() for urn in urns})
        made.nodes[each.urn] = each
    return made


def compared(before: ResourceGraph, after: ResourceGraph) -> Comparison:
    """Return what differs between two graphs."""
    sides = Side("graph", "before"), Side("graph", "after")
    return compare(before, after, environment="prod", base=sides[0], head=sides[1])


def document(*statements: dict[str, Any]) -> str:
    """Return a policy document as JSON text."""
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def allow(action: Any, resource: Any = "*", **more: Any) -> dict[str, Any]:
    """Return a statement that allows."""
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def deny(action: Any, resource: Any = "*", **more: Any) -> dict[str, Any]:
    """Return a statement that denies."""
    return {"Effect": "Deny", "Action": action, "Resource": resource, **more}


def trust(principal: Any, **more: Any) -> dict[str, Any]:
    """Return a statement of a trust policy."""
    return {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole", **more}


BLUE_GREEN = "blueGreenUpdatePolicy"


def blue_green(
    kind: str, *, wait: int = 600, termination: int = 600, longest: int = 7200, **size: Any
) -> dict[str, Any]:
    """Return the deployment configuration of a blue/green shift."""
    routing = {"type": kind, "waitIntervalInSeconds": wait, **size}
    return {
        BLUE_GREEN: {
            "trafficRoutingConfiguration": routing,
            "terminationWaitInSeconds": termination,
            "maximumExecutionTimeoutInSeconds": longest,
        }
    }


def percent(value: int) -> dict[str, Any]:
    """Return a share of capacity."""
    return {"type": "CAPACITY_PERCENT", "value": value}


CANARY = blue_green("CANARY", canarySize=percent(10))


def estate(
    deployment: dict[str, Any] | None = None,
    *,
    version: int = 1,
    instance_type: str = "ml.m5.large",
    count: int = 10,
    scaled: bool = False,
    serverless: bool = False,
    alarms: tuple[str, ...] = ("errors",),
    period: int = 60,
    capture: int = 100,
    model: str = "credit",
    **endpoint: Any,
) -> ResourceGraph:
    """Return a model's endpoint with its configuration, model and alarms."""
    tags = {"model": model}
    it = node("aws:sagemaker/model:Model", f"{model}-v{version}", {"tags": {**tags, "model-version": str(version)}})
    variant: dict[str, Any] = {"variantName": "live", "modelName": UNKNOWN}
    if serverless:
        variant["serverlessConfig"] = {"memorySizeInMb": 2048, "maxConcurrency": 5}
    else:
        variant |= {"instanceType": instance_type, "initialInstanceCount": count}
    configuration = node(
        "aws:sagemaker/endpointConfiguration:EndpointConfiguration",
        f"{model}-v{version}",
        {
            "productionVariants": [variant],
            "tags": tags,
            "dataCaptureConfig": {"enableCapture": True, "initialSamplingPercentage": capture,
                                  "captureOptions": [{"captureMode": "Input"}, {"captureMode": "Output"}]},
        },
        property_dependencies={"productionVariants": [it.urn]},
    )  # fmt: skip
    made = [
        node("aws:cloudwatch/metricAlarm:MetricAlarm", f"{model}-{name}",
             {"name": f"{model}-{name}", "period": period, "evaluationPeriods": 3, "datapointsToAlarm": 2,
              "tags": tags})
        for name in alarms
    ]  # fmt: skip
    config = copy.deepcopy(CANARY if deployment is None else deployment)
    if alarms:
        config["autoRollbackConfiguration"] = {"alarms": [{"alarmName": f"{model}-{name}"} for name in alarms]}
    live = node(
        "aws-native:sagemaker:Endpoint",
        model,
        {"endpointName": f"prod-{model}", "endpointConfigName": UNKNOWN, "deploymentConfig": config,
         "tags": [{"key": "model", "value": model}], **endpoint},
        replace_on_changes=["endpointName"],
        property_dependencies={"endpointConfigName": [configuration.urn],
                               "deploymentConfig": [alarm.urn for alarm in made]},
    )  # fmt: skip
    target = node(
        "aws:appautoscaling/target:Target",
        f"{model}-scaling",
        {"resourceId": f"endpoint/prod-{model}/variant/live", "minCapacity": count, "maxCapacity": 4 * count,
         "scalableDimension": "sagemaker:variant:DesiredInstanceCount", "tags": tags},
    )  # fmt: skip
    return graph(it, configuration, *made, live, *([target] if scaled else []))

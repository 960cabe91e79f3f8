"""Lambda: `aws-native` names of what the `aws` provider has."""

from __future__ import annotations

from typing import Any

from mlops_policies.tokens import Alias


def _function(props: dict[str, Any]) -> dict[str, Any]:
    """Lift the image out of the code, where `aws-native` keeps it."""
    code = props.get("code")
    if isinstance(code, dict) and "imageUri" in code:
        props["imageUri"] = code["imageUri"]
    return props


ALIASES: dict[str, Alias] = {
    "aws-native:lambda:Function": Alias(
        "aws:lambda/function:Function", {"functionName": "name", "fileSystemConfigs": "fileSystemConfig"}, _function
    ),
    "aws-native:lambda:Url": Alias(
        "aws:lambda/functionUrl:FunctionUrl", {"authType": "authorizationType", "targetFunctionArn": "functionName"}
    ),
    "aws-native:lambda:Permission": Alias("aws:lambda/permission:Permission", {"functionName": "function"}),
    "aws-native:lambda:LayerVersionPermission": Alias(
        "aws:lambda/layerVersionPermission:LayerVersionPermission", {"layerVersionArn": "layerName"}
    ),
    "aws-native:lambda:EventInvokeConfig": Alias("aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig"),
    "aws-native:lambda:EventSourceMapping": Alias("aws:lambda/eventSourceMapping:EventSourceMapping"),
}

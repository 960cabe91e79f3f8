"""SageMaker: `aws-native` names of what the `aws` provider has for building and training.

Notebook instances, Studio, the feature store, labelling, MLflow, Edge. Processing jobs and HyperPod clusters are only
in `aws-native`; training, tuning and labelling jobs and flow definitions only in `aws`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from mlops_policies.tokens import Alias

_IMAGES = {"sageMakerImageArn": "sagemakerImageArn", "sageMakerImageVersionArn": "sagemakerImageVersionArn"}
"""What a resource specification calls an app's image."""
_TEAM = {
    "cognitoClientId": "clientId",
    "cognitoUserGroup": "userGroup",
    "cognitoUserPool": "userPool",
    "oidcGroups": "groups",
}


def _within(names: Mapping[str, str]) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """Return a turn that gives keys other names, at any depth."""

    def renamed(value: Any) -> Any:
        if isinstance(value, list):
            return [renamed(item) for item in value]
        if isinstance(value, Mapping):
            return {names.get(key, key): renamed(item) for key, item in value.items()}
        return value

    return lambda props: {key: renamed(value) for key, value in props.items()}


def _lifecycle(props: dict[str, Any]) -> dict[str, Any]:
    """Read a native hook, a list of one script in an object, as the script."""

    def script(hook: Any) -> Any:
        hook = next(iter(hook), None) if isinstance(hook, list) else hook
        return hook.get("content") if isinstance(hook, Mapping) else hook

    return {key: script(value) if key in ("onCreate", "onStart") else value for key, value in props.items()}


def _device(props: dict[str, Any]) -> dict[str, Any]:
    inner = ("deviceName", "description", "iotThingName")
    outer = {key: value for key, value in props.items() if key not in inner}
    return {**outer, "device": {key: props[key] for key in inner if key in props}}


ALIASES: dict[str, Alias] = {
    "aws-native:sagemaker:Algorithm": Alias("aws:sagemaker/algorithm:Algorithm"),
    "aws-native:sagemaker:App": Alias("aws:sagemaker/app:App", turn=_within(_IMAGES)),
    "aws-native:sagemaker:AppImageConfig": Alias(
        "aws:sagemaker/appImageConfig:AppImageConfig",
        {"jupyterLabAppImageConfig": "jupyterLabImageConfig"},
        _within({"containerEntrypoint": "containerEntrypoints"}),
    ),
    "aws-native:sagemaker:CodeRepository": Alias("aws:sagemaker/codeRepository:CodeRepository"),
    "aws-native:sagemaker:Device": Alias("aws:sagemaker/device:Device", turn=_device),
    "aws-native:sagemaker:DeviceFleet": Alias("aws:sagemaker/deviceFleet:DeviceFleet"),
    "aws-native:sagemaker:Domain": Alias("aws:sagemaker/domain:Domain", turn=_within(_IMAGES)),
    "aws-native:sagemaker:FeatureGroup": Alias("aws:sagemaker/featureGroup:FeatureGroup"),
    "aws-native:sagemaker:Hub": Alias("aws:sagemaker/hub:Hub"),
    "aws-native:sagemaker:Image": Alias(
        "aws:sagemaker/image:Image",
        {"imageDescription": "description", "imageDisplayName": "displayName", "imageRoleArn": "roleArn"},
    ),
    "aws-native:sagemaker:ImageVersion": Alias("aws:sagemaker/imageVersion:ImageVersion"),
    "aws-native:sagemaker:MlflowApp": Alias("aws:sagemaker/mlflowApp:MlflowApp"),
    "aws-native:sagemaker:MlflowTrackingServer": Alias("aws:sagemaker/mlflowTrackingServer:MlflowTrackingServer"),
    "aws-native:sagemaker:NotebookInstance": Alias(
        "aws:sagemaker/notebookInstance:NotebookInstance",
        {"notebookInstanceName": "name", "securityGroupIds": "securityGroups", "volumeSizeInGb": "volumeSize"},
    ),
    "aws-native:sagemaker:NotebookInstanceLifecycleConfig": Alias(
        "aws:sagemaker/notebookInstanceLifecycleConfiguration:NotebookInstanceLifecycleConfiguration",
        {"notebookInstanceLifecycleConfigName": "name"},
        _lifecycle,
    ),
    "aws-native:sagemaker:Project": Alias("aws:sagemaker/project:Project"),
    "aws-native:sagemaker:Space": Alias("aws:sagemaker/space:Space", turn=_within(_IMAGES)),
    "aws-native:sagemaker:StudioLifecycleConfig": Alias("aws:sagemaker/studioLifecycleConfig:StudioLifecycleConfig"),
    "aws-native:sagemaker:UserProfile": Alias(
        "aws:sagemaker/userProfile:UserProfile",
        turn=_within({**_IMAGES, "efsFileSystemConfig": "efsFileSystemConfigs"}),
    ),
    "aws-native:sagemaker:Workforce": Alias("aws:sagemaker/workforce:Workforce"),
    "aws-native:sagemaker:Workteam": Alias("aws:sagemaker/workteam:Workteam", turn=_within(_TEAM)),
}

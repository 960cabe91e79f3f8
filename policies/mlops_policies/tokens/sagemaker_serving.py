"""SageMaker: `aws-native` names of what the `aws` provider has for serving, monitoring and releasing models.

Model packages, inference components and experiments, and the job definitions for bias, explainability and model quality
are only in `aws-native`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mlops_policies.tokens import Alias

_VARIANT = {"enableSSMAccess": "enableSsmAccess", "routingConfig": "routingConfigs", "volumeSizeInGB": "volumeSizeInGb"}
"""What a variant's properties are called natively, or by Cloud Control, which writes acronyms in capitals."""


def _endpoint_config(props: dict[str, Any]) -> dict[str, Any]:
    for name in ("productionVariants", "shadowProductionVariants"):
        if isinstance(props.get(name), list):
            props[name] = [_variant(item) for item in props[name]]
    return props


def _variant(item: Any) -> Any:
    return {_VARIANT.get(key, key): value for key, value in item.items()} if isinstance(item, Mapping) else item


def _pipeline(props: dict[str, Any]) -> dict[str, Any]:
    """Lift a definition out of the object that says whether it is given as text or lies in S3."""
    given = props.get("pipelineDefinition")
    if not isinstance(given, Mapping):
        return props
    place = given.get("pipelineDefinitionS3Location")
    return {**props, "pipelineDefinition": given.get("pipelineDefinitionBody"), "pipelineDefinitionS3Location": place}


ALIASES: dict[str, Alias] = {
    "aws-native:guardduty:Detector": Alias("aws:guardduty/detector:Detector"),
    "aws-native:sagemaker:DataQualityJobDefinition": Alias(
        "aws:sagemaker/dataQualityJobDefinition:DataQualityJobDefinition", {"jobDefinitionName": "name"}
    ),
    "aws-native:sagemaker:Endpoint": Alias("aws:sagemaker/endpoint:Endpoint", {"endpointName": "name"}),
    "aws-native:sagemaker:EndpointConfig": Alias(
        "aws:sagemaker/endpointConfiguration:EndpointConfiguration",
        {"endpointConfigName": "name", "kmsKeyId": "kmsKeyArn"},
        _endpoint_config,
    ),
    "aws-native:sagemaker:Model": Alias("aws:sagemaker/model:Model", {"modelName": "name"}),
    "aws-native:sagemaker:ModelCard": Alias("aws:sagemaker/modelCard:ModelCard"),
    "aws-native:sagemaker:ModelPackageGroup": Alias("aws:sagemaker/modelPackageGroup:ModelPackageGroup"),
    "aws-native:sagemaker:MonitoringSchedule": Alias(
        "aws:sagemaker/monitoringSchedule:MonitoringSchedule", {"monitoringScheduleName": "name"}
    ),
    "aws-native:sagemaker:Pipeline": Alias("aws:sagemaker/pipeline:Pipeline", {}, _pipeline),
}

"""SageMaker."""

from __future__ import annotations

import re
from typing import Any

from mlops_estate.embedded.driver.mapping import At
from mlops_estate.embedded.driver.operations import Operations, Place

ARN = "arn:aws:sagemaker:{region}:{account}"


def _named(kind: str, **more: Any) -> Operations:
    """Return the row of a SageMaker resource that its name identifies: CreateX, DescribeX, UpdateX, DeleteX with
    XName."""
    key = f"{kind}Name"
    more = {"update": f"Update{kind}", **more}
    return Operations(
        "sagemaker", f"Create{kind}", f"Describe{kind}", f"Delete{kind}", keys={key: f"params.{key}"}, id=f"{{{key}}}",
        auto_name_limit=63, **more,
    )  # fmt: skip


def _job_paths(inputs: dict[str, Any], _place: Place) -> dict[str, Any]:
    """The provider fills the container's folders in; their defaults are documented with the resource."""
    out = {key: At(value, key) for key, value in inputs.items()}
    source = dict(inputs.get("dataQualityJobInput") or {})
    for kind in ("endpointInput", "batchTransformInput"):
        if isinstance(source.get(kind), dict):
            source[kind] = {"localPath": "/opt/ml/processing/input", **source[kind]}
    if source:
        out["dataQualityJobInput"] = At(source, "dataQualityJobInput")
    target = inputs.get("dataQualityJobOutputConfig")
    if isinstance(target, dict) and isinstance(target.get("monitoringOutputs"), dict):
        outputs = dict(target["monitoringOutputs"])
        if isinstance(outputs.get("s3Output"), dict):
            outputs["s3Output"] = {"localPath": "/opt/ml/processing/output", **outputs["s3Output"]}
        out["dataQualityJobOutputConfig"] = At({**target, "monitoringOutputs": outputs}, "dataQualityJobOutputConfig")
    return out


def _job_definition(kind: str) -> Operations:
    """Return the row of a monitor's job definition, which is never updated: every input replaces it."""
    noun = f"{kind}JobDefinition"
    arn = f"{ARN}:{re.sub('(?<=[a-z])(?=[A-Z])', '-', noun).lower()}/{{JobDefinitionName}}"
    return Operations(
        "sagemaker", f"Create{noun}", f"Describe{noun}", f"Delete{noun}",
        keys={"JobDefinitionName": "params.JobDefinitionName"}, id=arn, noun="JobDefinition",
        auto_name="jobDefinitionName", auto_name_limit=63, outputs={"jobDefinitionArn": arn},
    )  # fmt: skip


def _without_retention(inputs: dict[str, Any], _place: Place) -> dict[str, Any]:
    """What is retained and left out of retention matters to an update only."""
    steering = {"retainAllVariantProperties", "excludeRetainedVariantProperties", "retainDeploymentConfig"}
    return {key: value for key, value in inputs.items() if key not in steering}


ROWS = {
    "aws:sagemaker/model:Model": _named("Model", auto_name="name", update=""),
    "aws:sagemaker/endpointConfiguration:EndpointConfiguration": _named("EndpointConfig", auto_name="name", update=""),
    "aws:sagemaker/pipeline:Pipeline": _named("Pipeline"),
    "aws:sagemaker/modelPackageGroup:ModelPackageGroup": _named(
        "ModelPackageGroup", update="", before_delete="kept_packages",
    ),
    "aws:sagemaker/modelPackageGroupPolicy:ModelPackageGroupPolicy": Operations(
        "sagemaker", "PutModelPackageGroupPolicy", "GetModelPackageGroupPolicy", "DeleteModelPackageGroupPolicy",
        "PutModelPackageGroupPolicy",
        keys={"ModelPackageGroupName": "params.ModelPackageGroupName"}, id="{ModelPackageGroupName}",
    ),
    "aws:sagemaker/dataQualityJobDefinition:DataQualityJobDefinition": Operations(
        "sagemaker", "CreateDataQualityJobDefinition", "DescribeDataQualityJobDefinition",
        "DeleteDataQualityJobDefinition",
        keys={"JobDefinitionName": "params.JobDefinitionName"}, id="{JobDefinitionName}", noun="JobDefinition",
        auto_name="name", auto_name_limit=63, before=_job_paths,
    ),
    "aws:sagemaker/monitoringSchedule:MonitoringSchedule": Operations(
        "sagemaker", "CreateMonitoringSchedule", "DescribeMonitoringSchedule", "DeleteMonitoringSchedule",
        "UpdateMonitoringSchedule",
        keys={"MonitoringScheduleName": "params.MonitoringScheduleName"}, id="{MonitoringScheduleName}",
        auto_name="name", auto_name_limit=63,
    ),
    "aws-native:sagemaker:ModelQualityJobDefinition": _job_definition("ModelQuality"),
    "aws-native:sagemaker:ModelBiasJobDefinition": _job_definition("ModelBias"),
    "aws-native:sagemaker:ModelExplainabilityJobDefinition": _job_definition("ModelExplainability"),
    "aws-native:sagemaker:Endpoint": _named("Endpoint", auto_name="endpointName", before=_without_retention,
                                            outputs={"endpointArn": ARN + ":endpoint/{EndpointName}"}),
    "aws-native:sagemaker:FeatureGroup": _named("FeatureGroup", auto_name="featureGroupName"),
}  # fmt: skip

"""Rows of what trains, serves and monitors models, and of what runs and reports on it."""

from __future__ import annotations

from typing import Any

from cdk_twin.rows import REF, Part, Properties, Row, listed, part

LEARNED = frozenset({"environment"})
"""A container's variables, whose names are its own."""
JOB_NAME = {"name": "{JobDefinitionName}", "jobDefinitionName": "{JobDefinitionName}"}
CLUSTER = {"volumeSizeInGb": "VolumeSizeInGB"}


def _pipeline(properties: Properties) -> Properties:
    definition = properties.pop("PipelineDefinition")
    return {**properties, "PipelineDefinition": {"PipelineDefinitionBody": definition}}


def _job_definition(kind: str) -> Row:
    name = "JobDefinitionName"
    return Row(f"AWS::SageMaker::{kind}", CLUSTER, verbatim=LEARNED, attributes=JOB_NAME, named=name)


def _data_quality(properties: Properties) -> Properties:
    """The classic provider takes the one output as an object."""
    output = properties["DataQualityJobOutputConfig"]
    return {**properties, "DataQualityJobOutputConfig": {**output, "MonitoringOutputs": [output["MonitoringOutputs"]]}}


SAGEMAKER: dict[str, Row | Part] = {
    "aws-native:sagemaker:Endpoint": Row("AWS::SageMaker::Endpoint"),
    "aws-native:sagemaker:FeatureGroup": Row("AWS::SageMaker::FeatureGroup", ref="featureGroupName"),
    "aws-native:sagemaker:ModelBiasJobDefinition": _job_definition("ModelBiasJobDefinition"),
    "aws-native:sagemaker:ModelExplainabilityJobDefinition": _job_definition("ModelExplainabilityJobDefinition"),
    "aws-native:sagemaker:ModelQualityJobDefinition": _job_definition("ModelQualityJobDefinition"),
    "aws:sagemaker/dataQualityJobDefinition:DataQualityJobDefinition": Row(
        "AWS::SageMaker::DataQualityJobDefinition",
        CLUSTER,
        verbatim=LEARNED,
        adapt=_data_quality,
        attributes=JOB_NAME,
        named="JobDefinitionName",
    ),
    "aws:sagemaker/endpointConfiguration:EndpointConfiguration": Row(
        "AWS::SageMaker::EndpointConfig", {"kmsKeyArn": "KmsKeyId"}, attributes={"name": "EndpointConfigName"}
    ),
    "aws:sagemaker/model:Model": Row("AWS::SageMaker::Model", attributes={"name": "ModelName"}),
    "aws:sagemaker/modelPackageGroup:ModelPackageGroup": Row(
        "AWS::SageMaker::ModelPackageGroup", attributes={"arn": REF}
    ),
    "aws:sagemaker/modelPackageGroupPolicy:ModelPackageGroupPolicy": part(
        "modelPackageGroupName",
        lambda properties: properties,
        documents=("resourcePolicy",),
        resourcePolicy="ModelPackageGroupPolicy",
    ),
    "aws:sagemaker/monitoringSchedule:MonitoringSchedule": Row(
        "AWS::SageMaker::MonitoringSchedule", {"name": "MonitoringScheduleName"}
    ),
    "aws:sagemaker/pipeline:Pipeline": Row(
        "AWS::SageMaker::Pipeline",
        adapt=_pipeline,
        attributes={"arn": "arn:aws:sagemaker:{region}:{account}:pipeline/{PipelineName}"},
    ),
}


def _alarm(properties: Properties) -> Properties:
    made = {**properties, **_with_dimensions(properties)}
    if queries := made.pop("MetricQueries", None):
        made["Metrics"] = [_metric(query) for query in queries]
    return made


def _metric(query: Properties) -> Properties:
    """Put a query's metric apart from how it is aggregated."""
    if "Metric" not in query:
        return query
    stat = dict(query["Metric"])
    outer = {key: stat.pop(key) for key in ("Period", "Stat", "Unit") if key in stat}
    kept = {key: value for key, value in query.items() if key != "Metric"}
    return {**kept, "MetricStat": {"Metric": {**stat, **_with_dimensions(stat)}, **outer}}


def _with_dimensions(properties: Properties) -> Properties:
    dimensions: dict[str, Any] = properties.get("Dimensions", {})
    named = [{"Name": key, "Value": value} for key, value in sorted(dimensions.items())]
    return {"Dimensions": named} if named else {}


def _metric_filter(properties: Properties) -> Properties:
    transformation = dict(properties.pop("MetricTransformation"))
    made = {f"Metric{key}": transformation[key] for key in ("Name", "Namespace", "Value")}
    if "DefaultValue" in transformation:
        made["DefaultValue"] = float(transformation["DefaultValue"])
    return {**properties, "MetricTransformations": [made]}


OPERATIONS: dict[str, Row | Part] = {
    "aws:appautoscaling/target:Target": Row("AWS::ApplicationAutoScaling::ScalableTarget"),
    "aws:appautoscaling/policy:Policy": Row(
        "AWS::ApplicationAutoScaling::ScalingPolicy", {"name": "PolicyName"}, tags=""
    ),
    "aws:scheduler/scheduleGroup:ScheduleGroup": Row("AWS::Scheduler::ScheduleGroup", ref="name"),
    "aws:scheduler/schedule:Schedule": Row(
        "AWS::Scheduler::Schedule",
        {"sagemakerPipelineParameters": "SageMakerPipelineParameters", "pipelineParameters": "PipelineParameterList"},
        tags="",
    ),
    "aws:cloudwatch/logGroup:LogGroup": Row(
        "AWS::Logs::LogGroup",
        {"name": "LogGroupName"},
        # The attribute Arn ends in `:*`, the provider's doesn't.
        attributes={"arn": "arn:aws:logs:{region}:{account}:log-group:{LogGroupName}"},
        ref="name",
    ),
    "aws:cloudwatch/logMetricFilter:LogMetricFilter": Row(
        "AWS::Logs::MetricFilter", {"name": "FilterName", "pattern": "FilterPattern"}, adapt=_metric_filter, tags=""
    ),
    "aws:cloudwatch/metricAlarm:MetricAlarm": Row(
        "AWS::CloudWatch::Alarm", {"name": "AlarmName"}, verbatim=frozenset({"dimensions"}), adapt=_alarm, ref="name"
    ),
    "aws:cloudwatch/eventRule:EventRule": Row("AWS::Events::Rule", documents=frozenset({"eventPattern"}), ref="name"),
    "aws:cloudwatch/eventTarget:EventTarget": Part(
        "rule",
        Row(
            "",
            {"targetId": "Id", "inputPaths": "InputPathsMap"},
            frozenset({"rule"}),
            verbatim=frozenset({"inputPaths"}),
            adapt=listed("Targets"),
            tags="",
        ),
    ),
    "aws:sns/topic:Topic": Row("AWS::SNS::Topic", {"name": "TopicName"}, attributes={"arn": REF}),
    "aws:sns/topicPolicy:TopicPolicy": Row(
        "AWS::SNS::TopicPolicy",
        {"policy": "PolicyDocument"},
        adapt=lambda properties: {"PolicyDocument": properties["PolicyDocument"], "Topics": [properties["Arn"]]},
        tags="",
    ),
    "aws:sns/topicSubscription:TopicSubscription": Row("AWS::SNS::Subscription", {"topic": "TopicArn"}, tags=""),
    "aws:sqs/queue:Queue": Row(
        "AWS::SQS::Queue",
        {"name": "QueueName", "messageRetentionSeconds": "MessageRetentionPeriod"},
        documents=frozenset({"redriveAllowPolicy", "redrivePolicy"}),
        attributes={"url": REF},
    ),
    "aws:sqs/queuePolicy:QueuePolicy": Row(
        "AWS::SQS::QueuePolicy",
        {"policy": "PolicyDocument"},
        adapt=lambda properties: {"PolicyDocument": properties["PolicyDocument"], "Queues": [properties["QueueUrl"]]},
        tags="",
    ),
}

TABLE: dict[str, Row | Part] = {**SAGEMAKER, **OPERATIONS}

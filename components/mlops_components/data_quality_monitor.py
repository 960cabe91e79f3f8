"""Data-quality monitor: compares captured requests with the training data's baseline, on a schedule."""

from typing import Any, NotRequired, TypedDict

import pulumi
from pulumi_aws import cloudwatch, sagemaker

from mlops_components.monitor_jobs import (
    METRICS_IN_AN_EXPRESSION,
    PUBLISHED,
    MonitorJob,
    check_monitor,
    check_schema,
    schema_path,
)
from mlops_components.validation import Checker


class DataQualityMonitorArgs(TypedDict):
    """Inputs of `DataQualityMonitor`."""

    prefix: str
    """Start of every name of the environment; the schedule is `{prefix}-{model}-data-quality`."""
    region: str
    """AWS region code."""
    environment_class: NotRequired[str]
    """dev, staging or prod; decides the defaults below. Default: prod."""
    model: str
    """Name of the model."""
    schema_file: NotRequired[str]
    """Path of the YAML file that describes the data's columns. Default: `data/{model}/schema.yaml` of this project."""
    max_drift: NotRequired[float]
    """Distance of a feature's distribution from the baseline's, 0 to 1, above which an alarm goes off. Default: 0.1."""
    endpoint_name: pulumi.Input[str]
    """Name of the endpoint whose captured requests are looked at."""
    role_arn: pulumi.Input[str]
    """ARN of the job's role: an `ExecutionRole` of purpose monitor, which all monitors of a model share."""
    models_bucket: pulumi.Input[str]
    """Name of the bucket that takes what the job runs with, under `{model}/source/monitoring/data-quality/`."""
    reports_bucket: pulumi.Input[str]
    """Name of the bucket that takes the reports, under `{model}/data-quality/`."""
    baseline_constraints_uri: NotRequired[pulumi.Input[str]]
    """S3 URI of the baseline's constraints.json. Default: none; runs report without comparing."""
    baseline_statistics_uri: NotRequired[pulumi.Input[str]]
    """S3 URI of the baseline's statistics.json. Default: none."""
    personal_key_arn: pulumi.Input[str]
    """ARN of the KMS key of captured requests, baselines and reports: reports quote values."""
    models_key_arn: pulumi.Input[str]
    """ARN of the KMS key of the job's volume and of what it runs with."""
    alarm_topic_arn: NotRequired[pulumi.Input[str]]
    """ARN of the topic that drift alarms go to. Default: none."""
    subnet_ids: pulumi.Input[list[str]]
    """Private subnets of the job."""
    security_group_ids: pulumi.Input[list[str]]
    """Security groups of the job."""
    image_uri: NotRequired[pulumi.Input[str]]
    """Container of the job. Default: AWS's Model Monitor container of the region."""
    schedule: NotRequired[str]
    """hourly or daily. Default: hourly in prod, else daily."""
    instance_type: NotRequired[str]
    """Instance type of the job. Default: ml.m5.large."""
    volume_size_gb: NotRequired[int]
    """Volume of the job in GB, 1 to 16384. Default: 20."""
    max_runtime_seconds: NotRequired[int]
    """Longest run of one job, in seconds; at most its period. Default: 1800."""


class DataQualityMonitor(pulumi.ComponentResource):
    """A data-quality job in the private network, its schedule, and alarms on the drift of every feature."""

    schedule_name: pulumi.Output[str]
    """Name of the monitoring schedule."""
    schedule_arn: pulumi.Output[str]
    """ARN of the monitoring schedule."""
    job_definition_name: pulumi.Output[str]
    """Name of the job definition."""
    alarm_names: pulumi.Output[list[str]]
    """Names of the drift alarms."""

    def __init__(self, name: str, args: DataQualityMonitorArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        check = Checker("DataQualityMonitor", name, args, DataQualityMonitorArgs)
        check_monitor(check, "data-quality")
        check_schema(check)
        check.s3_uri("baseline_statistics_uri")
        check.between("max_drift", 0, 1, "")
        check.finish()
        super().__init__("mlops:index:DataQualityMonitor", name, {**args}, opts)
        self._job = job = MonitorJob(self, name, args, "data-quality")
        self._args = args
        features = _features(args)
        made = self._definition(features)
        schedule = job.schedule(made.name)
        alarms = self._alarms(features) if args.get("baseline_statistics_uri") is not None else []
        self.schedule_name = schedule.name
        self.schedule_arn = schedule.arn
        self.job_definition_name = made.name
        self.alarm_names = pulumi.Output.all(*(alarm.name for alarm in alarms)).apply(list)
        self.register_outputs(
            {
                "schedule_name": self.schedule_name,
                "schedule_arn": self.schedule_arn,
                "job_definition_name": self.job_definition_name,
                "alarm_names": self.alarm_names,
            }
        )

    def _definition(self, features: tuple[str, ...]) -> sagemaker.DataQualityJobDefinition:
        from mlops_pipelines.monitoring import features_script  # reads a file: only when used

        job = self._job
        statistics = self._args.get("baseline_statistics_uri")
        baseline: Any = {
            **(job.constraints or {}),
            **({"statistics_resource": {"s3_uri": statistics}} if statistics is not None else {}),
        }
        script = job.upload("preprocessor", "preprocessor.py", features_script(features), "text/x-python")
        source: Any = job.captured()
        reports: Any = job.reports
        resources: Any = job.resources
        network: Any = job.network()
        stopping: Any = job.stopping
        return sagemaker.DataQualityJobDefinition(
            job.name,
            role_arn=self._args["role_arn"],
            data_quality_app_specification={
                "image_uri": job.image,
                "environment": PUBLISHED,
                "record_preprocessor_source_uri": script,
            },
            data_quality_baseline_config=baseline or None,
            data_quality_job_input={"endpoint_input": source},
            data_quality_job_output_config={
                "kms_key_id": self._args["personal_key_arn"],
                "monitoring_outputs": reports,
            },
            job_resources=resources,
            network_config=network,
            stopping_condition=stopping,
            opts=job.child,
        )

    def _alarms(self, features: tuple[str, ...]) -> list[cloudwatch.MetricAlarm]:
        """An alarm for every ten features: more fit into no expression."""
        groups = [
            features[start : start + METRICS_IN_AN_EXPRESSION]
            for start in range(0, len(features), METRICS_IN_AN_EXPRESSION)
        ]
        threshold = float(self._args.get("max_drift", 0.1))
        return [
            self._job.alarm(
                f"drift-{number}",
                f"Features of {self._args['model']} moved away from their baseline: {', '.join(group)}",
                [f"feature_baseline_drift_{feature}" for feature in group],
                f"MAX([{', '.join(f'm{n}' for n in range(1, len(group) + 1))}])",
                threshold,
            )
            for number, group in enumerate(groups, 1)
        ]


def _features(args: DataQualityMonitorArgs) -> tuple[str, ...]:
    from mlops_pipelines.monitoring import schema_at

    return schema_at(schema_path(args)).names("feature")

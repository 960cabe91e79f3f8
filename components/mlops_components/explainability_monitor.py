"""Explainability monitor: compares which features decide with the baseline's ranking, on a schedule."""

import json
from typing import Any, NotRequired, TypedDict

import pulumi
from pulumi_aws_native import sagemaker as native

from mlops_components.monitor_jobs import PUBLISHED, MonitorJob, check_monitor, check_two_classes, schema_path
from mlops_components.validation import Checker


class ExplainabilityMonitorArgs(TypedDict):
    """Inputs of `ExplainabilityMonitor`."""

    prefix: str
    """Start of every name of the environment; the schedule is `{prefix}-{model}-explainability`."""
    region: str
    """AWS region code."""
    environment_class: NotRequired[str]
    """dev, staging or prod; decides the defaults below. Default: prod."""
    model: str
    """Name of the model."""
    schema_file: NotRequired[str]
    """Path of the YAML file that describes the data's columns. Default: `data/{model}/schema.yaml` of this project."""
    model_name: pulumi.Input[str]
    """Name of the SageMaker model that is live: the job explains it on a shadow endpoint of its own."""
    shadow_instance_type: NotRequired[str]
    """Instance type of the shadow endpoint. Default: ml.m5.large."""
    endpoint_name: pulumi.Input[str]
    """Name of the endpoint whose captured requests are looked at."""
    role_arn: pulumi.Input[str]
    """ARN of the job's role: an `ExecutionRole` of purpose monitor, which all monitors of a model share."""
    models_bucket: pulumi.Input[str]
    """Name of the bucket that takes what the job runs with, under `{model}/source/monitoring/explainability/`."""
    reports_bucket: pulumi.Input[str]
    """Name of the bucket that takes the reports, under `{model}/explainability/`."""
    baseline_constraints_uri: NotRequired[pulumi.Input[str]]
    """S3 URI of the baseline's constraints (Clarify's analysis.json). Default: none; runs report without comparing."""
    personal_key_arn: pulumi.Input[str]
    """ARN of the KMS key of captured requests, baselines and reports: reports quote values."""
    models_key_arn: pulumi.Input[str]
    """ARN of the KMS key of the job's volume and of what it runs with."""
    subnet_ids: pulumi.Input[list[str]]
    """Private subnets of the job."""
    security_group_ids: pulumi.Input[list[str]]
    """Security groups of the job."""
    image_uri: NotRequired[pulumi.Input[str]]
    """Container of the job. Default: AWS's SageMaker Clarify container of the region."""
    schedule: NotRequired[str]
    """hourly or daily. Default: hourly in prod, else daily."""
    instance_type: NotRequired[str]
    """Instance type of the job. Default: ml.m5.large."""
    volume_size_gb: NotRequired[int]
    """Volume of the job in GB, 1 to 16384. Default: 20."""
    max_runtime_seconds: NotRequired[int]
    """Longest run of one job, in seconds; at most its period. Default: 1800."""


class ExplainabilityMonitor(pulumi.ComponentResource):
    """A feature-attribution job in the private network and its schedule.

    It has no alarm: a run publishes attributions, but no documented metric of their drift. It can't be isolated, since
    Clarify invokes a shadow endpoint (developer guide, Configure a SageMaker Clarify processing job).
    """

    schedule_name: pulumi.Output[str]
    """Name of the monitoring schedule."""
    schedule_arn: pulumi.Output[str]
    """ARN of the monitoring schedule."""
    job_definition_name: pulumi.Output[str]
    """Name of the job definition."""

    def __init__(self, name: str, args: ExplainabilityMonitorArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        check = Checker("ExplainabilityMonitor", name, args, ExplainabilityMonitorArgs)
        check_monitor(check, "explainability")
        check_two_classes(check)
        check.instance_type("shadow_instance_type")
        check.finish()
        super().__init__("mlops:index:ExplainabilityMonitor", name, {**args}, opts)
        self._job = job = MonitorJob(self, name, args, "explainability")
        made = self._definition(args)
        schedule = job.schedule(made.job_definition_name.apply(str))
        self.schedule_name = schedule.name
        self.schedule_arn = schedule.arn
        self.job_definition_name = made.job_definition_name.apply(str)
        self.register_outputs(
            {
                "schedule_name": self.schedule_name,
                "schedule_arn": self.schedule_arn,
                "job_definition_name": self.job_definition_name,
            }
        )

    def _definition(self, args: ExplainabilityMonitorArgs) -> native.ModelExplainabilityJobDefinition:
        from mlops_pipelines.monitoring import (
            ANSWER_PROBABILITY,
            explainability_analysis,
            features_path,
            schema_at,
        )

        job, schema = self._job, schema_at(schema_path(args))
        shadow = args.get("shadow_instance_type") or "ml.m5.large"
        analysis = pulumi.Output.from_input(args["model_name"]).apply(
            lambda model: json.dumps(explainability_analysis(schema, model, shadow), indent=1)
        )
        config = job.upload("analysis", "analysis_config.json", analysis, "application/json")
        captured = job.captured(
            features_attribute=features_path(schema.names("feature")), probability_attribute=ANSWER_PROBABILITY
        )
        specification: Any = {"image_uri": job.image, "config_uri": config, "environment": PUBLISHED}
        source: Any = {"endpoint_input": captured}
        output: Any = {"kms_key_id": args["personal_key_arn"], "monitoring_outputs": [job.reports]}
        resources: Any = job.resources
        baseline: Any = job.constraints
        network: Any = job.network(isolated=False)
        stopping: Any = job.stopping
        return native.ModelExplainabilityJobDefinition(
            job.name,
            role_arn=args["role_arn"],
            model_explainability_app_specification=specification,
            model_explainability_baseline_config=baseline,
            model_explainability_job_input=source,
            model_explainability_job_output_config=output,
            job_resources=resources,
            network_config=network,
            stopping_condition=stopping,
            opts=job.child,
        )

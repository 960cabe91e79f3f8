"""Bias monitor: compares the answers to groups of people, on a schedule."""

import json
from typing import Any, NotRequired, TypedDict

import pulumi
from pulumi_aws import cloudwatch
from pulumi_aws_native import sagemaker as native

from mlops_components.monitor_jobs import (
    METRICS_IN_AN_EXPRESSION,
    PUBLISHED,
    MonitorJob,
    check_monitor,
    check_two_classes,
    schema_path,
)
from mlops_components.validation import Checker


class BiasMonitorArgs(TypedDict):
    """Inputs of `BiasMonitor`."""

    prefix: str
    """Start of every name of the environment; the schedule is `{prefix}-{model}-bias`."""
    region: str
    """AWS region code."""
    environment_class: NotRequired[str]
    """dev, staging or prod; decides the defaults below. Default: prod."""
    model: str
    """Name of the model."""
    schema_file: NotRequired[str]
    """Path of the YAML file that describes the data's columns. Default: `data/{model}/schema.yaml` of this project."""
    protected_attribute: str
    """Column by whose groups answers are compared, a category. Requests have to hold it; the model doesn't see it."""
    max_disparity: NotRequired[float]
    """Difference in the share of positive answers between a protected group and the rest, 0 to 1, above which the alarm
    goes off. Default: 0.2."""
    label_delay_hours: NotRequired[int]
    """Hours after which the label of a request is known: a run looks at the period that ended so long ago. Default:
    24."""
    endpoint_name: pulumi.Input[str]
    """Name of the endpoint whose captured requests are looked at."""
    role_arn: pulumi.Input[str]
    """ARN of the job's role: an `ExecutionRole` of purpose monitor, which all monitors of a model share."""
    models_bucket: pulumi.Input[str]
    """Name of the bucket that takes what the job runs with, under `{model}/source/monitoring/bias/`."""
    raw_bucket: pulumi.Input[str]
    """Name of the bucket of the labels that come later, under `ground-truth/{model}/bias/`."""
    reports_bucket: pulumi.Input[str]
    """Name of the bucket that takes the reports, under `{model}/bias/`."""
    baseline_constraints_uri: NotRequired[pulumi.Input[str]]
    """S3 URI of the baseline's constraints (Clarify's analysis.json). Default: none; runs report without comparing."""
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
    """Container of the job. Default: AWS's SageMaker Clarify container of the region."""
    schedule: NotRequired[str]
    """hourly or daily. Default: hourly in prod, else daily."""
    instance_type: NotRequired[str]
    """Instance type of the job. Default: ml.m5.large."""
    volume_size_gb: NotRequired[int]
    """Volume of the job in GB, 1 to 16384. Default: 20."""
    max_runtime_seconds: NotRequired[int]
    """Longest run of each of the two jobs of a run (the first merges the labels), in seconds; at most half of the
    period. Default: 1800."""


class BiasMonitor(pulumi.ComponentResource):
    """A model-bias job in the private network, its schedule, and an alarm on the difference between groups."""

    schedule_name: pulumi.Output[str]
    """Name of the monitoring schedule."""
    schedule_arn: pulumi.Output[str]
    """ARN of the monitoring schedule."""
    job_definition_name: pulumi.Output[str]
    """Name of the job definition."""
    alarm_names: pulumi.Output[list[str]]
    """Names of the drift alarms."""

    def __init__(self, name: str, args: BiasMonitorArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        check = Checker("BiasMonitor", name, args, BiasMonitorArgs)
        _check(check)
        check.finish()
        super().__init__("mlops:index:BiasMonitor", name, {**args}, opts)
        self._job = job = MonitorJob(self, name, args, "bias")
        made = self._definition(args)
        schedule = job.schedule(made.job_definition_name.apply(str))
        alarms = [self._alarm(args)]
        self.schedule_name = schedule.name
        self.schedule_arn = schedule.arn
        self.job_definition_name = made.job_definition_name.apply(str)
        self.alarm_names = pulumi.Output.all(*(alarm.name for alarm in alarms)).apply(list)
        self.register_outputs(
            {
                "schedule_name": self.schedule_name,
                "schedule_arn": self.schedule_arn,
                "job_definition_name": self.job_definition_name,
                "alarm_names": self.alarm_names,
            }
        )

    def _definition(self, args: BiasMonitorArgs) -> native.ModelBiasJobDefinition:
        from mlops_pipelines.monitoring import ANSWER_CLASS, bias_analysis, features_path, schema_at

        job, schema = self._job, schema_at(schema_path(args))
        protected = args["protected_attribute"]
        analysis = json.dumps(bias_analysis(schema, protected), indent=1)
        config = job.upload("analysis", "analysis_config.json", analysis, "application/json")
        captured = job.captured(
            features_attribute=features_path([*schema.names("feature"), protected]),
            inference_attribute=ANSWER_CLASS,
            **job.window,
        )
        specification: Any = {"image_uri": job.image, "config_uri": config, "environment": PUBLISHED}
        source: Any = {"endpoint_input": captured, "ground_truth_s3_input": job.ground_truth}
        output: Any = {"kms_key_id": args["personal_key_arn"], "monitoring_outputs": [job.reports]}
        resources: Any = job.resources
        baseline: Any = job.constraints
        network: Any = job.network()
        stopping: Any = job.stopping
        return native.ModelBiasJobDefinition(
            job.name,
            role_arn=args["role_arn"],
            model_bias_app_specification=specification,
            model_bias_baseline_config=baseline,
            model_bias_job_input=source,
            model_bias_job_output_config=output,
            job_resources=resources,
            network_config=network,
            stopping_condition=stopping,
            opts=job.child,
        )

    def _alarm(self, args: BiasMonitorArgs) -> cloudwatch.MetricAlarm:
        """On DPPL, the difference in positive proportions in predicted labels, whichever group has the more."""
        from mlops_pipelines.monitoring import facet_values, positive_label, schema_at

        schema, protected = schema_at(schema_path(args)), args["protected_attribute"]
        about = {"BiasStage": "Post-Training", "Label": schema.names("label")[0], "LabelValue": positive_label(schema)}
        groups = facet_values(schema, protected)
        differences = ", ".join(f"ABS(m{number})" for number in range(1, len(groups) + 1))
        return self._job.alarm(
            "disparity",
            f"Answers of {args['model']} differ by {protected}: share of {about['LabelValue']!r}",
            ["bias_metric_DPPL"] * len(groups),
            f"MAX([{differences}])" if len(groups) > 1 else differences,
            float(args.get("max_disparity", 0.2)),
            dimensions=[{**about, "Facet": protected, "FacetValue": group} for group in groups],
        )


def _check(check: Checker[BiasMonitorArgs]) -> None:
    from mlops_pipelines.monitoring import facet_values

    check_monitor(check, "bias")
    check.between("max_disparity", 0, 1, "")
    schema, protected = check_two_classes(check), check.plain("protected_attribute")
    if schema is None or protected is None:
        return
    known = schema.names("protected")
    if protected not in known:
        rule = "is no column of the schema with the role protected"
        check.fault("protected_attribute", protected, rule, f"use {', '.join(known) or 'a column with that role'}")
        return
    try:
        groups = facet_values(schema, protected)
    except ValueError as error:
        check.fault("protected_attribute", protected, str(error), "leave the bias monitor out")
        return
    if len(groups) > METRICS_IN_AN_EXPRESSION:
        rule = f"has {len(groups)} values; an alarm compares at most {METRICS_IN_AN_EXPRESSION} (CloudWatch)"
        check.fault("protected_attribute", protected, rule, "group its values")

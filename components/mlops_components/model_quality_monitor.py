"""Model-quality monitor: compares answers with the labels that become known later, on a schedule."""

from typing import Any, NotRequired, TypedDict

import pulumi
from pulumi_aws_native import sagemaker as native

from mlops_components.monitor_jobs import PUBLISHED, MonitorJob, check_monitor, check_two_classes, schema_path
from mlops_components.validation import Checker


class ModelQualityMonitorArgs(TypedDict):
    """Inputs of `ModelQualityMonitor`."""

    prefix: str
    """Start of every name of the environment; the schedule is `{prefix}-{model}-model-quality`."""
    region: str
    """AWS region code."""
    environment_class: NotRequired[str]
    """dev, staging or prod; decides the defaults below. Default: prod."""
    model: str
    """Name of the model."""
    schema_file: NotRequired[str]
    """Path of the YAML file that describes the data's columns. Default: `data/{model}/schema.yaml` of this project."""
    min_auc: NotRequired[float]
    """Area under the ROC curve, 0.5 to 1, below which the alarm goes off. Default: 0.7."""
    label_delay_hours: NotRequired[int]
    """Hours after which the label of a request is known: a run looks at the period that ended so long ago. Default:
    24."""
    endpoint_name: pulumi.Input[str]
    """Name of the endpoint whose captured requests are looked at."""
    role_arn: pulumi.Input[str]
    """ARN of the job's role: an `ExecutionRole` of purpose monitor, which all monitors of a model share."""
    models_bucket: pulumi.Input[str]
    """Name of the bucket that takes what the job runs with, under `{model}/source/monitoring/model-quality/`."""
    raw_bucket: pulumi.Input[str]
    """Name of the bucket of the labels that come later, under `ground-truth/{model}/model-quality/`."""
    reports_bucket: pulumi.Input[str]
    """Name of the bucket that takes the reports, under `{model}/model-quality/`."""
    baseline_constraints_uri: NotRequired[pulumi.Input[str]]
    """S3 URI of the baseline's constraints.json. Default: none; runs report without comparing."""
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
    """Longest run of each of the two jobs of a run (the first merges the labels), in seconds; at most half of the
    period. Default: 1800."""


class ModelQualityMonitor(pulumi.ComponentResource):
    """A model-quality job in the private network, its schedule, and an alarm on the area under the ROC curve."""

    schedule_name: pulumi.Output[str]
    """Name of the monitoring schedule."""
    schedule_arn: pulumi.Output[str]
    """ARN of the monitoring schedule."""
    job_definition_name: pulumi.Output[str]
    """Name of the job definition."""
    alarm_names: pulumi.Output[list[str]]
    """Names of the drift alarms."""

    def __init__(self, name: str, args: ModelQualityMonitorArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        check = Checker("ModelQualityMonitor", name, args, ModelQualityMonitorArgs)
        check_monitor(check, "model-quality")
        check_two_classes(check)
        check.between("min_auc", 0.5, 1, "")
        check.finish()
        super().__init__("mlops:index:ModelQualityMonitor", name, {**args}, opts)
        self._job = job = MonitorJob(self, name, args, "model-quality")
        made = self._definition(args)
        schedule = job.schedule(made.job_definition_name.apply(str))
        alarms = [
            job.alarm(
                "auc",
                f"Area under the ROC curve of {args['model']}, by the labels that became known",
                ["auc"],
                "m1",
                float(args.get("min_auc", 0.7)),
                below=True,
                statistic="Minimum",
            )
        ]
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

    def _definition(self, args: ModelQualityMonitorArgs) -> native.ModelQualityJobDefinition:
        from mlops_pipelines.monitoring import answers_script, schema_at  # reads the data's schema: only when used

        job, schema = self._job, schema_at(schema_path(args))
        label = next(column for column in schema.columns if column.role == "label")
        script = job.upload("preprocessor", "preprocessor.py", answers_script(label.values), "text/x-python")
        specification: Any = {
            "image_uri": job.image,
            "problem_type": "BinaryClassification",
            "environment": PUBLISHED,
            "record_preprocessor_source_uri": script,
        }
        # The preprocessor makes these two of an answer.
        answers = job.captured(inference_attribute="prediction", probability_attribute="probability", **job.window)
        source: Any = {"endpoint_input": answers, "ground_truth_s3_input": job.ground_truth}
        output: Any = {"kms_key_id": args["personal_key_arn"], "monitoring_outputs": [job.reports]}
        resources: Any = job.resources
        baseline: Any = job.constraints
        network: Any = job.network()
        stopping: Any = job.stopping
        return native.ModelQualityJobDefinition(
            job.name,
            role_arn=args["role_arn"],
            model_quality_app_specification=specification,
            model_quality_baseline_config=baseline,
            model_quality_job_input=source,
            model_quality_job_output_config=output,
            job_resources=resources,
            network_config=network,
            stopping_condition=stopping,
            opts=job.child,
        )

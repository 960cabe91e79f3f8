"""Data-quality monitor: compares captured requests with the training data's baseline, on a schedule."""

from typing import Any, NotRequired, TypedDict

import pulumi
from pulumi_aws import sagemaker

from mlops_components.documents import join_s3_uri
from mlops_components.execution_role import ExecutionRole
from mlops_components.image_registries import MODEL_MONITOR, model_monitor_image
from mlops_components.validation import Checker

HOURLY, DAILY = "cron(0 * ? * * *)", "cron(0 6 ? * * *)"
SCHEDULES = {"hourly": HOURLY, "daily": DAILY}
_SCHEDULE = {"dev": "daily", "staging": "daily", "prod": "hourly"}
_PERIOD_SECONDS = {"hourly": 3600, "daily": 86_400}


class DataQualityMonitorArgs(TypedDict):
    """Inputs of `DataQualityMonitor`."""

    prefix: str
    """Start of every name of the environment; the schedule is `{prefix}-{model}-data-quality`."""
    account: str
    """AWS account id of the environment, 12 digits."""
    region: str
    """AWS region code."""
    environment_class: NotRequired[str]
    """dev, staging or prod; decides the defaults below. Default: prod."""
    model: str
    """Name of the model."""
    endpoint_name: pulumi.Input[str]
    """Name of the endpoint whose captured requests are checked."""
    capture_bucket: pulumi.Input[str]
    """Name of the bucket of captured requests, under `{model}/`."""
    reports_bucket: pulumi.Input[str]
    """Name of the bucket that takes the reports, under `{model}/data-quality/`."""
    baseline_constraints_uri: NotRequired[pulumi.Input[str]]
    """S3 URI of the baseline's constraints.json. Default: none; the first runs report statistics only."""
    baseline_statistics_uri: NotRequired[pulumi.Input[str]]
    """S3 URI of the baseline's statistics.json. Default: none."""
    personal_key_arn: pulumi.Input[str]
    """ARN of the KMS key of captured requests, baselines and reports: reports quote values."""
    models_key_arn: pulumi.Input[str]
    """ARN of the KMS key of the job's volume."""
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
    """Longest run of one job, in seconds; shorter than its period. Default: 1800."""


class DataQualityMonitor(pulumi.ComponentResource):
    """A data-quality job in the private network and its schedule."""

    schedule_name: pulumi.Output[str]
    """Name of the monitoring schedule."""
    schedule_arn: pulumi.Output[str]
    """ARN of the monitoring schedule."""
    job_definition_name: pulumi.Output[str]
    """Name of the job definition."""
    role_arn: pulumi.Output[str]
    """ARN of the job's role."""

    def __init__(self, name: str, args: DataQualityMonitorArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        check = Checker("DataQualityMonitor", name, args, DataQualityMonitorArgs)
        _check(check)
        check.finish()
        super().__init__("mlops:index:DataQualityMonitor", name, {**args}, opts)
        self._base, self._args = name, args
        self._child = pulumi.ResourceOptions(parent=self)
        self._image = pulumi.Output.from_input(args.get("image_uri") or model_monitor_image(args["region"]))
        self._reports = pulumi.Output.from_input(args["reports_bucket"]).apply(
            lambda bucket: join_s3_uri(bucket, args["model"], "data-quality")
        )
        role = self._role()
        job = self._job(role)
        schedule = sagemaker.MonitoringSchedule(
            f"{name}-schedule",
            name=f"{args['prefix']}-{args['model']}-data-quality",
            monitoring_schedule_config={
                "monitoring_job_definition_name": job.name,
                "monitoring_type": "DataQuality",
                "schedule_config": {"schedule_expression": SCHEDULES[_schedule(args)]},
            },
            opts=self._child,
        )
        self.schedule_name = schedule.name
        self.schedule_arn = schedule.arn
        self.job_definition_name = job.name
        self.role_arn = role.role_arn
        self.register_outputs(
            {
                "schedule_name": self.schedule_name,
                "schedule_arn": self.schedule_arn,
                "job_definition_name": self.job_definition_name,
                "role_arn": self.role_arn,
            }
        )

    def _role(self) -> ExecutionRole:
        args = self._args
        captured = pulumi.Output.from_input(args["capture_bucket"]).apply(
            lambda bucket: join_s3_uri(bucket, args["model"]) + "/"
        )
        baselines = (args.get("baseline_constraints_uri"), args.get("baseline_statistics_uri"))
        return ExecutionRole(
            f"{self._base}-role",
            {
                "prefix": args["prefix"],
                "account": args["account"],
                "region": args["region"],
                "role_suffix": f"{args['model']}-monitor",
                "purpose": "monitor",
                "read_uris": pulumi.Output.all(captured, *(uri for uri in baselines if uri is not None)).apply(list),
                "write_uris": pulumi.Output.all(self._reports).apply(list),
                "key_arns": pulumi.Output.all(args["personal_key_arn"], args["models_key_arn"]).apply(list),
                "image_uris": pulumi.Output.all(self._image).apply(list),
                "endpoint_name": args["endpoint_name"],
            },
            self._child,
        )

    def _job(self, role: ExecutionRole) -> sagemaker.DataQualityJobDefinition:
        args = self._args
        constraints, statistics = args.get("baseline_constraints_uri"), args.get("baseline_statistics_uri")
        baseline: Any = {
            **({"constraints_resource": {"s3_uri": constraints}} if constraints is not None else {}),
            **({"statistics_resource": {"s3_uri": statistics}} if statistics is not None else {}),
        }
        captured: Any = {
            "endpoint_name": args["endpoint_name"],
            "local_path": "/opt/ml/processing/input/captured",
            "s3_data_distribution_type": "FullyReplicated",
            "s3_input_mode": "File",
        }
        reports: Any = {
            "s3_uri": self._reports,
            "local_path": "/opt/ml/processing/output",
            "s3_upload_mode": "EndOfJob",
        }
        cluster: Any = {
            "instance_count": 1,
            "instance_type": args.get("instance_type") or "ml.m5.large",
            "volume_size_in_gb": int(args.get("volume_size_gb") or 20),
            "volume_kms_key_id": args["models_key_arn"],
        }
        network: Any = {"subnets": args["subnet_ids"], "security_group_ids": args["security_group_ids"]}
        return sagemaker.DataQualityJobDefinition(
            self._base,
            role_arn=role.role_arn,
            # Written to a file that the platform publishes, so that isolation does not stop it.
            data_quality_app_specification={
                "image_uri": self._image,
                "environment": {"publish_cloudwatch_metrics": "Enabled"},
            },
            data_quality_baseline_config=baseline or None,
            data_quality_job_input={"endpoint_input": captured},
            data_quality_job_output_config={
                "kms_key_id": args["personal_key_arn"],
                "monitoring_outputs": {"s3_output": reports},
            },
            job_resources={"cluster_config": cluster},
            network_config={
                "enable_network_isolation": True,
                "enable_inter_container_traffic_encryption": True,
                "vpc_config": network,
            },
            stopping_condition={"max_runtime_in_seconds": int(args.get("max_runtime_seconds") or 1800)},
            opts=self._child,
        )


def _schedule(args: DataQualityMonitorArgs) -> str:
    return args.get("schedule") or _SCHEDULE[args.get("environment_class") or "prod"]


def _check(check: Checker[DataQualityMonitorArgs]) -> None:
    prefix, model, region = check.plain("prefix"), check.plain("model"), check.plain("region")
    if prefix and model:
        check.aws_name("model", f"{prefix}-{model}-data-quality", "schedule")
        check.aws_name("model", f"{prefix}-{model}-monitor", "role")
    for path in ("personal_key_arn", "models_key_arn"):
        check.arn(path, "kms")
    check.s3_uri("baseline_constraints_uri")
    check.s3_uri("baseline_statistics_uri")
    check.one_of("schedule", SCHEDULES)
    check.instance_type("instance_type", volume_key=True)
    check.between("volume_size_gb", 1, 16_384, "GB (MonitoringClusterConfig)")
    check.between("max_runtime_seconds", 1, 86_400, "seconds (MonitoringStoppingCondition)")
    if region and "image_uri" not in check.args and region not in MODEL_MONITOR:
        check.fault("region", region, "has no Model Monitor container of AWS", "give image_uri")
    longest = check.plain("max_runtime_seconds")
    period = check.plain("schedule") or _SCHEDULE.get(check.plain("environment_class", "prod") or "", "daily")
    if longest is not None and period in _PERIOD_SECONDS and longest > _PERIOD_SECONDS[period]:
        rule = f"must be at most {_PERIOD_SECONDS[period]} seconds for an {period} schedule (CreateMonitoringSchedule)"
        check.fault("max_runtime_seconds", longest, rule, "use 1800")

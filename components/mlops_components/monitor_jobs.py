"""What the four monitors share: names, schedules, resources, network, reports, baselines, scripts and drift alarms."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import pulumi
from pulumi_aws import cloudwatch, s3, sagemaker

from mlops_components.documents import join_s3_uri
from mlops_components.image_registries import CLARIFY, MODEL_MONITOR, clarify_image, model_monitor_image
from mlops_components.validation import Checker

T = TypeVar("T")

# The forms that CreateMonitoringSchedule takes for these periods (SageMaker API reference, ScheduleConfig).
SCHEDULES = {"hourly": "cron(0 * ? * * *)", "daily": "cron(0 6 ? * * *)"}
DEFAULT_SCHEDULE = {"dev": "daily", "staging": "daily", "prod": "hourly"}
PERIOD_SECONDS = {"hourly": 3600, "daily": 86_400}
DEFAULT_RUNTIME = 1800
METRICS_IN_AN_EXPRESSION = 10
"""Most metrics that one alarm's expression reads (CloudWatch user guide, Create an alarm based on a metric math
expression)."""


@dataclass(frozen=True)
class Kind:
    """One of AWS's kinds of monitor.

    `merges` says that each run is two jobs, the first of which merges ground truth; they share the run time.
    `namespace` is where its metrics appear (developer guide: Model quality metrics; CloudWatch metrics for bias drift
    analysis; for data quality as the SageMaker Python SDK's own dashboards have it).
    """

    slug: str
    monitoring_type: str
    namespace: str
    merges: bool
    clarify: bool


KINDS: Mapping[str, Kind] = {
    kind.slug: kind
    for kind in (
        Kind("data-quality", "DataQuality", "aws/sagemaker/Endpoints/data-metrics", merges=False, clarify=False),
        Kind("model-quality", "ModelQuality", "aws/sagemaker/Endpoints/model-metrics", merges=True, clarify=False),
        Kind("bias", "ModelBias", "aws/sagemaker/Endpoints/bias-metrics", merges=True, clarify=True),
        Kind(
            "explainability", "ModelExplainability", "aws/sagemaker/Endpoints/explainability-metrics",
            merges=False, clarify=True,
        ),
    )
}  # fmt: skip
# Written to a file that the platform publishes, so that isolation does not stop it.
PUBLISHED = {"publish_cloudwatch_metrics": "Enabled"}
CAPTURED = "/opt/ml/processing/input/captured"
REPORTS = "/opt/ml/processing/output"


def schedule_name(prefix: str, model: str, slug: str) -> str:
    """Return the name of a monitor's schedule."""
    return f"{prefix}-{model}-{slug}"


def ground_truth_key(model: str, slug: str) -> str:
    """Return the key prefix, in the raw bucket, below which the labels of a model's requests are put for a monitor."""
    return f"ground-truth/{model}/{slug}"


def source_key(model: str, slug: str, file: str) -> str:
    """Return the key, in the models bucket, of what a monitor runs with. Delivery may write below `source/` only."""
    return f"{model}/source/monitoring/{slug}/{file}"


def offsets(schedule: str, delay_hours: int) -> dict[str, str]:
    """Return the window that a run looks at: one period of the schedule, ending `delay_hours` before the run.

    Both are subtracted from the time of the run (developer guide, Model monitor offsets), so that labels which come
    late are there, and no request is looked at twice or never.
    """
    period = PERIOD_SECONDS[schedule] // 3600
    return {"start_time_offset": f"-PT{delay_hours + period}H", "end_time_offset": f"-PT{delay_hours}H"}


class MonitorJob:
    """The parts of one monitor that don't depend on its kind, from its checked arguments."""

    def __init__(self, parent: pulumi.ComponentResource, name: str, args: Mapping[str, Any], slug: str) -> None:
        self.kind, self.name, self.args = KINDS[slug], name, args
        self.child = pulumi.ResourceOptions(parent=parent)
        self.period = schedule_of(args)
        self.schedule_name = schedule_name(args["prefix"], args["model"], slug)

    @property
    def image(self) -> pulumi.Output[str]:
        """The container: the one given, or AWS's of the region."""
        default = clarify_image if self.kind.clarify else model_monitor_image
        return pulumi.Output.from_input(self.args.get("image_uri") or default(self.args["region"]))

    @property
    def resources(self) -> dict[str, Any]:
        """One instance, its volume encrypted with the key of the models class."""
        return {
            "cluster_config": {
                "instance_count": 1,
                "instance_type": self.args.get("instance_type") or "ml.m5.large",
                "volume_size_in_gb": int(self.args.get("volume_size_gb") or 20),
                "volume_kms_key_id": self.args["models_key_arn"],
            }
        }

    def network(self, *, isolated: bool = True) -> dict[str, Any]:
        """The private network, traffic between containers encrypted, and no calls out unless the job has to."""
        in_vpc = {"subnets": self.args["subnet_ids"], "security_group_ids": self.args["security_group_ids"]}
        return {
            "enable_network_isolation": isolated,
            "enable_inter_container_traffic_encryption": True,
            "vpc_config": in_vpc,
        }

    @property
    def stopping(self) -> dict[str, Any]:
        """The longest run."""
        return {"max_runtime_in_seconds": int(self.args.get("max_runtime_seconds") or DEFAULT_RUNTIME)}

    @property
    def reports(self) -> dict[str, Any]:
        """Where reports go, `{model}/{kind}/` of the reports bucket: they quote values of people."""
        uri = under(self.args["reports_bucket"], self.args["model"], self.kind.slug)
        return {"s3_output": {"s3_uri": uri, "local_path": REPORTS, "s3_upload_mode": "EndOfJob"}}

    def captured(self, **attributes: Any) -> dict[str, Any]:
        """The endpoint's captured requests and answers, and how they are read."""
        return {
            "endpoint_name": self.args["endpoint_name"],
            "local_path": CAPTURED,
            "s3_data_distribution_type": "FullyReplicated",
            "s3_input_mode": "File",
            **attributes,
        }

    @property
    def ground_truth(self) -> dict[str, Any]:
        """Where the labels of captured requests are put."""
        key = ground_truth_key(self.args["model"], self.kind.slug)
        return {"s3_uri": under(self.args["raw_bucket"], key)}

    @property
    def window(self) -> dict[str, str]:
        """The window of a kind that waits for labels."""
        return offsets(self.period, int(self.args.get("label_delay_hours", 24)))

    @property
    def constraints(self) -> dict[str, Any] | None:
        """The baseline of every kind but data quality, which has statistics too; None while there is none."""
        uri = self.args.get("baseline_constraints_uri")
        return {"constraints_resource": {"s3_uri": uri}} if uri is not None else None

    def upload(self, part: str, file: str, content: pulumi.Input[str], content_type: str) -> pulumi.Output[str]:
        """Put what the job runs with beside the model's other code, and return its URI once it is there."""
        key = source_key(self.args["model"], self.kind.slug, file)
        made = s3.BucketObjectv2(
            f"{self.name}-{part}",
            bucket=self.args["models_bucket"],
            key=key,
            content=content,
            content_type=content_type,
            server_side_encryption="aws:kms",
            kms_key_id=self.args["models_key_arn"],
            bucket_key_enabled=True,
            opts=self.child,
        )
        return made.bucket.apply(lambda bucket: join_s3_uri(bucket, key))

    def schedule(self, job_name: pulumi.Input[str]) -> sagemaker.MonitoringSchedule:
        """Declare the schedule, which follows the job definition where that is replaced."""
        return sagemaker.MonitoringSchedule(
            f"{self.name}-schedule",
            name=self.schedule_name,
            monitoring_schedule_config={
                "monitoring_job_definition_name": job_name,
                "monitoring_type": self.kind.monitoring_type,
                "schedule_config": {"schedule_expression": SCHEDULES[self.period]},
            },
            opts=self.child,
        )

    def alarm(
        self,
        part: str,
        description: str,
        metrics: Sequence[str],
        expression: str,
        threshold: float,
        *,
        below: bool = False,
        statistic: str = "Maximum",
        dimensions: Sequence[Mapping[str, str]] = ({},),
    ) -> cloudwatch.MetricAlarm:
        """Declare an alarm on an expression over the monitor's metrics, one point for each run.

        `metrics` are called m1, m2, ... in `expression`; `dimensions` are what each has beside endpoint and schedule,
        or the one set that all have.
        """
        topic = self.args.get("alarm_topic_arn")
        more = list(dimensions) * len(metrics) if len(dimensions) == 1 else dimensions
        read = [
            self._query(n, metric, statistic, own) for n, (metric, own) in enumerate(zip(metrics, more, strict=True), 1)
        ]
        return cloudwatch.MetricAlarm(
            f"{self.name}-{part}",
            name=f"{self.schedule_name}-{part}",
            alarm_description=description,
            comparison_operator="LessThanThreshold" if below else "GreaterThanThreshold",
            threshold=threshold,
            evaluation_periods=1,
            treat_missing_data="notBreaching",
            metric_queries=[*read, {"id": "drift", "expression": expression, "label": part, "return_data": True}],
            alarm_actions=[topic] if topic else None,
            opts=self.child,
        )

    def _query(self, number: int, metric: str, statistic: str, dimensions: Mapping[str, str]) -> Any:
        where = {"Endpoint": self.args["endpoint_name"], "MonitoringSchedule": self.schedule_name, **dimensions}
        return {
            "id": f"m{number}",
            "return_data": False,
            "metric": {
                "namespace": self.kind.namespace,
                "metric_name": metric,
                "dimensions": where,
                "period": PERIOD_SECONDS[self.period],
                "stat": statistic,
            },
        }


def under(bucket: pulumi.Input[str], *folders: str) -> pulumi.Output[str]:
    """Return the URI of a folder of a bucket."""
    return pulumi.Output.from_input(bucket).apply(lambda known: join_s3_uri(known, *folders))


def schedule_of(args: Mapping[str, Any]) -> str:
    """Return hourly or daily: as given, or as the environment's class has it."""
    return str(args.get("schedule") or DEFAULT_SCHEDULE[args.get("environment_class") or "prod"])


def schema_path(args: Mapping[str, Any]) -> str | Path:
    """Return where the model's schema is: the file given, or the model's own sample data."""
    return Path(args["schema_file"]) if args.get("schema_file") else str(args["model"])


def check_monitor(check: Checker[T], slug: str) -> None:
    """Check what the monitors' arguments have in common."""
    kind = KINDS[slug]
    prefix, model, region = check.plain("prefix"), check.plain("model"), check.plain("region")
    if prefix and model:
        check.aws_name("model", schedule_name(prefix, model, slug), "schedule")
    # The provider adds a hyphen and seven characters to the logical name.
    check.aws_name_of_resource(f"{check.name}-1234567", "job_definition")
    for path in ("personal_key_arn", "models_key_arn"):
        check.arn(path, "kms")
    check.arn("role_arn", "iam")
    check.arn("alarm_topic_arn", "sns")
    check.s3_uri("baseline_constraints_uri")
    check.one_of("schedule", SCHEDULES)
    check.instance_type("instance_type", volume_key=True)
    check.between("volume_size_gb", 1, 16_384, "GB (MonitoringClusterConfig)")
    check.between("max_runtime_seconds", 1, 86_400, "seconds (MonitoringStoppingCondition)")
    check.between("label_delay_hours", 0, 8760, "hours")
    images = CLARIFY if kind.clarify else MODEL_MONITOR
    if region and "image_uri" not in check.args and region not in images:
        container = "SageMaker Clarify" if kind.clarify else "Model Monitor"
        check.fault("region", region, f"has no {container} container of AWS", "give image_uri")
    _check_runtime(check, kind)


def _check_runtime(check: Checker[T], kind: Kind) -> None:
    longest = check.plain("max_runtime_seconds")
    period = check.plain("schedule") or DEFAULT_SCHEDULE.get(check.plain("environment_class", "prod") or "", "daily")
    if longest is None or period not in PERIOD_SECONDS:
        return
    # A run that merges ground truth is two jobs of this length (developer guide, Schedule model quality monitoring).
    most = PERIOD_SECONDS[period] // (2 if kind.merges else 1)
    if longest > most:
        rule = f"must be at most {most} seconds for an {period} schedule (CreateMonitoringSchedule)"
        check.fault("max_runtime_seconds", longest, rule, f"use {min(most, DEFAULT_RUNTIME)}")


def check_schema(check: Checker[T]) -> Any:
    """Check that the model's schema is there; return it, or None at fault."""
    from mlops_pipelines.features import schema as shipped
    from mlops_pipelines.monitoring import schema_at

    model = check.plain("model")
    if not model or ("schema_file" in check.args and not check.plain("schema_file")):
        return None
    path = schema_path(check.args)
    file = path if isinstance(path, Path) else shipped.DATA / path / "schema.yaml"
    if not file.is_file():
        check.fault("schema_file", str(file), "is no file", "give the YAML file that describes the data's columns")
        return None
    return schema_at(path)


def check_two_classes(check: Checker[T]) -> Any:
    """Check as `check_schema` does, and that the label has two classes, as a monitor of answers needs."""
    from mlops_pipelines.monitoring import positive_label

    schema = check_schema(check)
    if schema is None:
        return None
    try:
        positive_label(schema)
    except ValueError as error:
        check.fault("schema_file", str(schema_path(check.args)), str(error), "leave this monitor out")
        return None
    return schema

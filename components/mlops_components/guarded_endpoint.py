"""Guarded endpoint: a live model version behind SageMaker's deployment guardrails, with rollback alarms and scaling."""

from typing import Any, NotRequired, TypedDict

import pulumi
from pulumi_aws import appautoscaling, cloudwatch, iam, sagemaker
from pulumi_aws_native import sagemaker as native

from mlops_components.cross_account import artefacts_elsewhere
from mlops_components.deployment import (
    EXECUTION_RANGE,
    LONGEST_WAIT,
    STEP_RANGE,
    STRATEGIES,
    deployment_config,
)
from mlops_components.documents import join_s3_uri, policy
from mlops_components.endpoint_plan import CAPTURED_CONTENT, VARIANT, Plan
from mlops_components.execution_role import ExecutionRole
from mlops_components.image_registries import SCIKIT_LEARN, scikit_learn_image
from mlops_components.model_registry import package_arn
from mlops_components.validation import Checker

INSTANCE_METRICS = "/aws/sagemaker/Endpoints"
MOST_MEMORY = 90.0
"""Percent of an instance's memory (SageMaker metrics, "Endpoint instance metrics": 0 to 100)."""


class GuardedEndpointArgs(TypedDict):
    """Inputs of `GuardedEndpoint`."""

    prefix: str
    """Start of every name of the environment; the endpoint is `{prefix}-{model}`."""
    account: str
    """AWS account id of the environment, 12 digits."""
    region: str
    """AWS region code."""
    environment_class: NotRequired[str]
    """dev, staging or prod; decides the defaults below. Default: prod."""
    model: str
    """Name of the model."""
    version: int
    """Version in the model package group that is live, from 1."""
    previous: NotRequired[int]
    """Version that was live before: kept while a release settles, so that a rollback finds it. Default: none."""
    model_package_group_arn: pulumi.Input[str]
    """ARN of the group whose versions are deployed."""
    models_bucket: pulumi.Input[str]
    """Name of the bucket of the model artefacts, under `{model}/`."""
    artefact_account_ids: NotRequired[list[str]]
    """Other accounts whose model artefacts the endpoint may serve: those that share the registry. Default: none."""
    artefact_prefixes: NotRequired[str]
    """Pattern of the environments' prefixes there, such as `mlops-*`. Default: the prefix."""
    capture_bucket: NotRequired[pulumi.Input[str]]
    """Name of the bucket of captured requests. Required unless `capture_percent` is 0."""
    models_key_arn: pulumi.Input[str]
    """ARN of the KMS key of model artefacts and instance volumes."""
    personal_key_arn: pulumi.Input[str]
    """ARN of the KMS key of captured requests."""
    subnet_ids: NotRequired[pulumi.Input[list[str]]]
    """Private subnets of the containers. Required unless serverless, which has no VPC."""
    security_group_ids: NotRequired[pulumi.Input[list[str]]]
    """Security groups of the containers. Required unless serverless."""
    image_uri: NotRequired[pulumi.Input[str]]
    """Container image of the model package, for the role to pull. Default: AWS's scikit-learn image of the region."""
    alarm_topic_arn: NotRequired[pulumi.Input[str]]
    """ARN of the SNS topic told of rollback alarms. Default: none is told."""
    strategy: NotRequired[str]
    """How traffic moves: all_at_once, canary, linear or rolling. Default: all_at_once in dev, else canary."""
    step_percent: NotRequired[int]
    """Share of capacity in the first (canary, at most 50) or each (linear 10 to 50, rolling 5 to 50) step, in percent.
    Default: canary 10, linear 25, rolling 25."""
    wait_seconds: NotRequired[int]
    """Time after each step in which the rollback alarms are watched, 0 to 3600 seconds. Default: 0 in dev, 300 in
    staging, 600 in prod."""
    termination_wait_seconds: NotRequired[int]
    """Time for which the old fleet stays after the shift, 0 to 3600 seconds. Default: as `wait_seconds`."""
    max_execution_seconds: NotRequired[int]
    """Longest time of a release, 600 to 28,800 seconds and longer than all waits together. Default: 7200."""
    max_error_percent: NotRequired[float]
    """Share of requests failing with a server error that rolls back, in percent. Default: 5 in dev, else 1."""
    max_latency_ms: NotRequired[float]
    """99th percentile of model latency that rolls back, in milliseconds. Default: 1000 in dev, else 500."""
    instance_type: NotRequired[str]
    """Instance type. Default: ml.t2.medium in dev, else ml.m5.large."""
    instance_count: NotRequired[int]
    """Instances at creation, and fewest when scaling. Default: 1 in dev, else 2."""
    max_instances: NotRequired[int]
    """Most instances; above `instance_count` the endpoint scales. Default: 1 in dev, 4 in staging, 8 in prod; never
    below `instance_count`."""
    invocations_per_instance: NotRequired[int]
    """Scaling target: invocations of one instance per minute. Default: 600."""
    scale_in_cooldown_seconds: NotRequired[int]
    """Pause after a scale-in, in seconds. Default: 300."""
    scale_out_cooldown_seconds: NotRequired[int]
    """Pause after a scale-out, in seconds. Default: 60."""
    serverless_memory_mb: NotRequired[int]
    """Makes the endpoint serverless: memory in MB, 1024 to 6144 in steps of 1024. Default: instances."""
    serverless_max_concurrency: NotRequired[int]
    """Most concurrent invocations of a serverless endpoint, 1 to 200. Default: 5."""
    capture_percent: NotRequired[int]
    """Share of requests and answers captured, 0 (off) to 100 percent. Default: 100; 0 when serverless."""
    network_isolation: NotRequired[bool]
    """Whether containers are cut off from every network. Default: true; false when serverless."""


class GuardedEndpoint(pulumi.ComponentResource):
    """An endpoint whose updates bake behind rollback alarms, with one model and configuration per declared version.

    `aws_native`'s endpoint keeps run-time weights and scaled counts on an update (RetainAllVariantProperties).
    """

    endpoint_name: pulumi.Output[str]
    """Name of the endpoint."""
    endpoint_arn: pulumi.Output[str]
    """ARN of the endpoint."""
    endpoint_config_name: pulumi.Output[str]
    """Name of the configuration that should be live."""
    model_name: pulumi.Output[str]
    """Name of the SageMaker model that should be live."""
    alarm_names: pulumi.Output[list[str]]
    """Names of the alarms that roll a release back."""
    role_arn: pulumi.Output[str]
    """ARN of the containers' role."""

    def __init__(self, name: str, args: GuardedEndpointArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        check = Checker("GuardedEndpoint", name, args, GuardedEndpointArgs)
        _check(check)
        check.finish()
        super().__init__("mlops:index:GuardedEndpoint", name, {**args}, opts)
        self._base, self._args, self._plan = name, args, Plan(args)
        self._child = pulumi.ResourceOptions(parent=self)
        role = self._role()
        if previous := args.get("previous"):
            self._declare(int(previous), role)
        live, model = self._declare(int(args["version"]), role)
        alarms = self._alarms()
        endpoint = native.Endpoint(
            name,
            endpoint_name=self._plan.endpoint_name,
            endpoint_config_name=live.name,
            deployment_config=deployment_config(self._plan.release, [alarm.name for alarm in alarms]),
            retain_all_variant_properties=True,
            exclude_retained_variant_properties=self._plan.configured_properties,
            opts=self._child,
        )
        self.endpoint_name = endpoint.endpoint_name.apply(lambda made: made or self._plan.endpoint_name)
        self.endpoint_arn = endpoint.endpoint_arn
        self.endpoint_config_name = live.name
        self.model_name = model.name
        self.alarm_names = pulumi.Output.all(*(alarm.name for alarm in alarms)).apply(list)
        self.role_arn = role.role_arn
        if self._plan.scales:
            self._scaling()
        self.register_outputs(
            {
                "endpoint_name": self.endpoint_name,
                "endpoint_arn": self.endpoint_arn,
                "endpoint_config_name": self.endpoint_config_name,
                "model_name": self.model_name,
                "alarm_names": self.alarm_names,
                "role_arn": self.role_arn,
            }
        )

    def _role(self) -> ExecutionRole:
        args = self._args
        captured = [self._capture_uri()] if self._plan.capture_percent else []
        role = ExecutionRole(
            f"{self._base}-role",
            {
                "prefix": args["prefix"],
                "account": args["account"],
                "region": args["region"],
                "role_suffix": f"{args['model']}-endpoint",
                "purpose": "endpoint",
                "read_uris": pulumi.Output.all(args["models_bucket"]).apply(
                    lambda known: [join_s3_uri(known[0], args["model"]) + "/"]
                ),
                "write_uris": pulumi.Output.all(*captured).apply(list),
                "key_arns": pulumi.Output.all(args["models_key_arn"], args["personal_key_arn"]).apply(list),
                "image_uris": pulumi.Output.all(args.get("image_uri") or scikit_learn_image(args["region"])).apply(
                    list
                ),
                "model_package_group_arn": args["model_package_group_arn"],
                "in_vpc": not self._plan.serverless,
            },
            self._child,
        )
        prefixes = args.get("artefact_prefixes") or args["prefix"]
        elsewhere = artefacts_elsewhere(
            args.get("artefact_account_ids") or (), prefixes, args["region"], f"{args['model']}/"
        )
        self._granted: list[pulumi.Resource] = []
        if elsewhere:
            granted = iam.RolePolicy(
                f"{self._base}-artefacts",
                name="artefacts",
                role=role.role_name,
                policy=policy(elsewhere),
                opts=self._child,
            )
            self._granted.append(granted)
        return role

    def _capture_uri(self) -> pulumi.Output[str]:
        return pulumi.Output.from_input(self._args.get("capture_bucket") or "").apply(
            lambda bucket: join_s3_uri(bucket, self._args["model"])
        )

    def _declare(self, version: int, role: ExecutionRole) -> tuple[sagemaker.EndpointConfiguration, sagemaker.Model]:
        args, plan, logical = self._args, self._plan, f"{self._base}-v{version}"
        package = pulumi.Output.from_input(args["model_package_group_arn"]).apply(lambda arn: package_arn(arn, version))
        in_vpc: Any = {"subnets": args.get("subnet_ids"), "security_group_ids": args.get("security_group_ids")}
        model = sagemaker.Model(
            logical,
            execution_role_arn=role.role_arn,
            primary_container={"model_package_name": package},
            enable_network_isolation=plan.network_isolation,
            vpc_config=None if plan.serverless else in_vpc,
            tags={"model-version": str(version)},
            opts=pulumi.ResourceOptions(parent=self, depends_on=self._granted),
        )
        variant: Any = {"variant_name": VARIANT, "model_name": model.name, **plan.capacity}
        configuration = sagemaker.EndpointConfiguration(
            logical,
            kms_key_arn=args["models_key_arn"],
            production_variants=[variant],
            data_capture_config=self._capture(),
            opts=self._child,
        )
        return configuration, model

    def _capture(self) -> Any:
        if not self._plan.capture_percent:
            return None
        return {
            "enable_capture": True,
            "initial_sampling_percentage": self._plan.capture_percent,
            "destination_s3_uri": self._capture_uri(),
            "kms_key_id": self._args["personal_key_arn"],
            "capture_options": [{"capture_mode": "Input"}, {"capture_mode": "Output"}],
            "capture_content_type_header": CAPTURED_CONTENT,
        }

    def _alarms(self) -> list[cloudwatch.MetricAlarm]:
        plan = self._plan
        return [
            self._alarm(
                "errors", "Invocation5XXErrors", plan.max_error_percent / 100, "Share of server errors", "Average"
            ),
            self._alarm(
                "model-errors",
                "InvocationModelErrors",
                plan.max_error_percent / 100,
                "Share of container errors",
                "Average",
            ),
            # AWS/SageMaker measures ModelLatency in microseconds.
            self._alarm("latency", "ModelLatency", plan.max_latency_ms * 1000, "Latency of the slowest percent", "p99"),
            self._alarm("memory", "MemoryUtilization", MOST_MEMORY, "Memory in use", "Maximum", INSTANCE_METRICS),
        ]

    def _alarm(
        self, role: str, metric: str, threshold: float, what: str, statistic: str, namespace: str = "AWS/SageMaker"
    ) -> cloudwatch.MetricAlarm:
        plan, topic = self._plan, self._args.get("alarm_topic_arn")
        percentile = statistic.startswith("p")
        return cloudwatch.MetricAlarm(
            f"{self._base}-{role}",
            name=f"{plan.endpoint_name}-{role}",
            alarm_description=f"{what} of {plan.endpoint_name}; rolls a release back",
            namespace=namespace,
            metric_name=metric,
            dimensions={"EndpointName": plan.endpoint_name, "VariantName": VARIANT},
            statistic=None if percentile else statistic,
            extended_statistic=statistic if percentile else None,
            comparison_operator="GreaterThanThreshold",
            threshold=threshold,
            period=60,
            evaluation_periods=3,
            datapoints_to_alarm=2,
            treat_missing_data="notBreaching",
            alarm_actions=[topic] if topic else None,
            opts=self._child,
        )

    def _scaling(self) -> None:
        plan = self._plan
        target = appautoscaling.Target(
            f"{self._base}-scaling",
            service_namespace="sagemaker",
            scalable_dimension="sagemaker:variant:DesiredInstanceCount",
            resource_id=self.endpoint_name.apply(lambda made: f"endpoint/{made}/variant/{VARIANT}"),
            min_capacity=plan.instance_count,
            max_capacity=plan.max_instances,
            opts=self._child,
        )
        appautoscaling.Policy(
            f"{self._base}-scaling-policy",
            name=f"{plan.endpoint_name}-invocations",
            policy_type="TargetTrackingScaling",
            service_namespace=target.service_namespace,
            scalable_dimension=target.scalable_dimension,
            resource_id=target.resource_id,
            target_tracking_scaling_policy_configuration={
                "target_value": float(self._args.get("invocations_per_instance") or 600),
                "predefined_metric_specification": {"predefined_metric_type": "SageMakerVariantInvocationsPerInstance"},
                "scale_in_cooldown": int(self._args.get("scale_in_cooldown_seconds", 300)),
                "scale_out_cooldown": int(self._args.get("scale_out_cooldown_seconds", 60)),
            },
            opts=self._child,
        )


def _check(check: Checker[GuardedEndpointArgs]) -> None:
    _check_names(check)
    _check_ranges(check)
    if not check.faults:
        plan = Plan(check.args)
        _check_release(check, plan)
        (_check_serverless if plan.serverless else _check_instances)(check, plan)
        if plan.capture_percent and "capture_bucket" not in check.args:
            check.fault("capture_bucket", None, "is required unless capture_percent is 0", "give a bucket")


def _check_names(check: Checker[GuardedEndpointArgs]) -> None:
    prefix, model, region = check.plain("prefix"), check.plain("model"), check.plain("region")
    if prefix and model:
        check.aws_name("model", f"{prefix}-{model}", "endpoint")
        check.aws_name("model", f"{prefix}-{model}-endpoint", "role")
    # The provider adds a hyphen and seven characters to a logical name; a version of five digits has to fit.
    check.aws_name_of_resource(f"{check.name}-v12345-1234567", "model")
    for path in ("models_key_arn", "personal_key_arn"):
        check.arn(path, "kms")
    check.arn("model_package_group_arn", "sagemaker")
    check.arn("alarm_topic_arn", "sns")
    check.instance_type("instance_type")
    if region and "image_uri" not in check.args and region not in SCIKIT_LEARN:
        check.fault("region", region, "has no scikit-learn container of AWS", "give image_uri")


def _check_ranges(check: Checker[GuardedEndpointArgs]) -> None:
    check.one_of("strategy", STRATEGIES)
    check.between("version", 1, 99_999, "")
    check.between("previous", 1, 99_999, "")
    check.between("wait_seconds", 0, LONGEST_WAIT, "seconds (TrafficRoutingConfig)")
    check.between("termination_wait_seconds", 0, LONGEST_WAIT, "seconds (BlueGreenUpdatePolicy)")
    check.between("max_execution_seconds", *EXECUTION_RANGE, "seconds (BlueGreenUpdatePolicy)")
    check.between("max_error_percent", 0.01, 100, "percent")
    check.between("max_latency_ms", 1, 60_000, "milliseconds (an invocation ends after 60 seconds)")
    check.between("instance_count", 1, 1000, "instances")
    check.between("max_instances", 1, 1000, "instances")
    check.between("invocations_per_instance", 1, 1_000_000, "invocations a minute")
    check.between("scale_in_cooldown_seconds", 0, 86_400, "seconds")
    check.between("scale_out_cooldown_seconds", 0, 86_400, "seconds")
    check.between("serverless_memory_mb", 1024, 6144, "MB (ProductionVariantServerlessConfig)")
    check.between("serverless_max_concurrency", 1, 200, "invocations (ProductionVariantServerlessConfig)")
    check.between("capture_percent", 0, 100, "percent (DataCaptureConfig)")
    version = check.plain("version")
    if version is not None and version == check.plain("previous"):
        check.fault(
            "previous", version, "must differ from version", "name the version that was live before, or drop it"
        )


def _check_release(check: Checker[GuardedEndpointArgs], plan: Plan) -> None:
    release = plan.release
    if release.strategy in STEP_RANGE:
        low, high = STEP_RANGE[release.strategy]
        check.between("step_percent", low, high, f"percent for {release.strategy} (deployment guardrails)")
    elif "step_percent" in check.args:
        check.fault("step_percent", release.step_percent, "has no meaning for all_at_once", "drop it, or use canary")
    if release.strategy == "rolling" and check.args.get("termination_wait_seconds"):
        rule = "has no meaning for rolling, which keeps no old fleet"
        check.fault("termination_wait_seconds", release.termination_wait_seconds, rule, "drop it")
    if not check.faults and release.max_execution_seconds <= release.waits:
        rule = f"must be longer than all waits of a release together, {release.waits} seconds (deployment guardrails)"
        check.fault("max_execution_seconds", release.max_execution_seconds, rule, "raise it, or wait less")


def _check_instances(check: Checker[GuardedEndpointArgs], plan: Plan) -> None:
    for path in ("subnet_ids", "security_group_ids"):
        if path not in check.args:
            check.fault(path, None, "is required unless the endpoint is serverless", f"give {path}")
    if plan.release.strategy != "all_at_once" and plan.instance_count < 2:
        rule = f"must be at least 2 for {plan.release.strategy}: a step is at most half of the capacity"
        check.fault("instance_count", plan.instance_count, rule, "use 2, or all_at_once")
    if plan.max_instances < plan.instance_count:
        rule = f"must be at least instance_count, {plan.instance_count}"
        check.fault("max_instances", plan.max_instances, rule, f"use {plan.instance_count}")
    if "serverless_max_concurrency" in check.args:
        value = check.args["serverless_max_concurrency"]
        check.fault("serverless_max_concurrency", value, "is for serverless endpoints", "give serverless_memory_mb too")


def _check_serverless(check: Checker[GuardedEndpointArgs], plan: Plan) -> None:
    """Refuse what serverless inference excludes (developer guide, Serverless Inference, feature exclusions)."""
    memory = check.args["serverless_memory_mb"]
    if memory % 1024:
        check.fault("serverless_memory_mb", memory, "must be a multiple of 1024", f"use {round(memory / 1024) * 1024}")
    excluded = "serverless endpoints have none (developer guide, Serverless Inference)"
    for path in ("subnet_ids", "security_group_ids", "instance_type", "instance_count", "max_instances"):
        if path in check.args:
            check.fault(path, check.args[path], excluded, "drop it, or drop serverless_memory_mb")
    if plan.capture_percent:
        check.fault("capture_percent", plan.capture_percent, "data capture: " + excluded, "use 0")
    if plan.network_isolation:
        check.fault("network_isolation", True, "network isolation: " + excluded, "use false")
    if plan.release.strategy == "rolling":
        check.fault("strategy", "rolling", "excludes serverless endpoints (deployment guardrails)", "use canary")

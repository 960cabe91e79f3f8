"""Monitoring role: the one role that all monitors of a model share."""

from typing import NotRequired, TypedDict

import pulumi

from mlops_components.execution_role import ExecutionRole
from mlops_components.image_registries import CLARIFY, MODEL_MONITOR, clarify_image, model_monitor_image
from mlops_components.monitor_jobs import KINDS, ground_truth_key, source_key, under
from mlops_components.validation import Checker


class MonitoringRoleArgs(TypedDict):
    """Inputs of `MonitoringRole`."""

    prefix: str
    """Start of every name of the environment; the role is `{prefix}-{model}-monitor`."""
    account: str
    """AWS account id of the environment, 12 digits."""
    region: str
    """AWS region code."""
    model: str
    """Name of the model."""
    monitors: list[str]
    """Monitors that take the role: data-quality, model-quality, bias, explainability."""
    endpoint_name: pulumi.Input[str]
    """Name of the endpoint whose captured requests are looked at."""
    capture_bucket: pulumi.Input[str]
    """Name of the bucket of captured requests, under `{model}/`."""
    raw_bucket: pulumi.Input[str]
    """Name of the bucket of the labels that come later, under `ground-truth/{model}/`."""
    models_bucket: pulumi.Input[str]
    """Name of the bucket of what the jobs run with, under `{model}/source/monitoring/`."""
    reports_bucket: pulumi.Input[str]
    """Name of the bucket that takes the reports, under `{model}/` and the monitor's name."""
    baseline_uri: NotRequired[pulumi.Input[str]]
    """S3 prefix of the baselines. Default: none."""
    personal_key_arn: pulumi.Input[str]
    """ARN of the KMS key of captured requests, labels, baselines and reports."""
    models_key_arn: pulumi.Input[str]
    """ARN of the KMS key of the jobs' volumes and of what they run with."""
    image_uris: NotRequired[pulumi.Input[list[str]]]
    """Containers of the jobs. Default: AWS's Model Monitor and Clarify containers of the region, as the monitors need
    them."""


class MonitoringRole(pulumi.ComponentResource):
    """A role for the jobs of a model's monitors: one a model, since an account has 1,000 roles by default."""

    role_arn: pulumi.Output[str]
    """ARN of the role; it resolves once the policy is attached."""
    role_name: pulumi.Output[str]
    """Name of the role."""

    def __init__(self, name: str, args: MonitoringRoleArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        check = Checker("MonitoringRole", name, args, MonitoringRoleArgs)
        _check(check)
        check.finish()
        super().__init__("mlops:index:MonitoringRole", name, {**args}, opts)
        model, monitors = args["model"], [KINDS[slug] for slug in args["monitors"]]
        truths = [under(args["raw_bucket"], ground_truth_key(model, kind.slug)) for kind in monitors if kind.merges]
        sources = [under(args["models_bucket"], source_key(model, kind.slug, "")) for kind in monitors]
        baseline = args.get("baseline_uri")
        role = ExecutionRole(
            name,
            {
                "prefix": args["prefix"],
                "account": args["account"],
                "region": args["region"],
                "role_suffix": f"{model}-monitor",
                "purpose": "monitor",
                "read_uris": pulumi.Output.all(
                    under(args["capture_bucket"], model), *truths, *sources, *([] if baseline is None else [baseline])
                ).apply(lambda uris: [f"{str(uri).rstrip('/')}/" for uri in uris]),
                "write_uris": pulumi.Output.all(
                    *(under(args["reports_bucket"], model, kind.slug) for kind in monitors)
                ).apply(lambda uris: [f"{uri}/" for uri in uris]),
                "key_arns": pulumi.Output.all(args["personal_key_arn"], args["models_key_arn"]).apply(list),
                "image_uris": args.get("image_uris") or _images(args),
                "endpoint_name": args["endpoint_name"],
                "shadow_endpoints": "explainability" in args["monitors"],
            },
            pulumi.ResourceOptions(parent=self),
        )
        self.role_arn, self.role_name = role.role_arn, role.role_name
        self.register_outputs({"role_arn": self.role_arn, "role_name": self.role_name})


def _images(args: MonitoringRoleArgs) -> list[str]:
    clarify = {KINDS[slug].clarify for slug in args["monitors"]}
    return [(clarify_image if needed else model_monitor_image)(args["region"]) for needed in sorted(clarify)]


def _check(check: Checker[MonitoringRoleArgs]) -> None:
    prefix, model, region = check.plain("prefix"), check.plain("model"), check.plain("region")
    if prefix and model:
        check.aws_name("model", f"{prefix}-{model}-monitor", "role")
    for path in ("personal_key_arn", "models_key_arn"):
        check.arn(path, "kms")
    check.s3_uri("baseline_uri")
    monitors = check.plain("monitors") or []
    check.unique("monitors", monitors)
    if not monitors and "monitors" in check.args:
        check.fault("monitors", monitors, "must name one monitor or more", f"use {', '.join(KINDS)}")
    for index, slug in enumerate(monitors):
        if slug not in KINDS:
            check.fault(f"monitors[{index}]", slug, f"must be one of {', '.join(KINDS)}", "correct it, or leave it out")
        elif (
            region
            and "image_uris" not in check.args
            and region not in (CLARIFY if KINDS[slug].clarify else MODEL_MONITOR)
        ):
            check.fault("region", region, f"has no container of AWS for {slug}", "give image_uris, or leave it out")

"""The monitors of a model that is live: those that its risk asks for, and the one role they share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import pulumi

from mlops_components import (
    BiasMonitor,
    DataQualityMonitor,
    ExplainabilityMonitor,
    ModelQualityMonitor,
    MonitoringRole,
)
from mlops_estate.config import monitors_left_out, running_monitors
from mlops_pipelines.modelling.metrics import DEFAULT_THRESHOLD

if TYPE_CHECKING:
    from mlops_components import GuardedEndpoint, MonitoringRoleArgs
    from mlops_estate.config import EnvironmentConfig, ModelBlock
    from mlops_estate.config.monitoring import Monitor
    from mlops_estate.program.shared import Shared
    from mlops_pipelines.features import Schema


def declare_monitors(
    config: EnvironmentConfig,
    name: str,
    model: ModelBlock,
    schema: Schema,
    schema_file: str,
    shared: Shared,
    endpoint: GuardedEndpoint,
    opts: pulumi.ResourceOptions,
) -> dict[str, Any]:
    """Declare a model's monitors and return its outputs; `schema_file` is where `schema` was read from."""
    running = running_monitors(model, schema)
    for left_out, reason in monitors_left_out(model, schema).items():
        pulumi.log.info(f"{name} has no {left_out} monitor, though its risk is {model.risk}: {reason}")
    if not running:
        return {}
    role = _role(config, name, running, model, shared, endpoint, opts)
    schedules: dict[str, Any] = {}
    for monitor in running:
        args = {
            **_common(config, name, model, monitor, shared, endpoint),
            "role_arn": role.role_arn,
            "schema_file": schema_file,
            **_own(model, monitor, shared, endpoint),
        }
        schedules[monitor] = _declare(monitor, f"{name}-{monitor}", args, opts)
    without = [monitor for monitor in running if _baseline(model, monitor) is None]
    if without:
        pulumi.log.info(f"{name}: no baseline yet for {', '.join(without)}, which report without comparing", role)
    return {"monitoring_schedules": schedules, "monitors_without_baseline": without}


def _declare(monitor: Monitor, name: str, args: Any, opts: pulumi.ResourceOptions) -> pulumi.Output[str]:
    """Declare one monitor and return its schedule's name."""
    if monitor == "data-quality":
        return DataQualityMonitor(name, args, opts).schedule_name
    if monitor == "model-quality":
        return ModelQualityMonitor(name, args, opts).schedule_name
    if monitor == "bias":
        return BiasMonitor(name, args, opts).schedule_name
    return ExplainabilityMonitor(name, args, opts).schedule_name


def _role(
    config: EnvironmentConfig,
    name: str,
    running: Sequence[Monitor],
    model: ModelBlock,
    shared: Shared,
    endpoint: GuardedEndpoint,
    opts: pulumi.ResourceOptions,
) -> MonitoringRole:
    args: MonitoringRoleArgs = {
        "prefix": config.prefix,
        "account": config.estate.account,
        "region": config.estate.region,
        "model": name,
        "monitors": list(running),
        "endpoint_name": endpoint.endpoint_name,
        "capture_bucket": shared.lake.capture_bucket,
        "raw_bucket": shared.lake.raw_bucket,
        "models_bucket": shared.lake.models_bucket,
        "reports_bucket": shared.lake.reports_bucket,
        "personal_key_arn": shared.keys.personal_key_arn,
        "models_key_arn": shared.keys.models_key_arn,
    }
    if model.release.baseline_uri is not None:
        args["baseline_uri"] = model.release.baseline_uri
    return MonitoringRole(f"{name}-monitoring", args, opts)


def _common(
    config: EnvironmentConfig,
    name: str,
    model: ModelBlock,
    monitor: Monitor,
    shared: Shared,
    endpoint: GuardedEndpoint,
) -> dict[str, Any]:
    """What every monitor is given."""
    monitoring, baseline = model.monitoring, _baseline(model, monitor)
    return {
        "prefix": config.prefix,
        "region": config.estate.region,
        "environment_class": config.environment_class,
        "model": name,
        "endpoint_name": endpoint.endpoint_name,
        "models_bucket": shared.lake.models_bucket,
        "reports_bucket": shared.lake.reports_bucket,
        "personal_key_arn": shared.keys.personal_key_arn,
        "models_key_arn": shared.keys.models_key_arn,
        "subnet_ids": shared.network.subnet_ids,
        "security_group_ids": shared.network.security_group_ids,
        "schedule": monitoring.schedule,
        "instance_type": monitoring.instance_type,
        "max_runtime_seconds": monitoring.max_runtime_seconds,
        **({"baseline_constraints_uri": f"{baseline}/constraints.json"} if baseline is not None else {}),
    }


def _own(model: ModelBlock, monitor: Monitor, shared: Shared, endpoint: GuardedEndpoint) -> dict[str, Any]:
    """What one kind of monitor is given beside."""
    monitoring, baseline = model.monitoring, _baseline(model, monitor)
    if monitor == "explainability":
        return {"model_name": endpoint.model_name, "shadow_instance_type": model.serving.instance_type}
    alarmed = {"alarm_topic_arn": shared.topics.warning_topic_arn}
    if monitor == "data-quality":
        statistics = {"baseline_statistics_uri": f"{baseline}/statistics.json"} if baseline is not None else {}
        return {**alarmed, **statistics, "max_drift": monitoring.max_drift}
    labelled = {
        **alarmed,
        "raw_bucket": shared.lake.raw_bucket,
        "label_delay_hours": monitoring.label_delay_hours,
    }
    if monitor == "model-quality":
        return {**labelled, "min_auc": _least_auc(model)}
    return {
        **labelled,
        "protected_attribute": model.protected_attribute,
        "max_disparity": monitoring.max_disparity,
    }


def _least_auc(model: ModelBlock) -> float:
    """Return the area under the ROC curve below which live answers raise an alarm: the gate's, where it has one."""
    gates = model.gates
    if gates.metric in (None, "roc_auc") and gates.threshold is not None:
        return gates.threshold
    return DEFAULT_THRESHOLD["roc_auc"]


def _baseline(model: ModelBlock, monitor: Monitor) -> str | None:
    """Return where a monitor's baseline lies, None where there is none."""
    release = model.release
    return f"{release.baseline_uri}/{monitor}" if release.baseline_uri and monitor in release.baselines else None

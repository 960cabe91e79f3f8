"""Unusual cost is told, and a spent budget stops new training: declared from the budget's own numbers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pulumi

from mlops_components import CostAnomalyMonitor, TrainingStop
from mlops_estate.config import EnvironmentConfig
from mlops_estate.program.shared import Shared

if TYPE_CHECKING:
    from mlops_components import CostAnomalyMonitorArgs

STARTERS = ("ml_engineer", "platform_operator")
"""Personas that start pipelines, or retry them."""


def declare_costs(
    config: EnvironmentConfig,
    shared: Shared,
    people: Mapping[str, Any],
    models: Mapping[str, Mapping[str, Any]],
    opts: pulumi.ResourceOptions,
) -> dict[str, Any]:
    """Declare the anomaly monitor and the budget's action, where they are asked for, and return their outputs.

    `people` are the roles by persona and `models` the models' outputs: of both come the roles that are denied training.
    """
    return {**_anomalies(config, shared, opts), **_training_stop(config, shared, people, models, opts)}


def _anomalies(config: EnvironmentConfig, shared: Shared, opts: pulumi.ResourceOptions) -> dict[str, Any]:
    estate = config.estate
    mode, existing = estate.account_baseline.mode("cost_anomaly_monitor"), estate.budget.anomaly_monitor_arn
    if mode == "off" or (mode == "existing" and existing is None):
        return {}
    args: CostAnomalyMonitorArgs = {
        "prefix": config.prefix,
        "threshold_usd": estate.budget.anomaly_threshold_usd,
        "topic_arn": shared.topics.warning_topic_arn,
    }
    if existing is not None:
        args["monitor_arn"] = existing
    return {"anomaly_monitor": CostAnomalyMonitor("unusual-cost", args, opts).monitor_arn}


def _training_stop(
    config: EnvironmentConfig,
    shared: Shared,
    people: Mapping[str, Any],
    models: Mapping[str, Mapping[str, Any]],
    opts: pulumi.ResourceOptions,
) -> dict[str, Any]:
    budget = config.estate.budget
    if budget.action == "none":
        return {}
    made = TrainingStop(
        "training-stop",
        {
            "prefix": config.prefix,
            "account": config.estate.account,
            "region": config.estate.region,
            "budget_name": shared.budget.budget_name,
            # A pipeline's own role makes its jobs, so it is stopped whoever or whatever starts it.
            "role_arns": [
                *(people[persona] for persona in STARTERS),
                *(models[name]["pipeline_role"] for name in sorted(models)),
            ],
            "topic_arn": shared.topics.warning_topic_arn,
            "at_percent": budget.action_at_percent,
            "approval": budget.action_approval,
        },
        opts,
    )
    return {"training_stop": made.policy_arn}

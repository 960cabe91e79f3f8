"""Deployment guardrails of SageMaker endpoints: one word becomes a deployment configuration, checked against AWS.

Limits: SageMaker API reference (TrafficRoutingConfig, BlueGreenUpdatePolicy, RollingUpdatePolicy, CapacitySize) and
developer guide, "Deployment guardrails". The service model itself knows no upper bound for a canary.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

STRATEGIES = ("all_at_once", "canary", "linear", "rolling")
STEP_RANGE: Mapping[str, tuple[int, int]] = {"canary": (1, 50), "linear": (10, 50), "rolling": (5, 50)}
STEP_PERCENT: Mapping[str, int] = {"canary": 10, "linear": 25, "rolling": 25}
LONGEST_WAIT = 3600
EXECUTION_RANGE = (600, 28_800)
MOST_ALARMS = 10


@dataclass(frozen=True)
class Release:
    """How traffic moves to a new configuration; percents of capacity, times in seconds."""

    strategy: str
    step_percent: int
    wait_seconds: int
    termination_wait_seconds: int
    max_execution_seconds: int

    @property
    def waits(self) -> int:
        """All waits of a whole release together, in seconds."""
        steps = {"all_at_once": 1, "canary": 2}.get(self.strategy) or math.ceil(100 / self.step_percent)
        old_fleet = 0 if self.strategy == "rolling" else self.termination_wait_seconds
        return steps * self.wait_seconds + old_fleet


def deployment_config(release: Release, alarm_names: Sequence[Any]) -> Any:
    """Return the `deployment_config` of an `aws_native.sagemaker.Endpoint`: one policy, and what rolls it back."""
    alarms = {"alarms": [{"alarm_name": name} for name in alarm_names]}
    config: dict[str, Any] = {"auto_rollback_configuration": alarms} if alarm_names else {}
    if release.strategy == "rolling":
        config["rolling_update_policy"] = {
            "maximum_batch_size": _share(release.step_percent),
            "wait_interval_in_seconds": release.wait_seconds,
            "rollback_maximum_batch_size": _share(100),
            "maximum_execution_timeout_in_seconds": release.max_execution_seconds,
        }
        return config
    routing: dict[str, Any] = {"type": release.strategy.upper(), "wait_interval_in_seconds": release.wait_seconds}
    if release.strategy == "canary":
        routing["canary_size"] = _share(release.step_percent)
    if release.strategy == "linear":
        routing["linear_step_size"] = _share(release.step_percent)
    config["blue_green_update_policy"] = {
        "traffic_routing_configuration": routing,
        "termination_wait_in_seconds": release.termination_wait_seconds,
        "maximum_execution_timeout_in_seconds": release.max_execution_seconds,
    }
    return config


def _share(percent: int) -> dict[str, Any]:
    return {"type": "CAPACITY_PERCENT", "value": percent}

"""Deployment guardrails: one word becomes a configuration within AWS's limits."""

from __future__ import annotations

import botocore.session
import pytest

from mlops_components.deployment import EXECUTION_RANGE, LONGEST_WAIT, MOST_ALARMS, Release, deployment_config


def release(strategy: str, step: int = 100, wait: int = 60, old: int = 30) -> Release:
    return Release(strategy, step, wait, old, 7200)


@pytest.mark.parametrize(
    ("strategy", "step", "routing"),
    [
        ("all_at_once", 100, {"type": "ALL_AT_ONCE"}),
        ("canary", 10, {"type": "CANARY", "canary_size": {"type": "CAPACITY_PERCENT", "value": 10}}),
        ("linear", 25, {"type": "LINEAR", "linear_step_size": {"type": "CAPACITY_PERCENT", "value": 25}}),
    ],
)
def test_a_blue_green_strategy_shifts_traffic_in_its_steps(strategy, step, routing):
    config = deployment_config(release(strategy, step), ["a", "b"])
    assert config == {
        "auto_rollback_configuration": {"alarms": [{"alarm_name": "a"}, {"alarm_name": "b"}]},
        "blue_green_update_policy": {
            "traffic_routing_configuration": {**routing, "wait_interval_in_seconds": 60},
            "termination_wait_in_seconds": 30,
            "maximum_execution_timeout_in_seconds": 7200,
        },
    }


def test_rolling_replaces_batches_and_rolls_back_at_once():
    config = deployment_config(release("rolling", 20), ["a"])
    assert config["rolling_update_policy"] == {
        "maximum_batch_size": {"type": "CAPACITY_PERCENT", "value": 20},
        "wait_interval_in_seconds": 60,
        "rollback_maximum_batch_size": {"type": "CAPACITY_PERCENT", "value": 100},
        "maximum_execution_timeout_in_seconds": 7200,
    }
    assert "blue_green_update_policy" not in config


def test_without_alarms_nothing_rolls_back():
    assert "auto_rollback_configuration" not in deployment_config(release("canary", 10), [])


@pytest.mark.parametrize(
    ("strategy", "step", "waits"),
    [("all_at_once", 100, 90), ("canary", 10, 150), ("linear", 30, 270), ("linear", 50, 150), ("rolling", 25, 240)],
)
def test_all_waits_of_a_release_add_up(strategy, step, waits):
    assert release(strategy, step).waits == waits


def test_limits_agree_with_the_service_model_where_it_has_them():
    model = botocore.session.Session().get_service_model("sagemaker")
    longest = model.shape_for("MaximumExecutionTimeoutInSeconds").metadata
    assert (longest["min"], longest["max"]) == EXECUTION_RANGE
    assert model.shape_for("WaitIntervalInSeconds").metadata["max"] == LONGEST_WAIT
    assert model.shape_for("TerminationWaitInSeconds").metadata["max"] == LONGEST_WAIT
    assert model.shape_for("AlarmList").metadata["max"] == MOST_ALARMS

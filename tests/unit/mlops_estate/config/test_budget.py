"""The budget block: defaults by class, what follows from the amount, and rules across its keys."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from tests.unit.mlops_estate.config.conftest import ESTATE, MODELS

from mlops_estate.config import parse
from mlops_estate.config.environment import EnvironmentConfig
from mlops_estate.faults import FaultsFound

ACCOUNT = ESTATE["account"]
MONITOR = f"arn:aws:ce::{ACCOUNT}:anomalymonitor/8e9f0a1b-2c3d-4e5f-8a9b-0c1d2e3f4a5b"
EXISTING = {"default": "off", "cost_anomaly_monitor": "existing"}


def configured(environment: str, **estate: Any) -> EnvironmentConfig:
    return parse(environment, {**copy.deepcopy(ESTATE), **estate}, copy.deepcopy(MODELS))


def refused(**estate: Any) -> dict[str, str]:
    with pytest.raises(FaultsFound) as caught:
        configured("dev", **estate)
    return {fault.where: fault.rule for fault in caught.value.faults}


@pytest.mark.parametrize(
    ("environment", "usd", "approval"),
    [("dev", 300, "automatic"), ("staging", 1000, "manual"), ("prod", 5000, "manual")],
)
def test_a_spent_budget_stops_training_by_itself_in_dev_alone(environment, usd, approval):
    budget = configured(environment, zones=["eu-west-1a", "eu-west-1b"]).estate.budget
    assert (budget.monthly_usd, budget.action, budget.action_approval) == (usd, "stop_training", approval)


@pytest.mark.parametrize(
    ("budget", "usd"),
    [({}, 30), ({"monthly_usd": 1234.56}, 123.46), ({"monthly_usd": 0.01}, 0.01), ({"anomaly_usd": 7}, 7)],
)
def test_unusual_is_a_tenth_of_the_budget_unless_it_is_said(budget, usd):
    assert configured("dev", budget=budget).estate.budget.anomaly_threshold_usd == usd


def test_an_anomaly_is_told_before_the_budget_is_spent():
    assert configured("dev", budget={"monthly_usd": 300, "anomaly_usd": 299}).estate.budget.anomaly_usd == 299
    found = refused(budget={"monthly_usd": 300, "anomaly_usd": 300})
    assert found == {
        "estate.budget.anomaly_usd": "must be below `monthly_usd` (300): the budget tells of as much by itself"
    }


def test_a_monitor_that_is_there_is_named_where_the_baseline_says_so():
    given = configured("dev", account_baseline=EXISTING, budget={"anomaly_monitor_arn": MONITOR}).estate
    assert given.budget.anomaly_monitor_arn == MONITOR
    for mode in ("create", "off"):
        found = refused(account_baseline={"default": "off", "cost_anomaly_monitor": mode},
                        budget={"anomaly_monitor_arn": MONITOR})  # fmt: skip
        assert found.keys() == {"estate.budget.anomaly_monitor_arn"}
        assert f"says {mode}" in found["estate.budget.anomaly_monitor_arn"]


def test_the_monitor_is_the_accounts_own():
    other = MONITOR.replace(ACCOUNT, "999999999999")
    found = refused(account_baseline=EXISTING, budget={"anomaly_monitor_arn": other})
    assert f"account {ACCOUNT}" in found["estate.budget.anomaly_monitor_arn"]


@pytest.mark.parametrize("key", [{"action_at_percent": 90}, {"action_approval": "manual"}])
def test_how_an_action_runs_is_said_only_where_there_is_one(key):
    assert configured("dev", budget=key).estate.budget.action == "stop_training"
    (path,) = key
    assert "there is no action" in refused(budget={"action": "none", **key})[f"estate.budget.{path}"]


@pytest.mark.parametrize(
    ("budget", "path"),
    [
        ({"anomaly_usd": 0}, "anomaly_usd"),
        ({"anomaly_usd": -1}, "anomaly_usd"),
        ({"anomaly_monitor_arn": "8e9f"}, "anomaly_monitor_arn"),
        ({"action": "stop"}, "action"),
        ({"action_at_percent": 0}, "action_at_percent"),
        ({"action_at_percent": 1001}, "action_at_percent"),
        ({"action_approval": "later"}, "action_approval"),
    ],
)
def test_what_cannot_be_is_refused(budget, path):
    assert refused(budget=budget).keys() == {f"estate.budget.{path}"}

"""Cost anomaly monitor: unusual cost of any service reaches the topic at once."""

from __future__ import annotations

import pytest
from tests.support.components import ACCOUNT, arguments, deployed, faults, only, topic

MONITOR = f"arn:aws:ce::{ACCOUNT}:anomalymonitor/8e9f0a1b-2c3d-4e5f-8a9b-0c1d2e3f4a5b"


def test_every_service_is_watched_and_an_anomaly_of_the_threshold_or_more_is_told_at_once():
    nodes = deployed("CostAnomalyMonitor", arguments("CostAnomalyMonitor", "dev"))
    monitor = only(nodes, ":AnomalyMonitor it").inputs
    assert (monitor["monitorType"], monitor["monitorDimension"]) == ("DIMENSIONAL", "SERVICE")
    subscription = only(nodes, ":AnomalySubscription it-subscription").inputs
    assert subscription["frequency"] == "IMMEDIATE"
    assert subscription["subscribers"] == [{"type": "SNS", "address": topic("warning", "dev")}]
    dimension = subscription["thresholdExpression"]["dimension"]
    assert (dimension["key"], dimension["values"]) == ("ANOMALY_TOTAL_IMPACT_ABSOLUTE", ["30"])
    assert dimension["matchOptions"] == ["GREATER_THAN_OR_EQUAL"]


def test_of_a_monitor_that_the_account_has_only_the_subscription_is_made():
    nodes = deployed("CostAnomalyMonitor", {**arguments("CostAnomalyMonitor", "dev"), "monitor_arn": MONITOR})
    assert [node.name for node in nodes.values() if node.type.endswith(":AnomalyMonitor")] == []
    assert only(nodes, "it-subscription").inputs["monitorArnLists"] == [MONITOR]


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"threshold_usd": 0}, "threshold_usd"),
        ({"threshold_usd": "30"}, "threshold_usd"),
        ({"topic_arn": "topic"}, "topic_arn"),
        ({"monitor_arn": "8e9f0a1b"}, "monitor_arn"),
    ],
)
def test_bad_arguments_are_refused_before_anything_is_registered(changes, path):
    assert set(faults("CostAnomalyMonitor", **changes)) == {path}

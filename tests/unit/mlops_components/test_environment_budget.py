"""Environment budget: one account's cost, warned of before and after it is spent."""

from __future__ import annotations

import pytest
from tests.support.components import ACCOUNT, arguments, deployed, faults, only, topic


def test_notifications_go_to_the_topic_of_their_severity():
    budget = only(deployed("EnvironmentBudget", arguments("EnvironmentBudget", "dev")), ":Budget it").inputs
    told = [(n["notificationType"], n["threshold"], n["subscriberSnsTopicArns"]) for n in budget["notifications"]]
    assert told == [
        ("ACTUAL", 80, [topic("warning", "dev")]),
        ("ACTUAL", 100, [topic("critical", "dev")]),
        ("FORECASTED", 100, [topic("warning", "dev")]),
    ]


def test_the_cost_of_the_account_counts_whatever_its_tags():
    budget = only(deployed("EnvironmentBudget", arguments("EnvironmentBudget", "dev")), ":Budget it").inputs
    assert budget["costFilters"] == [{"name": "LinkedAccount", "values": [ACCOUNT]}]
    assert (budget["limitAmount"], budget["limitUnit"], budget["timeUnit"]) == ("300", "USD", "MONTHLY")


@pytest.mark.parametrize(("usd", "text"), [(300, "300"), (0.5, "0.5"), (12_345_678, "12345678")])
def test_amounts_are_written_out(usd, text):
    args = {**arguments("EnvironmentBudget", "dev"), "monthly_usd": usd}
    assert only(deployed("EnvironmentBudget", args), ":Budget it").inputs["limitAmount"] == text


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"monthly_usd": 0}, "monthly_usd"),
        ({"monthly_usd": "300"}, "monthly_usd"),
        ({"warn_at_percent": [0]}, "warn_at_percent[0]"),
        ({"warn_at_percent": [80, 80]}, "warn_at_percent"),
        ({"warn_at_percent": list(range(10, 110, 10))}, "warn_at_percent"),
        ({"warning_topic_arn": "topic"}, "warning_topic_arn"),
        ({"prefix": "m" * 93}, "prefix"),
    ],
)
def test_bad_arguments_are_refused_before_anything_is_registered(changes, path):
    assert set(faults("EnvironmentBudget", **changes)) == {path}

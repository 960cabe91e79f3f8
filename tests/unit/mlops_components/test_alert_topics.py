"""Alert topics: encrypted, TLS only, published to by services of this account."""

from __future__ import annotations

import pytest
from tests.support.components import ACCOUNT, arguments, deployed, faults, key, only, statements

from mlops_components.alert_topics import SEVERITIES, topic_policy


@pytest.mark.parametrize("severity", SEVERITIES)
def test_a_topic_is_encrypted_and_its_policy_is_its_own(severity):
    nodes = deployed("AlertTopics", arguments("AlertTopics", "prod"))
    assert only(nodes, f"Topic it-{severity}").inputs["kmsMasterKeyId"] == key("operations")
    made = statements(only(nodes, f"it-{severity}-policy").inputs["policy"])
    resources = {resource for statement in made.values() for resource in statement["Resource"]}
    assert resources == {f"arn:aws:sns:eu-west-1:{ACCOUNT}:mlops-prod-{severity}"}


def test_services_publish_for_this_account_only_and_nobody_without_tls():
    made = statements(topic_policy("mlops-dev", ACCOUNT, "eu-west-1", "info"))
    assert {s["Principal"]["Service"] for s in made.values() if "Service" in s["Principal"]} == {
        "cloudwatch.amazonaws.com",
        "events.amazonaws.com",
        "budgets.amazonaws.com",
        "costalerts.amazonaws.com",
    }
    for sid in ("CloudWatchAlarms", "Budgets", "CostAnomalies"):
        assert made[sid]["Condition"]["StringEquals"] == {"aws:SourceAccount": ACCOUNT}
    assert made["RefuseWithoutTls"]["Effect"] == "Deny"


def test_event_rules_publish_without_a_condition_as_eventbridge_tells_a_topic_no_source():
    made = statements(topic_policy("mlops-dev", ACCOUNT, "eu-west-1", "info"))
    assert "Condition" not in made["EventBridgeRules"]


def test_each_address_has_a_subscription_of_its_own_name():
    args = {**arguments("AlertTopics", "dev"), "critical_emails": ["a@example.com", "b@example.com"]}
    names = [node.name for node in deployed("AlertTopics", args).values() if "Subscription" in node.type]
    assert sorted(names) == ["it-critical-a@example.com", "it-critical-b@example.com"]


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"critical_emails": ["nobody"]}, "critical_emails[0]"),
        ({"info_emails": ["a@example.com", "a@example.com"]}, "info_emails"),
        ({"warning_emails": "a@example.com"}, "warning_emails"),
        ({"key_arn": "alias/aws/sns"}, "key_arn"),
        ({"key_arn": None}, "key_arn"),
    ],
)
def test_bad_arguments_are_refused_before_anything_is_registered(changes, path):
    assert set(faults("AlertTopics", **changes)) == {path}

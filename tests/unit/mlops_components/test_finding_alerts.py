"""Finding alerts: a rule for each source and urgency, retried, and what fails kept under lock."""

from __future__ import annotations

import json

import pytest
from tests.support.components import ACCOUNT, arguments, deployed, faults, key, only, statements, topic

from mlops_components.finding_alerts import queue_policy
from mlops_components.findings import SOURCES, URGENCIES


@pytest.fixture(scope="module")
def nodes():
    return deployed("FindingAlerts", arguments("FindingAlerts", "prod"))


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("urgency", URGENCIES)
def test_each_finding_goes_to_the_topic_of_its_urgency(nodes, source, urgency):
    rule, target = (only(nodes, f"it-{source}-{urgency}{end}").inputs for end in ("", "-topic"))
    assert rule["state"] == "ENABLED"
    assert json.loads(rule["eventPattern"])["account"] == [ACCOUNT]
    assert target["arn"] == topic(urgency, "prod")
    assert target["rule"] == rule["name"]
    assert "roleArn" not in target, "EventBridge fails to deliver to an encrypted topic by a role"


def test_what_can_not_be_delivered_is_retried_and_then_kept_encrypted(nodes):
    queue = only(nodes, "Queue it-undelivered").inputs
    assert (queue["kmsMasterKeyId"], queue["messageRetentionSeconds"]) == (key("operations"), 14 * 86400)
    targets = [node.inputs for node in nodes.values() if node.type.endswith(":EventTarget")]
    assert len(targets) == 15
    assert all(target["deadLetterConfig"]["arn"] for target in targets)
    assert all(target["retryPolicy"]["maximumEventAgeInSeconds"] <= 86400 for target in targets)


def test_only_rules_of_the_environment_fill_the_queue():
    made = statements(queue_policy("mlops-dev", ACCOUNT, "eu-west-1"))
    send = made["RulesOfTheEnvironment"]
    assert (send["Principal"], send["Action"]) == ({"Service": "events.amazonaws.com"}, ["sqs:SendMessage"])
    assert send["Condition"]["ArnLike"]["aws:SourceArn"] == f"arn:aws:events:eu-west-1:{ACCOUNT}:rule/mlops-dev-*"
    assert made["RefuseWithoutTls"]["Effect"] == "Deny"


def test_a_source_that_is_left_out_has_no_rule():
    made = deployed("FindingAlerts", arguments("FindingAlerts", "dev"))
    names = sorted(node.inputs["name"] for node in made.values() if node.type.endswith(":EventRule"))
    assert names == [f"mlops-dev-guardduty-{urgency}" for urgency in sorted(URGENCIES)]


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"sources": ["cloudtrail"]}, "sources[0]"),
        ({"sources": []}, "sources"),
        ({"sources": ["macie", "macie"]}, "sources"),
        ({"critical_topic_arn": "critical"}, "critical_topic_arn"),
        ({"key_arn": "alias/x"}, "key_arn"),
        ({"prefix": "x" * 40}, "prefix"),
    ],
)
def test_bad_arguments_are_refused_before_anything_is_registered(changes, path):
    assert set(faults("FindingAlerts", **changes)) == {path}

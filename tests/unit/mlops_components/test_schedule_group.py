"""Schedule group: a start that failed is kept, encrypted, and told of."""

from __future__ import annotations

import json

import pytest
from tests.support.components import ACCOUNT, REGION, arguments, deployed, faults, key, only, statements, topic

from mlops_components.schedule_group import queue_policy


def nodes():
    return deployed("ScheduleGroup", arguments("ScheduleGroup"))


def test_what_was_missed_is_kept_encrypted_as_long_as_sqs_can():
    queue = only(nodes(), "Queue it-missed").inputs
    assert queue["name"] == "mlops-dev-missed-training"
    assert (queue["kmsMasterKeyId"], queue["messageRetentionSeconds"]) == (key("operations"), 14 * 86_400)
    assert json.loads(queue["redriveAllowPolicy"]) == {"redrivePermission": "denyAll"}


def test_the_first_message_raises_the_alarm():
    alarm = only(nodes(), "it-missed-alarm").inputs
    assert (alarm["metricName"], alarm["namespace"]) == ("ApproximateNumberOfMessagesVisible", "AWS/SQS")
    assert (alarm["comparisonOperator"], alarm["threshold"]) == ("GreaterThanThreshold", 0)
    assert alarm["alarmActions"] == [topic("warning", "dev")]
    assert alarm["treatMissingData"] == "notBreaching"


def test_the_queue_takes_nothing_that_is_not_sent_over_tls():
    (refusal,) = statements(queue_policy("mlops-dev", ACCOUNT, REGION)).values()
    assert refusal["Effect"] == "Deny"
    assert refusal["Resource"] == [f"arn:aws:sqs:{REGION}:{ACCOUNT}:mlops-dev-missed-training"]
    assert refusal["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"key_arn": "operations"}, "key_arn"),
        ({"alarm_topic_arn": "warning"}, "alarm_topic_arn"),
        ({"prefix": "p" * 60}, "prefix"),
    ],
)
def test_bad_arguments_are_refused_before_anything_is_registered(changes, path):
    assert set(faults("ScheduleGroup", **changes)) == {path}

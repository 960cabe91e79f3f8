"""Composite alarms and the filters of DescribeAlarms, as CloudWatch's API reference has them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError
from tests.support.minimal_calls import answer_faults

from mlops_estate.embedded.account import EmbeddedAccount

TOPIC = "arn:aws:sns:eu-west-1:123456789012:pages"


@pytest.fixture
def cloudwatch() -> Iterator[Any]:
    """CloudWatch with the metric alarms "errors" and "latency"."""
    with EmbeddedAccount() as account:
        client = account.client("cloudwatch")
        for name in ("errors", "latency"):
            put_metric_alarm(client, name)
        yield client


def put_metric_alarm(client: Any, name: str) -> None:
    client.put_metric_alarm(
        AlarmName=name, Namespace="AWS/SageMaker", MetricName=name, ComparisonOperator="GreaterThanThreshold",
        EvaluationPeriods=1, Period=60, Threshold=1, Statistic="Sum", AlarmActions=[TOPIC],
    )  # fmt: skip


def put_composite(client: Any, rule: str, name: str = "rollback", **more: Any) -> None:
    client.put_composite_alarm(AlarmName=name, AlarmRule=rule, **more)


def composites(client: Any, **more: Any) -> dict[str, dict[str, Any]]:
    answer = client.describe_alarms(AlarmTypes=["CompositeAlarm"], **more)
    answer.pop("ResponseMetadata")
    assert not answer_faults("cloudwatch", "DescribeAlarms", answer)
    assert not answer["MetricAlarms"]
    return {item["AlarmName"]: item for item in answer["CompositeAlarms"]}


def set_state(client: Any, name: str, state: str) -> None:
    client.set_alarm_state(AlarmName=name, StateValue=state, StateReason="tried")


def test_a_composite_alarm_follows_its_rule(cloudwatch: Any) -> None:
    """Its state is that of its rule, again whenever an alarm that it names changes, also through another composite."""
    put_composite(cloudwatch, "ALARM(errors) AND NOT ALARM(latency)", AlarmActions=[TOPIC], AlarmDescription="bad")
    put_composite(cloudwatch, 'ALARM("rollback")', "outer")
    shown = composites(cloudwatch)["rollback"]
    assert shown["AlarmArn"] == "arn:aws:cloudwatch:eu-west-1:123456789012:alarm:rollback"
    assert (shown["StateValue"], shown["AlarmActions"], shown["ActionsEnabled"]) == ("OK", [TOPIC], True)
    set_state(cloudwatch, "errors", "ALARM")
    assert {name: item["StateValue"] for name, item in composites(cloudwatch).items()} == {
        "rollback": "ALARM", "outer": "ALARM"}  # fmt: skip
    set_state(cloudwatch, "latency", "ALARM")
    assert composites(cloudwatch, StateValue="OK").keys() == {"rollback", "outer"}


def test_a_composite_alarms_own_state_may_be_set(cloudwatch: Any) -> None:
    """SetAlarmState takes a composite alarm; the next change of an alarm below overrules it."""
    put_composite(cloudwatch, "ALARM(errors)")
    set_state(cloudwatch, "rollback", "ALARM")
    assert composites(cloudwatch)["rollback"]["StateReason"] == "tried"
    set_state(cloudwatch, "latency", "OK")
    assert composites(cloudwatch)["rollback"]["StateValue"] == "OK"
    with pytest.raises(ClientError, match="ResourceNotFound"):
        set_state(cloudwatch, "absent", "OK")


def test_a_rule_is_checked(cloudwatch: Any) -> None:
    """The alarms of a rule must exist, and the rule must be readable; a metric alarm's name is taken."""
    for rule, fault in (("ALARM(absent)", r"\[absent\] in the alarm rule do not exist"), ("ALARM(errors", "not valid")):
        with pytest.raises(ClientError, match=fault):
            put_composite(cloudwatch, rule)
    with pytest.raises(ClientError, match="already used"):
        put_composite(cloudwatch, "TRUE", "errors")


def test_what_a_composite_alarm_names_is_kept(cloudwatch: Any) -> None:
    """DeleteAlarms refuses an alarm that a composite depends on, and more than one composite at a time."""
    put_composite(cloudwatch, "ALARM(errors)")
    put_composite(cloudwatch, "TRUE", "other")
    with pytest.raises(ClientError, match="depending on it"):
        cloudwatch.delete_alarms(AlarmNames=["errors"])
    with pytest.raises(ClientError, match="one composite"):
        cloudwatch.delete_alarms(AlarmNames=["rollback", "other"])
    cloudwatch.delete_alarms(AlarmNames=["rollback", "latency"])
    cloudwatch.delete_alarms(AlarmNames=["errors"])
    assert composites(cloudwatch).keys() == {"other"}
    assert not cloudwatch.describe_alarms()["MetricAlarms"]


def test_every_filter_counts(cloudwatch: Any) -> None:
    """moto honours the first filter only, and no type; without types metric alarms alone are listed."""
    put_composite(cloudwatch, "ALARM(errors)")
    set_state(cloudwatch, "errors", "ALARM")

    def found(**filters: Any) -> list[str]:
        answer = cloudwatch.describe_alarms(**filters)
        return [item["AlarmName"] for kind in ("MetricAlarms", "CompositeAlarms") for item in answer[kind]]

    both = ["MetricAlarm", "CompositeAlarm"]
    assert found() == ["errors", "latency"]
    assert found(AlarmNames=["errors", "latency"], StateValue="ALARM") == ["errors"]
    assert found(AlarmTypes=both, StateValue="ALARM") == ["errors", "rollback"]
    assert found(AlarmTypes=both, ActionPrefix=TOPIC, AlarmNamePrefix="l") == ["latency"]
    assert found(AlarmTypes=both, ParentsOfAlarmName="errors") == ["rollback"]
    assert found(AlarmTypes=both, ChildrenOfAlarmName="rollback") == ["errors"]
    page = cloudwatch.describe_alarms(AlarmTypes=both, MaxRecords=2)
    assert found(AlarmTypes=both, MaxRecords=2, NextToken=page["NextToken"]) == ["rollback"]


def test_an_alarm_starts_with_insufficient_data_and_keeps_its_state(cloudwatch: Any) -> None:
    """PutMetricAlarm: "its state is immediately set to INSUFFICIENT_DATA"; an update leaves it "unchanged"."""

    def state() -> str:
        return str(cloudwatch.describe_alarms(AlarmNames=["errors"])["MetricAlarms"][0]["StateValue"])

    assert state() == "INSUFFICIENT_DATA"
    set_state(cloudwatch, "errors", "ALARM")
    put_metric_alarm(cloudwatch, "errors")
    assert state() == "ALARM"


def test_actions_of_a_composite_alarm_are_switched(cloudwatch: Any) -> None:
    """DisableAlarmActions and EnableAlarmActions name any alarm."""
    put_composite(cloudwatch, "ALARM(errors)")
    cloudwatch.disable_alarm_actions(AlarmNames=["rollback"])
    assert composites(cloudwatch)["rollback"]["ActionsEnabled"] is False
    cloudwatch.enable_alarm_actions(AlarmNames=["rollback"])
    assert composites(cloudwatch)["rollback"]["ActionsEnabled"] is True

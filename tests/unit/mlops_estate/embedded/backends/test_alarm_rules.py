"""Rules of composite alarms are read and evaluated as PutCompositeAlarm's reference says."""

from __future__ import annotations

import pytest

from mlops_estate.embedded.backends.alarm_rules import RuleFault, holds, named_alarms

STATES = {"errors": "ALARM", "latency": "OK", "drift": "INSUFFICIENT_DATA", "with space": "ALARM"}


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("TRUE", True),
        ("NOT TRUE", False),
        ("ALARM(errors)", True),
        ('ALARM("with space")', True),
        ("ALARM(latency)", False),
        ("OK(latency) AND INSUFFICIENT_DATA(drift)", True),
        ("ALARM(latency) OR ALARM(errors)", True),
        ("NOT ALARM(errors) OR OK(latency)", True),
        ("NOT (ALARM(errors) OR OK(latency))", False),
        # AND binds more than OR.
        ("TRUE OR TRUE AND FALSE", True),
        ("(TRUE OR TRUE) AND FALSE", False),
        ("ALARM(arn:aws:cloudwatch:eu-west-1:123456789012:alarm:errors)", True),
        ("ALARM(absent)", False),
    ],
)
def test_a_rule_is_evaluated_over_states(rule: str, expected: bool) -> None:
    assert holds(rule, STATES) is expected


@pytest.mark.parametrize(
    "rule", ["", "ALARM()", "ALARM(a) ALARM(b)", "(TRUE", "AND TRUE", "TRUE OR", "FOO(a)", "TRUE )"]
)
def test_a_rule_that_cannot_be_read_is_a_fault(rule: str) -> None:
    with pytest.raises(RuleFault):
        holds(rule, STATES)


def test_the_alarms_of_a_rule_are_named_once_in_order() -> None:
    rule = 'ALARM("b") AND (OK(a) OR INSUFFICIENT_DATA(arn:aws:cloudwatch:eu-west-1:123456789012:alarm:b))'
    assert named_alarms(rule) == ["b", "a"]

"""Schedule expressions and trust policies, as EventBridge Scheduler reads them."""

from __future__ import annotations

import json
from urllib.parse import quote

import pytest

from mlops_estate.embedded.backends.schedules import expression_fault, trusted_services


@pytest.mark.parametrize(
    "expression",
    [
        "cron(0 3 1 * ? *)",
        "cron(0 3 1 1,4,7,10 ? *)",
        "cron(15 10 ? * 6L 2026-2030)",
        "cron(0/15 8-17 ? * MON-FRI *)",
        "cron(0 0 LW JAN,JUL ? *)",
        "cron(0 9 ? * TUE#2 *)",
        "rate(1 minute)",
        "rate(30 days)",
        "at(2027-02-28T09:30:00)",
    ],
)
def test_good_expressions(expression):
    assert expression_fault(expression) == ""


@pytest.mark.parametrize(
    ("expression", "why"),
    [
        ("0 3 1 * ? *", "none of"),
        ("cron(0 3 1 * ?)", "six fields, not 5"),
        ("cron(0 3 1 * * *)", "only one"),
        ("cron(0 3 ? * ? *)", "only one"),
        ("cron(60 3 1 * ? *)", "Field 1"),
        ("cron(0 24 1 * ? *)", "Field 2"),
        ("cron(0 3 32 * ? *)", "Field 3"),
        ("cron(0 3 1 13 ? *)", "Field 4"),
        ("cron(0 3 ? * 8 *)", "Field 5"),
        ("cron(0 3 ? * MON#6 *)", "Field 5"),
        ("cron(0 3 1 * ? 1969)", "Field 6"),
        ("cron(0/0 3 1 * ? *)", "Field 1"),
        ("cron(1-2-3 3 1 * ? *)", "Field 1"),
        ("rate(0 days)", "positive"),
        ("rate(1 month)", "positive"),
        ("at(2027-13-01T00:00:00)", "yyyy-mm-dd"),
    ],
)
def test_bad_expressions_say_what_is_wrong(expression, why):
    assert why in expression_fault(expression)


def trust(principal, effect="Allow", action="sts:AssumeRole"):
    return json.dumps({"Version": "2012-10-17", "Statement": [
        {"Effect": effect, "Principal": principal, "Action": action}]})  # fmt: skip


def test_who_may_take_a_role_is_read_from_its_trust_policy():
    both = trust({"Service": ["scheduler.amazonaws.com", "events.amazonaws.com"]})
    assert trusted_services(both) == {"scheduler.amazonaws.com", "events.amazonaws.com"}
    assert trusted_services(quote(trust({"Service": "scheduler.amazonaws.com"}))) == {"scheduler.amazonaws.com"}


@pytest.mark.parametrize(
    "document",
    [
        trust({"Service": "scheduler.amazonaws.com"}, effect="Deny"),
        trust({"Service": "scheduler.amazonaws.com"}, action="sts:TagSession"),
        trust({"AWS": "arn:aws:iam::123456789012:root"}),
        trust("*"),
    ],
)
def test_who_is_not_allowed_to_assume_is_not_trusted(document):
    assert "scheduler.amazonaws.com" not in trusted_services(document)

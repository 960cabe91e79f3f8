"""Remedies for log groups and trails: they mend the fault alone, once, and never an unknown value."""

from __future__ import annotations

import copy

import pytest

from mlops_policies.catalog import rules
from mlops_policies.log_retention import PERIODS
from mlops_policies.resource import Resource
from mlops_policies.rule import Use
from mlops_policies.values import UNKNOWN
from mlops_policies.verdicts import Status, gathered, overall

GROUP, NATIVE_GROUP = "aws:cloudwatch/logGroup:LogGroup", "aws-native:logs:LogGroup"
TRAIL, NATIVE_TRAIL = "aws:cloudtrail/trail:Trail", "aws-native:cloudtrail:Trail"
HIGH_RISK = {"ai-risk-tier": "high"}


def use_of(rule, environment="prod", **settings):
    return Use(environment, {name: schema["default"] for name, schema in rules()[rule].settings.items()} | settings)


def remedied(rule, token, props, use):
    """Return what a rule's remedy makes of properties, which it leaves as they are."""
    before = copy.deepcopy(props)
    made = rules()[rule].remedy(props, token, use)
    assert props == before
    return props if made is None else made


@pytest.mark.parametrize(
    ("token", "environment", "props", "days"),
    [
        (GROUP, "prod", {"name": "/app"}, 90),
        (GROUP, "staging", {"name": "/app"}, 30),
        (GROUP, "dev", {"name": "/audit", "tags": HIGH_RISK}, 30),
        (GROUP, "prod", {}, 90),
        (GROUP, "prod", {"name": "/app", "retentionInDays": 0}, 90),
        (GROUP, "prod", {"name": "/app", "retentionInDays": 7}, 90),
        (GROUP, "prod", {"name": "/audit"}, 365),
        (GROUP, "prod", {"name": "/app", "tags": HIGH_RISK}, 180),
        (NATIVE_GROUP, "prod", {"logGroupName": "/audit"}, 365),
        (NATIVE_GROUP, "prod", {"logGroupName": "/app", "tags": [{"key": "ai-risk-tier", "value": "high"}]}, 180),
    ],
)
def test_a_log_group_is_kept_long_enough(token, environment, props, days):
    use = use_of("log-retention", environment)
    mended = remedied("log-retention", token, props, use)
    assert mended == {**props, "retentionInDays": days}
    assert remedied("log-retention", token, mended, use) == mended
    assert overall(gathered(rules()["log-retention"].check(Resource(token, mended), use))) is Status.PASS


def test_the_period_is_one_that_cloudwatch_knows():
    use = use_of("log-retention", minimum_retention_days={"dev": 1, "staging": 1, "prod": 100})
    assert remedied("log-retention", GROUP, {}, use) == {"retentionInDays": 120}
    assert list(PERIODS) == sorted(set(PERIODS))


@pytest.mark.parametrize(
    ("token", "props"),
    [
        (GROUP, {"name": "/app", "retentionInDays": 90}),
        (GROUP, {"name": "/app", "retentionInDays": 3653}),
        (GROUP, {"name": "/app", "retentionInDays": UNKNOWN}),
        (GROUP, {"name": UNKNOWN}),
        (GROUP, {"name": "/app", "tags": UNKNOWN}),
        (GROUP, {"name": "/app", "logGroupClass": "DELIVERY"}),
        (GROUP, {"name": "/app", "logGroupClass": UNKNOWN}),
        (NATIVE_GROUP, {"logGroupName": "/audit", "retentionInDays": 365}),
    ],
)
def test_a_log_group_that_complies_or_is_not_known_enough_is_left(token, props):
    assert remedied("log-retention", token, props, use_of("log-retention")) == props


@pytest.mark.parametrize("token", [TRAIL, NATIVE_TRAIL])
@pytest.mark.parametrize("given", [{}, {"enableLogFileValidation": False}, {"enableLogFileValidation": True}])
def test_a_trails_files_are_validated(token, given):
    use = use_of("trail-validation")
    mended = remedied("trail-validation", token, {"s3BucketName": UNKNOWN, **given}, use)
    assert mended == {"s3BucketName": UNKNOWN, "enableLogFileValidation": True}
    assert remedied("trail-validation", token, mended, use) == mended


def test_an_unknown_flag_of_a_trail_is_left():
    props = {"s3BucketName": "b", "enableLogFileValidation": UNKNOWN}
    assert remedied("trail-validation", TRAIL, props, use_of("trail-validation")) == props

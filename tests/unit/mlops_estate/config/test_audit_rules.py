"""The audit block: defaults by class, and rules across its keys."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from tests.unit.mlops_estate.config.conftest import ESTATE, MODELS

from mlops_estate.config import parse
from mlops_estate.config.environment import EnvironmentConfig
from mlops_estate.faults import FaultsFound

URI = "s3://org-trail-logs/AWSLogs/o-a1b2c3d4e5/123456789012/CloudTrail"


def configured(environment: str, **estate: Any) -> EnvironmentConfig:
    return parse(environment, {**copy.deepcopy(ESTATE), **estate}, copy.deepcopy(MODELS))


def refused(environment: str = "prod", **estate: Any) -> dict[str, str]:
    with pytest.raises(FaultsFound) as caught:
        configured(environment, **estate)
    return {fault.where: fault.rule for fault in caught.value.faults}


@pytest.mark.parametrize(
    ("environment", "lock", "days", "kept", "rules"),
    [
        ("dev", "GOVERNANCE", 1, 30, False),
        ("staging", "GOVERNANCE", 30, 400, True),
        ("prod", "COMPLIANCE", 365, 2557, True),
    ],
)
def test_what_is_kept_and_locked_follows_the_class(environment, lock, days, kept, rules):
    audit = configured(environment).estate.audit
    assert (audit.trail_lock_mode, audit.trail_lock_days, audit.trail_retention_days) == (lock, days, kept)
    assert (audit.config_retention_days, audit.conformance_rules) == (kept, rules)


def test_logs_are_kept_at_least_as_long_as_they_are_locked():
    rules = refused(audit={"trail_retention_days": 364})
    assert list(rules) == ["estate.audit.trail_retention_days"]
    assert "trail_lock_days` (365)" in rules["estate.audit.trail_retention_days"]
    assert configured("prod", audit={"trail_retention_days": 365}).estate.audit.trail_retention_days == 365


@pytest.mark.parametrize("baseline", ["create", "off", {"cloudtrail": "create"}])
def test_an_existing_trails_folder_needs_an_existing_trail(baseline):
    rules = refused(account_baseline=baseline, audit={"existing_trail_uri": URI})
    assert list(rules) == ["estate.audit.existing_trail_uri"]


@pytest.mark.parametrize("baseline", ["existing", {"default": "create", "cloudtrail": "existing"}])
def test_an_existing_trails_folder_is_taken_where_the_trail_exists(baseline):
    config = configured("prod", account_baseline=baseline, audit={"existing_trail_uri": URI})
    assert config.estate.audit.existing_trail_uri == URI


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("config_retention_days", 29), ("config_retention_days", 2558), ("trail_lock_mode", "NONE"),
        ("log_group_retention_days", 29), ("config_frequency", "HOURLY"), ("query_scan_limit_gb", 0),
        ("existing_trail_uri", "s3://org-trail-logs"), ("existing_trail_uri", "s3://org-trail-logs/a/"),
    ],
)  # fmt: skip
def test_what_aws_does_not_take_is_refused_with_its_path(key, value):
    assert list(refused(audit={key: value}, account_baseline="existing")) == [f"estate.audit.{key}"]

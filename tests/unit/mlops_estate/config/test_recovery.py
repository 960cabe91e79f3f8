"""Recovery objectives that the backups keep, and a vault that takes what the plan keeps."""

from __future__ import annotations

import copy

import pytest
from tests.unit.mlops_estate.config.conftest import ESTATE, MODELS

from mlops_components import backup_plan
from mlops_estate.config import parse
from mlops_estate.config.recovery import RecoveryBlock
from mlops_estate.faults import FaultsFound


def found(environment: str, recovery: dict) -> dict[str, str]:
    """Return path -> rule of every fault in the block."""
    try:
        parse(environment, {**copy.deepcopy(ESTATE), "recovery": recovery}, copy.deepcopy(MODELS))
    except FaultsFound as faults:
        return {fault.where.removeprefix("estate.recovery."): fault.rule for fault in faults.faults}
    return {}


CASES = [
    ("dev", {"rpo_hours": 25}, "", ""),
    ("dev", {"rpo_hours": 24}, "interval_hours", "loses up to 25 hours"),
    ("dev", {"rpo_hours": 1, "interval_hours": 1}, "interval_hours", "loses up to 2 hours"),
    ("dev", {"rpo_hours": 1, "continuous": True}, "", ""),
    ("prod", {"continuous": False}, "interval_hours", "more than `rpo_hours` (1)"),
    ("dev", {"interval_hours": 5}, "interval_hours", "one of 1, 2, 3, 4, 6, 8, 12, 24"),
    ("prod", {"continuous_days": 36}, "continuous_days", "at most 35"),
    ("prod", {"retention_days": 35, "lock_min_days": 35}, "", ""),
    ("prod", {"retention_days": 34}, "retention_days", "must be 35 to 730"),
    ("prod", {"retention_days": 731}, "retention_days", "must be 35 to 730"),
    ("prod", {"continuous_days": 34}, "continuous_days", "must be 35 to 730"),
    ("dev", {"retention_days": 3000}, "", ""),
    ("staging", {"lock_min_days": 91}, "lock_min_days", "at most `lock_max_days` (90)"),
    ("prod", {"lock_grace_days": 3}, "", ""),
    ("prod", {"lock_grace_days": 2}, "lock_grace_days", "at least 3"),
    ("staging", {"lock_grace_days": 9}, "lock_grace_days", "only a compliance lock becomes final"),
    ("dev", {"buckets": ["models", "models"]}, "buckets[1]", "named once"),
    ("dev", {"buckets": ["capture"]}, "buckets[0]", "one of raw, curated"),
    ("dev", {"buckets": []}, "buckets", "at least 1"),
]


@pytest.mark.parametrize(("environment", "recovery", "path", "rule"), CASES)
def test_a_recovery_block_is_held_to_its_objectives_and_aws_limits(environment, recovery, path, rule):
    faults = found(environment, recovery)
    assert list(faults) == ([path] if path else [])
    assert rule in faults.get(path, "")


def test_the_fix_names_the_longest_interval_that_keeps_the_rpo():
    with pytest.raises(FaultsFound) as caught:
        parse("dev", {**ESTATE, "recovery": {"rpo_hours": 7}}, MODELS)
    (fault,) = caught.value.faults
    assert fault.fix == "use 6, or `continuous: true`"


@pytest.mark.parametrize("environment_class", ["dev", "staging", "prod"])
def test_configuration_and_component_have_the_same_defaults(environment_class):
    from mlops_estate.config.classes import defaults_of

    with defaults_of(environment_class):
        block = RecoveryBlock()
    component = backup_plan.settings({"environment_class": environment_class})
    assert component == {key: value for key, value in block.model_dump().items() if key != "buckets"}

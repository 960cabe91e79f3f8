"""Usage in the configuration: every figure has bounds, and what is negative or absurd is refused with its path."""

from __future__ import annotations

import pytest
from tests.support.programs import MODEL, configured

from mlops_estate.config.usage import MOST, MOST_GB, EstateUsageBlock, UsageBlock
from mlops_estate.faults import FaultsFound


def faults_of(*, model: dict | None = None, estate: dict | None = None) -> list:
    blocks = {"model": {"usage": model} if model else None, "estate": {"usage": estate} if estate else None}
    with pytest.raises(FaultsFound) as found:
        configured("prod", **blocks)
    return list(found.value.faults)


@pytest.mark.parametrize("key", UsageBlock.model_fields)
def test_a_negative_figure_of_a_model_is_refused_with_its_path(key):
    (fault,) = faults_of(model={key: -1})
    assert fault.where == f"models.{MODEL}.usage.{key}"
    assert "must be" in fault.rule
    assert fault.value == -1
    assert fault.fix


@pytest.mark.parametrize("key", EstateUsageBlock.model_fields)
def test_a_negative_figure_of_the_estate_is_refused_with_its_path(key):
    (fault,) = faults_of(estate={key: -0.5})
    assert fault.where == f"estate.usage.{key}"


@pytest.mark.parametrize(
    ("key", "absurd"),
    [
        ("requests_per_month", MOST + 1), ("training_hours", 745), ("processing_hours", 800),
        ("active_hours_per_day", 25), ("active_days_per_week", 8), ("monitoring_minutes", 1441),
        ("raw_gb", MOST_GB * 2), ("feature_record_kb", 351), ("training_runs_per_month", 100_001),
        ("active_hours_per_day", 0), ("requests_per_month", "many"), ("requests_per_month", True),
    ],
)  # fmt: skip
def test_an_absurd_figure_is_refused(key, absurd):
    (fault,) = faults_of(model={key: absurd})
    assert fault.where == f"models.{MODEL}.usage.{key}"


def test_every_fault_comes_at_once_and_a_slip_is_guessed():
    faults = faults_of(model={"requests_per_month": -1, "raw_gb": -1, "request_per_month": 5})
    assert [fault.where.rpartition(".")[2] for fault in faults] == [
        "raw_gb", "request_per_month", "requests_per_month",
    ]  # fmt: skip
    assert "requests_per_month" in faults[1].fix


def test_whole_numbers_and_fractions_are_taken():
    config = configured("prod", model={"usage": {"requests_per_month": 1_000_000, "request_kb": 0.5}})
    assert config.models[MODEL].usage.requests_per_month == 1_000_000
    assert config.models[MODEL].usage.response_kb is None


@pytest.mark.parametrize(
    ("blocks", "key", "says"),
    [
        ({"usage": {"training_hours": 2}, "training": {"max_runtime_seconds": 3600}}, "training_hours", "at most 1"),
        ({"usage": {"monitoring_minutes": 31}}, "monitoring_minutes", "at most 30"),
        ({"usage": {"feature_reads_per_month": 5}, "features": {"online": False}}, "feature_reads_per_month", "remove"),
        ({"usage": {"online_records": 5}, "features": {"online": False}}, "online_records", "remove"),
        ({"usage": {"captured_gb": 5}, "serving": {"capture_percent": 0}, "monitoring": {"enabled": False}},
         "captured_gb", "capture a share"),
        ({"usage": {"captured_gb": 5}, "serving": {"serverless_memory_mb": 2048}}, "captured_gb", "remove"),
    ],
)  # fmt: skip
def test_what_the_rest_of_the_block_makes_impossible_is_refused(blocks, key, says):
    with pytest.raises(FaultsFound) as found:
        configured("prod", model=blocks)
    (fault,) = found.value.faults
    assert fault.where == f"models.{MODEL}.usage.{key}"
    assert says in fault.fix


def test_usage_at_its_bounds_is_taken():
    usage = {"training_hours": 1, "monitoring_minutes": 30, "captured_gb": 0}
    configured("prod", model={"usage": usage, "serving": {"capture_percent": 0}, "monitoring": {"enabled": False}})

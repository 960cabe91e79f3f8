"""Ranges, free tiers and volume tiers."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st
from tests.support.costed import anchor, costed, node

from mlops_estate.pricing import Range
from mlops_estate.pricing.desk import _tiered
from mlops_estate.pricing.model import Price, Tier, total

AMOUNTS = st.decimals(0, 10**6, places=3, allow_nan=False)


def price(**more: object) -> Price:
    values = {"key": "k", "service": "s", "item": "i", "unit": "u", "usd": Decimal(2), "region": "r",
              "date": "2026-11-26", "agreeing": 2, "low": Decimal(1), "high": Decimal(3)}  # fmt: skip
    return Price(**{**values, **more})  # type: ignore[arg-type]


def test_half_a_cent_is_rounded_up():
    assert Range.of("0.005", "0.015", "8.395").dollars() == {"low": 0.01, "expected": 0.02, "high": 8.4}


def test_sums_are_exact():
    assert total([Range.exactly("0.1")] * 10) == Range.exactly(1)


def test_a_range_times_a_price_that_sources_disagree_on():
    assert Range.of(1, 2, 4) * price().range == Range.of(1, 4, 12)


@given(st.lists(AMOUNTS, min_size=1, max_size=5))
def test_tiers_cost_the_same_however_the_quantity_is_split(parts):
    tiered = price(low=Decimal(2), high=Decimal(2), tiers=(
        Tier(Decimal(1000), Decimal(2)), Tier(Decimal(50_000), Decimal(1)), Tier(None, Decimal("0.5")),
    ))  # fmt: skip
    at, split = Decimal(0), Decimal(0)
    for part in parts:
        split += _tiered(tiered, Range.exactly(at), Range.exactly(part)).expected
        at += part
    assert split == _tiered(tiered, Range(), Range.exactly(at)).expected
    none = Decimal(0)
    by_hand = min(at, Decimal(1000)) * 2 + min(max(at - 1000, none), Decimal(49_000)) + max(at - 50_000, none) / 2
    assert split == by_hand


@given(st.integers(1, 30))
def test_a_free_tier_is_used_up_once_over_the_graph(count):
    alarms = [node("aws:cloudwatch/metricAlarm:MetricAlarm", f"a{index}", period=60) for index in range(count)]
    found = costed(*alarms)
    lines = [line for line in found.estimate.lines if line.price.key == "cloudwatch.alarm"]
    assert sum(line.free_quantity.expected for line in lines) == min(count, 10)
    assert sum(line.monthly.expected for line in lines) == max(count - 10, 0) * Decimal("0.10")


def test_a_free_tier_covers_each_bound_by_itself():
    found = costed(anchor())
    (line,) = [line for line in found.estimate.lines if line.price.key == "cloudwatch.logs"]
    assert line.quantity == Range.of("0.5", 3, 30)
    assert line.free_quantity == Range.of("0.5", 3, 5)
    assert line.monthly == Range.of(0, 0, "12.5")


def test_every_line_lies_within_its_bounds_and_the_total_is_their_sum():
    found = costed(
        anchor(), node("aws:guardduty/detector:Detector", "detector"), node("aws:kms/key:Key", "key")
    ).estimate
    for line in found.lines:
        assert line.monthly.low <= line.monthly.expected <= line.monthly.high
        assert line.quantity.low <= line.quantity.expected <= line.quantity.high
    assert found.monthly == total(line.monthly for line in found.lines)
    assert total(found.by_model().values()) == total(found.by_service().values()) == found.monthly
    assert total(found.by_resource().values()) == found.monthly

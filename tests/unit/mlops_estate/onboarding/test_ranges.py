"""Ranges: by the name, or what was seen with room."""

from __future__ import annotations

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from mlops_estate.onboarding.ranges import range_of, shown

FINITE = st.floats(allow_nan=False, allow_infinity=False)


@pytest.mark.parametrize(
    ("name", "low", "high", "whole", "expected"),
    [
        ("flag", 0, 1, True, (0, 1)),
        ("unemployment_percent", 3.1, 9.8, False, (0, 100)),
        ("interestPct", 3.1, 120, False, (0, 240)),
        ("share of women", 0.2, 0.7, False, (0, 1)),
        ("age", 18, 83, True, (0, 120)),
        ("age", -0.1, 0.11, False, (-0.32, 0.32)),
        ("year_built", 1950, 2020, True, (1900, 2100)),
        ("income", 12000, 250000, True, (0, 490000)),
        ("change", -5, 12, True, (-22, 29)),
        ("loss", -12.5, -3, False, (-22, 0)),
        ("same", 4, 4, True, (0, 8)),
        ("zero", 0, 0, True, (0, 0)),
        ("tiny", 1e-9, 3e-9, False, (0, 5e-9)),
    ],
)
def test_a_range_is_generous_and_by_the_name_where_that_says_one(name, low, high, whole, expected):
    found = range_of(name, low, high, whole=whole)
    assert (found.minimum, found.maximum) == pytest.approx(expected)
    assert found.why.startswith("seen ")


@given(st.sampled_from(["x", "age", "percent", "year", "share"]), FINITE, FINITE)
def test_a_range_holds_what_was_seen(name, one, other):
    low, high = sorted((one, other))
    found = range_of(name, low, high, whole=False)
    assert found.minimum <= low <= high <= found.maximum


@given(st.integers(-(10**17), 10**17), st.integers(-(10**17), 10**17))
def test_bounds_of_whole_numbers_are_whole(one, other):
    low, high = sorted((float(one), float(other)))
    found = range_of("x", low, high, whole=True)
    assert found.minimum <= low <= high <= found.maximum
    assert found.minimum % 1 == found.maximum % 1 == 0


@given(FINITE)
def test_a_number_is_written_as_yaml_reads_it(value):
    read = yaml.safe_load(f"{{x: {shown(value)}}}")["x"]
    assert isinstance(read, int | float)
    assert read == value

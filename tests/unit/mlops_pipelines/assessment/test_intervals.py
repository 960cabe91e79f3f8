"""Confidence intervals: what they cover, and where they cannot be had."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlops_pipelines.assessment import intervals
from mlops_pipelines.assessment.intervals import Interval, bootstrap, share
from mlops_pipelines.assessment.weighted import average


def mean_of(values):
    values = np.asarray(values, dtype=float)
    return lambda weights: {"mean": average(values)(weights)}


def test_the_interval_of_a_mean_is_about_two_standard_errors_wide():
    values = np.random.default_rng(3).normal(10, 2, 400)
    found = bootstrap(mean_of(values), 400, seed=1)["mean"]
    error = values.std() / math.sqrt(400)
    assert found.value == pytest.approx(values.mean())
    assert found.deviation == pytest.approx(error, rel=0.1)
    assert found.high - found.low == pytest.approx(2 * 1.96 * error, rel=0.1)


def test_nineteen_of_twenty_intervals_hold_the_truth():
    random, held = np.random.default_rng(4), 0
    for seed in range(100):
        sample = random.exponential(1.0, 60)
        found = bootstrap(mean_of(sample), 60, seed)["mean"]
        held += found.low <= 1.0 <= found.high
    assert 88 <= held <= 99


def test_the_seed_decides_the_resamples():
    values = np.arange(30.0) ** 2
    one, two, other = (bootstrap(mean_of(values), 30, seed)["mean"] for seed in (1, 1, 2))
    assert one == two
    assert (one.low, one.high) != (other.low, other.high)


def test_figures_share_their_resamples():
    values = np.random.default_rng(1).normal(size=50)
    first = average(values)

    def figures(weights):
        return {"one": first(weights), "same": first(weights), "apart": first(weights) - first(weights)}

    found = bootstrap(figures, 50, seed=1)
    assert found["one"] == found["same"]
    assert (found["apart"].low, found["apart"].value, found["apart"].high) == (0.0, 0.0, 0.0)


def test_large_samples_take_percentiles_in_batches(monkeypatch):
    monkeypatch.setattr(intervals, "MOST_ACCELERATED", 100)
    monkeypatch.setattr(intervals, "_CELLS", 3_000)
    values = np.random.default_rng(2).normal(5, 1, 300)
    found = bootstrap(mean_of(values), 300, seed=1)["mean"]
    assert found.high - found.low == pytest.approx(2 * 1.96 / math.sqrt(300), rel=0.15)


def test_a_figure_that_never_varies_is_its_own_interval():
    found = bootstrap(mean_of([3.0] * 20), 20, seed=1)["mean"]
    assert (found.low, found.value, found.high, found.deviation) == (3.0, 3.0, 3.0, 0.0)


def test_one_record_has_no_interval_but_its_value():
    assert bootstrap(mean_of([3.0]), 1, seed=1)["mean"].as_dict() == {"value": 3.0, "low": 3.0, "high": 3.0}


def test_resamples_without_the_figure_are_passed_over():
    chosen = np.array([1.0] + [0.0] * 9)  # about a third of all resamples lack the one record
    found = bootstrap(lambda weights: {"kept": average(chosen)(weights) / (weights[:, 0] > 0)}, 10, seed=1)["kept"]
    assert found.low <= found.value <= found.high
    assert found.low == pytest.approx(0.1)


def test_where_resamples_are_passed_over_the_others_give_the_percentiles():
    values = np.random.default_rng(6).normal(0, 1, 100)
    known = average(values)

    def figures(weights):  # a third of all resamples lack the first record, and with it the figure
        return {"mean": np.where(weights[:, 0] > 0, known(weights), np.nan)}

    found = bootstrap(figures, 100, seed=1)["mean"]
    assert found.high - found.low == pytest.approx(2 * 1.96 * found.deviation, rel=0.08)


def test_an_undefined_figure_is_null():
    found = bootstrap(lambda weights: {"never": np.full(len(weights), np.nan)}, 10, seed=1)["never"]
    assert found.as_dict() == {"value": None, "low": None, "high": None}


@given(st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=25), st.integers(0, 100))
def test_an_interval_holds_its_value(values, seed):
    found = bootstrap(mean_of(values), len(values), seed)["mean"]
    assert found.low <= found.value <= found.high


def test_a_share_has_wilsons_interval():
    # Wilson (1927) for 8 of 10: 0.490 to 0.943.
    found = share(8, 10)
    assert (found.low, found.value, found.high) == pytest.approx((0.490, 0.8, 0.943), abs=0.001)


@pytest.mark.parametrize(("count", "inside"), [(0, "high"), (6, "low")])
def test_a_group_all_of_one_kind_is_still_uncertain(count, inside):
    found = share(count, 6)
    assert found.value == count / 6
    assert 0.1 < getattr(found, inside) < 0.9


def test_a_share_of_nothing_is_null():
    assert share(0, 0).as_dict() == {"value": None, "low": None, "high": None}


def test_an_interval_is_widened_to_hold_another_value():
    given = Interval(1.0, 0.5, 1.5, 0.1)
    assert given.holding(2.0) == Interval(2.0, 0.5, 2.0, 0.1)
    assert given.holding(0.4) == Interval(0.4, 0.4, 1.5, 0.1)
    assert given.holding(math.nan).as_dict() == {"value": None, "low": None, "high": None}

"""Sums by month: the source's table, shapes and ramps, break-even in every form, discounting."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlops_estate.roi import calculate, read_inputs
from mlops_estate.roi.calculation import CUMULATIVE, break_even_of
from mlops_estate.roi.inputs import COSTS, METRICS, VALUE, Costs, Factors, Phase, RoiInputs, Value, default_data

SOURCE = {1: (100, 0), 3: (250, 20), 6: (400, 80), 9: (480, 200), 12: (520, 450), 18: (580, 750), 24: (640, 1200)}
"""Month: cumulative cost and value of the source's table, in thousand US dollars."""


def inputs(costs=(), value=(), **more):
    """Inputs with phases of one cost and of one value metric."""
    return RoiInputs(costs=Costs(operations=list(costs)), value=Value(revenue=list(value)), **more)


def test_the_defaults_reproduce_the_table_of_the_source_to_the_cent():
    found = calculate(read_inputs())
    assert {month: (found.cost[month - 1], found.value[month - 1]) for month in SOURCE} == {
        month: (cost * 100_000, value * 100_000) for month, (cost, value) in SOURCE.items()
    }
    nets = {month: found.net[month - 1] // 100_000 for month in SOURCE}
    assert nets == {1: -100, 3: -230, 6: -320, 9: -280, 12: -70, 18: 170, 24: 560}


def test_the_defaults_break_even_between_month_12_and_18_and_once():
    turn = calculate(read_inputs()).break_even
    assert turn.state == "reached"
    assert 12 < turn.payback <= turn.month <= 18
    assert turn.months == (turn.month,)


def test_the_table_is_the_sum_of_inputs_and_not_kept():
    """Without one metric, exactly its own amounts are missing, in every month."""
    whole = calculate(read_inputs())
    for metric in METRICS:
        data = default_data()
        del data["costs" if metric in COSTS else "value"][metric]
        less = calculate(RoiInputs.model_validate(data))
        total = sum(whole.metrics[metric])
        assert total > 0
        assert whole.net[-1] - less.net[-1] == (total if metric in VALUE else -total)


def test_every_metric_of_the_defaults_is_split_by_phase():
    assert all(len(read_inputs().phases(metric)) >= 4 for metric in METRICS)


def test_the_last_run_rate_goes_on_after_the_table():
    found = calculate(read_inputs(settings=["horizon_months=36"]))
    assert (found.cost[35] - found.cost[23], found.value[35] - found.value[23]) == (12 * 1_000_000, 12 * 7_500_000)


@pytest.mark.parametrize(
    ("shape", "months"),
    [("even", [25, 25, 25, 25]), ("rising", [10, 20, 30, 40]), ("falling", [40, 30, 20, 10])],
)
def test_a_sum_falls_on_its_months_by_shape(shape, months):
    found = calculate(inputs([Phase(start=2, end=5, total_usd=100, shape=shape)], horizon_months=6))
    assert found.metrics["operations"] == [0, *(amount * 100 for amount in months), 0]


def test_an_s_curve_is_slow_then_fast_then_slow():
    months = calculate(inputs([Phase(end=6, total_usd=600, shape="s_curve")], horizon_months=6)).metrics["operations"]
    assert months == months[::-1]
    assert months[0] < months[1] < months[2]


def test_a_monthly_amount_reaches_its_full_height_after_the_ramp():
    found = calculate(inputs([Phase(start=2, monthly_usd=90, ramp_months=3)], horizon_months=6))
    assert found.metrics["operations"] == [0, 3000, 6000, 9000, 9000, 9000]


def test_a_count_times_a_price_is_a_monthly_amount():
    phase = Phase(start=1, end=2, units_per_month=2.5, usd_per_unit=400, unit="incident")
    assert calculate(inputs([phase], horizon_months=3)).metrics["operations"] == [100_000, 100_000, 0]


def test_phases_that_overlap_add_up():
    found = calculate(inputs([Phase(monthly_usd=10), Phase(start=2, end=2, total_usd=5)], horizon_months=3))
    assert found.metrics["operations"] == [1000, 1500, 1000]


def test_later_value_moves_value_alone():
    found = calculate(inputs([Phase(monthly_usd=1)], [Phase(monthly_usd=2)], horizon_months=4, value_delay_months=2))
    assert (found.metrics["operations"], found.metrics["revenue"]) == ([100] * 4, [0, 0, 200, 200])


def test_a_factor_multiplies_every_amount_of_its_metric():
    phases = [Phase(end=2, total_usd=10), Phase(monthly_usd=1), Phase(units_per_month=2, usd_per_unit=3)]
    once = calculate(inputs(phases, horizon_months=4)).metrics["operations"]
    twice = calculate(inputs(phases, horizon_months=4, factors=Factors(operations=2))).metrics["operations"]
    assert twice == [2 * cents for cents in once]


@given(
    total=st.integers(0, 10**9),
    start=st.integers(1, 20),
    length=st.integers(1, 40),
    shape=st.sampled_from(["even", "rising", "falling", "s_curve"]),
)
@settings(max_examples=80, deadline=None)
def test_the_months_of_a_sum_add_up_to_it_whatever_the_shape(total, start, length, shape):
    phase = Phase(start=start, end=start + length - 1, total_usd=total / 100, shape=shape)
    months = calculate(inputs([phase], horizon_months=60)).metrics["operations"]
    assert sum(months) == total
    assert all(cents >= 0 for cents in months)
    assert not any(months[: start - 1])
    assert not any(months[start + length - 1 :])


@pytest.mark.parametrize("name", CUMULATIVE)
def test_every_shape_begins_with_nothing_and_ends_with_all(name):
    shape = CUMULATIVE[name]
    assert (shape(0, 7), shape(1, 7)) == (0, pytest.approx(1))


@pytest.mark.parametrize(
    ("net", "state", "month", "payback", "months"),
    [
        ([-10, -5, 5, 9], "reached", 3, 2.5, (3,)),
        ([-30, -20, 10], "reached", 3, 2.67, (3,)),
        ([-10, 0, 5], "reached", 2, 2.0, (2,)),
        ([-10, -12, -11], "not within the horizon", None, None, ()),
        ([-10, 5, -5, 5], "reached", 4, 3.5, (2, 4)),
        ([-10, 5, -5, -1], "lost again", None, None, (2,)),
        ([0, 0, 0], "never below zero", None, None, ()),
        ([3, 1, 0], "never below zero", None, None, ()),
        ([3, -1, 4], "reached", 3, 2.2, (3,)),
        ([-1], "not within the horizon", None, None, ()),
    ],
)
def test_break_even_is_told_in_every_form(net, state, month, payback, months):
    found = break_even_of(net)
    assert (found.state, found.month, found.payback, found.months) == (state, month, payback, months)


@given(st.lists(st.integers(-50, 50), min_size=1, max_size=40))
def test_after_the_month_of_break_even_the_net_stays(net):
    found = break_even_of(net)
    if found.month is not None:
        assert min(net[found.month - 1 :]) >= 0
        assert net[found.month - 2] < 0
        assert found.month - 1 < found.payback <= found.month
    assert all(net[month - 2] < 0 <= net[month - 1] for month in found.months)


def test_a_project_that_is_replaced_breaks_even_more_than_once():
    again = inputs(
        [Phase(end=1, total_usd=100), Phase(start=6, end=6, total_usd=300)], [Phase(monthly_usd=50)], horizon_months=12
    )
    assert calculate(again).break_even.months == (2, 8)
    assert calculate(again.model_copy(update={"horizon_months": 7})).break_even.state == "lost again"


def test_net_present_value_is_by_the_yearly_rate_at_each_months_end():
    found = calculate(
        inputs([Phase(end=1, total_usd=100)], [Phase(start=12, end=12, total_usd=110)], horizon_months=12)
    )
    assert found.npv_usd == pytest.approx(110 / 1.1 - 100 / math.pow(1.1, 1 / 12), abs=0.01)
    flat = calculate(read_inputs(settings=["discount_rate_percent=0"]))
    assert flat.npv_usd == flat.net[-1] / 100
    assert flat.discounted_break_even == flat.break_even


def test_a_discount_makes_break_even_later_and_worth_less():
    found = calculate(read_inputs(settings=["discount_rate_percent=40"]))
    assert found.discounted_break_even.payback > found.break_even.payback
    assert found.npv_usd < found.net[-1] / 100


def test_return_on_investment_is_net_by_cost_and_none_without_cost():
    assert calculate(read_inputs()).roi_percent == 87.5
    assert calculate(inputs([], [Phase(monthly_usd=1)])).roi_percent is None


def test_the_largest_outlay_is_the_lowest_point():
    assert calculate(read_inputs()).lowest == (6, -32_000_000)
    assert calculate(inputs([], [Phase(monthly_usd=1)])).lowest == (0, 0)


def test_a_horizon_of_one_month_is_calculated():
    assert calculate(read_inputs(settings=["horizon_months=1"])).net == [-10_000_000]

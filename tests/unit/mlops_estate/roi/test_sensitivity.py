"""One metric at a time, and all of them: what the answer hangs on."""

from __future__ import annotations

import pytest

from mlops_estate.roi import calculate, read_inputs, sensitivity_of
from mlops_estate.roi.inputs import COSTS, METRICS


def test_every_metric_has_a_bar_the_widest_first():
    found = sensitivity_of(read_inputs())
    assert sorted(bar.metric for bar in found.bars) == sorted(METRICS)
    swings = [bar.swing for bar in found.bars]
    assert swings == sorted(swings, reverse=True)


def test_a_bar_changes_one_metric_by_the_percentage():
    expected = calculate(read_inputs())
    for bar in sensitivity_of(read_inputs()).bars:
        share = sum(expected.metrics[bar.metric]) // 5 * (1 if bar.metric in COSTS else -1)
        assert bar.less.net[-1] - expected.net[-1] == pytest.approx(share, abs=20)
        assert bar.more.net[-1] - expected.net[-1] == pytest.approx(-share, abs=20)
        others = [metric for metric in METRICS if metric != bar.metric]
        assert all(bar.more.metrics[metric] == expected.metrics[metric] for metric in others)


def test_the_percentage_is_an_input():
    narrow, wide = (sensitivity_of(read_inputs(settings=[f"sensitivity_percent={step}"])) for step in (10, 40))
    assert wide.bars[0].swing == pytest.approx(4 * narrow.bars[0].swing, rel=1e-6)


def test_a_factor_that_is_set_is_kept_under_the_change():
    found = sensitivity_of(read_inputs(settings=["factors.revenue=0"]))
    assert next(bar for bar in found.bars if bar.metric == "revenue").swing == 0


def test_scenarios_are_ordered_from_worst_to_best():
    found = sensitivity_of(read_inputs())
    nets = {name: result.net[-1] for name, result in found.scenarios.items()}
    assert nets["worst"] < nets["late"] < nets["expected"] < nets["best"]
    assert nets["expected"] == 56_000_000
    assert nets["worst"] == 120_000_000 * 0.8 - 64_000_000 * 1.2
    assert found.scenarios["late"].value[5] == calculate(read_inputs()).value[2]


def test_break_even_under_each_change_is_told():
    data = sensitivity_of(read_inputs()).as_dict()
    months = {
        row["metric"]: (row["less"]["break_even_month"], row["more"]["break_even_month"]) for row in data["metrics"]
    }
    assert months["development"] == (13, 16)
    assert months["efficiency"] == (15, 13)
    assert data["scenarios"]["worst"]["break_even_month"] == 20

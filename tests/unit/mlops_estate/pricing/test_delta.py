"""What a change costs, and where the budget stands."""

from __future__ import annotations

import json

import pytest
from tests.support.costed import anchor, costed, endpoint, node, variant

from mlops_estate.pricing import budget_state, cost_delta


def one(count: int, *more: object) -> object:
    return costed(*endpoint(variant("ml.m5.large", count)), *more, requests_per_month=0).estimate


def test_identical_estimates_differ_by_nothing():
    delta = cost_delta(one(2), one(2), budget_usd=None)
    assert delta["delta"] == {"low": 0.0, "expected": 0.0, "high": 0.0}
    assert delta["largest"] == []
    assert delta["budget"] is None
    assert all(row["delta"]["expected"] == 0 for row in delta["by_model"])


def test_the_largest_difference_stands_first_with_its_model():
    delta = cost_delta(one(1), one(3, node("aws:eks/cluster:Cluster", "cluster")), budget_usd=300)
    # 2 x 730 h x $0.115 = $167.90, and 730 h x $0.10 = $73.00
    assert delta["delta"]["expected"] == 240.90
    first, second = delta["largest"]
    assert (first["item"], first["delta"], first["model"]) == ("ml.m5.large hosting", 167.90, "churn")
    assert (second["name"], second["before"], second["after"]) == ("cluster", 0.0, 73.0)
    (row,) = [row for row in delta["by_model"] if row["model"] == "churn"]
    assert row["delta"]["expected"] == 240.90
    json.dumps(delta)


def test_a_resource_that_goes_saves_money_with_bounds_in_order():
    before = costed(anchor(), node("aws:guardduty/detector:Detector", "detector")).estimate
    after = costed(anchor()).estimate
    delta = cost_delta(before, after, budget_usd=None)["delta"]
    assert delta["low"] < delta["expected"] < delta["high"] < 0


@pytest.mark.parametrize(
    ("budget", "state", "percent"),
    [(84, "near", 99.9), (83.95, "near", 100.0), (83.94, "exceeded", 100.0), (104.93, "near", 80.0),
     (104.94, "within", 80.0), (1000, "within", 8.4)],
)  # fmt: skip
def test_the_budget_is_near_from_80_percent_and_exceeded_beyond_100(budget, state, percent):
    found = costed(*endpoint(variant("ml.m5.large")), requests_per_month=0, log_gb=0)
    assert found.estimate.monthly.dollars()["expected"] == 83.95
    assert budget_state(found.estimate, budget) == {"monthly_usd": budget, "after_percent": percent, "state": state}


def test_what_has_no_price_is_said_of_the_change():
    delta = cost_delta(one(1), one(1, node("aws:redshift/cluster:Cluster", "warehouse")), budget_usd=None)
    assert [entry["type"] for entry in delta["unpriced_types"]] == ["aws:redshift/cluster:Cluster"]
    assert any("no price here" in note for note in delta["notes"])

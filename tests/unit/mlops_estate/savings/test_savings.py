"""All levers together: what adds up, the families beside the source's figures, and the budget that follows."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlops_estate.pricing.model import Range
from mlops_estate.reports.savings import as_markdown, as_page, as_text, form_faults
from mlops_estate.savings import FAMILIES, Lever, Savings
from mlops_estate.savings.bench import facts
from mlops_estate.savings.model import difference


def lever(key, saves, *, state="available", family="autoscaling", instead_of="", model="m"):
    amount = Range.exactly(saves)
    return Lever(key, key.title(), family, state, "how", "risk", "source", model, amount, Range(), amount,
                 "note", instead_of)  # fmt: skip


def together(*levers, monthly=100, **more):
    return Savings("dev", "eu-west-1", Range.exactly(monthly), list(levers), facts()["families"], **more)


def test_levers_that_exclude_each_other_count_once_with_the_one_that_saves_most():
    found = together(
        lever("plan", 20, instead_of="hosting/m"), lever("serverless", 60, instead_of="hosting/m"),
        lever("monitors", 10), lever("other", 5, instead_of="hosting/n", model="n"),
    )  # fmt: skip
    assert [entry.key for entry in found.best] == ["serverless", "monitors", "other"]
    assert found.available.expected == 75
    assert found.with_all.expected == 25


def test_the_same_lever_of_two_models_counts_twice():
    found = together(lever("monitors", 10), lever("monitors", 7, model="n"))
    assert found.available.expected == 17


def test_what_is_in_place_is_part_of_the_bill_without_levers():
    data = together(lever("spot", 25, state="in place", family="infrastructure efficiency")).as_dict()
    assert data["without_levers"]["expected"] == 125
    assert data["in_place_percent"] == 20
    assert data["available_percent"] == 0


def test_families_are_held_against_the_sources_shares():
    found = together(
        lever("scaling", 30, state="in place"), lever("plan", 10),
        lever("spot", 60, family="infrastructure efficiency", model=""),
    )  # fmt: skip
    rows = {row["family"]: row for row in found.by_family()}
    assert list(rows) == list(FAMILIES)
    assert [row["source_percent"] for row in rows.values()] == [35, 25, 40]
    assert rows["autoscaling"]["share_percent"] == 40
    assert rows["infrastructure efficiency"]["share_percent"] == 60
    assert rows["model optimisation"]["share_percent"] == 0
    assert rows["autoscaling"]["bill_percent"] == pytest.approx(30.8)
    assert sum(facts()["families"][family]["percent"] for family in FAMILIES) == 100


@pytest.mark.parametrize(
    ("monthly", "budget", "unusual"), [(100, 120, 12), (87.38, 110, 11), (571.31, 690, 69), (0, 0, 1), (3, 10, 1)]
)
def test_the_budget_is_a_fifth_above_what_is_expected(monthly, budget, unusual):
    suggested = together(monthly=str(monthly)).suggested()
    assert (suggested["budget_usd"], suggested["anomaly_usd"]) == (budget, unusual)


def test_nothing_is_saved_twice_over():
    assert together(lever("a", 500)).with_all.expected == 0


def test_every_lever_is_shown_in_every_form():
    found = together(lever("plan", 20), lever("done", 5, state="in place"), lever("never", 0, state="not applicable"),
                     budget_usd=300, anomaly_usd=30)  # fmt: skip
    for text in (as_text(found), as_markdown(found), as_page(found)):
        for title in ("Plan", "Done", "Never"):
            assert title in text
        assert "$120" in text
    assert max(map(len, as_text(found).splitlines())) < 100
    assert as_page(found) == as_page(found)
    assert "<script" not in as_page(found)


def test_a_name_from_the_configuration_is_escaped_on_the_page():
    assert "<b>x" not in as_page(together(lever("plan", 20, model="<b>x")))


def test_a_file_without_a_form_is_a_fault():
    from pathlib import Path

    assert form_faults([Path("a.html"), Path("b.pdf")])[0].value == "b.pdf"


ranges = st.tuples(*[st.integers(0, 10_000)] * 3).map(sorted).map(lambda three: Range.of(*three))


@given(ranges, ranges)
def test_a_saving_is_never_less_than_nothing_and_in_order(without, with_it):
    saved = difference(without, with_it)
    assert 0 <= saved.low <= saved.expected <= saved.high

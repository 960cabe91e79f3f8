"""Conclusions: levels of capabilities and of the whole, the automation share, what comes next."""

from __future__ import annotations

import copy

import pytest
import yaml

from mlops_estate.maturity.catalog import CAPABILITIES, catalog, read_catalog
from mlops_estate.maturity.model import Activity, Capability, Catalog, Evidence, Item, Outcome, Report

MET = Outcome("met", (Evidence("file", "x"),))
UNMET, OTHER = Outcome("unmet", why="no"), Outcome("not applicable", why="none")
STATES = {"+": MET, "-": UNMET, "o": OTHER}


def item(name, level, effort="S", capability="one"):
    return Item(name, capability, level, name, "check", {}, effort, f"do {name}")


def report(states, activities=(), efforts=None):
    """A report of one capability; `states` are the outcomes of its levels: "+" met, "-" unmet, "o" not applicable."""
    items = tuple(
        item(f"{level}{index}", level, (efforts or {}).get(f"{level}{index}", "S"))
        for level, marks in enumerate(states, 1)
        for index, _ in enumerate(marks)
    )
    outcomes = {
        f"{level}{index}": STATES[mark] for level, marks in enumerate(states, 1) for index, mark in enumerate(marks)
    }
    found = Catalog(catalog().levels, (Capability("one", "One", "One", items),), tuple(activities))
    return Report("prod", found, outcomes)


@pytest.mark.parametrize(
    ("states", "level"),
    [
        (("+", "+", "+"), 3),
        (("++", "+", "-"), 2),
        (("+-", "+", "+"), 0),
        (("+", "-", "+"), 1),
        (("+", "o", "+"), 3),
        (("+", "+", "o"), 2),
        (("o", "o", "o"), 0),
        (("o+", "o", "-"), 1),
        (("-", "+", "+"), 0),
    ],
)
def test_a_level_needs_all_items_of_it_and_below(states, level):
    assert report(states).levels == {"one": level}


def test_the_whole_is_as_mature_as_what_is_furthest_behind():
    one, other = report(("+", "+", "+")), report(("+", "-", "-"))
    capabilities = (one.catalog.capabilities[0], Capability("two", "Two", "Two", other.catalog.capabilities[0].items))
    renamed = tuple(
        Item(f"x{i.id}", "two", i.level, i.title, i.check, {}, i.effort, i.step) for i in capabilities[1].items
    )
    both = Catalog(catalog().levels, (capabilities[0], Capability("two", "Two", "Two", renamed)), ())
    whole = Report("prod", both, {**one.outcomes, **{f"x{name}": found for name, found in other.outcomes.items()}})
    assert (whole.level, whole.average) == (1, 2.0)


@pytest.mark.parametrize(
    ("states", "percent"), [("++o-", 66.7), ("++++", 100.0), ("----", 0.0), ("oooo", 0.0), ("+ooo", 100.0)]
)
def test_the_automation_share_is_by_weight_of_what_applies(states, percent):
    weights = (30, 10, 40, 20)
    activities = [Activity(f"a{at}", f"a{at}", weight, (f"1{at}",)) for at, weight in enumerate(weights)]
    assert report((states, "+", "+"), activities).automation_percent == percent


def test_an_activity_needs_every_item():
    activities = [Activity("a", "a", 100, ("10", "11"))]
    assert report(("++", "+", "+"), activities).automation_percent == 100
    assert report(("+-", "+", "+"), activities).automation_percent == 0
    assert report(("+o", "+", "+"), activities).automation_percent == 100


@pytest.mark.parametrize(("percent", "level"), [(0, 0), (44, 0), (45, 1), (74, 1), (75, 2), (94, 2), (95, 3), (100, 3)])
def test_the_share_is_compared_with_the_sources_levels(percent, level):
    activities = [Activity("a", "a", percent, ("10",)), Activity("b", "b", 100 - percent, ("11",))]
    assert report(("+-", "+", "+"), activities).level_by_automation.level == level


def test_the_cheapest_steps_come_first_and_those_of_the_next_level_before_others():
    found = report(("+", "--", "-"), efforts={"20": "M", "21": "S", "30": "S"})
    assert [one.id for one in found.unmet()] == ["21", "30", "20"]


def test_the_levels_are_the_sources():
    figures = [(one.automation_percent, one.efficiency_percent, one.incident_percent) for one in catalog().levels]
    assert figures == [(10, 5, 45), (45, 30, 25), (75, 60, 15), (95, 90, 5)]
    assert [one.time_to_deploy for one in catalog().levels] == [
        "4 to 8 weeks",
        "1 to 2 weeks",
        "2 to 5 days",
        "under 1 day",
    ]


def test_the_shipped_catalog_is_whole():
    found = catalog()
    assert len(found.capabilities) == 20
    assert sum(len(one.items) for one in found.capabilities) > 80
    assert sum(one.weight for one in found.activities) == 100


def test_labels_of_the_radar_are_short():
    assert all(len(one.short) <= 11 for one in catalog().capabilities)


def test_everything_wrong_with_a_catalog_is_told_at_once():
    data = copy.deepcopy(yaml.safe_load(CAPABILITIES.read_text(encoding="utf-8")))
    data["capabilities"][0]["items"][0]["check"] = "guess"
    data["capabilities"][1]["items"][1]["id"] = data["capabilities"][1]["items"][0]["id"]
    data["capabilities"][2]["items"] = data["capabilities"][2]["items"][:1]
    data["capabilities"][3]["items"][0]["next"]["effort"] = "XL"
    data["activities"][0]["weight"] += 1
    data["activities"][1]["items"] = ["nothing"]
    with pytest.raises(ValueError, match="the catalog is wrong") as found:
        read_catalog(data)
    for part in (
        "no check guess",
        "stands there 2 times",
        "no item of level 2",
        "effort XL",
        "not 100",
        "no item nothing",
    ):
        assert part in str(found.value)

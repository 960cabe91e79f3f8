"""Charts are small, repeatable, and coloured by the page."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support import report_documents as samples

from mlops_pipelines.reporting import charts, figures


def _texts(svg):
    return [element.text for element in ElementTree.fromstring(svg).iter("text")]


def test_colours_come_from_the_page_and_text_is_text():
    svg = figures.bars("x", "Title", [("pirat", 0.3, "two"), ("lvrat", 0.1, "one")], axis="PSI", limit=0.2)
    assert not re.search(r"#[0-9a-f]{6}\b", svg)
    assert {"var(--one)", "var(--two)", "var(--bad)", "var(--line)"} <= set(re.findall(r"var\(--\w+\)", svg))
    assert {"pirat", "lvrat", "PSI"} <= set(_texts(svg))
    assert "font-family" not in svg
    assert "clip-path" not in svg


def test_ids_of_two_charts_never_meet():
    rows = [("a", 0.2, 0.1, 0.3)]
    one, two = (figures.intervals(name, "Title", rows, axis="rate") for name in ("one", "two"))
    ids = [re.findall(r' id="([^"]+)"', svg) for svg in (one, two)]
    assert ids[0]
    assert not set(ids[0]) & set(ids[1])
    for svg in (one, two):
        assert set(re.findall(r'href="#([^"]+)"', svg)) <= set(re.findall(r' id="([^"]+)"', svg))


@settings(max_examples=15)
@given(st.lists(st.tuples(st.text(max_size=40), st.floats(0, 1e6)), min_size=1, max_size=4))
def test_any_name_and_size_can_be_drawn(rows):
    svg = figures.bars("x", "Title", [(name, value, "one") for name, value in rows], axis="size", limit=0.2)
    assert ElementTree.fromstring(svg).tag == "svg"


def test_a_long_label_is_shortened_and_kept_on_one_line():
    assert figures.label("a\nb\tc") == "a b c"
    assert figures.label("x" * 60) == "x" * 25 + "…"


@pytest.mark.parametrize(
    ("curve", "found", "axes"),
    [
        ([[0, 0], [1, 0.5]], [(0.0, 0.0), (1.0, 0.5)], ("x", "y")),
        ({"x": [0, 1], "y": [0.1, None]}, [(0.0, 0.1)], ("x", "y")),
        ([{"predicted_share": 0.1, "observed": 0.2, "count": 3}], [(0.1, 0.2)], ("predicted share", "observed")),
        ({"points": [[1, 2]]}, [(1.0, 2.0)], ("x", "y")),
        ({"mean": 0.1, "largest": 3.0}, [], ("x", "y")),
        ({}, [], ("x", "y")),
        ([], [], ("x", "y")),
    ],
)
def test_a_curve_is_read_in_each_of_its_forms(curve, found, axes):
    assert charts.points(curve) == (found, axes)


@pytest.mark.parametrize(
    ("direction", "colour"),
    [
        ("positive", "one"),
        ("negative", "two"),
        ("none", "soft"),
        (None, "soft"),
        (0.4, "one"),
        (-0.2, "two"),
        (0, "soft"),
    ],
)
def test_a_direction_has_a_colour(direction, colour):
    assert charts.direction_colour(direction) == colour


def test_each_section_has_its_charts():
    documents = samples.documents()
    made = charts.charts(documents)
    assert {name: [chart.title for chart in found] for name, found in made.items()} == {
        "performance": ["ROC curve", "Calibration", "Precision and recall"],
        "champion": ["Difference to the champion"],
        "explanations": ["What the model goes by"],
        "robustness": ["Changed decisions by size of the perturbation", "Score under perturbation"],
        "drift": ["Drift by column"],
        "search": ["Search by trial"],
    }
    assert [chart.title for chart in charts.group_charts(documents["fairness"])["afam"]] == ["afam: selection rate"]


def test_nothing_is_drawn_of_nothing():
    assert all(made == [] for made in charts.charts({}).values())
    assert charts.group_charts({}) == {}
    assert charts.group_charts({"attributes": {"a": {"groups": {"x": {"count": 3, "selection_rate": None}}}}}) == {
        "a": []
    }


def _heights(svg, colour):
    """Return the heights of a line of a chart, from the top downwards."""
    line = re.search(rf'd="([^"]*)" style="fill: none; stroke: var\(--{colour}\)', svg)[1]
    return [float(value) for value in re.findall(r"[ML] \S+ (\S+)", line)]


def test_the_best_trial_so_far_follows_the_metric():
    trials = [{"number": number, "score": score} for number, score in enumerate((3.0, 2.0, 2.5))]
    falls = {}
    for metric in ("rmse", "roc_auc"):
        [chart] = charts.charts({"search": {"metric": metric, "trials": trials}})["search"]
        heights = _heights(chart.svg, "two")
        falls[metric] = heights[-1] > heights[0]
    assert falls == {"rmse": True, "roc_auc": False}


def test_a_trial_that_was_stopped_early_is_not_the_best_so_far():
    trials = [{"number": number, "score": score} for number, score in enumerate((0.7, 0.9, 0.72))]
    trials[1]["complete"] = False
    search = {"metric": "roc_auc", "trials": trials, "selection": {"chosen": {"number": 2}}}
    [chart] = charts.charts({"search": search})["search"]
    assert "2 trials by ROC AUC, 1 more stopped early" in chart.svg
    assert {"stopped early", "chosen"} <= set(_texts(chart.svg))
    assert min(_heights(chart.svg, "two")) > 60  # 0.72 of 0.7 to 0.9: near the bottom

"""The forms: every one says the same, a page is sound and still, charts have text beside them."""

from __future__ import annotations

import csv
import io
import json
import xml.etree.ElementTree as ET
from html.parser import HTMLParser

import pytest

from mlops_estate.faults import FaultsFound
from mlops_estate.reports.page import MINUS
from mlops_estate.roi import calculate, read_inputs, sensitivity_of
from mlops_estate.roi.charts import curves, money, tornado
from mlops_estate.roi.report import FORMS, as_csv, as_html, as_json, as_markdown, as_text, document, verdict, write

NEVER = ["factors.revenue=0", "factors.accuracy=0", "factors.efficiency=0"]
AT_ONCE = ["costs.infrastructure=[]", "costs.development=[]", "costs.operations=[]", "costs.incidents=[]"]
LOST = ["costs.incidents=[{start: 24, end: 24, total_usd: 900000}]"]
NOTHING = [*AT_ONCE, "value.revenue=[]", "value.accuracy=[]", "value.efficiency=[]", "value.time_to_market=[]"]


def made(settings=()):
    result = calculate(read_inputs(settings=list(settings)))
    return result, sensitivity_of(result.inputs), ["a <note> & more"]


@pytest.mark.parametrize("form", [as_json, as_csv, as_text, as_markdown, as_html])
@pytest.mark.parametrize("settings", [(), NEVER, AT_ONCE, LOST, NOTHING, ["horizon_months=1"], ["horizon_months=120"]])
def test_every_form_is_written_for_every_kind_of_answer_and_the_same_twice(form, settings):
    assert form(*made(settings)) == form(*made(settings))


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ((), "Pays for itself in month 14"),
        (NEVER, "Does not pay for itself within 24 months"),
        (AT_ONCE, "never below cost"),
        (LOST, "loses it again"),
    ],
)
def test_the_headline_says_what_happens(settings, words):
    assert words in verdict(made(settings)[0])[0]


def test_more_than_one_break_even_is_told():
    again = ["costs.incidents=[{start: 15, end: 15, total_usd: 200000}]"]
    assert "more than once: months 14, 19" in verdict(made(again)[0])[1]


def test_json_holds_result_sensitivity_and_inputs():
    data = json.loads(as_json(*made()))
    assert (data["format"], data["version"]) == ("mlops-estate/roi", 1)
    assert [row["month"] for row in data["months"]] == list(range(1, 25))
    assert data["months"][23]["cumulative_net_usd"] == data["net_usd"] == 560_000
    assert data["break_even"] == {"state": "reached", "month": 14, "payback_months": 13.75, "months": [14]}
    again = calculate(type(made()[0].inputs).model_validate(data["inputs"]))
    assert document(again, *made()[1:]) == data


def test_the_table_of_months_adds_up():
    rows = list(csv.DictReader(io.StringIO(as_csv(*made()))))
    assert [row["month"] for row in rows] == [str(month) for month in range(1, 25)]
    spent = sum(float(row[f"{name}_usd"]) for row in rows for name in ("infrastructure", "development", "operations"))
    spent += sum(float(row["incidents_usd"]) for row in rows)
    assert spent == pytest.approx(float(rows[-1]["cumulative_cost_usd"]))


def test_terminal_text_is_narrow_and_plain():
    text = as_text(*made())
    assert max(map(len, text.splitlines())) < 100
    assert "\x1b" not in text


class _Page(HTMLParser):
    def __init__(self):
        super().__init__()
        self.tags, self.links = [], []

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.links += [value for name, value in attributes if name in ("src", "href") and not value.startswith("#")]


def test_the_page_is_one_file_without_scripts_or_network_and_escapes():
    text = as_html(*made())
    page = _Page()
    page.feed(text)
    assert "script" not in page.tags
    assert page.links == []
    assert "a &lt;note&gt; &amp; more" in text
    assert text.count("<svg") == 2


@pytest.mark.parametrize("settings", [(), NEVER, AT_ONCE, NOTHING, ["horizon_months=1"], ["horizon_months=120"]])
def test_charts_are_sound_stay_inside_and_have_text(settings):
    result, found, _notes = made(settings)
    for svg in (curves(result), tornado(found, result)):
        root = ET.fromstring(svg)
        space = "{http://www.w3.org/2000/svg}"
        assert root.find(f"{space}title").text
        width, height = (float(part) for part in root.get("viewBox").split()[2:])
        for text in root.iter(f"{space}text"):
            assert 0 <= float(text.get("x")) <= width
            assert 0 <= float(text.get("y")) <= height
        for line in root.iter(f"{space}polyline"):
            for point in line.get("points").split():
                x, y = map(float, point.split(","))
                assert 0 <= x <= width
                assert 0 <= y <= height
        for bar in root.iter(f"{space}rect"):
            assert float(bar.get("x")) >= 0
            assert float(bar.get("x")) + float(bar.get("width")) <= width


def test_the_chart_marks_the_break_even_only_where_there_is_one():
    assert "break-even in month 14" in curves(made()[0])
    assert "break-even" not in curves(made(NEVER)[0])


@pytest.mark.parametrize(
    ("cents", "text"),
    [(0, "$0"), (35_000, "$350"), (-7_000_000, f"{MINUS}$70k"), (120_000_000, "$1.2m"), (99_999_999, "$1m"),
     (2 * 10**13, "$200bn"), (-10, "$0")],
)  # fmt: skip
def test_amounts_on_axes_are_short(cents, text):
    assert money(cents) == text


@pytest.mark.parametrize("ending", FORMS)
def test_a_file_is_written_by_its_ending(tmp_path, ending):
    path = tmp_path / "deep" / f"roi{ending}"
    write(path, *made())
    assert path.stat().st_size > 400


def test_another_ending_is_refused(tmp_path):
    with pytest.raises(FaultsFound, match=r"end it in"):
        write(tmp_path / "roi.pdf", *made())

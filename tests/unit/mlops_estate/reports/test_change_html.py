"""The change report as a page: whole, self-contained, and nothing of a name acts in it."""

from __future__ import annotations

import re
import time
import xml.etree.ElementTree as ET
from html.parser import HTMLParser

import pytest
from tests.support import change_documents as documents

from mlops_estate.reports.change import charts, html, sections

VOID = {"meta", "link", "img", "br", "input", "hr", "base", "area", "col", "embed", "source", "track", "wbr"}


class Page(HTMLParser):
    """A page's tags, attributes and text; `open` are the tags that are not closed, in order."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.attributes, self.pieces, self.open, self.wrong = [], [], [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self.attributes += attrs
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self.attributes += attrs

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.wrong.append(tag)

    def handle_data(self, data):
        self.pieces.append(data)

    @property
    def text(self):
        return " ".join("".join(self.pieces).split())

    def of(self, tag, css=""):
        return [attributes for name, attributes in self.tags if name == tag and css in attributes.get("class", "")]


@pytest.fixture(scope="module")
def pages():
    return {name: Page(html.render(make())) for name, make in documents.EVERY.items()}


@pytest.mark.parametrize("name", documents.EVERY)
def test_every_tag_is_closed_in_its_order_and_every_id_is_one(name, pages):
    page = pages[name]
    assert (page.wrong, page.open) == ([], [])
    ids = [value for key, value in page.attributes if key == "id"]
    assert len(ids) == len(set(ids))
    targets = [value for key, value in page.attributes if key == "href"]
    assert targets
    assert {target.removeprefix("#") for target in targets} <= set(ids)
    named = {part for key, value in page.attributes if key == "aria-labelledby" for part in value.split()}
    assert named <= set(ids)


@pytest.mark.parametrize("name", documents.EVERY)
def test_nothing_is_run_and_nothing_is_loaded(name, pages):
    page = pages[name]
    assert not {"script", "link", "img", "iframe", "object", "embed", "base", "form"} & {tag for tag, _ in page.tags}
    assert not {"src", "srcset", "action", "style", "xlink:href"} & {key for key, _ in page.attributes}
    assert not [key for key, _ in page.attributes if key.startswith("on")]
    assert ("content", "default-src 'none'; style-src 'unsafe-inline'") in page.attributes


def test_names_and_values_are_text(pages):
    seen = pages["hostile"].text
    for name in (
        "<script>alert(1)</script>",
        "</details><img src=x onerror=alert(1)>",
        "{{ 7 * 7 }} {% raw %} &lt;b&gt;",
    ):
        assert name in seen
    assert "&#60;script&#62;" in seen
    assert "\\u202etxt.exe" in seen


def test_the_top_says_what_to_decide_on(pages):
    page = pages["small"]
    assert page.of("div", "verdict bad-news")
    assert page.text.index("2 dangers, 2 warnings, 1 notice: look before you merge") < page.text.index("By model")
    assert page.text.index("!! danger A feature is removed: income_ratio") < page.text.index("By model")
    assert len(page.of("div", "tile")) == 5
    assert re.search(r"Changes ?5 ?1 removed, 1 replaced, 2 changed, 1 added; 1,590 unchanged", page.text)
    assert "+$116" in page.text
    assert "+3.20 kg" in page.text


@pytest.mark.parametrize(
    ("name", "tone"), [("small", "bad-news"), ("empty", "good-news"), ("first deployment", "good-news")]
)
def test_the_verdict_has_its_tone(name, tone, pages):
    assert [found["class"].split()[1:] for found in pages[name].of("div", "verdict")] == [[tone]]


def test_a_warning_is_neither_good_nor_bad_news():
    page = Page(html.render(documents.document([], headlines=[documents.headline("warning", "cost", "dearer")])))
    assert [found["class"].split() for found in page.of("div", "verdict")] == [["verdict"]]


def test_changes_have_signs_beside_their_colours(pages):
    page = pages["small"]
    assert [found["class"].split()[1] for found in page.of("p", "resource")] == [
        "remove", "replace", "change", "change", "add",
    ]  # fmt: skip
    assert "- sagemaker.FeatureGroup mortgage-features-income" in re.sub(r"(?<=[-+~])(?=sage)", " ", page.text)
    assert "+-native sagemaker.EndpointConfig prod-mortgage-config" in page.text
    assert '~productionVariants[0].instanceType: "ml.m5.large" => "ml.m5.xlarge" [replaces]' in page.text
    assert "+tags.reviewed: true" in page.text
    assert [found for found in page.tags if found[0] == "b" and "urn:pulumi" in found[1].get("title", "")]


def test_releases_permissions_findings_and_costs_are_tables_and_charts(pages):
    page = pages["small"]
    assert len(page.of("svg", "chart")) == 2
    assert "Traffic of the new version" in page.text
    assert "0 s to 10 min10 %canary: a tenth of the capacity" in page.text
    assert "mortgage-training!! dangers3:**alwaysby policy: action widened; a wildcard of a service" in page.text
    assert "iam-no-service-wildcard" in page.text
    assert [found["class"] for found in page.of("span") if found.get("class") in ("bad", "wait")][-3:] == [
        "wait", "bad", "wait",
    ]  # fmt: skip
    assert "mortgage-approval$83.95$250+$166" in page.text
    assert "! caution no alarm watches the quality" in page.text
    labels = {found.get("data-label") for found in page.of("td")}
    assert {"may do", "to", "when", "how", "rule", "finding", "before", "after", "difference", "traffic"} <= labels


def test_carbon_is_a_range_where_its_bounds_differ(pages):
    assert "before41.20 kg (30.00 to 52.00) CO2e a monthafter44.40 kg (33.00 to 56.00) CO2e" in pages["small"].text
    assert "before41.20 kg CO2e a monthafter41.20 kg CO2e" in pages["empty"].text


def test_of_very_many_properties_the_first_are_listed():
    changed = [documents.added(f"tags.t{place}", place) for place in range(25)]
    page = Page(
        html.render(documents.document([documents.change(documents.BUCKET, "b", "change", properties=changed)]))
    )
    assert "tags.t19: 19" in page.text
    assert "tags.t20" not in page.text
    assert "and 5 more properties" in page.text


def test_an_empty_report_has_no_charts_of_releases_and_no_tables_of_changes(pages):
    page = pages["empty"]
    assert "No change" in page.text
    assert "No resource changes." in page.text
    assert "Release timetable" not in page.text
    assert not page.of("p", "resource")


def test_a_report_without_estimates_and_rules_is_a_page():
    page = Page(html.render(documents.document([], policy=None)))
    assert page.text.count("not estimated") >= 2
    assert not page.of("svg")


def test_a_release_that_takes_no_time_has_no_chart():
    stages = [{"at_seconds": 0, "until_seconds": 0, "traffic_percent": 100, "what": "created"}]
    page = Page(html.render(documents.document([], release=[documents.release("m", seconds=0, stages=stages)])))
    assert "at once100 %created" in page.text
    assert not page.of("svg")


def test_seven_thousand_changes_are_a_usable_page_in_time():
    document = documents.huge(models=100, each=70)
    for change in document["changes"]:
        change["properties"] = change["properties"][:3]
    start = time.process_time()
    text = html.render(document)
    took = time.process_time() - start
    page = Page(text)
    assert took < 2
    assert len(text.encode()) < 2_500_000
    assert len(page.of("p", "resource")) == 400
    assert "The gravest 400 changes are listed here; the other 6,600 are in the JSON document" in page.text
    assert "model-9918171817" in page.text  # all of a model are counted: 18 removed, 17 replaced, ...
    assert ["open" in found for found in page.of("details", "group")] == [True] + [False] * 99
    assert "and 66 more changes of this model" in page.text
    assert "and 90 more headlines" in page.text
    assert len(page.of("svg")) == 13


def test_a_first_deployment_of_many_resources_is_folded():
    page = Page(html.render(documents.first_deployment(90)))
    assert ["open" in found for found in page.of("details", "group")] == [False] * 3
    assert ["open" in found for found in Page(html.render(documents.first_deployment(60))).of("details", "group")] == [
        True
    ] * 3


def test_a_removed_resource_folds_its_properties(pages):
    assert "1 property" in pages["small"].text
    assert "3 properties" in pages["first deployment"].text


def shape(svg):
    return ET.fromstring(str(svg))


def test_the_traffic_chart_steps_at_the_times_of_the_stages():
    root = shape(charts.traffic(documents.release("m"), 3))
    edge = next(path for path in root.iter("path") if path.get("class") == "edge").get("d")
    points = [tuple(map(float, pair.split(","))) for pair in re.findall(r"[\d.]+,[\d.]+", edge)]
    width = 400 - 48 - 14
    times = [round((x - 48) / width * 1500) for x, _ in points]
    shares = [round((130 - y) / 110 * 100) for _, y in points]
    assert times == [0, 0, 600, 600, 1200, 1200, 1500]
    assert shares == [0, 10, 10, 50, 50, 100, 100]
    assert root.find("title").text == "Traffic of prod-m"
    assert root.find("desc").text == "0 s to 10 min: 10 %; 10 min to 20 min: 50 %; from 20 min: 100 %"
    assert [text.text for text in root.iter("text")][-1] == "25 min"


def test_a_share_is_written_once_and_never_over_another():
    times = ((0, 600, 10), (600, 610, 50), (610, 1200, 100), (1200, 1500, 100))
    stages = [{"at_seconds": at, "until_seconds": until, "traffic_percent": share, "what": ""}
              for at, until, share in times]  # fmt: skip
    root = shape(charts.traffic(documents.release("m", stages=stages), 0))
    assert [text.text for text in root.iter("text")] == [
        "0 %",
        "50 %",
        "100 %",
        "10 %",
        "50 %",
        "100 %",
        "0 s",
        "25 min",
    ]


def test_bars_are_as_long_as_their_numbers():
    rows = [sections.CostRow("a", 50.0, 100.0, 50.0), sections.CostRow("<b>", 0.0, 25.0, 25.0)]
    root = shape(charts.costs(rows))
    widths = [(bar.get("class"), round(float(bar.get("width")))) for bar in root.iter("rect")]
    assert widths == [("before", 158), ("after", 316), ("before", 1), ("after", 79)]
    assert root.find("desc").text == "a: $50.00 before, $100 after; <b>: $0.00 before, $25.00 after"


def test_a_chart_takes_any_numbers():
    stages = [{"at_seconds": 5, "until_seconds": None, "traffic_percent": 100, "what": ""}]
    assert shape(charts.traffic(documents.release("m", seconds=0, stages=stages), 0)).find("desc").text
    assert shape(charts.costs([sections.CostRow("a", 0.0, 0.0, 0.0)])).find("desc").text

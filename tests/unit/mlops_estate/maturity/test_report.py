"""The forms of an assessment: sound, still, narrow, escaped; the radar stays inside its frame."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from html.parser import HTMLParser

import pytest

from mlops_estate.faults import FaultsFound
from mlops_estate.maturity.catalog import catalog
from mlops_estate.maturity.model import Evidence, Outcome, Report
from mlops_estate.maturity.radar import radar
from mlops_estate.maturity.report import FORMS, as_html, as_json, as_markdown, as_text, next_steps, told, write

URN = "urn:pulumi:prod::mlops-estate::mlops:index:X$aws:sns/topic:Topic::alerts"
SPACE = "{http://www.w3.org/2000/svg}"


def report(kind="mixed"):
    items = [item for capability in catalog().capabilities for item in capability.items]
    met = Outcome("met", (Evidence("resource", URN, "<b>bold</b> | bar"),))
    unmet = Outcome("unmet", why="<i>nothing</i> | there")
    states = {"all": [met], "none": [unmet], "mixed": [met, unmet, Outcome("not applicable", why="none")]}[kind]
    outcomes = {item.id: states[at % len(states)] for at, item in enumerate(items)}
    return Report("prod", catalog(), outcomes, {"unit": 70, "integration": 20, "end_to_end": 10}, ("a note",))


@pytest.mark.parametrize("form", [as_json, as_markdown, as_html, as_text, radar])
@pytest.mark.parametrize("kind", ["all", "none", "mixed"])
def test_every_form_is_written_and_the_same_twice(form, kind):
    assert form(report(kind)) == form(report(kind))


def test_all_and_nothing_are_told_as_such():
    assert json.loads(as_json(report("all")))["automation_percent"] == 100
    assert json.loads(as_json(report("all")))["next_steps"] == []
    nothing = json.loads(as_json(report("none")))
    assert (nothing["level"], nothing["automation_percent"], nothing["level_by_automation"]) == (0, 0, 0)
    assert "below the source's level 1" in as_text(report("none")).lower()


def test_a_step_that_meets_several_items_stands_there_once():
    steps = next_steps(report("none"))
    assert len({step["do"] for step in steps}) == len(steps)
    assert [step["effort"] for step in steps] == sorted((step["effort"] for step in steps), key="SML".index)
    several = next(step for step in steps if "release.baseline_uri" in step["do"])
    assert several["items"] == ["drift-live", "validation-live"] or several["items"] == [
        "validation-live",
        "drift-live",
    ]


@pytest.mark.parametrize("full", [False, True])
def test_terminal_text_is_narrow(full):
    lines = as_text(report(), full=full).splitlines()
    assert max(map(len, lines)) < 100
    assert any("and " in line and "more" in line for line in lines) is not full


def test_full_text_shows_every_item_and_its_evidence():
    text = as_text(report(), full=True)
    assert all(f"[{item.id}]" in text.replace("\n", "") for one in catalog().capabilities for item in one.items)
    assert "Topic alerts" in text


class _Page(HTMLParser):
    def __init__(self):
        super().__init__()
        self.tags, self.links = [], []

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.links += [value for name, value in attributes if name in ("src", "href") and not value.startswith("#")]


def test_the_page_is_one_file_without_scripts_or_network_and_escapes():
    text = as_html(report())
    page = _Page()
    page.feed(text)
    assert not {"script", "i"} & set(page.tags)
    assert page.links == []
    assert "&lt;i&gt;nothing&lt;/i&gt;" in text
    assert page.tags.count("svg") == 1


def test_cells_of_markdown_keep_their_row():
    for line in as_markdown(report()).splitlines():
        if line.startswith("|"):
            assert line.replace("\\|", "").count("|") in (4, 6)


@pytest.mark.parametrize("alone", [False, True])
@pytest.mark.parametrize("kind", ["all", "none", "mixed"])
def test_the_radar_shows_every_capability_inside_its_frame(kind, alone):
    root = ET.fromstring(radar(report(kind), alone=alone))
    width, height = map(float, root.get("viewBox").split()[2:])
    labels = [text for text in root.iter(f"{SPACE}text") if text.text in {one.short for one in catalog().capabilities}]
    assert len(labels) == len(catalog().capabilities)
    for text in labels:
        length = 7 * len(text.text)  # a character of 13 px is about 7 px wide
        x, left = float(text.get("x")), {"start": 0, "middle": length / 2, "end": length}[text.get("text-anchor")]
        assert x - left >= 0
        assert x - left + length <= width
        assert 10 <= float(text.get("y")) <= height
    assert len(list(root.iter(f"{SPACE}circle"))) == len(labels)
    assert root.find(f"{SPACE}title").text
    assert (root.find(f"{SPACE}style") is not None) is alone


def test_the_radar_reaches_further_with_a_higher_level():
    def reach(kind):
        points = [
            (float(one.get("cx")), float(one.get("cy")))
            for one in ET.fromstring(radar(report(kind))).iter(f"{SPACE}circle")
        ]
        return max(abs(x - 200) for x, _ in points)

    assert reach("all") > 100
    assert reach("none") == 0


@pytest.mark.parametrize(
    ("evidence", "text"),
    [
        (Evidence("resource", URN, "severity critical"), "Topic alerts: severity critical"),
        (Evidence("pipeline step", f"{URN} step Gate", "runs"), "Topic alerts, step Gate: runs"),
        (Evidence("file", "tests/unit"), "tests/unit"),
    ],
)
def test_evidence_is_told_in_a_line(evidence, text):
    assert told(evidence) == text


@pytest.mark.parametrize("ending", FORMS)
def test_a_file_is_written_by_its_ending(tmp_path, ending):
    path = tmp_path / "deep" / f"m{ending}"
    write(report(), path)
    assert path.stat().st_size > 500


def test_another_ending_is_refused(tmp_path):
    with pytest.raises(FaultsFound, match=r"end it in"):
        write(report(), tmp_path / "m.pdf")

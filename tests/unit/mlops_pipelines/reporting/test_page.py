"""The report is one well-formed file that says what happened, hides nothing, and lets nothing break out of it."""

from __future__ import annotations

import copy
import re
from html.parser import HTMLParser

import pytest
from tests.support import report_documents as samples

from mlops_pipelines.reporting import page, render

VOID = {"meta", "br", "hr", "img", "link", "input"}
REGISTERED = {"version": "1.2.0", "registry_version": 5}


class Outline(HTMLParser):
    """Elements, ids, attributes and text of a page; notes what is not closed in order."""

    def __init__(self, page_):
        super().__init__(convert_charrefs=True)
        self.open, self.faults, self.elements, self.text = [], [], [], []
        self.feed(page_)
        self.close()
        self.faults += [f"{tag} is never closed" for tag in self.open]

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        if not self.open or self.open[-1] != tag:
            self.faults.append(f"</{tag}> closes {self.open[-1:]} at {self.getpos()}")
        elif self.open:
            self.open.pop()

    def handle_data(self, data):
        if self.open and self.open[-1] != "style":
            self.text.append(data)

    @property
    def ids(self):
        return [attributes["id"] for _, attributes in self.elements if "id" in attributes]

    def said(self):
        return re.sub(r"\s+", " ", " ".join(self.text))


@pytest.fixture(scope="module")
def pages():
    """A page of each kind of run."""
    return {
        "registered": render(samples.documents(), registered=REGISTERED),
        "refused": render(samples.refused()),
        "stopped": render(
            samples.stopped(),
            steps=[
                {"name": "Champion", "state": "succeeded", "seconds": 1.5},
                {"name": "ValidateData", "state": "failed", "seconds": 2.25},
            ],
            failure="step ValidateData failed: column pirat, record 7: 'abc' is no number\ncolumn lvrat, record 9: 12",
        ),
        "nothing": render({}),
        "regression": render(samples.regression()),
        "multiclass": render(samples.multiclass()),
    }


KINDS = ("registered", "refused", "stopped", "nothing", "regression", "multiclass")


@pytest.fixture(scope="module")
def outlines(pages):
    return {kind: Outline(pages[kind]) for kind in KINDS}


@pytest.mark.parametrize("kind", KINDS)
class TestEveryPage:
    def test_is_well_formed_and_names_each_thing_once(self, outlines, kind):
        outline = outlines[kind]
        assert outline.faults == []
        assert len(outline.ids) == len(set(outline.ids))
        for _, attributes in outline.elements:
            for key in ("aria-labelledby", "href"):
                for name in attributes.get(key, "").split():
                    assert name.removeprefix("#") in outline.ids, name

    def test_needs_nothing_from_elsewhere(self, pages, outlines, kind):
        tags = {tag for tag, _ in outlines[kind].elements}
        assert not tags & {"script", "link", "iframe", "img", "object", "embed", "base", "form"}
        for _, attributes in outlines[kind].elements:
            assert not {key for key in attributes if key.startswith("on")}
            assert "src" not in attributes
            assert attributes.get("href", "#").startswith("#")
        assert "url(" not in pages[kind]
        assert "@import" not in pages[kind]
        assert "default-src 'none'" in pages[kind]

    def test_is_small_enough_to_send(self, pages, kind):
        assert len(pages[kind].encode()) < 600_000

    def test_has_every_section_with_its_heading(self, outlines, kind):
        for section in page.SECTIONS:
            assert section.name in outlines[kind].ids
            assert section.title in outlines[kind].said()

    def test_heads_every_table_and_titles_every_figure(self, pages, kind):
        for table in re.findall(r"<table.*?</table>", pages[kind], re.S):
            assert "<thead>" in table
            assert re.search(r'<th scope="col"', table)
        for svg in re.findall(r"<svg.*?</svg>", pages[kind], re.S):
            assert 'role="img"' in svg
            assert re.search(r"<title id=[^>]*>[^<]+</title><desc id=[^>]*>[^<]+</desc>", svg)


def test_the_same_documents_give_the_same_bytes(pages):
    assert render(samples.documents(), registered=REGISTERED) == pages["registered"]


def test_a_missing_document_is_said_and_its_step_is_named(outlines):
    said = outlines["stopped"].said()
    assert "Not reached: there was no evaluation document when this report was written (step Evaluate)." in said
    assert said.count("Not reached: there was no") == 12
    assert outlines["registered"].said().count("Not reached") == 0


def test_a_document_that_is_none_counts_as_missing():
    assert render({"gate": None}) == render({})


@pytest.fixture
def _undrawn(monkeypatch):
    """Charts take most of a page's time, and don't say what is missing."""
    monkeypatch.setattr(page, "charts", lambda _documents: {})
    monkeypatch.setattr(page, "group_charts", lambda _fairness: {})


@pytest.mark.parametrize("name", page.DOCUMENTS)
@pytest.mark.usefixtures("_undrawn")
def test_each_document_may_be_missing_alone(name):
    said = Outline(render({key: value for key, value in samples.documents().items() if key != name})).said()
    assert name == "champion" or f"no {name} document" in said


@pytest.mark.parametrize("name", page.DOCUMENTS)
def test_an_empty_document_is_no_error(name):
    assert Outline(render({name: {}})).faults == []


def test_a_document_that_the_report_does_not_know_is_refused():
    with pytest.raises(ValueError, match="the report knows no document evalution, gates; known are champion, "):
        render({"gates": {}, "evalution": {}, "gate": {}})


HOSTILE = {
    "pirat": "<script>alert(1)</script>", "afam": '"><img src=x onerror=alert(1)>', "yes": "</style><b>",
    "mortgage-approval": "{{ 7 * 7 }}", "insurance": "$\\frac{1$", "hmda_boston_mortgages.csv": "a\x00\ud800b",
    "roc": "--><!-- ]]>",
}  # fmt: skip


def test_what_data_are_called_does_not_break_out():
    def renamed(value):
        if isinstance(value, dict):
            return {renamed(key): renamed(item) for key, item in value.items()}
        if isinstance(value, list):
            return [renamed(item) for item in value]
        return HOSTILE.get(value, value) if isinstance(value, str) else value

    documents = renamed(copy.deepcopy(samples.documents()))
    documents["gate"]["checks"][0]["rule"] = HOSTILE["pirat"]
    page_ = render(documents, registered={"version": HOSTILE["yes"]}, steps=[{"name": HOSTILE["afam"]}])
    outline = Outline(page_)
    assert outline.faults == []
    assert not {tag for tag, _ in outline.elements} & {"script", "img"}
    assert len(outline.ids) == len(set(outline.ids))
    assert "\x00" not in page_
    for name, text in HOSTILE.items():
        shown = re.sub("[\x00\ud800]", "\N{REPLACEMENT CHARACTER}", text)
        # As a curve's title and a chart's label a name is written as words, or shortened; as a cell whole.
        assert shown in outline.said() or name == "roc"


def test_a_reviewer_finds_what_decides(outlines):
    said = outlines["registered"].said()
    for part in (
        "Registered as version 1.2.0 (registry version 5), pending approval",
        "8 of 8 gates passed", "0.842", "0.801 to 0.883", "+0.011 (\N{MINUS SIGN}0.006 to +0.028)",
        "Drifted: pirat.", "raises the prediction", "✓ signature verified", samples.sha("model.tar.gz"),
        "tree ensembles hold thresholds, which do not quantise", "48.2 kB",
        "Orders applications for review by a loan officer, who decides.", "yes (few records)",
        "6.3 % of 476 decisions change",
    ):  # fmt: skip
        assert part in said, part


def test_the_failed_gates_come_first(pages):
    rows = re.findall(r'<tr><th scope="row">([^<]*)</th><td data-label="Outcome">', pages["refused"])
    assert rows[:2] == ["metric", "selection rate difference"]
    assert len(rows) == 8


def test_a_failed_run_starts_with_its_steps(pages):
    assert pages["stopped"].index('id="steps"') < pages["stopped"].index('id="gates"')
    assert "2.2" in Outline(pages["stopped"]).said()


def test_classes_are_named_as_the_data_have_them(outlines):
    assert "predicted medium" in outlines["multiclass"].said()
    assert "180 90 %" in outlines["multiclass"].said()


def test_what_was_not_measured_is_said_at_the_top(outlines):
    said = outlines["regression"].said()
    assert said.index("there is no champion to compare with") < said.index("8 of 8 gates passed")
    assert "No protected attribute: nothing was compared between groups." in said
    assert "Not measured: no reference to compare with." in said


def _luminance(colour):
    channels = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in channels]
    return sum(weight * value for weight, value in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


@pytest.mark.parametrize("mode", [0, 1], ids=["light", "dark"])
def test_text_and_lines_have_enough_contrast_in_light_and_dark(pages, mode):
    palettes = re.findall(r":root \{(.*?)\n\s*\}", pages["nothing"], re.S)
    colours = {**dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", palettes[mode]))}
    for text, grounds in {
        "ink": ("paper", "panel", "good-panel", "bad-panel", "wait-panel"), "soft": ("paper", "panel"),
        "good": ("paper",), "bad": ("paper", "panel"), "wait": ("paper",), "one": ("paper", "panel"),
        "two": ("panel",), "three": ("panel",),
    }.items():  # fmt: skip
        for ground in grounds:
            high, low = sorted((_luminance(colours[text]), _luminance(colours[ground])), reverse=True)
            assert (high + 0.05) / (low + 0.05) >= 4.5, (text, ground)  # WCAG 2.2, 1.4.3 (AA)

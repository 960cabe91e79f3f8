"""The change report's document, its JSON form, and that all forms say the same."""

from __future__ import annotations

import html
import json
import re
from copy import deepcopy
from html.parser import HTMLParser

import pytest
from jsonschema import Draft202012Validator
from tests.support import change_documents as documents

from mlops_estate.faults import FaultsFound
from mlops_estate.reports.change import FORMS, as_json, form_of, markdown, schema, sections, text, write
from mlops_estate.reports.change import html as page


def faults(document):
    return list(Draft202012Validator(schema()).iter_errors(document))


def as_read(form: str, document) -> str:
    """Return what a reader of a form sees, on one line."""
    if form == "markdown":
        shown = re.sub(r"<br>|<[^>]*>", " ", markdown.render(document))
        shown = html.unescape(shown).replace("\u200b", "")
    elif form == "html":
        parser = HTMLParser()
        seen = []
        parser.handle_data = seen.append
        parser.feed(page.render(document))
        shown = " ".join(seen)
    else:
        shown = text.render(document, full=True)
    return " ".join(shown.split())


def test_the_schema_is_one():
    Draft202012Validator.check_schema(schema())


@pytest.mark.parametrize("name", documents.EVERY)
def test_every_document_follows_the_schema(name):
    assert [error.message for error in faults(documents.EVERY[name]())] == []


@pytest.mark.parametrize("key", sorted(documents.small()))
def test_a_document_without_one_of_its_parts_does_not(key):
    document = documents.small()
    del document[key]
    assert faults(document)


@pytest.mark.parametrize(
    ("path", "wrong"),
    [
        (("version",), 2), (("format",), "x"), (("summary", "remove"), -1), (("headlines", 0, "level"), "grave"),
        (("changes", 0, "action"), "delete"), (("changes", 1, "properties", 0, "kind"), "replace"),
        (("base", "kind"), "commit"), (("release", 0, "stages", 0, "traffic_percent"), 110),
        (("permissions", "granted", 0, "severity"), "high"), (("policy", "new", 0, "rule"), 1),
        (("cost", "delta", "low"), "0"), (("cost", "budget", "state"), "over"), (("carbon", "after"), 3.0),
        (("notes",), "one"), (("changes", 0, "protected"), "yes"), (("environment",), ""),
    ],
)  # fmt: skip
def test_a_document_with_a_wrong_value_does_not(path, wrong):
    document = documents.small()
    holder = document
    for key in path[:-1]:
        holder = holder[key]
    holder[path[-1]] = wrong
    assert faults(document)


def test_json_is_the_whole_in_an_order_that_does_not_vary():
    document = documents.small()
    turned = json.loads(json.dumps(document), object_pairs_hook=lambda pairs: dict(reversed(pairs)))
    assert json.loads(as_json.render(document)) == document
    assert as_json.render(turned) == as_json.render(document)
    assert as_json.render(document).isascii()


@pytest.mark.parametrize("form", ["text", "markdown", "html"])
@pytest.mark.parametrize("name", ["small", "empty", "first deployment"])
def test_every_form_says_the_same(name, form):
    document = documents.EVERY[name]()
    seen = as_read(form, document)
    top = sections.sections(document)
    facts = [top.title, top.verdict, top.sides, top.summary]
    facts += [figure.text for figure in top.figures]
    facts += [headline.title for headline in top.headlines] + [headline.detail for headline in top.headlines]
    facts += [change["name"] for change in document["changes"]]
    facts += [sections.release_title(entry) for entry in document["release"]]
    facts += [entry["principal"] for entry in document["permissions"]["granted"]]
    facts += [entry["rule"] for kind in ("new", "fixed") for entry in document["policy"][kind]]
    facts += sections.notes(document)
    assert [fact for fact in facts if " ".join(fact.split()) not in seen] == []


@pytest.mark.parametrize("form", ["text", "markdown", "html"])
def test_every_form_shows_the_differences_of_a_property(form):
    seen = as_read(form, documents.small())
    for part in ('"ml.m5.large"', '"ml.m5.xlarge"', "[replaces]", '"CANARY"', '"ALL_AT_ONCE"', '["s3:*"]', "[secret]"):
        assert part in seen


@pytest.mark.parametrize("form", ["text", "markdown", "html"])
def test_what_was_not_estimated_breaks_no_form(form):
    seen = as_read(form, documents.document([], policy=None))
    assert "not estimated" in seen
    assert "not judged" in seen


def test_rendering_changes_nothing_in_the_document():
    document = documents.small()
    before = deepcopy(document)
    for render in (as_json.render, markdown.render, page.render, text.render):
        assert render(document) == render(document)
    assert document == before


@pytest.mark.parametrize("ending", FORMS)
@pytest.mark.parametrize("name", ["small", "hostile"])
def test_a_files_ending_says_its_form(name, ending, tmp_path):
    path = tmp_path / "new" / f"change{ending}"
    write(documents.EVERY[name](), path)
    assert path.read_text(encoding="utf-8")[:1] == {".json": "{", ".md": "<", ".html": "<", ".txt": "C"}[ending]


def test_a_text_file_holds_every_change(tmp_path):
    write(documents.huge(), tmp_path / "change.txt")
    assert "--full" not in (tmp_path / "change.txt").read_text(encoding="utf-8")


def test_another_ending_is_refused(tmp_path):
    with pytest.raises(FaultsFound, match=r"end it in \.json, \.md, \.html, \.txt"):
        form_of(tmp_path / "change.pdf")

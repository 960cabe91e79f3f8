"""The change report as a pull request's comment: short enough, and nothing of a name acts in it."""

from __future__ import annotations

import html
import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from tests.support import change_documents as documents

from mlops_estate.reports.change import markdown
from mlops_estate.reports.change.escape import code, fenced, prose

ANCHOR = "<!-- mlops-estate:change:"
OURS = re.compile(
    r"<!-- mlops-estate:change:[A-Za-z0-9._-]*-->\n?"
    r"|<!-- mlops-estate:change:[A-Za-z0-9._-]* -->\n?"
    r"|</?(code|b)>|<br>|</details>\n?|<details( open)?><summary><b>[^<>]*</b>[^<>]*</summary>\n?"
)
LINKS = re.compile(r"://|www\.|mailto:|xmpp:|[\w.+-]+@[\w-]|(?<!\w)@\w|#\d|\bGH-\d|:[\w+-]+:", re.IGNORECASE)


def parsed(text):
    """Return the tokens of GitHub's Markdown, inline ones too."""
    found = []
    for token in MarkdownIt("commonmark").enable("table").enable("strikethrough").parse(text):
        found.append(token)
        found += token.children or []
    return found


def running_text(tokens):
    """Return the text in which GitHub looks for mentions and addresses: all but code."""
    return [token.content for token in tokens if token.type == "text"]


@pytest.mark.parametrize("name", documents.EVERY)
def test_the_first_line_is_the_anchor_of_the_environment_and_the_only_one(name):
    found = markdown.render(documents.EVERY[name]())
    expected = "mlops-estate-change-dev" if name == "hostile" else "prod"
    assert found.startswith(f"<!-- mlops-estate:change:{expected} -->\n## ")
    assert found.count("<!--") == 1
    assert found.partition("\n")[0] == markdown.anchor(documents.EVERY[name]()["environment"])


@pytest.mark.parametrize("environment", ["--> x", "a--b", "<!--", "", "prod\n-->", "-->"])
def test_no_environment_closes_the_anchor(environment):
    found = markdown.anchor(environment)
    assert re.fullmatch(r"<!-- mlops-estate:change:[A-Za-z0-9._-]* -->", found)
    assert found.count("--") == 2


@pytest.mark.parametrize("name", documents.EVERY)
def test_nothing_acts_but_what_is_ours(name):
    tokens = parsed(markdown.render(documents.EVERY[name]()))
    markup = [token.content for token in tokens if token.type in {"html_block", "html_inline"}]
    assert markup
    assert [text for text in markup if not OURS.fullmatch(text)] == []
    assert {token.type for token in tokens} & {"link_open", "image", "em_open", "s_open", "blockquote_open"} == set()
    assert {token.tag for token in tokens if token.type == "heading_open"} <= {"h2", "h3"}
    assert [text for text in running_text(tokens) if LINKS.search(text)] == []


def test_every_table_has_the_columns_that_it_says():
    tokens = parsed(markdown.render(documents.hostile()))
    widths, cells, tables = [], 0, 0
    for token in tokens:
        tables += token.type == "table_open"
        cells = 0 if token.type == "tr_open" else cells + (token.type in {"td_open", "th_open"})
        if token.type == "tr_close":
            widths.append(cells)
    nasty = len(documents.HOSTILE)
    assert tables == 4 + nasty
    assert widths.count(6) == 2 * (nasty + 1)
    assert widths.count(4) == nasty + 1
    assert set(widths) == {2, 3, 4, 6}


def test_folds_are_closed_in_order():
    for make in documents.EVERY.values():
        found = markdown.render(make())
        depth = 0
        for mark in re.findall(r"^</?details|^```", found, re.MULTILINE):
            depth += {"<details": 1, "</details": -1, "```": 0}[mark]
            assert depth in (0, 1)
        assert depth == 0


def test_what_to_decide_on_is_at_the_top():
    found = markdown.render(documents.small()).partition("<details")[0]
    assert "**2 dangers, 2 warnings, 1 notice: look before you merge**" in found
    assert "- 🔴 **Danger:** A feature is removed: income_ratio of mortgage-approval<br>Models that" in found
    assert "- 🟡 **Warning:** The release strategy becomes ALL_AT_ONCE<br>No canary." in found
    assert "| **Resources** | 1 removed, 1 replaced, 2 changed, 1 added; 1,590 unchanged |" in found
    assert "| **Policies** | 2 new (1 mandatory), 1 fixed;" in found
    assert len(found.splitlines()) < 25


def test_changes_are_a_diff():
    found = markdown.render(documents.small()).splitlines()
    place = "  stacks/mlops_estate/program/models.py:41"
    assert f"- sagemaker.FeatureGroup mortgage-features-income{place}" in found
    assert f"! +- native sagemaker.EndpointConfig prod-mortgage-config{place}" in found
    assert f"+ s3.Bucket estate-prod-access-logs{place}" in found
    assert '!     ~ productionVariants[0].instanceType: "ml.m5.large" => "ml.m5.xlarge" [replaces]' in found
    assert "+     tags.reviewed: true" in found
    assert "<details><summary><b>mortgage-approval</b>: 1 removed, 1 replaced, 2 changed</summary>" in found


def test_of_very_many_properties_the_first_are_listed():
    changed = [documents.added(f"tags.t{place}", place) for place in range(25)]
    made = [documents.change(documents.BUCKET, "b", action, properties=changed) for action in ("change", "add")]
    found = markdown.render(documents.document(made)).splitlines()
    assert [line for line in found if "tags.t" in line] == [f"+     tags.t{place}: {place}" for place in range(20)]
    assert found.count("      and 5 more properties") == 1


def test_a_release_says_no_more_than_there_is():
    assert "- rolls back on mortgage-approval-5xx, mortgage-approval-latency" in markdown.render(documents.small())
    opening = markdown.render(documents.first_deployment())
    assert "rolls back" not in opening
    bare = documents.document([], release=[documents.release("m", reason="", endpoint="e", seconds=60)])
    assert "**m, endpoint e: version 3 to 4, linear, at least 1 min**\n" in markdown.render(bare)


def test_of_very_many_actions_the_first_are_named():
    document = documents.small()
    document["permissions"]["granted"][0]["actions"] = [f"s3:A{place}" for place in range(10)]
    assert "`s3:A6` `s3:A7` and 2 more |" in markdown.render(document)


def test_new_permissions_are_open_where_one_is_a_danger():
    document = documents.small()
    row = "| !! danger | `mortgage-training` | `s3:*` | `*` | always | by policy: action widened; a wildcard"
    assert row in markdown.render(document)
    assert "<details open><summary><b>Newly allowed</b>: 2</summary>" in markdown.render(document)
    document["permissions"]["granted"][0]["severity"] = "warning"
    assert "<details><summary><b>Newly allowed</b>: 2</summary>" in markdown.render(document)


def test_identical_trees_are_a_short_comment():
    found = markdown.render(documents.empty())
    assert "**No change**" in found
    assert len(found) < 900


@pytest.mark.parametrize("limit", [65_536, 30_000, 12_000, 7_000])
@pytest.mark.parametrize("name", ["huge", "hostile"])
def test_a_comment_is_never_longer_than_it_may_be_and_says_what_is_missing(name, limit):
    found = markdown.render(documents.EVERY[name](), limit=limit, whole="change.html")
    assert limit - 6_000 < len(found.encode()) <= limit
    last = found.splitlines()[-1]
    assert re.fullmatch(r"Left out here: .*\d of \d+ changes; the whole is in change\.html\.", last)


def test_the_last_sections_go_first():
    document = documents.huge()
    small, large = (markdown.render(document, limit=limit) for limit in (16_000, 60_000))
    assert re.fullmatch(r"Left out here: \d+ of 300 changes; the whole is in .*", large.splitlines()[-1])
    assert "30 of 30 fixed findings, 300 of 300 changes; the whole" in small.splitlines()[-1]
    assert "headline" not in small.splitlines()[-1]
    assert "<b>Newly allowed</b>: 30" in small
    assert "### Changes" not in small


def test_a_report_that_fits_leaves_nothing_out():
    assert "Left out here" not in markdown.render(documents.small())


def test_what_is_left_out_is_counted_right():
    document = documents.huge()
    found = markdown.render(document)
    missing = int(re.search(r"(\d+) of 300 changes", found).group(1))
    assert len(re.findall(r"^(?:- |! |\+ )(?:\S+ )?native sagemaker", found, re.MULTILINE)) == 300 - missing


@given(st.text(alphabet=st.sampled_from("@#:|`*_[]()<>!&~\\-+.1 aGHhtps/w\n\r\x00\u202e$")))
@example("https://x.example")
@example("- a\n1. b")
@example("1) a")
def test_any_text_is_text_in_a_list_and_a_table(told):
    escaped = prose(told)
    tokens = parsed(f"- {escaped}\n\n| a | b |\n| --- | --- |\n| {escaped} | {code(told)} |\n\n<b>{escaped}</b>\n")
    kinds = [token.type for token in tokens]
    assert kinds.count("list_item_open") == 1
    assert kinds.count("td_open") == 2
    assert not {"link_open", "image", "em_open", "strong_open", "s_open", "heading_open", "html_block"} & {*kinds}
    assert not {"fence", "code_block", "blockquote_open", "hr"} & {*kinds}
    markup = [token.content for token in tokens if token.type == "html_inline"]
    assert {*markup} <= {"<code>", "</code>", "<b>", "</b>"}
    assert [text for text in running_text(tokens) if LINKS.search(text)] == []


@given(st.text(alphabet=st.sampled_from("@#|`*_<>&\\ ab\n")))
def test_a_name_reads_as_it_is(told):
    token = MarkdownIt("commonmark").parseInline(f"x{code(told)}")[0]
    seen = "".join(each.content for each in token.children if each.type in {"text", "code_inline"})
    assert seen.replace("\u200b", "") == f"x{' '.join(told.split())}"


@given(st.lists(st.text(alphabet=st.sampled_from("`~<!- ab")), min_size=1))
def test_no_line_closes_its_fence(lines):
    tokens = MarkdownIt("commonmark").parse(fenced(lines, "diff"))
    assert [token.type for token in tokens] == ["fence"]
    assert tokens[0].content.replace("\u200b", "") == "\n".join(lines) + "\n"
    assert "<!--" not in tokens[0].content


def test_ordinary_names_stay_readable_in_the_source():
    assert prose("income_ratio of mortgage-approval: 3 to 4.") == "income_ratio of mortgage-approval: 3 to 4."
    assert code("arn:aws:s3:::estate-prod-raw/*") == "`arn:aws:s3:::estate-prod-raw/*`"
    assert html.unescape(prose("a < b & c")) == "a < b & c"

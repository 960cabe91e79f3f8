"""Findings: each documented severity has one urgency, and reads as a mail."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.support.finding_samples import ACCOUNT, REGION, TOLD, UNTOLD

from mlops_components.findings import SOURCES, URGENCIES, event_pattern, mail_text, rule_name
from mlops_estate.embedded.backends.event_patterns import matches, transformed

CASES = [(source, finding, urgency) for source, cases in TOLD.items() for finding, urgency in cases]


def event(source, finding):
    where = {"account": ACCOUNT, "region": REGION, "time": "2026-11-23T12:00:00Z"}
    return {
        "source": SOURCES[source].event_source, "detail-type": SOURCES[source].detail_type, **where, "detail": finding,
    }  # fmt: skip


def urgencies(source, finding):
    return [
        urgency for urgency in URGENCIES if matches(event_pattern(source, urgency, ACCOUNT), event(source, finding))
    ]


@pytest.mark.parametrize(("source", "finding", "urgency"), CASES)
def test_a_finding_has_the_one_urgency_of_its_severity(source, finding, urgency):
    assert urgencies(source, finding) == [urgency]


@pytest.mark.parametrize(("source", "finding"), [(source, item) for source, items in UNTOLD.items() for item in items])
def test_what_is_settled_passed_or_told_by_another_source_has_none(source, finding):
    assert urgencies(source, finding) == []


def test_another_accounts_finding_is_not_told():
    told = {**event("guardduty", TOLD["guardduty"][0][0]), "account": "999999999999"}
    assert not any(matches(event_pattern("guardduty", urgency, ACCOUNT), told) for urgency in URGENCIES)


def test_no_source_takes_another_sources_event():
    for source, finding, _ in CASES:
        others = [other for other in SOURCES if other != source]
        taken = [o for o in others for u in URGENCIES if matches(event_pattern(o, u, ACCOUNT), event(source, finding))]
        assert taken == []


@pytest.mark.parametrize(("source", "finding", "urgency"), CASES)
def test_a_mail_says_what_where_and_how_severe_without_a_gap(source, finding, urgency):
    paths, template = mail_text(source, urgency)
    text = transformed({"InputPathsMap": paths, "InputTemplate": template}, event(source, finding))
    lines = [json.loads(line) for line in text.split("\n")]
    assert lines[0].startswith(f"{urgency.upper()}: {SOURCES[source].label} finding in account {ACCOUNT}, {REGION}")
    assert "<" not in text
    assert all(line.split() and not line.endswith((" ", "Finding")) for line in lines)


def test_input_paths_and_templates_stay_within_eventbridges_limits():
    for source in SOURCES:
        paths, template = mail_text(source, "critical")
        assert len(paths) <= 100
        assert len(template) <= 8192
        assert not [name for name in paths if name.startswith("AWS")]


def test_rule_names_fit_the_longest_prefix():
    names = [rule_name("x" * 32, source, urgency) for source in SOURCES for urgency in URGENCIES]
    assert max(map(len, names)) <= 64


def test_the_reference_page_has_the_severity_table():
    page = (Path(__file__).resolve().parents[3] / "docs" / "reference" / "account_baseline.md").read_text(
        encoding="utf-8"
    )
    for source in SOURCES.values():
        assert f"| {source.label} | " + " | ".join(source.meaning[urgency] for urgency in URGENCIES) + " |" in page

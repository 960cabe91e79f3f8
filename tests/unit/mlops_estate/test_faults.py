"""Faults: one readable paragraph each, all in one report."""

from __future__ import annotations

import json

import pytest

from mlops_estate.faults import Fault, FaultsFound

FAULT = Fault("release.version", 0, "must be 1 or more", "pin a version", "urn:x", "the schema")


def test_a_fault_reads_as_path_value_rule_source_and_fix():
    assert FAULT.as_text() == (
        "urn:x release.version = 0\n    rule: must be 1 or more [the schema]\n    fix:  pin a version"
    )


def test_a_missing_value_is_not_shown_and_an_empty_urn_leaves_no_gap():
    text = Fault("data", None, "required", "give it").as_text()
    assert text == "data\n    rule: required\n    fix:  give it"


def test_a_long_value_is_cut_so_that_the_rule_stays_in_sight():
    first_line = Fault("x", "a" * 10_000, "too long", "shorten it").as_text().splitlines()[0]
    assert len(first_line) == len("x = ") + 120
    assert first_line.endswith("…")


def test_a_fault_is_json_data():
    assert json.loads(json.dumps(FAULT.as_dict())) == {
        "where": "release.version", "value": 0, "rule": "must be 1 or more", "fix": "pin a version", "urn": "urn:x",
        "source": "the schema",
    }  # fmt: skip


@pytest.mark.parametrize(("count", "summary"), [(0, "0 faults found"), (1, "1 fault found"), (2, "2 faults found")])
def test_the_summary_counts(count, summary):
    assert FaultsFound([FAULT] * count).summary == summary


def test_the_exception_says_all_of_them_and_keeps_their_order():
    other = Fault("models", {}, "no model", "add one")
    found = FaultsFound((fault for fault in (FAULT, other)), "nothing was created")
    assert found.faults == (FAULT, other)
    assert str(found) == f"nothing was created\n{FAULT.as_text()}\n{other.as_text()}"
    assert found.exit_code == 2

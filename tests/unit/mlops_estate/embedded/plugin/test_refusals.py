"""Faults as the engine shows them."""

from __future__ import annotations

import pytest

from mlops_estate.embedded.plugin.refusals import concerns, reason, related
from mlops_estate.faults import Fault
from mlops_estate.graph import UNKNOWN


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("a", "a", True), ("a", "a.b", True), ("a[0].b", "a", True), ("a", "ab", False), ("", "a", False),
        ("a.b", "a.c", False),
    ],
)  # fmt: skip
def test_paths_are_related_where_one_holds_the_other(one, other, expected):
    assert related(one, other) is expected


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (Fault("policy", UNKNOWN, "r", "f"), True),
        (Fault("tags.a", {"b": [UNKNOWN]}, "r", "f"), True),
        (Fault("other", 1, f"not with {UNKNOWN}", "f"), True),
        (Fault("rules[0].days", None, "missing", "f"), True),
        (Fault("days", 3, "too few", "f"), False),
    ],
)
def test_a_fault_of_the_unknown_is_none_yet(fault, expected):
    assert concerns(fault, ["rules"]) is expected


def test_a_reason_says_value_rule_fix_and_source():
    fault = Fault("days", 3, "too few", "at least 7", "urn", "kms CreateKey")
    assert reason(fault, []) == "3: too few; at least 7 [kms CreateKey]"


def test_what_is_missing_has_no_value_to_show():
    assert reason(Fault("days", None, "a required value is missing", "give days"), []).startswith("a required")


def test_a_long_value_is_cut():
    assert len(reason(Fault("days", "x" * 1000, "r", "f"), [])) < 140


def test_a_secret_is_masked_in_value_and_rule():
    said = reason(Fault("password.text", "hush", "'hush' is too short", "f"), ["password"])
    assert "hush" not in said
    assert said.count("[secret]") == 2

"""Values read the same everywhere in the report."""

from __future__ import annotations

import pytest

from mlops_pipelines.reporting import formatting

MINUS = "\N{MINUS SIGN}"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.8421, "0.842"), (2380, "2,380"), (True, "yes"), (False, "no"), (None, "–"), ("", "–"), ("text", "text"),
        (-0.01, f"{MINUS}0.010"), (0.0, "0.000"), (0.0004, "0.0004"), (3.1e-07, "3.1e-07"), (3391.04, "3,391.0"),
        (123456.7, "123,457"), (2.5e12, "2.5e+12"), ("-x", "-x"),
    ],
)  # fmt: skip
def test_a_value_as_text(value, text):
    assert formatting.number(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (25.0, "25"), (6.3, "6.3"), (0.0003, "0.0003"), ([1, 2.5, "a"], "1, 2.5, a"), ({}, "–"), ([], "–"),
        ({"no": 2041, "yes": 339}, "no: 2,041, yes: 339"), (list(range(9)), "0, 1, 2, 3, 4, 5, …"), (None, "–"),
    ],
)  # fmt: skip
def test_any_value_on_one_line(value, text):
    assert formatting.plain(value) == text


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("selection_rate", "selection rate"), ("roc_auc", "ROC AUC"), ("model_sha256", "model SHA-256"),
        ("hmda_boston.csv", "hmda_boston.csv"), ("snapshot_uri", "snapshot URI"), ("a b_c", "a b_c"),
        ("f0_5_best_constant_classifier", "F0.5 best constant classifier"), ("au_prc", "AU PRC"),
    ],
)  # fmt: skip
def test_a_key_as_words(key, text):
    assert formatting.words(key) == text


def test_signs_percents_intervals_and_sizes():
    assert formatting.signed(0.011) == "+0.011"
    assert formatting.signed(-0.011) == f"{MINUS}0.011"
    assert formatting.signed(None) == "–"
    assert formatting.percent(6.25) == "6.2 %"
    assert formatting.percent(None) == "–"
    assert formatting.interval({"value": 0.5, "low": 0.4, "high": 0.6}) == "0.500 (0.400 to 0.600)"
    assert formatting.interval({"value": None, "low": None, "high": None}) == "–"
    assert formatting.interval(7) == "7"
    assert [formatting.size(value) for value in (12, 131_870, 2.5e9, None)] == ["12 bytes", "131.9 kB", "2.5 GB", "–"]

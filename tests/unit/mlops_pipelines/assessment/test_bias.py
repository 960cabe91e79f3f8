"""Clarify's bias metrics."""

from __future__ import annotations

import json

import numpy as np
import pytest

from mlops_pipelines.assessment.answers import Answers
from mlops_pipelines.assessment.bias import DESCRIPTIONS, analysis, bias_metrics

# Others: 6 TP, 2 FP, 1 FN, 11 TN; the facet: 2 TP, 4 FP, 2 FN, 2 TN.
ACTUAL = np.array([1] * 6 + [0] * 2 + [1] + [0] * 11 + [1] * 2 + [0] * 4 + [1] * 2 + [0] * 2, dtype=bool)
DECIDED = np.array([1] * 8 + [0] * 12 + [1] * 6 + [0] * 4, dtype=bool)
FACET = np.array([0] * 20 + [1] * 10, dtype=bool)


def values(*given):
    return {item["name"]: item["value"] for item in bias_metrics(*given)}


def test_metrics_follow_clarifys_formulas():
    benefit = np.array([1] * 6 + [2] * 2 + [0] + [1] * 11 + [1] * 2 + [2] * 4 + [0] * 2 + [1] * 2)
    entropy = (((benefit / benefit.mean()) ** 2) - 1).mean() / 2
    assert values(ACTUAL, DECIDED, FACET) == pytest.approx({
        "AD": 17 / 20 - 4 / 10,
        "DAR": 6 / 8 - 2 / 6,
        "DCA": 7 / 8 - 4 / 6,
        "DCR": 6 / 4 - 13 / 12,
        "DI": (6 / 10) / (8 / 20),
        "DPPL": 8 / 20 - 6 / 10,
        "DRR": 2 / 4 - 11 / 12,
        "GE": entropy,
        "RD": 6 / 7 - 2 / 4,
        "SD": 2 / 6 - 11 / 13,
        "TE": 2 / 4 - 1 / 2,
    })  # fmt: skip


def test_what_is_infinite_is_null():
    found = values(np.array([1, 0], dtype=bool), np.array([0, 1], dtype=bool), np.array([0, 1], dtype=bool))
    assert found["DI"] is None
    assert found["DPPL"] == -1


def test_equal_groups_differ_in_nothing():
    twice = np.tile([1, 1, 0, 0, 0], 2).astype(bool)
    found = values(twice, np.tile([1, 0, 1, 0, 0], 2).astype(bool), np.repeat([0, 1], 5).astype(bool))
    assert {name for name, value in found.items() if value} == {"DI", "GE"}
    assert found["DI"] == 1


def test_the_analysis_has_the_shape_that_clarify_writes():
    answers = Answers("binary", ("no", "yes"), ACTUAL.astype(int), DECIDED * 1.0, DECIDED.astype(int))
    document = analysis(answers, "deny", {"afam": ["no"] * 20 + ["yes"] * 10})
    after = document["post_training_bias_metrics"]
    assert (after["label"], after["label_value_or_threshold"]) == ("deny", "yes")
    [facet] = after["facets"]["afam"]
    assert facet["value_or_threshold"] == "yes"
    assert {item["name"]: item["description"] for item in facet["metrics"]} == DESCRIPTIONS
    json.dumps(document, allow_nan=False)


def test_of_more_than_two_groups_each_is_held_against_the_rest():
    answers = Answers("binary", ("no", "yes"), ACTUAL.astype(int), DECIDED * 1.0, DECIDED.astype(int))
    groups = ["a"] * 10 + ["b"] * 10 + ["c"] * 8 + ["(missing)"] * 2
    facets = analysis(answers, "deny", {"team": groups})["post_training_bias_metrics"]["facets"]["team"]
    assert [facet["value_or_threshold"] for facet in facets] == ["a", "b", "c"]
    one = analysis(answers, "deny", {"team": ["a"] * 30})["post_training_bias_metrics"]["facets"]["team"]
    assert one == []

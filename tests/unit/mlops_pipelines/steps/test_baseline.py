"""Baseline statistics and constraints in Model Monitor's format."""

from __future__ import annotations

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from mlops_pipelines.steps.baseline import SKETCH_SIZE, constraints, sketch, statistics

COLUMNS = [
    {"name": "x", "type": "number", "minimum": 0},
    {"name": "t", "type": "integer", "minimum": -5},
    {"name": "c", "type": "category", "values": ["no", "yes", "never"]},
]
FRAME = pd.DataFrame({"x": [0.0, 1.0, np.nan, 3.0], "t": [1, 2, 3, 4], "c": ["no", "yes", "yes", None]})


def test_numbers_are_described_without_the_missing_ones():
    feature = statistics(FRAME, COLUMNS)["features"][0]
    numbers = feature["numerical_statistics"]
    assert (feature["name"], feature["inferred_type"]) == ("x", "Fractional")
    assert numbers["common"] == {"num_present": 3, "num_missing": 1}
    assert [numbers[name] for name in ("mean", "sum", "min", "max")] == [4 / 3, 4.0, 0.0, 3.0]
    assert numbers["std_dev"] == np.std([0, 1, 3])
    buckets = numbers["distribution"]["kll"]["buckets"]
    assert (buckets[0]["lower_bound"], buckets[-1]["upper_bound"]) == (0.0, 3.0)
    assert sum(bucket["count"] for bucket in buckets) == 3


def test_categories_count_every_declared_value():
    feature = statistics(FRAME, COLUMNS)["features"][2]
    buckets = feature["string_statistics"]["distribution"]["categorical"]["buckets"]
    assert [(bucket["value"], bucket["count"]) for bucket in buckets] == [("no", 1), ("yes", 2), ("never", 0)]
    assert feature["string_statistics"]["distinct_count"] == 2
    assert feature["string_statistics"]["common"] == {"num_present": 3, "num_missing": 1}


def test_constraints_hold_types_completeness_domains_and_signs():
    found = {feature["name"]: feature for feature in constraints(FRAME, COLUMNS)["features"]}
    assert {name: feature["inferred_type"] for name, feature in found.items()} == {
        "x": "Fractional", "t": "Integral", "c": "String"
    }  # fmt: skip
    assert {name: feature["completeness"] for name, feature in found.items()} == {"x": 0.75, "t": 1.0, "c": 0.75}
    assert found["x"]["num_constraints"] == {"is_non_negative": True}
    assert found["t"]["num_constraints"] == {"is_non_negative": False}
    assert found["c"]["string_constraints"] == {"domains": ["no", "yes", "never"]}


def test_a_nullable_column_may_miss_what_the_settings_allow_and_never_less_than_was_found():
    columns = [{**column, "nullable": True} for column in COLUMNS]
    kept = {f["name"]: f["completeness"] for f in constraints(FRAME, columns, max_missing_percent=10)["features"]}
    assert kept == {"x": 0.75, "t": 0.9, "c": 0.75}
    strict = {f["name"]: f["completeness"] for f in constraints(FRAME, COLUMNS, max_missing_percent=10)["features"]}
    assert strict == {"x": 0.75, "t": 1.0, "c": 0.75}


def test_whole_numbers_with_gaps_are_described_without_them():
    frame = pd.DataFrame({"t": pd.array([1, None, 3], dtype="Int64")})
    numbers = statistics(frame, COLUMNS[1:2])["features"][0]["numerical_statistics"]
    assert (numbers["mean"], numbers["common"]) == (2.0, {"num_present": 2, "num_missing": 1})


@given(st.integers(1, 40_000))
def test_a_sketch_keeps_the_weight_of_every_value_and_bounds_its_size(count):
    levels = sketch(np.arange(count, dtype=np.float64))
    assert sum(len(level) * 2**power for power, level in enumerate(levels)) == count
    assert max(map(len, levels)) <= SKETCH_SIZE


def test_a_sketch_of_few_values_is_exact_and_of_many_is_near():
    assert sketch(np.array([3.0, 1.0])) == [[3.0, 1.0]]
    levels = sketch(np.random.default_rng(1).permutation(100_000).astype(np.float64))
    weighted = sorted((value, 2**power) for power, level in enumerate(levels) for value in level)
    below, middle = 0, 0.0
    for value, weight in weighted:
        below += weight
        if below >= 50_000:
            middle = value
            break
    assert abs(middle - 50_000) < 200

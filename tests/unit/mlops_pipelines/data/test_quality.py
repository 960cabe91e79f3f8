"""Checks beyond single cells, and the profile of each column."""

from __future__ import annotations

import json
from dataclasses import replace

import pandas as pd
import pytest

from mlops_pipelines.data import quality
from mlops_pipelines.data.profiles import profiles
from mlops_pipelines.features.schema import Column, Schema
from mlops_pipelines.settings import DataSettings

SCHEMA = Schema(
    "key",
    "at",
    (
        Column("key", "text", "identifier", ""),
        Column("y", "category", "label", "", values=("a", "b", "c")),
        Column("x", "number", "feature", "", 0, 1000, nullable=True, header="the x"),
        Column("n", "integer", "feature", "", 0, 1000),
    ),
)
LIMITS = DataSettings(min_records=10, max_missing_percent=20, max_duplicate_percent=5)
SOUND = {column.name: 0 for column in SCHEMA.columns}


def frame(**changes) -> pd.DataFrame:
    places = range(40)
    columns = {"key": [f"k{i}" for i in places], "y": ["a", "b", "c", "a"] * 10, "x": [float(i) for i in places],
               "n": list(places)}  # fmt: skip
    return pd.DataFrame({**columns, **changes})


def faults(data: pd.DataFrame, schema: Schema = SCHEMA, limits: DataSettings = LIMITS, **broken: int) -> list[str]:
    rows = quality.checks(data, schema, limits, {**SOUND, **broken})
    return [finding.text for finding in quality.findings(rows, schema, ["a.csv"])]


def test_good_data_pass_every_check_with_value_and_limit():
    rows = quality.checks(frame(), SCHEMA, LIMITS, SOUND)
    assert all(row["passed"] for row in rows)
    assert faults(frame()) == []
    found = {(row["check"], row["column"], row.get("class")): (row["value"], row["limit"]) for row in rows}
    assert found["records", None, None] == (40, 10)
    assert found["missing", "x", None] == (0, 20)
    assert found["class_share", "y", "a"] == (50, 1)


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        (
            {"x": [None] * 9 + [1.0] * 31},
            "column the x (x): 22.50 % of the cells are empty; expected at most 20 (data.max_missing_percent)",
        ),
        ({"y": ["a", "b"] * 20}, "label y: class 'c' has no record; expected some of every class in the schema"),
        (
            {"x": [1.0] * 40, "n": [0, 1, 2, 3, *range(36)]},
            "10.00 % of the records repeat another; expected at most 0 (data.max_duplicate_percent)",
        ),
    ],
)
def test_a_broken_limit_names_file_column_value_and_setting(changes, fault):
    limits = replace(LIMITS, max_duplicate_percent=0)
    assert faults(frame(**changes), limits=limits) == [f"a.csv: {fault}"]


def test_an_empty_column_and_a_label_of_one_class_are_faults():
    empty = faults(frame(x=[None] * 40), limits=replace(LIMITS, max_missing_percent=100))
    assert empty == ["a.csv: column the x (x): every cell is empty; expected at least one value, or the role ignored"]
    constant = faults(frame(y=["a"] * 40))
    assert constant[0] == "a.csv: label y: all records have the same value; expected more, or there is nothing to learn"
    assert len(constant) == 3  # and classes b and c have none


def test_a_constant_number_as_label_is_a_fault():
    schema = Schema("id", "at", (Column("y", "number", "label", "", 0, 9), Column("n", "integer", "feature", "", 0, 9)))
    rows = quality.checks(pd.DataFrame({"y": [1.0] * 20, "n": range(20)}), schema, LIMITS, {"y": 0, "n": 0})
    assert [row["check"] for row in rows if not row["passed"]] == ["label"]


def test_repeated_records_count_whatever_their_identifiers():
    data = frame(x=[1.0] * 40, n=[1] * 40)
    assert faults(data) == [
        "a.csv: 92.50 % of the records repeat another; expected at most 5 (data.max_duplicate_percent)"
    ]


def test_too_few_records_are_a_fault_and_many_files_are_not_all_named():
    rows = quality.checks(frame().head(9), SCHEMA, LIMITS, SOUND)
    [finding] = quality.findings(rows, SCHEMA, list("abcde"))
    assert finding.text == "a, b, c and 2 more files: there are 9 records; expected at least 10 (data.min_records)"


def test_a_constant_feature_and_a_rare_class_are_warned_of_but_pass():
    data = pd.concat([frame(n=[7] * 40, y=["a", "b"] * 20)] * 5, ignore_index=True)
    data.loc[0, "y"] = "c"
    rows = quality.checks(data, SCHEMA, LIMITS, SOUND)
    warned = [(row["check"], row["column"], row["value"]) for row in rows if row.get("warned")]
    assert warned == [("class_share", "y", 0.5), ("constant", "n", 1)]
    assert all(row["passed"] for row in rows if row["level"] == "warning")


def test_what_follows_from_broken_cells_of_the_label_is_not_told_as_well():
    assert faults(frame(y=[None] * 40), y=40) == []


def test_profiles_count_and_describe_without_naming_anyone():
    found = profiles(frame(x=[None, *[float(i) for i in range(39)]]), SCHEMA)
    assert found["key"] == {"type": "text", "role": "identifier", "count": 40, "missing": 0, "distinct": 40}
    assert found["y"]["values"] == {"a": 20, "b": 10, "c": 10}
    assert (found["x"]["count"], found["x"]["missing"]) == (39, 1)
    assert (found["x"]["mean"], found["x"]["p50"], found["x"]["max"]) == (19.0, 19.0, 38.0)
    nothing = profiles(frame(x=[None] * 40), SCHEMA)["x"]
    assert (nothing["count"], nothing["mean"], nothing["p99"]) == (0, None, None)
    json.dumps(found, allow_nan=False)

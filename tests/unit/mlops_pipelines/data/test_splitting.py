"""The split: a partition by contents and seed, with every class in every set."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.pipelines import applications, schema

from mlops_pipelines.data.faults import DataFaults
from mlops_pipelines.data.splitting import class_counts, split
from mlops_pipelines.features.schema import Column, Schema

MORTGAGES = Schema.of(schema())
NAMED = Schema(
    "key",
    "at",
    (
        Column("key", "text", "identifier", ""),
        Column("y", "category", "label", "", values=("no", "yes")),
        Column("x", "number", "feature", "", 0, 1000, nullable=True),
        Column("z", "integer", "feature", "", 0, 1000),
        Column("note", "text", "ignored", "", nullable=True),
    ),
)


def named(count: int = 100) -> pd.DataFrame:
    places = range(count)
    return pd.DataFrame({"key": [f"k{place}" for place in places], "y": ["no", "yes"] * (count // 2),
                         "x": [float(place) for place in places], "z": places, "note": ""})  # fmt: skip


@given(st.integers(0, 2**31 - 1))
@settings(max_examples=25)
def test_a_split_is_a_partition_that_the_order_of_the_records_does_not_change(seed):
    frame = applications(240)
    sets, shuffled = split(frame, MORTGAGES, seed), split(frame.sample(frac=1, random_state=1), MORTGAGES, seed)
    assert sorted(index for part in sets.values() for index in part.index) == list(frame.index)
    assert {name: set(part.index) for name, part in shuffled.items()} == {
        name: set(part.index) for name, part in sets.items()
    }


@given(st.integers(0, 2**31 - 1), st.integers(1, 99))
@settings(max_examples=15)
def test_a_record_keeps_its_set_when_data_are_added(seed, added):
    frame = applications(340)
    before, after = split(frame.iloc[:240], MORTGAGES, seed), split(frame.iloc[: 240 + added], MORTGAGES, seed)
    assert all(set(before[name].index) == {i for i in after[name].index if i < 240} for name in before)


def test_a_split_has_about_its_shares_keeps_twins_together_and_follows_the_seed():
    frame = applications(4000)
    sets = split(pd.concat([frame, frame], ignore_index=True), MORTGAGES, seed=1)
    assert [round(len(part) / 8000, 1) for part in sets.values()] == [0.6, 0.2, 0.2]
    assert all(
        set(part.index) == {index % 4000 + add for index in part.index for add in (0, 4000)} for part in sets.values()
    )
    assert set(split(frame, MORTGAGES, 1)["test"].index) != set(split(frame, MORTGAGES, 2)["test"].index)


def test_the_shares_are_those_that_are_asked_for():
    sets = split(applications(4000), MORTGAGES, 1, (0.8, 0.1, 0.1))
    assert [round(len(part) / 4000, 1) for part in sets.values()] == [0.8, 0.1, 0.1]
    for shares in ((0.5, 0.5), (0.6, 0.2, 0.3), (1.0, 0.0, 0.0)):
        with pytest.raises(DataFaults, match="three positive shares that add up to 1"):
            split(applications(240), MORTGAGES, 1, shares)


def test_neither_identifier_nor_what_is_ignored_decides_about_the_set():
    frame = named()
    other = frame.assign(key=[f"z{place}" for place in range(100)], note="another")
    assert [list(part.index) for part in split(frame, NAMED, 1).values()] == [
        list(part.index) for part in split(other, NAMED, 1).values()
    ]


def test_a_missing_number_is_a_content_like_any_other():
    frame = named()
    frame.loc[:30, "x"] = None
    sets = split(frame, NAMED, 1)
    assert sorted(index for part in sets.values() for index in part.index) == list(range(100))
    with pytest.raises(DataFaults, match="the train set has no value of column x; expected at least one"):
        split(frame.assign(x=float("nan")), NAMED, 1)


def test_too_few_records_leave_an_empty_set():
    with pytest.raises(DataFaults, match=r"1 records are too few: the (train|validation|test) set is empty"):
        split(applications(1), MORTGAGES, seed=0)


def test_a_set_without_a_class_is_a_fault_that_names_it():
    frame = named()
    frame["y"] = ["yes", *["no"] * 99]
    with pytest.raises(DataFaults, match="the split has 2 faults") as caught:
        split(frame, NAMED, 1)
    assert "has none of class 'yes' of label y; expected at least one of the 1 in the data" in str(caught.value)


def test_a_set_with_one_value_of_a_number_is_a_fault():
    columns = (Column("y", "number", "label", "", 0, 9), Column("x", "number", "feature", "", 0, 1000))
    frame = pd.DataFrame({"y": [1.0] * 99 + [2.0], "x": [float(place) for place in range(100)]})
    with pytest.raises(DataFaults, match="one value of label y"):
        split(frame, Schema("id", "at", columns), 1)


def test_classes_are_counted_in_the_order_of_the_schema():
    assert class_counts(named(10), NAMED) == {"no": 5, "yes": 5}

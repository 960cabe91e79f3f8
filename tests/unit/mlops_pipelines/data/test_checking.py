"""Cells against the schema: types, ranges, values, emptiness, uniqueness."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.pipelines import applications, schema

from mlops_pipelines.data import checking, parsing
from mlops_pipelines.data.reading import Raw, read_raw
from mlops_pipelines.features.schema import Column, Schema
from mlops_pipelines.settings import resolve

MORTGAGES = Schema.of(schema())
SMALL = Schema(
    "key",
    "at",
    (
        Column("key", "text", "identifier", ""),
        Column("y", "category", "label", "", values=("no", "yes")),
        Column("n", "integer", "feature", "", 0, 9, nullable=True, header="how many"),
        Column("x", "number", "feature", "", -1, 1, nullable=True),
        Column("c", "category", "feature", "", values=("NA", "1"), nullable=True),
        Column("note", "text", "ignored", "", nullable=True),
    ),
)
GOOD = {"key": "k1", "y": "no", "n": "3", "x": "0.5", "c": "NA", "note": "any, thing"}


def raw_of(rows: list[dict[str, str]], model: Schema = SMALL) -> Raw:
    frame = pd.DataFrame(rows, columns=[column.name for column in model.columns], dtype=object)
    places = list(range(len(rows)))
    return Raw(
        frame, ["a.csv"] * len(rows), [place + 2 for place in places], [place + 1 for place in places], {"a.csv": ""}
    )


def faults(rows: list[dict[str, str]], model: Schema = SMALL) -> list[str]:
    return [finding.text for finding in checking.check(raw_of(rows, model), model).findings]


@pytest.mark.parametrize(
    ("column", "value", "rule"),
    [
        ("pirat", "-0.1", "a number from 0 to 5"),
        ("pirat", "5.01", "a number from 0 to 5"),
        ("pirat", "high", "a number from 0 to 5"),
        ("pirat", "", "a number from 0 to 5"),
        ("pirat", "nan", "a number from 0 to 5"),
        ("pirat", "inf", "a number from 0 to 5"),
        ("pirat", "1_0", "a number from 0 to 5"),
        ("chist", "2.5", "a whole number from 1 to 6"),
        ("chist", "7", "a whole number from 1 to 6"),
        ("deny", "YES", "one of ['no', 'yes']"),
        ("afam", "", "one of ['no', 'yes']"),
    ],
)
def test_a_cell_that_breaks_the_schema_is_named(column, value, rule):
    rows = applications(12).astype(str).to_dict("records")
    rows[4][column] = value
    assert faults(rows, MORTGAGES) == [f"a.csv, line 6: {column} = {value!r} in record 5: expected {rule}"]


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"key": ""}, "key = '' in record 2: expected a text"),
        ({"key": "k1"}, "key = 'k1' in record 2: expected a value of its own, not that of a.csv, line 2"),
        ({"y": ""}, "y = '' in record 2: expected one of ['no', 'yes']"),
        ({"n": "x"}, "how many (n) = 'x' in record 2: expected a whole number from 0 to 9, or an empty cell"),
        ({"x": "1.5"}, "x = '1.5' in record 2: expected a number from -1 to 1, or an empty cell"),
        ({"c": "2"}, "c = '2' in record 2: expected one of ['NA', '1'], or an empty cell"),
    ],
)
def test_identifiers_are_unique_and_only_nullable_cells_may_be_empty(change, fault):
    assert faults([GOOD, GOOD | {"key": "k2"} | change]) == [f"a.csv, line 3: {fault}"]


def test_empty_cells_of_nullable_columns_are_missing_and_texts_stay_texts():
    empty = {"key": "k2", "y": "yes", "n": "", "x": "", "c": "", "note": ""}
    checked = checking.check(raw_of([GOOD, empty]), SMALL)
    assert checked.findings == ()
    assert checked.frame.isna().sum().to_dict() == {"key": 0, "y": 0, "n": 1, "x": 1, "c": 1, "note": 1}
    assert checked.frame["c"].iloc[0] == "NA"
    assert [str(kind) for kind in checked.frame.dtypes] == ["str", "str", "Int64", "float64", "str", "str"]
    assert parsing.csv_bytes(checked.frame, SMALL) == b'key,y,n,x,c,note\nk1,no,3,0.5,NA,"any, thing"\nk2,yes,,,,\n'


def test_a_column_that_is_empty_throughout_is_one_fault():
    rows = [GOOD | {"key": f"k{number}", "y": ""} for number in range(30)]
    assert faults(rows) == ["a.csv: column y is empty in all 30 records; expected one of ['no', 'yes']"]


def test_whole_identifiers_of_many_digits_are_kept_apart():
    columns = (Column("key", "integer", "identifier", ""), *SMALL.columns[1:])
    model = Schema("key", "at", columns)
    rows = [GOOD | {"key": str(2**60 + number)} for number in range(3)]
    checked = checking.check(raw_of(rows, model), model)
    assert checked.findings == ()
    assert list(checked.frame["key"]) == [str(2**60 + number) for number in range(3)]
    assert faults([GOOD | {"key": "1.0"}], model) == ["a.csv, line 2: key = '1.0' in record 1: expected a whole number"]


def test_a_column_that_a_file_lacks_is_told_of_once_and_the_others_are_checked(tmp_path):
    frame = pd.DataFrame([GOOD | {"how many": "3"}]).drop(columns="n")
    frame.to_csv(tmp_path / "a.csv", index=False)
    frame.assign(key="k2", x="5").drop(columns="y").to_csv(tmp_path / "b.csv", index=False)
    checked = checking.check(read_raw(tmp_path, SMALL), SMALL)
    assert [finding.text for finding in checked.findings] == [
        "b.csv: column y is missing",
        "b.csv, line 2: x = '5' in record 1: expected a number from -1 to 1, or an empty cell",
    ]


def test_settings_that_name_other_roles_are_refused():
    settings = resolve("m", schema(), label="afam")
    found = [finding.text for finding in checking.role_findings(MORTGAGES, settings)]
    assert found == ["settings: 'afam' does not have the role label in the schema; expected one of ['deny']"]
    assert checking.role_findings(MORTGAGES, resolve("m", schema())) == []


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1))
def test_numbers_are_read_exactly(values):
    assert list(parsing.numbers(pd.Series([repr(value) for value in values]))) == values


def test_numbers_are_written_back_as_they_were_read():
    values = [0.1, 1e-17, 2 / 3, -0.30000000000000004, 0.265]
    rows = [GOOD | {"key": f"k{place}", "x": repr(value)} for place, value in enumerate(values)]
    lines = parsing.csv_bytes(checking.check(raw_of(rows), SMALL).frame, SMALL).decode().splitlines()
    assert [line.split(",")[3] for line in lines[1:]] == [repr(value) for value in values]


def test_minus_zero_is_the_zero_that_it_equals():
    frame = checking.check(raw_of([GOOD | {"x": "-0.0"}, GOOD | {"key": "k2", "x": "0"}]), SMALL).frame
    assert [line.split(b",")[3] for line in parsing.csv_bytes(frame, SMALL).splitlines()[1:]] == [b"0.0", b"0.0"]

"""From a table to a schema."""

from __future__ import annotations

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from mlops_estate.faults import FaultsFound
from mlops_estate.onboarding.inference import Roles, infer
from mlops_estate.onboarding.table import read_table
from mlops_estate.onboarding.writing import schema_text
from mlops_pipelines.data.checking import check
from mlops_pipelines.data.reading import read_raw
from mlops_pipelines.features import load_schema

COUNT = 120
COLUMNS = {
    "customer_id": [str(1000 + place) for place in range(COUNT)],
    "name": [f"person {place}" for place in range(COUNT)],
    "joined": [f"2024-01-{place % 28 + 1:02d}" for place in range(COUNT)],
    "income": [str(20000 + 311 * place) for place in range(COUNT)],
    "rate": ["" if place % 10 == 0 else f"{place / 7:.3f}" for place in range(COUNT)],
    "job": [["cook", "clerk", "nurse"][place % 3] for place in range(COUNT)],
    "gender": [["f", "m"][place % 2] for place in range(COUNT)],
    "visits": [str(place % 5) for place in range(COUNT)],
    "zip": [f"0{place % 4}117" for place in range(COUNT)],
    "same": ["1"] * COUNT,
    "nothing": [""] * COUNT,
    "score": ["NA" if place == 7 else str(place) for place in range(COUNT)],
    "churned": [["no", "yes"][place % 4 == 0] for place in range(COUNT)],
}


def _table(tmp_path, columns=COLUMNS):
    path = tmp_path / "raw" / "data.csv"
    path.parent.mkdir(exist_ok=True)
    quoted = [",".join('"' + cell.replace('"', '""') + '"' for cell in row)
              for row in (columns, *zip(*columns.values(), strict=True))]  # fmt: skip
    path.write_bytes(("\n".join(quoted) + "\n").encode())
    return read_table(path)


def _inferred(tmp_path, columns=COLUMNS, **roles):
    return infer(_table(tmp_path, columns), Roles(**{"label": "churned", **roles}))


def _by_name(inferred):
    return {column.name: column for column in inferred.columns}


def test_each_column_gets_the_type_and_role_of_what_it_holds(tmp_path):
    found = {name: (column.type, column.role) for name, column in _by_name(_inferred(tmp_path)).items()}
    assert found == {
        "customer_id": ("text", "identifier"),
        "name": ("text", "ignored"),
        "joined": ("text", "ignored"),
        "income": ("integer", "feature"),
        "rate": ("number", "feature"),
        "job": ("category", "feature"),
        "gender": ("category", "feature"),
        "visits": ("integer", "feature"),
        "zip": ("category", "feature"),
        "same": ("text", "ignored"),
        "nothing": ("text", "ignored"),
        "score": ("text", "ignored"),
        "churned": ("category", "label"),
    }
    columns = _by_name(_inferred(tmp_path))
    assert columns["rate"].nullable
    assert not columns["income"].nullable
    assert columns["job"].values == ("clerk", "cook", "nurse")
    assert columns["churned"].values == ("no", "yes")


def test_what_is_left_out_and_what_may_be_protected_is_noted(tmp_path):
    notes = "\n".join(_inferred(tmp_path).notes)
    for words in (
        "`joined` is ignored: it holds dates", "`same` is ignored", "`nothing` is ignored: every cell is empty",
        "`score` would hold numbers but for 'NA' in 1 record, so it is ignored",
        "`gender` may be a protected attribute by its name", "`customer_id` became the identifier",
    ):  # fmt: skip
        assert words in notes
    protected = _inferred(tmp_path, protected=("gender",))
    assert [column.name for column in protected.protected] == ["gender"]
    assert "may be a protected attribute" not in "\n".join(protected.notes)


def test_the_name_decides_on_the_identifier_and_else_the_texts_do(tmp_path):
    without = {name: cells for name, cells in COLUMNS.items() if name != "customer_id"}
    assert _inferred(tmp_path, without).identifier.name == "name"
    assert _inferred(tmp_path, identifier="name").identifier.name == "name"
    both = _by_name(_inferred(tmp_path, {**COLUMNS, "order id": COLUMNS["income"]}))
    assert (both["customer_id"].role, both["order_id"].role) == ("identifier", "ignored")
    repeated = {**COLUMNS, "customer_id": ["1", *COLUMNS["customer_id"][1:-1], "1"]}
    assert _by_name(_inferred(tmp_path, repeated))["customer_id"].role == "feature"


def test_a_label_of_few_numbers_is_a_class_and_of_many_a_number(tmp_path):
    few = _inferred(tmp_path, label="visits").label
    assert (few.type, few.values) == ("category", ("0", "1", "2", "3", "4"))
    assert "for a regression write type, minimum and maximum" in few.review[0]
    many = _inferred(tmp_path, label="income").label
    assert (many.type, many.values) == ("integer", ())
    assert "regression" in many.review[0]
    ten = {**COLUMNS, "y": [str(place % 10) for place in range(COUNT)]}
    assert _inferred(tmp_path, ten, label="y").label.type == "category"
    eleven = {**COLUMNS, "y": [str(place % 11) for place in range(COUNT)]}
    assert _inferred(tmp_path, eleven, label="y").label.type == "integer"


def test_protected_numbers_are_groups_where_they_are_few(tmp_path):
    few = _inferred(tmp_path, protected=("visits",))
    assert _by_name(few)["visits"].values == ("0", "1", "2", "3", "4")
    many = _inferred(tmp_path, protected=("income",))
    assert _by_name(many)["income"].type == "integer"
    assert any("column of bands" in note for note in many.notes)


@pytest.mark.parametrize(
    ("roles", "option", "words", "fix"),
    [
        ({"label": "churn"}, "--label", "no column of that name", "did you mean `churned`?"),
        ({"label": "zzz"}, "--label", "no column of that name", "the file has customer_id, name"),
        ({"label": "same"}, "--label", "the same value", "add records"),
        ({"label": "nothing"}, "--label", "every cell of the label column is empty", "another column"),
        ({"label": "rate"}, "--label", "12 of 120 cells are empty (the first in record 1)", "remove these records"),
        ({"label": "name"}, "--label", "120 distinct texts", "group its values"),
        ({"label": "joined"}, "--label", "28 distinct texts", "group its values"),
        ({"label": "score"}, "--label", "a number but for 'NA'", "group"),
        ({"protected": ("gendr",)}, "--protected", "no column of that name", "did you mean `gender`?"),
        ({"protected": ("rate",)}, "--protected", "cells are empty", "fill in"),
        ({"protected": ("same",)}, "--protected", "nothing to compare", "another column"),
        ({"protected": ("churned",)}, "--protected", "named by --label already", "one place"),
        ({"identifier": "job"}, "--identifier", "'cook' occurs 40 times", "unique"),
        ({"identifier": "nothing"}, "--identifier", "is empty", "another column"),
        ({"ignored": ("jobb",)}, "--ignore", "no column of that name", "did you mean `job`?"),
    ],
)
def test_a_role_that_a_column_cannot_have_is_refused(tmp_path, roles, option, words, fix):
    with pytest.raises(FaultsFound) as caught:
        _inferred(tmp_path, **roles)
    (fault,) = caught.value.faults
    assert fault.where == option
    assert words in fault.rule
    assert fix in fault.fix


def test_every_wrong_name_is_told_at_once(tmp_path):
    with pytest.raises(FaultsFound) as caught:
        _inferred(tmp_path, label="a1", protected=("b2",), identifier="c3", ignored=("d4",))
    assert [fault.where for fault in caught.value.faults] == ["--label", "--protected", "--identifier", "--ignore"]


def test_data_that_a_run_would_stop_at_are_noted(tmp_path):
    few = {name: cells[:30] * 2 for name, cells in COLUMNS.items() if name in ("income", "rate", "churned")}
    few["gaps"] = ["1", "2", *[""] * 58]
    notes = "\n".join(_inferred(tmp_path, few).notes)
    assert "60 records are few: a run needs 100" in notes
    assert "% of the records repeat another: a run takes 5 %" in notes
    assert "`gaps` is empty in 97 % of the records: a run takes 20 %" in notes


def test_data_without_a_feature_are_refused(tmp_path):
    with pytest.raises(FaultsFound, match="no column is left to predict the label from: `name` is ignored"):
        _inferred(tmp_path, {name: COLUMNS[name] for name in ("customer_id", "name", "churned")})


def test_more_columns_than_a_feature_group_takes_are_refused(tmp_path):
    wide = {"y": ["a", "b"], **{f"c{place}": ["1", "2"] for place in range(2498)}}
    with pytest.raises(FaultsFound, match="2499 columns are too many: a feature group takes 2500"):
        _inferred(tmp_path, wide, label="y")


CELL = st.one_of(
    st.integers(-(10**6), 10**6).map(str),
    st.floats(allow_nan=False, allow_infinity=False).map(repr),
    st.sampled_from(["", "yes", "no", "true", "null", "~", "NA", "0.10", "007", "1e5", "-0", "2024-05-01", "#", ": x"]),
    st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=8),
)
COLUMN = st.one_of(
    st.lists(CELL, min_size=8, max_size=8),
    st.lists(st.integers(0, 3).map(str), min_size=8, max_size=8),
    st.lists(st.floats(-1e3, 1e3).map(lambda value: f"{value:.2f}"), min_size=8, max_size=8),
    st.lists(st.sampled_from(["red", "blue", ""]), min_size=8, max_size=8),
)
HEADER = st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "S", "Zs"]), min_size=1, max_size=12).map(
    str.strip
)


@settings(max_examples=30)
@given(st.dictionaries(HEADER.filter(bool), COLUMN, min_size=1, max_size=5), st.sampled_from(["ab", "0123456789"]))
def test_a_schema_that_was_made_of_data_loads_and_accepts_them(tmp_path_factory, columns, labels):
    folder = tmp_path_factory.mktemp("data")
    assume("the label" not in columns)
    table = _table(folder, {**columns, "the label": [labels[place % len(labels)] for place in range(8)]})
    try:
        inferred = infer(table, Roles("the label"))
    except FaultsFound as found:
        assert "no column is left" in str(found)  # noqa: PT017 -- the only reason that any data may be refused for
        return
    path = folder / "schema.yaml"
    path.write_text(schema_text(table, inferred), encoding="utf-8")
    schema = load_schema(path)
    checked = check(read_raw(folder / "raw", schema), schema)
    assert not checked.findings
    assert [column.header for column in schema.columns] == [column.header for column in table.columns]

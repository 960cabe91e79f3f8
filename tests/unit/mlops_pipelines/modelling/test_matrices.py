"""Data as models see them: types, empty cells, labels."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from mlops_pipelines.modelling.matrices import feature_columns, label_column, read_records, split, targets

SCHEMA = {
    "columns": [
        {"name": "code", "type": "category", "role": "feature", "values": ["0", "NA", "None"], "nullable": True},
        {"name": "income", "type": "number", "role": "feature", "values": [], "nullable": True},
        {"name": "age", "type": "integer", "role": "feature", "values": []},
        {"name": "group", "type": "category", "role": "protected", "values": ["a", "b"]},
        {"name": "note", "type": "text", "role": "ignored", "values": []},
        {"name": "deny", "type": "category", "role": "label", "values": ["0", "1"]},
    ]
}
CLASSES = {"name": "y", "type": "category", "values": ["a", "b"]}
CSV = "code,income,age,group,note,deny\nNA,10,30,a,001,0\n,,40,b,,1\nNone,30,50,a,nan,0\n0,50,60,b,x,1\n"


@pytest.fixture
def frame(tmp_path):
    (tmp_path / "train.csv").write_text(CSV)
    return read_records(tmp_path / "train.csv", SCHEMA)


def test_only_an_empty_cell_is_missing_and_a_category_of_digits_is_text(frame):
    assert frame["code"].isna().tolist() == [False, True, False, False]
    assert frame["deny"].tolist() == ["0", "1", "0", "1"]
    assert frame["note"].tolist()[0] == "001"
    assert frame["income"].isna().sum() == 1


def test_an_empty_cell_is_the_training_median_or_a_place_of_its_own(frame):
    columns = feature_columns(SCHEMA, frame)
    assert [(column["name"], column.get("fill", "none")) for column in columns] == [
        ("code", None), ("income", 30.0), ("age", "none")
    ]  # fmt: skip
    data = split(frame, columns, label_column(SCHEMA))
    assert data.features.tolist() == [[1, 10, 30], [3, 30, 40], [2, 30, 50], [0, 50, 60]]
    assert data.target.tolist() == [0, 1, 0, 1]
    assert "fill" not in SCHEMA["columns"][1]  # the schema is left as it was


def test_an_empty_cell_of_any_other_column_is_refused(frame):
    frame["age"] = [30.0, np.nan, 50, 60]
    with pytest.raises(ValueError, match=r"age = nan in record 2: expected a finite number$"):
        split(frame, feature_columns(SCHEMA, frame), label_column(SCHEMA))


def test_a_column_without_a_single_value_is_refused(frame):
    frame["income"] = np.nan
    with pytest.raises(ValueError, match="column income has no value in the train set: give it the role ignored"):
        feature_columns(SCHEMA, frame)


@pytest.mark.parametrize(
    ("label", "cells", "message"),
    [
        (CLASSES, ["a", "c"], "y = 'c' in record 2: expected one of a, b"),
        (CLASSES, ["a", np.nan], "y = nan in record 2"),
        ({"name": "y", "type": "number"}, ["1.5", "high"], "y = 'high' in record 2: expected a finite number"),
        ({"name": "y", "type": "integer"}, [np.inf, 3], "y = inf in record 1"),
    ],
)  # fmt: skip
def test_a_label_that_is_none_is_refused_by_name(label, cells, message):
    with pytest.raises(ValueError, match=message):
        targets(pd.DataFrame({"y": cells}), label)

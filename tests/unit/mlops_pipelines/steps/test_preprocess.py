"""Preprocessing: validation, the split, the snapshot."""

from __future__ import annotations

import hashlib
import json

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.pipelines import applications, schema

from mlops_pipelines.steps.preprocess import DataFaults, main, preprocess, read_raw, split, validate

COLUMNS = schema()["columns"]


def raw_folder(folder, frame=None):
    (folder / "raw").mkdir()
    (applications() if frame is None else frame).to_csv(folder / "raw" / "data.csv", index=False)
    return folder / "raw"


def text_cells(frame):
    return frame.astype(str)


@pytest.mark.parametrize(
    ("column", "value", "rule"),
    [
        ("pirat", "-0.1", "a number from 0 to 5"),
        ("pirat", "5.01", "a number from 0 to 5"),
        ("pirat", "high", "a number from 0 to 5"),
        ("pirat", "", "a number from 0 to 5"),
        ("chist", "2.5", "a whole number from 1 to 6"),
        ("chist", "7", "a whole number from 1 to 6"),
        ("deny", "YES", "one of ['no', 'yes']"),
        ("afam", "", "one of ['no', 'yes']"),
    ],
)
def test_a_cell_that_breaks_the_schema_is_named(column, value, rule):
    raw = text_cells(applications(12))
    raw.loc[4, column] = value
    with pytest.raises(DataFaults, match="1 fault:") as caught:
        validate(raw, COLUMNS)
    assert f"{column} = {value!r} in record 5: expected {rule}" in str(caught.value)


def test_all_faults_are_counted_and_twenty_shown():
    raw = text_cells(applications(50))
    raw["lvrat"] = "x"
    with pytest.raises(DataFaults, match="50 faults") as caught:
        validate(raw, COLUMNS)
    assert str(caught.value).count("lvrat =") == 20
    assert "and 30 more" in str(caught.value)


def test_validated_data_have_their_types():
    frame = validate(text_cells(applications(12)), COLUMNS)
    assert (frame["chist"].dtype, frame["pirat"].dtype) == ("int64", "float64")


def test_missing_and_unknown_columns_of_every_file_are_named(tmp_path):
    applications(5).drop(columns="pirat").to_csv(tmp_path / "a.csv", index=False)
    applications(5).assign(zip=1).to_csv(tmp_path / "b.csv", index=False)
    with pytest.raises(DataFaults) as caught:
        read_raw(tmp_path, COLUMNS)
    assert "a.csv: column pirat is missing" in str(caught.value)
    assert "b.csv: column zip is not in the schema" in str(caught.value)


def test_files_are_read_in_the_order_of_their_names_and_columns_in_that_of_the_schema(tmp_path):
    frame = text_cells(applications(10))
    frame.iloc[5:, ::-1].to_csv(tmp_path / "b.csv", index=False)
    frame.iloc[:5].to_csv(tmp_path / "a.csv", index=False)
    pd.testing.assert_frame_equal(read_raw(tmp_path, COLUMNS), frame, check_dtype=False)


def test_no_file_and_no_record_are_faults(tmp_path):
    with pytest.raises(DataFaults, match=r"no \.csv file"):
        read_raw(tmp_path, COLUMNS)
    with pytest.raises(DataFaults, match="there is no record"):
        validate(text_cells(applications(12)).iloc[:0], COLUMNS)


@given(st.integers(0, 2**31 - 1))
def test_a_split_is_a_partition_that_the_order_of_the_records_does_not_change(seed):
    frame = applications(240)
    sets, shuffled = split(frame, seed), split(frame.sample(frac=1, random_state=1), seed)
    assert sorted(index for part in sets.values() for index in part.index) == list(frame.index)
    assert {name: set(part.index) for name, part in shuffled.items()} == {
        name: set(part.index) for name, part in sets.items()
    }


def test_a_split_has_about_its_shares_keeps_twins_together_and_follows_the_seed():
    frame = applications(4000)
    sets = split(pd.concat([frame, frame], ignore_index=True), seed=1)
    assert [round(len(part) / 8000, 1) for part in sets.values()] == [0.6, 0.2, 0.2]
    assert all(
        set(part.index) == {index % 4000 + add for index in part.index for add in (0, 4000)} for part in sets.values()
    )
    assert set(split(frame, 1)["test"].index) != set(split(frame, 2)["test"].index)


def test_too_few_records_to_split_are_a_fault():
    with pytest.raises(DataFaults, match="too few"):
        split(applications(1), seed=0)


def test_the_snapshot_names_the_checksum_of_everything_it_came_from_and_went_to(tmp_path):
    manifest = preprocess(raw_folder(tmp_path), tmp_path / "out", schema(), seed=1, label="deny", protected="afam")
    out = tmp_path / "out"
    assert manifest == json.loads((out / "snapshot/snapshot.json").read_text())
    digest = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in tmp_path.rglob("*.csv")}
    assert manifest["sha256"] == hashlib.sha256((out / "snapshot/data.csv").read_bytes()).hexdigest()
    assert manifest["sources"] == {"data.csv": hashlib.sha256((tmp_path / "raw/data.csv").read_bytes()).hexdigest()}
    assert {name: part["sha256"] for name, part in manifest["splits"].items()} == {
        name: digest[f"{name}.csv"] for name in ("train", "validation", "test")
    }
    assert sum(part["records"] for part in manifest["splits"].values()) == manifest["records"] == 240


def test_the_same_data_and_seed_give_the_same_bytes(tmp_path):
    raw = raw_folder(tmp_path)
    for name in ("one", "two"):
        preprocess(raw, tmp_path / name, schema(), seed=1, label="deny", protected="afam")
    files = [sorted(p.relative_to(tmp_path / n) for p in (tmp_path / n).rglob("*.*")) for n in ("one", "two")]
    assert files[0] == files[1]
    assert len(files[0]) == 7
    assert all((tmp_path / "one" / p).read_bytes() == (tmp_path / "two" / p).read_bytes() for p in files[0])


def test_the_baseline_covers_the_training_features_only(tmp_path):
    preprocess(raw_folder(tmp_path), tmp_path / "out", schema(), seed=1, label="deny", protected="afam")
    baseline = json.loads((tmp_path / "out/baseline/data-quality/constraints.json").read_text())
    names = [feature["name"] for feature in baseline["features"]]
    assert "deny" not in names
    assert "afam" not in names
    assert len(names) == 12


def test_a_label_or_protected_attribute_without_that_role_is_refused(tmp_path):
    with pytest.raises(DataFaults) as caught:
        preprocess(tmp_path, tmp_path, schema(), seed=1, label="afam", protected="race")
    assert "'afam' does not have the role label" in str(caught.value)
    assert "'race' does not have the role protected" in str(caught.value)


def test_there_may_be_no_protected_attribute(tmp_path):
    manifest = preprocess(raw_folder(tmp_path), tmp_path / "out", schema(), seed=1, label="deny", protected="none")
    assert manifest["protected_attribute"] == "none"


def test_the_command_line_reports_faults_on_stderr_and_exits_1(tmp_path, capsys):
    (tmp_path / "schema.json").write_text(json.dumps(schema()))
    frame = applications()
    frame.loc[0, "unemp"] = 101
    arguments = ["--input", raw_folder(tmp_path, frame), "--output", tmp_path / "out", "--label", "deny", "--seed", 1,
                 "--schema", tmp_path / "schema.json", "--protected-attribute", "afam"]  # fmt: skip
    assert main([str(argument) for argument in arguments]) == 1
    assert "unemp = '101.0' in record 1: expected a number from 0 to 100" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()

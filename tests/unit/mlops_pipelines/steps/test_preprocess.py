"""Preprocess: the sets and the baseline from a verified snapshot."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace

import pandas as pd
import pytest
from tests.support.pipelines import applications, schema
from tests.support.tables import real_table, shell_of

from mlops_pipelines.data.faults import DataFaults
from mlops_pipelines.data.parsing import csv_bytes
from mlops_pipelines.data.snapshots import schema_sha256
from mlops_pipelines.features.schema import Schema
from mlops_pipelines.steps.preprocess import prepare
from mlops_pipelines.steps.shell import StepFault

SETS = ("train", "validation", "test")


def given(folder, frame=None, document=None, **settings):
    document = document or schema()
    shell = shell_of(folder, document, **settings)
    described = Schema.of(document)
    data = applications() if frame is None else frame
    content = csv_bytes(data.rename(columns={c.header: c.name for c in described.columns}), described)
    keep(shell, content, sha256=hashlib.sha256(content).hexdigest())
    return shell


def keep(shell, content, **changes):
    kept = shell.input / "snapshot"
    kept.mkdir(exist_ok=True)
    (kept / "data.csv").write_bytes(content)
    manifest = {"sha256": "0" * 64, "schema_sha256": schema_sha256(shell.schema), **changes}
    (kept / "snapshot.json").write_text(json.dumps(manifest))


def test_the_sets_hold_every_record_once_and_have_their_checksums(tmp_path):
    shell = given(tmp_path)
    document = prepare(shell)
    assert document == json.loads((shell.output / "splits/splits.json").read_text())
    assert document["seed"] == shell.settings.seed
    parts = {name: shell.output / name / f"{name}.csv" for name in SETS}
    assert {name: part["sha256"] for name, part in document["splits"].items()} == {
        name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in parts.items()
    }
    lines = sorted(line for path in parts.values() for line in path.read_text().splitlines()[1:])
    assert lines == sorted((shell.input / "snapshot/data.csv").read_text().splitlines()[1:])
    assert sum(part["records"] for part in document["splits"].values()) == 240
    assert all(sum(part["classes"].values()) == part["records"] for part in document["splits"].values())


def test_the_same_snapshot_and_seed_give_the_same_bytes(tmp_path):
    shell = given(tmp_path)
    for name in ("one", "two"):
        prepare(replace(shell, output=tmp_path / name))
    files = [sorted(p.relative_to(tmp_path / n) for p in (tmp_path / n).rglob("*.*")) for n in ("one", "two")]
    assert files[0] == files[1]
    assert len(files[0]) == 6
    assert all((tmp_path / "one" / p).read_bytes() == (tmp_path / "two" / p).read_bytes() for p in files[0])


@pytest.mark.parametrize("name", ["wine", "breast_cancer", "diabetes"])
def test_a_data_set_works_by_its_schema_alone(tmp_path, name):
    table = real_table(name)
    shell = given(tmp_path, table.frame, table.document)
    document = prepare(shell)
    classes = [set(part.get("classes", {})) for part in document["splits"].values()]
    assert classes == [set(table.schema.label.values)] * 3
    train = pd.read_csv(shell.output / "train/train.csv")
    assert list(train) == [column.name for column in table.schema.columns]


def test_the_baseline_covers_the_training_features_only(tmp_path):
    shell = given(tmp_path)
    document = prepare(shell)
    kept = shell.output / "baseline/data-quality"
    statistics, constraints = (
        json.loads((kept / f"{name}.json").read_text()) for name in ("statistics", "constraints")
    )
    names = [feature["name"] for feature in constraints["features"]]
    assert "deny" not in names
    assert "afam" not in names
    assert len(names) == 12
    assert statistics["dataset"]["item_count"] == document["splits"]["train"]["records"]


def test_gaps_of_nullable_columns_stay_gaps_and_the_baseline_allows_what_the_settings_allow(tmp_path):
    document = schema()
    for column in document["columns"]:
        column["nullable"] = column["name"] in ("pirat", "chist", "phist")
    frame = applications().astype({"chist": "Int64"})
    frame.loc[::10, ["pirat", "chist", "phist"]] = None
    shell = given(tmp_path, frame, document, data={"max_missing_percent": 25})
    prepare(shell)
    train = pd.read_csv(shell.output / "train/train.csv")
    missing = train[["pirat", "chist", "phist"]].isna().mean()
    assert (missing > 0).all()
    assert (train["chist"].dropna() % 1 == 0).all()
    statistics, constraints = (
        {f["name"]: f for f in json.loads((shell.output / f"baseline/data-quality/{n}.json").read_text())["features"]}
        for n in ("statistics", "constraints")
    )
    assert statistics["pirat"]["numerical_statistics"]["common"]["num_missing"] == train["pirat"].isna().sum()
    assert statistics["phist"]["string_statistics"]["common"]["num_missing"] == train["phist"].isna().sum()
    assert {name: constraints[name]["completeness"] for name in ("pirat", "chist", "phist", "hirat")} == {
        "pirat": 0.75, "chist": 0.75, "phist": 0.75, "hirat": 1.0
    }  # fmt: skip


def test_the_shares_and_the_seed_are_the_settings(tmp_path):
    shell = given(tmp_path, applications(1000), data={"split": [0.8, 0.1, 0.1]})
    document = prepare(shell)
    assert [round(part["records"] / 1000, 1) for part in document["splits"].values()] == [0.8, 0.1, 0.1]
    other = prepare(replace(shell, settings=replace(shell.settings, seed=8)))
    assert other["splits"] != document["splits"]


def test_a_snapshot_that_was_changed_is_refused(tmp_path):
    shell = given(tmp_path)
    keep(shell, csv_bytes(applications(), Schema.of(schema())))
    with pytest.raises(StepFault, match=r"data\.csv has the checksum .* expected 0000"):
        prepare(shell)
    assert not shell.output.exists()


def test_a_snapshot_of_another_schema_is_refused(tmp_path):
    shell = given(tmp_path)
    keep(shell, b"", schema_sha256="1")
    with pytest.raises(StepFault, match="the snapshot's is 1"):
        prepare(shell)


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b"deny,pirat\nno,1\n", "the columns are ['deny', 'pirat']; expected ['deny', 'pirat', 'hirat'"),
        (csv_bytes(applications(30).assign(pirat=7.0), Schema.of(schema())), "data.csv, line 2: pirat = '7.0'"),
    ],
)
def test_a_snapshot_that_breaks_the_schema_is_refused(tmp_path, content, fault):
    shell = given(tmp_path)
    keep(shell, content, sha256=hashlib.sha256(content).hexdigest())
    with pytest.raises(DataFaults) as caught:
        prepare(shell)
    assert fault in str(caught.value)


def test_a_snapshot_that_is_not_there_is_a_fault(tmp_path):
    shell = given(tmp_path)
    (shell.input / "snapshot/data.csv").unlink()
    with pytest.raises(StepFault, match=r"no readable data\.csv"):
        prepare(shell)


def test_a_set_without_a_class_ends_the_step_and_nothing_is_written(tmp_path):
    frame = applications()
    frame["deny"] = ["yes", *["no"] * 239]
    shell = given(tmp_path, frame)
    with pytest.raises(DataFaults, match="has none of class 'yes' of label deny"):
        prepare(shell)
    assert not shell.output.exists()

"""ValidateData: what stops a run, what is recorded, and that every data set works by its schema alone."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace

import numpy as np
import pytest
from tests.support.pipelines import applications, schema
from tests.support.tables import real_table, shell_of

from mlops_pipelines.data.faults import DataFaults
from mlops_pipelines.data.parsing import csv_bytes
from mlops_pipelines.features.schema import Schema
from mlops_pipelines.steps.shell import StepFault
from mlops_pipelines.steps.validate import assess, main

MORTGAGES = schema()


def given(folder, frame=None, document=MORTGAGES, **options):
    shell = shell_of(folder, document, **options)
    data = applications() if frame is None else frame
    data.to_csv(shell.input / "data" / "day.csv", index=False)
    return shell


def champion(shell, frame, **changes):
    content = csv_bytes(frame, Schema.of(shell.schema))
    (shell.input / "champion/data.csv").write_bytes(content)
    document = {"status": "found", "snapshot_sha256": hashlib.sha256(content).hexdigest(), **changes}
    (shell.input / "champion/champion.json").write_text(json.dumps(document))
    return document["snapshot_sha256"]


def written(shell):
    return json.loads((shell.output / "validation/validation.json").read_text())


def test_good_data_are_described_with_their_checksums_checks_and_profiles(tmp_path):
    shell = given(tmp_path)
    summary = assess(shell)
    document = written(shell)
    content = (shell.input / "data/day.csv").read_bytes()
    assert document["files"] == {"day.csv": hashlib.sha256(content).hexdigest()}
    assert document["records"] == summary["records"] == 240
    assert all({"check", "column", "rule", "value", "limit", "passed"} <= row.keys() for row in document["checks"])
    assert list(document["columns"]) == [column["name"] for column in MORTGAGES["columns"]]
    assert document["drift"]["status"] == "no reference"
    assert document["drift"]["reference_sha256"] is None


@pytest.mark.parametrize(("name", "label"), [("wine", "class_0"), ("breast_cancer", "malignant"), ("diabetes", None)])
def test_a_data_set_works_by_its_schema_alone(tmp_path, name, label):
    table = real_table(name)
    shell = given(tmp_path, table.frame, table.document)
    assess(shell)
    document = written(shell)
    assert document["records"] == len(table.frame)
    values = document["columns"]["outcome"].get("values")
    assert (values[label] if values else None) == (int((table.frame["outcome"] == label).sum()) if label else None)
    assert "values" not in document["columns"]["record"]


def test_faults_of_form_cells_settings_and_quality_come_at_once_and_nothing_is_written(tmp_path):
    frame = applications(60)
    frame.loc[3, "pirat"] = 9
    shell = given(tmp_path, frame)
    (shell.input / "data/more.csv").write_text("deny;pirat\n")
    shell = replace(shell, settings=replace(shell.settings, label="single", protected=("race",)))
    with pytest.raises(DataFaults, match="5 faults") as caught:
        assess(shell)
    for part in (
        "'single' does not have the role label",
        "'race' does not have the role protected",
        "more.csv: the header is one column, 'deny;pirat'; it looks separated by semicolons",
        "day.csv, line 5: pirat = '9.0' in record 4: expected a number from 0 to 5",
        "there are 60 records; expected at least 100",
    ):
        assert part in str(caught.value)
    assert not shell.output.exists()


@pytest.mark.parametrize(
    ("files", "fault"),
    [
        ({}, "no .csv file lies under data/"),
        ({"a.csv": ""}, "a.csv: the file is empty"),
        ({"a.csv": applications(3).head(0).to_csv(index=False)}, "a.csv: there is no record, only a header"),
    ],
)
def test_no_data_are_one_fault(tmp_path, files, fault):
    shell = shell_of(tmp_path, MORTGAGES)
    for name, content in files.items():
        (shell.input / "data" / name).write_text(content)
    with pytest.raises(DataFaults, match=r"1 fault:") as caught:
        assess(shell)
    assert fault in str(caught.value)


def test_data_like_the_last_accepted_have_not_drifted(tmp_path):
    shell = given(tmp_path, applications(600, seed=1))
    digest = champion(shell, applications(600, seed=2))
    assert assess(shell)["drift"] == "measured"
    drift = written(shell)["drift"]
    assert (drift["reference_sha256"], drift["drifted"], drift["not_compared"]) == (digest, [], [])
    assert [row["column"] for row in drift["columns"]] == [column["name"] for column in MORTGAGES["columns"]]


def shifted():
    frame = applications(600, seed=1)
    return frame.assign(unemp=np.round(frame["unemp"] * 3, 4), single="yes")


def test_drift_stops_the_run_and_names_every_column(tmp_path):
    shell = given(tmp_path, shifted())
    champion(shell, applications(600, seed=2))
    with pytest.raises(DataFaults, match="2 faults") as caught:
        assess(shell)
    assert "column unemp has drifted from the last accepted snapshot: PSI" in str(caught.value)
    assert "column single has drifted" in str(caught.value)
    assert not shell.output.exists()


def test_a_retraining_for_drift_records_it_and_goes_on(tmp_path):
    shell = given(tmp_path, shifted(), facts={"on_drift": "record"})
    champion(shell, applications(600, seed=2))
    assert assess(shell)["drifted"] == ["unemp", "single"]
    assert written(shell)["drift"]["drifted"] == ["unemp", "single"]
    assert all(row["passed"] for row in written(shell)["checks"])


def test_limits_of_drift_are_the_settings(tmp_path):
    shell = given(tmp_path, shifted(), data={"max_psi": 50})
    champion(shell, applications(600, seed=2))
    assert assess(shell)["drifted"] == []


def test_a_reference_of_another_schema_is_compared_where_it_can_be(tmp_path):
    shell = given(tmp_path, applications(600, seed=1))
    content = applications(600, seed=2).rename(columns={"unemp": "old"}).to_csv(index=False).encode()
    (shell.input / "champion/data.csv").write_bytes(content)
    document = {"status": "found", "snapshot_sha256": hashlib.sha256(content).hexdigest()}
    (shell.input / "champion/champion.json").write_text(json.dumps(document))
    assess(shell)
    drift = written(shell)["drift"]
    assert drift["not_compared"] == [
        {"column": "old", "reason": "not in the data"},
        {"column": "unemp", "reason": "not in the reference"},
    ]
    assert len(drift["columns"]) == 13


def test_a_changed_reference_and_an_unknown_fact_are_refused(tmp_path):
    shell = given(tmp_path)
    champion(shell, applications(), snapshot_sha256="0" * 64)
    with pytest.raises(StepFault, match=r"champion/data\.csv has the checksum"):
        assess(shell)
    with pytest.raises(StepFault, match="on_drift is 'ignore'; expected one of stop, record"):
        assess(replace(shell, facts={"on_drift": "ignore"}))


def test_the_command_line_reports_faults_on_stderr_and_where_sagemaker_looks(tmp_path, capsys):
    frame = applications()
    frame.loc[0, "unemp"] = 101
    shell = given(tmp_path / "processing", frame)
    (tmp_path / "schema.json").write_text(json.dumps(MORTGAGES))
    (tmp_path / "settings.json").write_text(json.dumps(shell.settings.as_dict()))
    arguments = ["--input", shell.input, "--output", shell.output, "--code", tmp_path]
    assert main([str(argument) for argument in arguments]) == 1
    fault = "day.csv, line 2: unemp = '101.0' in record 1: expected a number from 0 to 100"
    assert fault in capsys.readouterr().err
    assert fault in (tmp_path / "output/message").read_text()
    assert not shell.output.exists()

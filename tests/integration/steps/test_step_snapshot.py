"""Snapshot: the canonical file, and that it holds what was validated and nothing else."""

from __future__ import annotations

import hashlib
import json
import shutil

import pytest
from tests.support.pipelines import DATA, applications, schema
from tests.support.tables import real_table, shell_of

from mlops_pipelines.steps import snapshot, validate
from mlops_pipelines.steps.shell import StepFault


@pytest.fixture
def shell(tmp_path):
    given = shell_of(tmp_path, schema())
    applications(120).to_csv(given.input / "data/b.csv", index=False)
    applications(60, seed=4).iloc[:, ::-1].to_csv(given.input / "data/a.csv", index=False)
    validated(given)
    return given


def validated(given):
    validate.assess(given)
    shutil.copytree(given.output / "validation", given.input / "validation")


def test_the_snapshot_names_the_checksum_of_everything_it_came_from(shell):
    document = snapshot.keep(shell)
    kept = shell.output / "snapshot"
    assert document == json.loads((kept / "snapshot.json").read_text())
    assert document["sha256"] == hashlib.sha256((kept / "data.csv").read_bytes()).hexdigest()
    sources = {
        name: hashlib.sha256((shell.input / "data" / name).read_bytes()).hexdigest() for name in ("a.csv", "b.csv")
    }
    assert document["sources"] == sources
    assert document["settings_sha256"] == shell.settings.sha256()
    assert document["schema_sha256"] == hashlib.sha256(json.dumps(shell.schema, sort_keys=True).encode()).hexdigest()
    assert (document["records"], document["label"], document["protected"]) == (180, "deny", ["afam"])


def test_the_shipped_file_is_its_own_snapshot(tmp_path):
    given = shell_of(tmp_path, schema())
    shutil.copy(DATA, given.input / "data")
    validated(given)
    snapshot.keep(given)
    assert (given.output / "snapshot/data.csv").read_bytes() == DATA.read_bytes()


def test_however_the_cells_are_written_equal_data_are_equal_bytes(tmp_path):
    table = real_table("wine")
    contents = []
    for name, text in (
        ("one", table.frame.to_csv(index=False)),
        ("two", "\ufeff" + table.frame.iloc[:, ::-1].to_csv(index=False, quoting=1, lineterminator="\r\n")),
    ):
        given = shell_of(tmp_path / name, table.document)
        (given.input / "data/a.csv").write_bytes(text.encode())
        validated(given)
        snapshot.keep(given)
        contents.append((given.output / "snapshot/data.csv").read_bytes())
    assert contents[0] == contents[1]
    header = contents[0].splitlines()[0].decode()
    assert header == ",".join(column.name for column in table.schema.columns)
    assert "od280_od315_of_diluted_wines" in header


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (lambda data: (data / "a.csv").unlink(), "a.csv was validated and is gone"),
        (lambda data: shutil.copy(data / "a.csv", data / "c.csv"), "c.csv has not been validated"),
        (lambda data: (data / "b.csv").write_text("deny\nno\n"), "b.csv has the checksum"),
    ],
)
def test_data_that_are_not_those_that_were_validated_are_refused(shell, change, fault):
    change(shell.input / "data")
    with pytest.raises(StepFault, match="the data are not those that were validated") as caught:
        snapshot.keep(shell)
    assert fault in str(caught.value)
    assert not (shell.output / "snapshot").exists()


def test_data_validated_by_another_schema_are_refused(shell):
    shell.schema["columns"][1]["maximum"] = 6
    with pytest.raises(StepFault, match=r"schema\.json has the checksum .* validated was"):
        snapshot.keep(shell)


def test_without_a_validation_there_is_no_snapshot(shell):
    shutil.rmtree(shell.input / "validation")
    with pytest.raises(StepFault, match=r"input validation has no readable validation\.json"):
        snapshot.keep(shell)

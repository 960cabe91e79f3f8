"""The last accepted snapshot: found, verified, and compared where it can be."""

from __future__ import annotations

import hashlib

import pytest

from mlops_pipelines.data.faults import DataFaults
from mlops_pipelines.data.references import Reference, find_reference
from mlops_pipelines.features.schema import Column, Schema
from mlops_pipelines.steps.shell import StepFault

SCHEMA = Schema(
    "key",
    "at",
    (
        Column("key", "text", "identifier", ""),
        Column("y", "category", "label", "", values=("1", "NA")),
        Column("x", "number", "feature", "", 0, 9, nullable=True),
        Column("new", "number", "feature", "", 0, 9),
        Column("retyped", "number", "feature", "", 0, 9),
        Column("empty", "number", "feature", "", 0, 9, nullable=True),
        Column("note", "text", "ignored", ""),
    ),
)
KEPT = b"old,key,y,x,retyped,empty\n3,a,1,0.5,high,\n4,b,NA,,low,\n"


def found(folder, content: bytes) -> Reference | str:
    (folder / "data.csv").write_bytes(content)
    champion = {"status": "found", "snapshot_sha256": hashlib.sha256(content).hexdigest()}
    return find_reference(folder, champion, SCHEMA)


def test_common_columns_are_read_and_the_others_are_told_of(tmp_path):
    reference = found(tmp_path, KEPT)
    assert isinstance(reference, Reference)
    assert list(reference.frame["y"]) == ["1", "NA"]
    assert reference.frame["x"].isna().tolist() == [False, True]
    assert dict(reference.not_compared) == {
        "old": "not in the data",
        "new": "not in the reference",
        "retyped": "not a number in the reference",
        "empty": "always missing in the reference",
    }


def test_without_a_champion_or_its_snapshot_there_is_no_reference(tmp_path):
    assert find_reference(tmp_path, {"status": "none"}, SCHEMA) == "no version of the model has been approved yet"
    assert find_reference(tmp_path, {"status": "found"}, SCHEMA) == "the champion's snapshot is no longer there"


def test_a_snapshot_that_was_changed_is_refused(tmp_path):
    (tmp_path / "data.csv").write_bytes(KEPT)
    with pytest.raises(StepFault, match=r"expected abc, as champion\.json says"):
        find_reference(tmp_path, {"status": "found", "snapshot_sha256": "abc"}, SCHEMA)


@pytest.mark.parametrize(
    ("content", "fault"), [(b"y,x\n", "there is no record"), (b"", "file is empty"), (b"y,x\n1\n", "1 cells")]
)
def test_a_snapshot_that_cannot_be_read_is_refused(tmp_path, content, fault):
    with pytest.raises(DataFaults, match=rf"the champion's snapshot has 1 fault:\n  champion/data\.csv.*{fault}"):
        found(tmp_path, content)

"""Reading a run: what is there, and everything that shows that it is not one whole, unchanged run of the model."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from tests.support.evidence import MODEL, lay_estate_run, step_file, write
from tests.support.signatures import KEY_ARN

from mlops_estate.evidence.run import default_folder, read_run
from mlops_estate.faults import Fault, FaultsFound


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return lay_estate_run(default_folder(tmp_path, "dev", MODEL))


def faults(project: Path, folder: Path | None = None) -> tuple[Fault, ...]:
    with pytest.raises(FaultsFound) as found:
        read_run(project, "dev", MODEL, folder)
    assert found.value.exit_code == 2
    return found.value.faults


def edit(path: Path, **changes: object) -> None:
    write(path, {**json.loads(path.read_text()), **changes})


def test_a_run_is_read_with_the_bytes_it_left_and_its_own_signature_holds(tmp_path: Path, folder: Path) -> None:
    run = read_run(tmp_path, "dev", MODEL)
    assert run.place == f".estate/dev/runs/{MODEL}"
    assert run.contents["gate"] == step_file(folder, "gate").read_bytes()
    assert run.get("evaluation", "metric", "value") == 0.8
    assert run.get("gate", "checks", 0, "gate") == "quality"
    assert (run.get("gate", "checks", 99), run.get("gate", "nothing", "more"), run.get("nothing")) == (None, None, None)
    assert run.signature == f"holds over 13 files, by the public key of {KEY_ARN}"
    assert b"PUBLIC KEY" in run.public_key


def test_no_run_yet_says_which_command_makes_one(tmp_path: Path) -> None:
    (fault,) = faults(tmp_path)
    assert fault.rule == f"there is no run of {MODEL} in dev yet"
    assert f"estate pipeline run {MODEL} --local --env dev" in fault.fix


def test_a_named_folder_that_is_missing_or_holds_no_run_is_named(tmp_path: Path) -> None:
    (missing,) = faults(tmp_path, tmp_path / "nowhere")
    assert (missing.where, missing.rule) == ("--run", "there is no such folder")
    (tmp_path / "empty").mkdir()
    (empty,) = faults(tmp_path, tmp_path / "empty")
    assert empty.rule == f"the folder holds no documents of a run of {MODEL}"


def test_a_folder_outside_the_project_is_named_without_its_path(tmp_path: Path, folder: Path) -> None:
    elsewhere = tmp_path / "project"
    elsewhere.mkdir()
    assert read_run(elsewhere, "dev", MODEL, folder).place == MODEL


def test_every_unreadable_document_is_named_at_once(tmp_path: Path, folder: Path) -> None:
    step_file(folder, "gate").write_text("{")
    step_file(folder, "fairness").write_bytes(b"\xff\xfe")
    step_file(folder, "evaluation").write_text("[]")
    found = faults(tmp_path)
    assert [fault.rule.split(":")[0] for fault in found] == [
        "evaluation is no JSON object but list", "fairness is no readable JSON", "gate is no readable JSON"
    ]  # fmt: skip


def test_documents_of_another_model_are_refused(tmp_path: Path) -> None:
    lay_estate_run(default_folder(tmp_path, "dev", MODEL), model="credit")
    found = faults(tmp_path)
    assert {fault.where.rpartition(": ")[2] for fault in found} == {
        "settings.json model", "lineage.json model", "manifest.json model", "verification.json model"
    }  # fmt: skip
    assert {fault.value for fault in found} == {"credit"}


@pytest.mark.parametrize(
    ("document", "change", "what"),
    [
        ("verification", {"semantic_version": "2.0.0"}, "the semantic version"),
        ("splits", {"snapshot_sha256": "9" * 64}, "the data snapshot's SHA-256"),
        ("verification", {"execution": "another"}, "the pipeline execution"),
        ("validation", {"settings_sha256": "9" * 64}, "the settings' SHA-256"),
        ("validation", {"schema_sha256": "9" * 64}, "the schema's SHA-256"),
        ("evaluation", {"model_sha256": "9" * 64}, "the model archive's SHA-256"),
        ("verification", {"key_arn": "arn:aws:kms:eu-west-1:123456789012:key/1"}, "the signing key"),
    ],
)
def test_documents_of_two_runs_are_noticed(
    tmp_path: Path, folder: Path, document: str, change: dict[str, object], what: str
) -> None:
    edit(step_file(folder, document), **change)
    found = faults(tmp_path)
    assert [fault.rule for fault in found] == [f"{what} is not the same in every document, so they are not of one run"]
    assert f"{document}.json" in str(found[0].value)


@pytest.mark.parametrize("document", ["fairness", "robustness", "gate", "card"])
def test_a_document_that_was_changed_after_it_was_signed_is_refused(
    tmp_path: Path, folder: Path, document: str
) -> None:
    path = step_file(folder, document)
    path.write_bytes(path.read_bytes() + b" ") if document != "card" else edit(path.with_name("model_card.json"), a=1)
    (fault,) = faults(tmp_path)
    assert "was changed" in fault.rule
    assert fault.rule.startswith("the run's documents are not those that it signed")


def test_a_model_archive_that_was_changed_is_refused(tmp_path: Path, folder: Path) -> None:
    (archive,) = folder.rglob("processing/input/model/model.tar.gz")
    archive.write_bytes(archive.read_bytes() + b"x")
    (fault,) = faults(tmp_path)
    assert "model/model.tar.gz was changed" in fault.rule


def test_two_runs_in_one_folder_have_to_be_told_apart(tmp_path: Path, folder: Path) -> None:
    shutil.copytree(folder / "run-1", folder / "run-2")
    found = faults(tmp_path)
    assert {fault.fix for fault in found} == {"name the run: --run DIR/run-1"}
    assert read_run(tmp_path, "dev", MODEL, folder / "run-2").signature


def test_a_run_that_ended_before_its_signature_says_so(tmp_path: Path, folder: Path) -> None:
    for step in ("Sign", "VerifySignature", "ModelCard"):
        shutil.rmtree(folder / f"run-1/pipelines-run-1-{step}")
    run = read_run(tmp_path, "dev", MODEL)
    assert (run.signature, run.signature_why) == ("", "the run was not signed: it did not get to its step Sign")
    assert run.public_key == b""
    assert "lineage" not in run.documents


def test_without_what_was_signed_the_signature_is_not_claimed_to_hold(tmp_path: Path, folder: Path) -> None:
    shutil.rmtree(folder / "run-1/pipelines-run-1-Sign/opt/ml/processing/input")
    run = read_run(tmp_path, "dev", MODEL)
    assert (run.signature, run.signature_why) == ("", "the run's folder lacks what was signed, or the public key")

"""`estate evidence` on a real run: made and signed in an account that stands, verified, tampered with, refused."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from tests.support.evidence import MODEL, lay_estate_run
from tests.support.project import copy_project
from tests.support.served import estate, serving

from mlops_estate.cli.boundary import run
from mlops_estate.evidence.pack import schema
from mlops_policies.framework_map import frameworks

pytestmark = pytest.mark.xdist_group("evidence")


@dataclass(frozen=True)
class Served:
    """A project whose dev stands, trained, in an account that another process serves."""

    project: Path
    url: str


def evidence(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "evidence.json").read_text())
    return found


def told(found: dict[str, Any]) -> dict[str, Any]:
    return {fact["id"]: fact["value"] for section in found["sections"] for fact in section["facts"]}


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    project = copy_project(tmp_path_factory.mktemp("evidence"))
    with serving(project, "serve", "dev", "--json", within=300) as url:
        yield Served(project, url)


@pytest.fixture(scope="module")
def made(served: Served) -> dict[str, Any]:
    """Make the packs of every framework in the account that is found to be served."""
    code, said = estate(served.project, "evidence", "dev", MODEL, "-o", "packs", "--date", "2026-11-26")
    assert code == 0, said
    return said


def test_a_pack_of_each_framework_is_signed_by_the_key_that_signs_the_model(
    served: Served, made: dict[str, Any]
) -> None:
    assert (made["ok"], made["signed"], made["unsigned_because"]) == (True, True, "")
    assert [pack["framework"] for pack in made["packs"]] == sorted(frameworks())
    run_signature = json.loads((served.project / "packs/soc2/documents/signature.json").read_text())
    assert made["key_arn"] == run_signature["key_arn"]
    for pack in made["packs"]:
        jsonschema.validate(evidence(served.project / pack["folder"]), schema(), jsonschema.Draft202012Validator)


def test_facts_are_those_of_the_run_the_registry_and_what_stands(served: Served, made: dict[str, Any]) -> None:
    folder = served.project / "packs/eu-ai-act"
    found, copies = evidence(folder), folder / "documents"
    facts = told(found)
    assert found["basis"] == "standing resources"
    assert facts["identity.version"] == "1.0.0"
    assert facts["identity.live"] == facts["approval.number"] == 1
    assert facts["approval.status"] == "Approved"
    assert facts["approval.reason"].startswith("approved by `estate up`")
    assert facts["card.risk_rating"] == "High"
    assert facts["lineage.snapshot"] == json.loads((copies / "snapshot.json").read_text())["sha256"]
    assert facts["lineage.signature"].startswith("holds over ")
    assert facts["data.unchanged"] == "yes"
    assert facts["data.provenance"] == "told in PROVENANCE.md"
    assert facts["monitoring.monitors"] == 4
    lasting = (served.project / f".estate/dev/runs/{MODEL}").rglob("output/evaluation/evaluation.json")
    assert (copies / "evaluation.json").read_bytes() == next(lasting).read_bytes()
    gaps = {gap["id"]: gap["why"] for gap in found["gaps"]}
    assert gaps["approval.who"].startswith("an embedded account knows no people")
    assert gaps["card.intended_use"] == "nobody has told it"
    assert "incidents.record" in gaps


def test_packs_verify_with_the_fingerprint_that_was_printed(served: Served, made: dict[str, Any]) -> None:
    code, said = estate(served.project, "evidence", "--verify", "packs", "--fingerprint", made["fingerprint"])
    assert (code, said["ok"], len(said["packs"])) == (0, True, len(frameworks()))
    assert {pack["fingerprint"] for pack in said["packs"]} == {made["fingerprint"]}
    code, said = estate(served.project, "evidence", "--verify", "packs/soc2", "--fingerprint", "0" * 64)
    assert (code, said["ok"]) == (1, False)
    assert "the key in the pack is not the expected one" in said["packs"][0]["refusals"][0]


def test_tampering_is_refused_with_the_reason(
    served: Served, made: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def refused(said: str) -> None:
        assert run(["evidence", "--verify", str(tmp_path / "soc2")]) == 1
        out = capsys.readouterr().out
        assert "REFUSED" in out
        assert said in out
        shutil.rmtree(tmp_path / "soc2")

    def copied() -> Path:
        return Path(shutil.copytree(served.project / "packs/soc2", tmp_path / "soc2"))

    gate = copied() / "documents/gate.json"
    gate.write_bytes(gate.read_bytes().replace(b"true", b"tru\x65 ", 1))
    refused("documents/gate.json was changed")
    (copied() / "signature.json").unlink()
    refused("the pack is not signed: signature.json is missing")
    shutil.copy(served.project / "packs/gdpr/manifest.json", copied() / "manifest.json")
    refused("the manifest is not the signed one")
    (copied() / "documents/more.json").write_text("{}")
    refused("documents/more.json is in the folder, and not in the manifest")
    copied()
    assert run(["evidence", "--verify", str(tmp_path / "soc2")]) == 0
    out = capsys.readouterr().out
    assert "VERIFIED" in out
    assert f"key         {made['key_arn']}" in out
    assert f"fingerprint {made['fingerprint']}" in out


def test_the_account_can_be_named_and_another_one_is_refused(served: Served, made: dict[str, Any]) -> None:
    one = ("evidence", "dev", MODEL, "--framework", "soc2", "--date", "2026-11-26")
    code, said = estate(served.project, *one, "-o", "named", "--account", served.url)
    assert (code, said["key_arn"]) == (0, made["key_arn"])
    same = [pack["manifest_sha256"] for pack in made["packs"] if pack["framework"] == "soc2"]
    assert [pack["manifest_sha256"] for pack in said["packs"]] == same  # the same facts, the same bytes
    code, said = estate(served.project, *one, "-o", "other", "--account", "http://127.0.0.1:1")
    assert (code, said["summary"], said["faults"][0]["where"]) == (2, "no pack was written", "--account")
    kept = served.project / ".estate/dev/account.json"
    content = kept.read_text()
    kept.write_text(json.dumps({**json.loads(content), "instance": "another"}))
    code, said = estate(served.project, *one, "-o", "other", "--account", served.url)
    kept.write_text(content)
    assert code == 2
    assert said["faults"][0]["rule"] == "what stands in that account is not what the graph on disk says"
    assert not (served.project / "other").exists()


def test_a_draft_is_made_without_an_account_and_says_what_it_lacks(served: Served) -> None:
    code, said = estate(served.project, "evidence", "dev", MODEL, "--framework", "gdpr", "--unsigned", "-o", "draft")
    assert (code, said["ok"], said["signed"]) == (0, True, False)
    found = evidence(served.project / "draft/gdpr")
    assert found["basis"] == "declared resources, nothing of which stands"
    gaps = {gap["id"]: gap["why"] for gap in found["gaps"]}
    assert gaps["approval.status"] == "no registry was asked: no account is reached"
    assert "identity.live" in gaps
    code, said = estate(served.project, "evidence", "--verify", "draft")
    assert (code, said["packs"][0]["refusals"][0]) == (1, "the pack is not signed: signature.json is missing")


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a project with a run of its own, and no account."""
    folder = copy_project(tmp_path_factory.mktemp("unserved"))
    lay_estate_run(folder / f".estate/dev/runs/{MODEL}")
    return folder


def test_without_an_account_a_pack_is_written_unsigned_loudly_and_the_exit_code_is_1(
    project: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    given = ["evidence", "dev", MODEL, "--framework", "soc2", "-o", str(tmp_path / "x"), "--project", str(project)]
    assert run(given) == 1
    out = capsys.readouterr().out
    assert out.startswith(f"{MODEL} in dev: 1 pack in ")
    assert "UNSIGNED: nothing here proves who made it, nor that it is unchanged." in out
    assert "no KMS key can be reached: no account is served, and none was named" in out
    assert "--fresh" in out
    assert all(len(line) <= 100 for line in out.replace(str(tmp_path), "").splitlines())
    assert evidence(tmp_path / "x/soc2")["signing"]["signed"] is False
    assert "UNSIGNED" in (tmp_path / "x/soc2/evidence.html").read_text()


def test_every_fault_is_named_at_once_and_nothing_is_written(
    project: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full/notes.txt").write_text("mine")
    (project / "run").mkdir()
    (project / "run/x").write_text("")
    given = ["evidence", "dev", "mortgage-aproval", "--framework", "soc", "--framework", "gdpr", "--fresh"]
    given += ["--unsigned", "--date", "26.11.2026", "--run", "run", "-o", str(tmp_path / "full")]
    given += ["--project", str(project), "--json"]
    assert run(given) == 2
    said = json.loads(capsys.readouterr().out)
    assert [(fault["where"], fault["fix"]) for fault in said["faults"]] == [
        ("--date", "write YYYY-MM-DD: 2026-11-26"),
        ("MODEL", "did you mean mortgage-approval?"),
        ("--framework", "did you mean soc2?"),
        ("--fresh", "leave one of the two out"),
        ("--unsigned", "leave one of the two out"),
        ("--output", "name a new or empty folder: -o DIR; --force replaces packs that lie there"),
    ]
    assert [path.name for path in (tmp_path / "full").iterdir()] == ["notes.txt"]


def test_faults_of_options_and_of_the_run_are_named_together(
    project: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    broken = shutil.copytree(project / ".estate/dev/runs" / MODEL, tmp_path / "run")
    next(broken.rglob("output/gate/gate.json")).write_text("{")
    given = ["evidence", "dev", MODEL, "--framework", "nothing-like-it", "--run", str(broken), "--json",
             "-o", str(tmp_path / "x"), "--project", str(project)]  # fmt: skip
    assert run(given) == 2
    said = json.loads(capsys.readouterr().out)
    assert [fault["where"] for fault in said["faults"]] == ["--framework", "--run"]
    assert said["faults"][0]["fix"].startswith("take one of aws-foundational-security, ")
    assert said["faults"][1]["rule"].startswith("gate is no readable JSON")
    assert not (tmp_path / "x").exists()


def test_a_model_without_a_run_names_the_command_that_makes_one(
    project: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    given = ["evidence", "staging", MODEL, "-o", str(tmp_path / "x"), "--project", str(project), "--json"]
    assert run(given) == 2
    (fault,) = json.loads(capsys.readouterr().out)["faults"]
    assert fault["rule"] == f"there is no run of {MODEL} in staging yet"
    assert f"estate pipeline run {MODEL} --local --env staging" in fault["fix"]


def test_force_replaces_packs_and_touches_nothing_else(
    project: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    output = tmp_path / "packs"
    given = ["evidence", "dev", MODEL, "--framework", "soc2", "--unsigned", "-o", str(output), "--project",
             str(project)]  # fmt: skip
    assert run(given) == 0
    (output / "notes.txt").write_text("mine")
    (output / "soc2/left.txt").write_text("over")
    assert run(given) == 2
    assert "the folder is not empty (2 entries, notes.txt among them)" in capsys.readouterr().err
    assert run([*given, "--force"]) == 0
    assert (output / "notes.txt").read_text() == "mine"
    assert not (output / "soc2/left.txt").exists()
    shutil.rmtree(output / "soc2")
    (output / "soc2").mkdir()
    (output / "soc2/thesis.txt").write_text("mine")
    assert run([*given, "--force"]) == 2
    assert "this is no pack, so --force does not replace it" in capsys.readouterr().err
    assert (output / "soc2/thesis.txt").read_text() == "mine"


@pytest.mark.parametrize(
    ("given", "where"),
    [
        ([], ["ENV", "MODEL", "--output"]),
        (["dev"], ["MODEL", "--output"]),
        (["dev", MODEL, "-o", "x", "--fingerprint", "0" * 64], ["--fingerprint"]),
        (["--verify", "nowhere"], ["--verify"]),
        (["--verify", "."], ["--verify"]),
        (["dev", MODEL, "--verify", "nowhere", "--fresh", "-o", "x", "--fingerprint", "0"],
         ["ENV", "MODEL", "--output", "--fresh", "--fingerprint", "--verify"]),
        (["dev", MODEL, "-o", "file"], ["--output", ".estate/dev/runs/mortgage-approval"]),
    ],
)  # fmt: skip
def test_wrong_command_lines_are_refused_whole(
    given: list[str], where: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    copy_project(tmp_path)
    empty = tmp_path / "empty"
    empty.mkdir()
    (empty / "file").write_text("")
    monkeypatch.chdir(empty)
    assert run(["evidence", *given, "--json", *([] if "--verify" in given else ["--project", str(tmp_path)])]) == 2
    assert [fault["where"] for fault in json.loads(capsys.readouterr().out)["faults"]] == where


def test_fresh_stands_the_environment_up_trains_and_signs(
    project: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    given = ["evidence", "dev", MODEL, "--framework", "eu-ai-act", "--fresh", "-o", str(tmp_path / "x"), "--project"]
    assert run([*given, str(project), "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["ok"], said["signed"]) == (True, True)
    assert said["account"].startswith("embedded account 123456789012: the key ends with this account")
    found = evidence(tmp_path / "x/eu-ai-act")
    assert told(found)["identity.version"] == "1.0.0"
    assert found["model"]["registry_version"] == 1
    assert run(["evidence", "--verify", str(tmp_path / "x"), "--fingerprint", said["fingerprint"]]) == 0

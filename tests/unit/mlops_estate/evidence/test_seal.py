"""The seal: a pack is what was signed, or it is refused with the reason; nothing can be changed unnoticed."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.support.evidence import signer
from tests.support.signatures import KEY_ARN, OTHER_ARN

from mlops_estate.evidence.pack import Prepared, write_packs
from mlops_estate.evidence.seal import MANIFEST, fingerprint, is_pack, seal, verify_pack
from mlops_pipelines.signing import manifest as models
from mlops_pipelines.signing.canonical import canonical


@pytest.fixture
def pack(packs: Path, tmp_path: Path) -> Path:
    """Return a copy of a signed pack, to be tampered with."""
    return Path(shutil.copytree(packs / "eu-ai-act", tmp_path / "eu-ai-act"))


def names(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def refusals(folder: Path, expected: str = "") -> str:
    verdict = verify_pack(folder, expected)
    assert not verdict.ok
    assert verdict.as_dict()["ok"] is False
    return "\n".join(verdict.refusals)


def flip(path: Path, at: int = 0, bit: int = 0) -> None:
    content = bytearray(path.read_bytes())
    content[at % len(content)] ^= 1 << bit
    path.write_bytes(bytes(content))


def resealed(folder: Path, by: Any, **head: str) -> None:
    """Seal what lies in a folder anew."""
    files = {name: (folder / name).read_bytes() for name in names(folder)
             if name not in (MANIFEST, "signature.json", "public_key.pem")}  # fmt: skip
    told = {"model": "mortgage-approval", "environment": "dev", "framework": "eu-ai-act", "date": "2026-11-26"}
    for name, content in seal(files, {**told, **head}, by).items():
        (folder / name).write_bytes(content)


def test_a_signed_pack_is_verified_and_names_its_key(packs: Path) -> None:
    verdict = verify_pack(packs / "eu-ai-act", signer().fingerprint)
    assert verdict.refusals == []
    assert (verdict.key_arn, verdict.fingerprint) == (KEY_ARN, signer().fingerprint)
    assert verdict.files == len(names(packs / "eu-ai-act")) - 2
    assert verdict.head == {"model": "mortgage-approval", "environment": "dev", "framework": "eu-ai-act",
                            "date": "2026-11-26"}  # fmt: skip


def test_a_flipped_bit_in_any_file_is_refused_and_the_file_named(pack: Path) -> None:
    for name in names(pack):
        original = (pack / name).read_bytes()
        flip(pack / name, len(original) // 2)
        said = refusals(pack)
        (pack / name).write_bytes(original)
        if name not in (MANIFEST, "signature.json"):
            assert f"{name} was changed" in said
    assert verify_pack(pack).ok


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(data=st.data())
def test_no_bit_of_manifest_signature_or_key_can_be_changed(pack: Path, data: st.DataObject) -> None:
    path = pack / data.draw(st.sampled_from([MANIFEST, "signature.json", "public_key.pem"]))
    original = path.read_bytes()
    flip(path, data.draw(st.integers(0, len(original) - 1)), data.draw(st.integers(0, 7)))
    ok = verify_pack(pack).ok
    changed = path.read_bytes()
    path.write_bytes(original)
    if path.name == "signature.json" and ok:  # white space between values says nothing
        assert json.loads(changed) == json.loads(original)
    else:
        assert not ok


def test_a_missing_file_and_an_extra_one_are_refused_together(pack: Path) -> None:
    (pack / "documents/gate.json").unlink()
    (pack / "documents/more.json").write_text("{}")
    (pack / "notes.txt").write_text("")
    assert refusals(pack).splitlines() == [
        "documents/gate.json is missing",
        "documents/more.json is in the folder, and not in the manifest",
        "notes.txt is in the folder, and not in the manifest",
    ]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("signature.json", "the pack is not signed: signature.json is missing"),
        ("manifest.json", "manifest.json is missing"),
        ("public_key.pem", "public_key.pem is missing"),
        ("evidence.json", "evidence.json is missing"),
    ],
)
def test_a_pack_without_a_part_of_its_seal_is_refused(pack: Path, name: str, said: str) -> None:
    (pack / name).unlink()
    assert said in refusals(pack).splitlines()


def test_the_manifest_of_another_pack_is_refused_though_it_is_signed(pack: Path, packs: Path) -> None:
    for name in (MANIFEST, "signature.json"):
        shutil.copy(packs / "soc2" / name, pack / name)
    said = refusals(pack)
    assert "evidence.json was changed" in said
    assert "manifest.json is of another pack: evidence.json says mortgage-approval, dev, eu-ai-act" in said


def test_a_manifest_swapped_without_its_signature_is_refused(pack: Path, packs: Path) -> None:
    shutil.copy(packs / "soc2" / MANIFEST, pack / MANIFEST)
    assert "the manifest is not the signed one" in refusals(pack)


@pytest.mark.parametrize("key", ["model", "environment", "framework", "date"])
def test_a_manifest_that_says_another_thing_than_the_evidence_is_refused(pack: Path, key: str) -> None:
    resealed(pack, signer(), **{key: "another"})
    assert refusals(pack).splitlines() == [
        "manifest.json is of another pack: evidence.json says mortgage-approval, dev, eu-ai-act, 2026-11-26"
    ]


def test_a_pack_signed_anew_by_another_key_is_known_by_its_fingerprint_alone(pack: Path) -> None:
    evidence = json.loads((pack / "evidence.json").read_text())
    evidence["summary"]["gaps"] = 0
    evidence["signing"] |= {"key_arn": OTHER_ARN, "fingerprint": signer(OTHER_ARN).fingerprint}
    (pack / "evidence.json").write_text(json.dumps(evidence))
    resealed(pack, signer(OTHER_ARN))
    assert verify_pack(pack).ok  # the key lies in the pack: it proves that the pack is whole
    assert verify_pack(pack, signer(OTHER_ARN).fingerprint).ok
    assert "the key in the pack is not the expected one" in refusals(pack, signer().fingerprint)


def test_a_signature_that_claims_another_key_than_the_evidence_is_refused(pack: Path) -> None:
    signature = json.loads((pack / "signature.json").read_text())
    (pack / "signature.json").write_text(json.dumps({**signature, "key_arn": OTHER_ARN}))
    assert refusals(pack).startswith(
        f"the signature claims another key than the evidence: evidence.json says {KEY_ARN}"
    )


def test_a_fingerprint_is_taken_with_colons_and_in_capitals(packs: Path) -> None:
    plain = signer().fingerprint.upper()
    assert verify_pack(packs / "soc2", ":".join(plain[i : i + 2] for i in range(0, 64, 2))).ok


def test_an_unsigned_pack_is_refused_as_such(prepared: Prepared, tmp_path: Path) -> None:
    write_packs(prepared, ["soc2"], tmp_path, None, "a draft")
    assert refusals(tmp_path / "soc2").splitlines() == [
        "the pack is not signed: signature.json is missing", "public_key.pem is missing"
    ]  # fmt: skip


def test_links_are_refused(pack: Path, tmp_path: Path) -> None:
    outside = tmp_path / "gate.json"
    shutil.copy(pack / "documents/gate.json", outside)
    (pack / "documents/gate.json").unlink()
    os.symlink(outside, pack / "documents/gate.json")
    assert refusals(pack) == "documents/gate.json is a link, and leads out of the pack"
    os.symlink(tmp_path, pack / "more")
    assert "more is in the folder, and not in the manifest" in refusals(pack)


@pytest.mark.parametrize("name", [MANIFEST, "signature.json"])
def test_a_seal_that_is_a_link_is_refused(pack: Path, tmp_path: Path, name: str) -> None:
    (pack / name).replace(tmp_path / name)
    os.symlink(tmp_path / name, pack / name)
    assert f"{name} is a link" in refusals(pack)


def manifest_with(pack: Path, change: Any) -> bytes:
    document = json.loads((pack / MANIFEST).read_text())
    change(document)
    return canonical(document)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda document: document.update(format="mlops-estate/other"), "it is not of format"),
        (lambda document: document.update(version=2), "it is not of format"),
        (lambda document: document.update(files=[]), "its list of files"),
        (lambda document: document.pop("date"), "it does not say"),
        (lambda document: document.update(model=1), "it does not say"),
        (lambda document: document["files"].update({"../x": {"sha256": "0" * 64, "bytes": 1}}), "its list of files"),
        (lambda document: document["files"].update({"/x": {"sha256": "0" * 64, "bytes": 1}}), "its list of files"),
        (lambda document: document["files"].update({"a/./b": {"sha256": "0" * 64, "bytes": 1}}), "its list of files"),
        (lambda document: document["files"].update({"x": {"sha256": "0", "bytes": 1}}), "its list of files"),
        (lambda document: document["files"].update({"x": {"sha256": "0" * 64, "bytes": -1}}), "its list of files"),
        (lambda document: document["files"].update({"x": {"sha256": "0" * 64, "bytes": True}}), "its list of files"),
    ],
)
def test_a_manifest_that_is_none_is_refused_though_it_is_signed(pack: Path, change: Any, why: str) -> None:
    from mlops_pipelines.signing.signing import sign

    content = manifest_with(pack, change)
    (pack / MANIFEST).write_bytes(content)
    (pack / "signature.json").write_text(json.dumps(sign(signer().kms, KEY_ARN, content)))
    said = refusals(pack)
    assert f"manifest.json can't be used: {why}" in said
    assert "signature" not in said


def test_a_manifest_in_another_form_is_refused_though_it_says_the_same(pack: Path) -> None:
    from mlops_pipelines.signing.signing import sign

    content = json.dumps(json.loads((pack / MANIFEST).read_text()), indent=1).encode()
    (pack / MANIFEST).write_bytes(content)
    (pack / "signature.json").write_text(json.dumps(sign(signer().kms, KEY_ARN, content)))
    assert "it is not in canonical form" in refusals(pack)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("signature.json", b"{"),
        ("signature.json", b"[]"),
        ("signature.json", b"{}"),
        ("signature.json", b'{"key_arn": "alias/x"}'),
        ("public_key.pem", b"no key"),
        ("public_key.pem", b"\xff"),
        ("manifest.json", b"\xff"),
    ],
)
def test_a_seal_that_can_not_be_read_is_refused_without_a_traceback(pack: Path, name: str, content: bytes) -> None:
    (pack / name).write_bytes(content)
    assert refusals(pack)


def test_a_manifest_of_a_pack_never_passes_for_one_of_a_model_nor_the_other_way_round(packs: Path, pack: Path) -> None:
    with pytest.raises(models.MalformedManifest):
        models.parse((packs / "soc2" / MANIFEST).read_bytes())
    shutil.copy(packs / "soc2/documents/manifest.json", pack / MANIFEST)
    shutil.copy(packs / "soc2/documents/signature.json", pack / "signature.json")
    said = refusals(pack)
    assert "it is not of format mlops-estate/evidence-manifest" in said


def test_a_fingerprint_is_that_of_openssl(packs: Path) -> None:
    import hashlib
    import subprocess

    key = packs / "soc2/public_key.pem"
    der = subprocess.run(
        ["openssl", "pkey", "-pubin", "-in", str(key), "-outform", "DER"], check=True, capture_output=True
    ).stdout
    assert fingerprint(key.read_text()) == hashlib.sha256(der).hexdigest()


def test_a_pack_verifies_with_openssl_alone(packs: Path, tmp_path: Path) -> None:
    import base64
    import subprocess

    pack = packs / "soc2"
    raw = tmp_path / "signature.der"
    raw.write_bytes(base64.b64decode(json.loads((pack / "signature.json").read_text())["signature"]))
    command = ["openssl", "dgst", "-sha256", "-verify", str(pack / "public_key.pem"), "-signature", str(raw)]
    done = subprocess.run([*command, str(pack / MANIFEST)], check=False, capture_output=True, text=True)
    assert (done.returncode, done.stdout.strip()) == (0, "Verified OK")


def test_what_looks_like_a_pack_is_told_from_other_folders(packs: Path, pack: Path, tmp_path: Path) -> None:
    assert is_pack(packs / "soc2")
    (pack / MANIFEST).unlink()
    assert is_pack(pack)
    (pack / "evidence.json").write_text("[]")
    assert not is_pack(pack)
    assert not is_pack(tmp_path / "nowhere")

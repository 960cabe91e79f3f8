"""The manifest and the lineage record: what they name, and in which bytes."""

from __future__ import annotations

import io
import json
import tarfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.governed import ARCHIVE, DOCUMENTS, FACTS, METADATA, MODEL_SHA256, settings
from tests.support.signatures import KEY_ARN, FakeKms, lay_run

from mlops_pipelines.signing import canonical, lineage, manifest, signing

PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=10,
)


@given(PLAIN)
def test_canonical_bytes_are_a_fixed_point(document: object) -> None:
    content = canonical.canonical(document)
    assert canonical.canonical(json.loads(content)) == content
    assert content.isascii()


@given(st.dictionaries(st.text(max_size=4), st.integers(), min_size=2, max_size=6))
def test_the_order_of_keys_does_not_change_canonical_bytes(document: dict[str, int]) -> None:
    assert canonical.canonical(dict(reversed(document.items()))) == canonical.canonical(document)


def test_a_document_that_is_no_json_has_no_canonical_bytes() -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        canonical.canonical({"score": float("nan")})


def test_files_are_measured_piece_by_piece(tmp_path: Path) -> None:
    path = tmp_path / "large"
    path.write_bytes(b"x" * (canonical.CHUNK_BYTES * 2 + 5))
    assert canonical.measured(path) == (canonical.sha256(path.read_bytes()), canonical.CHUNK_BYTES * 2 + 5)


def test_artefacts_are_the_documents_and_models_and_never_records_code_or_the_champion(tmp_path: Path) -> None:
    lay_run(tmp_path)
    for name in ("snapshot/data.csv", "champion/model.tar.gz", "code/mlops_pipelines/settings.py", "signature/x.json",
                 "gate/.gate.json.partial", "loose.json"):  # fmt: skip
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
    found = manifest.files(tmp_path)
    assert list(found) == sorted(found)
    assert set(found) == {
        "card/model_card.json", "evaluation/evaluation.json", "explanations/explanations.json",
        "fairness/fairness.json", "gate/gate.json", "model/model.tar.gz", "optimised/model.onnx",
        "optimised/optimisation.json", "robustness/robustness.json", "search/search.json", "snapshot/snapshot.json",
        "validation/validation.json",
    }  # fmt: skip


def test_a_manifest_names_digest_size_and_place(tmp_path: Path) -> None:
    lay_run(tmp_path)
    artifacts = manifest.files(tmp_path)
    uris = manifest.places(artifacts, FACTS)
    composed = manifest.compose(artifacts, b"{}", model="credit", version="1.0.0", execution=None, uris=uris)
    described = composed["artifacts"]
    assert described["model/model.tar.gz"] == {"sha256": MODEL_SHA256, "bytes": len(ARCHIVE), "uri": FACTS["model_uri"]}
    assert described["gate/gate.json"]["uri"] == "s3://reports/abc123/gate/gate.json"
    assert described["snapshot/snapshot.json"]["uri"] == "s3://snapshots/abc123/snapshot/snapshot.json"
    assert described["lineage.json"]["sha256"] == composed["lineage_sha256"] == canonical.sha256(b"{}")
    assert manifest.parse(canonical.canonical(composed)) == composed


def test_without_facts_no_place_is_told(tmp_path: Path) -> None:
    lay_run(tmp_path)
    assert manifest.places(manifest.files(tmp_path), {}) == {}


def test_a_lineage_record_is_complete_and_names_its_gaps() -> None:
    facts = {**FACTS, "source_sha256": "7" * 64}
    record = lineage.record(
        settings(), DOCUMENTS["snapshot"], METADATA, facts, version="1.0.0", model_sha256=MODEL_SHA256
    )
    assert record["commit"] == "0f1e2d3c"
    assert record["execution"] == FACTS["execution"]
    assert record["data"]["sources"] == {"a.csv": "1" * 64}
    assert record["images"]["processing"]["digest"] == f"sha256:{'a' * 64}"
    assert record["images"]["training"] == {"uri": FACTS["training_image"], "digest": None}
    assert record["source"] == {"uri": FACTS["source"], "sha256": "7" * 64}
    assert record["settings"] == settings().as_dict()
    assert record["settings_sha256"] == settings().sha256()
    assert record["libraries"]["training"] == METADATA["versions"]
    assert record["libraries"]["steps"]["numpy"]
    assert lineage.gaps(record) == ["the digest of the training image"]
    assert record == lineage.record(
        settings(), DOCUMENTS["snapshot"], METADATA, facts, version="1.0.0", model_sha256=MODEL_SHA256
    )


def test_a_lineage_record_without_facts_is_null_there_and_says_so() -> None:
    facts = {"commit": "unrecorded", "image": "s:latest", "source_sha256": "0011223344556677"}
    record = lineage.record(settings(), DOCUMENTS["snapshot"], {}, facts, version="1.0.0", model_sha256="")
    assert lineage.gaps(record) == [
        "the commit", "the pipeline execution", "the source bundle", "the checksum of the source bundle",
        "the digest of the processing image", "the training image", "the library versions of training",
    ]  # fmt: skip


def test_training_metadata_are_read_from_the_archive(tmp_path: Path) -> None:
    path = tmp_path / "model.tar.gz"
    path.write_bytes(ARCHIVE)
    assert lineage.training_metadata(path) == METADATA
    with tarfile.open(path, "w:gz") as opened:
        entry = tarfile.TarInfo("./metadata.json")
        entry.size = 2
        opened.addfile(entry, io.BytesIO(b"{}"))
    assert lineage.training_metadata(path) == {}
    with tarfile.open(path, "w:gz"):
        pass
    with pytest.raises(KeyError, match=r"metadata.json"):
        lineage.training_metadata(path)


def test_a_signature_names_key_algorithm_and_digest() -> None:
    kms = FakeKms()
    signature = signing.sign(kms, KEY_ARN, b"content")
    assert {key: signature[key] for key in ("key_arn", "algorithm", "digest")} == {
        "key_arn": KEY_ARN, "algorithm": "ECDSA_SHA_256", "digest": canonical.sha256(b"content")
    }  # fmt: skip
    assert kms.calls == [("Sign", KEY_ARN)]


@pytest.mark.parametrize("arn", ["alias/signing", "arn:aws:kms:eu-west-1:123456789012:alias/signing", ""])
def test_an_alias_does_not_sign(arn: str) -> None:
    with pytest.raises(ValueError, match="no ARN of a KMS key"):
        signing.sign(FakeKms(), arn, b"content")


def test_kms_that_signs_with_another_key_is_refused() -> None:
    class Other(FakeKms):
        def sign(self, **given: object) -> dict[str, object]:
            return {**super().sign(**given), "KeyId": "other"}  # type: ignore[arg-type]

    with pytest.raises(ValueError, match="KMS signed with other"):
        signing.sign(Other(), KEY_ARN, b"content")


def test_only_a_key_of_the_right_kind_gives_its_public_half() -> None:
    class Other(FakeKms):
        def get_public_key(self, **given: object) -> dict[str, object]:
            return {**super().get_public_key(**given), "KeySpec": "RSA_2048"}  # type: ignore[arg-type]

    assert signing.public_key(FakeKms(), KEY_ARN).startswith("-----BEGIN PUBLIC KEY-----\nMFkw")
    with pytest.raises(ValueError, match="RSA_2048 for SIGN_VERIFY"):
        signing.public_key(Other(), KEY_ARN)

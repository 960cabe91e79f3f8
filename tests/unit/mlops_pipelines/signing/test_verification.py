"""Verification: what holds, and every way in which a version is not what was signed."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from hypothesis import given
from hypothesis import strategies as st
from tests.support.governed import EXECUTION, MODEL_SHA256
from tests.support.signatures import KEY_ARN, OTHER_ARN, FakeKms, SignedRun, lay_run, signed_run

from mlops_pipelines.signing import canonical, manifest, signing
from mlops_pipelines.signing.verification import Expected, SignatureRefused, TrustedKeys, verify

KMS = FakeKms()
PEM = signing.public_key(KMS, KEY_ARN)
OFFLINE = TrustedKeys({KEY_ARN: PEM})


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("run")
    lay_run(folder)
    return folder


@pytest.fixture(scope="module")
def run(root: Path) -> SignedRun:
    return signed_run(root, KMS)


def check(
    run: SignedRun, *, content: bytes | None = None, signature: Any = None, read: Callable[[str], bytes] | None = None,
    trusted: TrustedKeys = OFFLINE, kms: Any = None, expected: Expected | None = None,
) -> Any:  # fmt: skip
    return verify(
        run.manifest if content is None else content, run.signature if signature is None else signature,
        read=read or run.read, trusted=trusted, kms=kms, expected=expected,
    )  # fmt: skip


def flipped(content: bytes, bit: int) -> bytes:
    changed = bytearray(content)
    changed[bit // 8 % len(content)] ^= 1 << (bit % 8)
    return bytes(changed)


def test_a_signed_run_is_verified_with_a_public_key_alone(run: SignedRun) -> None:
    found = check(run)
    assert (found.model, found.version, found.execution) == ("credit", "1.0.0", EXECUTION)
    assert (found.key_arn, found.by) == (KEY_ARN, "public key")
    assert found.manifest_sha256 == canonical.sha256(run.manifest)
    assert found.lineage_sha256 == canonical.sha256(run.contents["lineage.json"])
    assert found.artifacts["model/model.tar.gz"] == MODEL_SHA256
    assert {"lineage.json", "optimised/model.onnx", *manifest.REQUIRED} <= set(found.artifacts)


def test_kms_verifies_where_no_public_key_is_known_and_is_asked_with_the_trusted_key(run: SignedRun) -> None:
    kms = FakeKms()
    found = check(run, trusted=TrustedKeys({KEY_ARN: None, OTHER_ARN: None}), kms=kms)
    assert found.by == "KMS"
    assert kms.calls == [("Verify", KEY_ARN)]


@given(st.integers(min_value=0), st.data())
def test_any_flipped_bit_of_any_artefact_is_refused(run: SignedRun, bit: int, data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(run.contents)))
    changed = flipped(run.contents[name], bit)
    with pytest.raises(SignatureRefused, match=f"^{name} was changed"):
        check(run, read=lambda asked: changed if asked == name else run.contents[asked])


@given(st.integers(min_value=0))
def test_any_flipped_bit_of_the_manifest_is_refused(run: SignedRun, bit: int) -> None:
    with pytest.raises(SignatureRefused, match="the manifest is not the signed one"):
        check(run, content=flipped(run.manifest, bit))


@given(st.integers(min_value=0))
def test_any_flipped_bit_of_the_manifest_is_refused_though_its_digest_is_told_anew(run: SignedRun, bit: int) -> None:
    changed = flipped(run.manifest, bit)
    with pytest.raises(SignatureRefused, match="the signature over the manifest is not that of"):
        check(run, content=changed, signature={**run.signature, "digest": canonical.sha256(changed)})


@given(st.integers(min_value=0))
def test_any_flipped_bit_of_the_signature_is_refused(run: SignedRun, bit: int) -> None:
    text = flipped(run.signature["signature"].encode("ascii"), bit).decode("latin-1")
    with pytest.raises(SignatureRefused):
        check(run, signature={**run.signature, "signature": text})


@given(st.sampled_from(["key_arn", "algorithm", "digest", "signature"]), st.one_of(st.none(), st.text(), st.integers()))
def test_whatever_a_signature_says_instead_it_is_refused(run: SignedRun, key: str, value: Any) -> None:
    with pytest.raises(SignatureRefused):
        check(run, signature={**run.signature, key: value})


@pytest.mark.parametrize("where", [0, 17, -1])
def test_an_artefact_with_a_byte_too_many_or_too_few_is_refused(run: SignedRun, where: int) -> None:
    content = run.contents["optimised/model.onnx"]
    for changed in (content + b"x", content[:-1], b""):
        with pytest.raises(SignatureRefused, match="was changed"):
            check(run, read=lambda name, c=changed: c if name == "optimised/model.onnx" else run.contents[name])  # type: ignore[misc]


@pytest.mark.parametrize("error", [KeyError("gone"), FileNotFoundError("gone")])
def test_a_missing_artefact_is_refused_by_name(run: SignedRun, error: Exception) -> None:
    def read(name: str) -> bytes:
        if name == "gate/gate.json":
            raise error
        return run.contents[name]

    with pytest.raises(SignatureRefused, match=r"the signed artefact gate/gate\.json is missing"):
        check(run, read=read)


@pytest.mark.parametrize("key", ["key_arn", "algorithm", "digest", "signature"])
def test_a_signature_that_lacks_an_entry_is_refused(run: SignedRun, key: str) -> None:
    kept = {name: value for name, value in run.signature.items() if name != key}
    with pytest.raises(SignatureRefused, match="has no key_arn, algorithm, digest and signature"):
        check(run, signature=kept)


@pytest.mark.parametrize("nothing", [None, [], "text", 5])
def test_what_is_no_signature_is_refused(run: SignedRun, nothing: Any) -> None:
    with pytest.raises(SignatureRefused, match="has no key_arn"):
        verify(run.manifest, nothing, read=run.read, trusted=OFFLINE)


@pytest.mark.parametrize("algorithm", ["ECDSA_SHA_1", "RSASSA_PKCS1_V1_5_SHA_256", "none", "", None, "ecdsa_sha_256"])
def test_another_algorithm_is_refused(run: SignedRun, algorithm: Any) -> None:
    with pytest.raises(SignatureRefused, match="only ECDSA_SHA_256 is taken"):
        check(run, signature={**run.signature, "algorithm": algorithm})


def test_a_key_that_is_not_trusted_is_refused_though_its_signature_holds(root: Path) -> None:
    forged = signed_run(root, KMS, OTHER_ARN)
    for trusted, kms in ((OFFLINE, None), (TrustedKeys({KEY_ARN: None}), KMS)):
        with pytest.raises(SignatureRefused, match=re.escape(f"claims key '{OTHER_ARN}'; trusted are {KEY_ARN}")):
            check(forged, trusted=trusted, kms=kms)


def test_a_signature_of_another_key_that_claims_the_trusted_one_is_refused(root: Path) -> None:
    forged = signed_run(root, KMS, OTHER_ARN)
    claimed = {**forged.signature, "key_arn": KEY_ARN}
    for trusted, kms in ((OFFLINE, None), (TrustedKeys({KEY_ARN: None}), KMS)):
        with pytest.raises(SignatureRefused, match=f"is not that of {KEY_ARN}"):
            check(forged, signature=claimed, trusted=trusted, kms=kms)


def test_a_signature_over_another_manifest_is_refused(root: Path, run: SignedRun) -> None:
    other = signed_run(root, KMS, version="2.0.0")
    with pytest.raises(SignatureRefused, match="the manifest is not the signed one"):
        check(run, content=other.manifest)
    with pytest.raises(SignatureRefused, match="the signature over the manifest is not that of"):
        check(run, content=other.manifest, signature={**run.signature, "digest": canonical.sha256(other.manifest)})


@pytest.mark.parametrize(
    ("expected", "what"),
    [
        (Expected(model="other"), "its model is credit, not other"),
        (Expected(version="2.0.0"), "its version is 1.0.0, not 2.0.0"),
        (Expected(execution="arn:other"), "its pipeline execution is .*, not arn:other"),
        (Expected(manifest_sha256="0" * 64), "its manifest's SHA-256 is .*, not 000"),
        (Expected(model_sha256="0" * 64), "its model archive's SHA-256 is .*, not 000"),
    ],
)
def test_the_signed_manifest_of_another_version_is_refused(run: SignedRun, expected: Expected, what: str) -> None:
    with pytest.raises(SignatureRefused, match=f"the manifest is of another version: {what}"):
        check(run, expected=expected)


def test_what_is_expected_and_found_holds(run: SignedRun) -> None:
    expected = Expected("credit", "1.0.0", EXECUTION, canonical.sha256(run.manifest), MODEL_SHA256)
    assert check(run, expected=expected).version == "1.0.0"


def resigned(run: SignedRun, **changes: Any) -> SignedRun:
    content = canonical.canonical({**run.document, **changes})
    return SignedRun(run.contents, content, signing.sign(KMS, KEY_ARN, content))


def with_lineage(run: SignedRun, content: bytes) -> SignedRun:
    digest = canonical.sha256(content)
    artifacts = {**run.document["artifacts"], "lineage.json": {"sha256": digest, "bytes": len(content)}}
    changed = resigned(run, artifacts=artifacts, lineage_sha256=digest)
    return SignedRun({**run.contents, "lineage.json": content}, changed.manifest, changed.signature)


def test_a_changed_lineage_record_is_refused(run: SignedRun) -> None:
    record = json.loads(run.contents["lineage.json"])
    changed = canonical.canonical({**record, "commit": "other"})
    with pytest.raises(SignatureRefused, match=r"lineage.json was changed"):
        check(run, read=lambda name: changed if name == "lineage.json" else run.contents[name])


@pytest.mark.parametrize("key", ["model", "semantic_version", "execution", "model_sha256"])
def test_a_lineage_record_of_another_run_is_refused_though_it_is_signed(run: SignedRun, key: str) -> None:
    record = json.loads(run.contents["lineage.json"])
    with pytest.raises(SignatureRefused, match=r"lineage.json is of another run than the manifest"):
        check(with_lineage(run, canonical.canonical({**record, key: "other"})))


@pytest.mark.parametrize("content", [b"[]", b"{}", b"no json", b"\xff"])
def test_what_is_no_lineage_record_is_refused_though_it_is_signed(run: SignedRun, content: bytes) -> None:
    with pytest.raises(SignatureRefused, match=r"lineage.json is no lineage record"):
        check(with_lineage(run, content))


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"no json", "it is no JSON"),
        (b"\xff\xfe", "it is no JSON"),
        (b"[]", "it is not of format 1"),
        (b'{"version":2}', "it is not of format 1"),
        (b'{"version":true}', "it is not of format 1"),
        (b'{"version": 1}', "not in canonical form"),
        (b'{"version":1,"version":1}', "not in canonical form"),
        (b'{"version":1.0}', "it is not in canonical form|artifacts is no object"),
        (b'{"version":1}', "artifacts is no object"),
        (b'{"artifacts":{"a":1},"version":1}', "artifacts is no object of objects"),
        (b'{"artifacts":{},"version":1}', "model, semantic_version, artifacts.model/model.tar.gz is missing"),
    ],
)
def test_a_malformed_manifest_is_refused_though_it_is_signed(run: SignedRun, content: bytes, why: str) -> None:
    with pytest.raises(SignatureRefused, match=f"the signed manifest can't be used: .*{why}"):
        check(run, content=content, signature=signing.sign(KMS, KEY_ARN, content))


@pytest.mark.parametrize("entry", [{"sha256": "A" * 64, "bytes": 1}, {"sha256": "a" * 64, "bytes": -1}, {"bytes": 1},
                                   {"sha256": "a" * 64, "bytes": True}, {"sha256": "a" * 64}])  # fmt: skip
def test_a_manifest_with_an_unusable_entry_is_refused_by_name(run: SignedRun, entry: dict[str, Any]) -> None:
    changed = resigned(run, artifacts={**run.document["artifacts"], "gate/gate.json": entry})
    with pytest.raises(SignatureRefused, match=r"artifacts.gate/gate.json"):
        check(changed)


def test_a_manifest_whose_lineage_digest_contradicts_itself_is_refused(run: SignedRun) -> None:
    with pytest.raises(SignatureRefused, match="lineage_sha256 differs"):
        check(resigned(run, lineage_sha256="0" * 64))


def _pem(key: Any) -> str:
    return str(
        key.public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        .decode()
    )


def test_a_public_key_of_another_kind_is_refused(run: SignedRun) -> None:
    keys = [rsa.generate_private_key(65537, 2048), ec.derive_private_key(5, ec.SECP384R1())]
    for key in keys:
        with pytest.raises(SignatureRefused, match="not of the curve P-256"):
            check(run, trusted=TrustedKeys({KEY_ARN: _pem(key)}))
    with pytest.raises(SignatureRefused, match="the trusted public key is no PEM"):
        check(run, trusted=TrustedKeys({KEY_ARN: "no key"}))


def test_without_a_public_key_and_without_kms_nothing_is_verified(run: SignedRun) -> None:
    with pytest.raises(SignatureRefused, match="neither a public key"):
        check(run, trusted=TrustedKeys({KEY_ARN: None}))


class BrokenKms:
    def __init__(self, outcome: Any) -> None:
        self.outcome = outcome

    def verify(self, **_given: Any) -> Any:
        if isinstance(self.outcome, Exception):
            raise self.outcome
        return self.outcome


@pytest.mark.parametrize(
    ("outcome", "why"),
    [
        (ClientError({"Error": {"Code": "AccessDeniedException", "Message": "no"}}, "Verify"), "could not be verified"),
        (EndpointConnectionError(endpoint_url="https://kms"), "could not be verified"),
        ({"SignatureValid": False, "KeyId": KEY_ARN}, "is not that of"),
        ({"SignatureValid": "yes", "KeyId": KEY_ARN}, "is not that of"),
        ({"SignatureValid": True, "KeyId": OTHER_ARN}, "is not that of"),
        ({}, "is not that of"),
    ],
)
def test_kms_that_does_not_answer_yes_for_the_trusted_key_is_a_refusal(run: SignedRun, outcome: Any, why: str) -> None:
    with pytest.raises(SignatureRefused, match=why):
        check(run, trusted=TrustedKeys({KEY_ARN: None}), kms=BrokenKms(outcome))


def test_trust_needs_the_arn_of_a_key() -> None:
    with pytest.raises(ValueError, match="no key is trusted"):
        TrustedKeys({})
    for unfit in ("alias/signing", "arn:aws:kms:eu-west-1:123456789012:alias/signing", "", "11111111-2222"):
        with pytest.raises(ValueError, match="an alias can be moved"):
            TrustedKeys.of([KEY_ARN, unfit])


def test_base64_that_is_not_canonical_is_refused_though_it_decodes_to_the_signature(root: Path) -> None:
    padded = next(
        one for one in (signed_run(root, KMS) for _ in range(200)) if one.signature["signature"].endswith("=")
    )
    text = padded.signature["signature"]
    place = len(text.rstrip("=")) - 1
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    twin = text[:place] + alphabet[alphabet.index(text[place]) ^ 1] + text[place + 1 :]
    assert base64.b64decode(twin) == base64.b64decode(text)
    for changed in (twin, text + "\n", " " + text):
        with pytest.raises(SignatureRefused, match=r"no canonical base64|no base64"):
            check(padded, signature={**padded.signature, "signature": changed})

"""A signing key without KMS, and a signed run: what verification is tried on."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, utils

from mlops_pipelines.governance import card, gates
from mlops_pipelines.signing import canonical, lineage, manifest, signing
from tests.support.governed import ARCHIVE, EXECUTION, documents, lay, settings

KEY_ARN = "arn:aws:kms:eu-west-1:123456789012:key/11111111-2222-3333-4444-555555555555"
OTHER_ARN = "arn:aws:kms:eu-west-1:123456789012:key/99999999-2222-3333-4444-555555555555"
_PREHASHED = ec.ECDSA(utils.Prehashed(hashes.SHA256()))


@dataclass
class FakeKms:
    """KMS with P-256 keys of fixed numbers, as far as signing goes (API reference: Sign, Verify, GetPublicKey)."""

    numbers: Mapping[str, int] = field(default_factory=lambda: {KEY_ARN: 12345, OTHER_ARN: 67890})
    calls: list[tuple[str, str]] = field(default_factory=list)

    def _key(self, arn: str) -> ec.EllipticCurvePrivateKey:
        return ec.derive_private_key(self.numbers[arn], ec.SECP256R1())

    def sign(self, *, KeyId: str, Message: bytes, MessageType: str, SigningAlgorithm: str) -> dict[str, Any]:  # noqa: N803
        self.calls.append(("Sign", KeyId))
        assert (MessageType, SigningAlgorithm) == ("DIGEST", "ECDSA_SHA_256")
        signature = self._key(KeyId).sign(Message, _PREHASHED)
        return {"KeyId": KeyId, "Signature": signature, "SigningAlgorithm": SigningAlgorithm}

    def verify(
        self, *, KeyId: str, Message: bytes, MessageType: str, Signature: bytes, SigningAlgorithm: str  # noqa: N803
    ) -> dict[str, Any]:  # fmt: skip
        self.calls.append(("Verify", KeyId))
        assert (MessageType, SigningAlgorithm) == ("DIGEST", "ECDSA_SHA_256")
        try:
            self._key(KeyId).public_key().verify(Signature, Message, _PREHASHED)
        except InvalidSignature:
            error = {"Error": {"Code": "KMSInvalidSignatureException", "Message": ""}}
            raise ClientError(error, "Verify") from None
        return {"KeyId": KeyId, "SignatureValid": True, "SigningAlgorithm": SigningAlgorithm}

    def get_public_key(self, *, KeyId: str) -> dict[str, Any]:  # noqa: N803
        self.calls.append(("GetPublicKey", KeyId))
        der = self._key(KeyId).public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )  # fmt: skip
        return {"KeyId": KeyId, "PublicKey": der, "KeySpec": "ECC_NIST_P256", "KeyUsage": "SIGN_VERIFY"}


@dataclass
class SignedRun:
    """A run's artefacts by name, lineage.json among them, its manifest and signature; `read` is what verify takes."""

    contents: dict[str, bytes]
    manifest: bytes
    signature: dict[str, str]

    def read(self, name: str) -> bytes:
        """Return an artefact. Raises `KeyError` where it is missing."""
        return self.contents[name]

    @property
    def document(self) -> dict[str, Any]:
        """The manifest as a document."""
        found: dict[str, Any] = json.loads(self.manifest)
        return found


def lay_run(root: Path) -> None:
    """Write everything that the signing step is given below a folder."""
    found = documents()
    gate = gates.decide(found, settings())
    lay(root, {**found, "gate": gate})
    (root / "model").mkdir()
    (root / "model/model.tar.gz").write_bytes(ARCHIVE)
    (root / "optimised/model.onnx").write_bytes(b"onnx" * 20)
    (root / "card").mkdir()
    content = card.compose({**found, "gate": gate}, settings(), {})
    (root / "card/model_card.json").write_text(json.dumps(content), encoding="utf-8")


def signed_run(
    root: Path, kms: FakeKms, key_arn: str = KEY_ARN, *, version: str = "1.0.0", execution: str = EXECUTION,
    model: str = "credit", uris: Mapping[str, str] | None = None,
) -> SignedRun:  # fmt: skip
    """Return a signed run of what lies below a folder."""
    artifacts = manifest.files(root)
    archive = canonical.measured(artifacts[manifest.MODEL])[0]
    record = lineage.record(
        settings(model=model), json.loads((root / "snapshot/snapshot.json").read_text()), {}, {"execution": execution},
        version=version, model_sha256=archive,
    )  # fmt: skip
    told = canonical.canonical(record)
    composed = manifest.compose(artifacts, told, model=model, version=version, execution=execution, uris=uris or {})
    content = canonical.canonical(composed)
    contents = {name: path.read_bytes() for name, path in artifacts.items()}
    return SignedRun({**contents, manifest.LINEAGE: told}, content, signing.sign(kms, key_arn, content))

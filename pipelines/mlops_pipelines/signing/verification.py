"""Verification: is this version what was signed, by a key that is trusted? Anything else is refused, with the reason.

The key is chosen by the verifier: signature.json only says which of the trusted keys it claims. Nothing of a manifest
is believed, not even that it is JSON, before its signature holds.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from mlops_pipelines.signing import manifest as manifests
from mlops_pipelines.signing.canonical import sha256
from mlops_pipelines.signing.signing import ALGORITHM, MESSAGE_TYPE, is_key_arn


class SignatureRefused(ValueError):  # noqa: N818 -- the outcome, named for what it is
    """A version is not what was signed, or can't be shown to be; the message says what is wrong."""


@dataclass(frozen=True)
class TrustedKeys:
    """The keys that may sign, by ARN; with a public key (PEM) a signature is verified here, else KMS is asked.

    Raises `ValueError` for no keys, and for an alias: it can be pointed at another key.
    """

    keys: Mapping[str, str | None]

    def __post_init__(self) -> None:
        if not self.keys:
            raise ValueError("no key is trusted, so nothing could be verified: name the signing key's ARN")
        if unfit := [arn for arn in self.keys if not is_key_arn(arn)]:
            raise ValueError(f"no ARN of a KMS key (an alias can be moved to another key): {', '.join(unfit)}")

    @classmethod
    def of(cls, arns: Iterable[str], public_keys: Mapping[str, str] | None = None) -> TrustedKeys:
        """Return keys by their ARNs, with the public halves that are known."""
        return cls({arn: (public_keys or {}).get(arn) for arn in arns})


@dataclass(frozen=True)
class Expected:
    """What the verifier knows by itself about the version; None for what it doesn't know."""

    model: str | None = None
    version: str | None = None
    execution: str | None = None
    manifest_sha256: str | None = None
    model_sha256: str | None = None


@dataclass(frozen=True)
class Verified:
    """A version whose signature and artefacts hold. `by` says who verified the signature: "KMS" or "public key"."""

    model: str
    version: str
    execution: str | None
    key_arn: str
    by: str
    manifest_sha256: str
    lineage_sha256: str
    artifacts: Mapping[str, str] = field(default_factory=dict)


def verify(
    manifest_bytes: bytes, signature: Mapping[str, Any], *, read: Callable[[str], bytes], trusted: TrustedKeys,
    kms: Any = None, expected: Expected | None = None,
) -> Verified:  # fmt: skip
    """Verify a signed manifest and every artefact that it names.

    `read` returns the bytes of an artefact by its name; it raises `OSError` or `KeyError` for one that isn't there.
    A trusted key with a PEM is verified here, one without by `kms` (a boto3 client; kms:Verify). Raises
    `SignatureRefused` naming what is wrong.
    """
    digest = sha256(manifest_bytes)
    key_arn, by = check_signature(digest, signature, trusted, kms)
    try:
        document = manifests.parse(manifest_bytes)
    except manifests.MalformedManifest as fault:
        raise SignatureRefused(f"the signed manifest can't be used: {fault}") from fault
    _check_expected(document, digest, expected or Expected())
    for name, described in document["artifacts"].items():
        content = _check_artifact(name, described, read)
        if name == manifests.LINEAGE:
            _check_lineage(document, content)
    return Verified(
        model=document["model"],
        version=document["semantic_version"],
        execution=document.get("execution"),
        key_arn=key_arn,
        by=by,
        manifest_sha256=digest,
        lineage_sha256=document["lineage_sha256"],
        artifacts={name: described["sha256"] for name, described in document["artifacts"].items()},
    )


def check_signature(
    digest: str, signature: Mapping[str, Any], trusted: TrustedKeys, kms: Any
) -> tuple[str, str]:  # fmt: skip
    """Return the trusted key that made a signature, and who says so."""
    if not isinstance(signature, dict) or {"key_arn", "algorithm", "digest", "signature"} - set(signature):
        raise SignatureRefused("the signature has no key_arn, algorithm, digest and signature")
    if signature["algorithm"] != ALGORITHM:
        raise SignatureRefused(f"the signature's algorithm is {signature['algorithm']!r}; only {ALGORITHM} is taken")
    arn = signature["key_arn"]
    if not isinstance(arn, str) or arn not in trusted.keys:
        raise SignatureRefused(f"the signature claims key {arn!r}; trusted are {', '.join(sorted(trusted.keys))}")
    if not isinstance(signature["digest"], str) or not hmac.compare_digest(
        signature["digest"].encode(), digest.encode()
    ):
        raise SignatureRefused(
            f"the manifest is not the signed one: its SHA-256 is {digest}, not {signature['digest']}"
        )
    raw = _decoded(signature["signature"])
    pem = trusted.keys[arn]
    if pem is not None:
        holds, by = _holds(pem, digest, raw), "public key"
    elif kms is not None:
        holds, by = _kms_holds(kms, arn, digest, raw), "KMS"
    else:
        raise SignatureRefused(f"there is neither a public key of {arn} nor a KMS client to verify the signature with")
    if not holds:
        raise SignatureRefused(f"the signature over the manifest is not that of {arn}")
    return arn, by


def _decoded(text: Any) -> bytes:
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, TypeError, ValueError) as error:
        raise SignatureRefused(f"the signature is no base64: {error}") from error
    if base64.b64encode(raw).decode("ascii") != text:
        raise SignatureRefused("the signature is no canonical base64")
    return raw


def _holds(pem: str, digest: str, signature: bytes) -> bool:
    """Whether a DER signature over a digest is that of a P-256 public key."""
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec, utils
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    try:
        key = load_pem_public_key(pem.encode())
    except (ValueError, UnsupportedAlgorithm) as error:
        raise SignatureRefused(f"the trusted public key is no PEM: {error}") from error
    if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1):
        raise SignatureRefused("the trusted public key is not of the curve P-256 (ECC_NIST_P256)")
    try:
        key.verify(signature, bytes.fromhex(digest), ec.ECDSA(utils.Prehashed(hashes.SHA256())))
    except InvalidSignature:
        return False
    return True


def _kms_holds(kms: Any, arn: str, digest: str, signature: bytes) -> bool:
    """Ask KMS, which raises KMSInvalidSignatureException for a wrong signature (API reference, Verify)."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        answer = kms.verify(
            KeyId=arn, Message=bytes.fromhex(digest), MessageType=MESSAGE_TYPE, Signature=signature,
            SigningAlgorithm=ALGORITHM,
        )  # fmt: skip
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") == "KMSInvalidSignatureException":
            return False
        raise SignatureRefused(f"the signature could not be verified: kms:Verify with {arn}: {error}") from error
    except BotoCoreError as error:
        raise SignatureRefused(f"the signature could not be verified: kms:Verify with {arn}: {error}") from error
    return answer.get("SignatureValid") is True and answer.get("KeyId") == arn


def _check_expected(document: Mapping[str, Any], digest: str, expected: Expected) -> None:
    """Refuse a manifest that is signed, but another version's."""
    model = document["artifacts"][manifests.MODEL]["sha256"]
    pairs = (
        ("model", expected.model, document["model"]),
        ("version", expected.version, document["semantic_version"]),
        ("pipeline execution", expected.execution, document.get("execution")),
        ("manifest's SHA-256", expected.manifest_sha256, digest),
        ("model archive's SHA-256", expected.model_sha256, model),
    )
    for what, wanted, found in pairs:
        if wanted is not None and wanted != found:
            raise SignatureRefused(f"the manifest is of another version: its {what} is {found}, not {wanted}")


def _check_artifact(name: str, described: Mapping[str, Any], read: Callable[[str], bytes]) -> bytes:
    try:
        content = read(name)
    except (OSError, KeyError) as error:
        raise SignatureRefused(f"the signed artefact {name} is missing: {error}") from error
    digest = sha256(content)
    if len(content) != described["bytes"] or digest != described["sha256"]:
        raise SignatureRefused(
            f"{name} was changed: its SHA-256 is {digest} ({len(content)} bytes), "
            f"signed was {described['sha256']} ({described['bytes']} bytes)"
        )
    return content


def _check_lineage(document: Mapping[str, Any], content: bytes) -> None:
    """Refuse a lineage record of another run than the manifest's, though both are signed together."""
    try:
        lineage = json.loads(content)
        told = [lineage[key] for key in ("model", "semantic_version", "execution", "model_sha256")]
    except (ValueError, KeyError, TypeError) as error:
        raise SignatureRefused(f"{manifests.LINEAGE} is no lineage record: {error!r}") from error
    archive = document["artifacts"][manifests.MODEL]["sha256"]
    if told != [document["model"], document["semantic_version"], document.get("execution"), archive]:
        raise SignatureRefused(f"{manifests.LINEAGE} is of another run than the manifest: {told}")


RECORDED = ("signature_uri", "manifest_sha256", "model_sha256", "version")
"""What a signed package's CustomerMetadataProperties say."""


def verify_package(
    description: Mapping[str, Any], *, s3: Any, kms: Any, trusted_key_arns: Iterable[str],
    public_keys: Mapping[str, str] | None = None,
) -> Verified:  # fmt: skip
    """Verify a registered version from its description (DescribeModelPackage), before it is approved or released.

    `signature_uri` of its metadata is the S3 prefix of manifest.json, lineage.json and signature.json. The archive that
    is verified is the one that the package would serve (`ModelDataUrl`), whatever the manifest says; every other
    artefact is read from the URI that the manifest was signed with. The execution that made the package
    (`MetadataProperties`, which no update can change) has to be the manifest's. `public_keys` (PEM by ARN)
    spare the call of KMS. Needs s3:GetObject on all of them, and kms:Verify on the key. Raises
    `SignatureRefused` naming what is wrong, also where something can't be read, and `ValueError` where no key's ARN is
    trusted.
    """
    trusted = TrustedKeys.of(trusted_key_arns, public_keys)
    metadata = description.get("CustomerMetadataProperties") or {}
    if missing := [key for key in RECORDED if not metadata.get(key)]:
        arn = description.get("ModelPackageArn", "the package")
        raise SignatureRefused(f"{arn} is not signed: its metadata have no {', '.join(missing)}")
    folder = str(metadata["signature_uri"]).rstrip("/")
    archive = _served_archive(description)
    content = _fetched(s3, f"{folder}/{manifests.MANIFEST}")
    try:
        signature = json.loads(_fetched(s3, f"{folder}/{manifests.SIGNATURE}"))
    except ValueError as error:
        raise SignatureRefused(f"{folder}/{manifests.SIGNATURE} is no JSON: {error}") from error
    expected = Expected(
        model=metadata.get("model") or None,
        version=metadata["version"],
        execution=(description.get("MetadataProperties") or {}).get("GeneratedBy") or metadata.get("execution") or None,
        manifest_sha256=metadata["manifest_sha256"],
        model_sha256=metadata["model_sha256"],
    )

    def read(name: str) -> bytes:
        if name == manifests.MODEL:
            return _fetched(s3, archive)
        if name == manifests.LINEAGE:
            return _fetched(s3, f"{folder}/{manifests.LINEAGE}")
        # The manifest's signature holds by now, so its URIs are those that were signed.
        uri = manifests.parse(content)["artifacts"][name].get("uri")
        if not uri:
            raise SignatureRefused(f"the manifest does not say where {name} lies, so it can't be verified")
        return _fetched(s3, uri)

    return verify(content, signature, read=read, trusted=trusted, kms=kms, expected=expected)


def _served_archive(description: Mapping[str, Any]) -> str:
    """Return the one archive that a package serves; a manifest signs one."""
    containers = (description.get("InferenceSpecification") or {}).get("Containers") or []
    for further in description.get("AdditionalInferenceSpecifications") or []:
        containers = [*containers, *(further.get("Containers") or [])]
    archives = sorted({container["ModelDataUrl"] for container in containers if container.get("ModelDataUrl")})
    if len(archives) != 1:
        raise SignatureRefused(f"the package serves {len(archives)} archives, and one is signed: {', '.join(archives)}")
    return str(archives[0])


def _fetched(s3: Any, uri: str) -> bytes:
    from botocore.exceptions import BotoCoreError, ClientError

    bucket, _, key = uri.removeprefix("s3://").partition("/")
    if not uri.startswith("s3://") or not bucket or not key:
        raise SignatureRefused(f"{uri!r} is no S3 URI of an object")
    try:
        content: bytes = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    except (ClientError, BotoCoreError) as error:
        raise SignatureRefused(f"{uri} is missing or can't be read: {error}") from error
    return content

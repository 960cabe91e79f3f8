"""VerifySignature: check the signature and every artefact as they were stored, with the key that the pipeline trusts.

Facts: `signing_key_arn` (the trusted key), `execution`, `region`. Writes public_key.pem, by which anybody can verify
without KMS, and verification.json. A signature that does not hold ends the step, and so the execution.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

from mlops_pipelines.governance import aws
from mlops_pipelines.governance.registration import value
from mlops_pipelines.signing import manifest, signing
from mlops_pipelines.signing.verification import Expected, SignatureRefused, TrustedKeys, Verified, verify
from mlops_pipelines.steps import shell as shells
from mlops_pipelines.steps.shell import Shell, StepFault


def assess(shell: Shell) -> dict[str, Any]:
    """Verify by KMS and by the public key; write verification.json. Raises `StepFault` where either refuses."""
    key_arn = shell.facts.get("signing_key_arn", "")
    if not signing.is_key_arn(key_arn):
        raise StepFault(f"the fact signing_key_arn is {key_arn!r}: the ARN of a KMS key is meant, and no alias")
    kms = aws.client("kms", shell.facts.get("region"))
    try:
        with aws.calling("kms:GetPublicKey", key_arn):
            pem = signing.public_key(kms, key_arn)
        verified = [_verified(shell, TrustedKeys({key_arn: known}), kms) for known in (None, pem)]
    except ValueError as refused:
        raise StepFault(f"the signature is refused: {refused}") from refused
    path = shell.output / "verification" / "public_key.pem"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(pem, encoding="ascii")
    document = report(verified[0], [one.by for one in verified])
    shell.write("verification", "verification.json", document)
    return dict(document["summary"])


def report(verified: Verified, by: Sequence[str]) -> dict[str, Any]:
    """Return verification.json."""
    figures = {
        "version": verified.version,
        "manifest_sha256": verified.manifest_sha256,
        "lineage_sha256": verified.lineage_sha256,
        "key_arn": verified.key_arn,
        "signature_algorithm": signing.ALGORITHM,
        "signed_artifacts": str(len(verified.artifacts)),
        "model_sha256": verified.artifacts[manifest.MODEL],
    }
    return {
        "verified": True,
        "by": list(by),
        "model": verified.model,
        "semantic_version": verified.version,
        "execution": verified.execution,
        "key_arn": verified.key_arn,
        "algorithm": signing.ALGORITHM,
        "artifacts": dict(verified.artifacts),
        "summary": {name: value(text) for name, text in figures.items()},
    }


def _verified(shell: Shell, trusted: TrustedKeys, kms: Any) -> Verified:
    folder = shell.input / "signature"
    try:
        content = (folder / manifest.MANIFEST).read_bytes()
    except OSError as error:
        raise SignatureRefused(f"the manifest is missing: {error}") from error
    signature = shell.read("signature", manifest.SIGNATURE)
    archive = shell.input / manifest.MODEL
    expected = Expected(
        model=shell.settings.model,
        version=str(shell.read("gate", "gate.json").get("version")),
        execution=shell.facts.get("execution") or None,
    )

    def read(name: str) -> bytes:
        path = folder / name if name == manifest.LINEAGE else archive if name == manifest.MODEL else shell.input / name
        return path.read_bytes()

    return verify(content, signature, read=read, trusted=trusted, kms=kms, expected=expected)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the step from the command line."""
    return shells.run(__doc__, assess, arguments)


if __name__ == "__main__":
    sys.exit(main())

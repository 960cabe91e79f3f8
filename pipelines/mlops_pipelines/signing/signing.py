"""Signing a manifest with an asymmetric KMS key, which nobody can take out of KMS.

AWS KMS Developer Guide, Asymmetric keys: ECC_NIST_P256 signs with ECDSA_SHA_256; with `MessageType` DIGEST the message
is the SHA-256 itself (32 bytes), so a manifest of any length can be signed (RAW takes 4,096 bytes); the signature is
DER (ANSI X9.62). ECDSA is not deterministic: two signatures of one manifest differ, and both are valid.
"""

from __future__ import annotations

import base64
import re
from typing import Any

from mlops_pipelines.signing.canonical import sha256

ALGORITHM = "ECDSA_SHA_256"
MESSAGE_TYPE = "DIGEST"
_KEY_ARN = re.compile(r"arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:key/[A-Za-z0-9-]+")


def is_key_arn(text: object) -> bool:
    """Whether a text is the ARN of a key: an alias can be pointed at another key, so it is none."""
    return isinstance(text, str) and bool(_KEY_ARN.fullmatch(text))


def sign(kms: Any, key_arn: str, manifest: bytes) -> dict[str, str]:
    """Return signature.json of a manifest's bytes. Raises botocore's errors, and `ValueError` for no key's ARN."""
    if not is_key_arn(key_arn):
        raise ValueError(f"{key_arn!r} is no ARN of a KMS key (an alias can be moved to another key)")
    digest = sha256(manifest)
    answer = kms.sign(
        KeyId=key_arn, Message=bytes.fromhex(digest), MessageType=MESSAGE_TYPE, SigningAlgorithm=ALGORITHM
    )
    if answer["KeyId"] != key_arn or answer["SigningAlgorithm"] != ALGORITHM:
        raise ValueError(f"KMS signed with {answer['KeyId']} and {answer['SigningAlgorithm']}, not as it was asked")
    return {
        "key_arn": key_arn,
        "algorithm": ALGORITHM,
        "digest": digest,
        "signature": base64.b64encode(answer["Signature"]).decode("ascii"),
    }


def public_key(kms: Any, key_arn: str) -> str:
    """Return a key's public half as PEM, for verifying without KMS.

    Raises botocore's errors, and `ValueError` for a key that is not ECC_NIST_P256 for signing.
    """
    answer = kms.get_public_key(KeyId=key_arn)
    if answer["KeySpec"] != "ECC_NIST_P256" or answer["KeyUsage"] != "SIGN_VERIFY":
        raise ValueError(
            f"{key_arn} is {answer['KeySpec']} for {answer['KeyUsage']}; models are signed with ECC_NIST_P256 keys"
        )
    text = base64.encodebytes(answer["PublicKey"]).decode("ascii").replace("\n", "")
    lines = [text[start : start + 64] for start in range(0, len(text), 64)]
    return "\n".join(["-----BEGIN PUBLIC KEY-----", *lines, "-----END PUBLIC KEY-----", ""])

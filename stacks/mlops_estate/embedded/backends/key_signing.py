"""Signing of a digest, which moto takes for a message and hashes again; Verify, which refuses as KMS does; key specs.

KMS API reference, Sign and Verify: with `MessageType` DIGEST the message is the digest itself, of the length of the
algorithm's hash; a signature that does not hold is a KMSInvalidSignatureException, never an answer. GetPublicKey names
the key's spec, which moto leaves out.
"""

from __future__ import annotations

import contextvars
import json
from typing import Any

SIZES = {"SHA_256": 32, "SHA_384": 48, "SHA_512": 64}
_digest = contextvars.ContextVar("digest", default=False)


def install() -> None:
    """Let moto's elliptic-curve keys sign what they are told to."""
    from cryptography.hazmat.primitives.asymmetric import utils
    from moto.core.exceptions import JsonRESTError
    from moto.kms.exceptions import ValidationException
    from moto.kms.responses import KmsResponse
    from moto.kms.utils import ECDSAPrivateKey

    hashed, sign, verify = ECDSAPrivateKey._ECDSAPrivateKey__hash_algorithm, KmsResponse.sign, KmsResponse.verify
    public = KmsResponse.get_public_key

    def hash_algorithm(self: Any, signing_algorithm: str) -> Any:
        algorithm = hashed(self, signing_algorithm)
        return utils.Prehashed(algorithm) if _digest.get() else algorithm

    def as_told(response: Any, operation: Any) -> str:
        told = response._get_param("MessageType") == "DIGEST"
        size = SIZES.get(response._get_param("SigningAlgorithm", "")[-7:])
        message = response._get_param("Message")
        if told and len(message if isinstance(message, bytes) else message.encode()) != size:
            raise ValidationException("Digest is invalid length for algorithm")
        token = _digest.set(told)
        try:
            answer: str = operation(response)
        finally:
            _digest.reset(token)
        return answer

    def verified(self: Any) -> str:
        answer = as_told(self, verify)
        if not json.loads(answer)["SignatureValid"]:
            raise JsonRESTError("KMSInvalidSignatureException", "")
        return answer

    def get_public_key(self: Any) -> str:
        key = self.kms_backend.describe_key(self._get_param("KeyId"))
        return json.dumps({**json.loads(public(self)), "KeyId": key.arn, "KeySpec": key.key_spec})

    ECDSAPrivateKey._ECDSAPrivateKey__hash_algorithm = hash_algorithm
    KmsResponse.sign = lambda self: as_told(self, sign)
    KmsResponse.verify = verified
    KmsResponse.get_public_key = get_public_key

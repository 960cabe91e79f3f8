"""Pseudonyms and seeds out of one secret key.

A pseudonym is HMAC-SHA-256 of a value under a key that is derived for its domain, cut to some hexadecimal digits. It is
the same wherever the same value of the same domain is masked under the same version of the secret, so that copies join;
after a rotation (`protection.masked_copy.key_rotation_days`) it is another one, and older copies no longer join with
newer ones. Without the key, values cannot be tried out one by one, as they could against a plain hash.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac

SHORTEST_KEY = 32
"""Bytes: an HMAC key is at least as long as its hash's output (RFC 2104, section 3)."""


class KeyRefused(ValueError):  # noqa: N818 -- named for what it says; the message never holds the key
    """The secret holds no key that pseudonyms can be made with."""


def decode_key(secret: str) -> bytes:
    """Return the key that a secret's text holds, as the rotation writes it (base64). Raises `KeyRefused`."""
    try:
        key = base64.b64decode(secret, validate=True)
    except (binascii.Error, ValueError):
        raise KeyRefused("the secret is not base64: let it rotate once") from None
    if len(key) < SHORTEST_KEY:
        raise KeyRefused(f"the secret holds {len(key)} bytes; a key has at least {SHORTEST_KEY}: let it rotate once")
    return key


def pseudonym(key: bytes, domain: str, value: str, length: int) -> str:
    """Return the pseudonym of a value: `length` hexadecimal digits, at most 64."""
    return hmac.new(_derived(key, "hash", domain), value.encode(), hashlib.sha256).hexdigest()[:length]


def seed(key: bytes, purpose: str, name: str) -> int:
    """Return a seed for drawing: the same for the same key, purpose and name, and not to be guessed without the key."""
    return int.from_bytes(_derived(key, purpose, name), "big")


def _derived(key: bytes, purpose: str, name: str) -> bytes:
    # Length-prefixed parts: no two pairs of purpose and name make the same message.
    parts = [part.encode() for part in ("mlops-estate masking 1", purpose, name)]
    message = b"".join(len(part).to_bytes(4, "big") + part for part in parts)
    return hmac.new(key, message, hashlib.sha256).digest()

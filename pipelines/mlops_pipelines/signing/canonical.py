"""One way to write a document as bytes, so that a signature is over bytes that only one document has.

JSON with sorted keys, no spaces, no NaN, non-ASCII characters escaped: for the values that occur here (text, whole and
finite numbers, booleans, null) two equal documents have equal bytes.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

CHUNK_BYTES = 1 << 20


def canonical(document: Any) -> bytes:
    """Return a document's canonical bytes. Raises `ValueError` for NaN and infinity."""
    return json.dumps(document, sort_keys=True, separators=(",", ":"), allow_nan=False).encode("ascii")


def sha256(content: bytes) -> str:
    """Return the SHA-256 of bytes, in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def measured(path: Path) -> tuple[str, int]:
    """Return a file's SHA-256 and its size in bytes, read piece by piece."""
    digest, size = hashlib.sha256(), 0
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            digest.update(chunk)
            size += len(chunk)
    return digest.hexdigest(), size


def write(path: Path, document: Any) -> bytes:
    """Write a document's canonical bytes to a file, whole or not at all, and return them."""
    content = canonical(document)
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.partial")
    partial.write_bytes(content)
    partial.replace(path)
    return content

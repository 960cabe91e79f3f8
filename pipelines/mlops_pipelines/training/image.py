"""The tag of the steps' own image: from what the folder holds, so that one tag never means two images."""

from __future__ import annotations

import hashlib
from importlib import metadata
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[3] / "images" / "steps"
"""Where the image is built from, in a checkout. An installed wheel has no such folder."""
DIGITS = 12


def image_tag(folder: Path | None = None) -> str:
    """Return the tag of the image that is built from a folder (default: images/steps of this checkout).

    It is the first 12 hexadecimal digits of the SHA-256 over the folder's files in the order of their names: of each
    the name, its length in bytes, and its content. An installed wheel doesn't hold the folder; there the tag is the
    version of the distribution, under which a release pushes its image too. Raises `ValueError` for a folder that was
    given and holds no file.
    """
    if folder is None and not FOLDER.is_dir():
        return metadata.version("mlops-estate")
    root = FOLDER if folder is None else folder
    files = sorted((path.relative_to(root).as_posix(), path) for path in root.rglob("*") if path.is_file())
    if not files:
        raise ValueError(f"no image is built from {root}: it holds no file")
    digest = hashlib.sha256()
    for name, path in files:
        content = path.read_bytes()
        digest.update(f"{name}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()[:DIGITS]

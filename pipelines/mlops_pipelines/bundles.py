"""Archives of code that jobs unpack: a part that many models share, and what is one model's own.

The same contents give the same bytes, so an archive can be named by its checksum.
"""

from __future__ import annotations

import gzip
import io
import tarfile
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent
_FILES = ("__init__.py", "bundles.py", "settings.py")


def bundle(folders: tuple[str, ...], own: Mapping[str, bytes]) -> bytes:
    """Return a tar.gz of these packages of `mlops_pipelines`, and of files at the archive's root by their names."""
    # Members of a gzip file that follow each other are one stream (RFC 1952, 2.2): the code is compressed once for all.
    return _code_part(folders) + gzip.compress(_entries(own) + bytes(2 * tarfile.BLOCKSIZE), mtime=0)


@lru_cache
def _code_part(folders: tuple[str, ...]) -> bytes:
    code = {f"mlops_pipelines/{path.relative_to(_PACKAGE).as_posix()}": path.read_bytes() for path in _code(folders)}
    return gzip.compress(_entries(code), mtime=0)


def _code(folders: tuple[str, ...]) -> Iterator[Path]:
    yield from (_PACKAGE / name for name in _FILES)
    for folder in folders:
        for path in sorted((_PACKAGE / folder).rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts and path.suffix != ".pyc":
                yield path


def _entries(members: Mapping[str, bytes]) -> bytes:
    """Return files as the entries of a tar archive, without its end."""
    plain = io.BytesIO()
    archive = tarfile.open(fileobj=plain, mode="w", format=tarfile.PAX_FORMAT)  # noqa: SIM115 -- closing would end it
    for name, content in sorted(members.items()):
        entry = tarfile.TarInfo(name)  # owner, group and time stay zero: only names and contents count
        entry.size, entry.mode = len(content), 0o644
        archive.addfile(entry, io.BytesIO(content))
    return plain.getvalue()[: archive.offset]

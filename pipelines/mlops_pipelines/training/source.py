"""The source tarball that every step runs from: the steps' code, the data's schema and the model's settings.

The same contents give the same bytes, and so the same name: a pipeline whose code did not change does not change.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path

from mlops_pipelines.features import load_schema
from mlops_pipelines.settings import Settings, resolve

_PACKAGE = Path(__file__).resolve().parents[1]
_FILES = ("__init__.py", "settings.py")
_FOLDERS = ("assessment", "data", "features", "governance", "masking", "modelling", "reporting", "signing", "steps")
_LEFT_OUT = frozenset({"__pycache__"})
_LAUNCHER = """\
\"\"\"Where the training toolkit starts: an entry point has to lie at the root of the source folder.\"\"\"

import sys

from mlops_pipelines.steps.train import main

sys.exit(main())
"""


def source_bundle(schema: str | Path = "mortgage-approval", settings: Settings | None = None) -> bytes:
    """Return the tar.gz that `source_uri` points at.

    It holds the packages that the steps are made of, the launcher `train.py` at its root, `schema.json`, the schema of
    the model's data (`data/<schema>/schema.yaml`, or the file itself when given a path), and `settings.json`: the
    model's settings, or the defaults for its problem. No requirements file: the images hold what the steps need, and a
    job in the private network has no route to a package index. Raises `FileNotFoundError` without a schema.
    """
    described = load_schema(schema).as_dict()
    own = settings or resolve(schema if isinstance(schema, str) else schema.parent.name, described)
    return _packed(json.dumps(described, indent=1), json.dumps(own.as_dict(), indent=1))


@lru_cache
def _packed(schema: str, settings: str) -> bytes:
    own = {"schema.json": f"{schema}\n".encode(), "settings.json": f"{settings}\n".encode()}
    # Members of a gzip file that follow each other are one stream (RFC 1952, 2.2): the code is compressed once for all.
    return _code_part() + gzip.compress(_entries(own) + bytes(2 * tarfile.BLOCKSIZE), mtime=0)


@lru_cache
def _code_part() -> bytes:
    code = {f"mlops_pipelines/{path.relative_to(_PACKAGE).as_posix()}": path.read_bytes() for path in _code()}
    return gzip.compress(_entries({**code, "train.py": _LAUNCHER.encode()}), mtime=0)


def _entries(members: Mapping[str, bytes]) -> bytes:
    """Return files as the entries of a tar archive, without its end."""
    plain = io.BytesIO()
    archive = tarfile.open(fileobj=plain, mode="w", format=tarfile.PAX_FORMAT)  # noqa: SIM115 -- closing would end it
    for name, content in sorted(members.items()):
        entry = tarfile.TarInfo(name)  # owner, group and time stay zero: only names and contents count
        entry.size, entry.mode = len(content), 0o644
        archive.addfile(entry, io.BytesIO(content))
    return plain.getvalue()[: archive.offset]


def source_key(schema: str | Path = "mortgage-approval", settings: Settings | None = None) -> str:
    """Return the S3 key of the bundle; it changes exactly when the contents do."""
    return f"source/{hashlib.sha256(source_bundle(schema, settings)).hexdigest()[:16]}/sourcedir.tar.gz"


def _code() -> Iterator[Path]:
    yield from (_PACKAGE / name for name in _FILES)
    for folder in _FOLDERS:
        for path in sorted((_PACKAGE / folder).rglob("*")):
            if path.is_file() and not _LEFT_OUT & set(path.parts) and path.suffix != ".pyc":
                yield path

"""The source tarball that every step runs from: the step scripts and the data's schema, the same bytes each time."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile
from functools import lru_cache
from pathlib import Path

from mlops_pipelines.features import load_schema

_PACKAGE = Path(__file__).resolve().parents[1]
_SCRIPTS = ("__init__.py", "steps/__init__.py", *(f"steps/{name}.py" for name in
            ("archives", "baseline", "evaluate", "inference", "preprocess", "train")))  # fmt: skip
_LAUNCHER = """\
\"\"\"Where the training toolkit starts: an entry point has to lie at the root of the source folder.\"\"\"

from mlops_pipelines.steps.train import main

main()
"""


@lru_cache
def source_bundle(model: str | Path = "mortgage-approval") -> bytes:
    """Return the tar.gz that `source_uri` points at.

    It holds the package `mlops_pipelines.steps`, the launcher `train.py` at its root, and `schema.json`, the schema of
    the model's data: `data/<model>/schema.yaml`, or the file itself when given a path. No requirements file: the
    container already has numpy, pandas and scikit-learn, and the private network has no route to a package index.
    Raises `FileNotFoundError` without a schema.
    """
    members = {f"mlops_pipelines/{name}": (_PACKAGE / name).read_bytes() for name in _SCRIPTS}
    members["train.py"] = _LAUNCHER.encode()
    members["schema.json"] = (json.dumps(load_schema(model).as_dict(), indent=1) + "\n").encode()
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name, content in sorted(members.items()):
            entry = tarfile.TarInfo(name)  # owner, group and time stay zero: only names and contents count
            entry.size, entry.mode = len(content), 0o644
            archive.addfile(entry, io.BytesIO(content))
    return gzip.compress(plain.getvalue(), mtime=0)


def source_key(model: str | Path = "mortgage-approval") -> str:
    """Return the S3 key of the bundle; it changes exactly when the contents do."""
    return f"source/{hashlib.sha256(source_bundle(model)).hexdigest()[:16]}/sourcedir.tar.gz"

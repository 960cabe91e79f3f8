"""The source tarball that every step runs from: the steps' code, the data's schema and the model's settings.

The same contents give the same bytes, and so the same name: a pipeline whose code did not change does not change.
"""

from __future__ import annotations

import hashlib
import json
from functools import lru_cache
from pathlib import Path

from mlops_pipelines.bundles import bundle
from mlops_pipelines.features import load_schema
from mlops_pipelines.settings import Settings, resolve

_FOLDERS = ("assessment", "data", "features", "governance", "masking", "modelling", "reporting", "signing", "steps")
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
    own = {"train.py": _LAUNCHER, "schema.json": f"{schema}\n", "settings.json": f"{settings}\n"}
    return bundle(_FOLDERS, {name: text.encode() for name, text in own.items()})


def source_key(schema: str | Path = "mortgage-approval", settings: Settings | None = None) -> str:
    """Return the S3 key of the bundle; it changes exactly when the contents do."""
    return f"source/{hashlib.sha256(source_bundle(schema, settings)).hexdigest()[:16]}/sourcedir.tar.gz"

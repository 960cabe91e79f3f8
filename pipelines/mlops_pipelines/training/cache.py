"""Outputs of earlier jobs, taken again where nothing that they follow from has changed.

SageMaker compares a step's arguments, and inputs by their addresses (developer guide, Default cache key attributes by
pipeline step type). Here contents count: the digest of every input file, the code among them, the command, variables,
and the versions of Python and of every installed package. Only jobs that are isolated from the network are cached: what
they write follows from that alone.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

KEPT_DAYS = 30
"""An entry that was not used for so long is deleted."""
_LIST = "import importlib.metadata as m; print(sorted({(d.name, d.version) for d in m.distributions()}))"


@dataclass
class StepCache:
    """A folder of outputs by key; several runs may use it at once."""

    folder: Path
    _versions: dict[str, str] = field(default_factory=dict)

    def restore(self, key: str, folders: Mapping[str, Path]) -> bool:
        """Copy what is kept under a key into these folders; return whether it was there."""
        entry = self.folder / key
        if not key or not entry.is_dir():
            return False
        for name, folder in folders.items():
            shutil.copytree(entry / name, folder, dirs_exist_ok=True)
        os.utime(entry)
        return True

    def keep(self, key: str, folders: Mapping[str, Path]) -> None:
        """Keep these folders under a key, whole or not at all."""
        if not key or (self.folder / key).is_dir():
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        partial = Path(tempfile.mkdtemp(prefix=".partial-", dir=self.folder))
        for name, folder in folders.items():
            shutil.copytree(folder, partial / name)
        try:
            partial.rename(self.folder / key)
        except OSError:  # another run kept the same just now
            shutil.rmtree(partial)

    def prune(self, now: float | None = None) -> int:
        """Delete what was not used for 30 days; return how many entries that were."""
        before = (time.time() if now is None else now) - KEPT_DAYS * 86_400
        old = [entry for entry in self.folder.glob("*") if entry.stat().st_mtime < before]
        for entry in old:
            shutil.rmtree(entry, ignore_errors=True)
        return len(old)

    def versions(self, python: str) -> str:
        """Return the versions of a Python and of the packages that it finds."""
        if python not in self._versions:
            told = subprocess.run(  # noqa: S603 -- the interpreter that runs the steps
                [python, "-c", _LIST], capture_output=True, text=True, check=True
            )
            own = f"{sys.version} " if python == sys.executable else ""
            self._versions[python] = own + told.stdout
        return self._versions[python]


def digest_of(what: Any, inputs: Path) -> str:
    """Return the digest of a JSON value and of every file below a folder, by its name there."""
    digest = hashlib.sha256(json.dumps(what, sort_keys=True, default=str).encode())
    for path in sorted(path for path in inputs.rglob("*") if path.is_file()):
        content = hashlib.sha256(path.read_bytes()).hexdigest()
        digest.update(f"\n{path.relative_to(inputs).as_posix()} {content}".encode())
    return digest.hexdigest()

"""Changes to a project's files: tried in a copy first, and then made all together or not at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from mlops_estate.faults import Fault, FaultsFound

Files = Mapping[str, bytes]
"""Contents of new or changed files by their path relative to the project."""


@contextmanager
def staged(project: Path, files: Files) -> Iterator[Path]:
    """Give a temporary folder that looks like the project with these files in it; the project stays as it is.

    What is not changed is there as a link.
    """
    with tempfile.TemporaryDirectory(prefix="estate-model-") as folder:
        root = Path(folder)
        _overlay(project, root, {tuple(Path(name).parts): content for name, content in files.items()})
        yield root


def _overlay(original: Path, copy: Path, files: Mapping[tuple[str, ...], bytes]) -> None:
    copy.mkdir(exist_ok=True)
    changed = {parts[0] for parts in files}
    if original.is_dir():
        for entry in sorted(original.iterdir()):
            if entry.name not in changed:
                (copy / entry.name).symlink_to(entry.resolve())
    for name in sorted(changed):
        below = {parts[1:]: content for parts, content in files.items() if parts[0] == name}
        if () in below:
            (copy / name).write_bytes(below[()])
        else:
            _overlay(original / name, copy / name, below)


def write_all(project: Path, files: Files) -> None:
    """Write every file, or leave the project as it was: each is written beside its place first, then put there.

    Raises `FaultsFound` where the project cannot be written to.
    """
    placed: dict[Path, bytes | None] = {}
    partial: list[Path] = []
    made: list[Path] = []
    try:
        pairs = []
        for name, content in files.items():
            path = (project / name).resolve()
            made += _made_folders(path.parent)
            beside = path.with_name(f".{path.name}.partial")
            partial.append(beside)
            beside.write_bytes(content)
            pairs.append((beside, path))
        for beside, path in pairs:
            placed[path] = path.read_bytes() if path.exists() else None
            if path.exists():
                os.chmod(beside, path.stat().st_mode)
            os.replace(beside, path)
    except BaseException as error:
        _restore(placed, partial, made)
        if isinstance(error, OSError):
            rule = f"the project cannot be written to: {error.strerror}; nothing was changed"
            raise FaultsFound([Fault("--project", str(error.filename), rule, "check its permissions")]) from error
        raise


def _made_folders(folder: Path) -> list[Path]:
    missing = [path for path in (folder, *folder.parents) if not path.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    return missing


def _restore(placed: Mapping[Path, bytes | None], partial: list[Path], made: list[Path]) -> None:
    for path, before in placed.items():
        if before is None:
            path.unlink(missing_ok=True)
        else:
            path.write_bytes(before)
    for path in partial:
        path.unlink(missing_ok=True)
    for folder in sorted(made, key=lambda path: len(path.parts), reverse=True):
        with suppress(OSError):  # somebody else may have put a file there meanwhile
            folder.rmdir()

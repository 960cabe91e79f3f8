"""Unpacking tarballs on every Python that runs us, the container's too."""

from __future__ import annotations

import tarfile
from pathlib import Path, PurePosixPath


def unpack(archive: tarfile.TarFile, folder: str | Path) -> None:
    """Unpack an archive into a folder and write nothing outside it.

    Python releases before PEP 706 (3.11.4 and its siblings) have no data filter: there, only plain files and folders
    below `folder` are taken. Raises `tarfile.TarError` for any other member, before anything is written.
    """
    if hasattr(tarfile, "data_filter"):
        archive.extractall(folder, filter="data")
        return
    for member in archive.getmembers():
        path = PurePosixPath(member.name)
        if path.is_absolute() or ".." in path.parts or not (member.isfile() or member.isdir()):
            raise tarfile.ExtractError(f"{member.name!r} is no plain file or folder of the archive's own")
    archive.extractall(folder)  # noqa: S202 -- every member was looked at

"""Unpacking, with Python's data filter and as on a Python without it."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import pytest

from mlops_pipelines.steps.archives import unpack


def packed(*members: tarfile.TarInfo) -> tarfile.TarFile:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as archive:
        for member in members:
            archive.addfile(member, io.BytesIO(b"x" * member.size))
    return tarfile.open(fileobj=io.BytesIO(made.getvalue()))


def entry(name: str, kind: bytes = tarfile.REGTYPE, target: str = "") -> tarfile.TarInfo:
    made = tarfile.TarInfo(name)
    made.type, made.linkname, made.size = kind, target, 1 if kind == tarfile.REGTYPE else 0
    return made


@pytest.fixture(params=["with the data filter", "without it"])
def python(request, monkeypatch):
    if request.param == "without it":
        for name in [name for name in dir(tarfile) if name.endswith("_filter")]:
            monkeypatch.delattr(tarfile, name)
        plain = tarfile.TarFile.extractall

        def old(self, path=".", members=None, *, numeric_owner=False):
            plain(self, path, members, numeric_owner=numeric_owner, **OLD)

        monkeypatch.setattr(tarfile.TarFile, "extractall", old)


OLD = {"filter": tarfile.fully_trusted_filter} if hasattr(tarfile, "fully_trusted_filter") else {}


def test_files_and_folders_are_unpacked(python, tmp_path: Path):
    with packed(entry("code", tarfile.DIRTYPE), entry("code/inference.py")) as archive:
        unpack(archive, tmp_path)
    assert (tmp_path / "code" / "inference.py").read_bytes() == b"x"


@pytest.mark.parametrize(
    "member",
    [
        entry("../outside"),
        entry("in/../../outside"),
        entry("link", tarfile.SYMTYPE, "/etc/passwd"),
        entry("device", tarfile.CHRTYPE),
    ],
)
def test_nothing_is_written_outside(python, tmp_path: Path, member):
    folder = tmp_path / "folder"
    folder.mkdir()
    with packed(member) as archive, pytest.raises(tarfile.TarError):
        unpack(archive, folder)
    assert list(folder.iterdir()) == []
    assert list(tmp_path.iterdir()) == [folder]

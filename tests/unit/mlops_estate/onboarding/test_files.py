"""Files are tried in a copy of the project, and written all together or not at all."""

from __future__ import annotations

import os

import pytest

from mlops_estate.faults import FaultsFound
from mlops_estate.onboarding import files

CHANGES = {"a.txt": b"new a", "data/m/x.csv": b"x", "data/m/deep/y.csv": b"y"}


@pytest.fixture
def project(tmp_path):
    (tmp_path / "a.txt").write_bytes(b"old a")
    (tmp_path / "b.txt").write_bytes(b"b")
    (tmp_path / "data" / "other").mkdir(parents=True)
    (tmp_path / "data" / "other" / "o.csv").write_bytes(b"o")
    return tmp_path


def _tree(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_staged_copy_has_the_changes_and_the_rest_and_the_project_stays(project):
    before = _tree(project)
    with files.staged(project, CHANGES) as root:
        assert (root / "a.txt").read_bytes() == b"new a"
        assert (root / "b.txt").read_bytes() == b"b"
        assert (root / "data" / "other" / "o.csv").read_bytes() == b"o"
        assert (root / "data" / "m" / "deep" / "y.csv").read_bytes() == b"y"
    assert _tree(project) == before
    assert not root.exists()


def test_all_files_are_written_and_keep_their_mode(project):
    (project / "a.txt").chmod(0o640)
    files.write_all(project, CHANGES)
    assert _tree(project) == {"b.txt": b"b", "data/other/o.csv": b"o", **CHANGES}
    assert (project / "a.txt").stat().st_mode & 0o777 == 0o640


@pytest.mark.parametrize("failing", [0, 1, 2])
def test_a_failure_anywhere_leaves_the_project_as_it_was(project, monkeypatch, failing):
    before, folders = _tree(project), sorted(path for path in project.rglob("*") if path.is_dir())
    replace, calls = os.replace, []

    def fails(source, target):
        calls.append(target)
        if len(calls) == failing + 1:
            raise OSError(28, "No space left on device", str(target))
        replace(source, target)

    monkeypatch.setattr(files.os, "replace", fails)
    with pytest.raises(FaultsFound, match="No space left on device; nothing was changed"):
        files.write_all(project, CHANGES)
    assert _tree(project) == before
    assert sorted(path for path in project.rglob("*") if path.is_dir()) == folders


def test_a_change_that_is_only_a_link_is_written_through_to_its_file(project, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("real")
    (project / "linked").symlink_to(elsewhere)
    files.write_all(project, {"linked/z.txt": b"z"})
    assert (elsewhere / "z.txt").read_bytes() == b"z"

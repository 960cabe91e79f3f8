"""Revisions: what can't be compared with is told, with the way to what can."""

from __future__ import annotations

import os
import subprocess
import tarfile

import pytest

from mlops_estate.comparison.revision import Collection, _unpack, resolve, uncommitted
from mlops_estate.faults import FaultsFound

WHO = {f"GIT_{who}_{what}": "x@example.com" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}


def git(folder, *arguments):
    environment = {**os.environ, **WHO, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    done = subprocess.run(["git", "-C", str(folder), *arguments], check=True, capture_output=True, env=environment)
    return done.stdout.decode().strip()


@pytest.fixture(scope="module")
def repository(tmp_path_factory):
    folder = tmp_path_factory.mktemp("repository")
    git(folder, "init", "--quiet", "--initial-branch", "main")
    for number in range(3):
        (folder / "Pulumi.dev.yaml").write_text(f"# {number}\n", encoding="utf-8")
        git(folder, "add", "-A")
        git(folder, "commit", "--quiet", "-m", f"Commit {number}")
    return folder


def refused(text, folder):
    with pytest.raises(FaultsFound) as found:
        resolve(text, folder)
    (fault,) = found.value.faults
    assert (fault.where, fault.value) == ("--against", text)
    return fault


def test_a_revision_is_a_commit_whatever_it_is_called_by(repository):
    commit = git(repository, "rev-parse", "HEAD~1")
    for text in ("HEAD~1", "main~1", commit, commit[:10]):
        assert resolve(text, repository).commit == commit
    assert resolve("HEAD~1", repository).label == "HEAD~1"
    assert resolve(commit, repository).label == commit[:10]


def test_an_unknown_revision_is_told_with_the_nearest(repository):
    fault = refused("mian", repository)
    assert "no such revision" in fault.rule
    assert fault.fix == "did you mean main?"
    assert "there are main" in refused("v99.7", repository).fix


def test_an_option_is_no_revision(repository):
    assert "no such revision" in refused("--upload-pack=touch x", repository).rule


def test_a_shallow_clone_says_how_to_get_the_rest(repository, tmp_path):
    git(tmp_path, "clone", "--quiet", "--depth", "1", f"file://{repository}", "shallow")
    fault = refused("HEAD~1", tmp_path / "shallow")
    assert "shallow" in fault.rule
    assert "git fetch --unshallow" in fault.fix


def test_a_folder_outside_of_any_repository_is_told(tmp_path):
    assert "no git repository" in refused("HEAD", tmp_path).rule


def test_a_machine_without_git_is_told(repository, monkeypatch):
    monkeypatch.setenv("PATH", "")
    assert "git is not installed" in refused("HEAD", repository).rule


def test_uncommitted_files_are_counted(repository, tmp_path):
    git(tmp_path, "clone", "--quiet", str(repository), "clone")
    clone = tmp_path / "clone"
    assert uncommitted(clone) == 0
    (clone / "Pulumi.dev.yaml").write_text("# changed\n", encoding="utf-8")
    (clone / "new.txt").write_text("new\n", encoding="utf-8")
    assert uncommitted(clone) == 2
    assert uncommitted(tmp_path / "nowhere") == 0


def test_an_environment_that_the_revision_lacks_is_an_empty_side(repository):
    graph, side = Collection(resolve("HEAD", repository), "prod").start().side()
    assert (graph.nodes, side.kind, side.resources) == ({}, "nothing", 0)
    assert "no Pulumi.prod.yaml" in side.label


def test_a_project_in_a_folder_of_the_repository_is_found(tmp_path):
    git(tmp_path, "init", "--quiet", "--initial-branch", "main")
    project = tmp_path / "platform" / "ml"
    project.mkdir(parents=True)
    (project / "Pulumi.dev.yaml").write_text("# a\n", encoding="utf-8")
    git(tmp_path, "add", "-A")
    git(tmp_path, "commit", "--quiet", "-m", "First")
    revision = resolve("HEAD", project)
    assert revision.folder == "platform/ml/"
    assert Collection(revision, "dev").there
    assert not Collection(revision, "prod").there


@pytest.mark.parametrize("filtered", [True, False], ids=["with a filter", "Python before 3.11.4"])
def test_a_revision_is_unpacked_whole_whatever_the_python(repository, tmp_path, monkeypatch, filtered):
    if not filtered:
        before_filters(monkeypatch)
    _unpack(resolve("HEAD~1", repository), tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["Pulumi.dev.yaml"]
    assert (tmp_path / "Pulumi.dev.yaml").read_text(encoding="utf-8") == "# 1\n"


def test_what_an_older_python_can_t_unpack_safely_is_told(tmp_path, monkeypatch):
    git(tmp_path, "init", "--quiet", "--initial-branch", "main")
    (tmp_path / "link").symlink_to("elsewhere")
    git(tmp_path, "add", "-A")
    git(tmp_path, "commit", "--quiet", "-m", "First")
    before_filters(monkeypatch)
    with pytest.raises(FaultsFound) as found:
        _unpack(resolve("HEAD", tmp_path), tmp_path / "aside")
    assert "Python 3.11.4" in found.value.faults[0].fix


def before_filters(monkeypatch):
    """Make `tarfile` that of Python 3.11.0 to 3.11.3."""
    original = tarfile.TarFile.extractall
    monkeypatch.delattr(tarfile, "data_filter")
    monkeypatch.setattr(tarfile.TarFile, "extractall", lambda self, path: original(self, path))

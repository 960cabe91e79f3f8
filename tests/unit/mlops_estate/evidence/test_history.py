"""The change history: commits of a model's own block and of its data, and why there are none."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from mlops_estate.evidence.history import history_of

FILE = """# a comment
config:
  mlops-estate:estate: {region: eu-west-1}
  mlops-estate:models:
    first:
      data: data/first.csv
      label: a
    second:
      data: data/second.csv
      label: b
"""


def git(folder: Path, *arguments: str) -> str:
    own = ["-c", "user.name=Ada", "-c", "user.email=ada@example.com", "-c", "commit.gpgsign=false"]
    done = subprocess.run(["git", "-C", str(folder), *own, *arguments], check=True, capture_output=True, text=True)
    return done.stdout


def commit(folder: Path, subject: str, **files: str) -> str:
    for name, text in files.items():
        path = folder / {"config": "Pulumi.dev.yaml"}.get(name, f"data/{name}.csv")
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", subject)
    return git(folder, "rev-parse", "HEAD").strip()


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    git(tmp_path, "init", "-q")
    commit(tmp_path, "Start", config=FILE, first="1", second="1")
    return tmp_path


def subjects(found: dict[str, object]) -> list[str]:
    return [item["subject"] for item in found["commits"]]


def test_only_commits_of_the_models_own_block_and_data_count(clone: Path) -> None:
    commit(clone, "Label of the first", config=FILE.replace("label: a", "label: c"))
    changed = FILE.replace("label: a", "label: c").replace("label: b", "label: d")
    commit(clone, "Label of the second", config=changed)
    commit(clone, "Data of the second", second="2")
    head = commit(clone, "Region", config=changed.replace("eu-west-1", "eu-north-1"))
    found = history_of(clone, "dev", "second", ["data/second.csv"])
    assert subjects(found["configuration"]) == ["Label of the second", "Start"]
    assert subjects(found["data"]) == ["Data of the second", "Start"]
    assert subjects(history_of(clone, "dev", "first", ["data/first.csv"])["configuration"]) == [
        "Label of the first", "Start"
    ]  # fmt: skip
    assert (found["head"], found["why"], found["shallow"], found["uncommitted"]) == (head, "", False, [])
    assert found["data"]["commits"][0]["author"] == "Ada"
    assert len(found["data"]["commits"][0]["commit"]) == 40


def test_what_is_not_committed_is_named(clone: Path) -> None:
    (clone / "data/first.csv").write_text("other")
    (clone / "Pulumi.dev.yaml").write_text(FILE + "\n")
    assert history_of(clone, "dev", "first", ["data/first.csv"])["uncommitted"] == ["Pulumi.dev.yaml", "data/first.csv"]
    assert history_of(clone, "dev", "second", ["data/second.csv"])["uncommitted"] == ["Pulumi.dev.yaml"]


def test_a_model_that_is_not_committed_yet_has_no_history(clone: Path) -> None:
    assert history_of(clone, "dev", "third", ["data/third.csv"])["configuration"] == {"count": 0, "commits": []}


def test_a_subfolder_of_a_clone_is_a_project_too(clone: Path) -> None:
    inner = clone / "inner"
    inner.mkdir()
    commit(inner, "Inner", config=FILE)
    assert subjects(history_of(inner, "dev", "first", ["data"])["configuration"]) == ["Inner"]


def test_a_folder_that_is_no_clone_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    found = history_of(tmp_path, "dev", "first", ["data"])
    assert (found["why"], found["configuration"]["count"], found["head"]) == ("the project is no git clone", 0, "")


def test_a_clone_without_commits_and_a_machine_without_git_say_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    git(tmp_path, "init", "-q")
    assert history_of(tmp_path, "dev", "first", ["data"])["why"] == "the repository has no commits"
    monkeypatch.setenv("PATH", "")
    assert history_of(tmp_path, "dev", "first", ["data"])["why"] == "git is not installed"


def test_a_shallow_clone_is_called_one(clone: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    commit(clone, "Data", first="2")
    shallow = tmp_path_factory.mktemp("shallow") / "clone"
    git(clone, "clone", "-q", "--depth", "1", f"file://{clone}", str(shallow))
    found = history_of(shallow, "dev", "first", ["data/first.csv"])
    assert found["shallow"] is True
    assert subjects(found["data"]) == ["Data"]


def test_a_long_history_is_counted_whole_and_listed_in_part(clone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mlops_estate.evidence.history.MOST", 3)
    for number in range(6):
        git(clone, "commit", "-q", "--allow-empty", "-m", "x")  # touches nothing
        if number < 4:
            (clone / "data/first.csv").write_text(str(number + 2))
            git(clone, "commit", "-q", "-a", "-m", f"Data {number}")
    found = history_of(clone, "dev", "first", ["data/first.csv"])["data"]
    assert (found["count"], len(found["commits"])) == (5, 3)

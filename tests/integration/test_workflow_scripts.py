"""The scripts that workflows call, with stand-ins for the Pulumi CLI and Go: going back, drift, building tools."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
# Writes down its arguments and what the project under --cwd is, then answers as it is told to.
PULUMI = """#!/bin/sh
echo "$*" >>"$LOG"
while [ $# -gt 0 ]; do [ "$1" = --cwd ] && cat "$2/what" >>"$LOG"; shift; done
echo "resources: 3 unchanged"
exit "${CODE:-0}"
"""
ESTATE = """#!/bin/sh
echo "estate $* in $(cat what)" >>"$LOG"
exit "${HEALTH:-0}"
"""
PREPARE = """prepare() { folder=$1; echo "prepare $* in $(cat what)" >>"$LOG"; }
"""


@pytest.fixture
def project(tmp_path):
    """Return a repository of two commits whose second one is checked out, with the scripts and stand-ins."""
    folder = tmp_path / "project"
    (folder / ".ci").mkdir(parents=True)
    for name in ("roll-back", "drift"):
        shutil.copy(ROOT / ".ci" / name, folder / ".ci" / name)
    (folder / ".ci" / "environment.sh").write_text(PREPARE)
    write(folder / "estate", ESTATE)
    (tmp_path / "bin").mkdir()
    write(tmp_path / "bin" / "pulumi", PULUMI)
    git(folder, "init", "-q", "-b", "main")
    for what in ("the old one", "the new one"):
        (folder / "what").write_text(f"{what}\n")
        git(folder, "add", ".")
        git(folder, "-c", "user.name=x", "-c", "user.email=x@example.com", "commit", "-qm", what)
    return folder


def write(path, text):
    path.write_text(text)
    path.chmod(0o755)


def git(folder, *arguments):
    return subprocess.run(["git", *arguments], cwd=folder, capture_output=True, text=True, check=True).stdout.strip()


def script(project, name, *arguments, **environment):
    """Run a script; return how it ended and what it asked for."""
    log = project.parent / "log"
    log.unlink(missing_ok=True)
    path = f"{project.parent / 'bin'}{os.pathsep}{os.environ['PATH']}"
    ran = subprocess.run(
        [str(project / ".ci" / name), *arguments], cwd="/", capture_output=True, text=True, check=False,
        env={**os.environ, "PATH": path, "LOG": str(log), **environment},
    )  # fmt: skip
    return ran, log.read_text().splitlines() if log.exists() else []


def test_going_back_applies_the_tagged_revision_with_its_own_dependencies(project):
    git(project, "tag", "deployed/prod", "HEAD^")
    ran, asked = script(project, "roll-back", "prod")
    assert ran.returncode == 0, ran.stderr
    assert asked[0] == "prepare .venv requirements.lock project in the old one"
    assert asked[1].startswith("up --cwd ")
    assert "--stack prod --yes --non-interactive --message back to" in asked[1]
    assert "policy-pack" not in asked[1]
    assert asked[2:] == ["the old one", "estate health prod --wait 900 in the old one"]
    assert len(git(project, "worktree", "list").splitlines()) == 1
    assert (project / "what").read_text() == "the new one\n"


def test_going_back_can_be_told_the_revision(project):
    good = git(project, "rev-parse", "HEAD^")
    ran, asked = script(project, "roll-back", "dev", good)
    assert ran.returncode == 0
    assert asked[2] == "the old one"


@pytest.mark.parametrize(
    ("tag", "said"),
    [(None, "nothing to go back to"), ("HEAD", "going back would change nothing")],
    ids=["never deployed", "this revision"],
)
def test_there_is_not_always_something_to_go_back_to(project, tag, said):
    if tag:
        git(project, "tag", "deployed/prod", tag)
    ran, asked = script(project, "roll-back", "prod")
    assert ran.returncode == 1
    assert said in ran.stderr
    assert asked == []


@pytest.mark.parametrize("failing", ["CODE", "HEALTH"])
def test_going_back_that_fails_says_so_and_cleans_up(project, failing):
    git(project, "tag", "deployed/prod", "HEAD^")
    ran, asked = script(project, "roll-back", "prod", **{failing: "4"})
    assert ran.returncode == 4
    assert len(asked) == (3 if failing == "CODE" else 4)
    assert len(git(project, "worktree", "list").splitlines()) == 1


def test_no_drift_leaves_an_empty_file(project, tmp_path):
    file = tmp_path / "drift" / "prod.txt"
    ran, asked = script(project, "drift", "prod", str(file))
    assert ran.returncode == 0
    assert file.read_text() == ""
    assert asked == [
        "refresh --stack prod --preview-only --expect-no-changes --diff --non-interactive --color never"
    ]  # fmt: skip


def test_drift_is_kept_in_the_file(project, tmp_path):
    file = tmp_path / "prod.txt"
    ran, _ = script(project, "drift", "prod", str(file), CODE="7")
    assert ran.returncode == 0
    assert file.read_text() == "resources: 3 unchanged\n"


@pytest.mark.parametrize("code", ["1", "3", "255"])
def test_a_look_that_failed_is_neither(project, tmp_path, code):
    ran, _ = script(project, "drift", "prod", str(tmp_path / "prod.txt"), CODE=code)
    assert ran.returncode == 1
    assert not (tmp_path / "prod.txt").exists()
    assert "resources" in ran.stdout


@pytest.mark.parametrize(("name", "count"), [("roll-back", 0), ("drift", 0), ("drift", 1)])
def test_a_script_without_its_arguments_explains_itself(project, name, count):
    ran, asked = script(project, name, *["prod"] * count)
    assert ran.returncode != 0
    assert "usage" in ran.stderr
    assert asked == []


# A stand-in for `go` that answers with a checksum and writes down what it is to build.
GO = """#!/bin/sh
echo "$* GOBIN=${GOBIN-}" >>"$LOG"
[ "$1" = mod ] && printf '{\\n\\t"Path": "x",\\n\\t"Sum": "%s",\\n\\t"GoModSum": "h1:other="\\n}\\n' "$SUM"
exit 0
"""


@pytest.fixture
def tools(project):
    shutil.copy(ROOT / ".ci" / "go-tool", project / ".ci" / "go-tool")
    write(project.parent / "bin" / "go", GO)
    return project


def test_a_tool_is_built_only_from_the_pinned_content(tools, tmp_path):
    text = (ROOT / ".ci" / "go-tool").read_text()
    sums = [line.strip().removeprefix("sum=") for line in text.splitlines() if line.strip().startswith("sum=")]
    assert len(sums) == 2
    folder = tmp_path / "tools"
    ran, asked = script(tools, "go-tool", "actionlint", str(folder), SUM=sums[0])
    assert ran.returncode == 0, ran.stderr
    assert asked[1] == f"install github.com/rhysd/actionlint/cmd/actionlint@v1.7.12 GOBIN={folder}"
    ran, asked = script(tools, "go-tool", "actionlint", str(folder), SUM=sums[1])
    assert ran.returncode == 1
    assert "nothing was built" in ran.stderr
    assert len(asked) == 1


@pytest.mark.parametrize("arguments", [[], ["actionlint"], ["other", "folder"]])
def test_a_tool_that_is_not_pinned_is_not_built(tools, arguments):
    ran, asked = script(tools, "go-tool", *arguments)
    assert (ran.returncode, asked) == (2, [])
    assert "usage" in ran.stderr

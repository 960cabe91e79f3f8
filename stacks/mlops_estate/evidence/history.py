"""The change history of a model's block and of its data, from git, where the project is a clone."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import yaml

MOST = 50
"""Commits listed for each subject, the newest first; `count` says how many there are."""
_FIELDS = "%H%x1f%an%x1f%aI%x1f%s"
_MODELS = "mlops-estate:models"


def history_of(project_dir: Path, environment: str, model: str, data: list[str]) -> dict[str, Any]:
    """Return commits of the model's block in Pulumi.ENV.yaml and of its data: commit, author, when, subject.

    `why` says why there are none: no git, no clone, a shallow one (then the history is cut), or nothing committed.
    """
    git = shutil.which("git")
    if git is None:
        return _none("git is not installed")
    top = _run(git, project_dir, "rev-parse", "--show-toplevel")
    if top is None:
        return _none("the project is no git clone")
    if _run(git, project_dir, "rev-parse", "HEAD") is None:
        return _none("the repository has no commits")
    shallow = (_run(git, project_dir, "rev-parse", "--is-shallow-repository") or "").strip() == "true"
    file = f"Pulumi.{environment}.yaml"
    changed = _run(git, project_dir, "status", "--porcelain", "--", file, *data) or ""
    return {
        "why": "",
        "head": (_run(git, project_dir, "rev-parse", "HEAD") or "").strip(),
        "shallow": shallow,
        "uncommitted": sorted(line[3:] for line in changed.splitlines()),
        "configuration": _of_block(git, project_dir, file, model),
        "data": _commits(_run(git, project_dir, "log", f"--format={_FIELDS}", "--", *data)),
    }


def _none(why: str) -> dict[str, Any]:
    nothing = {"count": 0, "commits": []}
    return {"why": why, "head": "", "shallow": False, "uncommitted": [], "configuration": nothing, "data": nothing}


def _run(git: str, folder: Path, *arguments: str) -> str | None:
    """Return what git prints, None where it fails; paths are literal, whatever they are called."""
    done = subprocess.run(  # noqa: S603 -- a fixed program, arguments of ours
        [git, "--literal-pathspecs", "-c", "core.quotePath=false", "-c", "log.showSignature=false", "-C", str(folder),
         *arguments],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    return done.stdout if done.returncode == 0 else None


def _of_block(git: str, folder: Path, file: str, model: str) -> dict[str, Any]:
    """Return the commits that touched the lines of a model's block, as they stand in HEAD."""
    committed = _run(git, folder, "show", f"HEAD:./{file}")
    lines = _lines(committed or "", model)
    if lines is None:
        return {"count": 0, "commits": []}
    start, end = lines
    return _commits(_run(git, folder, "log", "-s", f"--format={_FIELDS}", f"-L{start},{end}:./{file}"))


def _lines(text: str, model: str) -> tuple[int, int] | None:
    """Return the first and last line (from 1) of a model's block in a configuration file; None where it has none."""
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError:
        return None
    for key in ("config", _MODELS):
        root = next((item for name, item in _items(root) if name.value == key), None)
    for name, block in _items(root):
        if name.value == model:
            last = block.end_mark.line + (1 if block.end_mark.column else 0)
            return name.start_mark.line + 1, max(last, name.start_mark.line + 1)
    return None


def _items(node: Any) -> list[tuple[Any, Any]]:
    return list(node.value) if isinstance(node, yaml.MappingNode) else []


def _commits(printed: str | None) -> dict[str, Any]:
    found = []
    for line in (printed or "").splitlines():
        parts = line.split("\x1f")
        if len(parts) == 4:
            found.append(dict(zip(("commit", "author", "when", "subject"), parts, strict=True)))
    return {"count": len(found), "commits": found[:MOST]}

"""A project of its own in a temporary folder: the shipped files, with changes."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]


def copy_project(folder: Path) -> Path:
    """Copy what `estate` reads of a project, and return the folder."""
    for name in ("Pulumi.yaml", "Pulumi.dev.yaml", "Pulumi.staging.yaml", "Pulumi.prod.yaml"):
        shutil.copy(ROOT / name, folder / name)
    (folder / "stacks").mkdir()
    shutil.copy(ROOT / "stacks" / "__main__.py", folder / "stacks" / "__main__.py")
    (folder / "data").symlink_to(ROOT / "data")
    return folder


def change_model(folder: Path, environment: str, model: str, **changes: Any) -> None:
    """Set keys of a model's block in an environment's file."""
    path = folder / f"Pulumi.{environment}.yaml"
    document = yaml.safe_load(path.read_text(encoding="utf-8"))
    document["config"]["mlops-estate:models"][model].update(changes)
    path.write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")


def change_estate(folder: Path, environment: str, **changes: Any) -> None:
    """Set keys of the estate block in an environment's file."""
    path = folder / f"Pulumi.{environment}.yaml"
    document = yaml.safe_load(path.read_text(encoding="utf-8"))
    document["config"]["mlops-estate:estate"].update(changes)
    path.write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")

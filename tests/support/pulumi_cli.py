"""The project under the Pulumi CLI: a copy of it, wired to the provider plugin, with a state of its own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from mlops_estate.config import load_environment
from mlops_estate.embedded.plugin.provider import ENDPOINT
from mlops_estate.up.session import program_config
from tests.support.programs import PROJECT

ROOTS = ("stacks", "components", "pipelines", "policies", "plugins", "data")

needs_pulumi = pytest.mark.skipif(shutil.which("pulumi") is None, reason="the `pulumi` CLI is not on PATH")


class PulumiProject:
    """A folder with a Pulumi project, its stacks in files beside it, and a served account in the place of AWS."""

    def __init__(self, folder: Path, endpoint: str) -> None:
        self.folder = folder
        (folder / "state").mkdir()
        self._environment = {
            **os.environ,
            ENDPOINT: endpoint,
            "MLOPS_ESTATE_PYTHON": sys.executable,
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            "PULUMI_BACKEND_URL": f"file://{folder}/state",
            "PULUMI_CONFIG_PASSPHRASE": "",
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": os.pathsep.join(sys.path),
        }

    def write(self, name: str, **more: Any) -> None:
        """Write `Pulumi.yaml`, wired as docs/reference/engine.md says."""
        providers = [{"name": package, "path": str(PROJECT / "plugins" / package)} for package in ("aws", "aws-native")]
        project = {"name": name, "runtime": {"name": "python"}, "plugins": {"providers": providers}, **more}
        (self.folder / "Pulumi.yaml").write_text(yaml.safe_dump(project))

    def program(self, text: str) -> None:
        """Write the program, of a project that has one file."""
        (self.folder / "__main__.py").write_text(text)

    def configure(self, stack: str, values: dict[str, str], changes: dict[str, Any] | None = None) -> None:
        """Write a stack's configuration; `changes` go over the estate's block."""
        config = {key: json.loads(value) for key, value in values.items()}
        config["mlops-estate:estate"].update(changes or {})
        (self.folder / f"Pulumi.{stack}.yaml").write_text(yaml.safe_dump({"config": config}))

    def ask(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run the CLI and return what it did, whatever that was."""
        return subprocess.run(
            ["pulumi", *arguments, "--non-interactive"],
            cwd=self.folder, env={**self._environment, **environment}, capture_output=True, text=True,
        )  # fmt: skip

    def run(self, *arguments: str) -> str:
        """Run the CLI, which has to succeed, and return its standard output."""
        done = self.ask(*arguments)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def changes(self) -> dict[str, int]:
        """Return what a preview would do, by kind of change, but for what stays the same."""
        summary: dict[str, int] = json.loads(self.run("preview", "--json"))["changeSummary"]
        return {kind: count for kind, count in summary.items() if kind != "same"}


def estate_project(folder: Path, endpoint: str) -> PulumiProject:
    """Return a copy of this project's own program, ready for the CLI."""
    made = PulumiProject(folder, endpoint)
    for root in ROOTS:
        shutil.copytree(PROJECT / root, folder / root, ignore=shutil.ignore_patterns("__pycache__", ".estate"))
    # Where PulumiPolicy.yaml looks for the pack's virtual environment.
    (folder / ".venv").symlink_to(sys.prefix)
    made.write("mlops-estate", main="stacks")
    return made


def small_project(folder: Path, endpoint: str, program: str) -> PulumiProject:
    """Return a project of one file with a stack `dev`, ready for the CLI."""
    made = PulumiProject(folder, endpoint)
    made.write("small")
    made.program(program)
    made.run("stack", "init", "dev")
    return made


def estate_config(environment: str, versions: dict[str, int | None]) -> dict[str, str]:
    """Return an environment's configuration in the embedded account, with these versions pinned."""
    return program_config(load_environment(environment, PROJECT), "123456789012", versions)

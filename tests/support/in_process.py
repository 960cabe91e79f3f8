"""Runs a definition's jobs in this very process: the same commands, folders and conditions, without starting Python.

Starting a step costs seconds of imports; tests of what the pipeline decides pay them once. What only a process has
(isolation, signals, exit) is tested with processes elsewhere.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mlops_pipelines.training.jobs import JobRunner, _moved_text


class Ended:
    """A process that has ended already, with its exit code."""

    pid = 0

    def __init__(self, returncode: int) -> None:
        self.returncode = returncode

    def wait(self, timeout: float | None = None) -> int:
        return self.returncode

    def poll(self) -> int:
        return self.returncode


class InProcess(JobRunner):
    """Calls the `main` of a step's module instead of starting Python."""

    def _start(self, job: Path, command: Sequence[Any], environment: Mapping[str, Any], folder: Path) -> Any:
        argv = [_moved_text(job, str(part)) for part in command]
        variables = {key: _moved_text(job, str(value)) for key, value in environment.items()}
        if argv[0] == "/bin/bash":
            code = job / "opt/ml/processing/input/code"
            subprocess.run(["tar", "-xzf", "sourcedir.tar.gz"], cwd=code, check=True)
            module, given = argv[3], [*argv[4:], "--code", str(code)]
        else:
            module, given = "train", [*argv[2:], "--code", str(folder)]
        out, err = io.StringIO(), io.StringIO()
        with _environment(variables), contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            done = importlib.import_module(f"mlops_pipelines.steps.{module}").main(given)
        for name, text in (("stdout.log", out), ("stderr.log", err)):
            (job / name).write_text(text.getvalue(), encoding="utf-8")
        ended = Ended(int(done or 0))
        self._running.add(ended)  # type: ignore[arg-type]  # as far as a runner asks, it is a process
        return ended


@contextlib.contextmanager
def _environment(variables: Mapping[str, str]) -> Any:
    before = dict(os.environ)
    os.environ.update(variables)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)

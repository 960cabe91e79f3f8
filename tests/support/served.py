"""An account that another process serves, while a test uses it from outside."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

COMMAND = [sys.executable, "-c", "from mlops_estate.cli import main; main()"]


@contextmanager
def serving(project: Path, *arguments: str, within: float) -> Iterator[str]:
    """Run a command that serves dev's account in a project, and yield where it listens; it is told to stop at the end.

    `within` are the seconds that it has until it listens.
    """
    server = subprocess.Popen(
        [*COMMAND, *arguments], cwd=project, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    note = project / ".estate" / "dev" / "server.json"
    deadline = time.monotonic() + within
    while not note.exists() and server.poll() is None and time.monotonic() < deadline:
        time.sleep(0.2)
    try:
        assert note.exists(), server.communicate(timeout=5)
        yield json.loads(note.read_text(encoding="utf-8"))["endpoint_url"]
    finally:
        server.send_signal(signal.SIGTERM)
        server.communicate(timeout=60)


def estate(project: Path, *arguments: str) -> tuple[int, dict[str, Any]]:
    """Run a command in a project; return its exit code, and what it prints with `--json`."""
    done = subprocess.run(
        [*COMMAND, *arguments, "--json"], cwd=project, capture_output=True, text=True, timeout=400, check=False
    )
    said: dict[str, Any] = json.loads(done.stdout)
    return done.returncode, said

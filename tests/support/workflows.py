"""The workflows as data, and the rules they are held to; each rule returns what breaks it, so that it can be tried."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import typer.main
import yaml

from mlops_estate.cli.app import app

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / ".github" / "workflows"
ACTIONS = ROOT / ".github" / "actions"
PINNED = re.compile(r"[A-Za-z0-9._-]+(?:/[A-Za-z0-9._-]+)+@[0-9a-f]{40}")
RUNNER = "ubuntu-24.04"


@dataclass
class Document:
    """One workflow or composite action: its name as a file, its text, what it says."""

    name: str
    text: str
    data: dict[Any, Any] = field(init=False)

    def __post_init__(self) -> None:
        self.data = yaml.safe_load(self.text)

    @property
    def triggers(self) -> dict[str, Any]:
        """`on`, which YAML 1.1 reads as true."""
        return self.data.get(True) or {}

    @property
    def jobs(self) -> dict[str, dict[str, Any]]:
        return self.data.get("jobs") or {}

    def steps(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yield every step with the name of its job; a composite action is a job without a name."""
        for job, said in self.jobs.items():
            for step in said.get("steps") or []:
                yield job, step
        for step in (self.data.get("runs") or {}).get("steps") or []:
            yield "", step


def workflows() -> list[Document]:
    return [Document(path.name, path.read_text(encoding="utf-8")) for path in sorted(FOLDER.glob("*.yml"))]


def actions() -> list[Document]:
    return [
        Document(path.parent.name, path.read_text(encoding="utf-8")) for path in sorted(ACTIONS.glob("*/action.yml"))
    ]


def unpinned(document: Document) -> list[str]:
    """Return each `uses:` that is neither ours nor pinned by a whole hash with its version in a comment."""
    found = []
    for line in document.text.splitlines():
        if (said := re.match(r"\s*(?:- )?uses:\s*(\S+)\s*(.*)$", line)) is None:
            continue
        used, comment = said.groups()
        if used.startswith("./"):
            if not (ROOT / used / "action.yml").is_file() and not (ROOT / used).is_file():
                found.append(f"{used}: there is no such file")
        elif not PINNED.fullmatch(used) or not re.fullmatch(r"# v\d+\.\d+\.\d+", comment):
            found.append(line.strip())
    return found


def expressions_in_scripts(document: Document) -> list[str]:
    """Return the scripts that hold an expression: GitHub pastes its value in before the shell reads it."""
    return [step["run"] for _, step in document.steps() if "${{" in step.get("run", "")]


def kept_credentials(document: Document) -> list[str]:
    """Return the checkouts that leave the token in the work tree."""
    checkouts = [step for _, step in document.steps() if step.get("uses", "").startswith("actions/checkout@")]
    return [step["uses"] for step in checkouts if (step.get("with") or {}).get("persist-credentials") is not False]


def write_permissions(document: Document) -> set[tuple[str, str]]:
    """Return every permission to write, as job and scope; the workflow's own under an empty name."""
    found = set()
    for job, said in [("", document.data), *document.jobs.items()]:
        given = said.get("permissions") or {}
        given = {"all": given} if isinstance(given, str) else given
        found |= {(job, scope) for scope, level in given.items() if level not in {"read", "none"}}
    return found


def careless_jobs(document: Document) -> list[str]:
    """Return the jobs that could run for hours, or on another machine than was tried."""
    found = []
    for job, said in document.jobs.items():
        if "uses" in said:
            continue
        if not isinstance(said.get("timeout-minutes"), int):
            found.append(f"{job}: no timeout")
        if said.get("runs-on") != RUNNER:
            found.append(f"{job}: runs on {said.get('runs-on')}")
        if job not in reachable(document):
            found.append(f"{job}: needs a job that there is not")
    return found


def reachable(document: Document) -> set[str]:
    """Return the jobs whose `needs` are jobs."""
    return {job for job in document.jobs if set(needs(document, job)) <= set(document.jobs)}


def needs(document: Document, job: str) -> list[str]:
    wanted = document.jobs[job].get("needs") or []
    return [wanted] if isinstance(wanted, str) else list(wanted)


def untrusted_expressions(document: Document) -> set[str]:
    """Return every expression that reads what somebody else wrote: the event, branch names."""
    found = set(re.findall(r"github\.(?:event|head_ref|base_ref|ref_name)[\w.*-]*", document.text))
    return {expression for expression in found if expression != "github.event_name"}


def estate_commands(text: str) -> list[list[str]]:
    """Return the arguments of each `./estate` in a script, with variables replaced by what they can be."""
    joined = text.replace("\\\n", " ")
    found = []
    for line in joined.splitlines():
        for command in re.findall(r"(?:^|[\s(!])\./estate ([^|&;>)]+)", line.split(" #")[0]):
            command = re.sub(r"\$\{?RUNNER_TEMP\}?", "/tmp", command)
            command = re.sub(r"\$\{?[A-Z_]*SHA\}?", "HEAD", command)
            found.append(shlex.split(re.sub(r"\$\{?ENVIRONMENT\}?|\$environment", "dev", command)))
    return found


def parse(arguments: list[str]) -> str:
    """Parse a command line of `estate` as the command itself does, and return the command's name.

    Raises what the command line raises where there is no such command or option.
    """
    command = typer.main.get_command(app)
    context = command.make_context("estate", list(arguments))
    named = []
    while hasattr(command, "commands"):
        left = [*context._protected_args, *context.args]
        name, command, left = command.resolve_command(context, left)
        named.append(name)
        context = command.make_context(name, left, parent=context)
    return " ".join(named)

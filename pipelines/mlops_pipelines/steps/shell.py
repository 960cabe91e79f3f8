"""What every step's script shares: folders, settings, facts about the run, and how a step fails with a reason.

A step is started as `python3 -m mlops_pipelines.steps.NAME --input DIR --output DIR` in the folder of the unpacked
source, where `settings.json` and `schema.json` lie. Inputs are folders below `--input`, outputs below `--output`.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mlops_pipelines.settings import Settings, read_settings

INPUTS, OUTPUTS = Path("/opt/ml/processing/input"), Path("/opt/ml/processing/output")
LONGEST_REASON = 1024
"""SageMaker keeps that many characters of a failure (DescribeProcessingJob, ExitMessage and FailureReason)."""


class StepFault(ValueError):  # noqa: N818 -- the outcome of a step, named for what it carries
    """A step cannot go on, for a reason that a person can act on: the message says what, where, and by which rule."""


@dataclass(frozen=True)
class Shell:
    """What a step is given. `facts` are what only the run knows (commit, image, ...), by name."""

    input: Path
    output: Path
    settings: Settings
    schema: Mapping[str, Any]
    facts: Mapping[str, str] = field(default_factory=dict)

    def read(self, name: str, file: str) -> Any:
        """Return the JSON document of an input. Raises `StepFault` where it is missing or unreadable."""
        path = self.input / name / file
        try:
            return json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise StepFault(f"input {name} has no readable {file}: {error}") from error

    def write(self, name: str, file: str, document: Any) -> Path:
        """Write a JSON document to an output, whole or not at all, and return its path."""
        path = self.output / name / file
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_name(f".{path.name}.partial")
        text = json.dumps(document, indent=1, sort_keys=False, allow_nan=False)
        partial.write_text(text + "\n", encoding="utf-8")
        partial.replace(path)
        return path


def run(description: str | None, step: Callable[[Shell], Any], arguments: Sequence[str] | None = None) -> int:
    """Run a step from the command line and return its exit code: 1, with the reason on stderr, for a `StepFault`.

    The reason is also left where SageMaker looks for it: /opt/ml/output/message, the exit message of a processing job
    (next to the inputs' root, so that it lies right in a local run too). What the step returns is printed as JSON.
    """
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--input", type=Path, default=INPUTS)
    parser.add_argument("--output", type=Path, default=OUTPUTS)
    parser.add_argument("--code", type=Path, default=Path(), help="folder of settings.json and schema.json")
    parser.add_argument("--seed", type=int, help="in place of the settings' seed")
    parser.add_argument("--fact", action="append", default=[], metavar="NAME=VALUE")
    given = parser.parse_args(arguments)
    try:
        told = step(_shell(given))
    except StepFault as fault:
        fail(str(fault), given.input.parent.parent / "output" / "message")
        return 1
    if told is not None:
        print(json.dumps(told))  # noqa: T201 -- a container's log is its standard output
    return 0


def fail(reason: str, path: Path) -> None:
    """Say why a job fails: on standard error, and where SageMaker reads the reason from."""
    print(reason, file=sys.stderr, flush=True)  # noqa: T201 -- a container's log is its standard error
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(reason[:LONGEST_REASON], encoding="utf-8")


def _shell(given: argparse.Namespace) -> Shell:
    try:
        plain = json.loads((given.code / "settings.json").read_text(encoding="utf-8"))
        schema = json.loads((given.code / "schema.json").read_text(encoding="utf-8"))
        settings = read_settings({**plain, **({} if given.seed is None else {"seed": given.seed})})
    except (OSError, ValueError) as error:
        raise StepFault(f"the code holds no usable settings.json and schema.json: {error}") from error
    unnamed = [fact for fact in given.fact if "=" not in fact]
    if unnamed:
        raise StepFault(f"--fact takes NAME=VALUE, not {', '.join(unnamed)}")
    facts = dict(fact.split("=", 1) for fact in given.fact)
    return Shell(given.input, given.output, settings, schema, facts)

"""`estate pipeline`: the commands, and what they print."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mlops_estate.faults import Fault, FaultsFound

COMPILE_VARIABLE = "MLOPS_COMPILE_PYTHON"


@dataclass(frozen=True)
class Given:
    """The options of `estate pipeline run`."""

    model: str
    environment: str
    local: bool
    data: Path | None
    parameters: Sequence[str]
    reclaim: bool
    cached: bool
    report: Path | None
    mlflow: str
    account: str
    as_json: bool


def run_run(given: Given, project: Path | None) -> int:
    """Run a model's pipeline and print how it ended."""
    from mlops_estate.cli.commands import load_named
    from mlops_estate.cli.progress import shown
    from mlops_estate.pipeline_run import Asked, run_pipeline

    if not given.local:
        rule = "a pipeline is run from here on this machine only"
        fix = "add --local; in an account: aws sagemaker start-pipeline-execution --pipeline-name NAME"
        raise FaultsFound([Fault("--local", False, rule, fix)], "nothing was run")
    environment = load_named(given.environment, project)
    asked = Asked(
        parameters(given.parameters), given.data, given.cached, given.reclaim, given.report, given.mlflow, given.account
    )
    with shown("pipeline", silent=given.as_json) as progress:
        outcome = run_pipeline(environment, given.model, asked, progress)
    print(json.dumps(outcome.as_dict(), indent=1, default=str) if given.as_json else outcome.as_text())
    return 0 if outcome.ok else 1


def parameters(given: Sequence[str]) -> dict[str, Any]:
    """Return the parameters of an execution by name, numbers as numbers, as the definition's types are.

    Raises `FaultsFound` for what is not NAME=VALUE or no parameter of the definition.
    """
    from mlops_pipelines.training.rendering import load_definition

    known = {item["Name"]: item for item in load_definition()["Parameters"]}
    found: dict[str, Any] = {}
    faults = []
    for text in given:
        name, equals, value = text.partition("=")
        whole = name in known and known[name]["Type"] == "Integer"
        choices = known.get(name, {}).get("EnumValues")
        if not equals or name not in known:
            faults.append(Fault("--parameter", text, "is not NAME=VALUE of a parameter", f"one of {', '.join(known)}"))
        elif whole and not value.lstrip("-").isdigit():
            faults.append(Fault("--parameter", text, f"{name} takes a whole number", f"{name}=7"))
        elif choices and value not in choices:
            faults.append(Fault("--parameter", text, f"{name} is none of its values", f"one of {', '.join(choices)}"))
        else:
            found[name] = int(value) if whole else value
    if faults:
        raise FaultsFound(faults, "nothing was run")
    return found


def run_compile(project: Path | None, python: Path | None, *, check: bool) -> int:
    """Compile the definition in the SDK's own environment, and return the compiler's exit code."""
    from mlops_estate.cli.commands import project_dir

    folder = project_dir(project)
    told = os.environ.get(COMPILE_VARIABLE)
    interpreter = python or (Path(told) if told else folder / ".venv-compile" / "bin" / "python")
    if not interpreter.is_file():
        rule = "there is no Python of an environment that has the SageMaker SDK"
        fix = (
            "python -m venv .venv-compile && .venv-compile/bin/pip install --require-hashes -r "
            "requirements-compile.lock"
        )
        raise FaultsFound([Fault("--python", str(interpreter), rule, fix)], "nothing was compiled")
    command = [str(interpreter), "-m", "mlops_pipelines.training.compile", *(["--check"] if check else [])]
    environment = {"PATH": os.environ.get("PATH", os.defpath), "PYTHONPATH": str(folder / "pipelines")}
    return subprocess.run(command, env=environment, check=False).returncode  # noqa: S603 -- as the user asked


def run_validate(path: Path | None, *, as_json: bool) -> int:
    """Check a definition; every fault is reported by the caller."""
    from mlops_estate.pipeline_checks import validate_definition
    from mlops_estate.pipeline_checks.steps import placed

    definition = _read(path)
    name = str(path) if path else "the deployed definition"
    if faults := validate_definition(definition):
        raise FaultsFound(faults, f"{name}: {len(faults)} fault{'s' if len(faults) != 1 else ''} found")
    steps = [step.name for step in placed(definition["Steps"])]
    if as_json:
        print(json.dumps({"ok": True, "steps": steps}, indent=1))
    else:
        print(f"{name} is sound: {len(steps)} steps ({', '.join(steps)})")
    return 0


def run_graph(path: Path | None, *, as_json: bool) -> int:
    """Print the steps of a definition and what passes between them."""
    from mlops_estate.pipeline_checks.picture import as_data, as_mermaid

    definition = _read(path)
    print(json.dumps(as_data(definition), indent=1) if as_json else as_mermaid(definition))
    return 0


def _read(path: Path | None) -> Any:
    """Return a definition. Raises `FaultsFound` for a file that holds none."""
    from mlops_pipelines.training.rendering import load_definition

    if path is None:
        return load_definition()
    fix = "name a definition: aws sagemaker describe-pipeline prints one"
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise FaultsFound([Fault(str(path), None, "there is no such file", fix)]) from None
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise FaultsFound([Fault(str(path), None, f"it is no JSON: {error}", fix)]) from None
    if not isinstance(found, dict) or not isinstance(found.get("Steps"), list):
        raise FaultsFound([Fault(str(path), None, "it has no list of Steps", fix)])
    return found

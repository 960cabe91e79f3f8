"""`estate pipeline`: the commands, and what they print."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from mlops_estate.faults import Fault, FaultsFound


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

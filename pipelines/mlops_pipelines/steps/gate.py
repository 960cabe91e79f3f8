"""Gate: hold everything that was found out about the model against its thresholds, and give the model its version.

Writes gate.json and report.html. A model that is not let through is no failure of this step: the pipeline's condition
reads `passed`.
"""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Sequence
from typing import Any

from mlops_pipelines.governance import gates
from mlops_pipelines.steps import shell as shells
from mlops_pipelines.steps.shell import Shell, StepFault

FOLDERS = {"optimisation": "optimised"}
"""Documents whose input folder has another name."""


def assess(shell: Shell) -> dict[str, Any]:
    """Write gate.json and the report. Raises `StepFault` naming every document that can't be read."""
    documents = read(shell, gates.REQUIRED)
    if (shell.input / "splits" / "splits.json").is_file():
        documents["splits"] = shell.read("splits", "splits.json")
    gate = gates.decide(documents, shell.settings)
    # The reporting templates are HTML's, so they load only here.
    if importlib.util.find_spec("mlops_pipelines.reporting") is not None:
        from mlops_pipelines.reporting import render

        path = shell.output / "report" / "report.html"
        path.parent.mkdir(parents=True, exist_ok=True)
        told = {**documents, "gate": gate, "settings": shell.settings.as_dict(), "schema": shell.schema}
        path.write_text(render(told), encoding="utf-8")
    shell.write("gate", "gate.json", gate)
    return {key: gate[key] for key in ("passed", "reason", "version", "version_reason", "warnings")}


def read(shell: Shell, names: Sequence[str]) -> dict[str, Any]:
    """Return the documents of inputs by name. Raises `StepFault` naming every one that is missing or no object."""
    found: dict[str, Any] = {}
    faults = []
    for name in names:
        try:
            found[name] = shell.read(FOLDERS.get(name, name), f"{name}.json")
        except StepFault as fault:
            faults.append(str(fault))
            continue
        if not isinstance(found[name], dict):
            faults.append(f"{name}.json holds no object")
    if faults:
        raise StepFault("; ".join(faults))
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the step from the command line."""
    return shells.run(__doc__, assess, arguments)


if __name__ == "__main__":
    sys.exit(main())

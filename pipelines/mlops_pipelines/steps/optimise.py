"""Optimise: export the model as ONNX, with 8-bit weights where that pays, and measure what each format loses.

Inputs: model, validation, test. Output: `optimised/`: `model.onnx`, `model.int8.onnx` if it would be used, and
`optimisation.json`. How fast the formats answer is printed: it depends on the machine, and not on the model alone.
"""

from __future__ import annotations

import sys
import tarfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mlops_pipelines.assessment.inputs import answered, read_model, read_split
from mlops_pipelines.assessment.optimisation import Optimised, latency, optimise
from mlops_pipelines.assessment.optimisation_onnx import Numbers, scores, session
from mlops_pipelines.modelling.loading import LoadedModel
from mlops_pipelines.steps import shell
from mlops_pipelines.steps.shell import Shell, StepFault


def assess(given: Shell) -> dict[str, Any]:
    """Run the step and return what is printed. Raises `StepFault` where the export is not the model."""
    model = read_model(given)
    records = {name: read_split(given, name) for name in ("validation", "test")}
    for name, frame in records.items():
        answered(model, frame, name)
    test, gates = model.matrix(records["test"]), given.settings.gates
    try:
        made = optimise(
            model, _estimator_bytes(given.input / "model" / "model.tar.gz"), model.matrix(records["validation"]), test,
            model.actual(records["test"]), gates.metric, gates.max_optimised_loss,
        )  # fmt: skip
    except ValueError as error:
        raise StepFault(str(error)) from error
    folder = given.output / "optimised"
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in made.files.items():
        (folder / name).write_bytes(content)
    given.write("optimised", "optimisation.json", made.document)
    return {
        "loss": made.document["loss"],
        "summary": made.document["summary"],
        "milliseconds_per_1000": _latencies(model, made, test),
    }


def _latencies(model: LoadedModel, made: Optimised, rows: Numbers) -> dict[str, float]:
    found = {"original": latency(model.scores, rows)}
    for name, content in made.files.items():
        opened = session(content)
        found[name] = latency(lambda given, own=opened: scores(own, model.problem, given), rows)
    return {name: round(value, 4) for name, value in found.items()}


def _estimator_bytes(path: Path) -> int:
    """Return the size of the pickled estimator, unpacked: what ONNX takes the place of."""
    with tarfile.open(path) as archive:
        return archive.getmember("model.joblib").size


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the step from the command line."""
    return shell.run(__doc__, assess, arguments)


if __name__ == "__main__":
    sys.exit(main())

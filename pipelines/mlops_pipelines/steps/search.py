"""Search: find the algorithm family and the hyperparameters with which the training job trains.

Inputs: train (train.csv) and validation (validation.csv). Output: search (search.json). The fact `search` (none, tune
or automl) is taken in place of the settings' mode.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from mlops_pipelines.modelling import matrices
from mlops_pipelines.modelling.searching import Trial, search
from mlops_pipelines.steps import shell
from mlops_pipelines.steps.shell import Shell, StepFault


def assess(given: Shell) -> Mapping[str, Any]:
    """Run the step and return the choice. Raises `StepFault`."""
    settings = given.settings
    if mode := given.facts.get("search"):
        settings = replace(settings, search=replace(settings.search, mode=mode))
    sets = {}
    for name in ("train", "validation"):
        try:
            sets[name] = matrices.read_records(given.input / name / f"{name}.csv", given.schema)
        except (OSError, ValueError) as error:
            raise StepFault(f"input {name} has no readable {name}.csv: {error}") from error
    found = search(sets, given.schema, settings, _tell)
    given.write("search", "search.json", found)
    return {key: found[key] for key in ("mode", "family", "hyperparameters", "metric", "score")}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the step from the command line."""
    return shell.run(__doc__, assess, arguments)


def _tell(trial: Trial) -> None:
    score = "diverged" if trial.score is None else f"{trial.score:.6f}{'' if trial.complete else ' given up'}"
    values = " ".join(f"{name}={value:.4g}" for name, value in trial.hyperparameters.items())
    print(f"trial={trial.number} score={score} family={trial.family} {values}")  # noqa: T201 -- the container's log


if __name__ == "__main__":
    sys.exit(main())

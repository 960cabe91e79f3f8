"""Robustness: how many decisions change when records change a little, by chance and under an attack.

Inputs: model, train, test. Output: `robustness/robustness.json`.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

import pandas as pd

from mlops_pipelines.assessment.inputs import answered, read_model, read_split
from mlops_pipelines.assessment.robustness import DRAWS, EPSILONS, Trial, perturbation_curve, sensitivity, trial
from mlops_pipelines.assessment.robustness_attack import ATTACKED, attack
from mlops_pipelines.modelling.loading import LoadedModel
from mlops_pipelines.steps import shell
from mlops_pipelines.steps.shell import Shell


def assess(given: Shell) -> dict[str, Any]:
    """Run the step and return what is printed. Raises `StepFault` where the model cannot be asked."""
    model = read_model(given)
    records = {name: read_split(given, name) for name in ("train", "test")}
    for name, frame in records.items():
        answered(model, frame, name)
    gates = given.settings.gates
    document = measured(model, records["train"], records["test"], gates.metric, gates.robustness_epsilon,
                        given.settings.seed)  # fmt: skip
    given.write("robustness", "robustness.json", document)
    return {"flipped_percent": document["flipped_percent"], "summary": document["summary"]}


def measured(
    model: LoadedModel, train: pd.DataFrame, test: pd.DataFrame, metric: str, epsilon: float, seed: int
) -> dict[str, Any]:
    """Return the contents of robustness.json; `epsilon` is the gate's, in standard deviations."""
    tried = trial(model, train, test, seed)
    curve = perturbation_curve(tried, metric, [*EPSILONS, epsilon])
    flipped = next(point["flipped_percent"] for point in curve if point["epsilon"] == epsilon)
    attacked = attack(tried, model.matrix(train), epsilon, ATTACKED)
    by_feature = sensitivity(tried, epsilon)
    return {
        "epsilon": epsilon,
        "flipped_percent": flipped,
        "flipped_means": _flipped(tried),
        "metric": metric,
        "curve": curve,
        "by_feature": by_feature,
        "attack": attacked,
        "records": len(tried.matrix),
        "draws": DRAWS,
        "summary": {
            "flipped": f"{flipped:.1f}% of {len(tried.matrix)} records at {epsilon:g} standard deviations",
            "most_sensitive": f"{by_feature[0]['feature']} ({by_feature[0]['flipped_percent']:.1f}% alone)",
            "attack": _attack(attacked, epsilon),
        },
    }


def _flipped(tried: Trial) -> str:
    if tried.model.problem != "regression":
        return "another decision"
    return f"the prediction moves by more than {tried.tolerance:g}, half a standard deviation of {tried.model.label}"


def _attack(found: dict[str, Any], epsilon: float) -> str:
    if found["status"] != "done":
        return str(found["reason"])
    distance = found["median_distance"]
    median = "" if distance is None else f"; median distance {distance:.3f} standard deviations"
    return (
        f"{found['name']} changed {found['succeeded_percent']:.0f}% of {found['records']} decisions, "
        f"{found['within_epsilon_percent']:.0f}% within {epsilon:g}{median}"
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the step from the command line."""
    return shell.run(__doc__, assess, arguments)


if __name__ == "__main__":
    sys.exit(main())

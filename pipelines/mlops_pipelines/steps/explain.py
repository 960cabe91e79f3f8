"""Explain: which features the model's answers rest on, for all records, by group, and for three example records.

Inputs: model, train, test. Outputs: `explanations/explanations.json`, and of a binary model
`explanations/analysis.json`, the baseline of the feature-attribution monitor in SageMaker Clarify's format.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

from mlops_pipelines.assessment.explanation import explain
from mlops_pipelines.assessment.explanation_baseline import clarify_baseline
from mlops_pipelines.assessment.inputs import answered, read_model, read_split
from mlops_pipelines.steps import shell
from mlops_pipelines.steps.fairness import protected_groups
from mlops_pipelines.steps.shell import Shell, StepFault


def assess(given: Shell) -> dict[str, Any]:
    """Run the step and return what is printed.

    Raises `StepFault` where the model cannot be asked, or where its explanations do not add up to its answers.
    """
    model = read_model(given)
    records = {name: read_split(given, name) for name in ("train", "test")}
    for name, frame in records.items():
        answered(model, frame, name)
    groups = protected_groups(records["test"], given.schema, given.settings.protected)
    seed = given.settings.seed
    try:
        document = explain(model, records["train"], records["test"], groups, given.settings.gates.metric, seed)
    except ValueError as error:
        raise StepFault(str(error)) from error
    if model.problem == "binary":
        baseline = clarify_baseline(model, model.matrix(records["test"]), seed)
        given.write("explanations", "analysis.json", baseline)
    given.write("explanations", "explanations.json", document)
    return {"summary": document["summary"]}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the step from the command line."""
    return shell.run(__doc__, assess, arguments)


if __name__ == "__main__":
    sys.exit(main())

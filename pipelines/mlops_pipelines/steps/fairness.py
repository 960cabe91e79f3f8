"""Fairness: measure the model by the groups of every protected attribute, and of all of them together.

Inputs: model, test. Output: `fairness/fairness.json`, and of a binary model `fairness/analysis.json`, the same
measurement with SageMaker Clarify's metrics.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from mlops_pipelines.assessment import bias, fairness
from mlops_pipelines.assessment.answers import Answers
from mlops_pipelines.assessment.groups import groups_of, together
from mlops_pipelines.assessment.inputs import answered, read_model, read_split
from mlops_pipelines.steps import shell
from mlops_pipelines.steps.shell import Shell, StepFault

GATED = ("selection_rate_difference", "equalized_odds_difference")
_WORST = {
    "regression": {f"{name}_difference": max for name in fairness.IN_DEVIATIONS},
    "classification": {"selection_rate_ratio": min, "non_selection_rate_ratio": min},
}


def assess(given: Shell) -> dict[str, Any]:
    """Run the step and return what is printed. Raises `StepFault` naming each protected attribute that is missing."""
    model, test = read_model(given), read_split(given, "test")
    answers = answered(model, test, "test")
    groups = protected_groups(test, given.schema, given.settings.protected)
    if groups and model.problem == "binary":
        given.write("fairness", "analysis.json", bias.analysis(answers, model.label, groups))
    document = measured(answers, groups, given.settings.gates.metric, given.settings.seed)
    given.write("fairness", "fairness.json", document)
    return {key: document[key] for key in ("status", "worst", "summary")}


def protected_groups(test: pd.DataFrame, schema: Mapping[str, Any], protected: Sequence[str]) -> dict[str, list[str]]:
    """Return the groups of the records by attribute. Raises `StepFault` for attributes that schema or data lack."""
    columns = {column["name"]: column for column in schema["columns"]}
    faults = [
        f"protected attribute {name} is not in {where}"
        for name in protected
        for where, known in (("schema.json", columns), ("test.csv", test.columns))
        if name not in known
    ]
    if faults:
        raise StepFault("; ".join(faults) + ": keep the column in the data, or take its role protected away")
    return {name: groups_of(test[name], columns[name]) for name in protected}


def measured(answers: Answers, groups: Mapping[str, Sequence[str]], metric: str, seed: int) -> dict[str, Any]:
    """Return the contents of fairness.json.

    `worst` is the largest difference (or smallest ratio) over all attributes; the groups that several attributes make
    together are reported as `intersection`, and `worst_intersection` is what they come to: they are smaller, so their
    differences are larger by chance alone.
    """
    attributes = {name: fairness.assess(answers, own, metric, seed) for name, own in groups.items()}
    crossed = fairness.assess(answers, together(list(groups.values())), metric, seed) if len(groups) > 1 else None
    return {
        "status": "measured" if groups else "no protected attribute",
        "problem": answers.problem,
        "records": len(answers),
        "attributes": attributes,
        "intersection": crossed,
        "worst": _worst(answers.problem, attributes),
        "worst_intersection": _worst(answers.problem, {} if crossed is None else {"": crossed}),
        "summary": _summary(attributes),
    }


def _worst(problem: str, attributes: Mapping[str, Mapping[str, Any]]) -> dict[str, float | None]:
    wanted: dict[str, Any] = {
        **dict.fromkeys(GATED, max), **_WORST["regression" if problem == "regression" else "classification"]
    }  # fmt: skip
    worst = {}
    for name, of in wanted.items():
        items = [{**found["differences"], **found["ratios"]}.get(name) for found in attributes.values()]
        known = [item["value"] for item in items if item is not None and item["value"] is not None]
        worst[name] = of(known) if known else None
    return worst


def _summary(attributes: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """Return the differences as text, as a model package keeps its metadata (256 characters a value)."""
    told = {
        f"{name}_{difference}": _in_words(item)[:256]
        for name, found in attributes.items()
        for difference, item in found["differences"].items()
    }
    return told or {"fairness": "not measured: there is no protected attribute"}


def _in_words(item: Mapping[str, Any]) -> str:
    if item["value"] is None:
        return "not measured: fewer than two groups have records to compare"
    ends = f"{item['low']:.6f} to {item['high']:.6f}"
    return f"{item['value']:.6f} ({ends}): {item['highest']} highest, {item['lowest']} lowest in {item['rate']}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the step from the command line."""
    return shell.run(__doc__, assess, arguments)


if __name__ == "__main__":
    sys.exit(main())

"""Evaluate: measure the model on the test set, with confidence intervals, and against the champion.

Inputs: model, train, test, champion. Outputs: `evaluation/evaluation.json`, with the metrics in the model-quality
format of SageMaker Model Monitor, and that monitor's `quality-baseline/model-quality/{statistics,constraints}.json`.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from mlops_pipelines.assessment import quality
from mlops_pipelines.assessment.answers import Answers
from mlops_pipelines.assessment.comparison import NotComparable, champion_answers, compare, load_champion
from mlops_pipelines.assessment.curves import curves
from mlops_pipelines.assessment.inputs import answered, read_model, read_split
from mlops_pipelines.assessment.intervals import CONFIDENCE, Interval, number
from mlops_pipelines.modelling.loading import LoadedModel
from mlops_pipelines.modelling.metrics import gain, score
from mlops_pipelines.steps import shell
from mlops_pipelines.steps.shell import Shell, StepFault

BASELINE = "quality-baseline"
"""The output of the monitor's baseline: Preprocess already has one by the name of baseline."""


def evaluate(given: Shell) -> dict[str, Any]:
    """Run the step and return what is printed. Raises `StepFault` where the model cannot be measured."""
    model = read_model(given)
    records = {name: read_split(given, name) for name in ("train", "test")}
    told = {name: answered(model, frame, name) for name, frame in records.items()}
    found = intervals(told["test"], given.settings.gates.metric, model.label, given.settings.seed)
    against = against_champion(given, model, records["test"], told["test"])
    metrics = quality.monitor_metrics(told["test"], found)
    folder = Path("model-quality")
    statistics = quality.monitor_statistics(model.problem, len(told["test"]), metrics)
    given.write(BASELINE, str(folder / "statistics.json"), statistics)
    given.write(BASELINE, str(folder / "constraints.json"), quality.monitor_constraints(model.problem, found))
    document = evaluation(model, told, given.settings.gates.metric, found, metrics, against)
    given.write("evaluation", "evaluation.json", document)
    return {key: document[key] for key in ("metric", "train_score", "champion", "summary")}


def intervals(answers: Answers, metric: str, label: str, seed: int) -> dict[str, Interval]:
    """Return every metric with its interval. Raises `StepFault` where the gated one is not defined on the test set."""
    classes = set(answers.actual.tolist())
    if answers.problem != "regression" and len(classes) < 2:
        only = answers.classes[int(answers.actual[0])]
        raise StepFault(
            f"the test set holds one class of {label} only ({only}): give the run more records, or another split"
        )
    found = quality.intervals(answers, seed)
    if not math.isfinite(found[metric].value):
        raise StepFault(
            f"{metric} is not defined on the {len(answers)} records of the test set, which hold {len(classes)} values "
            f"of {label}: give the run more records, or another gates.metric"
        )
    return found


def against_champion(given: Shell, model: LoadedModel, test: pd.DataFrame, answers: Answers) -> dict[str, Any]:
    """Return the comparison with the champion; where there is none, or it cannot be compared, the reason why."""
    told = given.read("champion", "champion.json")
    nothing = dict.fromkeys(("value", "difference", "low", "high", "p_value", "test"))
    if told.get("status") != "found":
        return {"status": "none", "reason": None, **nothing}
    try:
        champion = load_champion(given.input / "champion" / "model.tar.gz")
        other = champion_answers(champion, model, test)
    except NotComparable as reason:
        return {"status": "not comparable", "reason": str(reason), **nothing}
    found = compare(answers, other, given.settings.gates.metric, given.settings.seed)
    return {"status": "compared", "reason": None, **found}


def evaluation(
    model: LoadedModel, told: Mapping[str, Answers], metric: str, found: Mapping[str, Interval],
    metrics: Mapping[str, Any], champion: Mapping[str, Any],
) -> dict[str, Any]:  # fmt: skip
    """Return the contents of evaluation.json.

    `generalisation_gap` is by how much the model is better on the training set than on the test set, in the metric.
    """
    train, test = told["train"].ordered(), told["test"].ordered()
    train_score = score(metric, train.actual, train.scores, train.decided)
    value = found[metric].value
    return {
        "version": 0.0,
        "problem": model.problem,
        "dataset": {"item_count": len(test)},
        "model_sha256": model.sha256,
        "metric": {"name": metric, **found[metric].as_dict(), "confidence": CONFIDENCE},
        "train_score": number(train_score),
        "generalisation_gap": number(gain(metric, train_score, value)),
        f"{quality.MONITORED[model.problem]}_metrics": dict(metrics),
        "intervals": {name: item.as_dict() for name, item in found.items() if not name.startswith("monitor:")},
        "classes": {} if model.problem == "regression" else quality.by_class(test),
        "curves": curves(test),
        "champion": dict(champion),
        "summary": summary(metric, found, champion),
    }


def summary(metric: str, found: Mapping[str, Interval], champion: Mapping[str, Any]) -> dict[str, str]:
    """Return the figures as text, as a model package keeps its metadata (256 characters a value)."""
    item = found[metric]
    told = {"none": "there is no champion", "not comparable": str(champion["reason"])}.get(champion["status"])
    if told is None:
        told = (
            f"{metric} {champion['difference']:+.6f} against {champion['value']:.6f} "
            f"({_ends(champion['low'], champion['high'], '+')}, p = {champion['p_value']:.3g} by {champion['test']})"
        )
    return {
        metric: f"{item.value:.6f}",
        f"{metric}_interval": _ends(item.low, item.high),
        "champion": told[:256],
    }


def _ends(low: float, high: float, sign: str = "") -> str:
    return f"{CONFIDENCE:.0%} interval {low:{sign}.6f} to {high:{sign}.6f}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the step from the command line."""
    return shell.run(__doc__, evaluate, arguments)


if __name__ == "__main__":
    sys.exit(main())

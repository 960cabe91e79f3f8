"""A new model against the champion on the same records: difference, its interval, and whether it is chance."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from mlops_pipelines.assessment import weighted
from mlops_pipelines.assessment.answers import Answers, Numbers, answers, canonical_order
from mlops_pipelines.assessment.intervals import bootstrap, number
from mlops_pipelines.modelling.loading import LoadedModel, load_model
from mlops_pipelines.modelling.metrics import gain, greater_is_better, score


class NotComparable(ValueError):  # noqa: N818 -- an outcome that is recorded, no failure
    """The champion cannot answer these records; the message says why."""


def load_champion(archive: Path) -> LoadedModel:
    """Return the champion. Raises `NotComparable` where its archive is missing or cannot be read here."""
    if not archive.is_file():
        raise NotComparable(f"the champion's {archive.name} did not come along")
    try:
        return load_model(archive)
    except Exception as error:  # reading what is no model, or one of other libraries, raises anything
        raise NotComparable(f"the champion's archive cannot be read: {type(error).__name__}: {error}") from error


def champion_answers(champion: LoadedModel, challenger: LoadedModel, frame: pd.DataFrame) -> Answers:
    """Return the champion's answers. Raises `NotComparable` naming each way in which it doesn't fit these records."""
    pairs = {
        "problem": (champion.problem, challenger.problem),
        "label": (champion.label, challenger.label),
        "classes": (", ".join(champion.classes), ", ".join(challenger.classes)),
    }
    faults = [
        f"its {what}: {own or 'none'}, the new model's: {other or 'none'}"
        for what, (own, other) in pairs.items()
        if own != other
    ]
    missing = [column["name"] for column in champion.columns if column["name"] not in frame]
    if missing:
        faults.append(f"it needs {', '.join(missing)}, which the records lack")
    if faults:
        raise NotComparable("the champion cannot score these records: " + "; ".join(faults))
    try:
        return answers(champion, frame)
    except Exception as error:  # a model of other libraries fails in ways of its own
        raise NotComparable(f"the champion cannot score these records: {error}") from error


def compare(challenger: Answers, champion: Answers, metric: str, seed: int) -> dict[str, Any]:
    """Return the champion's score, by how much the new model's is better, and the p-value of the difference.

    `difference` is a gain: positive where the new model is better, also for errors; `low` and `high` bound it at 95 %
    by a bootstrap in which both answer the same resampled records. `p_value` is that of McNemar's exact test over the
    records that one of both decided rightly, or of Wilcoxon's signed-rank test over absolute errors (regression).
    """
    rows = canonical_order(*challenger.columns(), *champion.columns())
    challenger, champion = challenger.take(rows), champion.take(rows)
    own, other = (weighted.metric(metric, answered) for answered in (challenger, champion))
    sign = 1.0 if greater_is_better(metric) else -1.0

    def figures(weights: Numbers) -> dict[str, Numbers]:
        return {"difference": sign * (own(weights) - other(weights))}

    values = [score(metric, item.actual, item.scores, item.decided) for item in (challenger, champion)]
    found = bootstrap(figures, len(challenger), seed)["difference"].holding(gain(metric, *values))
    test, p_value = _tested(challenger, champion)
    return {
        "value": number(values[1]),
        "difference": number(found.value),
        "low": number(found.low),
        "high": number(found.high),
        "p_value": p_value,
        "test": test,
    }


def _tested(challenger: Answers, champion: Answers) -> tuple[str, float]:
    from scipy import stats

    if challenger.problem != "regression":
        won = (challenger.decided == challenger.actual) & (champion.decided != champion.actual)
        lost = (challenger.decided != challenger.actual) & (champion.decided == champion.actual)
        discordant = int(won.sum() + lost.sum())
        return "McNemar", float(stats.binomtest(int(won.sum()), discordant).pvalue) if discordant else 1.0
    own, other = (np.abs(item.actual - item.scores) for item in (challenger, champion))
    return "Wilcoxon", 1.0 if np.array_equal(own, other) else float(stats.wilcoxon(own, other).pvalue)

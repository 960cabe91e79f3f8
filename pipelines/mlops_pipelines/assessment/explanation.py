"""What a model's answers rest on: SHAP values over test records, by group, and of three example records.

SHAP values share out the difference between a record's answer and the base value, the mean answer over a background,
among the features (Lundberg and Lee, 2017, arXiv:1705.07874). Permutation importance, which looks at the metric and
not at the answer, is the second opinion.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from mlops_pipelines.assessment.explanation_values import Attribution, attribution
from mlops_pipelines.modelling.loading import LoadedModel
from mlops_pipelines.modelling.metrics import score

Numbers = npt.NDArray[np.float64]

MOST_RECORDS = 500
"""Of a larger test set a seeded sample of that many records is explained."""
REPEATS = 5
"""How often permutation importance shuffles each feature."""


def explain(
    model: LoadedModel, train: pd.DataFrame, test: pd.DataFrame, groups: Mapping[str, Sequence[str]], metric: str,
    seed: int,
) -> dict[str, Any]:  # fmt: skip
    """Return the contents of explanations.json, computed on test records against training records.

    `groups` are the groups of the test records by protected attribute. Raises `ValueError` where SHAP values and base
    value do not add up to the model's answers.
    """
    rows = np.arange(len(test)) if len(test) <= MOST_RECORDS else _sample(len(test), MOST_RECORDS, seed)
    found = attribution(model, model.matrix(train), model.matrix(test.iloc[rows]), seed)
    rows = rows[found.places]
    matrix = model.matrix(test.iloc[rows])
    strength = np.abs(found.values).mean(axis=(0, 2))
    features = _features(model, found, matrix, strength)
    opinion = second_opinion(model, model.matrix(test), model.actual(test), metric, strength, seed)
    by_group = {name: _by_group(model, found, np.array(own)[rows]) for name, own in groups.items()}
    first = features[0]
    return {
        "method": found.method,
        "output": found.output,
        "records": len(matrix),
        "features": features,
        "by_group": by_group,
        "examples": _examples(model, found, matrix),
        "baseline": [float(value) for value in found.base],
        "additivity": {"largest_difference": found.difference(), "tolerance": found.tolerance()},
        "permutation_importance": opinion,
        "summary": {
            "explained_by": found.method,
            "most_important": f"{first['feature']} ({100 * first['share']:.1f}% of all attributions)",
            "features_for_90_percent": str(_needed([entry["share"] for entry in features], 0.9)),
            "rank_correlation_with_permutation_importance": _in_words(opinion["rank_correlation"]),
        },
    }


def second_opinion(
    model: LoadedModel, matrix: Numbers, actual: npt.NDArray[Any], metric: str, strength: Numbers, seed: int
) -> dict[str, Any]:
    """Return permutation importance, what the metric loses when a feature is shuffled, and its rank correlation with
    `strength`, one number per feature: Spearman's, None where either is the same for all features."""
    from scipy.stats import spearmanr
    from sklearn.inspection import permutation_importance

    from mlops_pipelines.modelling.metrics import greater_is_better

    def worth(_estimator: Any, rows: Numbers, labels: npt.NDArray[Any]) -> float:
        scores = model.scores(rows)
        value = score(metric, labels, scores, model.decide(scores))
        return value if greater_is_better(metric) else -value

    measured = permutation_importance(model.estimator, matrix, actual, scoring=worth, n_repeats=REPEATS,
                                      random_state=seed)  # fmt: skip
    means = measured.importances_mean
    order = sorted(range(len(means)), key=lambda place: (-_finite(means[place], -math.inf), place))
    varied = np.isfinite(means).all() and len(set(means.tolist())) > 1 and len(set(strength.tolist())) > 1
    return {
        "metric": metric,
        "repeats": REPEATS,
        "features": [
            {
                "feature": model.columns[place]["name"],
                "mean": _finite(means[place], None),
                "standard_deviation": _finite(measured.importances_std[place], None),
            }
            for place in order
        ],
        "rank_correlation": float(spearmanr(strength, means).statistic) if varied else None,
    }


def _features(model: LoadedModel, found: Attribution, matrix: Numbers, strength: Numbers) -> list[dict[str, Any]]:
    total = float(strength.sum())
    entries = [
        {
            "feature": column["name"],
            "mean_abs_shap": float(strength[place]),
            "share": float(strength[place]) / total if total else 0.0,
            "direction": _direction(column, matrix[:, place], found.values[:, place]),
        }
        for place, column in enumerate(model.columns)
    ]
    return sorted(entries, key=lambda entry: (-entry["mean_abs_shap"], entry["feature"]))


def _direction(column: Mapping[str, Any], cells: Numbers, values: Numbers) -> str | None:
    """Return whether more of a feature raises or lowers the answer; None where there is no more, or several answers."""
    if values.shape[1] > 1 or len(column.get("values") or ()) > 2:
        return None
    spread = float(cells.std()) * float(values.std())
    if not spread:
        return "none"
    together = float(((cells - cells.mean()) * (values[:, 0] - values.mean())).mean()) / spread
    return "positive" if together > 0 else "negative"


def _by_group(model: LoadedModel, found: Attribution, groups: npt.NDArray[Any]) -> dict[str, Any]:
    described = {}
    for group in sorted(set(groups.tolist())):
        member = groups == group
        strength = np.abs(found.values[member]).mean(axis=(0, 2))
        described[group] = {
            "count": int(member.sum()),
            "mean_abs_shap": {
                column["name"]: float(value) for column, value in zip(model.columns, strength, strict=True)
            },
        }
    return described


def _examples(model: LoadedModel, found: Attribution, matrix: Numbers) -> list[dict[str, Any]]:
    """Explain the records with the lowest and the highest score, and the one on the border between decisions.

    The score of a multiclass model is the probability of the class that it decides for; a regression model has no
    border, so its median stands for it. Records have no identifier here, no protected attribute and no label.
    """
    scores = model.scores(matrix)
    decided = model.decide(scores)
    if model.problem == "multiclass":
        ordered = np.sort(scores, axis=1)
        height, border = ordered[:, -1], ordered[:, -1] - ordered[:, -2]
    else:
        height = scores
        middle = model.served.threshold if model.problem == "binary" else None
        border = np.abs(scores - (float(np.median(scores)) if middle is None else middle))
    chosen = {"low": height.argmin(), "borderline": border.argmin(), "high": height.argmax()}
    examples = []
    for which, place in chosen.items():
        output = int(decided[place]) if model.problem == "multiclass" else 0
        values = found.values[place, :, output]
        order = sorted(range(len(values)), key=lambda at: (-abs(values[at]), at))
        examples.append(
            {
                "which": which,
                "score": float(height[place]),
                "decision": model.classes[int(decided[place])] if len(model.classes) else None,
                "base_value": float(found.base[output]),
                "explained_value": float(found.answers[place, output]),
                "features": [
                    {
                        "feature": model.columns[at]["name"],
                        "value": _cell(model.columns[at], float(matrix[place, at])),
                        "shap": float(values[at]),
                    }
                    for at in order
                ],
            }
        )
    return examples


def _cell(column: Mapping[str, Any], number: float) -> str | float | int | None:
    """Return a value as it stands in the data; an empty cell of a category is the place after its values."""
    if column["type"] in ("integer", "number"):
        return int(number) if column["type"] == "integer" and number == int(number) else number
    values = column["values"]
    return str(values[int(number)]) if int(number) < len(values) else None


def _in_words(correlation: float | None) -> str:
    return "not defined" if correlation is None else f"{correlation:.3f}"


def _needed(shares: Sequence[float], wanted: float) -> int:
    return int(np.searchsorted(np.cumsum(shares), min(wanted, sum(shares)) - 1e-9)) + 1


def _finite(value: float, otherwise: Any) -> Any:
    return float(value) if math.isfinite(value) else otherwise


def _sample(count: int, most: int, seed: int) -> npt.NDArray[np.int64]:
    return np.sort(np.random.default_rng([seed, 4]).choice(count, most, replace=False))

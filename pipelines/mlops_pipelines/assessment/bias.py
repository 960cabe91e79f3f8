"""Bias metrics as SageMaker Clarify keeps them: the analysis.json of a bias analysis after training.

Shape and names: SageMaker Developer Guide, "Analysis results" and "Measure post-training data and model bias"; formulas
as in Clarify's own library, smclarify. `a` is the favoured group (all others), `d` the group of the facet. Without
records' features and subgroups the flip test (FT) and conditional disparity (CDDPL) are left to the monitor.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from mlops_pipelines.assessment.answers import Answers
from mlops_pipelines.assessment.groups import MISSING
from mlops_pipelines.assessment.intervals import number

DESCRIPTIONS = {
    "AD": "Accuracy Difference (AD)",
    "DAR": "Difference in Acceptance Rates (DAR)",
    "DCA": "Difference in Conditional Acceptance (DCA)",
    "DCR": "Difference in Conditional Rejection (DCR)",
    "DI": "Disparate Impact (DI)",
    "DPPL": "Difference in Positive Proportions in Predicted Labels (DPPL)",
    "DRR": "Difference in Rejection Rates (DRR)",
    "GE": "Generalized Entropy (GE)",
    "RD": "Recall Difference (RD)",
    "SD": "Specificity Difference (SD)",
    "TE": "Treatment Equality (TE)",
}


def analysis(answers: Answers, label: str, facets: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """Return the contents of analysis.json for a binary model; `facets` are the groups of the records by attribute.

    Of an attribute of two groups the second is held against the first, of more each against the rest, as the bias
    monitor does. A metric that is infinite is null.
    """
    actual, decided = answers.actual == 1, answers.decided == 1
    found: dict[str, list[dict[str, Any]]] = {}
    for attribute, groups in facets.items():
        names = sorted(set(groups) - {MISSING})
        labels = np.asarray(groups, dtype=str)
        found[attribute] = [
            {"value_or_threshold": name, "metrics": bias_metrics(actual, decided, labels == name)}
            for name in (names[1:] if len(names) == 2 else names)
            if not (labels == name).all()
        ]
    return {
        "version": "1.0",
        "post_training_bias_metrics": {
            "label": label,
            "label_value_or_threshold": answers.classes[1],
            "facets": found,
        },
    }


def bias_metrics(
    actual: npt.NDArray[np.bool_], decided: npt.NDArray[np.bool_], facet: npt.NDArray[np.bool_]
) -> list[dict[str, Any]]:
    """Return Clarify's metrics of the group `facet` against all others, by name."""
    a, d = (_counts(actual[rows], decided[rows]) for rows in (~facet, facet))
    benefit = decided.astype(float) - actual + 1
    values = {
        "AD": _over(a["tp"] + a["tn"], a["n"]) - _over(d["tp"] + d["tn"], d["n"]),
        "DAR": _over(a["tp"], a["tp"] + a["fp"]) - _over(d["tp"], d["tp"] + d["fp"]),
        "DCA": _apart(_over(a["tp"] + a["fn"], a["tp"] + a["fp"]), _over(d["tp"] + d["fn"], d["tp"] + d["fp"])),
        "DCR": _apart(_over(d["tn"] + d["fp"], d["tn"] + d["fn"]), _over(a["tn"] + a["fp"], a["tn"] + a["fn"])),
        "DI": _over(_over(d["tp"] + d["fp"], d["n"]), _over(a["tp"] + a["fp"], a["n"])),
        "DPPL": _over(a["tp"] + a["fp"], a["n"]) - _over(d["tp"] + d["fp"], d["n"]),
        "DRR": _over(d["tn"], d["tn"] + d["fn"]) - _over(a["tn"], a["tn"] + a["fn"]),
        "GE": float(((benefit / benefit.mean()) ** 2 - 1).sum() / (2 * len(benefit))) if benefit.any() else np.nan,
        "RD": _over(a["tp"], a["tp"] + a["fn"]) - _over(d["tp"], d["tp"] + d["fn"]),
        "SD": _over(d["tn"], d["tn"] + d["fp"]) - _over(a["tn"], a["tn"] + a["fp"]),
        "TE": _apart(_over(d["fn"], d["fp"]), _over(a["fn"], a["fp"])),
    }
    return [{"name": name, "description": text, "value": number(values[name])} for name, text in DESCRIPTIONS.items()]


def _counts(actual: npt.NDArray[np.bool_], decided: npt.NDArray[np.bool_]) -> dict[str, int]:
    return {
        "n": len(actual),
        "tp": int((actual & decided).sum()),
        "fp": int((~actual & decided).sum()),
        "fn": int((actual & ~decided).sum()),
        "tn": int((~actual & ~decided).sum()),
    }


def _over(over: float, under: float) -> float:
    """Divide as Clarify does: nothing over nothing is 0, something over nothing infinite."""
    if under:
        return over / under
    return float("inf") if over else 0.0


def _apart(one: float, other: float) -> float:
    return 0.0 if one == other else one - other

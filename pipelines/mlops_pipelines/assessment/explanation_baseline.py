"""The baseline of the feature-attribution monitor: kernel SHAP as SageMaker Clarify computes it, in its format.

Format: SageMaker Developer Guide, "Analysis results", `analysis.json` of a SHAP analysis: mean absolute values by
feature under `explanations.kernel_shap.label0.global_shap_values`, beside the `expected_value`. The monitor compares
live attributions with these by NDCG (Developer Guide, "Feature attribution drift for models in production"), so they
have to be attributions of the same kind: of the probability, against the same neutral record, from as many samples as
`monitoring.analysis.explainability_analysis` asks Clarify for.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from mlops_pipelines.assessment.explanation_values import shap_library
from mlops_pipelines.assessment.seeding import seeded
from mlops_pipelines.modelling.loading import LoadedModel
from mlops_pipelines.steps.inference import Column

Numbers = npt.NDArray[np.float64]

SAMPLES = 100
"""Synthetic records per explained record."""
MOST_RECORDS = 50


def neutral_record(columns: Sequence[Column]) -> Numbers:
    """Return the record that attributions are measured from: a number's middle, a category's first value."""
    cells = []
    for column in columns:
        if column["type"] not in ("integer", "number"):
            cells.append(0.0)
            continue
        middle = ((column.get("minimum") or 0) + (column.get("maximum") or 0)) / 2
        cells.append(float(int(middle)) if column["type"] == "integer" else float(middle))
    return np.array(cells)


def clarify_baseline(model: LoadedModel, matrix: Numbers, seed: int) -> dict[str, Any]:
    """Return the baseline of a binary model's attributions over a seeded sample of records."""
    rows = matrix
    if len(rows) > MOST_RECORDS:
        rows = matrix[np.sort(np.random.default_rng([seed, 7]).choice(len(matrix), MOST_RECORDS, replace=False))]
    with seeded(seed):
        explainer = shap_library().KernelExplainer(model.scores, neutral_record(model.columns)[None])
        # Fewer samples than twice the features would leave the regression without a solution.
        samples = max(SAMPLES, 2 * matrix.shape[1] + 2)
        values = np.asarray(explainer.shap_values(rows, nsamples=samples, l1_reg=False, silent=True))
    strength = np.abs(values).mean(axis=0)
    names = [str(column["name"]) for column in model.columns]
    return {
        "version": "1.0",
        "explanations": {
            "kernel_shap": {
                "label0": {
                    "global_shap_values": {name: float(value) for name, value in zip(names, strength, strict=True)},
                    "expected_value": float(np.ravel(explainer.expected_value)[0]),
                }
            }
        },
    }

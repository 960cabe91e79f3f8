"""Which step leaves which document, and a run's documents together, as reports read them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mlops_pipelines.training.local import PipelineRun

DOCUMENTS: Mapping[str, tuple[str, str, str]] = {
    "champion": ("Champion", "champion", "champion.json"),
    "validation": ("ValidateData", "validation", "validation.json"),
    "snapshot": ("Snapshot", "snapshot", "snapshot.json"),
    "splits": ("Preprocess", "splits", "splits.json"),
    "search": ("Search", "search", "search.json"),
    "evaluation": ("Evaluate", "evaluation", "evaluation.json"),
    "fairness": ("Fairness", "fairness", "fairness.json"),
    "robustness": ("Robustness", "robustness", "robustness.json"),
    "explanations": ("Explain", "explanations", "explanations.json"),
    "optimisation": ("Optimise", "optimised", "optimisation.json"),
    "gate": ("Gate", "gate", "gate.json"),
    "card": ("ModelCard", "card", "card.json"),
    "manifest": ("Sign", "signature", "manifest.json"),
    "lineage": ("Sign", "signature", "lineage.json"),
    "signature": ("Sign", "signature", "signature.json"),
    "verification": ("VerifySignature", "verification", "verification.json"),
}
"""Name to step, output and file."""


def documents_of(run: PipelineRun) -> dict[str, Any]:
    """Return the documents of the steps that ended, by name; steps that were not reached have none."""
    folders = {step.name: step.outputs for step in run.steps}
    found = {}
    for name, (step, output, file) in DOCUMENTS.items():
        folder = folders.get(step, {}).get(output)
        if folder is not None and (folder / file).is_file():
            found[name] = json.loads((folder / file).read_text(encoding="utf-8"))
    return found

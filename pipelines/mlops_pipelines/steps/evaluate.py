"""Evaluate: measure the model on the test set, in all and by group of the protected attribute.

Writes `evaluation.json` in the model-quality format of SageMaker Model Monitor (`binary_classification_metrics`), with
`fairness` (rates per group and their differences) and `summary` (the figures as text, as the registry keeps metadata).
"""

from __future__ import annotations

import argparse
import hashlib
import json
import tarfile
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.metrics import confusion_matrix, roc_auc_score

from mlops_pipelines.steps import archives, inference

RESAMPLES = 200
Numbers = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


def quality(actual: Flags, scores: Numbers, predicted: Flags, seed: int) -> dict[str, Any]:
    """Return `binary_classification_metrics`; standard deviations come from 200 seeded bootstrap resamples."""
    figures = _figures(actual, scores, predicted)
    random, samples = np.random.default_rng(seed), []
    for _ in range(RESAMPLES):
        rows = random.integers(0, len(actual), len(actual))
        samples.append(_figures(actual[rows], scores[rows], predicted[rows]))
    deviations = {name: float(np.nanstd([sample[name] for sample in samples])) for name in figures}
    matrix = confusion_matrix(actual, predicted, labels=[False, True])
    return {
        "confusion_matrix": {str(i): {str(j): int(matrix[i, j]) for j in (0, 1)} for i in (0, 1)},
        **{name: {"value": value, "standard_deviation": deviations[name]} for name, value in figures.items()},
    }


def fairness(actual: Flags, predicted: Flags, groups: Sequence[str]) -> dict[str, Any]:
    """Return counts and rates per group, and the largest difference between two groups of each rate.

    The selection rate is the share of a group that the model predicts positive (here: denied); a rate whose
    denominator is empty is null and takes no part in a difference.
    """
    labels = np.asarray(groups)
    by_group: dict[str, dict[str, Any]] = {}
    for group in sorted(set(groups)):
        own = labels == group
        by_group[group] = {
            "count": int(own.sum()),
            "positive_rate": _share(actual[own]),
            "selection_rate": _share(predicted[own]),
            "true_positive_rate": _share(predicted[own & actual]),
            "false_positive_rate": _share(predicted[own & ~actual]),
        }
    differences = {}
    for rate in ("selection_rate", "true_positive_rate", "false_positive_rate"):
        known = [figures[rate] for figures in by_group.values() if figures[rate] is not None]
        differences[f"{rate}_difference"] = max(known) - min(known) if known else None
    return {"groups": by_group, **differences}


def evaluate(model_archive: Path, test: pd.DataFrame, protected: str, seed: int) -> dict[str, Any]:
    """Return the contents of evaluation.json; with `none` as protected attribute, fairness is not measured.

    Raises `ValueError` when the test set holds one class only.
    """
    with tempfile.TemporaryDirectory() as folder:
        with tarfile.open(model_archive) as archive:
            archives.unpack(archive, folder)
        model = inference.model_fn(folder)
        metadata = json.loads(Path(folder, "metadata.json").read_text(encoding="utf-8"))
    names = [column["name"] for column in model.columns]
    answers = inference.predict_fn(inference.Request(names, test[names].to_numpy(dtype=object).tolist()), model)
    scores = np.array([answer["probability"] for answer in answers])
    predicted = np.array([answer["prediction"] == model.classes[1] for answer in answers])
    actual = (test[metadata["label"]] == model.classes[1]).to_numpy(dtype=np.bool_)
    if actual.all() or not actual.any():
        raise ValueError(f"the test set holds one class of {metadata['label']} only")
    metrics = quality(actual, scores, predicted, seed)
    parity = {} if protected == "none" else fairness(actual, predicted, [str(value) for value in test[protected]])
    difference = parity.get("selection_rate_difference")
    return {
        "version": 0.0,
        "dataset": {"item_count": len(test)},
        "model_sha256": hashlib.sha256(model_archive.read_bytes()).hexdigest(),
        "binary_classification_metrics": metrics,
        "fairness": {"protected_attribute": protected, **parity},
        "summary": {
            "auc": f"{metrics['auc']['value']:.6f}",
            "accuracy": f"{metrics['accuracy']['value']:.6f}",
            "selection_rate_difference": "not measured" if difference is None else f"{difference:.6f}",
        },
    }


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the step from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, default=Path("/opt/ml/processing/input/model"))
    parser.add_argument("--test", type=Path, default=Path("/opt/ml/processing/input/test"))
    parser.add_argument("--output", type=Path, default=Path("/opt/ml/processing/output/evaluation"))
    parser.add_argument("--protected-attribute", required=True)
    parser.add_argument("--seed", type=int, required=True)
    given = parser.parse_args(arguments)
    test = pd.read_csv(given.test / "test.csv")
    report = evaluate(given.model / "model.tar.gz", test, given.protected_attribute, given.seed)
    given.output.mkdir(parents=True, exist_ok=True)
    (given.output / "evaluation.json").write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(report["summary"]))  # noqa: T201 -- a container's log is its standard output


def _figures(actual: Flags, scores: Numbers, predicted: Flags) -> dict[str, float]:
    true_positive = int((actual & predicted).sum())
    precision, recall = _share(actual[predicted]), _share(predicted[actual])
    f1 = 2 * true_positive / max(int(actual.sum()) + int(predicted.sum()), 1)
    one_class = actual.all() or not actual.any()
    return {
        "auc": float("nan") if one_class else float(roc_auc_score(actual, scores)),
        "accuracy": float((actual == predicted).mean()),
        "precision": precision if precision is not None else 0.0,
        "recall": recall if recall is not None else 0.0,
        "f1": f1,
    }


def _share(flags: Flags) -> float | None:
    return float(flags.mean()) if flags.size else None


if __name__ == "__main__":
    main()

"""The documents of a training run as its steps write them, small and complete, for what judges and signs them."""

from __future__ import annotations

import copy
import hashlib
import io
import json
import tarfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mlops_pipelines.settings import CardSettings, GateSettings, Settings
from mlops_pipelines.steps.shell import Shell

EXECUTION = "arn:aws:sagemaker:eu-west-1:123456789012:pipeline/credit/execution/abc123"
SNAPSHOT_SHA256, SCHEMA_SHA256 = "5" * 64, "c" * 64
FACTS: Mapping[str, str] = {
    "commit": "0f1e2d3c", "execution": EXECUTION,
    "image": f"123456789012.dkr.ecr.eu-west-1.amazonaws.com/s@sha256:{'a' * 64}",
    "training_image": "141502667606.dkr.ecr.eu-west-1.amazonaws.com/sagemaker-scikit-learn:1.9-0",
    "source": "s3://code/source/0011223344556677/sourcedir.tar.gz", "input": "s3://raw/credit",
    "model_uri": "s3://models/credit/model.tar.gz", "reports_uri": "s3://reports/abc123",
    "snapshot_uri": "s3://snapshots/abc123/snapshot",
}  # fmt: skip
METADATA = {
    "problem": "binary", "label": "denied", "family": "linear", "hyperparameters": {"c": 1.0},
    "versions": {"numpy": "2.4.0", "scikit-learn": "1.9.0"},
}  # fmt: skip


def settings(**changes: Any) -> Settings:
    """Return the settings of a binary model with a protected column."""
    given: dict[str, Any] = {
        "model": "credit", "problem": "binary", "label": "denied", "protected": ("sex",),
        "gates": GateSettings(threshold=0.7),
        "card": CardSettings("Rank applications", "Final decisions", "One bank only", "Credit team", "high"),
    }  # fmt: skip
    return Settings(**{**given, **changes})


def archive() -> bytes:
    """Return a model.tar.gz that holds metadata.json alone, the same bytes each time."""
    content, packed = json.dumps(METADATA).encode(), io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz", compresslevel=1) as opened:
        entry = tarfile.TarInfo("metadata.json")
        entry.size = len(content)
        opened.addfile(entry, io.BytesIO(content))
    return packed.getvalue()


ARCHIVE = archive()
MODEL_SHA256 = hashlib.sha256(ARCHIVE).hexdigest()


def champion_none() -> dict[str, Any]:
    """Return champion.json of a group without versions."""
    keys = ("package_arn", "registry_version", "version", "snapshot_sha256", "schema_sha256", "model_uri", "metric",
            "latest", "highest_version")  # fmt: skip
    return {"status": "none", **dict.fromkeys(keys), "registered": 0, "files": {}, "notes": []}


def champion_found() -> dict[str, Any]:
    """Return champion.json of a group whose first version is approved."""
    arn = "arn:aws:sagemaker:eu-west-1:123456789012:model-package/credit/1"
    standing = {"version": "1.0.0", "snapshot_sha256": "0" * 64, "schema_sha256": SCHEMA_SHA256, "registry_version": 1}
    return {
        **champion_none(), **standing, "status": "found", "package_arn": arn, "latest": standing,
        "metric": {"name": "roc_auc", "value": 0.78}, "highest_version": "1.0.0", "registered": 1,
    }  # fmt: skip


def _figure(value: float) -> dict[str, float]:
    return {"value": value, "low": value - 0.02, "high": value + 0.02}


_BINARY = {
    "confusion_matrix": {"0": {"0": 50, "1": 10}, "1": {"0": 12, "1": 28}},
    "auc": {"value": 0.8, "standard_deviation": 0.02}, "recall": {"value": 0.7, "standard_deviation": 0.03},
}  # fmt: skip
DOCUMENTS: Mapping[str, Any] = {
    "champion": champion_none(),
    "validation": {"records": 500, "files": {}, "checks": [], "columns": {},
                   "drift": {"status": "measured", "reference_sha256": "0" * 64, "columns": [], "drifted": []}},
    "snapshot": {"sha256": SNAPSHOT_SHA256, "records": 500, "label": "denied", "protected": ["sex"],
                 "schema_sha256": SCHEMA_SHA256, "settings_sha256": settings().sha256(),
                 "sources": {"a.csv": "1" * 64}},
    "search": {"mode": "tune", "family": "linear", "hyperparameters": {"c": 1.0}, "metric": "roc_auc", "score": 0.81,
               "trials": [{"number": 0, "family": "linear", "hyperparameters": {"c": 1.0}, "score": 0.81}], "seed": 7},
    "evaluation": {
        "version": 0.0, "problem": "binary", "dataset": {"item_count": 100}, "model_sha256": MODEL_SHA256,
        "metric": {"name": "roc_auc", **_figure(0.8), "confidence": 0.95}, "train_score": 0.85,
        "generalisation_gap": 0.05, "binary_classification_metrics": _BINARY,
        "intervals": {"roc_auc": _figure(0.8), "f1": _figure(0.7)}, "curves": {},
        "champion": {"status": "none", "reason": None, "value": None, "difference": None, "low": None, "high": None,
                     "p_value": None}, "summary": {},
    },
    "fairness": {
        "status": "measured", "attributes": {"sex": {
            "groups": {"f": {"count": 50, "selection_rate": _figure(0.3)},
                       "m": {"count": 50, "selection_rate": _figure(0.4)}},
            "differences": {"selection_rate_difference": _figure(0.1), "equalized_odds_difference": _figure(0.2)},
            "ratios": {"selection_rate_ratio": _figure(0.75)},
        }}, "worst": {"selection_rate_difference": 0.1, "equalized_odds_difference": 0.2}, "summary": {},
    },
    "robustness": {"epsilon": 0.1, "flipped_percent": 5.0, "records": 100, "summary": {},
                   "curve": [{"epsilon": 0.1, "flipped_percent": 5.0, "score": 0.75}],
                   "attack": {"name": "HopSkipJump", "records": 20, "median_distance": 0.3}},
    "explanations": {"method": "LinearExplainer", "by_group": {}, "examples": [], "baseline": [], "summary": {},
                     "features": [{"feature": "income", "mean_abs_shap": 0.4, "share": 0.8, "direction": "lowers"},
                                  {"feature": "debt", "mean_abs_shap": 0.1, "share": 0.2, "direction": "raises"}]},
    "optimisation": {"formats": {"onnx": {"bytes": 1000, "sha256": "e" * 64, "score": 0.8, "loss": 0.0},
                                 "int8": {"status": "not applicable", "reason": "a linear model has few weights"}},
                     "original": {"bytes": 2000, "score": 0.8}, "loss": 0.0, "summary": {}},
}  # fmt: skip
FOLDERS = {"optimisation": "optimised"}


def documents(**changes: Any) -> dict[str, Any]:
    """Return a run's documents; `evaluation__metric__value=0.1` changes one entry of one of them."""
    found = copy.deepcopy(dict(DOCUMENTS))
    for path, value in changes.items():
        *parents, last = path.split("__")
        place: Any = found
        for parent in parents:
            place = place[parent]
        place[last] = value
    return found


def compared(difference: float) -> dict[str, Any]:
    """Return documents whose model was compared with a champion, better by a difference."""
    found = documents(champion=champion_found())
    found["evaluation"]["champion"] = {
        "status": "compared", "reason": None, "value": 0.8 - difference, "difference": difference, "low": -1.0,
        "high": 1.0, "p_value": 0.5,
    }  # fmt: skip
    return found


def lay(root: Path, found: Mapping[str, Any]) -> None:
    """Write documents where a step finds its inputs."""
    for name, document in found.items():
        path = root / FOLDERS.get(name, name) / f"{name}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")


def shell(tmp_path: Path, facts: Mapping[str, str] = FACTS, **changes: Any) -> Shell:
    """Return what a step is given, with its folders below a path."""
    return Shell(tmp_path / "input", tmp_path / "output", settings(**changes), {"columns": []}, dict(facts))

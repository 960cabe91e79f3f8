"""The record by which a model can be made again: code, data, images, settings, seed, libraries, execution."""

from __future__ import annotations

import json
import platform
import re
import tarfile
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

from mlops_pipelines.settings import Settings

LIBRARIES = (
    "adversarial-robustness-toolbox", "boto3", "cryptography", "fairlearn", "joblib", "numpy", "onnxruntime", "optuna",
    "pandas", "pandera", "scikit-learn", "scipy", "shap", "skl2onnx",
)  # fmt: skip
"""Whose versions in the steps' image are recorded; null where one is not installed."""
_DIGEST = re.compile(r"@(sha256:[0-9a-f]{64})$")
_SHA256 = re.compile(r"[0-9a-f]{64}")


def record(
    settings: Settings, snapshot: Mapping[str, Any], training: Mapping[str, Any], facts: Mapping[str, str], *,
    version: str, model_sha256: str,
) -> dict[str, Any]:  # fmt: skip
    """Return lineage.json.

    `snapshot` is snapshot.json, `training` the archive's metadata.json. Facts that are not given are null: a record
    shows its gaps. An image has a digest only where its URI has one: a tag can be moved.
    """
    return {
        "version": 1,
        "model": settings.model,
        "semantic_version": version,
        "model_sha256": model_sha256,
        "commit": facts.get("commit") or None,
        "execution": facts.get("execution") or None,
        "data": {
            "input_uri": facts.get("input") or None,
            "snapshot_uri": facts.get("snapshot_uri") or None,
            "snapshot_sha256": snapshot.get("sha256"),
            "schema_sha256": snapshot.get("schema_sha256"),
            "records": snapshot.get("records"),
            "sources": dict(snapshot.get("sources") or {}),
        },
        "images": {"processing": _image(facts.get("image")), "training": _image(facts.get("training_image"))},
        "source": {"uri": facts.get("source") or None, "sha256": _checksum(facts.get("source_sha256"))},
        "settings": settings.as_dict(),
        "settings_sha256": settings.sha256(),
        "seed": settings.seed,
        "hyperparameters": training.get("hyperparameters"),
        "family": training.get("family"),
        "python": platform.python_version(),
        "libraries": {"steps": installed(), "training": dict(training.get("versions") or {})},
    }


def gaps(lineage: Mapping[str, Any]) -> list[str]:
    """Return what a record lacks for the model to be made again, in plain words."""
    images = lineage["images"]
    lacking = {
        "the commit": not lineage["commit"] or lineage["commit"] == "unrecorded",
        "the pipeline execution": not lineage["execution"],
        "the source bundle": not lineage["source"]["uri"],
        "the checksum of the source bundle": not lineage["source"]["sha256"],
        "the processing image": not images["processing"]["uri"],
        "the digest of the processing image": bool(images["processing"]["uri"]) and not images["processing"]["digest"],
        "the training image": not images["training"]["uri"],
        "the digest of the training image": bool(images["training"]["uri"]) and not images["training"]["digest"],
        "the library versions of training": not lineage["libraries"]["training"],
    }
    return [what for what, missing in lacking.items() if missing]


def installed() -> dict[str, str | None]:
    """Return the versions of the main libraries that are installed here."""
    found: dict[str, str | None] = {}
    for name in LIBRARIES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            found[name] = None
    return found


def training_metadata(archive: Path) -> dict[str, Any]:
    """Return metadata.json of a model.tar.gz without unpacking it.

    Raises `tarfile.TarError`, `KeyError` or `ValueError` for an archive without a readable one.
    """
    with tarfile.open(archive) as opened:
        names = {name.removeprefix("./"): name for name in opened.getnames()}
        member = opened.extractfile(names["metadata.json"])
        if member is None:
            raise ValueError("metadata.json is no file")
        document: dict[str, Any] = json.loads(member.read())
    return document


def _image(uri: str | None) -> dict[str, str | None]:
    found = _DIGEST.search(uri or "")
    return {"uri": uri or None, "digest": found.group(1) if found else None}


def _checksum(text: str | None) -> str | None:
    return text if text and _SHA256.fullmatch(text) else None

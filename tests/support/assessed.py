"""Trained models for the assessing steps: tiny ones of scikit-learn, as loaded, and as archives in a step's folders."""

from __future__ import annotations

import gzip
import io
import json
import tarfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd

from mlops_pipelines.modelling.loading import LoadedModel
from mlops_pipelines.settings import Settings, resolve
from mlops_pipelines.steps import inference
from mlops_pipelines.steps.shell import Shell

GROUPS = ("blue", "green")
CLASSES: Mapping[str, tuple[str, ...]] = {"binary": ("no", "yes"), "multiclass": ("low", "middle", "high")}


def small_schema(problem: str, protected: Sequence[str] = ("team",)) -> dict[str, Any]:
    """Return a schema with a number, a category and a whole number to learn from, and protected categories."""
    label = (
        {"name": "outcome", "type": "number", "role": "label", "minimum": -100, "maximum": 100, "values": []}
        if problem == "regression"
        else {"name": "outcome", "type": "category", "role": "label", "values": list(CLASSES[problem])}
    )
    return {
        "record_identifier": "id",
        "event_time": "event_time",
        "columns": [
            label,
            {"name": "size", "type": "number", "role": "feature", "minimum": -10, "maximum": 10, "values": []},
            {"name": "kind", "type": "category", "role": "feature", "values": ["plain", "fancy"]},
            {"name": "age", "type": "integer", "role": "feature", "minimum": 0, "maximum": 99, "values": []},
            *({"name": name, "type": "category", "role": "protected", "values": list(GROUPS)} for name in protected),
        ],
    }


def small_records(problem: str, count: int = 200, seed: int = 1, protected: Sequence[str] = ("team",)) -> pd.DataFrame:
    """Return made-up records of that schema; the outcome follows from size and kind, and not from a group."""
    random = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "size": np.round(random.normal(0, 1, count), 4),
            "kind": random.choice(["plain", "fancy"], count),
            "age": random.integers(18, 80, count),
            **{name: random.choice(GROUPS, count, p=[0.7, 0.3]) for name in protected},
        }
    )
    driver = frame["size"] + 0.8 * (frame["kind"] == "fancy") + random.normal(0, 0.7, count)
    if problem == "regression":
        frame["outcome"] = np.round(driver * 10, 4)
    else:
        cuts = [0.6] if problem == "binary" else [0.0, 0.9]
        frame["outcome"] = [CLASSES[problem][place] for place in np.digitize(driver, cuts)]
    return frame


def loaded(estimator: Any, problem: str, frame: pd.DataFrame, **metadata: Any) -> LoadedModel:
    """Return a scikit-learn estimator, trained on the records, as the model that `load_model` gives."""
    schema = small_schema(problem)
    told = {
        "problem": problem,
        "features": [column for column in schema["columns"] if column["role"] == "feature"],
        "label": "outcome",
        "classes": list(CLASSES.get(problem, ())),
        "protected_attributes": ["team"],
        "threshold": 0.5 if problem == "binary" else None,
        "family": "linear",
        "hyperparameters": {},
        "seed": 1,
        **metadata,
    }
    model = LoadedModel(
        inference.ServedModel(
            estimator, told["features"], told["classes"], told["threshold"], told["protected_attributes"], problem
        ),
        told,
        sha256="0" * 64,
    )
    estimator.fit(model.matrix(frame), model.actual(frame))
    return model


def write_archive(model: LoadedModel, path: Path) -> Path:
    """Write a model as model.tar.gz and return its path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    buffer = io.BytesIO()
    joblib.dump(model.estimator, buffer)
    contents = {
        "model.joblib": buffer.getvalue(),
        "metadata.json": json.dumps(dict(model.metadata)).encode(),
        "code/inference.py": Path(inference.__file__).read_bytes(),
    }
    # Without a time in its header, the same model is the same archive.
    with gzip.GzipFile(path, "wb", mtime=0) as packed, tarfile.open(fileobj=packed, mode="w") as archive:
        for name, content in contents.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return path


def small_settings(problem: str, protected: Sequence[str] = ("team",), **gates: Any) -> Settings:
    """Return the settings of the model of that schema."""
    return resolve("small", small_schema(problem, protected), seed=5, gates=gates)


def prepared(
    folder: Path, model: LoadedModel, splits: Mapping[str, pd.DataFrame], protected: Sequence[str] = ("team",),
    champion: LoadedModel | None = None, **gates: Any,
) -> Shell:  # fmt: skip
    """Return what an assessing step is given: the model, splits and champion in its input folders, and settings."""
    write_archive(model, folder / "input" / "model" / "model.tar.gz")
    for name, frame in splits.items():
        (folder / "input" / name).mkdir(parents=True, exist_ok=True)
        frame.to_csv(folder / "input" / name / f"{name}.csv", index=False)
    told = {"status": "none"} if champion is None else {"status": "found", "package_arn": "arn:aws:sagemaker:::p/1"}
    (folder / "input" / "champion").mkdir(parents=True, exist_ok=True)
    (folder / "input" / "champion" / "champion.json").write_text(json.dumps(told))
    if champion is not None:
        write_archive(champion, folder / "input" / "champion" / "model.tar.gz")
    settings = small_settings(model.problem, protected, **gates)
    return Shell(folder / "input", folder / "output", settings, small_schema(model.problem, protected))

"""Train a model in stages with a checkpoint after each, choose its threshold, judge it, and write its package.

Interrupted or not, the same data, settings and seed give the same model, byte for byte.
"""

from __future__ import annotations

import hashlib
import json
import platform
import shutil
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd
import sklearn
from threadpoolctl import threadpool_limits

from mlops_pipelines.modelling import checkpoints as kept
from mlops_pipelines.modelling import matrices
from mlops_pipelines.modelling.checkpoints import Checkpoint
from mlops_pipelines.modelling.estimators import Diverged, Learner, outputs, training_loss
from mlops_pipelines.modelling.families import hyperparameters
from mlops_pipelines.modelling.judging import binary_threshold, convergence_faults, judged, trivial_loss
from mlops_pipelines.modelling.matrices import Split
from mlops_pipelines.settings import Settings
from mlops_pipelines.steps import inference
from mlops_pipelines.steps.shell import StepFault

VERSIONS = {
    "python": platform.python_version(),
    "scikit-learn": sklearn.__version__,
    "numpy": np.__version__,
    "pandas": pd.__version__,
    "joblib": joblib.__version__,
}


class NotConverged(StepFault):
    """Training led to no model that is better than none; the message says what was measured and what to do."""


def train(
    sets: Mapping[str, pd.DataFrame], schema: Mapping[str, Any], settings: Settings, model_dir: Path, checkpoints: Path,
    *, search: Mapping[str, Any] | None = None, on_checkpoint: Callable[[Checkpoint], None] = lambda _checkpoint: None,
    warn: Callable[[str], None] = lambda line: print(line, file=sys.stderr),  # noqa: T201 -- a container's log
) -> dict[str, Any]:  # fmt: skip
    """Train on `sets["train"]`, judge on `sets["validation"]`, write the model package; return its metadata.

    `search` is what the search step found (its `family` and `hyperparameters`); without it the settings' own are used.
    The threshold of a binary model is the score above which it names the positive class as often as the validation set
    does. Raises `NotConverged`, and `StepFault` for data or hyperparameters that cannot be trained with.
    """
    with threadpool_limits(limits=1):  # sums in another order would give another model
        columns, splits = prepare(sets, schema, settings)
        family, values = chosen(settings, search)
        learner = Learner(family, settings.problem, values, settings.seed)
        last = fit_in_stages(learner, splits["train"], settings, checkpoints, on_checkpoint, warn)
        estimator = learner.finished(last.estimator, splits["train"].target)
        metadata = {
            "problem": settings.problem,
            "features": columns,
            "label": settings.label,
            "classes": list(matrices.label_column(schema)["values"]) if learner.classifies else [],
            "protected_attributes": list(settings.protected),
            **_judged(estimator, splits, settings, last.losses),
            "family": family,
            "hyperparameters": values,
            "seed": settings.seed,
            "training_losses": list(last.losses),
            "versions": VERSIONS,
            "settings_sha256": settings.sha256(),
        }
    _write(model_dir, estimator, metadata)
    return metadata


def chosen(settings: Settings, search: Mapping[str, Any] | None = None) -> tuple[str, dict[str, float]]:
    """Return family and hyperparameters: what the search found, or the settings' own. Raises `StepFault`."""
    family, values = settings.search.family, settings.search.hyperparameters
    origin = "settings.json, search"
    if search is not None:
        if missing := [key for key in ("family", "hyperparameters") if key not in search]:
            raise StepFault(f"search.json has no {' and no '.join(missing)}: it is not what the search step writes")
        family, values, origin = str(search["family"]), search["hyperparameters"], "search.json"
    try:
        return family, hyperparameters(family, values)
    except ValueError as error:
        raise StepFault(f"{origin}: {error}") from error


def prepare(
    sets: Mapping[str, pd.DataFrame], schema: Mapping[str, Any], settings: Settings
) -> tuple[list[dict[str, Any]], dict[str, Split]]:
    """Return the features and both sets as numbers. Raises `StepFault` naming everything that does not fit."""
    label, faults = matrices.label_column(schema), []
    splits = {}
    try:
        columns = matrices.feature_columns(schema, sets["train"])
    except ValueError as error:
        raise StepFault(str(error)) from error
    for name, frame in sets.items():
        try:
            splits[name] = matrices.split(frame, columns, label)
        except ValueError as error:
            faults.append(f"the {name} set: {error}")
    if not faults:
        faults = [fault for name, split in splits.items() for fault in _label_faults(name, split.target, label)]
    if faults:
        raise StepFault("; ".join(faults))
    return columns, splits


def fit_in_stages(
    learner: Learner, data: Split, settings: Settings, folder: Path,
    on_checkpoint: Callable[[Checkpoint], None] = lambda _checkpoint: None,
    warn: Callable[[str], None] = lambda _line: None,
) -> Checkpoint:  # fmt: skip
    """Train stage by stage, from the checkpoint if there is one of this very training; return the last checkpoint.

    `on_checkpoint` is called after each checkpoint is written; what it raises ends the training there. Raises
    `NotConverged` where training diverges.
    """
    fingerprint = _fingerprint(learner, data, settings)
    start = Checkpoint(learner.new(), 0, (trivial_loss(learner.problem, data.target),), done=False)
    state = kept.load(folder, fingerprint, warn) or start
    while not state.done:
        estimator = state.estimator
        try:
            done = learner.advance(estimator, state.stages, data.features, data.target)
            usable = learner.finished(estimator, data.target)
            loss = training_loss(learner.problem, usable, data.features, data.target)
        except Diverged as error:
            raise NotConverged(
                f"the model did not converge: {error}; lower the learning rate, or look for extreme values in the data"
            ) from error
        state = kept.save(Checkpoint(estimator, state.stages + 1, (*state.losses, loss), done), folder, fingerprint)
        on_checkpoint(state)
    return state


def _judged(
    estimator: Any, splits: Mapping[str, Split], settings: Settings, losses: tuple[float, ...]
) -> dict[str, Any]:
    problem, metric = settings.problem, settings.gates.metric
    train, validation = splits["train"], splits["validation"]
    scores = outputs(problem, estimator, validation.features)
    threshold = binary_threshold(validation.target, scores) if problem == "binary" else None
    faults = convergence_faults(metric, problem, losses, train.target, validation.target, scores, threshold)
    if faults:
        raise NotConverged(f"the model did not converge: {'; '.join(faults)}")
    own = outputs(problem, estimator, train.features)
    return {
        "threshold": threshold,
        "metric": metric,
        "validation_score": judged(metric, problem, validation.target, scores, threshold),
        "train_score": judged(metric, problem, train.target, own, threshold),
    }


def _label_faults(name: str, target: np.typing.NDArray[Any], label: Mapping[str, Any]) -> list[str]:
    found = np.unique(target)
    if label["type"] != "category":
        if len(found) < 2:
            return [f"the {name} set holds one value of {label['name']} only: {found[0]:g}"]
        with np.errstate(over="ignore"):
            bounded = bool(np.isfinite(target.var()))
        extreme = found[np.abs(found).argmax()]
        return [] if bounded else [f"the {name} set holds a {label['name']} of {extreme:g}: its square is no number"]
    if len(found) < 2:
        return [f"the {name} set holds one class of {label['name']} only: {label['values'][int(found[0])]}"]
    missing = [value for place, value in enumerate(label["values"]) if place not in found]
    if not missing:
        return []
    return [f"the {name} set holds no record of the class {', '.join(missing)} of {label['name']}: add records of it"]


def _fingerprint(learner: Learner, data: Split, settings: Settings) -> str:
    described = {
        "settings": settings.sha256(),
        "family": learner.family,
        "hyperparameters": learner.hyperparameters,
        "seed": learner.seed,
        "versions": VERSIONS,
    }
    digest = hashlib.sha256(json.dumps(described, sort_keys=True).encode())
    digest.update(np.ascontiguousarray(data.features).tobytes())
    digest.update(np.ascontiguousarray(data.target).tobytes())
    return digest.hexdigest()


def _write(folder: Path, estimator: Any, metadata: Mapping[str, Any]) -> None:
    (folder / "code").mkdir(parents=True, exist_ok=True)
    (folder / "model.joblib").write_bytes(kept.as_bytes(estimator))
    shutil.copyfile(inference.__file__, folder / "code" / "inference.py")
    text = json.dumps(metadata, indent=1, allow_nan=False)
    (folder / "metadata.json").write_text(text + "\n", encoding="utf-8")

"""Train: gradient boosting on the training features, in stages, with a checkpoint after each.

Managed spot instances are taken away at two minutes' notice; SageMaker copies the checkpoint folder to S3 while the job
runs and brings it back when the job starts again, where training goes on. Interrupted or not, the same data and seed
give the same model, byte for byte. The protected attribute is never trained on.

Writes to the model folder: model.joblib, metadata.json, and code/inference.py, which the serving container runs.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import pickle
import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd
import sklearn
from sklearn.ensemble import GradientBoostingClassifier
from sklearn.metrics import roc_auc_score

from mlops_pipelines.steps import inference


@dataclass(frozen=True)
class Settings:
    """Hyperparameters: trees in all, trees between two checkpoints, learning rate, depth of a tree, seed."""

    trees: int = 80
    trees_per_checkpoint: int = 20
    learning_rate: float = 0.08
    depth: int = 2
    seed: int = 0


def fit(
    features: np.typing.NDArray[np.float64],
    target: np.typing.NDArray[np.int64],
    settings: Settings,
    checkpoints: Path,
    on_checkpoint: Callable[[int], None] = lambda _trees: None,
) -> GradientBoostingClassifier:
    """Return the trained classifier, resuming from the checkpoint if there is one for the same data and settings.

    `on_checkpoint` is told how many trees stand after each checkpoint. A checkpoint of other data or settings is not
    used.
    """
    fingerprint = _fingerprint(features, target, settings)
    model = _resume(checkpoints, fingerprint) or GradientBoostingClassifier(
        n_estimators=0, learning_rate=settings.learning_rate, max_depth=settings.depth, random_state=settings.seed,
        warm_start=True, min_samples_leaf=20,
    )  # fmt: skip
    while model.n_estimators < settings.trees:
        model.set_params(n_estimators=min(model.n_estimators + settings.trees_per_checkpoint, settings.trees))
        model.fit(features, target)
        clear_padding(model)
        _save(model, checkpoints, fingerprint)
        # Read back what was written: an uninterrupted run and a resumed one then go through the same objects.
        model = _resume(checkpoints, fingerprint)
        on_checkpoint(model.n_estimators)
    return model


def train(
    sets: Mapping[str, pd.DataFrame], schema: Mapping[str, Any], model_dir: Path, checkpoints: Path, settings: Settings,
    on_checkpoint: Callable[[int], None] = lambda _trees: None,
) -> dict[str, Any]:  # fmt: skip
    """Train on `sets["train"]`, choose the threshold on `sets["validation"]`, write the model; return its metadata.

    The threshold is the score above which the model denies as often as the validation set does. Raises `ValueError`
    when a set lacks a class.
    """
    features = [column for column in schema["columns"] if column["role"] == "feature"]
    label = next(column for column in schema["columns"] if column["role"] == "label")
    matrices, targets = {}, {}
    for name, frame in sets.items():
        matrices[name] = inference.feature_matrix({c["name"]: list(frame[c["name"]]) for c in features}, features)
        targets[name] = (frame[label["name"]] == label["values"][1]).to_numpy(dtype=np.int64)
        if len(set(targets[name].tolist())) < 2:
            raise ValueError(f"the {name} set holds one class of {label['name']} only")
    model = fit(matrices["train"], targets["train"], settings, checkpoints, on_checkpoint)
    scores = model.predict_proba(matrices["validation"])[:, 1]
    metadata = {
        "features": features,
        "label": label["name"],
        "classes": list(label["values"]),
        "protected_attributes": [column["name"] for column in schema["columns"] if column["role"] == "protected"],
        "threshold": float(np.quantile(scores, 1 - targets["validation"].mean())),
        "validation_auc": float(roc_auc_score(targets["validation"], scores)),
        "settings": asdict(settings),
        "versions": {"scikit-learn": sklearn.__version__, "numpy": np.__version__, "pandas": pd.__version__},
    }
    model_dir.mkdir(parents=True, exist_ok=True)
    _write(model, model_dir / "model.joblib")
    (model_dir / "metadata.json").write_text(json.dumps(metadata, indent=1) + "\n", encoding="utf-8")
    (model_dir / "code").mkdir(exist_ok=True)
    shutil.copyfile(inference.__file__, model_dir / "code" / "inference.py")
    return metadata


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the step with the training toolkit's conventions: SM_* variables, hyperparameters as arguments."""
    defaults, environment = Settings(), os.environ
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--train", type=Path, default=environment.get("SM_CHANNEL_TRAIN"))
    parser.add_argument("--validation", type=Path, default=environment.get("SM_CHANNEL_VALIDATION"))
    parser.add_argument("--model-dir", type=Path, default=environment.get("SM_MODEL_DIR", "/opt/ml/model"))
    parser.add_argument("--schema", type=Path, default=Path("schema.json"))
    parser.add_argument("--checkpoint-dir", type=Path, default=Path("/opt/ml/checkpoints"))
    for name, value in asdict(defaults).items():
        parser.add_argument(f"--{name.replace('_', '-')}", type=type(value), default=value)
    given = parser.parse_args(arguments)
    schema = json.loads(given.schema.read_text(encoding="utf-8"))
    sets = {name: pd.read_csv(getattr(given, name) / f"{name}.csv") for name in ("train", "validation")}
    settings = Settings(**{name: getattr(given, name) for name in asdict(defaults)})
    metadata = train(
        sets, schema, given.model_dir, given.checkpoint_dir, settings, lambda trees: _log(f"trees={trees}")
    )
    _log(f"validation-auc={metadata['validation_auc']:.6f}")


def _log(line: str) -> None:
    print(line, file=sys.stdout, flush=True)  # noqa: T201 -- a container's log is its standard output


def _fingerprint(
    features: np.typing.NDArray[np.float64], target: np.typing.NDArray[np.int64], settings: Settings
) -> str:
    digest = hashlib.sha256(json.dumps(asdict(settings), sort_keys=True).encode())
    digest.update(np.ascontiguousarray(features).tobytes())
    digest.update(target.tobytes())
    return digest.hexdigest()


def _save(model: GradientBoostingClassifier, checkpoints: Path, fingerprint: str) -> None:
    checkpoints.mkdir(parents=True, exist_ok=True)
    partial = checkpoints / ".partial"
    _write({"fingerprint": fingerprint, "model": model}, partial)
    partial.replace(checkpoints / "checkpoint.joblib")  # a reader sees the old one or the new one, never half of it


class _Pickler(pickle._Pickler):
    """Writes equal texts as one object. Whether they are one in memory depends on how the process came to them."""

    def save(self, obj: Any, save_persistent_id: bool = True) -> None:
        super().save(sys.intern(obj) if type(obj) is str else obj, save_persistent_id)  # type: ignore[misc]  # not in typeshed


def _write(value: Any, path: Path) -> None:
    with path.open("wb") as file:
        _Pickler(file, protocol=4).dump(value)


def clear_padding(model: GradientBoostingClassifier) -> None:
    """Zero the bytes between a node's fields: they hold whatever memory held, and would be saved with the model."""
    for estimator in model.estimators_.flat:
        state = estimator.tree_.__getstate__()
        nodes = np.zeros(state["nodes"].shape, state["nodes"].dtype)
        for field in nodes.dtype.names or ():
            nodes[field] = state["nodes"][field]
        estimator.tree_.__setstate__({**state, "nodes": nodes})


def _resume(checkpoints: Path, fingerprint: str) -> Any:
    path = checkpoints / "checkpoint.joblib"
    if not path.exists():
        return None
    kept = joblib.load(path)
    return kept["model"] if kept["fingerprint"] == fingerprint else None


if __name__ == "__main__":
    main()

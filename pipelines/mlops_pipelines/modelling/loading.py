"""A trained model as the assessing steps use it: the very functions that serve it, and what it was trained with."""

from __future__ import annotations

import hashlib
import json
import tarfile
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from mlops_pipelines.modelling.estimators import outputs
from mlops_pipelines.modelling.judging import decisions
from mlops_pipelines.steps import archives, inference

Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True)
class LoadedModel:
    """A model read from its archive: what serves it, its metadata, and the archive's checksum."""

    served: inference.ServedModel
    metadata: Mapping[str, Any]
    sha256: str

    @property
    def problem(self) -> str:
        """binary, multiclass or regression."""
        return str(self.metadata.get("problem", "binary"))

    @property
    def label(self) -> str:
        """The column that it predicts."""
        return str(self.metadata["label"])

    @property
    def classes(self) -> Sequence[str]:
        """The label's values in their order; the second of two is the positive one. None for regression."""
        return self.served.classes

    @property
    def columns(self) -> Sequence[inference.Column]:
        """The features, in the order of the matrix."""
        return self.served.columns

    @property
    def estimator(self) -> Any:
        """The scikit-learn estimator, which takes what `matrix` returns."""
        return self.served.classifier

    def matrix(self, frame: pd.DataFrame) -> Numbers:
        """Return records as the numbers that the estimator sees; one column per feature."""
        values = {column["name"]: list(frame[column["name"]]) for column in self.columns}
        return inference.feature_matrix(values, self.columns)

    def actual(self, frame: pd.DataFrame) -> npt.NDArray[Any]:
        """Return the label of records: places of classes as whole numbers, or numbers for regression."""
        if self.problem == "regression":
            return frame[self.label].to_numpy(dtype=np.float64)
        places = {value: place for place, value in enumerate(self.classes)}
        return np.array([places[str(value)] for value in frame[self.label]], dtype=np.int64)

    def scores(self, matrix: Numbers) -> Numbers:
        """Return the positive class's probability (binary), one column per class (multiclass), or the prediction."""
        return outputs(self.problem, self.estimator, matrix)

    def decide(self, scores: Numbers) -> npt.NDArray[Any]:
        """Return the decision that scores lead to: the class's place, or the number itself for regression."""
        return decisions(self.problem, scores, self.served.threshold)


def load_model(archive: Path) -> LoadedModel:
    """Return the model in a `model.tar.gz`. Raises `tarfile.TarError`, `KeyError` or `ValueError` for another file."""
    with tempfile.TemporaryDirectory() as folder:
        with tarfile.open(archive) as opened:
            archives.unpack(opened, folder)
        served = inference.model_fn(folder)
        metadata = json.loads(Path(folder, "metadata.json").read_text(encoding="utf-8"))
    return LoadedModel(served, metadata, hashlib.sha256(archive.read_bytes()).hexdigest())

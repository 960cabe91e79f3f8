"""What a model answers for records, beside what is true: all that its quality and fairness are computed from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from mlops_pipelines.modelling.loading import LoadedModel

Numbers = npt.NDArray[np.float64]
Places = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Answers:
    """A model's answers, one row per record.

    `actual` and `decided` are places among `classes`, `scores` the positive class's probability (binary) or one column
    per class (multiclass). For regression there are no classes, and all three are numbers in the label's unit.
    """

    problem: str
    classes: tuple[str, ...]
    actual: npt.NDArray[Any]
    scores: Numbers
    decided: npt.NDArray[Any]

    def __len__(self) -> int:
        """Return the number of records."""
        return len(self.actual)

    def take(self, rows: npt.NDArray[Any]) -> Answers:
        """Return the answers of these records, in this order."""
        return Answers(self.problem, self.classes, self.actual[rows], self.scores[rows], self.decided[rows])

    def ordered(self) -> Answers:
        """Return the answers in the order that follows from them alone: sums don't depend on a file's order then."""
        return self.take(canonical_order(*self.columns()))

    def columns(self) -> list[npt.NDArray[Any]]:
        """Return all of it as columns of numbers."""
        scores = self.scores if self.scores.ndim == 2 else self.scores[:, None]
        return [self.actual, *scores.T, self.decided]


def answers(model: LoadedModel, frame: pd.DataFrame) -> Answers:
    """Return a model's answers for records, in the records' order.

    Raises `ValueError` naming each feature and value that does not fit, or a label that the model has no class for.
    """
    try:
        actual = model.actual(frame)
    except KeyError as error:
        known = ", ".join(model.classes)
        raise ValueError(f"{model.label} = {error.args[0]!r} is none of the model's classes: {known}") from error
    scores = model.scores(model.matrix(frame))
    if not np.isfinite(scores).all():
        row = int(np.flatnonzero(~np.isfinite(scores.reshape(len(scores), -1)).all(axis=1))[0])
        raise ValueError(f"the model answers record {row + 1} with {scores[row]}, which is no finite number")
    return Answers(model.problem, tuple(model.classes), actual, scores, model.decide(scores))


def canonical_order(*columns: npt.NDArray[Any]) -> Places:
    """Return the order of records that follows from their contents alone, so that resamples don't depend on a file's.

    Records that are equal in all columns are interchangeable. Columns of text are fine.
    """
    return np.lexsort([np.unique(column, return_inverse=True)[1] for column in reversed(columns)])

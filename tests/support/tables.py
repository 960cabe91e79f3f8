"""Small real data sets as raw CSV files with a schema, and a step's folders to run them in."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
from sklearn import datasets

from mlops_pipelines.features.schema import Column, Schema
from mlops_pipelines.settings import Settings, resolve
from mlops_pipelines.steps.shell import Shell


@dataclass(frozen=True)
class Table:
    """A data set: its records under the headers of its file, and its schema."""

    frame: pd.DataFrame
    schema: Schema

    @property
    def document(self) -> dict[str, Any]:
        """The schema as steps read it."""
        plain: dict[str, Any] = json.loads(json.dumps(self.schema.as_dict()))
        return plain


@cache
def real_table(name: str) -> Table:
    """Return wine (three classes), breast_cancer (two) or diabetes (a number), as scikit-learn ships them.

    Their headers are no feature names ("mean radius"), and records get an identifier.
    """
    bunch = getattr(datasets, f"load_{name}")(as_frame=True)
    frame = bunch.frame.rename(columns={"target": "outcome"})
    columns = [Column("record", "text", "identifier", "Number of the record.")]
    if name == "diabetes":
        columns.append(Column("outcome", "number", "label", "Progression.", 0, 1000))
    else:
        names = [str(value) for value in bunch.target_names]
        frame["outcome"] = [names[place] for place in frame["outcome"]]
        columns.append(Column("outcome", "category", "label", "Class.", values=tuple(names)))
    for header in bunch.feature_names:
        low, high = float(frame[header].min()) - 1, float(frame[header].max()) + 1
        feature = header.replace(" ", "_").replace("/", "_")
        columns.append(Column(feature, "number", "feature", "A measurement.", low, high, header=header))
    frame.insert(0, "record", [f"r{place:04d}" for place in range(len(frame))])
    return Table(frame, Schema("record", "event_time", tuple(columns)))


def shell_of(
    folder: Path, document: Mapping[str, Any], *, facts: Mapping[str, str] | None = None, **settings: Any
) -> Shell:
    """Return what a step is given: empty folders, the settings that follow from a schema, and no champion."""
    own: Settings = resolve("model", document, **settings)
    given = Shell(folder / "input", folder / "output", own, document, facts or {})
    (given.input / "data").mkdir(parents=True, exist_ok=True)
    champion = given.input / "champion" / "champion.json"
    champion.parent.mkdir(exist_ok=True)
    if not champion.exists():
        champion.write_text(json.dumps({"status": "none"}))
    return given

"""A small data set for each kind of problem, with its schema, its settings, and its training and validation sets."""

from __future__ import annotations

import functools
import json
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd
from sklearn import datasets

from mlops_pipelines.settings import Settings, resolve
from tests.support.pipelines import applications, schema

PROBLEMS = ("binary", "multiclass", "regression")


class Problem(NamedTuple):
    """What a step is given for one data set."""

    sets: dict[str, pd.DataFrame]
    schema: dict[str, Any]

    def settings(self, *, gates: dict[str, Any] | None = None, seed: int = 4, **search: Any) -> Settings:
        """Return the settings, with what is given of the search and the gates."""
        return resolve("sample", self.schema, seed=seed, search=search, gates=gates)


def problem(kind: str) -> Problem:
    """Return made-up applications (binary), wines of three growers (multiclass), or diabetes' progress (regression)."""
    if kind == "binary":
        return Problem({"train": applications(160, seed=1), "validation": applications(80, seed=2)}, schema())
    frame, columns = _wines() if kind == "multiclass" else _diabetes()
    described = {"record_identifier": "record", "event_time": "at", "columns": columns}
    frame = frame.sample(frac=1, random_state=0, ignore_index=True)
    cut = len(frame) * 2 // 3
    return Problem({"train": frame[:cut].copy(), "validation": frame[cut:].reset_index(drop=True)}, described)


def write_problem(given: Problem, settings: Settings, folder: Path) -> dict[str, str]:
    """Write code and channels of a training job below a folder; return the toolkit's variables that lead to them."""
    code = folder / "code"
    code.mkdir(parents=True)
    (code / "schema.json").write_text(json.dumps(given.schema))
    (code / "settings.json").write_text(json.dumps(settings.as_dict()))
    variables = {"SM_MODEL_DIR": str(folder / "model"), "SM_OUTPUT_DIR": str(folder / "output")}
    for name, frame in given.sets.items():
        (folder / name).mkdir()
        frame.to_csv(folder / name / f"{name}.csv", index=False)
        variables[f"SM_CHANNEL_{name.upper()}"] = str(folder / name)
    return variables


@functools.lru_cache
def _wines() -> tuple[pd.DataFrame, list[dict[str, Any]]]:
    bunch = datasets.load_wine(as_frame=True)
    frame = bunch.data.iloc[:, :6].rename(columns=lambda name: name.replace("/", "_"))
    columns = [_column(name) for name in frame]
    label = {"name": "grower", "type": "category", "role": "label", "values": ["first", "second", "third"]}
    return frame.assign(grower=[label["values"][place] for place in bunch.target]), [*columns, label]


@functools.lru_cache
def _diabetes() -> tuple[pd.DataFrame, list[dict[str, Any]]]:
    bunch = datasets.load_diabetes(as_frame=True)
    columns = [_column(name) for name in bunch.data]
    label = {**_column("progress"), "role": "label"}
    return bunch.data.assign(progress=bunch.target), [*columns, label]


def _column(name: str) -> dict[str, Any]:
    return {"name": name, "type": "number", "role": "feature", "minimum": -1e6, "maximum": 1e6, "values": []}

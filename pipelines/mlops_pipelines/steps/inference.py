"""Serve the model: the four functions that SageMaker's scikit-learn container calls.

Training copies this file into the model package as `code/inference.py`; it therefore imports nothing of this project.
The container runs `model_fn` once, then `input_fn`, `predict_fn` and `output_fn` for every request
(github.com/aws/sagemaker-scikit-learn-container). Requests are text/csv (a header, or the features in the order of
training) or application/json (one record, a list of records, or `{"instances": [...]}`); answers are JSON. Named
protected attributes may come along, for the bias monitor to find them in what is captured: the model never sees them.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import numpy.typing as npt

CSV, JSON = "text/csv", "application/json"
Column = Mapping[str, Any]
"""A feature: its `name`, its `type` (integer, number, category), and a category's `values` in their order.

A `nullable` one may be empty, and is imputed: by its `fill`, the median it was trained with; an empty category has a
place of its own, after those of its values.
"""


@dataclass(frozen=True)
class ServedModel:
    """A loaded model package: the estimator, its features in order, the classes, and the decision threshold.

    `protected` are the columns that a request may hold beside the features. `problem` is binary, multiclass or
    regression; only a binary model has a threshold, and a regression model has no classes.
    """

    classifier: Any
    columns: Sequence[Column]
    classes: Sequence[str]
    threshold: float | None
    protected: Sequence[str] = ()
    problem: str = "binary"


@dataclass(frozen=True)
class Request:
    """The records of one request; `names` is None for CSV without a header."""

    names: Sequence[str] | None
    rows: Sequence[Sequence[Any]]


def model_fn(model_dir: str) -> ServedModel:
    """Load `model.joblib` and `metadata.json` from the unpacked model package."""
    metadata = json.loads(Path(model_dir, "metadata.json").read_text(encoding="utf-8"))
    classifier = joblib.load(Path(model_dir, "model.joblib"))
    protected, problem = metadata.get("protected_attributes", []), metadata.get("problem", "binary")
    return ServedModel(classifier, metadata["features"], metadata["classes"], metadata["threshold"], protected, problem)


def input_fn(body: bytes | str, content_type: str = CSV) -> Request:
    """Read a request. Raises `ValueError` for another content type, an empty body, or a body that cannot be read."""
    text = body.decode("utf-8-sig") if isinstance(body, (bytes, bytearray)) else body
    kind = content_type.split(";")[0].strip().lower()
    if kind == CSV:
        rows = [row for row in csv.reader(io.StringIO(text)) if row]
        if not rows:
            raise ValueError("the request holds no record: send at least one line of CSV")
        return Request(None, rows)
    if kind == JSON:
        return _json_request(json.loads(text))
    raise ValueError(f"content type {content_type!r} is not served: send {CSV} or {JSON}")


def predict_fn(request: Request, model: ServedModel) -> list[dict[str, Any]]:
    """Return an answer per record. Raises `ValueError` naming every bad column.

    It is the `prediction`, with the `probability` of the positive class (binary) or the `probabilities` of all classes
    by name (multiclass).
    """
    names = [column["name"] for column in model.columns]
    given, rows = request.names, request.rows
    if given is None:
        header = [cell.strip() for cell in rows[0]]
        given, rows = (header, rows[1:]) if set(header) & set(names) else (names, rows)
    if not rows:
        raise ValueError("the request holds no record: only a header came")
    _check_columns(names, model.protected, given, rows)
    order = [list(given).index(name) for name in names]
    ordered = {name: [row[index] for row in rows] for name, index in zip(names, order, strict=True)}
    return _answers(model, feature_matrix(ordered, model.columns))


def output_fn(predictions: list[dict[str, Any]], accept: str = JSON) -> tuple[str, str]:
    """Return the answer and its content type. Raises `ValueError` where the client accepts no JSON."""
    kinds = {part.split(";")[0].strip().lower() for part in accept.split(",")}
    if not kinds & {JSON, "application/*", "*/*", ""}:
        raise ValueError(f"no answer in {accept!r}: accept {JSON}")
    return json.dumps({"predictions": predictions}), JSON


def feature_matrix(values: Mapping[str, Sequence[Any]], columns: Sequence[Column]) -> npt.NDArray[np.float64]:
    """Return the numbers the classifier sees; training and serving share this one function.

    A category becomes the place of its value among the column's values; an empty cell of a nullable column is imputed.
    Raises `ValueError` naming each column and value that does not fit.
    """
    faults: list[str] = []
    encoded = [_encode(column, values[column["name"]], faults) for column in columns]
    if faults:
        raise ValueError("; ".join(faults))
    return np.column_stack(encoded)


def _answers(model: ServedModel, matrix: npt.NDArray[np.float64]) -> list[dict[str, Any]]:
    if model.problem == "regression":
        return [{"prediction": float(number)} for number in model.classifier.predict(matrix)]
    chances = model.classifier.predict_proba(matrix)
    if model.problem == "multiclass":
        return [
            {
                "probabilities": {name: float(chance) for name, chance in zip(model.classes, row, strict=True)},
                "prediction": model.classes[int(row.argmax())],
            }
            for row in chances
        ]
    threshold = 0.5 if model.threshold is None else model.threshold
    return [
        {"probability": float(chance), "prediction": model.classes[int(chance >= threshold)]}
        for chance in chances[:, 1]
    ]


def _encode(column: Column, values: Sequence[Any], faults: list[str]) -> npt.NDArray[np.float64]:
    fill: float | None
    if column["type"] == "category":
        places = {value: float(place) for place, value in enumerate(column["values"])}
        numbers = [places.get(str(value).strip(), np.nan) for value in values]
        fill, wanted = float(len(places)), f"one of {', '.join(column['values'])}"
    else:
        numbers = [_number(value) for value in values]
        fill, wanted = column.get("fill"), "a finite number"
    if column.get("nullable") and fill is not None:
        numbers = [fill if _empty(value) else number for value, number in zip(values, numbers, strict=True)]
        wanted += ", or nothing"
    encoded = np.array(numbers, dtype=np.float64)
    bad = np.flatnonzero(~np.isfinite(encoded))
    if bad.size:
        faults.append(f"{column['name']} = {values[int(bad[0])]!r} in record {int(bad[0]) + 1}: expected {wanted}")
    return encoded


def _empty(value: Any) -> bool:
    """Whether a cell holds nothing: None, blank text, or the number by which pandas marks a missing one."""
    return (
        value is None or (isinstance(value, str) and not value.strip()) or (isinstance(value, float) and value != value)
    )


def _number(value: Any) -> float:
    if isinstance(value, bool):
        return float("nan")
    try:
        return float(value)
    except (TypeError, ValueError):
        return float("nan")  # reported by the caller, with the column's name


def _json_request(document: Any) -> Request:
    records = document.get("instances", document) if isinstance(document, dict) else document
    records = [records] if isinstance(records, dict) else records
    if not isinstance(records, list) or not records or not all(isinstance(record, dict) for record in records):
        raise ValueError('send one record, a list of records, or {"instances": [...]}; a record maps columns to values')
    names = list(records[0])
    for number, record in enumerate(records, 1):
        if record.keys() != records[0].keys():
            differing = ", ".join(sorted(record.keys() ^ records[0].keys()))
            raise ValueError(f"record {number} has other columns than record 1: {differing}")
    return Request(names, [[record[name] for name in names] for record in records])


def _check_columns(
    names: Sequence[str], protected: Sequence[str], given: Sequence[str], rows: Sequence[Sequence[Any]]
) -> None:
    faults = [f"column {name} is missing" for name in names if name not in given]
    faults += [f"column {name} is not a feature" for name in given if name not in {*names, *protected}]
    faults += [f"column {name} occurs twice" for name in sorted({n for n in given if list(given).count(n) > 1})]
    for number, row in enumerate(rows, 1):
        if len(row) != len(given):
            faults.append(f"record {number} has {len(row)} values for {len(given)} columns")
            break
    if faults:
        raise ValueError("; ".join(faults) + f" (features: {', '.join(names)})")

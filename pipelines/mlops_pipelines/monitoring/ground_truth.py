"""Ground truth as the monitors merge it with captured traffic: one record for each request, when its label is known.

Source: SageMaker Developer Guide, "Ingest Ground Truth labels and merge them with predictions". Records go as JSON
Lines under `.../yyyy/mm/dd/hh/` of the hour of the request, below the monitor's own ground-truth prefix.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from mlops_pipelines.features.schema import Schema


def model_quality_truth(event_id: str, label: str, schema: Schema) -> dict[str, Any]:
    """Return the record of a request with one record: `label` as its place among the label's values, in CSV.

    `event_id` is the inference id that the client gave, or else the event id of the capture. Raises `ValueError` for a
    label that the schema lacks.
    """
    return _record(event_id, str(_place(label, schema)), "CSV")


def bias_truth(event_id: str, labels: Sequence[str], schema: Schema) -> dict[str, Any]:
    """Return the record of a request: the labels of its records, in their order, in JSON.

    Raises `ValueError` for a label that the schema lacks.
    """
    for label in labels:
        _place(label, schema)
    return _record(event_id, json.dumps({schema.names("label")[0]: list(labels)}), "JSON")


def _record(event_id: str, data: str, encoding: str) -> dict[str, Any]:
    return {
        "groundTruthData": {"data": data, "encoding": encoding},
        "eventMetadata": {"eventId": event_id},
        "eventVersion": "0",
    }


def _place(label: str, schema: Schema) -> int:
    column = next(column for column in schema.columns if column.role == "label")
    if label not in column.values:
        raise ValueError(f"label {label!r} is none of {', '.join(column.values)}")
    return column.values.index(label)

"""What SageMaker Clarify analyses in captured traffic: analysis configurations, and the paths that find its parts.

Parameters: SageMaker Developer Guide, "Parameters to monitor bias drift" and "Parameters to monitor attribution drift".
Paths are JMESPath over a request `{"instances": [...]}`, or one JSON record, and the answer `{"predictions": [...]}` of
`steps/inference.py`. Clarify reads JSON that way only; a model that is monitored for bias or attribution is asked so.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from mlops_pipelines.features.schema import Column, Schema, load_schema

ANSWER_CLASS = "predictions[*].prediction"
ANSWER_PROBABILITY = "predictions[*].probability"
JSON = "application/json"
SAMPLES = 100
"""Synthetic records per explained request: the number of requests that the shadow endpoint answers for each."""


@lru_cache
def schema_at(path: str | Path) -> Schema:
    """Return the schema in a file, or of a model's sample data, read once; see `load_schema` for what it raises."""
    return load_schema(path)


def features_path(names: Sequence[str]) -> str:
    """Return the JMESPath of these columns of a request: one list for each record, in this order."""
    return f"(instances || [@])[*].[{', '.join(json.dumps(name) for name in names)}]"


def positive_label(schema: Schema) -> str:
    """Return the value of the label whose probability the model gives: its second. Raises `ValueError` for a label that
    is no category of two values."""
    label = _column(schema, schema.names("label")[0])
    if len(label.values) != 2:
        raise ValueError(f"label {label.name} has {len(label.values) or 'no'} values; monitors take a label of two")
    return label.values[1]


def facet_values(schema: Schema, protected: str) -> tuple[str, ...]:
    """Return the values of the protected attribute whose groups are compared with the rest.

    Of two values the second: one comparison says all. Of more, each. Raises `ValueError` where it is no category: where
    its groups part is nothing that a schema says.
    """
    column = _column(schema, protected)
    if column.type != "category":
        raise ValueError(f"protected attribute {protected} is a {column.type}; the bias monitor takes a category")
    return column.values[1:] if len(column.values) == 2 else column.values


def bias_analysis(schema: Schema, protected: str) -> dict[str, Any]:
    """Return the configuration of the bias monitor, which measures every metric there is before and after training.

    The outcome that is measured is the one whose probability the model gives. The label's header and its path in the
    ground truth are one and the same name. Raises `ValueError` as `facet_values` and `positive_label` do.
    """
    label, values = schema.names("label")[0], facet_values(schema, protected)
    facet: dict[str, Any] = {"name_or_index": protected}
    if len(values) == 1:
        facet["value_or_threshold"] = list(values)  # left out, each value is a group of its own
    return {
        "version": "1.0",
        "headers": [*schema.names("feature"), protected, label],
        "label": label,
        "label_values_or_threshold": [positive_label(schema)],
        "facet": [facet],
    }


def explainability_analysis(schema: Schema, model_name: str, instance_type: str) -> dict[str, Any]:
    """Return the configuration of the explainability monitor: Kernel SHAP against a neutral record.

    Clarify asks a shadow endpoint of its own, made of `model_name` on one `instance_type`, so that the explanations are
    neither answered nor captured by the live one.
    """
    features = [_column(schema, name) for name in schema.names("feature")]
    return {
        "version": "1.0",
        "headers": [column.name for column in features],
        "methods": {
            "shap": {
                "baseline": {"instances": [{column.name: _neutral(column) for column in features}]},
                "num_samples": SAMPLES,
                "agg_method": "mean_abs",
                "use_logit": False,
                "save_local_shap_values": False,  # they would be a record of each applicant
            }
        },
        "predictor": {
            "model_name": model_name,
            "instance_type": instance_type,
            "initial_instance_count": 1,
            "content_type": JSON,
            "accept_type": JSON,
            "content_template": '{"instances": $records}',
            "record_template": "$features_kvp",
            "label_headers": [positive_label(schema)],
        },
    }


def _neutral(column: Column) -> float | int | str:
    """The record that attributions are measured from: a number's middle, a category's first value."""
    if column.type == "category":
        return column.values[0]
    middle = ((column.minimum or 0) + (column.maximum or 0)) / 2
    return int(middle) if column.type == "integer" else middle


def _column(schema: Schema, name: str) -> Column:
    return next(column for column in schema.columns if column.name == name)

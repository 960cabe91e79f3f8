"""The JSON schema of a model package's model card, and the limits that follow from it.

Written from the SageMaker AI developer guide, "Update the Details of a Model Version", Model package model card schema
(version 0.1.0). Where the published schema counts with `maxContains` alone, or puts `maxItems` on an item, which means
nothing in JSON Schema, the limit is taken as it is meant: on the list. The content as a whole is a text of at most
100,000 characters on one line (CreateModelPackage, ModelCardContent).
"""

from __future__ import annotations

from typing import Any

LONGEST_CONTENT = 100_000
LONGEST_TEXT, LONGEST_OBSERVATION, LONGEST_NOTE, LONGEST_DETAIL = 2048, 2096, 1024, 1024
LONGEST_NAME, LONGEST_METRIC_NAME, LONGEST_VALUE, LONGEST_AXIS = 63, 255, 63, 63
MOST_ARTIFACTS = MOST_DATASETS = MOST_IMAGES = 15
MOST_TRAINING_METRICS, MOST_HYPERPARAMETERS, MOST_EVALUATION_DATASETS, LARGEST_MATRIX = 50, 100, 10, 20
RISK_RATINGS = ("High", "Medium", "Low", "Unknown")

_NUMBER = {"type": "number"}


def _text(longest: int) -> dict[str, Any]:
    return {"type": "string", "maxLength": longest}


def _name(longest: int) -> dict[str, Any]:
    return {"type": "string", "pattern": f"^.{{1,{longest}}}$"}


def _texts(longest: int, most: int) -> dict[str, Any]:
    return {"type": "array", "maxItems": most, "items": _text(longest)}


def _object(required: tuple[str, ...] = (), **properties: Any) -> dict[str, Any]:
    return {
        "type": "object", "additionalProperties": False, "required": list(required), "properties": properties
    }  # fmt: skip


def _listed(most: int, item: str) -> dict[str, Any]:
    return {"type": "array", "maxItems": most, "items": {"$ref": f"#/definitions/{item}"}}


def _metric(kind: dict[str, Any], value: dict[str, Any], x_axis: str, y_axis: str) -> dict[str, Any]:
    return _object(
        ("name", "type", "value"),
        name=_name(LONGEST_METRIC_NAME),
        notes=_text(LONGEST_NOTE),
        type=kind,
        value=value,
        x_axis_name={"$ref": f"#/definitions/{x_axis}"},
        y_axis_name={"$ref": f"#/definitions/{y_axis}"},
    )


_POINT = {"type": "array", "items": _NUMBER, "minItems": 2, "maxItems": 2}
_ROW = {"type": "array", "items": _NUMBER, "minItems": 1, "maxItems": LARGEST_MATRIX}
_METRICS = ("simple_metric", "linear_graph_metric", "bar_chart_metric", "matrix_metric")
_TRAINING_JOB = _object(
    training_arn=_text(1024),
    training_datasets=_texts(1024, MOST_DATASETS),
    training_environment=_object(container_image=_texts(1024, MOST_IMAGES)),
    training_metrics=_listed(MOST_TRAINING_METRICS, "training_metric"),
    user_provided_training_metrics=_listed(MOST_TRAINING_METRICS, "training_metric"),
    hyper_parameters=_listed(MOST_HYPERPARAMETERS, "training_hyper_parameter"),
    user_provided_hyper_parameters=_listed(MOST_HYPERPARAMETERS, "training_hyper_parameter"),
)
_EVALUATION = _object(
    ("name",),
    name=_name(LONGEST_NAME),
    evaluation_observation=_text(LONGEST_OBSERVATION),
    evaluation_job_arn=_text(256),
    datasets=_texts(1024, MOST_EVALUATION_DATASETS),
    metadata={"type": "object", "additionalProperties": _text(LONGEST_DETAIL)},
    metric_groups={
        "type": "array",
        "items": _object(
            ("name", "metric_data"),
            name=_name(LONGEST_NAME),
            metric_data={
                "type": "array", "items": {"anyOf": [{"$ref": f"#/definitions/{name}"} for name in _METRICS]}
            },
        ),
    },
)  # fmt: skip

SCHEMA: dict[str, Any] = {
    "$schema": "http://json-schema.org/draft-07/schema#",
    "title": "Model card of a model package",
    **_object(
        model_overview=_object(model_creator=_text(1024), model_artifact=_texts(1024, MOST_ARTIFACTS)),
        intended_uses=_object(
            purpose_of_model=_text(LONGEST_TEXT),
            intended_uses=_text(LONGEST_TEXT),
            factors_affecting_model_efficiency=_text(LONGEST_TEXT),
            risk_rating={"type": "string", "enum": list(RISK_RATINGS)},
            explanations_for_risk_rating=_text(LONGEST_TEXT),
        ),
        business_details=_object(
            business_problem=_text(LONGEST_TEXT),
            business_stakeholders=_text(LONGEST_TEXT),
            line_of_business=_text(LONGEST_TEXT),
        ),
        training_details=_object(
            objective_function=_object(
                function=_object(
                    function={"type": "string", "enum": ["Maximize", "Minimize"]}, facet=_text(63), condition=_text(63)
                ),
                notes=_text(LONGEST_NOTE),
            ),
            training_observations=_text(1024),
            training_job_details=_TRAINING_JOB,
        ),
        evaluation_details={"type": "array", "items": _EVALUATION},
        additional_information=_object(
            ethical_considerations=_text(LONGEST_TEXT),
            caveats_and_recommendations=_text(LONGEST_TEXT),
            custom_details={"type": "object", "additionalProperties": _text(LONGEST_DETAIL)},
        ),
    ),
    "definitions": {
        "training_metric": _object(
            ("name", "value"), name=_name(LONGEST_METRIC_NAME), notes=_text(LONGEST_NOTE), value=_NUMBER
        ),
        "training_hyper_parameter": _object(("name", "value"), name=_name(255), value=_name(255)),
        "simple_metric": _metric(
            {"enum": ["number", "string", "boolean"]},
            {"anyOf": [_NUMBER, _text(LONGEST_VALUE), {"type": "boolean"}]}, "axis_name", "axis_name",
        ),
        "linear_graph_metric": _metric(
            {"enum": ["linear_graph"]}, {"type": "array", "items": _POINT, "minItems": 1}, "axis_name", "axis_name"
        ),
        "bar_chart_metric": _metric(
            {"enum": ["bar_chart"]}, {"type": "array", "items": _NUMBER, "minItems": 1}, "axis_names", "axis_name"
        ),
        "matrix_metric": _metric(
            {"enum": ["matrix"]}, {"type": "array", "items": _ROW, "minItems": 1, "maxItems": LARGEST_MATRIX},
            "axis_names", "axis_names",
        ),
        "axis_name": _text(LONGEST_AXIS),
        "axis_names": {"type": "array", "items": _text(LONGEST_AXIS)},
    },
}  # fmt: skip
"""JSON Schema (draft 7) of the card."""


def cut(text: str, longest: int) -> str:
    """Return a text of at most that many characters; one that was cut ends with an ellipsis."""
    return text if len(text) <= longest else f"{text[: longest - 1].rstrip()}…"

"""Check a pipeline definition's step arguments against AWS's service model.

References stand for values that exist only when the pipeline runs, so each is replaced by a value that its place
accepts; then botocore's own validation runs, and on top enums, patterns and upper bounds, which it leaves
to the service.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import botocore.session
import regex
from botocore.model import Shape
from botocore.validate import ParamValidator

MODEL = botocore.session.Session().get_service_model("sagemaker")
OPERATIONS = {
    "Processing": ("CreateProcessingJob", {"ProcessingJobName": "job"}),
    "Training": ("CreateTrainingJob", {"TrainingJobName": "job"}),
    "RegisterModel": ("CreateModelPackage", {}),
}
REFERENCES = ("Get", "Std:Join", "Std:JsonGet")
SAMPLES = ("s3://bucket/key", "text", "1", "arn:aws:sagemaker:eu-west-1:123456789012:pipeline/x", "ml.m5.large")


def shape_faults(steps: list[dict[str, Any]]) -> list[str]:
    """Return every fault of the steps' arguments, the steps inside conditions included."""
    faults: list[str] = []
    for step in walk(steps):
        if step["Type"] in OPERATIONS:
            operation, added = OPERATIONS[step["Type"]]
            shape = MODEL.operation_model(operation).input_shape
            arguments = {**concrete(step["Arguments"], shape), **added}
            report = ParamValidator().validate(arguments, shape)
            faults += [f"{step['Name']}: {line}" for line in report.generate_report().splitlines()]
            faults += [f"{step['Name']}: {fault}" for fault in strict_faults(arguments, shape, operation)]
    return faults


def walk(steps: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Yield every step, those of both branches of a condition included."""
    for step in steps:
        yield step
        if step["Type"] == "Condition":
            yield from walk([*step["Arguments"]["IfSteps"], *step["Arguments"]["ElseSteps"]])


def concrete(value: Any, shape: Shape) -> Any:
    """Return the value with each reference replaced by a sample that the shape at its place accepts."""
    if isinstance(value, Mapping) and len(value) == 1 and next(iter(value)) in REFERENCES:
        if shape.type_name != "string":
            raise AssertionError(f"a reference stands where a {shape.type_name} is wanted")
        return next(sample for sample in SAMPLES if not list(strict_faults(sample, shape, "")))
    if isinstance(value, Mapping) and shape.type_name == "structure":
        return {
            key: concrete(item, shape.members[key]) if key in shape.members else item for key, item in value.items()
        }
    if isinstance(value, Mapping) and shape.type_name == "map":
        return {key: concrete(item, shape.value) for key, item in value.items()}
    if isinstance(value, list) and shape.type_name == "list":
        return [concrete(item, shape.member) for item in value]
    return value


def strict_faults(value: Any, shape: Shape, where: str) -> Iterator[str]:
    """Yield what breaks an enum, a pattern or an upper bound."""
    most = shape.metadata.get("max", float("inf"))
    size = value if isinstance(value, (int, float)) else len(value)
    if size > most:
        yield f"{where} = {value!r} exceeds {most}"
    if isinstance(value, str):
        if shape.enum and value not in shape.enum:
            yield f"{where} = {value!r} is not in its enum"
        pattern = re.sub(
            r"\$\{\d+,\d+\}", "$", shape.metadata.get("pattern", ".*")
        )  # some repeat their end: `)${1,256}`
        if not regex.fullmatch(pattern, value, regex.DOTALL):
            yield f"{where} = {value!r} does not match {pattern}"
    elif isinstance(value, list) and shape.type_name == "list":
        for index, item in enumerate(value):
            yield from strict_faults(item, shape.member, f"{where}[{index}]")
    elif isinstance(value, dict) and shape.type_name == "structure":
        for key, item in value.items():
            if key in shape.members:
                yield from strict_faults(item, shape.members[key], f"{where}.{key}")
    elif isinstance(value, dict) and shape.type_name == "map":
        for key, item in value.items():
            yield from strict_faults(key, shape.key, f"{where} key")
            yield from strict_faults(item, shape.value, f"{where}.{key}")

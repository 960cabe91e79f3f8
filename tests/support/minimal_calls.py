"""The smallest call that a service model accepts, and what is wrong with an answer: for tests of every operation."""

from __future__ import annotations

from typing import Any

from botocore.model import ListShape, MapShape, Shape, StructureShape

from mlops_estate.embedded.validation.model import CallFault, _structure, service_model
from mlops_estate.embedded.validation.patterns import matches

ARN = "arn:aws:{}:eu-west-1:123456789012:{}"
TEXTS = ("thing", "1", "1.0", "a/b", "s3://bucket/path", "https://s3/bucket/path", "https://a.test/b", "a.test:80/b",
         "d-abcdefghijkl", "arn:aws:iam::123456789012:role/estate", "subnet-0123456789abcdef0", "eu-west-1a",
         "sg-0123456789abcdef0", "vpc-0123456789abcdef0", "123456789012.dkr.ecr.eu-west-1.amazonaws.com/a:1",
         "tpo-0123456789abcdef0", "5b01a2e0-8d64-4f4e-9c0c-0c1d3f5b3a01", "a", "abcdefghijkl", "1.0.0", "{}", "PT1H",
         *(ARN.format("sagemaker", f"{kind}/thing") for kind in
           ("model-package", "model-package-group", "cluster", "endpoint", "mlflow-tracking-server", "image",
            "workteam/private-crowd", "hub-content/aws/Model", "studio-lifecycle-config", "pipeline")),
         ARN.format("sagemaker", "cluster/abcdefghijkl"),
         ARN.format("kms", "key/abc"), ARN.format("lambda", "function:a"),
         ARN.format("sagemaker", "hub-content/SageMakerPublicHub/Model/thing/1.0.0"),
         "arn:aws:sagemaker:eu-west-1:aws:hub-content/SageMakerPublicHub/Model/thing/1.0.0",
         ARN.format("s3", "bucket"))  # fmt: skip


def minimal_call(service: str, operation: str, **given: Any) -> dict[str, Any]:
    """Return the parameters of the smallest call, `given` ones as they are."""
    shape = service_model(service).operation_model(operation).input_shape
    needed = [name for name in (shape.required_members if shape else []) if name not in given]
    return {**{name: _minimal(shape.members[name]) for name in needed if shape}, **given}


def _minimal(shape: Shape) -> Any:
    if isinstance(shape, StructureShape):
        names = list(shape.required_members)
        if getattr(shape, "is_tagged_union", False) and not names:
            names = list(shape.members)[:1]
        return {name: _minimal(shape.members[name]) for name in names}
    if isinstance(shape, ListShape):
        return [_minimal(shape.member) for _ in range(int(shape.metadata.get("min", 0)))]
    if isinstance(shape, MapShape):
        return {_minimal(shape.key): _minimal(shape.value)} if shape.metadata.get("min") else {}
    if shape.type_name in {"integer", "long", "float", "double"}:
        return int(shape.metadata.get("min", 1))
    if shape.type_name == "boolean":
        return True
    if shape.type_name == "timestamp":
        return 1_700_000_000
    return _text(shape)


def _text(shape: Shape) -> str:
    if enum := getattr(shape, "enum", None):
        return str(enum[0])
    low, high = int(shape.metadata.get("min", 0)), int(shape.metadata.get("max", 10_000))
    pattern = shape.metadata.get("pattern")
    for text in (*TEXTS, *(text.ljust(low, "a") for text in TEXTS)):
        if low <= len(text) <= high and (not pattern or matches(pattern, text)):
            return text
    raise AssertionError(f"no text of `TEXTS` fits {shape.name}: {pattern}")


def answer_faults(service: str, operation: str, answer: dict[str, Any]) -> list[CallFault]:
    """Return every fault of an answer by the service's model: missing, unknown, mistyped or malformed members."""
    shape = service_model(service).operation_model(operation).output_shape
    return list(_structure(answer, shape, "", operation)) if shape else []

"""Things of SageMaker that several tests of the embedded account start from."""

from __future__ import annotations

from typing import Any

ROLE = "arn:aws:iam::123456789012:role/estate"
IMAGE = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/serve:1"


def create_model(client: Any, name: str) -> None:
    """Create a model of one container."""
    client.create_model(ModelName=name, ExecutionRoleArn=ROLE, PrimaryContainer={"Image": IMAGE})


def serve_endpoint(client: Any, name: str) -> None:
    """Create a model, an endpoint configuration and an endpoint of one name, with one variant, "main"."""
    create_model(client, name)
    variant = {"VariantName": "main", "ModelName": name, "InstanceType": "ml.g5.xlarge", "InitialInstanceCount": 1}
    client.create_endpoint_config(EndpointConfigName=name, ProductionVariants=[variant])
    client.create_endpoint(EndpointName=name, EndpointConfigName=name)

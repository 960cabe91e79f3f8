"""Things of SageMaker that several tests of the embedded account start from."""

from __future__ import annotations

from typing import Any

from botocore import xform_name

from tests.support.minimal_calls import minimal_call

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


def create_job_definition(client: Any, kind: str, name: str) -> None:
    """Create a monitor's job definition, for an endpoint that need not be there; `kind` as in `ModelBias`."""
    source: dict[str, Any] = {"EndpointInput": {"EndpointName": "live", "LocalPath": "/opt/ml/processing/input"}}
    if kind in {"ModelQuality", "ModelBias"}:
        source["GroundTruthS3Input"] = {"S3Uri": "s3://some-bucket/truth"}
    named = {"JobDefinitionName": name, f"{kind}JobInput": source}
    call = minimal_call("sagemaker", f"Create{kind}JobDefinition", **named)
    getattr(client, xform_name(f"Create{kind}JobDefinition"))(**call)

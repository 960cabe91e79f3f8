"""A model version and an endpoint as the service describes them, for tests of lineage."""

from __future__ import annotations

from typing import Any

BASE = "arn:aws:sagemaker:eu-west-1:123456789012"
RECORDS = "s3://raw/churn"
SNAPSHOT_URI = "s3://curated/churn/run-1/snapshot/data.csv"
MODEL_URI = "s3://models/churn/models/model.tar.gz"
PACKAGE: dict[str, Any] = {
    "ModelPackageGroupName": "mlops-churn",
    "ModelPackageVersion": 1,
    "ModelPackageArn": f"{BASE}:model-package/mlops-churn/1",
    "ModelApprovalStatus": "Approved",
    "ApprovalDescription": "good enough",
    "MetadataProperties": {"GeneratedBy": f"{BASE}:pipeline/mlops-dev-churn-training/execution/run-1"},
    "InferenceSpecification": {
        "Containers": [{"Image": "123456789012.dkr.ecr.eu-west-1.amazonaws.com/inference:1", "ModelDataUrl": MODEL_URI}]
    },
    "CustomerMetadataProperties": {
        "commit": "c0ffee",
        "seed": "7",
        "source": "s3://models/churn/source/0123456789abcdef/sourcedir.tar.gz",
        "label": "churned",
        "snapshot_sha256": "a" * 64,
        "snapshot_uri": "s3://curated/churn/run-1/snapshot",
        "model_sha256": "b" * 64,
        "metric": "roc_auc",
        "score": "0.81",
        "version": "1.0.0",
    },
}
ENDPOINT: dict[str, Any] = {
    "EndpointName": "mlops-dev-churn",
    "EndpointArn": f"{BASE}:endpoint/mlops-dev-churn",
    "EndpointConfigName": "churn-v1",
}


def version(number: int, digit: str) -> dict[str, Any]:
    """Return another version: its own model and snapshot, from a run of its own."""
    said = PACKAGE["CustomerMetadataProperties"]
    model = f"s3://models/churn/models/{number}/model.tar.gz"
    container = {**PACKAGE["InferenceSpecification"]["Containers"][0], "ModelDataUrl": model}
    return {
        **PACKAGE,
        "ModelPackageVersion": number,
        "ModelPackageArn": f"{BASE}:model-package/mlops-churn/{number}",
        "MetadataProperties": {"GeneratedBy": f"{BASE}:pipeline/mlops-dev-churn-training/execution/run-{number}"},
        "InferenceSpecification": {"Containers": [container]},
        "CustomerMetadataProperties": {
            **said,
            "snapshot_sha256": digit * 64,
            "snapshot_uri": f"s3://curated/churn/run-{number}/snapshot",
            "model_sha256": digit * 64,
        },
    }

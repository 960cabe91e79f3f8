"""The whole mapping, one entry per type."""

from __future__ import annotations

from cdk_twin import rows_account, rows_data, rows_models
from cdk_twin.rows import Part, Row

TABLE: dict[str, Row | Part] = {**rows_data.TABLE, **rows_models.TABLE, **rows_account.TABLE}
LEFT_OUT = rows_account.LEFT_OUT
UNREVIEWED = "the mapping has no row for it"


def row_of(token: str) -> Row | Part | None:
    """Return the row of a type; one of `aws-native` needs none to be declared, as its names are CloudFormation's."""
    found = TABLE.get(token)
    if found is None and token.startswith("aws-native:"):
        _, module, name = token.split(":")
        return Row(f"AWS::{NATIVE_SERVICES.get(module, module.capitalize())}::{name}")
    return found


NATIVE_SERVICES = {"sagemaker": "SageMaker", "ec2": "EC2", "iam": "IAM", "kms": "KMS", "s3": "S3", "sns": "SNS",
                   "sqs": "SQS", "stepfunctions": "StepFunctions", "cloudwatch": "CloudWatch"}  # fmt: skip
"""How CloudFormation spells services whose name it doesn't merely capitalize."""


def why_left_out(token: str) -> str:
    """Say why a type is not in the twin."""
    return LEFT_OUT.get(token, UNREVIEWED)

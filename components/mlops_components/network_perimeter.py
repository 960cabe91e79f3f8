"""Network perimeter of a bucket: its objects are reached through the estate's own endpoints of S3, or not at all."""

from collections.abc import Sequence
from typing import Any

from mlops_components.documents import Statement, partition, roles_of, statement

READ_OBJECTS = ("s3:GetObject", "s3:GetObjectVersion")
WRITE_OBJECTS = ("s3:DeleteObject", "s3:DeleteObjectVersion", "s3:PutObject")


def inside_only(
    arn: str, endpoint_ids: Sequence[str], exempt_arns: Sequence[str], writer_arns: Sequence[str] = ()
) -> list[Statement]:
    """Return the statements that refuse objects to whoever doesn't come through one of the endpoints; none without any.

    A bucket's settings are not objects: delivery and audit reach them from everywhere. Let through besides are

    - AWS services as themselves, such as the one that delivers access logs;
    - queries of Athena, whose requests never carry an endpoint (Athena user guide, "Control access to Amazon S3 from
      Athena"), with the rights of whoever asks;
    - the roles `exempt_arns`, and for writing alone `writer_arns`.

    Source: S3 user guide, "Controlling access from VPC endpoints with bucket policies"; IAM user guide, "AWS global
    condition context keys".
    """
    if not endpoint_ids:
        return []
    return [
        statement(
            f"Refuse{what}FromOutside", actions, [f"{arn}/*"], effect="Deny", principal="*",
            condition=_outside(endpoint_ids, exempt),
        )
        for what, actions, exempt in (
            ("Reading", READ_OBJECTS, exempt_arns),
            ("Writing", WRITE_OBJECTS, [*exempt_arns, *writer_arns]),
        )
    ]  # fmt: skip


def _outside(endpoint_ids: Sequence[str], exempt_arns: Sequence[str]) -> dict[str, dict[str, Any]]:
    # A negated operator holds where its key is missing: a request without endpoint, a service without ARN.
    made: dict[str, dict[str, Any]] = {
        "StringNotEquals": {"aws:SourceVpce": list(endpoint_ids)},
        "BoolIfExists": {"aws:PrincipalIsAWSService": "false"},
        "ForAllValues:StringNotEquals": {"aws:CalledVia": ["athena.amazonaws.com"]},
    }
    if exempt_arns:
        made["ArnNotLike"] = {"aws:PrincipalArn": sorted(exempt_arns)}
    return made


def macie_role(account: str, region: str) -> str:
    """Return the ARN of the role as which Macie reads objects, and which nobody else can take (Macie user guide,
    "Allowing Macie to access S3 buckets and objects")."""
    name = "aws-service-role/macie.amazonaws.com/AWSServiceRoleForAmazonMacie"
    return f"arn:{partition(region)}:iam::{account}:role/{name}"


def recovery_roles(prefix: str, account: str, region: str) -> list[str]:
    """Return the ARNs of the roles as which AWS Backup, and nobody else, reads and restores objects."""
    return [f"arn:{partition(region)}:iam::{account}:role/{prefix}-{purpose}" for purpose in ("backup", "restore")]


def capturing_roles(prefix: str, account: str, region: str) -> str:
    """Return the ARN pattern of the endpoints' roles, as which SageMaker writes captured requests.

    The documentation doesn't say that hosting does so from the endpoint's own network.
    """
    return f"{roles_of(prefix, account, region)}-endpoint"

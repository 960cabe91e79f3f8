"""IAM policy documents, ARNs and S3 locations as pure functions shared by the components."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

Statement = dict[str, Any]


def partition(region: str) -> str:
    """Return the AWS partition a region lies in (AWS General Reference, ARN format)."""
    if region.startswith("cn-"):
        return "aws-cn"
    return "aws-us-gov" if region.startswith("us-gov-") else "aws"


def dns_suffix(region: str) -> str:
    """Return the DNS suffix of a region's service addresses."""
    return "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"


def policy(statements: Iterable[Statement]) -> str:
    """Return a policy document as compact JSON, keys in the order given."""
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)}, separators=(",", ":"))


def statement(
    sid: str,
    actions: Sequence[str],
    resources: Sequence[str],
    *,
    effect: str = "Allow",
    principal: Any = None,
    condition: Mapping[str, Mapping[str, Any]] | None = None,
) -> Statement:
    """Return one statement; without `principal` it is for an identity policy, without resources it names none."""
    made: Statement = {"Sid": sid, "Effect": effect}
    if principal is not None:
        made["Principal"] = principal
    made["Action"] = list(actions)
    if resources:
        made["Resource"] = list(resources)
    if condition:
        made["Condition"] = {operator: dict(keys) for operator, keys in condition.items()}
    return made


def service_principal(service: str) -> dict[str, str]:
    """Return the principal of an AWS service, such as `cloudwatch`."""
    return {"Service": f"{service}.amazonaws.com"}


def account_root(account: str, region: str) -> str:
    """Return the ARN that stands for an account as a principal."""
    return f"arn:{partition(region)}:iam::{account}:root"


def roles_of(prefix: str, account: str, region: str) -> str:
    """Return the ARN pattern of an environment's roles: all are named `{prefix}-...`."""
    return f"arn:{partition(region)}:iam::{account}:role/{prefix}-*"


def trail_arn(prefix: str, account: str, region: str) -> str:
    """Return the ARN of an environment's CloudTrail trail, known before the trail exists."""
    return f"arn:{partition(region)}:cloudtrail:{region}:{account}:trail/{prefix}-audit"


def assume_role_policy(service: str, account: str, source_arn: str = "") -> str:
    """Return a trust policy for one service acting for this account, and for `source_arn` where it is given, only.

    Source: IAM user guide, The confused deputy problem.
    """
    made: Statement = {
        "Sid": "ServiceOfThisAccount",
        "Effect": "Allow",
        "Principal": service_principal(service),
        "Action": "sts:AssumeRole",
        "Condition": {"StringEquals": {"aws:SourceAccount": account}},
    }
    if source_arn:
        made["Condition"]["ArnEquals"] = {"aws:SourceArn": source_arn}
    return policy([made])


def tls_only(actions: Sequence[str], resources: Sequence[str]) -> Statement:
    """Return the statement that refuses every request not made over TLS."""
    return statement(
        "RefuseWithoutTls", actions, resources,
        effect="Deny", principal="*", condition={"Bool": {"aws:SecureTransport": "false"}},
    )  # fmt: skip


def bucket_arn(bucket: str, region: str) -> str:
    """Return a bucket's ARN."""
    return f"arn:{partition(region)}:s3:::{bucket}"


def split_s3_uri(uri: str) -> tuple[str, str]:
    """Return bucket and key prefix of an S3 URI; raises ValueError for anything else."""
    match = re.fullmatch(r"s3://([^/]+)(?:/(.*))?", uri)
    if not match:
        raise ValueError(f"{uri!r} is not an S3 URI; write s3://BUCKET/PREFIX")
    return match[1], match[2] or ""


def join_s3_uri(bucket: str, *parts: str) -> str:
    """Return the URI of a key in a bucket."""
    return "/".join([f"s3://{bucket}", *(part.strip("/") for part in parts)])


def object_arns(uris: Iterable[str], region: str) -> list[str]:
    """Return ARN patterns for all objects under S3 URIs; a URI without a trailing slash also names that very object."""
    arns: set[str] = set()
    for uri in uris:
        bucket, key = split_s3_uri(uri)
        base = bucket_arn(bucket, region)
        arns.add(f"{base}/{key.rstrip('/')}/*" if key.strip("/") else f"{base}/*")
        if key and not key.endswith("/"):
            arns.add(f"{base}/{key}")
    return sorted(arns)


def repository_arn(image_uri: str) -> str:
    """Return the ARN of the ECR repository an image URI names; raises ValueError when it names none."""
    match = re.fullmatch(r"(\d{12})\.dkr\.ecr\.([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?/([^:@]+)(?:[:@].+)?", image_uri)
    if not match:
        raise ValueError(f"{image_uri!r} is no ECR image; write ACCOUNT.dkr.ecr.REGION.amazonaws.com/REPOSITORY:TAG")
    account, region, repository = match.groups()
    return f"arn:{partition(region)}:ecr:{region}:{account}:repository/{repository}"

"""Buckets, whatever they are for: name, hardening, encryption, ageing, access logs, lock."""

from collections.abc import Sequence
from typing import Any, TypeVar

import pulumi
from pulumi_aws import s3

from mlops_components.documents import (
    Statement,
    bucket_arn,
    partition,
    policy,
    service_principal,
    statement,
    tls_only,
)
from mlops_components.validation import Checker

T = TypeVar("T")

ACCESS_LOGS = "access-logs"
LOCK_MODES = ("GOVERNANCE", "COMPLIANCE")


def harden_bucket(
    name: str,
    bucket: s3.Bucket,
    arn: str,
    statements: pulumi.Input[Sequence[Statement]],
    parent: pulumi.Resource,
    *,
    retain: bool = False,
) -> s3.BucketPolicy:
    """Declare what every bucket gets, whatever it is for, and return its policy: TLS only, and `statements`.

    Public access is blocked, ACLs are off, versions are kept. With `retain` all of it stays when the stack goes.
    """
    stays = retain or None
    child = pulumi.ResourceOptions(parent=parent, retain_on_delete=stays)
    block = s3.BucketPublicAccessBlock(
        f"{name}-public-access",
        bucket=bucket.bucket,
        block_public_acls=True,
        block_public_policy=True,
        ignore_public_acls=True,
        restrict_public_buckets=True,
        opts=child,
    )
    s3.BucketOwnershipControls(
        f"{name}-ownership",
        bucket=bucket.bucket,
        rule={"object_ownership": "BucketOwnerEnforced"},
        opts=child,
    )
    s3.BucketVersioning(
        f"{name}-versioning",
        bucket=bucket.bucket,
        versioning_configuration={"status": "Enabled"},
        opts=child,
    )
    return s3.BucketPolicy(
        f"{name}-policy",
        bucket=bucket.bucket,
        policy=pulumi.Output.from_input(statements).apply(
            lambda own: policy([tls_only(["s3:*"], [arn, f"{arn}/*"]), *own])
        ),
        # S3 refuses simultaneous changes of a bucket's access.
        opts=pulumi.ResourceOptions(parent=parent, depends_on=[block], retain_on_delete=stays),
    )


def bucket_name(prefix: str, purpose: str, account: str, region: str) -> str:
    """Return a bucket's name, unique in the world by its account."""
    return f"{prefix}-{purpose}-{account}-{region}"


def refuse_other_encryption(arn: str, key_arns: Sequence[str]) -> list[Statement]:
    """Return the statements that refuse uploads asking for no KMS encryption, or for a key of another class.

    An upload that asks for nothing gets the bucket's default, so only a header that is there is compared.
    """
    algorithm, key = "s3:x-amz-server-side-encryption", "s3:x-amz-server-side-encryption-aws-kms-key-id"
    return [
        statement(
            "RefuseOtherEncryption", ["s3:PutObject"], [f"{arn}/*"], effect="Deny", principal="*",
            condition={"Null": {algorithm: "false"}, "StringNotEquals": {algorithm: "aws:kms"}},
        ),
        statement(
            "RefuseOtherKeys", ["s3:PutObject"], [f"{arn}/*"], effect="Deny", principal="*",
            condition={"Null": {key: "false"}, "StringNotEquals": {key: list(key_arns)}},
        ),
    ]  # fmt: skip


def log_delivery(
    prefix: str, account: str, region: str, logs_arn: str = "", adopted_buckets: Sequence[str] = ()
) -> Statement:
    """Return the statement that lets S3 deliver the access logs of the environment's buckets, adopted ones too."""
    own = {"StringEquals": {"aws:SourceAccount": account}}
    patterns = [f"arn:{partition(region)}:s3:::{prefix}-*", *(bucket_arn(name, region) for name in adopted_buckets)]
    sources = {"ArnLike": {"aws:SourceArn": patterns if adopted_buckets else patterns[0]}}
    logs = logs_arn or bucket_arn(bucket_name(prefix, ACCESS_LOGS, account, region), region)
    return statement(
        "DeliverAccessLogs", ["s3:PutObject"], [f"{logs}/*"],
        principal=service_principal("logging.s3"), condition={**own, **sources},
    )  # fmt: skip


def lifecycle_rules(*, noncurrent_kept: int, infrequent_after: int = 0, expire_after: int = 0) -> list[dict[str, Any]]:
    """Return a bucket's lifecycle rules; 0 days means never."""
    rules: list[dict[str, Any]] = [
        {
            "id": "drop-unfinished-uploads",
            "status": "Enabled",
            "filter": {"prefix": ""},
            "abort_incomplete_multipart_upload": {"days_after_initiation": 7},
        },
        {
            "id": "drop-old-versions",
            "status": "Enabled",
            "filter": {"prefix": ""},
            "noncurrent_version_expiration": {"noncurrent_days": noncurrent_kept},
        },
    ]
    if infrequent_after:
        move = {"days": infrequent_after, "storage_class": "STANDARD_IA"}
        rules.append(
            {"id": "to-infrequent-access", "status": "Enabled", "filter": {"prefix": ""}, "transitions": [move]}
        )
    if expire_after:
        rules.append(
            {"id": "expire", "status": "Enabled", "filter": {"prefix": ""}, "expiration": {"days": expire_after}}
        )
    return rules


def encrypt_bucket(
    name: str,
    bucket: s3.Bucket,
    key_arn: pulumi.Input[str] | None,
    opts: pulumi.ResourceOptions,
    *,
    bucket_key: bool = True,
) -> s3.BucketServerSideEncryptionConfiguration:
    """Declare the default encryption: with a key, or with S3's own, as a bucket that takes access logs needs it."""
    rule: Any = {"sse_algorithm": "AES256"}
    if key_arn is not None:
        rule = {"sse_algorithm": "aws:kms", "kms_master_key_id": key_arn}
    use_bucket_key = bucket_key and key_arn is not None
    return s3.BucketServerSideEncryptionConfiguration(
        f"{name}-encryption",
        bucket=bucket.bucket,
        rules=[{"apply_server_side_encryption_by_default": rule, "bucket_key_enabled": use_bucket_key}],
        opts=opts,
    )


def age_bucket(name: str, bucket: s3.Bucket, rules: Any, opts: pulumi.ResourceOptions) -> None:
    """Declare how objects age; `rules` as `lifecycle_rules` returns them."""
    s3.BucketLifecycleConfiguration(f"{name}-lifecycle", bucket=bucket.bucket, rules=rules, opts=opts)


def log_access(
    name: str, bucket: s3.Bucket, logs_bucket: pulumi.Input[str], purpose: str, opts: pulumi.ResourceOptions
) -> None:
    """Declare that access is logged, below the bucket's purpose."""
    s3.BucketLogging(
        f"{name}-logging", bucket=bucket.bucket, target_bucket=logs_bucket, target_prefix=f"{purpose}/", opts=opts
    )


def lock_bucket(
    name: str, bucket: s3.Bucket, mode: str, days: int, opts: pulumi.ResourceOptions
) -> s3.BucketObjectLockConfiguration:
    """Declare the default retention of new objects, in days."""
    return s3.BucketObjectLockConfiguration(
        f"{name}-lock",
        bucket=bucket.bucket,
        object_lock_enabled="Enabled",
        rule={"default_retention": {"mode": mode, "days": days}},
        opts=opts,
    )


def check_bucket_name(check: Checker[T], purpose: str) -> None:
    """Check the name that a bucket gets from prefix, account and region, where all three are known."""
    prefix, account, region = (check.plain(path) for path in ("prefix", "account", "region"))
    if prefix and account and region:
        check.aws_name("prefix", bucket_name(prefix, purpose, account, region), "bucket")

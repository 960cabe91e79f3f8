"""Buckets of logs and of what is found in them: hardened as every bucket is, with access logs, an age and a lock."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pulumi
from pulumi_aws import s3

from mlops_components.data_lake import bucket_name, harden_bucket, lifecycle_rules
from mlops_components.documents import Statement, bucket_arn

# A deleted or overwritten log is kept this long, and as long as its lock lasts.
NONCURRENT_KEPT = 30


@dataclass(frozen=True)
class LogBucket:
    """One bucket: what it is for, whose key encrypts it, how long its objects are kept, and how they are locked.

    `emptied` is whether deleting the bucket deletes objects; `lock` is mode and days of its default retention.
    """

    purpose: str
    prefix: str
    account: str
    region: str
    key_arn: pulumi.Input[str]
    access_logs_bucket: pulumi.Input[str]
    keep_days: int
    emptied: bool
    protect: bool
    bucket_key: bool = True
    statements: Sequence[Statement] = field(default_factory=list)
    lock: tuple[str, int] | None = None

    @property
    def name(self) -> str:
        """The bucket's name."""
        return bucket_name(self.prefix, self.purpose, self.account, self.region)

    @property
    def arn(self) -> str:
        """The bucket's ARN."""
        return bucket_arn(self.name, self.region)


def declare_log_bucket(name: str, plan: LogBucket, parent: pulumi.Resource) -> tuple[s3.Bucket, list[pulumi.Resource]]:
    """Declare the bucket and its settings; return it with what has to be there before a service writes to it."""
    name = f"{name}-{plan.purpose}"
    child = pulumi.ResourceOptions(parent=parent)
    bucket = s3.Bucket(
        name,
        bucket=plan.name,
        force_destroy=plan.emptied,
        object_lock_enabled=plan.lock is not None,
        tags={"purpose": plan.purpose, "data-class": "operations"},
        opts=pulumi.ResourceOptions(parent=parent, protect=plan.protect),
    )
    allowed = harden_bucket(name, bucket, plan.arn, plan.statements, parent)
    encrypted = s3.BucketServerSideEncryptionConfiguration(
        f"{name}-encryption",
        bucket=bucket.bucket,
        rules=[
            {
                "apply_server_side_encryption_by_default": {
                    "sse_algorithm": "aws:kms",
                    "kms_master_key_id": plan.key_arn,
                },
                "bucket_key_enabled": plan.bucket_key,
            }
        ],
        opts=child,
    )
    aging: Any = lifecycle_rules(noncurrent_kept=NONCURRENT_KEPT, expire_after=plan.keep_days)
    s3.BucketLifecycleConfiguration(f"{name}-lifecycle", bucket=bucket.bucket, rules=aging, opts=child)
    s3.BucketLogging(
        f"{name}-logging",
        bucket=bucket.bucket,
        target_bucket=plan.access_logs_bucket,
        target_prefix=f"{plan.purpose}/",
        opts=child,
    )
    ready: list[pulumi.Resource] = [allowed, encrypted]
    if plan.lock:
        mode, days = plan.lock
        ready.append(
            s3.BucketObjectLockConfiguration(
                f"{name}-lock",
                bucket=bucket.bucket,
                object_lock_enabled="Enabled",
                rule={"default_retention": {"mode": mode, "days": days}},
                opts=child,
            )
        )
    return bucket, ready

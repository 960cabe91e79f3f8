"""Buckets of logs and of what is found in them: hardened as every bucket is, with access logs, an age and a lock."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import pulumi
from pulumi_aws import s3

from mlops_components.buckets import (
    age_bucket,
    bucket_name,
    encrypt_bucket,
    harden_bucket,
    lifecycle_rules,
    lock_bucket,
    log_access,
)
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
    encrypted = encrypt_bucket(name, bucket, plan.key_arn, child, bucket_key=plan.bucket_key)
    age_bucket(name, bucket, lifecycle_rules(noncurrent_kept=NONCURRENT_KEPT, expire_after=plan.keep_days), child)
    log_access(name, bucket, plan.access_logs_bucket, plan.purpose, child)
    ready: list[pulumi.Resource] = [allowed, encrypted]
    if plan.lock:
        ready.append(lock_bucket(name, bucket, *plan.lock, child))
    return bucket, ready

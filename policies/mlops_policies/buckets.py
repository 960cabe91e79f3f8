"""What is configured of an S3 bucket, wherever it stands: in the bucket itself or in a resource of its own.

Everything here raises `UnknownValue` where an answer hangs on what is unknown until the update. A resource of its own
counts before the inline property: the provider reads the latter back from AWS, and late.
"""

from __future__ import annotations

from dataclasses import dataclass

from mlops_policies.resource import Resource, View
from mlops_policies.stack import Stack
from mlops_policies.values import UnknownValue, is_absent, is_unknown, listed

BUCKET = "aws:s3/bucket:Bucket"
ENCRYPTION = "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"
VERSIONING = "aws:s3/bucketVersioning:BucketVersioning"
PUBLIC_ACCESS_BLOCK = "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock"
POLICY = "aws:s3/bucketPolicy:BucketPolicy"
LIFECYCLE = "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration"
LOGGING = "aws:s3/bucketLogging:BucketLogging"
OBJECT_LOCK = "aws:s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration"
REPLICATION = "aws:s3/bucketReplicationConfig:BucketReplicationConfig"
OBJECTS = ("aws:s3/bucketObject:BucketObject", "aws:s3/bucketObjectv2:BucketObjectv2")
LOAD_BALANCER = "aws:lb/loadBalancer:LoadBalancer"

ALGORITHM = "applyServerSideEncryptionByDefault.sseAlgorithm"
KEY = "applyServerSideEncryptionByDefault.kmsMasterKeyId"
"""Where an encryption rule names its algorithm and its key."""

_LOG_INTO = ((LOGGING, "targetBucket"), (BUCKET, "logging.targetBucket"), (LOAD_BALANCER, "accessLogs.bucket"))


def is_given(bucket: Resource, name: str) -> bool:
    """Whether a bucket has an inline property; what is unknown because the provider works it out is none."""
    value = bucket.value.get(name)
    return not is_absent(value) and value != [] and (not is_unknown(value) or bucket.declares(name))


def inline(bucket: Resource, name: str) -> View | None:
    """Return an inline block of a bucket, or None."""
    return bucket.items(name)[0] if is_given(bucket, name) else None


def encryption_of(bucket: Resource, stack: Stack) -> View | None:
    """Return the rule of a bucket's default encryption, with `ALGORITHM` and `KEY`; None where AWS's default holds."""
    for separate in stack.referring(bucket, ENCRYPTION, by="bucket"):
        return next(iter(separate.items("rules")), None)
    own = inline(bucket, "serverSideEncryptionConfiguration")
    return None if own is None else next(iter(own.items("rule")), None)


def algorithm_of(bucket: Resource, stack: Stack) -> str:
    """Return a bucket's default encryption: ``AES256``, which AWS applies where nothing is said, or ``aws:kms…``."""
    rule = encryption_of(bucket, stack)
    return "AES256" if rule is None else str(rule.get(ALGORITHM, "AES256"))


def names_key(bucket: Resource, stack: Stack) -> bool:
    """Whether a bucket's encryption names a key of one's own: one is given, and it is not the one that AWS manages."""
    rule = encryption_of(bucket, stack)
    key = None if rule is None else rule.raw(KEY)
    return not is_absent(key) and not str(listed(key)[0]).endswith("alias/aws/s3")


def versioning_of(bucket: Resource, stack: Stack) -> str:
    """Return ``Enabled``, ``Suspended`` or ``Disabled``; a bucket with object lock is versioned (S3 sees to it)."""
    for separate in stack.referring(bucket, VERSIONING, by="bucket"):
        return str(separate.get("versioningConfiguration.status", "Disabled"))
    if has_object_lock(bucket, stack):
        return "Enabled"
    own = inline(bucket, "versioning")
    return "Enabled" if own is not None and own.get("enabled") else "Disabled"


def has_object_lock(bucket: Resource, stack: Stack) -> bool:
    """Whether objects of a bucket can be locked against changes."""
    if is_given(bucket, "objectLockEnabled") and bucket.get("objectLockEnabled"):
        return True
    separate = stack.referring(bucket, OBJECT_LOCK, by="bucket")
    own = inline(bucket, "objectLockConfiguration")
    return bool(separate) or (own is not None and own.get("objectLockEnabled") == "Enabled")


def public_access_block_of(bucket: Resource, stack: Stack) -> View | None:
    """Return the block of public access that is declared for a bucket, with its four flags."""
    for separate in stack.referring(bucket, PUBLIC_ACCESS_BLOCK, by="bucket"):
        return separate
    return inline(bucket, "publicAccessBlock")


def policies_of(bucket: Resource, stack: Stack) -> list[View]:
    """Return what holds a bucket's policy, as `policy`: resources of their own, or the bucket itself."""
    separate: list[View] = [*stack.referring(bucket, POLICY, by="bucket")]
    return [bucket] if not separate and is_given(bucket, "policy") else separate


def logging_of(bucket: Resource, stack: Stack) -> View | None:
    """Return what says where a bucket's access log goes, as `targetBucket`."""
    for separate in stack.referring(bucket, LOGGING, by="bucket"):
        return separate
    return inline(bucket, "logging")


def is_log_target(bucket: Resource, stack: Stack) -> bool:
    """Whether access logs of other buckets, or of load balancers, are written into a bucket."""
    return any(
        source.urn != bucket.urn for kind, by in _LOG_INTO for source in stack.referring(bucket, kind, by=by)
    )  # fmt: skip


def replication_of(bucket: Resource, stack: Stack) -> list[View]:
    """Return the rules by which a bucket's objects are copied to others."""
    for separate in stack.referring(bucket, REPLICATION, by="bucket"):
        return separate.items("rules")
    own = inline(bucket, "replicationConfiguration")
    return [] if own is None else own.items("rules")


def lifecycle_of(bucket: Resource, stack: Stack) -> list[LifecycleRule]:
    """Return a bucket's lifecycle rules."""
    for separate in stack.referring(bucket, LIFECYCLE, by="bucket"):
        return [LifecycleRule(view, False) for view in separate.items("rules")]
    own = bucket.items("lifecycleRules") if is_given(bucket, "lifecycleRules") else []
    return [LifecycleRule(view, True) for view in own]


def bucket_of_uri(stack: Stack, it: View, path: str) -> Resource | None:
    """Return the bucket of this stack that an S3 URI, ARN or name at a path is in; None where none here is meant.

    What comes from an object is in that object's bucket.
    """
    found: dict[str, Resource] = {}
    for named in stack.referred(it, path, BUCKET, *OBJECTS):
        for bucket in [named] if named.type == BUCKET else stack.referred(named, "bucket", BUCKET):
            found[bucket.urn] = bucket
    if len(found) > 1:
        raise UnknownValue(it.path(path))  # the property comes from several; which stands here can't be told
    return next(iter(found.values()), None)


def name_of(bucket: Resource) -> str:
    """Return a bucket's name; "" where it is unknown or left to Pulumi."""
    name = bucket.value.get("bucket")
    return "" if is_absent(name) or is_unknown(name) else str(name)


@dataclass(frozen=True, slots=True)
class LifecycleRule:
    """One lifecycle rule; the provider's inline rules have other names than those of the separate resource."""

    view: View
    inline: bool

    def enabled(self) -> bool:
        """Whether the rule is in force."""
        return bool(self.view.get("enabled")) if self.inline else self.view.get("status") == "Enabled"

    def prefix(self) -> str:
        """Return the prefix of the keys that the rule is about; "" for all."""
        paths = ("prefix",) if self.inline else ("filter.prefix", "filter.and.prefix", "prefix")
        return next((str(found) for path in paths if (found := self.view.get(path))), "")

    def is_narrow(self) -> bool:
        """Whether the rule is only about objects with certain tags or of certain sizes."""
        tagged = ("tags", "tagFilters", "filter.tag", "filter.and.tags")
        sized = [f"{holder}objectSize{bound}Than" for holder in ("", "filter.", "filter.and.")
                 for bound in ("Greater", "Less")]  # fmt: skip
        return any(self.view.get(path) for path in (*tagged, *sized))

    def expires_after(self) -> int | None:
        """Return after how many days objects are deleted; None where they stay."""
        return self._days("expiration.days")

    def noncurrent_after(self) -> int | None:
        """Return after how many days old versions are deleted; None where they stay."""
        return self._days(f"noncurrentVersionExpiration.{'days' if self.inline else 'noncurrentDays'}")

    def aborts_after(self) -> int | None:
        """Return after how many days unfinished uploads are dropped; None where they stay."""
        if self.inline:
            return self._days("abortIncompleteMultipartUploadDays")
        return self._days("abortIncompleteMultipartUpload.daysAfterInitiation")

    def _days(self, path: str) -> int | None:
        found = self.view.get(path)
        return None if found is None else int(found)

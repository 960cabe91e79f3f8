"""S3 buckets: encryption, versions, logs, lifecycle, locks, copies."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from fnmatch import fnmatchcase

from mlops_policies.buckets import (
    ALGORITHM,
    BUCKET,
    ENCRYPTION,
    LifecycleRule,
    algorithm_of,
    has_object_lock,
    is_log_target,
    lifecycle_of,
    logging_of,
    name_of,
    names_key,
    replication_of,
    versioning_of,
)
from mlops_policies.remedies_storage import bucket_keys
from mlops_policies.resource import Resource, View
from mlops_policies.rule import Use, resource_rule, stack_rule
from mlops_policies.stack import Stack
from mlops_policies.values import UnknownValue, any_of
from mlops_policies.verdicts import Verdict, each, not_applicable

TRAIL = "aws:cloudtrail/trail:Trail"
MODEL = "aws:sagemaker/model:Model"
_GUIDE = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/"
_LOGS = f"{_GUIDE}enable-server-access-logging.html"
_LOG_TARGET = "access logs are written into it"


@stack_rule(
    "s3-kms-encryption",
    on=[BUCKET],
    title="Buckets encrypt with a KMS key of one's own.",
    severity="high",
    level="mandatory",
    why="S3's own key, and the key that AWS manages for it, open to whoever may read the bucket; a key of one's own "
    "has a policy, a log of its use, and can be withdrawn.",
    fix="Declare the bucket's default encryption as aws:kms with a key of your own, or as AES256 for access logs",
    source=(f"{_GUIDE}UsingKMSEncryption.html", _LOGS),
)
def kms_encryption(it: Resource, stack: Stack, use: Use) -> Iterator[Verdict]:
    """S3 encrypts every bucket with AES256 where nothing is said. Without a key, aws:kms means aws/s3, which AWS
    manages. A bucket that access logs are written into has to stay at AES256: KMS is not supported there."""
    algorithm = algorithm_of(it, stack)
    if is_log_target(it, stack):
        if algorithm != "AES256":
            yield it.fails("", f"encrypts by {algorithm}, which is not supported for the access logs it takes")
    elif algorithm not in ("aws:kms", "aws:kms:dsse"):
        yield it.fails("", f"encrypts by {algorithm}, with a key that is S3's")
    elif not names_key(it, stack):
        yield it.fails("", "encrypts with aws/s3, the key that AWS manages; it must name one of your own")


@resource_rule(
    "s3-bucket-key-enabled",
    on=[ENCRYPTION, BUCKET],
    title="Encryption by KMS uses bucket keys.",
    severity="low",
    level="advisory",
    category="cost",
    why="Without a bucket key S3 asks KMS for every object: training over many small files pays for each of them.",
    fix="Set bucketKeyEnabled to true",
    source=f"{_GUIDE}bucket-key.html",
    remedy=bucket_keys,
)
def bucket_key_enabled(it: Resource, use: Use) -> Iterator[Verdict]:
    """Not for aws:kms:dsse, which knows no bucket keys. Absent is false, also where the console would switch it on."""
    rules = it.items("rules" if it.type == ENCRYPTION else "serverSideEncryptionConfiguration.rule")

    def check(rule: View) -> Iterator[Verdict]:
        if rule.get(ALGORITHM) == "aws:kms":
            yield rule.equals("bucketKeyEnabled", True, default=False)

    answers = list(each(rules, check))
    yield from answers or [not_applicable("it does not encrypt by aws:kms")]


@stack_rule(
    "s3-versioning",
    on=[BUCKET],
    title="Buckets keep the versions of their objects.",
    severity="medium",
    level="mandatory",
    category="reliability",
    why="Without versions, what is overwritten or deleted is gone: a training data set, a model, a trail's records.",
    fix="Declare a BucketVersioning with the status Enabled",
    source=f"{_GUIDE}Versioning.html",
)
def versioning(it: Resource, stack: Stack, use: Use) -> Iterator[Verdict]:
    """Buckets that access logs are written into are left alone: those are only added to. Object lock brings versions
    with it, which other tools don't see."""
    status = versioning_of(it, stack)
    if status != "Enabled" and is_log_target(it, stack):
        yield not_applicable(_LOG_TARGET)
    elif status != "Enabled":
        yield it.fails("", f"keeps no versions: versioning is {status.lower()}")


@stack_rule(
    "s3-access-logging",
    on=[BUCKET],
    title="Buckets log who accesses them into another bucket.",
    severity="medium",
    level="advisory",
    why="Without the log nobody can tell afterwards who read or changed training data and captured requests.",
    fix="Declare a BucketLogging with a target bucket that is for logs alone",
    source=_LOGS,
)
def access_logging(it: Resource, stack: Stack, use: Use) -> Iterator[Verdict]:
    """A bucket that logs into itself logs each log it writes, without end. Targets of logs need none themselves."""
    found = logging_of(it, stack)
    if found is None and is_log_target(it, stack):
        yield not_applicable(_LOG_TARGET)
    elif found is None:
        yield it.fails("", "has no access log")
    elif not found.present("targetBucket") or _is_named(it, found, "targetBucket", stack):
        yield it.fails("", "logs into itself")


def _is_named(bucket: Resource, it: View, path: str, stack: Stack) -> bool:
    """Whether a property is known to name a bucket; what is unknown and comes from nowhere is another's."""
    if it.raw(path) == name_of(bucket):
        return True
    try:
        return bucket in stack.referred(it, path, BUCKET)
    except UnknownValue:
        return False


@stack_rule(
    "s3-lifecycle",
    on=[BUCKET],
    title="Buckets drop old versions and unfinished uploads.",
    severity="low",
    level="advisory",
    category="cost",
    why="Old versions and parts of unfinished uploads are paid for and not seen, and personal data in them live on.",
    fix="Declare lifecycle rules with noncurrentVersionExpiration and abortIncompleteMultipartUpload",
    source=f"{_GUIDE}object-lifecycle-mgmt.html",
)
def lifecycle(it: Resource, stack: Stack, use: Use) -> Iterator[Verdict]:
    """Unfinished uploads pile up in any bucket, old versions only in one that keeps them. Rules that are switched off,
    and those about certain tags or sizes only, do nothing for the rest of the bucket and don't count."""
    rules = lifecycle_of(it, stack)
    if not _any_rule(rules, lambda rule: rule.aborts_after() is not None):
        yield it.fails("", "never drops unfinished uploads", key="unfinished-uploads")
    keeps = versioning_of(it, stack) == "Enabled"
    if keeps and not _any_rule(rules, lambda rule: rule.noncurrent_after() is not None):
        yield it.fails("", "never drops old versions", key="old-versions")


def _any_rule(rules: Sequence[LifecycleRule], test: Callable[[LifecycleRule], bool]) -> bool:
    """Whether a rule that is in force for the whole bucket passes a test; unknown ones count where none does."""
    return any_of(rules, lambda rule: rule.enabled() and not rule.is_narrow() and test(rule))


@stack_rule(
    "s3-object-lock-audit",
    on=[BUCKET],
    title="Buckets with audit records and evidence have object lock.",
    severity="medium",
    level="advisory",
    category="compliance",
    why="Records that whoever has the bucket can change or delete prove nothing about how a model was made and used.",
    fix="Create the bucket with objectLockEnabled",
    source=f"{_GUIDE}object-lock.html",
    settings={
        "audit_buckets": {
            "type": "array",
            "items": {"type": "string"},
            "default": ["*audit*", "*cloudtrail*", "*evidence*", "*model-card*"],
            "description": "Patterns of the names of buckets with audit records; those of trails count too.",
        }
    },
)
def object_lock_for_audit(it: Resource, stack: Stack, use: Use) -> Iterator[Verdict]:
    """A bucket is one for records where a trail of the stack writes into it, or by its name. Targets of access logs are
    not: S3 delivers none into a bucket that locks what is written."""
    if is_log_target(it, stack):
        yield not_applicable(_LOG_TARGET)
    elif not _is_called(it, use["audit_buckets"]) and not stack.referring(it, TRAIL, by="s3BucketName"):
        yield not_applicable("it is for no audit records")
    elif not has_object_lock(it, stack):
        yield it.fails("", "holds audit records and has no object lock")


def _is_called(bucket: Resource, patterns: Sequence[str]) -> bool:
    """Whether a bucket's name, or what its name begins with, fits a pattern. Raises `UnknownValue`."""
    name = str(bucket.get("bucket") or bucket.get("bucketPrefix") or "").lower()
    return any(fnmatchcase(name, pattern.lower()) for pattern in patterns)


@stack_rule(
    "s3-replication-prod",
    on=[BUCKET],
    title="In production, model artefacts are copied to another region.",
    severity="low",
    level="advisory",
    category="reliability",
    only=["prod"],
    why="When a region is out, a model whose artefacts are only there can be served nowhere else.",
    fix="Declare a BucketReplicationConfig to a bucket in the recovery region",
    source=f"{_GUIDE}replication.html",
    settings={
        "artefact_buckets": {
            "type": "array",
            "items": {"type": "string"},
            "default": ["*model*", "*artefact*", "*artifact*"],
            "description": "Patterns of the names of buckets with model artefacts; those that models name count too.",
        }
    },
)
def replication(it: Resource, stack: Stack, use: Use) -> Iterator[Verdict]:
    """An enabled rule is asked for, whose target is another bucket; where that is in the stack, in another region."""
    containers = ("primaryContainer", "containers")
    models = (stack.referring(it, MODEL, by=name) for name in containers)
    if not _is_called(it, use["artefact_buckets"]) and not any(models):
        yield not_applicable("it is for no model artefacts")
        return
    rules = [rule for rule in replication_of(it, stack) if rule.get("status") == "Enabled"]
    if not rules:
        yield it.fails("", "holds model artefacts and is copied nowhere")
    elif all(_stays(it, rule, stack) for rule in rules):
        yield it.fails("", "holds model artefacts and is copied within its own region only")


def _stays(bucket: Resource, rule: View, stack: Stack) -> bool:
    """Whether a rule is known to copy into the region where the bucket is."""
    try:
        targets = stack.referred(rule, "destination.bucket", BUCKET)
    except UnknownValue:
        return False  # it comes from elsewhere
    return any(target.region() == bucket.region() != "" for target in targets)


@resource_rule(
    "s3-no-force-destroy-prod",
    on=[BUCKET],
    title="In production, no bucket is emptied when it is destroyed.",
    severity="high",
    level="mandatory",
    category="reliability",
    only=["prod"],
    why="With forceDestroy, removing a bucket from the program deletes all its objects and their versions, at once.",
    fix="Remove forceDestroy",
    source=f"{_GUIDE}delete-bucket.html",
)
def no_force_destroy(it: Resource, use: Use) -> Iterator[Verdict]:
    """No tool asks it; in other environments it is what one wants."""
    yield it.equals("forceDestroy", False, default=False)

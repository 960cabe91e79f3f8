"""S3: legacy and `aws-native` names of what the `aws` provider has.

A native bucket holds inline what the `aws` provider declares beside it; here it is read as that provider's own inline
properties. Two of them the provider doesn't have: `publicAccessBlock` and `ownershipControls`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from mlops_policies.tokens import Alias
from mlops_policies.values import is_unknown

BUCKET = "aws:s3/bucket:Bucket"
_WORD = re.compile(r"(?<!^)(?=[A-Z])")
_SPLIT_V2 = (
    "bucketAccelerateConfiguration",
    "bucketAcl",
    "bucketCorsConfiguration",
    "bucketLifecycleConfiguration",
    "bucketLogging",
    "bucketObjectLockConfiguration",
    "bucketRequestPaymentConfiguration",
    "bucketServerSideEncryptionConfiguration",
    "bucketVersioning",
    "bucketWebsiteConfiguration",
)
"""Types that the provider also had under a name that ends in V2."""
_V2_BLOCKS = {
    "applyServerSideEncryptionByDefaults": "applyServerSideEncryptionByDefault",
    "defaultRetentions": "defaultRetention",
    "destinations": "destination",
    "expirations": "expiration",
    "noncurrentVersionExpirations": "noncurrentVersionExpiration",
}
"""Blocks that a bucket of the V2 type has as lists of one."""
_NATIVE_ENCRYPTION = {
    "serverSideEncryptionByDefault": "applyServerSideEncryptionByDefault",
    "kmsMasterKeyID": "kmsMasterKeyId",
}
_NATIVE_LOGGING = {"destinationBucketName": "targetBucket", "logFilePrefix": "targetPrefix"}


def _renamed(value: Any, names: Mapping[str, str]) -> Any:
    """Return a value with these keys renamed, at any depth."""
    if isinstance(value, list):
        return [_renamed(item, names) for item in value]
    if isinstance(value, Mapping):
        return {names.get(key, key): _renamed(item, names) for key, item in value.items()}
    return value


def _is(value: Any, wanted: str) -> Any:
    """Return whether a value is a word; unknown stays unknown."""
    return value if is_unknown(value) else value == wanted


def _within(holder: Any, name: str) -> Any:
    """Return what a block holds; of an unknown block, that it is unknown."""
    return holder.get(name) if isinstance(holder, Mapping) else holder


def _legacy_bucket(props: dict[str, Any]) -> dict[str, Any]:
    made: dict[str, Any] = _renamed(props, _V2_BLOCKS)
    for name in ("serverSideEncryptionConfiguration", "objectLockConfiguration"):
        if name in made:
            made[name] = _renamed(made[name], {"rules": "rule"})
    return made


def _native_bucket(props: dict[str, Any]) -> dict[str, Any]:
    made = dict(props)
    encryption, lifecycle, versioning = (
        made.get(name) for name in ("serverSideEncryptionConfiguration", "lifecycleRules", "versioning")
    )
    if isinstance(encryption, Mapping):
        rules = _renamed(encryption.get("serverSideEncryptionConfiguration"), _NATIVE_ENCRYPTION)
        made["serverSideEncryptionConfiguration"] = {"rule": rules}
    if isinstance(lifecycle, Mapping):
        rules = lifecycle.get("rules")
        made["lifecycleRules"] = [_native_rule(rule) for rule in rules] if isinstance(rules, list) else rules
    if isinstance(versioning, Mapping):
        made["versioning"] = {"enabled": _is(versioning.get("status"), "Enabled")}
    if "logging" in made:
        made["logging"] = _renamed(made["logging"], _NATIVE_LOGGING)
    if isinstance(made.get("acl"), str) and not is_unknown(made["acl"]):
        made["acl"] = _WORD.sub("-", made["acl"]).lower()
    return made


def _native_rule(rule: Any) -> Any:
    """Read a native lifecycle rule as one of the provider's inline rules."""
    if not isinstance(rule, Mapping):
        return rule
    made = {name: rule[name] for name in ("id", "prefix", "transitions", "tagFilters") if name in rule}
    made |= {name: rule[name] for name in ("objectSizeGreaterThan", "objectSizeLessThan") if name in rule}
    made["enabled"] = _is(rule.get("status"), "Enabled")
    abort = _within(rule.get("abortIncompleteMultipartUpload"), "daysAfterInitiation")
    made["abortIncompleteMultipartUploadDays"] = abort
    days = _within(rule.get("noncurrentVersionExpiration"), "noncurrentDays")
    if days is None:
        days = rule.get("noncurrentVersionExpirationInDays")
    if days is not None:
        made["noncurrentVersionExpiration"] = {"days": days}
    expiration = {"days": rule.get("expirationInDays"), "date": rule.get("expirationDate")}
    if any(value is not None for value in expiration.values()):
        made["expiration"] = expiration
    return made


ALIASES: dict[str, Alias] = {
    "aws:s3/bucketV2:BucketV2": Alias(
        BUCKET,
        {
            "serverSideEncryptionConfigurations": "serverSideEncryptionConfiguration",
            "versionings": "versioning",
            "loggings": "logging",
            "replicationConfigurations": "replicationConfiguration",
            "websites": "website",
        },
        _legacy_bucket,
    ),
    **{
        f"aws:s3/{name}V2:{name[:1].upper()}{name[1:]}V2": Alias(f"aws:s3/{name}:{name[:1].upper()}{name[1:]}")
        for name in _SPLIT_V2
    },
    "aws-native:s3:Bucket": Alias(
        BUCKET,
        {
            "bucketName": "bucket",
            "bucketNamePrefix": "bucketPrefix",
            "accessControl": "acl",
            "bucketEncryption": "serverSideEncryptionConfiguration",
            # How a finding's path is written; the last name of a property counts there.
            "bucketEncryption.serverSideEncryptionConfiguration": "serverSideEncryptionConfiguration",
            "versioningConfiguration": "versioning",
            "loggingConfiguration": "logging",
            "lifecycleConfiguration": "lifecycleRules",
            "lifecycleConfiguration.rules": "lifecycleRules",
            "publicAccessBlockConfiguration": "publicAccessBlock",
        },
        _native_bucket,
    ),
    "aws-native:s3:BucketPolicy": Alias("aws:s3/bucketPolicy:BucketPolicy", {"policyDocument": "policy"}),
    "aws-native:s3:AccessPoint": Alias("aws:s3/accessPoint:AccessPoint"),
}

"""Remedies for buckets and keys: what changes nothing but the fault, and leaves unknown values alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mlops_policies.rule import Use
from mlops_policies.values import is_absent, is_unknown, listed

FLAGS = ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")
"""The four flags of a block of public access."""
_NATIVE_BUCKET = "aws-native:s3:Bucket"
_ENCRYPTION = ("rules", "serverSideEncryptionConfiguration", "serverSideEncryptionConfigurations", "bucketEncryption")
"""Properties that hold encryption rules, by resource."""
_BY_DEFAULT = (
    "applyServerSideEncryptionByDefault",
    "applyServerSideEncryptionByDefaults",
    "serverSideEncryptionByDefault",
)
_SYMMETRIC = {
    "keyUsage": "ENCRYPT_DECRYPT",
    "customerMasterKeySpec": "SYMMETRIC_DEFAULT",
    "keySpec": "SYMMETRIC_DEFAULT",
    "origin": "AWS_KMS",
}


def block_public_access(props: dict[str, Any], token: str, use: Use) -> dict[str, Any] | None:
    """Set the flags of a block of public access that are not set; unknown ones stay."""
    if token == _NATIVE_BUCKET:
        block = props.get("publicAccessBlockConfiguration")
        return {**props, "publicAccessBlockConfiguration": _all_set(block)} if isinstance(block, dict) else None
    return None if token.startswith("aws:s3/bucket") and "PublicAccessBlock" not in token else _all_set(props)


def _all_set(block: dict[str, Any]) -> dict[str, Any]:
    return block | {flag: True for flag in FLAGS if not is_unknown(block.get(flag))}


def bucket_keys(props: dict[str, Any], token: str, use: Use) -> dict[str, Any] | None:
    """Switch the bucket key on in every encryption rule by KMS, whichever resource holds it."""
    return props | {name: _with_keys(props[name]) for name in _ENCRYPTION if name in props}


def _with_keys(value: Any) -> Any:
    if isinstance(value, list):
        return [_with_keys(item) for item in value]
    if not isinstance(value, Mapping):
        return value
    defaults = [default for name in _BY_DEFAULT for default in listed(value.get(name)) if isinstance(default, Mapping)]
    if not defaults:
        return {name: _with_keys(item) for name, item in value.items()}
    by_kms = defaults[0].get("sseAlgorithm") == "aws:kms"
    return {**value, "bucketKeyEnabled": True} if by_kms and not is_unknown(value.get("bucketKeyEnabled")) else value


def key_rotation(props: dict[str, Any], token: str, use: Use) -> dict[str, Any] | None:
    """Switch rotation on, for the keys that KMS rotates: symmetric ones whose material it made itself."""
    others = any(not is_absent(props.get(name)) for name in ("customKeyStoreId", "xksKeyId"))
    if others or any(props.get(name) not in (None, "", value) for name, value in _SYMMETRIC.items()):
        return None
    return None if is_unknown(props.get("enableKeyRotation")) else {**props, "enableKeyRotation": True}

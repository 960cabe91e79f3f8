"""Remedies for buckets and keys: they mend the fault alone, once, and never an unknown value."""

from __future__ import annotations

import copy

import pytest

from mlops_policies import remedies_storage as remedies
from mlops_policies.catalog import rules
from mlops_policies.resource import Resource
from mlops_policies.rule import Use
from mlops_policies.values import UNKNOWN
from mlops_policies.verdicts import Status, gathered, overall

USE = Use("prod", {})
COMPLETE, BUCKET_KEY = "s3-public-access-block-complete", "s3-bucket-key-enabled"
SYMMETRIC = {"customerMasterKeySpec": "SYMMETRIC_DEFAULT", "keyUsage": "ENCRYPT_DECRYPT"}
BLOCK = "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock"
ACCOUNT = "aws:s3/accountPublicAccessBlock:AccountPublicAccessBlock"
BUCKET, LEGACY, NATIVE = "aws:s3/bucket:Bucket", "aws:s3/bucketV2:BucketV2", "aws-native:s3:Bucket"
ENCRYPTION = "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"
KEY, NATIVE_KEY = "aws:kms/key:Key", "aws-native:kms:Key"
CLOSED = dict.fromkeys(remedies.FLAGS, True)
BY_KMS, BY_S3 = {"sseAlgorithm": "aws:kms"}, {"sseAlgorithm": "AES256"}


def _legacy(**rule):
    return {
        "serverSideEncryptionConfigurations": [{"rules": [{"applyServerSideEncryptionByDefaults": [BY_KMS], **rule}]}]
    }


def _native(**rule):
    return {
        "bucketEncryption": {"serverSideEncryptionConfiguration": [{"serverSideEncryptionByDefault": BY_KMS, **rule}]}
    }


def _inline(**rule):
    return {"serverSideEncryptionConfiguration": {"rule": {"applyServerSideEncryptionByDefault": BY_KMS, **rule}}}


def _rule(default, bucket_key=None):
    rule = {"applyServerSideEncryptionByDefault": default}
    return rule if bucket_key is None else {**rule, "bucketKeyEnabled": bucket_key}


def _split(*rules):
    return {"bucket": "b", "rules": list(rules)}


MENDED = [
    (COMPLETE, BLOCK, {"bucket": "b"}, {"bucket": "b", **CLOSED}),
    (COMPLETE, BLOCK, {"bucket": "b", **CLOSED, "blockPublicAcls": False},
     {"bucket": "b", **CLOSED}),
    (COMPLETE, NATIVE, {"bucketName": "b", "publicAccessBlockConfiguration": {"blockPublicAcls": True}},
     {"bucketName": "b", "publicAccessBlockConfiguration": CLOSED}),
    ("s3-account-block-public-access", ACCOUNT, {"accountId": "1"}, {"accountId": "1", **CLOSED}),
    (BUCKET_KEY, ENCRYPTION, _split(_rule(BY_KMS)),
     _split(_rule(BY_KMS, True))),
    (BUCKET_KEY, ENCRYPTION, _split(_rule(BY_S3),
                                                 _rule(BY_KMS, False)),
     _split(_rule(BY_S3), _rule(BY_KMS, True))),
    (BUCKET_KEY, BUCKET, {"bucket": "b", **_inline()}, {"bucket": "b", **_inline(bucketKeyEnabled=True)}),
    (BUCKET_KEY, LEGACY, _legacy(bucketKeyEnabled=False), _legacy(bucketKeyEnabled=True)),
    (BUCKET_KEY, NATIVE, _native(), _native(bucketKeyEnabled=True)),
    ("kms-rotation", KEY, {"description": "d"}, {"description": "d", "enableKeyRotation": True}),
    ("kms-rotation", KEY, {**SYMMETRIC, "enableKeyRotation": False},
     {**SYMMETRIC, "enableKeyRotation": True}),
    ("kms-rotation", NATIVE_KEY, {"keySpec": "SYMMETRIC_DEFAULT", "origin": "AWS_KMS"},
     {"keySpec": "SYMMETRIC_DEFAULT", "origin": "AWS_KMS", "enableKeyRotation": True}),
]  # fmt: skip
LEFT = [
    (COMPLETE, BUCKET, {"bucket": "b"}),
    (COMPLETE, LEGACY, {"bucket": "b"}),
    (COMPLETE, NATIVE, {"bucketName": "b"}),
    (COMPLETE, NATIVE, {"publicAccessBlockConfiguration": UNKNOWN}),
    (COMPLETE, BLOCK, {"bucket": "b", **CLOSED, "blockPublicAcls": UNKNOWN}),
    (BUCKET_KEY, ENCRYPTION, _split(_rule(BY_S3))),
    (BUCKET_KEY, ENCRYPTION, _split(_rule({"sseAlgorithm": "aws:kms:dsse"}))),
    (BUCKET_KEY, ENCRYPTION, _split(_rule({"sseAlgorithm": UNKNOWN}))),
    (BUCKET_KEY, ENCRYPTION, _split(_rule(UNKNOWN))),
    (BUCKET_KEY, ENCRYPTION, _split(_rule(BY_KMS, UNKNOWN))),
    (BUCKET_KEY, ENCRYPTION, {"bucket": "b", "rules": UNKNOWN}),
    (BUCKET_KEY, BUCKET, {"bucket": "b"}),
    (BUCKET_KEY, NATIVE, {"bucketEncryption": UNKNOWN}),
    ("kms-rotation", KEY, {"enableKeyRotation": UNKNOWN}),
    ("kms-rotation", KEY, {"keyUsage": "SIGN_VERIFY"}),
    ("kms-rotation", KEY, {"keyUsage": UNKNOWN}),
    ("kms-rotation", KEY, {"customerMasterKeySpec": "RSA_2048"}),
    ("kms-rotation", KEY, {"customKeyStoreId": "cks-1"}),
    ("kms-rotation", KEY, {"xksKeyId": UNKNOWN}),
    ("kms-rotation", NATIVE_KEY, {"keySpec": "HMAC_256"}),
    ("kms-rotation", NATIVE_KEY, {"origin": "EXTERNAL"}),
]  # fmt: skip


def remedied(rule, token, props):
    """Return what a rule's remedy makes of properties, which it leaves as they are."""
    before = copy.deepcopy(props)
    made = rules()[rule].remedy(props, token, USE)
    assert props == before
    return props if made is None else made


@pytest.mark.parametrize(("rule", "token", "props", "mended"), MENDED)
def test_a_fault_is_mended_once_and_the_rule_then_passes(rule, token, props, mended):
    assert remedied(rule, token, props) == mended
    assert remedied(rule, token, mended) == mended
    assert overall(gathered(rules()[rule].check(Resource(token, mended), USE))) is Status.PASS


@pytest.mark.parametrize(("rule", "token", "props"), LEFT)
def test_what_complies_is_of_another_kind_or_unknown_is_left(rule, token, props):
    assert remedied(rule, token, props) == props

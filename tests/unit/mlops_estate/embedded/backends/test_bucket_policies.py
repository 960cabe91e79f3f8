"""Conditions of bucket policies, held against a request's headers."""

from __future__ import annotations

import pytest

from mlops_estate.embedded.backends.bucket_policies import applies

KMS = {
    "x-amz-server-side-encryption": "aws:kms",
    "x-amz-server-side-encryption-aws-kms-key-id": "arn:aws:kms:eu-west-1:123456789012:key/k",
}
ENCRYPTION = "s3:x-amz-server-side-encryption"
KEY = "s3:x-amz-server-side-encryption-aws-kms-key-id"


@pytest.mark.parametrize(
    ("condition", "headers", "holds"),
    [
        (None, {}, True),
        ({}, {}, True),
        ({"Bool": {"aws:SecureTransport": "false"}}, {}, False),
        ({"Bool": {"aws:SecureTransport": False}}, {}, False),
        ({"Bool": {"aws:SecureTransport": "true"}}, {}, True),
        ({"StringEquals": {ENCRYPTION: "aws:kms"}}, KMS, True),
        ({"StringEquals": {ENCRYPTION: "AES256"}}, KMS, False),
        ({"StringEquals": {ENCRYPTION: ["AES256", "aws:kms"]}}, KMS, True),
        ({"StringEquals": {ENCRYPTION: "aws:kms"}}, {}, False),
        ({"StringEqualsIfExists": {ENCRYPTION: "aws:kms"}}, {}, True),
        ({"StringEqualsIfExists": {ENCRYPTION: "AES256"}}, KMS, False),
        ({"StringNotEquals": {ENCRYPTION: "aws:kms"}}, KMS, False),
        ({"StringNotEquals": {ENCRYPTION: "AES256"}}, KMS, True),
        ({"StringNotEqualsIfExists": {KEY: "arn:aws:kms:other"}}, KMS, True),
        ({"StringLike": {KEY: "arn:aws:kms:*"}}, KMS, True),
        ({"StringLike": {KEY: "arn:aws:s3:*"}}, KMS, False),
        ({"ArnLike": {KEY: ["x", "arn:aws:?ms:*:*:key/k"]}}, KMS, True),
        ({"ArnEquals": {KEY: "arn:aws:kms:eu-west-1:123456789012:key/k"}}, KMS, True),
        ({"StringNotLike": {KEY: "arn:aws:kms:*"}}, KMS, False),
        ({"ArnNotLike": {KEY: "arn:aws:s3:::*"}}, KMS, True),
        ({"ArnNotEquals": {KEY: "arn:aws:kms:eu-west-1:123456789012:key/k"}}, KMS, False),
        ({"StringNotEquals": {ENCRYPTION: "aws:kms"}}, {}, True),
        ({"StringNotEqualsIfExists": {ENCRYPTION: "aws:kms"}}, {}, True),
        ({"Null": {ENCRYPTION: "false"}, "StringNotEquals": {ENCRYPTION: "aws:kms"}}, {}, False),
        ({"StringNotEquals": {"aws:PrincipalOrgID": "o-1"}}, {}, False),
        ({"Null": {ENCRYPTION: "true"}}, {}, True),
        ({"Null": {ENCRYPTION: "true"}}, KMS, False),
        ({"Null": {ENCRYPTION: False}}, KMS, True),
        ({"StringEquals": {"aws:PrincipalOrgID": "o-1"}}, {}, False),
        ({"StringNotEqualsIfExists": {"aws:SourceVpce": "vpce-1"}}, {}, True),
        ({"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}, {}, False),
        ({"NumericLessThan": {ENCRYPTION: "5"}}, KMS, False),
        ({"Bool": {"aws:SecureTransport": "true"}, "StringEquals": {ENCRYPTION: "aws:kms"}}, KMS, True),
        ({"Bool": {"aws:SecureTransport": "true"}, "StringEquals": {ENCRYPTION: "AES256"}}, KMS, False),
        ({"StringEquals": {ENCRYPTION: "aws:kms", KEY: "other"}}, KMS, False),
    ],
)
def test_a_condition_holds_for_a_request_as_iam_evaluates_it(condition, headers, holds):
    assert applies(condition, headers) is holds

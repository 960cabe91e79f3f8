"""Conditions of bucket policies, held against what a request tells."""

from __future__ import annotations

import pytest

from mlops_estate.embedded.backends.bucket_policies import applies
from mlops_estate.embedded.backends.request_context import context_of, object_action, principal_arn

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
        ({"StringNotEquals": {"aws:SourceVpce": "vpce-1"}}, {}, True),
        ({"StringEquals": {"aws:SourceVpce": "vpce-1"}}, {}, False),
        # There is no such endpoint, whatever the request says.
        ({"StringEquals": {"aws:SourceVpce": "vpce-1"}}, {"x-embedded-vpc-endpoint": "vpce-1"}, False),
        ({"ArnNotLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/*"}}, {}, True),
        ({"ArnNotLike": {"aws:PrincipalArn": "arn:aws:iam::123456789012:root"}}, {}, False),
        ({"BoolIfExists": {"aws:PrincipalIsAWSService": "false"}}, {}, True),
        ({"BoolIfExists": {"aws:ViaAWSService": "true"}}, {}, False),
        ({"ForAllValues:StringNotEquals": {"aws:CalledVia": ["athena.amazonaws.com"]}}, {}, True),
        ({"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}, {}, False),
        ({"NumericLessThan": {ENCRYPTION: "5"}}, KMS, False),
        ({"Bool": {"aws:SecureTransport": "true"}, "StringEquals": {ENCRYPTION: "aws:kms"}}, KMS, True),
        ({"Bool": {"aws:SecureTransport": "true"}, "StringEquals": {ENCRYPTION: "AES256"}}, KMS, False),
        ({"StringEquals": {ENCRYPTION: "aws:kms", KEY: "other"}}, KMS, False),
    ],
)
def test_a_condition_holds_for_a_request_as_iam_evaluates_it(condition, headers, holds):
    assert applies(condition, context_of(headers, "123456789012")) is holds


@pytest.mark.parametrize(
    ("method", "query", "action"),
    [
        ("GET", "", "GetObject"),
        ("HEAD", "", "GetObject"),
        ("HEAD", "?versionId=1", "GetObjectVersion"),
        ("GET", "?versionId=1", "GetObjectVersion"),
        ("GET", "?tagging", "GetObjectTagging"),
        ("GET", "?retention&versionId=1", "GetObjectRetention"),
        ("GET", "?acl&versionId=1", "GetObjectVersionAcl"),
        ("PUT", "", "PutObject"),
        ("PUT", "?partNumber=1&uploadId=u", "PutObject"),
        ("PUT", "?legal-hold", "PutObjectLegalHold"),
        ("POST", "?uploads", "PutObject"),
        ("DELETE", "", "DeleteObject"),
        ("DELETE", "?versionId=1", "DeleteObjectVersion"),
        ("DELETE", "?uploadId=u", "AbortMultipartUpload"),
    ],
)
def test_a_request_about_an_object_asks_for_the_action_that_s3_checks(method, query, action):
    assert object_action(method, f"https://s3.eu-west-1.amazonaws.com/b/k{query}") == f"s3:{action}"


def test_who_signs_as_no_role_is_the_account_itself():
    assert principal_arn("AWS4-HMAC-SHA256 Credential=embedded/20260101/x", "123456789012").endswith(":root")
    assert principal_arn("", "123456789012") == "arn:aws:iam::123456789012:root"

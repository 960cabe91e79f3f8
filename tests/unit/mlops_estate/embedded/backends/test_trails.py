"""Which resource policies admit a service."""

from __future__ import annotations

import json

import pytest

from mlops_estate.embedded.backends.trails import admits

TRAIL = {"Service": "cloudtrail.amazonaws.com"}


def policy(**statement) -> str:
    base = {"Effect": "Allow", "Principal": TRAIL, "Action": "s3:PutObject", "Resource": "*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [{**base, **statement}]})


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"Action": ["s3:GetBucketAcl", "s3:Put*"]},
        {"Principal": {"Service": ["config.amazonaws.com", "cloudtrail.amazonaws.com"]}},
    ],
)
def test_a_service_that_is_named_is_admitted(change):
    assert admits(policy(**change), "cloudtrail.amazonaws.com", "s3:PutObject")


@pytest.mark.parametrize(
    "change",
    [
        {"Effect": "Deny"},
        {"Action": "s3:GetBucketAcl"},
        {"Principal": "*"},
        {"Principal": {"AWS": "arn:aws:iam::123456789012:root"}},
        {"Principal": {"Service": "config.amazonaws.com"}},
    ],
)
def test_others_are_not(change):
    assert not admits(policy(**change), "cloudtrail.amazonaws.com", "s3:PutObject")


def test_without_a_policy_nobody_is():
    assert not admits(None, "cloudtrail.amazonaws.com", "s3:PutObject")

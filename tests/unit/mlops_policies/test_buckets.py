"""What is configured of a bucket: inline or beside it, natively, of old, unknown, or worked out by the provider."""

from __future__ import annotations

import pytest

from mlops_policies import buckets
from mlops_policies.buckets import BUCKET, LifecycleRule
from mlops_policies.resource import Resource
from mlops_policies.stack import Stack
from mlops_policies.values import UNKNOWN, UnknownValue

NATIVE, LEGACY = "aws-native:s3:Bucket", "aws:s3/bucketV2:BucketV2"
KMS = {"sseAlgorithm": "aws:kms", "kmsMasterKeyId": "key-1"}


def made(kind, name, props, **dependencies):
    it = Resource(kind, props, urn=f"urn::{name}", name=name)
    it.property_dependencies = {key: tuple(f"urn::{other}" for other in others) for key, others in dependencies.items()}
    return it


def alone(props, kind=BUCKET, **dependencies):
    it = made(kind, "it", props, **dependencies)
    return it, Stack([it])


def beside(kind, props, bucket=None):
    it = made(BUCKET, "it", {"bucket": "b", **(bucket or {})})
    return it, Stack([it, made(kind, "beside", {"bucket": "b", **props})])


def test_a_resource_beside_the_bucket_counts_before_what_the_provider_read_back():
    stale = {
        "serverSideEncryptionConfiguration": {
            "rule": {"applyServerSideEncryptionByDefault": {"sseAlgorithm": "AES256"}}
        },
        "versioning": {"enabled": False},
        "logging": {"targetBucket": "old"},
        "policy": "{}",
        "replicationConfiguration": {"rules": [{}, {}]},
        "lifecycleRules": [{"enabled": True}, {"enabled": True}],
    }
    it, stack = beside(buckets.ENCRYPTION, {"rules": [{"applyServerSideEncryptionByDefault": KMS}]}, stale)
    assert (buckets.algorithm_of(it, stack), buckets.names_key(it, stack)) == ("aws:kms", True)
    assert (
        buckets.versioning_of(*beside(buckets.VERSIONING, {"versioningConfiguration": {"status": "Enabled"}}, stale))
        == "Enabled"
    )
    assert buckets.logging_of(*beside(buckets.LOGGING, {"targetBucket": "new"}, stale)).get("targetBucket") == "new"
    assert [view.resource.name for view in buckets.policies_of(*beside(buckets.POLICY, {"policy": "{}"}, stale))] == [
        "beside"
    ]
    assert len(buckets.replication_of(*beside(buckets.REPLICATION, {"rules": [{}]}, stale))) == 1
    assert len(buckets.lifecycle_of(*beside(buckets.LIFECYCLE, {"rules": [{}]}, stale))) == 1
    assert buckets.lifecycle_of(*beside(buckets.LIFECYCLE, {}, stale)) == []


def test_where_nothing_is_said_aws_defaults_hold():
    it, stack = alone({})
    assert buckets.encryption_of(it, stack) is None
    assert buckets.algorithm_of(it, stack) == "AES256"
    assert not buckets.names_key(it, stack)
    assert buckets.versioning_of(it, stack) == "Disabled"
    assert buckets.public_access_block_of(it, stack) is None
    assert buckets.policies_of(it, stack) == []
    assert buckets.lifecycle_of(it, stack) == []
    assert buckets.logging_of(it, stack) is None
    assert buckets.replication_of(it, stack) == []
    assert not buckets.has_object_lock(it, stack)
    assert not buckets.is_log_target(it, stack)


QUESTIONS = {
    "serverSideEncryptionConfiguration": buckets.encryption_of,
    "versioning": buckets.versioning_of,
    "policy": lambda it, stack: [view.document("policy") for view in buckets.policies_of(it, stack)],
    "lifecycleRules": buckets.lifecycle_of,
    "logging": buckets.logging_of,
    "replicationConfiguration": buckets.replication_of,
    "objectLockEnabled": buckets.has_object_lock,
    "objectLockConfiguration": buckets.has_object_lock,
}


@pytest.mark.parametrize("name", QUESTIONS)
def test_an_unknown_property_is_unknown_where_the_program_gives_it_and_nothing_where_the_provider_works_it_out(name):
    with pytest.raises(UnknownValue, match=name):
        QUESTIONS[name](*alone({name: UNKNOWN}, **{name: []}))
    assert QUESTIONS[name](*alone({name: UNKNOWN}, bucket=[])) in (None, [], False, "Disabled")


def test_what_may_be_beside_any_bucket_leaves_every_question_open():
    it = made(BUCKET, "it", {})
    for kind, question in (
        (buckets.ENCRYPTION, buckets.encryption_of), (buckets.VERSIONING, buckets.versioning_of),
        (buckets.PUBLIC_ACCESS_BLOCK, buckets.public_access_block_of), (buckets.POLICY, buckets.policies_of),
        (buckets.LIFECYCLE, buckets.lifecycle_of), (buckets.LOGGING, buckets.logging_of),
        (buckets.REPLICATION, buckets.replication_of), (buckets.OBJECT_LOCK, buckets.has_object_lock),
    ):  # fmt: skip
        with pytest.raises(UnknownValue, match="bucket"):
            question(it, Stack([it, made(kind, "beside", {"bucket": UNKNOWN})]))


ENCRYPTED = [
    (BUCKET, {"serverSideEncryptionConfiguration": {"rule": {"applyServerSideEncryptionByDefault": KMS}}}),
    (LEGACY, {"serverSideEncryptionConfigurations": [{"rules": [{"applyServerSideEncryptionByDefaults": [KMS]}]}]}),
    (NATIVE, {"bucketEncryption": {"serverSideEncryptionConfiguration": [{"serverSideEncryptionByDefault": KMS}]}}),
    (NATIVE, {"bucketEncryption": {"serverSideEncryptionConfiguration": [
        {"serverSideEncryptionByDefault": {"sseAlgorithm": "aws:kms", "kmsMasterKeyID": "key-1"}}]}}),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "props"), ENCRYPTED)
def test_encryption_is_read_from_every_form(kind, props):
    it, stack = alone(props, kind)
    assert (buckets.algorithm_of(it, stack), buckets.names_key(it, stack)) == ("aws:kms", True)


@pytest.mark.parametrize(
    ("key", "own"),
    [("alias/mine", True), (UNKNOWN, True), ("alias/aws/s3", False), ("arn:aws:kms:eu-west-1:1:alias/aws/s3", False),
     (None, False), ("", False)],
)  # fmt: skip
def test_the_key_that_aws_manages_is_nobodys_own(key, own):
    default = {"sseAlgorithm": "aws:kms", "kmsMasterKeyId": key}
    rule = {"applyServerSideEncryptionByDefault": default}
    assert buckets.names_key(*beside(buckets.ENCRYPTION, {"rules": [rule]})) is own


@pytest.mark.parametrize("status", ["Enabled", "Suspended"])
def test_versioning_is_told_as_it_stands(status):
    assert buckets.versioning_of(*beside(buckets.VERSIONING, {"versioningConfiguration": {"status": status}})) == status


def test_a_bucket_of_which_objects_can_be_locked_has_versions():
    for it, stack in (
        alone({"objectLockEnabled": True}),
        alone({"objectLockConfiguration": {"objectLockEnabled": "Enabled"}}),
        alone({"objectLockConfiguration": {"objectLockEnabled": "Enabled", "rules": []}}, LEGACY),
        beside(buckets.OBJECT_LOCK, {}),
        alone({"objectLockEnabled": True}, bucket=[]),  # as read back by the provider
    ):
        assert buckets.has_object_lock(it, stack)
        assert buckets.versioning_of(it, stack) == "Enabled"


def test_a_native_buckets_findings_stand_where_the_program_wrote_them():
    it, stack = alone(ENCRYPTED[2][1], NATIVE)
    found = buckets.encryption_of(it, stack).path(buckets.ALGORITHM)
    assert found.startswith("bucketEncryption.serverSideEncryptionConfiguration.")
    it, stack = alone({"lifecycleConfiguration": {"rules": [{"status": "Enabled"}]}}, NATIVE)
    assert buckets.lifecycle_of(it, stack)[0].view.path("enabled") == "lifecycleConfiguration.rules[0].enabled"
    it, stack = alone({"publicAccessBlockConfiguration": {"blockPublicAcls": True}}, NATIVE)
    block = buckets.public_access_block_of(it, stack)
    assert block.path("blockPublicAcls") == "publicAccessBlockConfiguration.blockPublicAcls"


SPLIT_RULE = {
    "status": "Enabled", "filter": {"prefix": "a/"}, "expiration": {"days": 1}, "noncurrentVersionExpiration":
    {"noncurrentDays": 2}, "abortIncompleteMultipartUpload": {"daysAfterInitiation": 3},
}  # fmt: skip
RULES = {
    "split": beside(buckets.LIFECYCLE, {"rules": [SPLIT_RULE]}),
    "inline": alone({"lifecycleRules": [{"enabled": True, "prefix": "a/", "expiration": {"days": 1},
                                         "noncurrentVersionExpiration": {"days": 2},
                                         "abortIncompleteMultipartUploadDays": 3}]}),
    "legacy": alone({"lifecycleRules": [{"enabled": True, "prefix": "a/", "expirations": [{"days": 1}],
                                         "noncurrentVersionExpirations": [{"days": 2}],
                                         "abortIncompleteMultipartUploadDays": 3}]}, LEGACY),
    "native": alone({"lifecycleConfiguration": {"rules": [{
        "status": "Enabled", "prefix": "a/", "expirationInDays": 1, "noncurrentVersionExpirationInDays": 2,
        "abortIncompleteMultipartUpload": {"daysAfterInitiation": 3}}]}}, NATIVE),
    "native of today": alone({"lifecycleConfiguration": {"rules": [{
        "status": "Enabled", "prefix": "a/", "expirationInDays": 1,
        "noncurrentVersionExpiration": {"noncurrentDays": 2},
        "abortIncompleteMultipartUpload": {"daysAfterInitiation": 3}}]}}, NATIVE),
}  # fmt: skip


@pytest.mark.parametrize("form", RULES)
def test_a_lifecycle_rule_is_read_from_every_form(form):
    (rule,) = buckets.lifecycle_of(*RULES[form])
    assert (rule.enabled(), rule.prefix(), rule.is_narrow()) == (True, "a/", False)
    assert (rule.expires_after(), rule.noncurrent_after(), rule.aborts_after()) == (1, 2, 3)


@pytest.mark.parametrize("inline", [True, False])
def test_a_lifecycle_rule_that_says_nothing_does_nothing(inline):
    rule = LifecycleRule(Resource(BUCKET, {}), inline)
    assert (rule.enabled(), rule.prefix(), rule.is_narrow()) == (False, "", False)
    assert (rule.expires_after(), rule.noncurrent_after(), rule.aborts_after()) == (None, None, None)


@pytest.mark.parametrize(
    ("props", "inline"),
    [({"filter": {"tag": {"key": "a"}}}, False), ({"filter": {"and": {"tags": {"a": "b"}}}}, False),
     ({"filter": {"objectSizeGreaterThan": 1}}, False), ({"filter": {"and": {"objectSizeLessThan": 1}}}, False),
     ({"tags": {"a": "b"}}, True), ({"tagFilters": [{"key": "a"}]}, True), ({"objectSizeLessThan": "1"}, True)],
)  # fmt: skip
def test_a_lifecycle_rule_for_tags_or_sizes_is_narrow(props, inline):
    assert LifecycleRule(Resource(BUCKET, props), inline).is_narrow()


@pytest.mark.parametrize(("props", "prefix"), [({"prefix": "a/"}, "a/"), ({"filter": {"and": {"prefix": "b/"}}}, "b/")])
def test_a_prefix_has_three_places(props, prefix):
    assert LifecycleRule(Resource(BUCKET, props), False).prefix() == prefix


@pytest.mark.parametrize("rule", [
    {"status": UNKNOWN}, {"status": "Enabled", "abortIncompleteMultipartUpload": UNKNOWN},
    {"status": "Enabled", "abortIncompleteMultipartUpload": {"daysAfterInitiation": UNKNOWN}}, UNKNOWN,
])  # fmt: skip
def test_what_is_unknown_of_a_native_lifecycle_rule_stays_unknown(rule):
    (found,) = buckets.lifecycle_of(*alone({"lifecycleConfiguration": {"rules": [rule]}}, NATIVE))
    with pytest.raises(UnknownValue):
        found.enabled() and found.aborts_after()


@pytest.mark.parametrize(
    "props", [{"versioningConfiguration": {"status": UNKNOWN}}, {"versioningConfiguration": UNKNOWN}]
)
def test_unknown_native_versioning_stays_unknown(props):
    with pytest.raises(UnknownValue):
        buckets.versioning_of(*alone(props, NATIVE))


def test_unknown_native_lifecycle_rules_and_encryption_stay_unknown():
    with pytest.raises(UnknownValue):
        buckets.lifecycle_of(*alone({"lifecycleConfiguration": {"rules": UNKNOWN}}, NATIVE))
    with pytest.raises(UnknownValue):
        buckets.algorithm_of(*alone({"bucketEncryption": {"serverSideEncryptionConfiguration": UNKNOWN}}, NATIVE))


LOGS_INTO = [
    (buckets.LOGGING, {"bucket": "other", "targetBucket": "b"}),
    (BUCKET, {"logging": {"targetBucket": "b"}}),
    (NATIVE, {"loggingConfiguration": {"destinationBucketName": "b"}}),
    (LEGACY, {"loggings": [{"targetBucket": "b"}]}),
    (buckets.LOAD_BALANCER, {"accessLogs": {"bucket": "b", "enabled": True}}),
]


@pytest.mark.parametrize(("kind", "props"), LOGS_INTO)
def test_a_target_of_access_logs_is_known_by_who_logs_into_it(kind, props):
    it = made(BUCKET, "it", {"bucket": "b"})
    assert buckets.is_log_target(it, Stack([it, made(kind, "source", props)]))


def test_a_bucket_that_logs_into_itself_is_no_target_of_others():
    assert not buckets.is_log_target(*alone({"bucket": "b", "logging": {"targetBucket": "b"}}))


def test_a_buckets_logging_in_a_resource_of_its_own_is_no_target_by_itself():
    assert not buckets.is_log_target(*beside(buckets.LOGGING, {"targetBucket": "logs"}))


OBJECT = "aws:s3/bucketObjectv2:BucketObjectv2"


def test_a_bucket_is_found_by_a_uri_a_dependency_or_an_object():
    it = made(BUCKET, "it", {"bucket": "b"})
    loose = made(BUCKET, "loose", {})
    held = made(OBJECT, "held", {"bucket": "b", "key": "k"})
    model = "aws:sagemaker/model:Model"
    for props, dependencies, expected in (
        ({"url": "s3://b/m.tar.gz"}, {}, it),
        ({"url": "s3://elsewhere/m.tar.gz"}, {}, None),
        ({"url": UNKNOWN}, {"url": ["loose"]}, loose),
        ({"url": UNKNOWN}, {"url": ["held"]}, it),
        ({"url": UNKNOWN}, {"url": ["held", "it"]}, it),
        ({}, {}, None),
    ):
        asked = made(model, "model", props, **dependencies)
        assert buckets.bucket_of_uri(Stack([it, loose, held, asked]), asked, "url") is expected
    for dependencies in ({"url": []}, {"url": ["it", "loose"]}):
        asked = made(model, "model", {"url": UNKNOWN}, **dependencies)
        with pytest.raises(UnknownValue, match="url"):
            buckets.bucket_of_uri(Stack([it, loose, held, asked]), asked, "url")


@pytest.mark.parametrize(("props", "name"), [({"bucket": "b"}, "b"), ({"bucket": UNKNOWN}, ""), ({}, "")])
def test_a_name_is_only_told_where_it_is_known(props, name):
    assert buckets.name_of(Resource(BUCKET, props)) == name

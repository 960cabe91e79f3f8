"""Which resources belong together: by property dependency where ids are unknown, by name, id or ARN where known."""

from __future__ import annotations

import pytest

from mlops_policies.resource import Resource
from mlops_policies.stack import Stack
from mlops_policies.values import UNKNOWN, UnknownValue

BUCKET, VERSIONING, KEY = "aws:s3/bucket:Bucket", "aws:s3/bucketVersioning:BucketVersioning", "aws:kms/key:Key"


def made(kind, name, props, **dependencies):
    it = Resource(kind, props, urn=f"urn::{name}", name=name)
    it.property_dependencies = {key: tuple(f"urn::{other}" for other in others) for key, others in dependencies.items()}
    return it


def names(resources):
    return [resource.name for resource in resources]


def test_what_refers_is_found_by_dependency_or_by_value():
    raw, logs = made(BUCKET, "raw", {"bucket": "raw-bucket"}), made(BUCKET, "logs", {"bucket": UNKNOWN})
    by_name = made(VERSIONING, "by-name", {"bucket": "raw-bucket"})
    by_dependency = made(VERSIONING, "by-dependency", {"bucket": UNKNOWN}, bucket=["logs"])
    stack = Stack([raw, logs, by_name, by_dependency])
    assert names(stack.referring(raw, VERSIONING, "bucket")) == ["by-name"]
    assert names(stack.referring(logs, VERSIONING, "bucket")) == ["by-dependency"]


def test_a_known_value_that_names_nothing_here_refers_to_what_it_comes_from():
    """Under the engine a resource's id is not told."""
    raw, logs = made(BUCKET, "raw", {}), made(BUCKET, "logs", {"bucket": "logs-bucket"})
    by_id = made(VERSIONING, "by-id", {"bucket": "raw-1"}, bucket=["raw"])
    by_name = made(VERSIONING, "by-name", {"bucket": "logs-bucket"}, bucket=["raw"])
    stack = Stack([raw, logs, by_id, by_name])
    assert names(stack.referring(raw, VERSIONING, "bucket")) == ["by-id"]
    assert names(stack.referring(logs, VERSIONING, "bucket")) == ["by-name"]
    assert names(stack.referred(by_id, "bucket", BUCKET)) == ["raw"]
    assert names(stack.referred(by_name, "bucket", BUCKET)) == ["logs"]
    assert stack.referred(by_id, "bucket", KEY) == []


def test_a_dependency_of_another_property_is_no_reference():
    raw = made(BUCKET, "raw", {})
    other = made(VERSIONING, "other", {"bucket": "x", "expectedBucketOwner": UNKNOWN}, expectedBucketOwner=["raw"])
    assert Stack([raw, other]).referring(raw, VERSIONING, "bucket") == []


def test_something_unknown_that_may_refer_leaves_the_question_open():
    raw = made(BUCKET, "raw", {})
    stack = Stack([raw, made(VERSIONING, "loose", {"bucket": UNKNOWN})])
    with pytest.raises(UnknownValue, match="bucket"):
        stack.referring(raw, VERSIONING, "bucket")
    assert Stack([raw, made(VERSIONING, "absent", {})]).referring(raw, VERSIONING, "bucket") == []


def test_an_arn_names_a_resource_by_its_name():
    key = made(KEY, "key", {"id": "1234"})
    it = made(BUCKET, "raw", {"kms": "arn:aws:kms:eu-west-1:123456789012:key/1234"})
    assert names(Stack([key, it]).referred(it, "kms", KEY)) == ["key"]
    assert Stack([key, it]).referred(it, "kms", BUCKET) == []


def test_an_s3_uri_names_its_bucket():
    raw = made(BUCKET, "raw", {"bucket": "raw-bucket"})
    it = made(KEY, "it", {"uri": "s3://raw-bucket/a/b"})
    assert names(Stack([raw, it]).referred(it, "uri", BUCKET)) == ["raw"]


def test_what_is_named_elsewhere_is_nothing_here_and_what_may_be_anything_is_unknown():
    raw = made(BUCKET, "raw", {"bucket": "raw-bucket"})
    assert Stack([raw]).referred(made(KEY, "it", {"uri": "s3://other/"}), "uri", BUCKET) == []
    assert Stack([raw]).referred(made(KEY, "it", {}), "uri", BUCKET) == []
    with pytest.raises(UnknownValue):
        Stack([raw]).referred(made(KEY, "it", {"uri": UNKNOWN}), "uri", BUCKET)


def test_an_unknown_value_within_a_list_is_found_by_its_dependency():
    one, two = made(BUCKET, "one", {"bucket": "one"}), made(BUCKET, "two", {})
    it = made(KEY, "it", {"names": ["one", UNKNOWN]}, names=["two"])
    assert sorted(names(Stack([one, two, it]).referred(it, "names", BUCKET))) == ["one", "two"]


def test_a_property_within_an_object_depends_by_its_top():
    raw = made(BUCKET, "raw", {})
    it = made(KEY, "it", {"config": {"bucket": UNKNOWN}}, config=["raw"])
    stack = Stack([raw, it])
    assert names(stack.referred(it, "config.bucket", BUCKET)) == ["raw"]
    assert names(stack.referred(it.part("config"), "bucket", BUCKET)) == ["raw"]
    assert names(stack.referring(raw, KEY, "config.bucket")) == ["it"]


def test_types_are_listed_in_order_of_declaration():
    resources = [made(BUCKET, "b", {}), made(KEY, "k", {}), made(BUCKET, "a", {})]
    assert names(Stack(resources).of(BUCKET)) == ["b", "a"]
    assert names(Stack(resources).of(KEY, BUCKET)) == ["k", "b", "a"]


def test_what_a_provider_works_out_names_nothing():
    raw = made(BUCKET, "raw", {})
    computed = made(BUCKET, "computed", {"bucket": "b", "logging": UNKNOWN, "keyId": UNKNOWN}, bucket=[])
    stack = Stack([raw, computed, made(KEY, "key", {})])
    assert stack.referring(raw, BUCKET, "logging.targetBucket") == []
    assert stack.referred(computed, "keyId", KEY) == []


def test_a_property_within_something_unknown_may_name_anything():
    raw = made(BUCKET, "raw", {})
    given = made(BUCKET, "given", {"logging": UNKNOWN}, logging=[])
    with pytest.raises(UnknownValue, match="logging"):
        Stack([raw, given]).referring(raw, BUCKET, "logging.targetBucket")
    named = made(BUCKET, "named", {"logging": UNKNOWN}, logging=["raw"])
    assert names(Stack([raw, named]).referring(raw, BUCKET, "logging.targetBucket")) == ["named"]

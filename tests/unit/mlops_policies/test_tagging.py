"""Which types take tags, and the remedy for missing ones."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.support.taggable_types import taggable_types, written

import mlops_policies
from mlops_policies.remedies_tags import add_default_tags
from mlops_policies.rule import Use
from mlops_policies.tagging import tag_shapes
from mlops_policies.values import UNKNOWN

BUCKET, ENDPOINT = "aws:s3/bucket:Bucket", "aws-native:sagemaker:Endpoint"
USE = Use("prod", {"required_tags": ["owner", "environment"], "tag_defaults": {"owner": "team", "cost-centre": "7"}})


def test_the_list_of_types_is_the_one_of_the_installed_sdks():
    found = dict(taggable_types())
    file = Path(str(mlops_policies.__file__)).parent / "taggable_types.txt"
    assert file.read_text(encoding="utf-8") == written(found)
    assert dict(tag_shapes()) == found


def test_a_remedy_adds_required_tags_that_are_missing():
    assert add_default_tags({"bucket": "b"}, BUCKET, USE) == {"bucket": "b", "tags": {"owner": "team"}}
    assert add_default_tags({"tags": {"a": UNKNOWN}}, BUCKET, USE) == {"tags": {"owner": "team", "a": UNKNOWN}}
    owner = {"key": "owner", "value": "team"}
    assert add_default_tags({}, ENDPOINT, USE) == {"tags": [owner]}
    other = {"key": "environment", "value": "prod"}
    assert add_default_tags({"tags": [other]}, ENDPOINT, USE) == {"tags": [other, owner]}
    assert add_default_tags({}, "aws-native:ssm:Parameter", USE) == {"tags": {"owner": "team"}}


@pytest.mark.parametrize(
    ("token", "props"),
    [
        (BUCKET, {"tags": {"owner": "other"}}),
        (BUCKET, {"tags": UNKNOWN}),
        (ENDPOINT, {"tags": [{"key": "owner", "value": "other"}]}),
        (ENDPOINT, {"tags": [UNKNOWN]}),
        (ENDPOINT, {"tags": [{"key": UNKNOWN, "value": "v"}]}),
        # A change of tags would replace it; or it wants more than key and value; or has no tags.
        ("aws-native:sagemaker:FeatureGroup", {}),
        ("aws:autoscaling/group:Group", {}),
        ("aws:s3/bucketPolicy:BucketPolicy", {}),
    ],
)
def test_a_remedy_leaves_what_is_there_or_can_not_be_known(token, props):
    assert add_default_tags(props, token, USE) is None


def test_a_remedy_without_values_does_nothing():
    assert add_default_tags({}, BUCKET, Use("prod", {"required_tags": ["owner"], "tag_defaults": {}})) is None

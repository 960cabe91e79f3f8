"""How a provider's names are matched with a service's."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlops_estate.embedded.driver.names import best, likeness, plain, words

NAMES = st.from_regex(r"[a-z]{2,6}([A-Z][a-z]{1,6}){0,4}", fullmatch=True)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("subnetIds", ("subnet", "ids")),
        ("KMSMasterKeyID", ("kms", "master", "key", "id")),
        ("EnableSSMAccess", ("enable", "ssm", "access")),
        ("s3OutputPath", ("s3", "output", "path")),
        ("EndpointConfiguration", ("endpoint", "config")),
    ],
)
def test_a_camel_case_name_falls_into_words_spelled_one_way(name, expected):
    assert words(name) == expected


@pytest.mark.parametrize(
    ("one", "other"),
    [("subnetIds", "SubnetId"), ("kmsKeyArns", "KmsKeyArn"), ("routes", "Route"), ("s3Uri", "S3Uri")],
)
def test_case_and_number_do_not_tell_names_apart(one, other):
    assert plain(one) == plain(other)


@pytest.mark.parametrize(("name", "expected"), [("access", "access"), ("dns", "dns"), ("class", "class")])
def test_a_word_that_ends_in_s_by_itself_is_no_plural(name, expected):
    assert plain(name) == expected


@given(NAMES, NAMES)
def test_likeness_is_symmetric_and_a_share(one, other):
    assert likeness(one, other) == likeness(other, one)
    assert 0 <= likeness(one, other) <= 1
    assert likeness(one, one) == 1


@pytest.mark.parametrize(
    ("key", "members", "noun", "expected"),
    [
        ("bucket", ("Bucket", "BucketName"), "Bucket", "Bucket"),
        ("name", ("ModelName", "Containers"), "Model", "ModelName"),
        ("name", ("EndpointConfigName", "Tags"), "EndpointConfig", "EndpointConfigName"),
        ("name", ("JobDefinitionName", "RoleArn"), "DataQualityJobDefinition", "JobDefinitionName"),
        ("role", ("RoleArn", "RoleType"), "Pipeline", "RoleArn"),
        ("roleArn", ("Role", "Name"), "Pipeline", "Role"),
        ("subnetId", ("SubnetIdList",), "X", "SubnetIdList"),
        ("kmsKeyId", ("KmsKeyArn",), "X", "KmsKeyArn"),
        ("retentionConfiguration", ("RetentionConfig",), "X", "RetentionConfig"),
        ("tags", ("TagList",), "X", "TagList"),
        ("tags", ("Tagging", "ResourceTags"), "Budget", "ResourceTags"),
        ("tags", ("TagSpecifications",), "Vpc", None),
        ("policy", ("PolicyDocument", "RoleName"), "X", "PolicyDocument"),
        ("dataQualityAppSpecification", ("DataQualityAppSpecification",), "X", "DataQualityAppSpecification"),
        ("forceDestroy", ("Bucket", "ACL"), "Bucket", None),
        ("description", (), "X", None),
    ],
)
def test_a_key_means_the_member_that_the_service_has_for_it(key, members, noun, expected):
    assert best(key, members, noun) == expected


@given(NAMES, st.lists(NAMES, max_size=5))
def test_a_member_of_the_very_name_is_always_taken(key, others):
    assert plain(best(key, (*others, key), "Thing") or "") == plain(key)

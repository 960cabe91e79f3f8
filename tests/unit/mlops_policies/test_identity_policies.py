"""What identity policies reach: kinds of resources, names with wildcards, conditions, actions that can be limited."""

from __future__ import annotations

import pytest

from mlops_policies.identity_policies import demands, documents, is_broad, is_limited_write, is_pattern, limited_to
from mlops_policies.policy_documents import sayings
from mlops_policies.resource import Resource
from mlops_policies.values import UNKNOWN


@pytest.mark.parametrize(
    ("resource", "broad", "pattern"),
    [
        ("*", True, True),
        ("arn:aws:*", True, True),
        ("arn:aws:iam::*:role/*", True, True),
        ("arn:aws:iam::123456789012:role/ml-*", False, True),
        ("arn:aws:iam::*:role/ml", False, False),
        ("arn:aws:iam::*:user/${aws:username}", False, False),
        ("arn:aws:iam::*:user/${aws:PrincipalTag/team}-?", False, True),
        ("arn:aws:s3:::*", True, True),
        ("arn:aws:s3:::*/*", True, True),
        ("arn:aws:s3:::bucket/*", False, True),
        ("arn:aws:s3:eu-west-1:123456789012:accesspoint/*", True, True),
        ("arn:aws:kms:*:123456789012:key/*", True, True),
        ("arn:aws:lambda:*:*:function:*", True, True),
        ("arn:aws:lambda:*:*:function:ml-*", False, True),
        ("arn:aws:sagemaker:*:*:user-profile/*/*", True, True),
        ("arn:aws:sns:eu-west-1:123456789012:topic", False, False),
        (UNKNOWN, False, False),
        (f"{UNKNOWN}/*", False, False),
        (3, False, False),
    ],
)
def test_a_resource_is_one_or_a_range_or_all_of_its_kind(resource, broad, pattern):
    assert (is_broad(resource), is_pattern(resource)) == (broad, pattern)


@pytest.mark.parametrize(
    ("action", "limited"),
    [
        ("s3:PutObject", True),
        ("S3:PUTOBJECT", True),
        ("s3:Put*", True),
        ("s3:*", True),
        ("s3:GetObject", False),
        ("s3:Get*", False),
        ("kms:CreateKey", False),
        ("sagemaker:CreateTrainingJob", True),
        ("cloudwatch:PutMetricData", False),
        ("nothing:Delete", False),
        ("*", False),
    ],
)
def test_an_action_that_writes_can_be_limited_or_not(action, limited):
    assert is_limited_write(action) is limited


@pytest.mark.parametrize(
    ("operator", "needed"),
    [
        ("stringequals", True),
        ("arnlike", True),
        ("foranyvalue:stringlike", True),
        ("forallvalues:stringequals", False),
        ("stringequalsifexists", False),
        ("stringnotequals", False),
        ("null", False),
    ],
)
def test_an_operator_demands_a_key_or_not(operator, needed):
    assert demands(operator) is needed


def test_a_limit_is_by_key_or_prefix_with_a_value_that_names_something():
    document = {
        "Statement": {"Effect": "Allow", "Condition": {"StringLike": {"aws:ResourceTag/Team": "ml", "a:b": "*"}}}
    }
    (said,) = sayings(Resource("aws:iam/policy:Policy", {"policy": document}), "policy")
    assert limited_to(said, "*:resourcetag/*")
    assert limited_to(said, "x", "aws:resourcetag/team")
    assert not limited_to(said, "a:b", "aws:resourcetag")


def test_documents_stand_in_policies_and_in_the_lists_of_their_holders():
    role = Resource(
        "aws-native:iam:Role", {"policies": [{"policyDocument": {}}, {"policyDocument": {"Statement": []}}]}
    )
    assert [view.path(name) for view, name in documents(role)] == ["policies[0].policy", "policies[1].policyDocument"]
    assert [view.path(name) for view, name in documents(Resource("aws:iam/policy:Policy", {}))] == ["policy"]
    assert documents(Resource("aws:iam/role:Role", {})) == []

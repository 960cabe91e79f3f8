"""Tags: default tags lie under a resource's own, and each service gets them as it takes them."""

from __future__ import annotations

import pytest

from mlops_estate.embedded.driver.caller import opened
from mlops_estate.embedded.driver.mapping import At, Mapped
from mlops_estate.embedded.driver.operations import Operations
from mlops_estate.embedded.driver.table import table
from mlops_estate.embedded.driver.tags import TAGGING, merged, retag, with_tags
from mlops_estate.embedded.validation import validate_call

KEY, VPC, ENDPOINT = "aws:kms/key:Key", "aws:ec2/vpc:Vpc", "aws-native:sagemaker:Endpoint"


@pytest.mark.parametrize(
    ("type_token", "own", "expected"),
    [
        (KEY, None, {"team": "ml", "env": "dev"}),
        (KEY, {"env": "prod"}, {"team": "ml", "env": "prod"}),
        (ENDPOINT, [{"key": "env", "value": "prod"}], {"team": "ml", "env": "prod"}),
        (KEY, "wrong", {"team": "ml", "env": "dev"}),
        ("aws:iam/rolePolicy:RolePolicy", None, {}),
    ],
)
def test_a_resources_own_tags_win_and_untaggable_types_have_none(type_token, own, expected):
    assert merged(type_token, {"tags": own}, {"team": "ml", "env": "dev"}) == expected


def test_tags_take_the_form_of_the_create_operation():
    plain = with_tags(KEY, table()[KEY], {"x": 1, "tags": {"a": "b"}, "tagsAll": {}}, {"c": "d"})
    assert plain == {"x": 1, "tags": {"c": "d", "a": "b"}}
    ec2 = opened(with_tags(VPC, table()[VPC], {"tags": {"a": "b"}}, {}), Mapped())
    assert ec2 == {"tagSpecifications": [{"resourceType": "vpc", "tags": [{"key": "a", "value": "b"}]}]}


def test_no_tags_are_no_parameter():
    assert with_tags(KEY, table()[KEY], {"x": 1, "tags": {}}, {}) == {"x": 1}


@pytest.mark.parametrize("wrong", ["text", 5, ["text"]])
def test_tags_of_the_wrong_form_stay_for_validation_to_name(wrong):
    assert with_tags(KEY, table()[KEY], {"tags": wrong}, {"a": "b"}) == {"tags": wrong}


ARNS = {
    "application-autoscaling": "scalable-target/0123abcd",
    "budgets": "budget/b",
    "cloudwatch": "alarm:a",
    "glue": "database/d",
    "lambda": "function:f",
    "guardduty": f"detector/{'0' * 32}",
    "logs": "log-group:g",
    "sagemaker": "model/m",
    "scheduler": "schedule-group/g",
    "sns": "topic",
}


def known(service):
    arn = f"arn:aws:{service}:eu-west-1:123456789012:{ARNS.get(service, 'x')}"
    return {"arn": arn, "id": "vpc-12345678", "RoleName": "role"}


@pytest.mark.parametrize("service", [*sorted(TAGGING), "ec2", "iam"])
def test_each_service_gets_calls_that_its_model_takes(service):
    row = Operations(service, "Create", ec2_resource="vpc" if service == "ec2" else "")
    calls = retag(row, {"gone": "1", "old": "1", "same": "1"}, {"old": "2", "new": "3", "same": "1"}, known(service))
    assert len(calls) == 2
    said = ""
    for call in calls:
        params = opened(call.params, Mapped())
        assert validate_call(service, call.operation, params) == []
        said += repr(params)
    assert "gone" in repr(calls[0].params), "what goes is taken away first"
    assert "gone" not in repr(calls[1].params)
    assert all(word in said for word in ("old", "new"))
    assert "same" not in said


def test_a_managed_policy_is_tagged_by_its_arn():
    known_of_it = {"PolicyArn": "arn:aws:iam::123456789012:policy/p"}
    calls = retag(Operations("iam", "CreatePolicy"), {"gone": "1"}, {"new": "2"}, known_of_it)
    assert [call.operation for call in calls] == ["UntagPolicy", "TagPolicy"]
    for call in calls:
        assert validate_call("iam", call.operation, opened(call.params, Mapped())) == []
        assert call.params["PolicyArn"] == known_of_it["PolicyArn"]


@pytest.mark.parametrize("service", ["sagemaker", "ec2", "iam"])
def test_what_has_not_changed_needs_no_call(service):
    assert retag(Operations(service, "Create"), {"a": "b"}, {"a": "b"}, known(service)) == []


def test_a_wrong_tag_is_named_by_its_key():
    row = Operations("sagemaker", "CreateModel")
    (call,) = retag(row, {}, {"key": "v"}, known("sagemaker"))
    assert call.params["Tags"] == [{"Key": "key", "Value": At("v", "tags.key")}]


def test_every_service_whose_resources_are_taggable_can_retag():
    from mlops_estate.embedded.driver.outputs import declared

    lacking = {
        row.service for type_token, row in table().items()
        if "tags" in declared(type_token) and row.service not in {*TAGGING, "ec2", "iam"}
        and not any("tags" in extra.inputs for extra in row.extras)
    }  # fmt: skip
    assert lacking <= {"s3"}, "an object's tags are sent with the object"

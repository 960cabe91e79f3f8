"""Outputs: what AWS answers, in the names and types that the resource class declares."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from mlops_estate.embedded.driver.outputs import Misfit, declared, fit, flatten, outputs_from, plain_data


@pytest.mark.parametrize(
    ("type_token", "some"),
    [
        ("aws:kms/key:Key", {"arn", "keyId", "enableKeyRotation", "tagsAll"}),
        ("aws:sagemaker/endpointConfiguration:EndpointConfiguration", {"arn", "name", "productionVariants"}),
        ("aws-native:sagemaker:Endpoint", {"endpointArn", "endpointName", "endpointConfigName"}),
    ],
)
def test_a_class_declares_its_outputs_by_wire_name(type_token, some):
    assert some <= set(declared(type_token))


def test_of_two_members_with_one_name_the_outer_counts():
    answer = {"Inner": {"Name": "inner", "Arn": "a"}, "Name": "outer", "ResponseMetadata": {"RequestId": "r"},
              "One": [{"Single": 1}], "Two": [{"No": 1}, {"No": 2}]}  # fmt: skip
    found = flatten(answer)
    assert (found["Name"], found["Arn"], found["Single"]) == ("outer", "a", 1)
    assert not {"No", "RequestId", "ResponseMetadata"} & set(found)


def test_declared_outputs_come_from_answers_and_inputs_stay_as_given():
    known = {"KeyId": "k-1", "Arn": "arn:k-1", "Description": "read", "Unrelated": 1, "MultiRegion": "yes"}
    found = outputs_from("aws:kms/key:Key", {"description": "given"}, known, "Key")
    assert found == {"description": "given", "keyId": "k-1", "arn": "arn:k-1", "multiRegion": True}


@pytest.mark.parametrize(
    ("type_token", "answer", "noun", "output"),
    [
        ("aws:kms/key:Key", {"KeyId": "k"}, "Key", "xksKeyId"),
        ("aws:ec2/vpc:Vpc", {"CidrBlock": "10.0.0.0/16"}, "Vpc", "ipv6CidrBlock"),
        ("aws:sns/topicSubscription:TopicSubscription", {"SubscriptionArn": "a"}, "Subscription",
         "subscriptionRoleArn"),
        ("aws:sagemaker/endpointConfiguration:EndpointConfiguration",
         {"ProductionVariants": [{"VariantName": "v", "ModelName": "m"}]}, "EndpointConfig",
         "shadowProductionVariants"),
    ],
)  # fmt: skip
def test_an_output_that_says_more_than_the_answer_is_another_thing(type_token, answer, noun, output):
    assert output in declared(type_token)
    assert output not in outputs_from(type_token, {}, answer, noun)


def test_what_does_not_fit_the_declared_type_is_left_out():
    assert "keyId" not in outputs_from("aws:kms/key:Key", {}, {"KeyId": {"not": "text"}}, "Key")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (datetime.datetime(2026, 1, 2, 3, tzinfo=datetime.UTC), "2026-01-02T03:00:00+00:00"),
        (b"bytes", "bytes"),
        ({"A": (1, {"B": b"x"})}, {"A": [1, {"B": "x"}]}),
        (None, None),
        (1.5, 1.5),
    ],
)
def test_botocores_values_become_json_data(value, expected):
    assert plain_data(value) == expected


@pytest.mark.parametrize(
    ("value", "wanted", "expected"),
    [
        (5, str, "5"),
        ("5", int, 5),
        ("0.5", float, 0.5),
        (1, bool, True),
        ("x", Sequence[str], ["x"]),
        (["1", "2"], Sequence[int], [1, 2]),
        ({"a": 1}, Mapping[str, str], {"a": "1"}),
        ([{"Key": "a", "Value": "x"}], Mapping[str, str], {"a": "x"}),
        ([{"TagKey": "a", "TagValue": "x"}], Mapping[str, str], {"a": "x"}),
        ({"Nested": {"Name": 1}}, Any, {"nested": {"name": 1}}),
        ("x", None, "x"),
        (None, str, None),
    ],
)
def test_a_value_takes_the_declared_type(value, wanted, expected):
    assert fit(value, wanted) == expected


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        ({}, str), ([], bool), ("five", int), ("x", Mapping[str, str]), (["x"], Mapping[str, str]),
        ([{"Name": "x"}], Mapping[str, str]),
    ],
)  # fmt: skip
def test_what_cannot_be_is_a_misfit(value, wanted):
    with pytest.raises(Misfit):
        fit(value, wanted)


def test_a_nested_output_type_takes_its_own_names_and_needs_what_it_requires():
    wanted = declared("aws:sagemaker/model:Model")["vpcConfig"]
    given = {"Subnets": ["s"], "SecurityGroupIds": ["g"], "More": 1}
    assert fit(given, wanted) == {"subnets": ["s"], "securityGroupIds": ["g"]}
    assert fit([given], wanted) == fit(given, wanted)
    with pytest.raises(Misfit):
        fit({"Subnets": ["s"]}, wanted)
    with pytest.raises(Misfit):
        fit("x", wanted)

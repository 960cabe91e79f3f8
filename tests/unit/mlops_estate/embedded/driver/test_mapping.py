"""From inputs to parameters: what maps where, where each came from, and what is lost."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlops_estate.embedded.driver.caller import opened
from mlops_estate.embedded.driver.mapping import At, Mapped, map_inputs, scalar
from mlops_estate.embedded.validation import service_model


def shape(service, operation):
    return service_model(service).operation_model(operation).input_shape


def mapped(inputs, service, operation, noun=""):
    return map_inputs(inputs, shape(service, operation), noun)


VARIANTS = {
    "name": "c",
    "productionVariants": [
        {"variantName": "a", "modelName": "m"},
        {"modelName": "n", "instanceType": "ml.m5.large", "initialInstanceCount": "2"},
    ],
    "kmsKeyArn": "arn:k",
}


def test_inputs_take_the_services_names_and_types():
    assert mapped(VARIANTS, "sagemaker", "CreateEndpointConfig", "EndpointConfig").params == {
        "EndpointConfigName": "c",
        "ProductionVariants": [
            {"VariantName": "a", "ModelName": "m"},
            {"ModelName": "n", "InstanceType": "ml.m5.large", "InitialInstanceCount": 2},
        ],
        "KmsKeyId": "arn:k",
    }


@pytest.mark.parametrize(
    ("parameter", "origin"),
    [
        ("EndpointConfigName", "name"),
        ("ProductionVariants[1].InstanceType", "productionVariants[1].instanceType"),
        ("ProductionVariants[1]", "productionVariants[1]"),
        ("ProductionVariants[0].InstanceType", "productionVariants[0].instanceType"),
        ("ProductionVariants[0].ServerlessConfig.MemorySizeInMB",
         "productionVariants[0].serverlessConfig.memorySizeInMB"),
        ("KmsKeyId", "kmsKeyArn"),
        ("DataCaptureConfig.DestinationS3Uri", "dataCaptureConfig.destinationS3Uri"),
        ("", ""),
    ],
)  # fmt: skip
def test_a_parameter_path_leads_back_to_what_the_user_wrote_or_should_have(parameter, origin):
    assert mapped(VARIANTS, "sagemaker", "CreateEndpointConfig", "EndpointConfig").origin(parameter) == origin


def test_what_maps_to_nothing_is_lost_with_its_path():
    found = mapped(
        {"name": "c", "zzz": 1, "productionVariants": [{"variantName": "a", "qqq": {"x": 1}}]},
        "sagemaker", "CreateEndpointConfig", "EndpointConfig",
    )  # fmt: skip
    assert sorted(found.lost) == [("productionVariants[0].qqq", {"x": 1}), ("zzz", 1)]


def test_an_operation_without_input_loses_everything():
    assert map_inputs({"a": 1}, None, "X").lost == [("a", 1)]


def test_nothing_is_left_out():
    found = mapped({"name": "c", "kmsKeyArn": None, "tags": At(None, "tags")}, "sagemaker", "CreateEndpointConfig")
    assert (found.params, found.lost) == ({"EndpointConfigName": "c"}, [])


def test_a_moved_value_keeps_the_path_of_what_it_stands_for():
    found = mapped({"budget": At({"budgetName": At("b", "name")}, "")}, "budgets", "CreateBudget")
    assert found.params == {"Budget": {"BudgetName": "b"}}
    assert found.origin("Budget.BudgetName") == "name"
    assert found.origin("Budget.TimeUnit") == "timeUnit"


def test_a_wrapper_is_filled_from_what_lies_flat():
    found = mapped({"name": "d", "description": "x"}, "glue", "CreateDatabase", "Database")
    assert found.params == {"DatabaseInput": {"Name": "d", "Description": "x"}}
    assert found.origin("DatabaseInput.Name") == "name"


def test_a_wrapper_that_is_required_is_filled_whatever_its_name():
    found = mapped({"timeUnit": "MONTHLY"}, "budgets", "CreateBudget", "Thing")
    assert found.params == {"Budget": {"TimeUnit": "MONTHLY"}}


def test_a_mapping_becomes_pairs_with_the_key_in_their_origin():
    found = mapped({"name": "c", "tags": {"a.b": "x", "n": 5}}, "sagemaker", "CreateEndpointConfig")
    assert found.params["Tags"] == [{"Key": "a.b", "Value": "x"}, {"Key": "n", "Value": "5"}]
    assert found.origin("Tags[1].Value") == "tags.n"


def test_pairs_given_as_such_stay():
    found = mapped({"tags": [{"key": "a", "value": "x"}]}, "sagemaker", "CreateEndpointConfig")
    assert found.params["Tags"] == [{"Key": "a", "Value": "x"}]
    assert found.origin("Tags[0].Value") == "tags[0].value"


def test_a_mapping_stays_one_where_the_service_has_a_map():
    found = mapped({"primaryContainer": {"environment": {"A_b": True, "c": 1.0}}}, "sagemaker", "CreateModel", "Model")
    assert found.params == {"PrimaryContainer": {"Environment": {"A_b": "true", "c": "1"}}}
    assert found.origin("PrimaryContainer.Environment.A_b") == "primaryContainer.environment.A_b"


@pytest.mark.parametrize(
    ("inputs", "expected"),
    [
        ({"vpcConfig": {"subnets": "s", "securityGroupIds": ["g"]}}, {"Subnets": ["s"], "SecurityGroupIds": ["g"]}),
        ({"vpcConfig": [{"subnets": ["s"], "securityGroupIds": ["g"]}]},
         {"Subnets": ["s"], "SecurityGroupIds": ["g"]}),
    ],
    ids=["one for a list", "a list of one for one"],
)  # fmt: skip
def test_one_and_a_list_of_one_mean_the_same(inputs, expected):
    assert mapped(inputs, "sagemaker", "CreateModel", "Model").params == {"VpcConfig": expected}


def test_a_document_may_be_written_as_a_mapping():
    document = {"Version": "2012-10-17", "Statement": []}
    found = mapped({"name": "r", "assumeRolePolicyDocument": document}, "iam", "CreateRole", "Role")
    assert json.loads(found.params["AssumeRolePolicyDocument"]) == document


@pytest.mark.parametrize("wrong", ["text", 5, [1, 2]])
def test_what_has_the_wrong_form_stays_for_validation_to_name(wrong):
    assert mapped({"primaryContainer": wrong}, "sagemaker", "CreateModel", "Model").params == {
        "PrimaryContainer": wrong
    }


@pytest.mark.parametrize(
    ("service", "operation", "member", "value", "expected"),
    [
        ("kms", "ScheduleKeyDeletion", "PendingWindowInDays", "7", 7),
        ("kms", "ScheduleKeyDeletion", "PendingWindowInDays", 7.0, 7),
        ("kms", "ScheduleKeyDeletion", "PendingWindowInDays", 7.5, 7.5),
        ("kms", "ScheduleKeyDeletion", "PendingWindowInDays", "seven", "seven"),
        ("cloudwatch", "PutMetricAlarm", "Threshold", "0.5", 0.5),
        ("cloudwatch", "PutMetricAlarm", "Threshold", "half", "half"),
        ("cloudwatch", "PutMetricAlarm", "ActionsEnabled", "false", False),
        ("cloudwatch", "PutMetricAlarm", "ActionsEnabled", "Enabled", True),
        ("cloudwatch", "PutMetricAlarm", "ActionsEnabled", "Disabled", False),
        ("cloudwatch", "PutMetricAlarm", "ActionsEnabled", "maybe", "maybe"),
        ("cloudwatch", "PutMetricAlarm", "AlarmName", True, "true"),
        ("cloudwatch", "PutMetricAlarm", "AlarmName", 3.0, "3"),
        ("cloudwatch", "PutMetricAlarm", "AlarmName", ["x"], ["x"]),
        ("s3", "PutObject", "Body", "ä", "ä".encode()),
    ],
)
def test_a_scalar_takes_its_shapes_form_where_it_fits(service, operation, member, value, expected):
    found = scalar(value, shape(service, operation).members[member])
    assert (found, type(found)) == (expected, type(expected))


@given(st.dictionaries(st.text(min_size=1, max_size=8), st.text(max_size=4) | st.integers(), max_size=6))
def test_no_input_vanishes(inputs):
    """Each input is somewhere in the parameters, or named as lost."""
    found = mapped(inputs, "sagemaker", "CreateModel", "Model")
    accounted = {path.split(".")[0].split("[")[0] for path in found.origins.values()} | {path for path, _ in found.lost}
    for key in inputs:
        assert key in accounted or key.split(".")[0].split("[")[0] in accounted


def test_opening_a_call_notes_where_its_values_came_from():
    noted = Mapped()
    call = {"Bucket": "b", "Tagging": {"TagSet": [{"Key": "k", "Value": At(At("v", "inner"), "tags.k")}]},
            "Nothing": At(None, "x")}  # fmt: skip
    assert opened(call, noted) == {"Bucket": "b", "Tagging": {"TagSet": [{"Key": "k", "Value": "v"}]}}
    assert noted.origin("Tagging.TagSet[0].Value") == "inner"

"""Checks against the service models: each kind of fault, with its path at any depth, and none where there is none."""

from __future__ import annotations

import copy
import datetime
import re

import pytest
from botocore.exceptions import UnknownServiceError

from mlops_estate.embedded.validation import check_model, service_model, validate_call

ENDPOINT_CONFIG = {
    "EndpointConfigName": "c",
    "ProductionVariants": [
        {"VariantName": "a", "ModelName": "m", "InstanceType": "ml.m5.large", "InitialInstanceCount": 1},
        {
            "VariantName": "b", "ModelName": "m", "InstanceType": "ml.g5.xlarge", "InitialInstanceCount": 2,
            "InitialVariantWeight": 0.5, "EnableSSMAccess": False,
        },
    ],
    "DataCaptureConfig": {
        "InitialSamplingPercentage": 100,
        "DestinationS3Uri": "s3://bucket/prefix",
        "CaptureOptions": [{"CaptureMode": "Input"}],
    },
    "Tags": [{"Key": "team", "Value": "ml"}],
}  # fmt: skip
REMOVED = object()


def changed(path: str, value: object) -> dict:
    """Return the call with one value changed; `REMOVED` takes it away."""
    call = copy.deepcopy(ENDPOINT_CONFIG)
    parts = [int(part) if part.isdigit() else part for part in re.split(r"[.\[\]]+", path.rstrip("]"))]
    holder = call
    for part in parts[:-1]:
        holder = holder[part]
    if value is REMOVED:
        del holder[parts[-1]]
    else:
        holder[parts[-1]] = value
    return call


def test_a_sound_call_has_no_fault():
    assert check_model("sagemaker", "CreateEndpointConfig", ENDPOINT_CONFIG) == []


@pytest.mark.parametrize(
    ("path", "value", "kind", "rule"),
    [
        ("EndpointConfigName", REMOVED, "missing", "a required value is missing"),
        ("ProductionVariants[1].VariantName", REMOVED, "missing", "a required value is missing"),
        ("DataCaptureConfig.CaptureOptions[0].CaptureMode", REMOVED, "missing", "a required value is missing"),
        ("EndpointConfigNames", "x", "unknown", "there is no such member"),
        ("ProductionVariants[1].InstanceTypes", "x", "unknown", "there is no such member"),
        ("EndpointConfigName", 1, "type", "must be a string, is an int"),
        ("ProductionVariants", {}, "type", "must be a list, is a dict"),
        ("ProductionVariants[0]", "a", "type", "must be a structure, is a str"),
        ("ProductionVariants[1].InitialInstanceCount", "two", "type", "must be an integer, is a "),
        ("ProductionVariants[1].InitialInstanceCount", 1.5, "type", "must be an integer, is a "),
        ("ProductionVariants[1].InitialInstanceCount", True, "type", "must be an integer, is a "),
        ("ProductionVariants[1].EnableSSMAccess", "yes", "type", "must be a boolean, is a str"),
        ("ProductionVariants[0].InstanceType", "ml.m5.larg", "enum", "must be one of 2"),
        ("DataCaptureConfig.CaptureOptions[0].CaptureMode", "input", "enum", "must be one of 3 values of CaptureMode"),
        ("EndpointConfigName", "-c", "pattern", "must match [a-zA-Z0-9]"),
        ("DataCaptureConfig.DestinationS3Uri", "ftp://x/y", "pattern", "must match (https|s3)"),
        ("EndpointConfigName", "c" * 64, "length", "length must be at most 63, is 64"),
        ("Tags[0].Key", "", "length", "length must be at least 1, is 0"),
        ("ProductionVariants", [], "length", "number of items must be at least 1, is 0"),
        ("ProductionVariants[1].InitialInstanceCount", 0, "range", "value must be at least 1, is 0"),
        ("DataCaptureConfig.InitialSamplingPercentage", 101, "range", "value must be at most 100, is 101"),
        ("ProductionVariants[1].InitialVariantWeight", -0.1, "range", "value must be at least 0"),
    ],
)
def test_each_fault_is_found_where_it_is(path, value, kind, rule):
    faults = check_model("sagemaker", "CreateEndpointConfig", changed(path, value))
    assert [(fault.path, fault.kind) for fault in faults] == [(path, kind)]
    assert rule in faults[0].rule
    assert faults[0].source.startswith("sagemaker 2017-07-24 CreateEndpointConfig")


def test_all_faults_are_found_at_once():
    call = changed("ProductionVariants[0].InstanceType", "ml.none")
    call["DataCaptureConfig"]["InitialSamplingPercentage"] = 200
    del call["EndpointConfigName"]
    call["Unknown"] = 1
    assert [fault.kind for fault in check_model("sagemaker", "CreateEndpointConfig", call)] == [
        "missing", "enum", "range", "unknown",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("path", "value", "fix"),
    [
        ("ProductionVariants[0].InstanceType", "ml.m5.larg", "did you mean ml.m5.large"),
        ("ProductionVariants[0].InstancType", "ml.m5.large", "did you mean InstanceType?"),
        ("DataCaptureConfig.CaptureOptions[0].CaptureMode", "zzz", "one of: Input, Output"),
        ("EndpointConfigName", REMOVED, "give EndpointConfigName (string)"),
    ],
)
def test_the_fix_names_the_likely_meaning(path, value, fix):
    (fault, *rest) = check_model("sagemaker", "CreateEndpointConfig", changed(path, value))
    assert rest == []
    assert fix in fault.fix


def test_nothing_given_is_nothing_checked():
    assert check_model("sagemaker", "CreateEndpointConfig", changed("DataCaptureConfig", None)) == []


@pytest.mark.parametrize(("value", "kind"), [("s" * 70_000, "length"), (["s"], "type")])
def test_a_sensitive_value_is_never_shown(value, kind):
    (fault,) = check_model("secretsmanager", "CreateSecret", {"Name": "x", "SecretString": value})
    assert (fault.path, fault.kind, fault.value) == ("SecretString", kind, "[sensitive]")


@pytest.mark.parametrize(
    ("value", "kinds"),
    [({"CollectionConfig": {"VectorConfig": {"Dimension": 8}}}, []), ({"VectorConfig": {"Dimension": 8}}, ["unknown"])],
)
def test_a_member_is_looked_for_in_its_own_structure(value, kinds):
    feature = {"FeatureName": "f", "FeatureType": "Fractional", "CollectionType": "Vector", **value}
    call = {"FeatureGroupName": "g", "RecordIdentifierFeatureName": "f", "EventTimeFeatureName": "f",
            "FeatureDefinitions": [feature]}  # fmt: skip
    assert [fault.kind for fault in check_model("sagemaker", "CreateFeatureGroup", call)] == kinds


@pytest.mark.parametrize(
    ("config", "faults"),
    [
        ({"VectorConfig": {"Dimension": 8}}, []),
        ({}, ["exactly one member may be set"]),
    ],
)
def test_a_union_has_exactly_one_member(config, faults):
    feature = {"FeatureName": "f", "FeatureType": "Fractional", "CollectionConfig": config}
    call = {"FeatureGroupName": "g", "RecordIdentifierFeatureName": "f", "EventTimeFeatureName": "f",
            "FeatureDefinitions": [feature]}  # fmt: skip
    found = check_model("sagemaker", "CreateFeatureGroup", call)
    assert [(fault.path, fault.rule) for fault in found] == [
        ("FeatureDefinitions[0].CollectionConfig", rule) for rule in faults
    ]


def test_an_idempotency_token_may_be_left_out():
    """boto3 fills it in; `CreatePipeline` requires `ClientRequestToken`."""
    call = {"PipelineName": "p", "RoleArn": "arn:aws:iam::123456789012:role/r", "PipelineDefinition": "{}"}
    shape = service_model("sagemaker").operation_model("CreatePipeline").input_shape
    assert "ClientRequestToken" in shape.required_members
    assert check_model("sagemaker", "CreatePipeline", call) == []


def test_keys_and_values_of_maps_are_checked():
    call = {"ModelName": "m", "ExecutionRoleArn": "arn:aws:iam::123456789012:role/r",
            "PrimaryContainer": {"Environment": {"good": "x", "1bad": "y", "number": 1}}}  # fmt: skip
    assert [(fault.path, fault.kind) for fault in check_model("sagemaker", "CreateModel", call)] == [
        ("PrimaryContainer.Environment.1bad", "pattern"),
        ("PrimaryContainer.Environment.number", "type"),
    ]


@pytest.mark.parametrize("moment", [datetime.datetime(2026, 1, 1), datetime.date(2026, 1, 1), "2026-01-01", 1])
def test_every_form_of_a_time_that_boto3_takes_is_taken(moment):
    assert check_model("sagemaker", "ListModels", {"CreationTimeAfter": moment}) == []


def test_an_operation_without_parameters_takes_none():
    assert check_model("kms", "DisconnectCustomKeyStore", {"CustomKeyStoreId": "c"}) == []
    (fault,) = check_model("sts", "GetCallerIdentity", {"Who": "me"})
    assert (fault.path, fault.kind) == ("Who", "unknown")


def test_an_unknown_service_is_an_error_of_ours():
    with pytest.raises(UnknownServiceError):
        service_model("sagemakr")


def test_limits_are_checked_only_where_the_types_hold():
    broken = {"EndpointName": "e", "EndpointConfigName": "c", "DeploymentConfig": {"BlueGreenUpdatePolicy": "canary"}}
    assert [fault.kind for fault in validate_call("sagemaker", "CreateEndpoint", broken)] == ["type"]

"""Argument checks: shape from the TypedDict, every fault at once, and AWS's limits held against botocore."""

import pickle
from typing import NotRequired, TypedDict

import botocore.session
import pulumi
import pytest

from mlops_components.endpoint_plan import DEFAULTS
from mlops_components.validation import LOCAL_STORAGE_FAMILIES, NAME_RULES, ArgumentFaults, Checker


class Part(TypedDict):
    """A part."""

    name: str
    size: NotRequired[int]


class Shape(TypedDict):
    """A shape."""

    title: str
    place: pulumi.Input[str]
    parts: NotRequired[list[Part]]
    keys: NotRequired[pulumi.Input[list[str]]]
    labels: NotRequired[dict[str, str]]
    count: NotRequired[int]
    share: NotRequired[float]
    on: NotRequired[bool]


class Later:
    """A value that is only known later, as an Output is."""

    def __await__(self):
        yield


GOOD = {"title": "t", "place": "p"}


def check(**changes) -> Checker[Shape]:
    return Checker("Thing", "it", {**GOOD, **changes}, Shape)


def found(checker: Checker[Shape]) -> dict[str, str]:
    return {fault.path: fault.rule for fault in checker.faults}


@pytest.mark.parametrize(
    ("changes", "path", "rule"),
    [
        ({"titel": "x"}, "titel", "Shape has no such key"),
        ({"title": 3}, "title", "must be a text"),
        ({"place": 3}, "place", "must be a text"),
        ({"count": 2.5}, "count", "must be a whole number"),
        ({"count": True}, "count", "must be a whole number"),
        ({"share": "half"}, "share", "must be a number"),
        ({"on": "yes"}, "on", "must be true or false"),
        ({"parts": {}}, "parts", "must be a list"),
        ({"parts": ["x"]}, "parts[0]", "must be a mapping with the keys of Part"),
        ({"parts": [{"size": 1}]}, "parts[0].name", "Part requires it"),
        ({"parts": [{"name": "a", "sice": 1}]}, "parts[0].sice", "Part has no such key"),
        ({"keys": ["a", 1]}, "keys[1]", "must be a text"),
        ({"labels": {"a": 1}}, "labels", "must be a mapping of texts"),
    ],
)
def test_a_fault_of_shape_is_found_at_its_path(changes, path, rule):
    assert found(check(**changes)) == {path: rule}


def test_a_misspelt_key_is_answered_with_the_right_one():
    assert check(titel="x").faults[0].fix == "did you mean 'title'?"


def test_a_plain_field_refuses_an_output_and_an_input_takes_one():
    unknown = Later()
    assert found(check(title=unknown)) == {"title": "must be a plain value, not an Output"}
    assert check(place=unknown, keys=[unknown]).faults == []


def test_a_missing_key_is_reported_and_none_counts_as_left_out():
    assert found(Checker("Thing", "it", {"place": "p", "count": None}, Shape)) == {"title": "Shape requires it"}


def test_a_whole_number_may_come_as_the_float_a_hosted_component_receives():
    assert check(count=3.0, share=1).faults == []


def test_all_faults_are_raised_together_with_value_rule_and_fix():
    checker = check(title=1, count=900)
    checker.between("count", 1, 10, "pieces")
    with pytest.raises(ArgumentFaults) as caught:
        checker.finish()
    assert str(caught.value) == (
        "Thing 'it': 2 fault(s) in its arguments\n"
        "  - title = 1: must be a text. Fix: give a text\n"
        "  - count = 900: must be 1 to 10 pieces. Fix: use 10"
    )
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)


def test_a_rule_skips_what_is_only_known_later_or_broken_already():
    checker = check(place=Later(), title=7)
    checker.matches("place", "never", "rule", "fix")
    checker.one_of("title", ["a"])
    checker.aws_name("title", "x" * 99, "bucket")
    assert set(found(checker)) == {"title"}


def test_arguments_that_belong_together_are_asked_for_together():
    checker = check(count=1)
    checker.together("count", "share")
    assert found(checker) == {"share": "is required when count is given"}


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        ("bucket", "mlops-dev-raw", "Mlops"),
        ("bucket", "a" * 63, "a" * 64),
        ("role", "mlops-dev-x_1", "mlops dev"),
        ("role", "a" * 64, "a" * 65),
        ("feature_group", "mlops-dev_x", "-mlops"),
        ("endpoint", "a" * 63, "a" * 64),
        ("package_group", "mlops-x", "mlops_x"),
        ("budget", "b" * 100, "a:b"),
        ("table", "a_b", "a-b"),
        ("key_alias", "alias/mlops-dev", "mlops-dev"),
    ],
)
def test_names_are_held_to_the_rule_of_their_type(kind, good, bad):
    checker = check()
    checker.name_fault("title", good, kind)
    assert checker.faults == []
    checker.name_fault("title", bad, kind)
    assert [fault.path for fault in checker.faults] == ["title"]


def test_a_name_that_is_too_long_says_by_how_much():
    checker = check()
    checker.name_fault("title", "a" * 70, "endpoint")
    assert checker.faults[0].fix == "shorten it by 7"


@pytest.mark.parametrize(
    ("kind", "service", "shape"),
    [
        ("feature_group", "sagemaker", "FeatureGroupName"),
        ("feature", "sagemaker", "FeatureName"),
        ("package_group", "sagemaker", "EntityName"),
        ("pipeline", "sagemaker", "PipelineName"),
        ("endpoint", "sagemaker", "EndpointName"),
        ("model", "sagemaker", "ModelName"),
        ("schedule", "sagemaker", "MonitoringScheduleName"),
        ("role", "iam", "roleNameType"),
        ("log_group", "logs", "LogGroupName"),
        ("alarm", "cloudwatch", "AlarmName"),
        ("budget", "budgets", "BudgetName"),
        ("key_alias", "kms", "AliasNameType"),
    ],
)
def test_longest_names_agree_with_the_service_model(kind, service, shape):
    model = botocore.session.Session().get_service_model(service)
    assert NAME_RULES[kind].longest == model.shape_for(shape).metadata["max"]


def test_families_with_local_storage_are_families_that_jobs_offer():
    model = botocore.session.Session().get_service_model("sagemaker")
    offered = {
        name.split(".")[1]
        for shape in ("TrainingInstanceType", "ProcessingInstanceType")
        for name in model.shape_for(shape).enum
    }
    assert set(LOCAL_STORAGE_FAMILIES) <= offered
    assert "m5" not in LOCAL_STORAGE_FAMILIES


def test_default_instance_types_are_offered_for_endpoints():
    model = botocore.session.Session().get_service_model("sagemaker")
    offered = model.shape_for("ProductionVariantInstanceType").enum
    assert {defaults.instance_type for defaults in DEFAULTS.values()} <= set(offered)

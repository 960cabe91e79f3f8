"""Filling the kept definition."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.pipelines import VALUES

from mlops_pipelines.training import PLACEHOLDERS, load_definition, render_definition


def steps(**changes):
    return {step["Name"]: step for step in json.loads(render_definition(VALUES | changes))["Steps"]}


def test_the_placeholders_are_those_that_the_definition_uses():
    text = json.dumps(load_definition())
    assert {name for name in PLACEHOLDERS if f"${{{name}}}" in text} == PLACEHOLDERS
    assert text.count("${") == sum(text.count(f"${{{name}}}") for name in PLACEHOLDERS)


def test_nothing_is_left_open():
    assert "${" not in render_definition(VALUES)


def test_a_value_keeps_its_type():
    train = steps()["Train"]["Arguments"]
    assert train["VpcConfig"] == {"SecurityGroupIds": VALUES["security_group_ids"], "Subnets": VALUES["subnet_ids"]}
    assert train["StoppingCondition"] == {"MaxRuntimeInSeconds": 3600, "MaxWaitTimeInSeconds": 7200}
    assert train["EnableManagedSpotTraining"] is True


def test_a_tuple_of_subnets_is_a_list():
    assert steps(subnet_ids=("subnet-1",))["Train"]["Arguments"]["VpcConfig"]["Subnets"] == ["subnet-1"]


def test_without_spot_there_is_no_waiting_time():
    train = steps(use_spot=False)["Train"]["Arguments"]
    assert train["EnableManagedSpotTraining"] is False
    assert train["StoppingCondition"] == {"MaxRuntimeInSeconds": 3600}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"seed": "7"}, "seed = '7' is not a whole number"),
        ({"seed": True}, "seed = True is not a whole number"),
        ({"subnet_ids": "subnet-1"}, "subnet_ids = 'subnet-1' is not a list of text"),
        ({"subnet_ids": []}, "subnet_ids = [] is not a list of text"),
        ({"use_spot": 1}, "use_spot = 1 is not a boolean"),
        ({"training_role_arn": ""}, "training_role_arn = '' is not a text"),
        ({"training_max_wait_seconds": 60}, "training_max_wait_seconds = 60 is below"),
        ({"sead": 1}, "unknown placeholder sead"),
    ],
)
def test_a_value_that_does_not_fit_is_refused(change, message):
    with pytest.raises(ValueError, match="cannot be rendered") as caught:
        render_definition(VALUES | change)
    assert message in str(caught.value)


def test_one_key_may_serve_for_all_outputs():
    values = {name: value for name, value in VALUES.items() if name != "data_key_arn"}
    champion = json.loads(render_definition(values))["Steps"][0]["Arguments"]
    assert champion["ProcessingOutputConfig"]["KmsKeyId"] == VALUES["output_key_arn"]


def test_every_missing_value_is_named():
    with pytest.raises(ValueError, match=f"no value for {', '.join(sorted(PLACEHOLDERS))}"):
        render_definition({})


def test_a_definition_read_twice_is_not_shared():
    load_definition()["Steps"].clear()
    assert load_definition()["Steps"]


@given(st.text(min_size=1))
def test_any_text_survives(text):
    champion = json.loads(render_definition(VALUES | {"processing_instance_type": text}))
    kept = {item["Name"]: item.get("DefaultValue") for item in champion["Parameters"]}
    assert kept["ProcessingInstanceType"] == text

"""Reading back: what differs is named, what only looks different is not."""

from __future__ import annotations

import pytest

from mlops_estate.embedded.driver.operations import Operations
from mlops_estate.embedded.driver.readback import differences, equal
from mlops_estate.embedded.driver.table import table

CONFIG = table()["aws:sagemaker/endpointConfiguration:EndpointConfiguration"]
KEYS = {"EndpointConfigName": "c"}
FIRST = {"VariantName": "a", "ModelName": "m", "InitialInstanceCount": 1}
SECOND = {"VariantName": "b", "ModelName": "n", "InitialInstanceCount": 2}
SENT = {
    "EndpointConfigName": "c",
    "ProductionVariants": [FIRST, SECOND],
    "Tags": [{"Key": "team", "Value": "ml"}],
    "KmsKeyId": "k",
}
READ = {**SENT, "EndpointConfigArn": "arn:c", "CreationTime": "now"}
del READ["Tags"]


def found(**changed):
    return differences(CONFIG, SENT, {**READ, **changed}, KEYS)


def test_what_was_sent_and_is_shown_is_equal_whatever_else_the_service_adds():
    assert found() == []


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"KmsKeyId": "other"}, ["KmsKeyId: sent 'k', read 'other'"]),
        ({"KmsKeyId": None}, ["KmsKeyId: sent 'k', read None"]),
        (
            {
                "ProductionVariants": [
                    SENT["ProductionVariants"][0],
                    {**SENT["ProductionVariants"][1], "ModelName": "x"},
                ]
            },
            ["ProductionVariants[1].ModelName: sent 'n', read 'x'"],
        ),
    ],
)
def test_a_difference_is_named_by_its_path(changed, expected):
    assert found(**changed) == expected


def test_a_lost_item_is_a_difference():
    (difference,) = found(ProductionVariants=[FIRST])
    assert difference.startswith("ProductionVariants: sent [")


def test_the_order_of_a_list_of_structures_does_not_matter():
    assert found(ProductionVariants=[SECOND, FIRST]) == []


def test_an_item_counts_once():
    """Two equal items sent are not both found in one that is read."""
    twice = {**SENT, "ProductionVariants": [FIRST, FIRST]}
    assert differences(CONFIG, twice, {**READ, "ProductionVariants": SENT["ProductionVariants"]}, KEYS) != []


def test_what_no_read_shows_is_passed_over_and_what_is_read_elsewhere_is_held_against_it():
    row = table()["aws:ec2/flowLog:FlowLog"]
    sent = {"ResourceIds": ["vpc-1"], "ResourceType": "VPC", "TagSpecifications": [
        {"ResourceType": "vpc-flow-log", "Tags": [{"Key": "a", "Value": "b"}]}]}  # fmt: skip
    tags = [{"Key": "a", "Value": "b"}]
    assert differences(row, sent, {"ResourceId": "vpc-1", "Tags": tags}, {}) == []
    assert differences(row, sent, {"ResourceId": "vpc-2", "Tags": tags}, {}) == [
        "ResourceIds[0]: sent 'vpc-1', read 'vpc-2'"
    ]
    assert len(differences(row, sent, {"ResourceId": "vpc-1", "Tags": []}, {})) == 1


def test_a_wrapper_that_the_answer_leaves_out_is_opened():
    row = table()["aws:glue/catalogDatabase:CatalogDatabase"]
    sent = {"DatabaseInput": {"Name": "d", "Description": "x"}}
    assert differences(row, sent, {"Name": "d", "Description": "x"}, {"Name": "d"}) == []
    assert differences(row, sent, {"Name": "d", "Description": "y"}, {"Name": "d"}) == [
        "DatabaseInput.Description: sent 'x', read 'y'"
    ]


def test_long_values_are_cut():
    (difference,) = found(KmsKeyId="x" * 500)
    assert len(difference) < 200


def test_a_row_without_a_read_shape_compares_by_names():
    row = Operations("sagemaker", "CreateModel", "DescribeModel", root="Nowhere")
    assert differences(row, {"ModelName": "m"}, {"ModelName": "n"}, {}) == ["ModelName: sent 'm', read 'n'"]


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        ('{"a": 1, "b": 2}', '{"b":2,"a":1}'), ('{"a": 1}', {"a": 1}), (["a", "b"], ["b", "a"]), ("5", 5),
        (1, 1.0), (None, ""), ([], None), (False, None), ({}, None),
        ([{"a": 1}], [{"a": 1}]),
    ],
)  # fmt: skip
def test_values_that_mean_the_same_are_equal(sent, read):
    assert equal(sent, read)


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        ("{\"a\": 1}", "{\"a\": 2}"),
        ("{a", "{b"), (["a"], ["a", "a"]), ("5", 6), ("x", None), (True, None), (0, 1), (0, None),
        ({"a": 1}, {}), (True, False),
    ],
)  # fmt: skip
def test_values_that_do_not_are_not(sent, read):
    assert not equal(sent, read)

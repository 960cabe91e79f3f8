"""References, joins, property files and conditions of a pipeline definition."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlops_pipelines.training.expressions import ExpressionError, Scope, follow, references

SCOPE = Scope(
    {"Text": "a", "Count": 3, "Share": 0.5, "On": True},
    {"PipelineExecutionId": "run-1"},
    {"Prepare": {"Outputs": {"train": {"S3Output": {"S3Uri": "s3://b/train"}}}, "List": [{"Value": 4}]}},
    {("Prepare", "Report"): {"metrics": {"auc": {"value": 0.8}}, "names": ["x"]}},
)


def json_get(path, file="Report"):
    return {"Std:JsonGet": {"PropertyFile": {"Get": f"Steps.Prepare.PropertyFiles.{file}"}, "Path": path}}


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ({"Get": "Parameters.Count"}, 3),
        ({"Get": "Execution.PipelineExecutionId"}, "run-1"),
        ({"Get": "Steps.Prepare.Outputs['train'].S3Output.S3Uri"}, "s3://b/train"),
        ({"Get": "Steps.Prepare.List[0].Value"}, 4),
        (json_get("metrics.auc.value"), 0.8),
        (json_get("names[0]"), "x"),
        (
            {"Std:Join": {"On": "/", "Values": ["s3://b", {"Get": "Parameters.Count"}, {"Get": "Parameters.On"}]}},
            "s3://b/3/true",
        ),
        ({"Std:Join": {"On": "", "Values": [{"Std:Join": {"On": "-", "Values": ["a", "b"]}}]}}, "a-b"),
        ({"key": [{"Get": "Parameters.Text"}], "other": None}, {"key": ["a"], "other": None}),
    ],
)
def test_expressions_have_their_values(expression, value):
    assert SCOPE.evaluate(expression) == value


@pytest.mark.parametrize(
    "expression",
    [
        {"Get": "Parameters.Nothing"},
        {"Get": "Execution.Nothing"},
        {"Get": "Steps.Later.Outputs"},
        {"Get": "Steps.Prepare.Outputs['test']"},
        {"Get": "Steps.Prepare.List[1]"},
        {"Get": "Elsewhere.X"},
        json_get("metrics.accuracy"),
        json_get("metrics", "Other"),
    ],
)
def test_a_reference_to_nothing_is_an_error(expression):
    with pytest.raises(ExpressionError):
        SCOPE.evaluate(expression)


@pytest.mark.parametrize(
    ("kind", "left", "right", "holds"),
    [
        ("Equals", 3, 3, True), ("Equals", 3, 4, False),
        ("GreaterThan", 4, 3, True), ("GreaterThan", 3, 3, False),
        ("GreaterThanOrEqualTo", 3, 3, True), ("GreaterThanOrEqualTo", 2, 3, False),
        ("LessThan", 2, 3, True), ("LessThan", 3, 3, False),
        ("LessThanOrEqualTo", 3, 3, True), ("LessThanOrEqualTo", 4, 3, False),
    ],
)  # fmt: skip
def test_comparisons(kind, left, right, holds):
    condition = {"Type": kind, "LeftValue": left, "RightValue": right}
    assert SCOPE.holds(condition) is holds
    assert SCOPE.holds({"Type": "Not", "Expression": condition}) is not holds
    assert SCOPE.holds({"Type": "Or", "Conditions": [condition, condition]}) is holds


def test_membership_and_alternatives():
    assert SCOPE.holds({"Type": "In", "QueryValue": {"Get": "Parameters.Text"}, "Values": ["a", "b"]})
    assert not SCOPE.holds({"Type": "In", "QueryValue": "c", "Values": ["a", "b"]})
    no, yes = ({"Type": "Equals", "LeftValue": 1, "RightValue": right} for right in (2, 1))
    assert SCOPE.holds({"Type": "Or", "Conditions": [no, yes]})


def test_what_cannot_be_compared_is_an_error():
    with pytest.raises(ExpressionError, match="'a' and 3 cannot be compared with LessThan"):
        SCOPE.holds({"Type": "LessThan", "LeftValue": "a", "RightValue": 3})
    with pytest.raises(ExpressionError, match="condition type 'Around' is none of"):
        SCOPE.holds({"Type": "Around", "LeftValue": 1, "RightValue": 1})


def test_every_reference_inside_is_found():
    node = {
        "a": [{"Get": "Steps.A.X"}, json_get("p")],
        "b": {"Std:Join": {"On": "", "Values": [{"Get": "Parameters.P"}]}},
    }
    assert list(references(node)) == ["Steps.A.X", "Steps.Prepare.PropertyFiles.Report", "Parameters.P"]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: (
        st.lists(inner)
        | st.dictionaries(st.text().filter(lambda key: key not in ("Get", "Std:Join", "Std:JsonGet")), inner)
    ),
)


@given(JSON)
def test_what_holds_no_expression_is_left_alone(node):
    assert SCOPE.evaluate(node) == node
    assert list(references(node)) == []


@given(st.lists(st.text("abc_-", min_size=1), min_size=1, max_size=4), st.integers())
def test_a_path_leads_where_it_says(keys, value):
    document = value
    for key in reversed(keys):
        document = {key: document}
    assert follow(document, ".".join(keys), "") == value
    assert follow(json.loads(json.dumps(document)), "".join(f"['{key}']" for key in keys), "") == value

"""An execution's parameters are held against the pipeline's definition."""

from __future__ import annotations

import pytest

from mlops_estate.embedded.backends.executions import parameter_faults

DEFINITION = {
    "Parameters": [
        {"Name": "Rows", "Type": "Integer", "DefaultValue": 10},
        {"Name": "Share", "Type": "Float", "DefaultValue": 0.5},
        {"Name": "Fast", "Type": "Boolean", "DefaultValue": False},
        {"Name": "Kind", "Type": "String", "EnumValues": ["a", "b"], "DefaultValue": "a"},
    ]
}


def faults(**values: str) -> list[str]:
    return parameter_faults(DEFINITION, [{"Name": name, "Value": value} for name, value in values.items()])


def test_what_fits_is_no_fault() -> None:
    assert faults() == []
    assert faults(Rows="-3", Share="1e-3", Fast="TRUE", Kind="b") == []
    assert parameter_faults({}, []) == []


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("Rows", "1.5", "must be of type Integer"),
        ("Share", "half", "must be of type Float"),
        ("Fast", "yes", "must be of type Boolean"),
        ("Kind", "c", "must be one of"),
        ("Other", "1", "Unknown parameter: Other"),
    ],
)
def test_what_does_not_fit_is_named(name: str, value: str, said: str) -> None:
    (fault,) = faults(**{name: value})
    assert name in fault
    assert said in fault


def test_a_parameter_without_default_must_be_given_and_all_faults_are_told() -> None:
    definition = {"Parameters": [{"Name": "Data", "Type": "String"}]}
    found = parameter_faults(definition, [{"Name": "Dta", "Value": "x"}])
    assert found == [
        "Unknown parameter: Dta is not declared by the pipeline",
        "Missing parameter: Data has no default value",
    ]

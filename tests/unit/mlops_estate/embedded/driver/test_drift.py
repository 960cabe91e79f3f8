"""Drift: which inputs are no longer as they were sent."""

from __future__ import annotations

from typing import Any

import pytest

from mlops_estate.embedded.driver import AwsDriver
from mlops_estate.embedded.driver.drift import drifted
from mlops_estate.engine.driver_api import ResourceRequest, ResourceState
from mlops_estate.faults import Fault, FaultsFound

KEY = "aws:kms/key:Key"


class Account:
    """An account that is never asked."""

    account_id, region = "123456789012", "eu-west-1"

    def client(self, service: str) -> Any:
        raise AssertionError(service)

    def begin(self, urn: str) -> None:
        raise AssertionError(urn)

    def backend_of(self, service: str, operation: str) -> str:
        return "moto"


@pytest.fixture
def driver() -> AwsDriver:
    return AwsDriver(Account())


def state(token: str, inputs: dict[str, Any], params: dict[str, Any]) -> ResourceState:
    request = ResourceRequest("urn", token, "name", inputs, {})
    return ResourceState(request, "id", {}, {"keys": {"KeyId": "id"}, "params": params})


def read(monkeypatch, answer: Any) -> None:
    """Let reading answer, or fail with a rule."""

    def answered(*_arguments: Any) -> Any:
        if isinstance(answer, str):
            raise FaultsFound([Fault("", None, answer, "")])
        return answer

    monkeypatch.setattr(AwsDriver, "_read", answered)


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ({"Description": "one", "KeyState": "Enabled"}, {}),
        ({"Description": "two", "KeyState": "Enabled"}, {"description": "two"}),
        ({"Description": "one", "KeyState": "PendingDeletion"}, None),
        (None, None),
        ("kms DescribeKey answered NotFoundException: no such key", None),
    ],
)
def test_a_resource_is_as_it_was_or_drifted_or_gone(driver, monkeypatch, answer, expected):
    read(monkeypatch, answer)
    assert drifted(driver, state(KEY, {"description": "one"}, {"Description": "one"})) == expected


def test_another_failure_is_not_taken_for_gone(driver, monkeypatch):
    read(monkeypatch, "kms DescribeKey answered ThrottlingException: slow down")
    with pytest.raises(FaultsFound, match="Throttling"):
        drifted(driver, state(KEY, {"description": "one"}, {"Description": "one"}))


def test_what_cannot_be_said_in_the_inputs_form_is_none(driver, monkeypatch):
    variants = [{"variantName": "live", "modelName": "one", "initialInstanceCount": 1}]
    sent = {"ProductionVariants": [{"VariantName": "live", "ModelName": "one", "InitialInstanceCount": 1}]}
    read(monkeypatch, {"ProductionVariants": [{"VariantName": "live", "ModelName": "two", "InitialInstanceCount": 1}]})
    token = "aws:sagemaker/endpointConfiguration:EndpointConfiguration"
    found = state(token, {"productionVariants": variants}, sent)
    found.record["keys"] = {"EndpointConfigName": "c"}
    assert drifted(driver, found) == {"productionVariants": None}

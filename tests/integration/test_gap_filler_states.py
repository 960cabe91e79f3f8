"""Paths of state machines give what Step Functions gives."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from moto.core.config import default_user_config

from mlops_estate.embedded.account import EmbeddedAccount

GIVEN = {"A": [{"B": 1, "C": [5, 6]}, {"B": 2, "C": [7]}], "one": [{"B": 3}], "plain": {"it's": 4}}


def run(account: EmbeddedAccount, parameters: dict[str, str]) -> dict[str, Any]:
    """Run a state machine of one state that makes its output of these parameters."""
    state = {"Type": "Pass", "Parameters": parameters, "End": True}
    client = account.client("stepfunctions")
    machine = client.create_state_machine(
        name="paths", roleArn="arn:aws:iam::123456789012:role/estate",
        definition=json.dumps({"StartAt": "Only", "States": {"Only": state}}),
    )["stateMachineArn"]  # fmt: skip
    execution = client.start_execution(stateMachineArn=machine, input=json.dumps(GIVEN))["executionArn"]
    deadline = time.monotonic() + 20
    while (shown := client.describe_execution(executionArn=execution))["status"] == "RUNNING":
        assert time.monotonic() < deadline
        time.sleep(0.02)
    assert shown["status"] == "SUCCEEDED", shown
    return dict(json.loads(shown["output"]))


def test_definite_paths_give_values_and_others_lists(monkeypatch: pytest.MonkeyPatch) -> None:
    """Developer Guide, Reference paths: "$.A[0].B" identifies a single node; wildcards and slices give lists."""
    expected = {
        "$.A[0].B": 1,
        "$.A[1].C[0]": 7,
        "$.A[0].C": [5, 6],
        "$.A[0]": {"B": 1, "C": [5, 6]},
        "$.A[*].B": [1, 2],
        "$.one[*].B": [3],
        "$.A[0:1].B": [1],
    }
    with EmbeddedAccount() as account:
        monkeypatch.setitem(default_user_config, "stepfunctions", {"execute_state_machine": True})
        found = run(account, {f"p{i}.$": path for i, path in enumerate(expected)})
    assert {path: found[f"p{i}"] for i, path in enumerate(expected)} == expected

"""Remedies for functions, state machines and queues: they mend the fault alone, once, and never an unknown value."""

from __future__ import annotations

import copy

import pytest

from mlops_policies import remedies_messaging as remedies
from mlops_policies.catalog import rules
from mlops_policies.rule import Use
from mlops_policies.values import UNKNOWN

FUNCTION, NATIVE_FUNCTION = "aws:lambda/function:Function", "aws-native:lambda:Function"
MACHINE, NATIVE_MACHINE = "aws:sfn/stateMachine:StateMachine", "aws-native:stepfunctions:StateMachine"
QUEUE, NATIVE_QUEUE = "aws:sqs/queue:Queue", "aws-native:sqs:Queue"
ACTIVE, ON = {"mode": "Active"}, {"enabled": True}
MENDED = [
    (remedies.traced_function, FUNCTION, {"name": "f"}, {"name": "f", "tracingConfig": ACTIVE}),
    (remedies.traced_function, FUNCTION, {"tracingConfig": {"mode": "PassThrough"}}, {"tracingConfig": ACTIVE}),
    (remedies.traced_function, FUNCTION, {"tracingConfig": [{"mode": "PassThrough"}]}, {"tracingConfig": [ACTIVE]}),
    (remedies.traced_function, FUNCTION, {"tracingConfig": []}, {"tracingConfig": [ACTIVE]}),
    (remedies.traced_function, NATIVE_FUNCTION, {"role": UNKNOWN}, {"role": UNKNOWN, "tracingConfig": ACTIVE}),
    (remedies.traced_state_machine, MACHINE, {"name": "m"}, {"name": "m", "tracingConfiguration": ON}),
    (remedies.traced_state_machine, NATIVE_MACHINE, {"tracingConfiguration": {"enabled": False}},
     {"tracingConfiguration": ON}),
    (remedies.encrypted_queue, QUEUE, {"name": "q", "sqsManagedSseEnabled": False},
     {"name": "q", "sqsManagedSseEnabled": True}),
    (remedies.encrypted_queue, NATIVE_QUEUE, {"sqsManagedSseEnabled": False, "kmsMasterKeyId": ""},
     {"sqsManagedSseEnabled": True, "kmsMasterKeyId": ""}),
]  # fmt: skip
LEFT = [
    (remedies.traced_function, {"tracingConfig": ACTIVE}),
    (remedies.traced_function, {"tracingConfig": UNKNOWN}),
    (remedies.traced_function, {"tracingConfig": {"mode": UNKNOWN}}),
    (remedies.traced_state_machine, {"tracingConfiguration": ON}),
    (remedies.traced_state_machine, {"tracingConfiguration": UNKNOWN}),
    (remedies.traced_state_machine, {"tracingConfiguration": {"enabled": UNKNOWN}}),
    (remedies.encrypted_queue, {}),
    (remedies.encrypted_queue, {"sqsManagedSseEnabled": True}),
    (remedies.encrypted_queue, {"sqsManagedSseEnabled": UNKNOWN}),
    (remedies.encrypted_queue, {"sqsManagedSseEnabled": False, "kmsMasterKeyId": "alias/ml"}),
    (remedies.encrypted_queue, {"sqsManagedSseEnabled": False, "kmsMasterKeyId": UNKNOWN}),
]


@pytest.mark.parametrize(("remedy", "token", "props", "wanted"), MENDED)
def test_a_remedy_changes_the_fault_alone_and_once(remedy, token, props, wanted):
    before = copy.deepcopy(props)
    assert remedy(props, token, Use("prod", {})) == wanted
    assert props == before
    assert remedy(wanted, token, Use("prod", {})) is None


@pytest.mark.parametrize(("remedy", "props"), LEFT)
def test_what_complies_or_is_unknown_is_left_as_it_is(remedy, props):
    assert remedy(props, QUEUE, Use("prod", {})) is None


@pytest.mark.parametrize(
    ("rule", "remedy"),
    [
        ("lambda-tracing", remedies.traced_function),
        ("sfn-tracing", remedies.traced_state_machine),
        ("sqs-encrypted", remedies.encrypted_queue),
    ],
)
def test_a_rule_has_its_remedy(rule, remedy):
    assert rules()[rule].remedy is remedy

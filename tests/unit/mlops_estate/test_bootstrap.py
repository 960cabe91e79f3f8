"""The bootstrap's block: every fault at once, by the key the user wrote, before anything is registered."""

from __future__ import annotations

import pulumi
import pytest
from tests.support.programs import recorded
from tests.support.recorder import ACCOUNT, REGION

from mlops_estate.bootstrap import RefusedBootstrap, declare

BLOCK = {
    "account": ACCOUNT,
    "region": REGION,
    "estate_prefix": "mlops-dev",
    "repository": "acme/estate",
    "branches": ["main"],
}


def refused(block: object) -> dict[str, str]:
    with pytest.raises(RefusedBootstrap) as caught:
        declare(block)
    return {fault.where: fault.rule for fault in caught.value.faults}


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"repository": "*"}, "repository"),
        ({"branches": ["*"]}, "branches[0]"),
        ({"operator_arns": ["*"]}, "operator_arns[0]"),
        (
            {"operator_arns": [f"arn:aws:iam::{ACCOUNT}:role/ops", "arn:aws:iam::222222222222:role/ops"]},
            "operator_arns[1]",
        ),
        ({"operator_arns": "ops"}, "operator_arns"),
        ({"prefix": "mlops-dev"}, "prefix"),
        ({"history_days": 0}, "history_days"),
        ({"account": 123}, "account"),
        ({"estate_prefix": None}, "estate_prefix"),
        ({"branch": "main"}, "branch"),
    ],
)
def test_a_fault_is_named_by_the_key_the_user_wrote(changes, where):
    block = {key: value for key, value in {**BLOCK, **changes}.items() if value is not None}
    assert set(refused(block)) == {f"bootstrap.{where}"}


def test_the_faults_of_both_components_come_together():
    faults = refused({**BLOCK, "history_days": 0, "repository": "*", "region": "Ireland", "colour": "red"})
    assert set(faults) == {f"bootstrap.{key}" for key in ("history_days", "repository", "region", "colour")}


@pytest.mark.parametrize("block", [None, [], "mlops"])
def test_anything_but_a_block_is_refused(block):
    assert refused(block) == {"bootstrap": "must be a block of keys"}
    assert issubclass(RefusedBootstrap, pulumi.RunError)  # which Pulumi prints without a stack trace


def test_operators_use_both_keys_beside_the_delivery_role():
    operator = f"arn:aws:iam::{ACCOUNT}:role/aws-reserved/sso.amazonaws.com/{REGION}/AWSReservedSSO_Platform_*"
    recorder = recorded(lambda: declare({**BLOCK, "operator_arns": [operator]}))
    policies = [node.inputs["policy"] for node in recorder.registered.values() if node.type == "aws:kms/key:Key"]
    assert len(policies) == 2
    for policy in policies:
        assert operator in policy
        assert f"arn:aws:iam::{ACCOUNT}:role/mlops-bootstrap-delivery" in policy

"""Training stop: what is attached once the budget is spent, to whom, and by a role that can do nothing else."""

from __future__ import annotations

import json

import pytest
from tests.support.components import ACCOUNT, arguments, deployed, faults, only, statements, topic

DENIAL = f"arn:aws:iam::{ACCOUNT}:policy/mlops-dev-stop-training"


def made(environment="dev", **changes):
    return deployed("TrainingStop", {**arguments("TrainingStop", environment), **changes})


def action(nodes, name="it"):
    return only(nodes, f":BudgetAction {name}").inputs


def test_the_action_attaches_the_denial_to_the_roles_and_tells_the_topic():
    nodes = made()
    found = action(nodes)
    assert (found["actionType"], found["notificationType"]) == ("APPLY_IAM_POLICY", "ACTUAL")
    assert found["actionThreshold"] == {"actionThresholdType": "PERCENTAGE", "actionThresholdValue": 90}
    assert found["definition"]["iamActionDefinition"]["roles"] == ["mlops-dev-ml-engineer",
                                                                   "mlops-dev-mortgage-approval-pipeline"]  # fmt: skip
    assert found["subscribers"] == [{"subscriptionType": "SNS", "address": topic("warning", "dev")}]


def test_it_waits_for_a_person_unless_it_is_told_not_to():
    assert action(made("prod"))["approvalModel"] == "MANUAL"
    assert action(made("dev"))["approvalModel"] == "AUTOMATIC"
    assert action(made("prod"))["actionThreshold"]["actionThresholdValue"] == 100


def test_the_denial_stops_new_jobs_and_pipelines_and_leaves_what_serves_alone():
    denied = statements(only(made(), ":Policy it-policy").inputs["policy"])["BudgetIsSpent"]
    assert (denied["Effect"], denied["Resource"]) == ("Deny", ["*"])
    assert {"sagemaker:CreateTrainingJob", "sagemaker:StartPipelineExecution"} <= set(denied["Action"])
    assert not [name for name in denied["Action"] if "Endpoint" in name or "Monitoring" in name or "Stop" in name]


def test_budgets_attaches_that_policy_alone_and_only_for_budgets_of_the_environment():
    nodes = made()
    attach = statements(only(nodes, ":RolePolicy it-role-policy").inputs["policy"])["AttachTheDenial"]
    assert attach["Condition"] == {"ArnEquals": {"iam:PolicyARN": DENIAL}}
    assert attach["Resource"] == [f"arn:aws:iam::{ACCOUNT}:role/mlops-dev-*"]
    assert set(attach["Action"]) == {"iam:AttachRolePolicy", "iam:DetachRolePolicy"}
    (trust,) = json.loads(only(nodes, ":Role it-role").inputs["assumeRolePolicy"])["Statement"]
    assert trust["Principal"] == {"Service": "budgets.amazonaws.com"}
    assert trust["Condition"] == {
        "StringEquals": {"aws:SourceAccount": ACCOUNT},
        "ArnEquals": {"aws:SourceArn": f"arn:aws:budgets::{ACCOUNT}:budget/mlops-dev-*"},
    }


def test_a_hundred_roles_fit_an_action_and_more_take_another():
    roles = [f"arn:aws:iam::{ACCOUNT}:role/mlops-dev-{number}" for number in range(101)]
    nodes = made(role_arns=roles)
    first, second = action(nodes), action(nodes, "it-2")
    assert len(first["definition"]["iamActionDefinition"]["roles"]) == 100
    assert second["definition"]["iamActionDefinition"]["roles"] == ["mlops-dev-100"]


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"role_arns": []}, "role_arns"),
        ({"role_arns": [f"arn:aws:iam::{ACCOUNT}:role/other"]}, "role_arns[0]"),
        ({"role_arns": ["mlops-dev-x"]}, "role_arns[0]"),
        ({"at_percent": 0}, "at_percent"),
        ({"at_percent": 1001}, "at_percent"),
        ({"approval": "automatc"}, "approval"),
        ({"topic_arn": "topic"}, "topic_arn"),
        ({"prefix": "m" * 60}, "prefix"),
    ],
)
def test_bad_arguments_are_refused_before_anything_is_registered(changes, path):
    assert path in faults("TrainingStop", **changes)

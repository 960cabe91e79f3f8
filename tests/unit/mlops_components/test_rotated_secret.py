"""Rotated secret: nobody chooses its value, one function rotates it, and other accounts get nothing."""

from __future__ import annotations

import json

import pytest
from tests.support.components import ACCOUNT, REGION, arguments, deployed, faults, key, only, statements, topic

from mlops_components.rotated_secret import rotation_policy, secret_policy
from mlops_estate.embedded.iam import Policies, Request, decide

SECRET = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:mlops-prod/pseudonymisation-a1b2c3"
LOG = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/mlops-prod/pseudonymisation-rotation"
OWN = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:mlops-prod-pseudonymisation-rotation"


@pytest.fixture(scope="module")
def dev():
    return deployed("RotatedSecret", arguments("RotatedSecret", "dev"))


@pytest.fixture(scope="module")
def prod():
    return deployed("RotatedSecret", arguments("RotatedSecret", "prod"))


def role(**changes) -> dict:
    return statements(rotation_policy({**arguments("RotatedSecret", "prod"), **changes}, SECRET, key("personal"), LOG))


def test_no_value_is_declared(prod):
    assert not [node for node in prod.values() if node.type.endswith((":SecretVersion", ":RandomPassword"))]
    assert "secretString" not in json.dumps([node.inputs for node in prod.values()], default=str)


def test_the_secret_has_a_customers_key_and_can_be_restored_but_in_dev(dev, prod):
    for nodes, days in ((dev, 0), (prod, 30)):
        made = only(nodes, "Secret it").inputs
        assert (made["kmsKeyId"], made["recoveryWindowInDays"]) == (key("personal"), days)


def test_it_rotates_within_ninety_days_once_everything_stands(dev, prod):
    for nodes, days in ((dev, 90), (prod, 30)):
        rotation = only(nodes, "SecretRotation it-rotation")
        assert rotation.inputs["rotationRules"] == {"automaticallyAfterDays": days}
        waits = {urn.split("::")[-1] for urn in rotation.dependencies}
        assert {"it-policy", "it-permission", "it-role-policy"} <= waits


def test_the_secret_answers_its_own_account_over_tls_alone():
    document = secret_policy(ACCOUNT)
    own = json.dumps({"Statement": [{"Effect": "Allow", "Action": "secretsmanager:*", "Resource": "*"}]})

    def reads(account: str, tls: str) -> bool:
        arn = f"arn:aws:iam::{account}:role/mlops-prod-masking"
        told = {"aws:PrincipalAccount": account, "aws:SecureTransport": tls, "aws:PrincipalIsAWSService": "false"}
        request = Request(arn, "secretsmanager:GetSecretValue", SECRET, told)
        return decide(request, Policies(identity=[own], resource=document)).allowed

    assert reads(ACCOUNT, "true")
    assert not reads(ACCOUNT, "false")
    assert not reads("222222222222", "true")


def test_the_function_rotates_this_secret_alone_and_only_as_its_function():
    rotate = role()["RotateTheSecret"]
    assert rotate["Resource"] == [SECRET]
    assert rotate["Condition"] == {"StringEquals": {"secretsmanager:resource/AllowRotationLambdaArn": OWN}}
    assert not {"secretsmanager:DeleteSecret", "secretsmanager:PutResourcePolicy"} & set(rotate["Action"])


def test_its_key_is_used_through_secrets_manager_and_for_its_environment():
    made = role()
    assert made["UseItsKey"]["Condition"]["StringEquals"] == {
        "kms:ViaService": f"secretsmanager.{REGION}.amazonaws.com"
    }
    assert made["ReadItsEnvironment"]["Condition"]["StringEquals"] == {
        "kms:EncryptionContext:aws:lambda:FunctionArn": OWN
    }


def test_only_a_function_in_a_network_has_interfaces_and_its_code_has_none():
    made = role()
    assert made["NetworkInterfaces"]["Action"] == made["NoInterfacesForTheCode"]["Action"]
    assert made["NoInterfacesForTheCode"]["Condition"] == {"ArnEquals": {"lambda:SourceFunctionArn": [OWN]}}
    outside = statements(rotation_policy(arguments("RotatedSecret", "dev"), SECRET, key("personal"), LOG))
    assert not [sid for sid in outside if "Interfaces" in sid]


def test_secrets_manager_of_this_account_alone_invokes_it(prod):
    permission = only(prod, "it-permission").inputs
    assert (permission["principal"], permission["sourceAccount"]) == ("secretsmanager.amazonaws.com", ACCOUNT)


def test_in_prod_a_failing_rotation_is_told_and_one_runs_at_a_time(dev, prod):
    assert only(prod, "it-failing").inputs["alarmActions"] == [topic("critical", "prod")]
    assert only(prod, "it-function").inputs["reservedConcurrentExecutions"] == 1
    assert "reservedConcurrentExecutions" not in only(dev, "it-function").inputs
    assert not [tail for tail in dev if tail.endswith("it-failing")]


def test_environment_and_log_are_encrypted_and_the_log_is_the_environments(prod):
    function, log = only(prod, "it-function").inputs, only(prod, "it-log").inputs
    assert function["kmsKeyArn"] == key("personal")
    assert function["loggingConfig"]["logGroup"] == log["name"] == "/mlops-prod/pseudonymisation-rotation"
    assert (log["kmsKeyId"], log["retentionInDays"]) == (key("operations"), 365)


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"secret_name": "Key"}, "secret_name"),
        ({"secret_name": "key-abc123"}, "secret_name"),
        ({"secret_name": "k" * 60}, "secret_name"),
        ({"rotation_days": 1001}, "rotation_days"),
        ({"key_bytes": 16}, "key_bytes"),
        ({"recovery_days": 3}, "recovery_days"),
        ({"log_retention_days": 31}, "log_retention_days"),
        ({"key_arn": "alias/x"}, "key_arn"),
        ({"subnet_ids": ["subnet-0a1b2c3d"]}, "security_group_ids"),
        ({"description": ""}, "description"),
    ],
)
def test_bad_arguments_are_refused_before_anything_is_registered(changes, path):
    assert set(faults("RotatedSecret", **changes)) == {path}

"""A rotated secret standing in the embedded account: its function's own code run by Secrets Manager."""

from __future__ import annotations

import base64
import json

import pytest
from botocore.exceptions import ClientError
from tests.support.components import ACCOUNT, REGION

import mlops_components
from mlops_estate.embedded.account import EmbeddedAccount
from mlops_estate.embedded.driver import AwsDriver
from mlops_estate.engine import destroy, read_back, run_program
from mlops_pipelines.rotation import handler

NAME = "mlops-dev/pseudonymisation"
COMMON = {"prefix": "mlops-dev", "account": ACCOUNT, "region": REGION, "environment_class": "dev"}


def program(**changes):
    keys = mlops_components.EncryptionKeys("keys", COMMON)
    mlops_components.RotatedSecret(
        "secret",
        {
            **COMMON, "secret_name": "pseudonymisation", "description": "Key of pseudonyms",
            "key_arn": keys.personal_key_arn, "logs_key_arn": keys.operations_key_arn, **changes,
        },
    )  # fmt: skip


class Standing:
    def __init__(self, account):
        self.driver, self.graph = AwsDriver(account, seed="secret"), None
        self.manager = account.client("secretsmanager")

    def apply(self, **changes):
        self.graph = run_program(
            lambda: program(**changes), stack="dev", config={}, driver=self.driver, previous=self.graph
        )
        return self.graph

    def stages(self):
        found = self.manager.describe_secret(SecretId=NAME)["VersionIdsToStages"]
        return {version: sorted(labels) for version, labels in found.items() if labels}

    def value(self, stage="AWSCURRENT"):
        return self.manager.get_secret_value(SecretId=NAME, VersionStage=stage)["SecretString"]


@pytest.fixture
def standing():
    with EmbeddedAccount(seed=0) as account:
        made = Standing(account)
        made.apply()
        yield made


def test_it_reads_back_and_its_first_value_is_made_by_the_first_rotation(standing):
    assert {
        urn: found.differences for urn, found in read_back(standing.graph, standing.driver) if not found.equal
    } == {}
    assert len(base64.b64decode(standing.value())) == 32
    assert list(standing.stages().values()) == [["AWSCURRENT"]]
    assert standing.manager.describe_secret(SecretId=NAME)["RotationEnabled"] is True


def test_the_value_is_neither_in_the_graph_nor_in_anything_printed(standing, capsys):
    value = standing.value()
    standing.manager.rotate_secret(SecretId=NAME)
    told = capsys.readouterr()
    for text in (
        json.dumps([node.inputs for node in standing.graph.nodes.values()], default=str),
        json.dumps([node.outputs for node in standing.graph.nodes.values()], default=str),
        *told,
    ):
        assert value not in text
        assert standing.value() not in text


def test_each_rotation_makes_another_key_and_keeps_the_one_before(standing):
    values = [standing.value()]
    for _ in range(2):
        standing.manager.rotate_secret(SecretId=NAME)
        values.append(standing.value())
        assert standing.value("AWSPREVIOUS") == values[-2]
    assert len(set(values)) == 3
    assert sorted(standing.stages().values()) == [["AWSCURRENT"], ["AWSPREVIOUS"]]


@pytest.mark.parametrize("step", ["_create", "_test", "_finish"])
def test_a_rotation_that_fails_midway_leaves_the_current_key_and_is_finished_by_the_next(standing, monkeypatch, step):
    before = standing.value()
    text = handler.__loader__.get_source(handler.__name__)
    broken = text.replace(f"def {step}(", f"def {step}(*_a):\n    raise OSError('throttled')\n\n\ndef _was(", 1)
    (function,) = [node for node in standing.graph.custom_nodes() if node.type == "aws:lambda/function:Function"]
    client = standing.driver.account.client("lambda")
    update = {"FunctionName": function.id, "Publish": False}
    client.update_function_code(**update, ZipFile=zipped(broken))
    standing.manager.rotate_secret(SecretId=NAME)
    assert standing.value() == before
    assert sorted(standing.stages().values()) == [["AWSCURRENT"], ["AWSPENDING"]]
    client.update_function_code(**update, ZipFile=zipped(text))
    with pytest.raises(ClientError, match="previous rotation isn't complete"):
        standing.manager.rotate_secret(SecretId=NAME)
    assert standing.value() != before
    assert standing.value("AWSPREVIOUS") == before
    assert sorted(standing.stages().values()) == [["AWSCURRENT"], ["AWSPREVIOUS"]]


def zipped(text: str) -> bytes:
    import pulumi

    from mlops_estate.engine.wire import archive_bytes

    return archive_bytes(pulumi.AssetArchive({"handler.py": pulumi.StringAsset(text)}))


def test_the_real_steps_may_each_be_repeated_against_secrets_manager(standing):
    manager = standing.manager
    token = "11111111-2222-3333-4444-555555555555"
    manager.put_secret_value(
        SecretId=NAME, ClientRequestToken=token, SecretString="not a key", VersionStages=["AWSPENDING"]
    )
    event = {"SecretId": NAME, "ClientRequestToken": token}
    for step in ("createSecret", "createSecret", "setSecret"):
        handler.rotate(manager, {**event, "Step": step})
    with pytest.raises(handler.RotationRefused, match="not base64"):
        handler.rotate(manager, {**event, "Step": "testSecret"})
    good = base64.b64encode(b"k" * 32).decode()
    manager.put_secret_value(SecretId=NAME, ClientRequestToken=token, SecretString=good, VersionStages=["AWSPENDING"])
    for step in ("testSecret", "testSecret", "finishSecret", "finishSecret", "createSecret"):
        handler.rotate(manager, {**event, "Step": step})
    assert standing.value() == good
    assert standing.stages()[token] == ["AWSCURRENT"]


def test_without_its_permission_secrets_manager_cannot_invoke_the_function(standing):
    client = standing.driver.account.client("lambda")
    name = "mlops-dev-pseudonymisation-rotation"
    client.remove_permission(FunctionName=name, StatementId="SecretsManagerOfThisAccount")
    with pytest.raises(ClientError, match="AccessDenied"):
        standing.manager.rotate_secret(SecretId=NAME)
    client.add_permission(
        FunctionName=name, StatementId="other", Action="lambda:InvokeFunction",
        Principal="secretsmanager.amazonaws.com", SourceAccount="222222222222",
    )  # fmt: skip
    with pytest.raises(ClientError, match="AccessDenied"):
        standing.manager.rotate_secret(SecretId=NAME)


def test_a_second_run_changes_nothing_and_changes_arrive_in_place(standing):
    again = standing.apply()
    assert {node.status for node in again.custom_nodes() if not node.is_provider} == {"unchanged"}
    before = standing.value()
    changed = standing.apply(rotation_days=30, key_bytes=64, description="Key of all pseudonyms")
    assert {node.status for node in changed.custom_nodes()} <= {"unchanged", "updated", "registered"}
    found = standing.manager.describe_secret(SecretId=NAME)
    assert found["RotationRules"]["AutomaticallyAfterDays"] == 30
    assert found["Description"] == "Key of all pseudonyms"
    assert {urn: back.differences for urn, back in read_back(changed, standing.driver) if not back.equal} == {}
    standing.manager.rotate_secret(SecretId=NAME)
    assert len(base64.b64decode(standing.value())) == 64
    assert before != standing.value()


def test_it_is_torn_down_without_a_trace_in_dev(standing):
    report = destroy(standing.graph, standing.driver)
    assert report.faults == []
    assert standing.manager.list_secrets()["SecretList"] == []
    assert standing.driver.account.client("lambda").list_functions()["Functions"] == []

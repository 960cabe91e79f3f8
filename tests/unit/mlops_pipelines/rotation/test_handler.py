"""The rotation function: each step alone, again, and refused."""

from __future__ import annotations

import ast
import base64

import pytest

from mlops_pipelines.rotation import HANDLER, package
from mlops_pipelines.rotation.handler import RotationRefused, rotate

SECRET = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:mlops-dev/key-a1b2c3"


class Missing(Exception):  # noqa: N818 -- stands for ResourceNotFoundException
    pass


class Manager:
    """Secrets Manager with one secret, in memory; every call is noted."""

    class exceptions:  # noqa: N801 -- as boto3 has it
        ResourceNotFoundException = Missing

    def __init__(self, labels, values=None, enabled=True):
        self.labels, self.values, self.enabled, self.calls = labels, values or {}, enabled, []

    def describe_secret(self, **_params):
        return {"RotationEnabled": self.enabled, "VersionIdsToStages": {k: list(v) for k, v in self.labels.items()}}

    def get_secret_value(self, **params):
        if params["VersionId"] not in self.values:
            raise Missing
        return {"SecretString": self.values[params["VersionId"]]}

    def put_secret_value(self, **params):
        self.calls.append("put")
        self.values[params["ClientRequestToken"]] = params["SecretString"]

    def update_secret_version_stage(self, **params):
        stage, source, target = (params.get(k) for k in ("VersionStage", "RemoveFromVersionId", "MoveToVersionId"))
        self.calls.append(f"{stage} {source}>{target}")
        if source:
            self.labels[source].remove(stage)
        if target:
            self.labels[target].append(stage)


def step(manager, name, version="new", **more):
    rotate(manager, {"Step": name, "SecretId": SECRET, "ClientRequestToken": version}, **more)


def key(length: int) -> str:
    return base64.b64encode(b"x" * length).decode()


def test_a_new_version_gets_a_random_key_of_the_length_asked_for():
    made = []
    for _ in range(2):
        manager = Manager({"new": ["AWSPENDING"]})
        step(manager, "createSecret", key_bytes=64)
        made.append(base64.b64decode(manager.values["new"]))
    assert [len(value) for value in made] == [64, 64]
    assert made[0] != made[1]


def test_a_key_is_never_shorter_than_its_hash():
    manager = Manager({"new": ["AWSPENDING"]})
    step(manager, "createSecret", key_bytes=1)
    assert len(base64.b64decode(manager.values["new"])) == 32


def test_creating_again_keeps_the_value_of_the_first_try():
    manager = Manager({"new": ["AWSPENDING"]}, {"new": key(32)})
    step(manager, "createSecret")
    assert manager.calls == []


@pytest.mark.parametrize("spelled", ["createSecret", "create_secret"])
def test_steps_are_known_as_the_guide_and_as_the_service_spell_them(spelled):
    manager = Manager({"new": ["AWSPENDING"]})
    step(manager, spelled)
    assert manager.calls == ["put"]


def test_setting_changes_nothing():
    manager = Manager({"new": ["AWSPENDING"]}, {"new": key(32)})
    step(manager, "setSecret")
    assert manager.calls == []


@pytest.mark.parametrize(
    ("values", "why"), [({}, "no value"), ({"new": "not base64!"}, "not base64"), ({"new": key(31)}, "too short")]
)
@pytest.mark.parametrize("name", ["testSecret", "finishSecret"])
def test_a_version_that_holds_no_good_key_neither_passes_nor_becomes_current(name, values, why):
    manager = Manager({"old": ["AWSCURRENT"], "new": ["AWSPENDING"]}, values)
    with pytest.raises(RotationRefused, match=why) as refused:
        step(manager, name)
    assert manager.calls == []
    assert not [value for value in values.values() if value in str(refused.value)]


def test_finishing_moves_current_and_ends_pending():
    manager = Manager({"old": ["AWSCURRENT"], "new": ["AWSPENDING"]}, {"new": key(32)})
    step(manager, "finishSecret")
    assert manager.labels == {"old": [], "new": ["AWSCURRENT"]}


def test_the_first_version_becomes_current_without_one_before_it():
    manager = Manager({"new": ["AWSPENDING"]}, {"new": key(32)})
    step(manager, "finishSecret")
    assert manager.labels == {"new": ["AWSCURRENT"]}


@pytest.mark.parametrize("name", ["createSecret", "setSecret", "testSecret", "finishSecret"])
def test_a_step_after_the_end_only_makes_sure_that_it_is_one(name):
    interrupted = Manager({"new": ["AWSCURRENT", "AWSPENDING"]}, {"new": key(32)})
    step(interrupted, name)
    assert interrupted.labels == {"new": ["AWSCURRENT"]}
    step(interrupted, name)
    assert len(interrupted.calls) == 1


@pytest.mark.parametrize(
    ("labels", "enabled", "name", "why"),
    [
        ({"new": ["AWSPENDING"]}, False, "createSecret", "switched off"),
        ({"old": ["AWSCURRENT"]}, True, "createSecret", "no version new"),
        ({"new": ["AWSPREVIOUS"]}, True, "createSecret", "not being made"),
        ({"new": ["AWSPENDING"]}, True, "deleteSecret", "no step"),
    ],
)
def test_a_call_that_does_not_fit_the_secret_is_refused(labels, enabled, name, why):
    manager = Manager(labels, enabled=enabled)
    with pytest.raises(RotationRefused, match=why):
        step(manager, name)
    assert manager.calls == []


def test_the_package_is_one_file_that_needs_what_lambda_has_and_prints_nothing():
    ((file, text),) = package().items()
    assert f"{file.removesuffix('.py')}.handle" == HANDLER
    nodes = list(ast.walk(ast.parse(text)))
    imported = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    imported |= {node.module for node in nodes if isinstance(node, ast.ImportFrom)}
    assert imported == {"base64", "binascii", "os", "secrets", "typing", "boto3"}
    called = {node.func.id for node in nodes if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)}
    assert not called & {"print", "open", "eval", "exec"}

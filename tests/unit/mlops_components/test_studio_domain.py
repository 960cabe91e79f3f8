"""Studio domain: in the VPC only, encrypted, idle applications shut down, and a default role that reads no data."""

from __future__ import annotations

import json

import pytest
from tests.support.components import ACCOUNT, arguments, deployed, faults, key, only

from mlops_components.studio_domain import studio_policy

ALLOWED = {"kms:CreateGrant", "kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey"}


def domain(environment: str = "dev", **more):
    nodes = deployed("StudioDomain", {**arguments("StudioDomain", environment), **more})
    return only(nodes, "sagemaker/domain:Domain it")


@pytest.fixture(scope="module")
def dev():
    return deployed("StudioDomain", arguments("StudioDomain"))


def test_all_traffic_stays_in_the_network_and_data_is_encrypted(dev):
    inputs = only(dev, "sagemaker/domain:Domain it").inputs
    assert (inputs["appNetworkAccessType"], inputs["kmsKeyId"]) == ("VpcOnly", key("personal"))
    assert inputs["defaultUserSettings"]["sharingSettings"] == {"notebookOutputOption": "Disabled"}
    assert inputs["domainSettings"] == {
        "dockerSettings": {"enableDockerAccess": "DISABLED"}, "executionRoleIdentityConfig": "USER_PROFILE_NAME",
    }  # fmt: skip
    assert inputs["tagPropagation"] == "ENABLED"


@pytest.mark.parametrize(("environment", "minutes"), [("dev", 60), ("prod", 120)])
def test_idle_applications_are_shut_down_wherever_they_run(environment, minutes):
    inputs = domain(environment).inputs
    user, space = inputs["defaultUserSettings"], inputs["defaultSpaceSettings"]
    for settings in (user["jupyterLabAppSettings"], user["codeEditorAppSettings"], space["jupyterLabAppSettings"]):
        idle = settings["appLifecycleManagement"]["idleSettings"]
        assert (idle["lifecycleManagement"], idle["idleTimeoutInMinutes"]) == ("ENABLED", minutes)
        assert idle["maxIdleTimeoutInMinutes"] == minutes, "people can't put it off"


@pytest.mark.parametrize(("environment", "kept", "protected"), [("dev", "Delete", False), ("prod", "Retain", True)])
def test_home_directories_go_with_the_domain_in_dev_only(environment, kept, protected):
    node = domain(environment)
    assert node.inputs["retentionPolicy"] == {"homeEfsFileSystem": kept}
    assert node.protect is protected


def test_each_person_has_a_profile_that_sso_knows():
    nodes = deployed("StudioDomain", arguments("StudioDomain", "prod"))
    ada = only(nodes, "UserProfile it-ada").inputs
    assert (ada["userProfileName"], ada["singleSignOnUserValue"]) == ("ada", "ada")
    by_iam = deployed("StudioDomain", {**arguments("StudioDomain"), "user_names": ["ada"]})
    assert "singleSignOnUserValue" not in only(by_iam, "UserProfile it-ada").inputs


def test_the_default_role_reaches_no_data():
    made = json.loads(studio_policy(ACCOUNT, "eu-west-1", key("personal")))["Statement"]
    actions = {action for statement in made for action in statement["Action"]}
    assert not {action for action in actions if action.startswith(("s3:", "glue:", "secretsmanager:", "iam:"))}
    assert {action for action in actions if action.startswith("kms:")} == ALLOWED
    assert all(resource != "*" for statement in made for resource in statement["Resource"])


def test_an_adopted_domain_keeps_its_own_settings():
    node = domain(adopted_domain_id="d-abcdefghijkl")
    assert (node.import_id, node.retain_on_delete) == ("d-abcdefghijkl", True)
    must_match = {"authMode", "vpcId", "subnetIds", "appNetworkAccessType"}
    assert node.inputs.keys() - set(node.ignore_changes) == must_match


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"auth_mode": "LDAP"}, "auth_mode"),
        ({"idle_minutes": 59}, "idle_minutes"),
        ({"adopted_domain_id": "abc"}, "adopted_domain_id"),
        ({"user_names": ["ada", "ada"]}, "user_names"),
        ({"user_names": ["a.b"]}, "user_names[0]"),
    ],
)
def test_what_sagemaker_would_refuse_is_refused(change, path):
    assert faults("StudioDomain", **change).keys() == {path}

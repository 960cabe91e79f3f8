"""Personas in an embedded account: a boundary changes in place, and all of it goes again."""

from __future__ import annotations

import json

import pytest
from tests.support.components import arguments, component_class

from mlops_estate.embedded.account import EmbeddedAccount
from mlops_estate.embedded.driver import AwsDriver
from mlops_estate.engine import destroy, read_back, run_program

OTHER = "arn:aws:kms:eu-west-1:123456789012:key/other"


@pytest.fixture
def account():
    with EmbeddedAccount(seed=0) as embedded:
        yield embedded


def applied(driver, previous=None, **changes):
    args = {**arguments("Personas", "prod"), **changes}
    return run_program(
        lambda: component_class("Personas")("it", args), stack="prod", config={}, driver=driver, previous=previous
    )


def test_a_boundary_in_use_changes_in_place_and_goes_with_its_earlier_versions(account):
    driver, iam = AwsDriver(account, seed="personas"), account.client("iam")
    first = applied(driver)
    again = applied(driver, first)
    assert {node.status for node in again.custom_nodes()} == {"unchanged"}
    changed = applied(driver, again, personal_key_arn=OTHER)
    assert {node.status for node in changed.custom_nodes()} == {"unchanged", "updated"}
    assert [found.differences for _, found in read_back(changed, driver) if not found.equal] == []
    (policy,) = iam.list_policies(Scope="Local")["Policies"]
    version = iam.get_policy_version(PolicyArn=policy["Arn"], VersionId=policy["DefaultVersionId"])
    assert OTHER in json.dumps(version["PolicyVersion"]["Document"])
    assert len(iam.list_policy_versions(PolicyArn=policy["Arn"])["Versions"]) == 2
    assert destroy(changed, driver, unprotect=True).faults == []
    assert (iam.list_policies(Scope="Local")["Policies"], iam.list_roles()["Roles"]) == ([], [])


def test_the_roles_stand_as_the_configuration_trusts(account):
    graph = applied(AwsDriver(account, seed="personas"))
    roles = {role["RoleName"]: role for role in account.client("iam").list_roles()["Roles"]}
    assert len(roles) == 5
    operator = roles["mlops-prod-platform-operator"]["AssumeRolePolicyDocument"]["Statement"]
    assert [statement["Sid"] for statement in operator] == ["UsersWithSecondFactor", "RolesWithSourceIdentity"]
    (component,) = graph.components()
    assert component.outputs["auditor_role_arn"] == roles["mlops-prod-auditor"]["Arn"]

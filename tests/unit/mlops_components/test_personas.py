"""Personas: who may take them, under which boundary, and what is refused."""

from __future__ import annotations

import json

import pytest
from tests.support.components import ACCOUNT, OTHER_ACCOUNT, REGION, arguments, deployed, faults, scenarios, statements

from mlops_components.persona_guard import guard_statements
from mlops_components.persona_policies import PERSONAS, PeopleReach, boundary_policy, persona_policy
from mlops_components.persona_trust import trust_policy

LONGEST = PeopleReach(ACCOUNT, "ap-southeast-2", "x" * 32, "prod", ACCOUNT, "y" * 40)
KEYS = dict.fromkeys(("personal", "features", "models", "operations"), f"arn:aws:kms:{REGION}:{ACCOUNT}:key/{'k' * 36}")
ROLE = f"arn:aws:iam::{ACCOUNT}:role/ml-engineers"


def trust(**given):
    return statements(trust_policy({"persona": "auditor", **given}, ACCOUNT, REGION))


def roles(scenario: str) -> list:
    nodes = deployed("Personas", scenarios("Personas")[scenario]).values()
    return [node for node in nodes if node.type == "aws:iam/role:Role"]


def test_a_permission_set_is_trusted_through_the_role_that_identity_center_names_after_it():
    (made,) = trust(permission_set="Auditor").values()
    path = "role/aws-reserved/sso.amazonaws.com*/AWSReservedSSO_Auditor_????????????????"
    assert made["Principal"] == {"AWS": [f"arn:aws:iam::{ACCOUNT}:root"]}
    assert made["Condition"] == {"ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT}:{path}"}}


def test_users_prove_a_second_factor_and_roles_say_for_whom_they_act():
    user = f"arn:aws:iam::{ACCOUNT}:user/eve"
    made = trust(principal_arns=[ROLE, user])
    assert {sid: statement["Principal"]["AWS"] for sid, statement in made.items()} == {
        "UsersWithSecondFactor": [user], "RolesWithSourceIdentity": [ROLE],
    }  # fmt: skip
    assert made["UsersWithSecondFactor"]["Condition"] == {
        "Bool": {"aws:MultiFactorAuthPresent": "true"},
        "StringEquals": {"sts:SourceIdentity": "${aws:username}"},
    }
    assert made["RolesWithSourceIdentity"]["Condition"] == {"StringLike": {"sts:SourceIdentity": "?*"}}


def test_nobody_brings_tags_into_a_session():
    for made in trust(permission_set="Auditor", principal_arns=[ROLE]).values():
        assert made["Action"] == ["sts:AssumeRole", "sts:SetSourceIdentity"]


@pytest.mark.parametrize("scenario", ["dev", "prod"])
def test_each_role_has_the_personas_own_boundary_and_an_hour(scenario):
    made = roles(scenario)
    assert len(made) == len(PERSONAS)
    assert len({node.inputs["permissionsBoundary"] for node in made}) == 1
    assert {node.inputs["maxSessionDuration"] for node in made} == {3600}


def test_a_boundary_that_is_given_is_every_roles_and_no_other_is_made():
    nodes = deployed("Personas", scenarios("Personas")["bounded"]).values()
    assert {node.inputs["permissionsBoundary"] for node in roles("bounded")} == {
        f"arn:aws:iam::{ACCOUNT}:policy/boundary"
    }
    assert not [node for node in nodes if node.type == "aws:iam/policy:Policy"]


@pytest.mark.parametrize("scenario", ["dev", "prod", "bounded"])
def test_every_role_carries_the_guard_beside_its_policy(scenario):
    nodes = deployed("Personas", scenarios("Personas")[scenario]).values()
    guards = [node.inputs["policy"] for node in nodes if node.type == "aws:iam/rolePolicy:RolePolicy"
              and node.inputs["name"] == "guard"]  # fmt: skip
    assert len(guards) == len(PERSONAS)
    assert {s["Effect"] for text in guards for s in json.loads(text)["Statement"]} == {"Deny"}


def test_data_scientists_start_pipelines_outside_prod_only():
    for environment_class, starts in (("dev", True), ("staging", True), ("prod", False)):
        reach = PeopleReach(ACCOUNT, REGION, "mlops-x", environment_class, ACCOUNT, "mlops")
        assert ("StartPipelines" in statements(persona_policy("data_scientist", reach, KEYS))) is starts


def test_versions_are_decided_in_the_registrys_account_only():
    for registry, decides in ((ACCOUNT, True), (OTHER_ACCOUNT, False)):
        reach = PeopleReach(ACCOUNT, REGION, "mlops-x", "prod", registry, "mlops")
        assert ("Decide" in statements(persona_policy("model_approver", reach, KEYS))) is decides


def test_no_policy_allows_a_whole_service():
    for persona in PERSONAS:
        for statement in statements(persona_policy(persona, LONGEST, KEYS)).values():
            assert not [action for action in statement["Action"] if action.endswith(":*")]


def test_every_document_fits_iams_quotas_at_the_longest_prefix():
    guard = len(json.dumps({"Statement": guard_statements("x" * 32, ACCOUNT, "ap-southeast-2", KEYS["personal"])}))
    for persona in PERSONAS:
        assert len(persona_policy(persona, LONGEST, KEYS)) + guard <= 10_240  # all inline policies of a role
    assert len(boundary_policy(LONGEST, KEYS)) <= 6144  # a managed policy
    most = [f"arn:aws:iam::{ACCOUNT}:role/{'r' * 64}-{index}" for index in range(10)]
    assert (
        len(trust_policy({"persona": "auditor", "permission_set": "s" * 32, "principal_arns": most}, ACCOUNT, REGION))
        <= 2048
    )


def changed(index: int, **change) -> list:
    given = [dict(trust) for trust in arguments("Personas")["trust"]]
    given[index] = {key: value for key, value in {**given[index], **change}.items() if value is not None}
    return given


@pytest.mark.parametrize(
    ("change", "path", "rule"),
    [
        ({"trust": changed(0, permission_set="*")}, "trust[0].permission_set", "without wildcards"),
        ({"trust": changed(0, permission_set=None)}, "trust[0]", "trusts nobody"),
        ({"trust": changed(1, persona="intern")}, "trust[1].persona", "must be one of"),
        ({"trust": changed(2, principal_arns=["*"])}, "trust[2].principal_arns[0]", "everybody"),
        ({"trust": changed(2, principal_arns=[f"arn:aws:iam::{ACCOUNT}:root"])}, "trust[2].principal_arns[0]", "root"),
        ({"trust": changed(2, principal_arns=[f"arn:aws:iam::{ACCOUNT}:role/*"])}, "trust[2].principal_arns[0]", "ARN"),
        (
            {"trust": changed(2, principal_arns=[f"arn:aws:iam::{OTHER_ACCOUNT}:role/x"])},
            "trust[2].principal_arns[0]", "neither this account nor",
        ),
        ({"identity_account_ids": ["1"]}, "identity_account_ids[0]", "12-digit"),
        ({"features_key_arn": "key"}, "features_key_arn", "ARN of kms"),
        ({"permissions_boundary_arn": "boundary"}, "permissions_boundary_arn", "ARN of iam"),
    ],
)  # fmt: skip
def test_what_would_trust_too_many_or_nobody_is_refused(change, path, rule):
    assert rule in faults("Personas", **change)[path]


def test_each_persona_is_trusted_once():
    given = arguments("Personas")["trust"]
    assert "leaves personas out" in faults("Personas", trust=given[:4])["trust"]
    assert "given twice" in faults("Personas", trust=[*given, given[0]])["trust"]

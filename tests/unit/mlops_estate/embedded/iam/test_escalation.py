"""The search for escalation: each known way is found where it is planted, and nothing where something is in its way."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mlops_estate.embedded.iam import parse
from mlops_estate.embedded.iam.escalation import ANY, Prize, may, paths, steps
from mlops_estate.embedded.iam.estate import EVERYTHING, Estate, Role
from mlops_policies.iam.escalation_methods import CHANGES_ACCESS, CHANGES_IDENTITY, REUSES_A_ROLE, TAKES_A_ROLE

ACCOUNT = "123456789012"
PRIZE = Prize("reads the secret", "s3:GetObject", "arn:aws:s3:::secret/x", {})


def document(*statements, effect="Allow"):
    made = [{"Effect": effect, "Action": action, "Resource": resource, **more} for action, resource, more in statements]
    return parse({"Version": "2012-10-17", "Statement": made})


def allow(*actions, resource="*", **more):
    return document((list(actions), resource, more))


def trust(**principal):
    statement = {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}
    return parse({"Version": "2012-10-17", "Statement": [statement]})


def role(name, *identity, trusts=None, boundary=None):
    nobody = trust(AWS="arn:aws:iam::999999999999:role/nobody")
    return Role(f"arn:aws:iam::{ACCOUNT}:role/{name}", trusts or nobody, identity, boundary, tags={"team": "ml"})


def estate(*roles):
    return Estate(ACCOUNT, "eu-west-1", {made.name: made for made in roles}, {})


RICH = role("rich", allow("s3:GetObject"))
POOR = role("poor", allow("s3:ListBucket"))


def served(service):
    return replace(RICH, trust=trust(Service=service))


def test_nothing_is_found_where_nothing_is_planted():
    made = estate(POOR, served("sagemaker.amazonaws.com"))
    assert list(steps(made, "poor", {})) == []
    assert paths(made, "poor", [PRIZE]) == []


def test_what_its_own_policies_allow_is_a_way_without_steps():
    assert [str(path) for path in paths(estate(RICH), "rich", [PRIZE])] == ["reads the secret: by its own policies"]


@pytest.mark.parametrize("action", [*CHANGES_IDENTITY, *CHANGES_ACCESS])
def test_changing_identities_or_access_leads_to_anything(action):
    made = estate(role("poor", allow(action)))
    assert [(step.target, step.method) for step in steps(made, "poor", {})] == [(ANY, action)]
    assert [path.prize for path in paths(made, "poor", [PRIZE])] == ["reads the secret"]


@pytest.mark.parametrize(
    ("service", "actions"), [(service, actions) for service, known in TAKES_A_ROLE.items() for actions in known]
)
def test_passing_a_role_to_what_runs_as_it(service, actions):
    passing = allow("iam:PassRole", Condition={"StringEquals": {"iam:PassedToService": service}})
    planted = estate(role("poor", passing, allow(*actions)), served(service))
    assert f"iam:PassRole with {' and '.join(actions)}" in {step.method for step in steps(planted, "poor", {})}
    assert str(paths(planted, "poor", [PRIZE])[0]).startswith("reads the secret: poor -> rich by ")
    for missing in (
        estate(role("poor", allow(*actions)), served(service)),
        estate(role("poor", passing), served(service)),
    ):
        assert not [step for step in steps(missing, "poor", {}) if step.method.startswith("iam:PassRole")]
    assert list(steps(estate(role("poor", passing, allow(*actions)), RICH), "poor", {})) == []


@pytest.mark.parametrize(
    ("service", "actions"), [(service, actions) for service, known in REUSES_A_ROLE.items() for actions in known]
)
def test_taking_over_what_runs_as_a_role(service, actions):
    planted = estate(role("poor", allow(*actions)), served(service))
    assert " and ".join(actions) in {step.method for step in steps(planted, "poor", {})}


def test_a_chain_of_roles_is_followed():
    poor = role("poor", allow("sts:AssumeRole"))
    middle = role("middle", allow("sts:AssumeRole"), trusts=trust(AWS=poor.arn))
    rich = replace(RICH, trust=trust(AWS=f"arn:aws:iam::{ACCOUNT}:root"))
    made = estate(middle, poor, replace(rich, trust=trust(AWS=middle.arn)))
    (path,) = paths(made, "poor", [PRIZE])
    assert [(step.source, step.target) for step in path.steps] == [("poor", "middle"), ("middle", "rich")]
    assert paths(estate(middle, poor, RICH), "poor", [PRIZE]) == []


def test_code_that_others_run_is_a_way_to_them():
    poor = role("poor", allow("s3:PutObject", resource="arn:aws:s3:::code/*"))
    code = {"arn:aws:s3:::code/train.tar.gz": ["rich"]}
    assert [path.prize for path in paths(estate(poor, RICH), "poor", [PRIZE], code)] == ["reads the secret"]
    assert paths(estate(poor, RICH), "poor", [PRIZE], {"arn:aws:s3:::other/train.tar.gz": ["rich"]}) == []


def test_a_boundary_or_a_denial_in_the_way_is_seen():
    deny = document(("iam:*", "*", {}), effect="Deny")
    for poor in (
        role("poor", EVERYTHING, boundary=allow("s3:ListBucket")),
        role("poor", allow("iam:PutRolePolicy"), deny),
    ):
        assert list(steps(estate(poor, RICH), "poor", {})) == []


@pytest.mark.parametrize(
    ("condition", "possible"),
    [
        ({"StringEquals": {"aws:ResourceTag/team": "${aws:PrincipalTag/team}"}}, True),
        ({"StringLike": {"aws:RequestTag/x": "a*c?"}, "Null": {"aws:y": "true"}}, True),
        ({"Null": {"aws:y": "false"}, "StringNotEquals": {"aws:z": "a"}}, True),
        ({"NumericLessThan": {"aws:MultiFactorAuthAge": "never"}}, False),
    ],
)
def test_who_asks_satisfies_what_can_be_satisfied(condition, possible):
    made = estate(role("poor", allow("iam:PutRolePolicy", resource="arn:aws:iam::*:role/app-*", Condition=condition)))
    assert may(made, "poor", "iam:PutRolePolicy") is possible


@pytest.mark.parametrize("resource", ["*", "arn:aws:kms:*:*:key/*", "arn:aws:kms:eu-west-1:123456789012:key/*"])
def test_a_key_of_the_account_may_hand_everything_on(resource):
    made = estate(role("poor", allow("kms:PutKeyPolicy", resource=resource)))
    assert may(made, "poor", "kms:PutKeyPolicy")


def test_a_grant_for_a_services_own_use_is_no_way():
    own = {"Bool": {"kms:GrantIsForAWSResource": "true"}}
    for condition, found in ((own, False), ({}, True)):
        made = estate(role("poor", allow("kms:CreateGrant", Condition=condition)))
        assert may(made, "poor", "kms:CreateGrant") is found

"""Delivery role: whose tokens it trusts, and what it refuses to trust."""

from __future__ import annotations

import pytest
from tests.support.components import (
    ACCOUNT,
    OTHER_ACCOUNT,
    REGION,
    arguments,
    deployed,
    faults,
    only,
    scenarios,
    statements,
)

from mlops_components.delivery_role import ISSUERS, subjects, trust_policy

HOST = "token.actions.githubusercontent.com"
PROVIDER = f"arn:aws:iam::{ACCOUNT}:oidc-provider/{HOST}"


def trusted(**changes) -> dict:
    return statements(trust_policy(PROVIDER, {**arguments("DeliveryRole"), **changes}))


def test_only_tokens_for_aws_of_exactly_the_named_subjects_are_trusted():
    (statement,) = trusted(environments=["production"]).values()
    assert statement["Action"] == "sts:AssumeRoleWithWebIdentity"
    assert statement["Principal"] == {"Federated": PROVIDER}
    assert statement["Condition"] == {
        "StringEquals": {
            f"{HOST}:aud": "sts.amazonaws.com",
            f"{HOST}:sub": ["repo:acme/estate:ref:refs/heads/main", "repo:acme/estate:environment:production"],
        }
    }


def test_a_branch_by_its_start_is_matched_apart_and_still_for_one_audience():
    made = trusted(branches=["main", "release/*"])
    assert set(made) == {"NamedSubjects", "SubjectsByStart"}
    by_start = made["SubjectsByStart"]["Condition"]
    assert by_start["StringLike"] == {f"{HOST}:sub": ["repo:acme/estate:ref:refs/heads/release/*"]}
    assert by_start["StringEquals"] == {f"{HOST}:aud": "sts.amazonaws.com"}
    assert set(trusted(branches=["release/*"])) == {"SubjectsByStart"}


def test_gitlab_names_its_projects_and_branches_its_own_way():
    args = scenarios("DeliveryRole")["gitlab"]
    assert subjects(args) == [
        "project_path:acme/ml/estate:ref_type:branch:ref:main",
        "project_path:acme/ml/estate:ref_type:branch:ref:release/*",
    ]
    provider = only(deployed("DeliveryRole", args), "it-provider").inputs
    assert (provider["url"], provider["clientIdLists"]) == ("https://gitlab.com", ["https://gitlab.com"])


def test_an_existing_provider_is_named_and_not_made_again():
    made, kept = (deployed("DeliveryRole", arguments("DeliveryRole", env)) for env in ("dev", "prod"))
    kind = "aws:iam/openIdConnectProvider:OpenIdConnectProvider"
    assert kind in {node.type for node in made.values()}
    assert kind not in {node.type for node in kept.values()}
    assert kept["mlops:index:DeliveryRole it"].outputs["provider_arn"] == PROVIDER


def test_the_role_carries_its_boundary_and_a_short_session():
    role = only(deployed("DeliveryRole", arguments("DeliveryRole")), "Role it").inputs
    assert role["permissionsBoundary"]
    assert role["maxSessionDuration"] == 3600


def test_a_trust_policy_longer_than_iam_takes_is_refused():
    assert "branches" in faults("DeliveryRole", branches=[f"team-{number}-of-many" for number in range(60)])


@pytest.mark.parametrize("issuer", ISSUERS)
@pytest.mark.parametrize("repository", ["*", "acme/*", "*/estate", "acme", "repo:acme/estate:ref", "acme/estate:*", ""])
def test_anything_but_one_repository_is_refused(issuer, repository):
    assert set(faults("DeliveryRole", issuer=issuer, repository=repository)) == {"repository"}


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"branches": ["*"]}, "branches[0]"),
        ({"branches": ["main", "**"]}, "branches[1]"),
        ({"branches": ["*main"]}, "branches[0]"),
        ({"branches": ["ma?n"]}, "branches[0]"),
        ({"branches": []}, "branches"),
        ({"branches": None}, "branches"),
        ({"environments": ["*"]}, "environments[0]"),
        ({"issuer": "gitlab", "environments": ["dev"]}, "environments"),
        ({"issuer": "bitbucket"}, "issuer"),
        ({"account_baseline": "off"}, "account_baseline"),
        ({"session_seconds": 900}, "session_seconds"),
        ({"session_seconds": 43_201}, "session_seconds"),
        ({"prefix": "x" * 60}, "prefix"),
        ({"prefix": "mlops-dev"}, "prefix"),
        ({"prefix": "mlops-dev-ops"}, "prefix"),
        ({"estate_prefix": "x" * 60}, "estate_prefix"),
        ({"estate_prefix": "*"}, "estate_prefix"),
        ({"state_key_arn": f"arn:aws:kms:{REGION}:{OTHER_ACCOUNT}:key/state"}, "state_key_arn"),
        ({"secrets_key_arn": "alias/secrets"}, "secrets_key_arn"),
        ({"account": "1234"}, "account"),
    ],
)
def test_bad_arguments_are_refused_before_anything_is_registered(changes, path):
    assert set(faults("DeliveryRole", **changes)) == {path}

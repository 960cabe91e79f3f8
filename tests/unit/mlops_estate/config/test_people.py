"""Trust in the configuration: required, named, of a known account, and approvers apart from authors."""

from __future__ import annotations

import copy

import pytest

from mlops_estate.config import parse
from mlops_estate.config.people import EXAMPLE
from mlops_estate.faults import FaultsFound

HERE = "arn:aws:iam::123456789012:role/ml-engineers"
THERE = "arn:aws:iam::999999999999:role/ml-engineers"


def refused(estate, models) -> dict[str, str]:
    with pytest.raises(FaultsFound) as caught:
        parse("prod", estate, models)
    return {fault.where.removeprefix("estate."): f"{fault.rule} | {fault.fix}" for fault in caught.value.faults}


def people(**changes):
    return {**copy.deepcopy(EXAMPLE), **changes}


def test_the_block_is_required_and_the_fix_shows_it_whole(estate, models):
    del estate["people"]
    assert "data_scientist: {sso: DataScientist}" in refused(estate, models)["people"]


def test_every_persona_is_required(estate, models):
    del estate["people"]["auditor"]
    assert "is required" in refused(estate, models)["people.auditor"]


@pytest.mark.parametrize("trust", [{}, {"sso": ""}, {"principals": []}])
def test_an_empty_trust_is_refused(estate, models, trust):
    estate["people"] = people(auditor=trust)
    assert "must say who may take this persona" in refused(estate, models)["people.auditor"]


@pytest.mark.parametrize(
    ("trust", "path", "says"),
    [
        ({"sso": "*"}, "sso", "trust people nobody named"),
        ({"sso": "Data*"}, "sso", "trust people nobody named"),
        ({"principals": ["*"]}, "principals[0]", "trust everybody"),
        ({"principals": [HERE, "arn:aws:iam::123456789012:root"]}, "principals[1]", "trust everybody"),
        ({"principals": ["arn:aws:iam::123456789012:role/*"]}, "principals[0]", "trust everybody"),
        ({"principals": [THERE]}, "principals[0]", 'add "999999999999" to `people.identity_accounts`'),
    ],
)
def test_a_wide_or_foreign_trust_is_refused_with_its_path(estate, models, trust, path, says):
    estate["people"] = people(ml_engineer=trust)
    assert says in refused(estate, models)[f"people.ml_engineer.{path}"]


def test_a_principal_of_an_identity_account_is_trusted(estate, models):
    estate["people"] = people(ml_engineer={"principals": [HERE, THERE]}, identity_accounts=["999999999999"])
    assert parse("prod", estate, models).estate.people.trust["ml_engineer"].principals == [HERE, THERE]


@pytest.mark.parametrize(("account", "says"), [("99", "12-digit"), ("123456789012", "own account")])
def test_an_identity_account_is_another_account(estate, models, account, says):
    estate["people"] = people(identity_accounts=[account])
    assert says in refused(estate, models)["people.identity_accounts[0]"]


@pytest.mark.parametrize("author", ["data_scientist", "ml_engineer"])
@pytest.mark.parametrize(("trust", "path"), [({"sso": "Same"}, "sso"), ({"principals": [HERE]}, "principals[0]")])
def test_who_makes_versions_does_not_approve_them(estate, models, author, trust, path):
    estate["people"] = people(**{author: trust, "model_approver": trust})
    assert "must not approve it" in refused(estate, models)[f"people.model_approver.{path}"]

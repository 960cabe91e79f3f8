"""What is adopted or brought: named once, of the environment's own account and region."""

from __future__ import annotations

import pytest
from tests.unit.mlops_estate.config.conftest import ESTATE, MODELS

from mlops_estate.config import overlay_account, parse
from mlops_estate.faults import FaultsFound

OWN, REGION = ESTATE["account"], ESTATE["region"]
OTHER = "999999999999"
KEY = "1234abcd-12ab-34cd-56ef-1234567890ab"


def key(account: str = OWN, region: str = REGION) -> str:
    return f"arn:aws:kms:{region}:{account}:key/{KEY}"


def faults(**estate):
    try:
        parse("dev", {**ESTATE, **estate}, MODELS)
    except FaultsFound as found:
        return {fault.where: fault for fault in found.faults}
    return {}


def role(account: str) -> str:
    return f"arn:aws:iam::{account}:role/delivery"


@pytest.mark.parametrize(
    ("estate", "path"),
    [
        ({"permissions_boundary_arn": f"arn:aws:iam::{OTHER}:policy/b"}, "estate.permissions_boundary_arn"),
        ({"delivery_role_arns": [role(OWN), role(OTHER)]}, "estate.delivery_role_arns[1]"),
        ({"adopt": {"keys": {"personal": key(OTHER)}}}, "estate.adopt.keys.personal"),
    ],
)
def test_what_is_of_another_account_is_refused_with_both_accounts(estate, path):
    (fault,) = faults(**estate).values()
    assert fault.where == path
    assert OTHER in fault.rule
    assert OWN in fault.fix


def test_a_key_of_another_region_is_refused():
    (fault,) = faults(adopt={"keys": {"models": key(region="us-west-2")}}).values()
    assert (fault.where, "us-west-2" in fault.rule, REGION in fault.fix) == ("estate.adopt.keys.models", True, True)


def test_what_is_of_the_account_itself_is_taken():
    estate = {
        "permissions_boundary_arn": f"arn:aws:iam::{OWN}:policy/b",
        "delivery_role_arns": [role(OWN)],
        "adopt": {"keys": {"personal": key(), "models": "mrk-" + "0a" * 16}, "buckets": {"access_logs": "a.b-c"}},
    }
    assert faults(**estate) == {}


@pytest.mark.parametrize(
    ("adopt", "path"),
    [
        ({"buckets": {"raw": "acme", "models": "acme"}}, "estate.adopt.buckets.models"),
        ({"keys": {"personal": KEY, "operations": key()}}, "estate.adopt.keys.operations"),
    ],
)
def test_a_thing_is_adopted_for_one_purpose(adopt, path):
    (fault,) = faults(adopt=adopt).values()
    assert fault.where == path
    assert "is adopted twice" in fault.rule


@pytest.mark.parametrize(
    ("adopt", "path"),
    [
        ({"buckets": {"raw": "Acme"}}, "estate.adopt.buckets.raw"),
        ({"buckets": {"rwa": "acme"}}, "estate.adopt.buckets.rwa"),
        ({"keys": {"personal": "alias/personal"}}, "estate.adopt.keys.personal"),
    ],
)
def test_a_name_of_another_form_or_purpose_is_refused(adopt, path):
    assert faults(adopt=adopt).keys() == {path}


def test_all_faults_of_what_is_brought_are_said_at_once():
    found = faults(
        permissions_boundary_arn=f"arn:aws:iam::{OTHER}:policy/b",
        delivery_role_arns=[role(OTHER)],
        adopt={"keys": {"personal": key(OTHER)}, "buckets": {"raw": "acme", "models": "acme"}},
    )
    assert len(found) == 4


def test_arns_of_the_environments_account_move_with_it():
    raw = {**ESTATE, "delivery_role_arns": [role(OWN), role(OTHER)], "adopt": {"keys": {"personal": key()}}}
    moved = overlay_account(raw, "123456789012")
    assert moved["delivery_role_arns"] == [role("123456789012"), role(OTHER)]
    assert moved["adopt"] == {"keys": {"personal": key("123456789012")}}
    assert raw["adopt"] == {"keys": {"personal": key()}}


def test_an_adopted_domain_needs_studio_and_its_network():
    found = faults(adopt={"domain": "d-abc"})
    assert found.keys() == {"estate.adopt.domain"}
    network = {"vpc_id": "vpc-0a1b2c3d", "subnet_ids": ["subnet-0a1b2c3d"], "s3_endpoint_ids": ["vpce-0a1b2c3d"]}
    assert faults(adopt={"domain": "d-abc"}, studio={"enabled": True}).keys() == {"estate.adopt.domain"}
    assert faults(adopt={"domain": "d-abc"}, studio={"enabled": True}, network=network) == {}

"""What a configuration takes as given and an account has not: refused with path and fix, and nothing is made."""

from __future__ import annotations

import json
from typing import Any

import boto3
import pytest
from tests.support.adoption import REGION, make_bucket, make_key
from tests.support.project import change_estate, copy_project

from mlops_estate.cli.boundary import run
from mlops_estate.embedded.account import EmbeddedAccount
from mlops_estate.embedded.server import AccountServer
from mlops_estate.up.leftovers import standing

OWN = "111122223333"
"""The account of Pulumi.dev.yaml: in an embedded account it is that account, in ARNs too."""
OTHER = "999999999999"
MISSING_KEY = "1234abcd-12ab-34cd-56ef-1234567890ab"
ABROAD, PLAIN = "acme-abroad", "acme-plain"
BROUGHT = {
    "network": {
        "vpc_id": "vpc-0a1b2c3d", "subnet_ids": ["subnet-0a1b2c3d4e5f60718"], "s3_endpoint_ids": ["vpce-0a1b2c3d"],
    }
}  # fmt: skip


@pytest.fixture(scope="module")
def served():
    """Serve an account that holds a bucket of another region, one without Object Lock, and a key rotated otherwise."""
    with EmbeddedAccount(REGION) as account, AccountServer(instance=account.instance) as server:
        abroad = {"LocationConstraint": "eu-central-1"}
        boto3.client("s3", region_name="eu-central-1").create_bucket(Bucket=ABROAD, CreateBucketConfiguration=abroad)
        make_bucket(account, PLAIN)
        yield account, server.url, make_key(account, days=90), standing(account)


@pytest.fixture
def project(tmp_path):
    return copy_project(tmp_path)


BAD: dict[str, tuple[dict[str, Any], str, str]] = {
    "a boundary that does not exist": (
        {"permissions_boundary_arn": f"arn:aws:iam::{OWN}:policy/none"},
        "estate.permissions_boundary_arn", "there is no such policy in the account",
    ),
    "a boundary of another account": (
        {"permissions_boundary_arn": f"arn:aws:iam::{OTHER}:policy/b"},
        "estate.permissions_boundary_arn", f"is of account {OTHER}",
    ),
    "a delivery role of another account": (
        {"delivery_role_arns": [f"arn:aws:iam::{OTHER}:role/deliver"]},
        "estate.delivery_role_arns[0]", f"is of account {OTHER}",
    ),
    "an adopted key of another account": (
        {"adopt": {"keys": {"models": f"arn:aws:kms:{REGION}:{OTHER}:key/{MISSING_KEY}"}}},
        "estate.adopt.keys.models", f"is of account {OTHER}",
    ),
    "an adopted key of another region": (
        {"adopt": {"keys": {"models": f"arn:aws:kms:us-east-1:{OWN}:key/{MISSING_KEY}"}}},
        "estate.adopt.keys.models", "is of region us-east-1",
    ),
    "an adopted key that is not there": (
        {"adopt": {"keys": {"models": MISSING_KEY}}}, "estate.adopt.keys.models", "there is no such key in the account",
    ),
    "an adopted bucket that is not there": (
        {"adopt": {"buckets": {"raw": "acme-none"}}}, "estate.adopt.buckets.raw", "there is no such bucket",
    ),
    "an adopted bucket of another region": (
        {"adopt": {"buckets": {"raw": ABROAD}}}, "estate.adopt.buckets.raw", "the bucket is in eu-central-1",
    ),
    "snapshots without Object Lock": (
        {"adopt": {"buckets": {"curated": PLAIN}}}, "estate.adopt.buckets.curated", "has no Object Lock",
    ),
    "an adopted domain that is not there": (
        {**BROUGHT, "studio": {"enabled": True}, "adopt": {"domain": "d-none"}},
        "estate.adopt.domain", "there is no such domain",
    ),
    "a network that is not there": (
        BROUGHT, "estate.network.vpc_id", "no such VPC",
    ),
    "subnets that are not there": (
        BROUGHT,
        "estate.network.subnet_ids[0]", "there is no such subnet",
    ),
    "a zone of another region": ({"zones": ["us-east-1a"]}, "estate.zones[0]", "must be of the region eu-west-1"),
    "a zone that the region has not": ({"zones": ["eu-west-1z"]}, "estate.zones[0]", "has no such zone in eu-west-1"),
    "a singleton that is said to exist": (
        {"account_baseline": {"default": "off", "catalog_encryption": "existing"}},
        "estate.account_baseline.catalog_encryption", "is not encrypted, though it is said to exist",
    ),
}  # fmt: skip


def refused(arguments: list[str], capsys) -> dict[str, dict[str, Any]]:
    """Run a command that is refused; return its faults by path."""
    assert run([*arguments, "--json"]) == 2
    said = capsys.readouterr()
    assert "Traceback" not in said.err
    return {fault["where"]: fault for fault in json.loads(said.out)["faults"]}


@pytest.mark.parametrize("case", BAD)
@pytest.mark.parametrize("command", [["up"], ["config", "check"]], ids=" ".join)
def test_bad_input_is_refused_in_a_served_account_and_creates_nothing(served, project, capsys, command, case):
    account, url, _, before = served
    change, path, words = BAD[case]
    change_estate(project, "dev", **change)
    faults = refused([*command, "dev", "--account", url, "--project", str(project)], capsys)
    assert words in faults[path]["rule"]
    assert faults[path]["fix"]
    assert (faults[path]["file"], faults[path]["line"] > 0) == ("Pulumi.dev.yaml", True)
    assert standing(account) == before
    assert not (project / ".estate").exists()


def test_every_fault_is_said_at_once(served, project, capsys):
    account, url, key, before = served
    change_estate(
        project, "dev", permissions_boundary_arn=f"arn:aws:iam::{OWN}:policy/none",
        adopt={"buckets": {"raw": "acme-none", "models": ABROAD}, "keys": {"personal": key}},
    )  # fmt: skip
    faults = refused(["up", "dev", "--account", url, "--project", str(project)], capsys)
    assert faults.keys() == {
        "estate.permissions_boundary_arn", "estate.adopt.buckets.raw", "estate.adopt.buckets.models",
        "estate.adopt.keys.personal",
    }  # fmt: skip
    assert "is rotated every 90 days" in faults["estate.adopt.keys.personal"]["rule"]
    assert standing(account) == before


@pytest.mark.parametrize(
    "url", ["https://sts.amazonaws.com", "http://192.0.2.1:5000", "127.0.0.1:5000", "http://127.0.0.1:1"]
)
def test_only_a_served_account_on_this_machine_is_used(project, capsys, url):
    faults = refused(["up", "dev", "--account", url, "--project", str(project)], capsys)
    assert "estate serve ENV" in faults["--account"]["fix"]


def test_an_account_is_served_or_used_but_not_both(served, project, capsys):
    assert "--serve" in refused(["up", "dev", "--serve", "--account", served[1], "--project", str(project)], capsys)

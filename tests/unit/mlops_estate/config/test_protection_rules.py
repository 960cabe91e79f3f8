"""Rules of `estate.protection`: a perimeter has a way in, and an exemption something to be exempt from."""

from __future__ import annotations

import pytest
from tests.unit.mlops_estate.config.test_rules import SUBNETS, VPC, found

BROUGHT = {"vpc_id": VPC, "subnet_ids": SUBNETS}
ENDPOINT = {"s3_endpoint_ids": ["vpce-0a1b2c3d"]}
ROLE = ["arn:aws:iam::123456789012:role/data-delivery"]


@pytest.mark.parametrize(
    ("environment", "block", "path", "rule"),
    [
        ("prod", {"network": BROUGHT}, "estate.network.s3_endpoint_ids", "endpoint_only"),
        ("prod", {"network": {**BROUGHT, **ENDPOINT}}, "", ""),
        ("prod", {"network": BROUGHT, "protection": {"endpoint_only": False}}, "", ""),
        ("dev", {"network": BROUGHT}, "", ""),
        ("dev", {"network": BROUGHT, "protection": {"endpoint_only": True}}, "estate.network.s3_endpoint_ids", "else"),
        ("prod", {"network": ENDPOINT}, "estate.network.s3_endpoint_ids", "network of your own"),
        ("prod", {"protection": {"outside_role_arns": ROLE}}, "", ""),
        ("dev", {"protection": {"outside_role_arns": ROLE}}, "estate.protection.outside_role_arns", "endpoint_only"),
        ("prod", {"protection": {"outside_role_arns": ["break-glass"]}}, "estate.protection.outside_role_arns[0]", ""),
    ],
)
def test_a_perimeter_and_its_exemptions_fit_the_network(environment, block, path, rule):
    zones = {} if environment == "dev" else {"zones": ["eu-west-1a", "eu-west-1b"]}
    faults = found(environment, {**zones, **block}, {})
    assert list(faults) == ([path] if path else [])
    assert rule in faults.get(path, "")


COPY = "estate.protection.masked_copy"
SOURCE = {"source_account": "999999999999", "source_prefix": "mlops-prod"}


@pytest.mark.parametrize(
    ("environment", "copy", "path", "rule"),
    [
        ("dev", SOURCE, "", ""),
        ("dev", {"source_account": "999999999999"}, f"{COPY}.source_account", "needs `source_prefix`"),
        ("dev", {"source_prefix": "mlops-prod"}, f"{COPY}.source_prefix", "needs `source_account`"),
        ("dev", {"readers": ["999999999999"]}, f"{COPY}.readers", "no copy to read"),
        ("dev", {"enabled": True, "readers": ["999999999999"]}, "", ""),
        ("prod", {"readers": ["999999999999"]}, "", ""),
        ("prod", SOURCE, f"{COPY}.source_account", "has the original"),
        ("prod", {"readers": ["99"]}, f"{COPY}.readers[0]", "must match"),
        ("prod", {"key_rotation_days": 1001}, f"{COPY}.key_rotation_days", "at most 1000"),
    ],
)
def test_an_environment_makes_the_masked_copy_or_reads_it(environment, copy, path, rule):
    zones = {} if environment == "dev" else {"zones": ["eu-west-1a", "eu-west-1b"]}
    faults = found(environment, {**zones, "protection": {"masked_copy": copy}}, {})
    assert list(faults) == ([path] if path else [])
    assert rule in faults.get(path, "")

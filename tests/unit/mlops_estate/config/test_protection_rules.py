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

"""Rules across the keys of `estate.protection` and what they need elsewhere."""

from __future__ import annotations

from collections.abc import Iterator

from mlops_estate.config.estate import EstateBlock
from mlops_estate.config.findings import Finding, Rule

_PERIMETER = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/example-bucket-policies-vpc-endpoint.html"


def perimeter_has_a_way_in(estate: EstateBlock) -> Iterator[Finding]:
    """Objects that only the network reaches need its endpoints' ids, which are known of a managed network alone."""
    network, protection = estate.network, estate.protection
    where = ("network", "s3_endpoint_ids")
    if network.s3_endpoint_ids and network.managed:
        rule = "is for a network of your own"
        yield Finding(where, network.s3_endpoint_ids, rule, "remove it, or give `vpc_id`", "", (("network", "vpc_id"),))
    if protection.endpoint_only and not network.managed and not network.s3_endpoint_ids:
        rule = "is required with a network of your own: `protection.endpoint_only` lets nobody else reach the data"
        fix = "name the VPC's endpoints of S3, or set `protection.endpoint_only: false`"
        involves = (("network", "vpc_id"), ("protection", "endpoint_only"))
        yield Finding(where, network.s3_endpoint_ids, rule, fix, _PERIMETER, involves)


def exempt_roles_need_a_perimeter(estate: EstateBlock) -> Iterator[Finding]:
    """A role is exempt from something."""
    protection = estate.protection
    if protection.outside_role_arns and not protection.endpoint_only:
        where = ("protection", "outside_role_arns")
        rule = "contradicts `endpoint_only: false`: everyone reaches the objects from elsewhere"
        fix = "remove it, or set `endpoint_only: true`"
        involves = (("protection", "endpoint_only"),)
        yield Finding(where, protection.outside_role_arns, rule, fix, _PERIMETER, involves)


PROTECTION_RULES: tuple[Rule, ...] = (perimeter_has_a_way_in, exempt_roles_need_a_perimeter)

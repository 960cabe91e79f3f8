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


def copy_is_made_or_read(estate: EstateBlock) -> Iterator[Finding]:
    """An environment makes the masked copy and names its readers, or reads one and names its source, or neither."""
    copy = estate.protection.masked_copy
    where = ("protection", "masked_copy")
    enabled = ((*where, "enabled"),)
    if copy.readers and not copy.enabled:
        rule, fix = "contradicts `enabled: false`: there is no copy to read", "remove it, or set `enabled: true`"
        yield Finding((*where, "readers"), copy.readers, rule, fix, "", enabled)
    for key, other in (("source_account", "source_prefix"), ("source_prefix", "source_account")):
        if getattr(copy, key) and not getattr(copy, other):
            fix = f"add `{other}`, or remove `{key}`"
            yield Finding((*where, key), getattr(copy, key), f"needs `{other}`", fix, "", ((*where, other),))
    if copy.source_account and copy.enabled:
        rule = "contradicts `enabled: true`: an environment that has the original reads no copy"
        fix = "remove both `source_` keys, or set `enabled: false`"
        yield Finding((*where, "source_account"), copy.source_account, rule, fix, "", enabled)


PROTECTION_RULES: tuple[Rule, ...] = (perimeter_has_a_way_in, exempt_roles_need_a_perimeter, copy_is_made_or_read)

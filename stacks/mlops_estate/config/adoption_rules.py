"""Rules of what an environment is given from outside: it is of its own account and region, and given once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from mlops_estate.config.findings import Finding, RelativePath, Rule

if TYPE_CHECKING:
    from mlops_estate.config.estate import EstateBlock

_BOUNDARIES = "https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html"
_KEY_POLICIES = "https://docs.aws.amazon.com/kms/latest/developerguide/key-policies.html"
_IMPORT = "https://www.pulumi.com/docs/iac/concepts/resources/options/import/"


def arns_are_of_the_account(estate: EstateBlock) -> Iterator[Finding]:
    """Boundary, delivery roles and adopted keys are of `account`, keys of `region` too.

    Sources: a boundary is a policy of the role's own account (IAM user guide, Permissions boundaries); the key policies
    let in principals of the account; an import reads what the provider's account and region have.
    """
    arns: list[tuple[RelativePath, str | None, str]] = [
        (("permissions_boundary_arn",), estate.permissions_boundary_arn, _BOUNDARIES),
        *((("delivery_role_arns", index), arn, _KEY_POLICIES) for index, arn in enumerate(estate.delivery_role_arns)),
        *((("adopt", "keys", data_class), key, _IMPORT) for data_class, key in estate.adopt.keys.by_class().items()),
    ]
    for path, arn, source in arns:
        if arn is None or not arn.startswith("arn:"):
            continue
        region, account = arn.split(":")[3:5]
        if account != estate.account:
            rule = f"is of account {account}, and the environment's account is {estate.account}"
            fix = f"name one of account {estate.account}, or correct `account`"
            yield Finding(path, arn, rule, fix, source, (("account",),))
        elif region and region != estate.region:
            rule = f"is of region {region}, and the environment's region is {estate.region}"
            fix = f"name one of region {estate.region}, or correct `region`"
            yield Finding(path, arn, rule, fix, source, (("region",),))


def each_is_adopted_once(estate: EstateBlock) -> Iterator[Finding]:
    """A bucket has one purpose and a key one data class: each has one policy. Source: PutBucketPolicy, PutKeyPolicy."""
    buckets = [(("adopt", "buckets", key.replace("-", "_")), name) for key, name in _buckets(estate)]
    keys = [(("adopt", "keys", data_class), key.rpartition("/")[2]) for data_class, key in _keys(estate)]
    for group in (buckets, keys):
        seen: dict[str, RelativePath] = {}
        for path, name in group:
            if name in seen:
                rule = f"is adopted twice, as {seen[name][-1]} too"
                yield Finding(path, name, rule, "name another one, or leave one of the two out", "", (seen[name],))
            seen.setdefault(name, path)


def an_adopted_domain_has_its_network(estate: EstateBlock) -> Iterator[Finding]:
    """A domain is in a VPC that was there before it, so the network is brought too. Source: DescribeDomain, VpcId."""
    domain, where = estate.adopt.domain, ("adopt", "domain")
    source = "https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DescribeDomain.html"
    if domain is not None and not estate.studio.enabled:
        rule = "needs `studio.enabled`: the environment has no Studio domain"
        yield Finding(where, domain, rule, "set it, or remove `domain`", "", (("studio", "enabled"),))
    if domain is not None and estate.network.managed:
        rule = "needs the network that the domain is in, and the estate makes its own"
        fix = "give `network.vpc_id` and `network.subnet_ids` of the domain"
        yield Finding(where, domain, rule, fix, source, (("network", "vpc_id"),))


def _buckets(estate: EstateBlock) -> list[tuple[str, str]]:
    return list(estate.adopt.buckets.by_purpose().items())


def _keys(estate: EstateBlock) -> list[tuple[str, str]]:
    return list(estate.adopt.keys.by_class().items())


ADOPTION_RULES: tuple[Rule, ...] = (
    arns_are_of_the_account,
    each_is_adopted_once,
    an_adopted_domain_has_its_network,
)

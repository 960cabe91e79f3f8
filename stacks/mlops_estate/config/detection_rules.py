"""Rules between the keys of the detective controls, and where they run."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from mlops_estate.config.findings import Finding, Rule

if TYPE_CHECKING:
    from mlops_estate.config.estate import EstateBlock

WITHOUT_MACIE = frozenset({"ap-southeast-3", "eu-central-2", "eu-south-2", "me-central-1"})
"""Supported regions without Macie. Source: https://docs.aws.amazon.com/general/latest/gr/macie.html; a test holds
them against botocore's endpoint data."""


def macie_is_in_the_region(estate: EstateBlock) -> Iterator[Finding]:
    """Macie is asked for only where there is Macie."""
    if estate.region in WITHOUT_MACIE and estate.account_baseline.mode("macie") != "off":
        source = "https://docs.aws.amazon.com/general/latest/gr/macie.html"
        rule = f"Amazon Macie is not available in {estate.region}"
        where = ("account_baseline", "macie")
        yield Finding(where, estate.account_baseline.macie, rule, "write `macie: off`", source, (("region",),))


def lists_name_nothing_twice(estate: EstateBlock) -> Iterator[Finding]:
    """What is looked for is named once: each entry becomes a resource, or an item of a set."""
    for key in ("guardduty_features", "standards", "inspector_scans"):
        given: list[str] = getattr(estate.detection, key)
        for twice in sorted({item for item in given if given.count(item) > 1}):
            yield Finding(("detection", key), twice, "is named twice", "name it once")


def code_is_scanned_with_its_function(estate: EstateBlock) -> Iterator[Finding]:
    """Inspector scans a function's code only beside its packages."""
    scans = estate.detection.inspector_scans
    if "LAMBDA_CODE" in scans and "LAMBDA" not in scans:
        source = "https://docs.aws.amazon.com/inspector/latest/user/scanning-lambda.html"
        rule = "LAMBDA_CODE needs LAMBDA beside it"
        yield Finding(("detection", "inspector_scans"), scans, rule, "add LAMBDA", source)


DETECTION_RULES: tuple[Rule, ...] = (
    macie_is_in_the_region,
    lists_name_nothing_twice,
    code_is_scanned_with_its_function,
)

"""Environments and regions: no data, accounts or buckets of another environment; where data and training may be."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any

from mlops_policies.buckets import BUCKET, bucket_of_uri, name_of
from mlops_policies.images import TRAINING_JOB
from mlops_policies.resource import Resource, View
from mlops_policies.risk import DATA_CLASS, data_class
from mlops_policies.rule import Use, resource_rule, stack_rule
from mlops_policies.stack import Stack
from mlops_policies.values import UnknownValue, has_unknown, is_unknown, texts
from mlops_policies.verdicts import Verdict, each, not_applicable

FEATURE_GROUP = "aws:sagemaker/featureGroup:FeatureGroup"
TUNING_JOB = "aws:sagemaker/hyperParameterTuningJob:HyperParameterTuningJob"
PIPELINE = "aws:sagemaker/pipeline:Pipeline"
PROCESSING_JOB = "aws-native:sagemaker:ProcessingJob"

_NAMES = {"type": "array", "items": {"type": "string"}}
_ENVIRONMENT_WORDS: Mapping[str, Mapping[str, Any]] = {
    "environment_words": {
        "type": "object",
        "properties": dict.fromkeys(("dev", "staging", "prod"), _NAMES),
        "additionalProperties": False,
        "default": {"dev": ["dev", "development"], "staging": ["staging", "stage"], "prod": ["prod", "production"]},
        "description": "By class of environments, the words by which names tell that something is of it.",
    }
}
_ACCOUNT = re.compile(r"\barn:aws[\w-]*:[\w-]*:[\w-]*:(\d{12}):|\b(\d{12})\.dkr[.-]ecr")
_BUCKET = re.compile(r"\bs3://([a-z0-9.-]{3,63})|\barn:aws[\w-]*:s3:::([a-z0-9.-]{3,63})")
_SEPARATORS = re.compile(r"[^a-z0-9]+")


def _words(name: str) -> set[str]:
    return set(_SEPARATORS.split(name.lower()))


@stack_rule(
    "ml-dev-no-prod-data-class",
    on=[BUCKET, TRAINING_JOB, FEATURE_GROUP],
    only=["dev"],
    title="Development works without confidential data and without data of production.",
    severity="high",
    level="mandatory",
    category="ml-governance",
    why="In development more people can read more, and less is logged: that is no place for personal data.",
    fix="Use masked or synthetic data",
    source="https://docs.aws.amazon.com/wellarchitected/latest/security-pillar/sec_data_classification_define_protection.html",
    settings={
        **DATA_CLASS,
        **_ENVIRONMENT_WORDS,
        "confidential_classes": {
            **_NAMES,
            "default": ["confidential", "restricted"],
            "description": "Classes of data that have no place in development.",
        },
        "environment_tag": {
            "type": "string",
            "default": "environment",
            "description": "The tag that names the environment of a bucket.",
        },
    },
)
def dev_no_prod_data(it: Resource, stack: Stack, use: Use) -> Iterator[Verdict]:
    """A word tells by itself: `products` is not production."""
    yield from each([it], lambda one: _confidential(one, use))
    if it.type == TRAINING_JOB:
        paths = [(view, "dataSource.s3DataSource.s3Uri") for view in it.items("inputDataConfigs")]
        yield from each(paths, lambda place: _of_prod(place, stack, use))


def _confidential(it: Resource, use: Use) -> Iterator[Verdict]:
    kind = data_class(it, use)
    if kind in use["confidential_classes"]:
        yield it.fails("tags", f"class its data as {kind}", key=kind)


def _of_prod(place: tuple[View, str], stack: Stack, use: Use) -> Iterator[Verdict]:
    view, path = place
    uri = view.raw(path)
    words = set(use["environment_words"].get("prod", []))
    bucket = bucket_of_uri(stack, view, path)
    name = name_of(bucket) if bucket is not None else "".join(part for part in _bucket_names(str(uri)))
    tagged = bucket.tags().get(use["environment_tag"], "") if bucket is not None else ""
    if is_unknown(tagged):
        raise UnknownValue(f"the environment tag of bucket {name}")
    if _words(name) & words or str(tagged).lower() in words:
        yield view.fails(path, f"reads bucket {name}, which is of production", key=name)


def _bucket_names(text: str) -> list[str]:
    return [found[1] or found[2] for found in _BUCKET.finditer(text)]


_LAYERS_OF_ECR = "prod-*-starport-layer-bucket"
"""AWS's own bucket of image layers, which endpoint policies name: ECR user guide, "Create the Amazon S3 gateway"."""


@stack_rule(
    "ml-cross-env-reference",
    on=["aws:*", "aws-native:*"],
    title="Nothing refers to another environment.",
    severity="high",
    level="mandatory",
    category="ml-governance",
    why="A reference across environments lets a test read or change production, or lets production break with a test.",
    fix="Promote through the registry, or list the reference as allowed",
    source="https://docs.aws.amazon.com/whitepapers/latest/organizing-your-aws-environment/"
    "organizing-your-aws-environment.html",
    settings={
        **_ENVIRONMENT_WORDS,
        "foreign_accounts": {
            **_NAMES,
            "default": [],
            "description": "Ids of the accounts of other environments.",
        },
        "allowed_references": {
            **_NAMES,
            "default": [],
            "description": "Account ids and bucket names, or patterns of them, that may be referred to all the same.",
        },
    },
)
def cross_env_reference(it: Resource, stack: Stack, use: Use) -> Iterator[Verdict]:
    """Accounts are foreign only where the setting lists them: those of AWS itself (images, load balancers' logs) never
    are. A bucket is foreign by a word of its name. A property that is unknown until the update, and that comes from
    resources of this stack alone, refers to this stack.
    """
    for path, text in texts(it.value):
        for what, name in _foreign(text, use):
            yield it.fails(path, f"refers to {what} {name} of another environment", key=name)
    for name, value in it.value.items():
        if has_unknown(value) and it.declares(name) and not _is_of_stack(it, name, stack):
            raise UnknownValue(it.path(name))


def _foreign(text: str, use: Use) -> Iterator[tuple[str, str]]:
    """Yield each foreign account and bucket that a text refers to, once."""
    if "arn:" not in text and "s3://" not in text and ".dkr" not in text:
        return
    words = {word for kind, some in use["environment_words"].items() if kind != use.environment for word in some}
    found = [("account", match[1] or match[2]) for match in _ACCOUNT.finditer(text)]
    foreign = [(what, name) for what, name in found if name in use["foreign_accounts"]]
    foreign += [("bucket", name) for name in _bucket_names(text) if _words(name) & words]
    for what, name in dict.fromkeys(foreign):
        if not any(fnmatchcase(name, pattern) for pattern in (*use["allowed_references"], _LAYERS_OF_ECR)):
            yield what, name


def _is_of_stack(it: Resource, name: str, stack: Stack) -> bool:
    sources = it.property_dependencies.get(it.written(name), ())
    known = [stack.by_urn[urn].type for urn in sources if urn in stack.by_urn]
    return len(known) == len(sources) > 0 and "pulumi:pulumi:StackReference" not in known


_ALLOWED_REGIONS: Mapping[str, Mapping[str, Any]] = {
    "allowed_regions": {
        **_NAMES,
        "default": [],
        "description": "Regions, or patterns such as eu-*, that resources may be in; none listed allows all.",
    }
}
_REGION = "the provider's region"
_GLOBAL = (
    "aws:account/", "aws:budgets/", "aws:cloudfront/", "aws:costexplorer/", "aws:iam/", "aws:organizations/",
    "aws:route53/", "aws:shield/", "aws:globalaccelerator/", "aws-native:iam:", "aws-native:cloudfront:",
    "aws-native:route53:", "aws-native:organizations:", "aws-native:globalaccelerator:",
)  # fmt: skip
"""Services that are in no region: which one their provider works in says nothing."""


@resource_rule(
    "ml-region-residency",
    on=["aws:*", "aws-native:*"],
    title="Resources are in regions that their data may be in.",
    severity="high",
    level="mandatory",
    category="compliance",
    why="Personal data that leave the region they may be in are a breach, even if nobody reads them there.",
    fix="Deploy to an allowed region",
    source="https://docs.aws.amazon.com/whitepapers/latest/navigating-gdpr-compliance/welcome.html",
    settings={
        **DATA_CLASS,
        **_ALLOWED_REGIONS,
        "regions_by_data_class": {
            "type": "object",
            "additionalProperties": _NAMES,
            "default": {},
            "description": "By class of data, the regions that it may be in, instead of those allowed for all.",
        },
    },
)
def region_residency(it: Resource, use: Use) -> Iterator[Verdict]:
    """A resource's own region counts before its provider's. Which regions are allowed only its owner can say: nothing
    is asked before a setting does.
    """
    by_class = use["regions_by_data_class"]
    if it.type.startswith(_GLOBAL) or not (use["allowed_regions"] or by_class):
        yield not_applicable("it is in no region, or no setting limits regions")
        return
    kind = data_class(it, use) if by_class else ""
    allowed = by_class.get(kind, use["allowed_regions"])
    region = it.region()
    if is_unknown(region):
        raise UnknownValue(_REGION)
    if allowed and region and not any(fnmatchcase(region, pattern) for pattern in allowed):
        yield it.fails("", f"is in {region}; it must be in {' or '.join(allowed)}")


@resource_rule(
    "ml-region-carbon-advice",
    on=[TRAINING_JOB, TUNING_JOB, PROCESSING_JOB, PIPELINE],
    title="Training runs where electricity is low in carbon.",
    severity="low",
    level="advisory",
    category="sustainability",
    why="Training can wait and needs no users nearby; between two regions its emissions differ by a factor of forty.",
    fix="Run training in a region with a low-carbon grid, if the data may go there",
    source=(
        "https://docs.aws.amazon.com/wellarchitected/latest/sustainability-pillar/region-selection.html",
        "https://github.com/cloud-carbon-footprint/cloud-carbon-coefficients/blob/main/data/grid-emissions-factors-aws.csv",
    ),
    settings={
        **_ALLOWED_REGIONS,
        "low_carbon_regions": {
            **_NAMES,
            "default": ["ca-central-1", "eu-north-1", "eu-west-3", "sa-east-1"],
            "description": "Regions with a low-carbon grid; by default those under 150 g of CO2 per kWh.",
        },
    },
)
def region_carbon(it: Resource, use: Use) -> Iterator[Verdict]:
    """By what the local grid emits, as Cloud Carbon Footprint lists it: AWS publishes no figures by region, and what it
    buys elsewhere makes no grid cleaner. Where the data may not leave, nothing is advised.
    """
    allowed = use["allowed_regions"]
    low = [region for region in use["low_carbon_regions"] if not allowed or _fits(region, allowed)]
    region = it.region()
    if is_unknown(region):
        raise UnknownValue(_REGION)
    if not region or not low:
        yield not_applicable("its region is not known, or no region with less carbon is allowed")
    elif region not in use["low_carbon_regions"]:
        yield it.fails("", f"runs in {region}; {', '.join(low)} emit less")


def _fits(region: str, patterns: list[str]) -> bool:
    return any(fnmatchcase(region, pattern) for pattern in patterns)

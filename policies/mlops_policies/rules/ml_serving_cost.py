"""What serving may cost: nothing when idle in development, and bounded concurrency of serverless endpoints."""

from __future__ import annotations

from collections.abc import Iterator

from mlops_policies.ml_serving import ENDPOINT_CONFIG
from mlops_policies.resource import Resource, View
from mlops_policies.rule import Use, resource_rule
from mlops_policies.verdicts import Verdict, each, not_applicable

_API = "https://docs.aws.amazon.com/sagemaker/latest/APIReference"
_GUIDE = "https://docs.aws.amazon.com/sagemaker/latest/dg"


@resource_rule(
    "ml-dev-endpoint-scale-to-zero",
    on=[ENDPOINT_CONFIG],
    title="Endpoints in development cost nothing while nobody calls them.",
    severity="medium",
    level="advisory",
    category="cost",
    why="An endpoint that somebody tried out on Friday runs, and is paid for, until somebody remembers it.",
    fix="Use serverlessConfig, or asyncInferenceConfig, or managedInstanceScaling with minInstanceCount 0",
    source=(f"{_GUIDE}/serverless-endpoints.html", f"{_GUIDE}/endpoint-auto-scaling-zero-instances.html"),
    only=["dev"],
)
def scale_to_zero(it: Resource, use: Use) -> Iterator[Verdict]:
    """Asynchronous endpoints count, since they can scale to none; managed scaling only where it is enabled."""
    if not it.present("asyncInferenceConfig"):
        yield from each(it.items("productionVariants"), _to_zero)


def _to_zero(variant: View) -> Iterator[Verdict]:
    if variant.present("serverlessConfig"):
        return
    scaling = "managedInstanceScaling"
    if variant.get(f"{scaling}.status") != "ENABLED" or variant.get(f"{scaling}.minInstanceCount", 1) != 0:
        yield variant.fails("", "keeps instances while nobody calls")


@resource_rule(
    "ml-serverless-concurrency-bounded",
    on=[ENDPOINT_CONFIG],
    title="Serverless endpoints have bounded concurrency, and none provisioned outside production.",
    severity="low",
    level="advisory",
    category="cost",
    why="Concurrency is what a flood of requests costs; what is provisioned is paid for even when nobody calls.",
    fix="Lower maxConcurrency, and remove provisionedConcurrency outside production",
    source=f"{_API}/API_ProductionVariantServerlessConfig.html",
    settings={
        "max_concurrency": {
            "type": "integer",
            "minimum": 1,
            "maximum": 200,
            "default": 50,
            "description": "The largest maxConcurrency of a serverless variant.",
        }
    },
)
def serverless_concurrency(it: Resource, use: Use) -> Iterator[Verdict]:
    """AWS's own limit is 200 for a variant."""
    variants = [variant for variant in it.items("productionVariants") if variant.present("serverlessConfig")]
    if not variants:
        yield not_applicable("it is not serverless")
    yield from each(variants, lambda variant: _bounded(variant, use))


def _bounded(variant: View, use: Use) -> Iterator[Verdict]:
    most = use["max_concurrency"]
    yield variant.holds("serverlessConfig.maxConcurrency", lambda count: count <= most, f"must be at most {most}")
    if not use.is_prod and variant.present("serverlessConfig.provisionedConcurrency"):
        yield variant.fails("serverlessConfig.provisionedConcurrency", "is for production")

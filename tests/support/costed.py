"""Small graphs and stated usage, for estimates whose amounts are known by hand."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from mlops_estate.graph import ResourceGraph, ResourceNode
from mlops_estate.pricing import CostEstimate, Range, Usage, assumed, estimate
from mlops_estate.pricing.model import Amount

MODEL = "churn"
REGION = "us-east-1"


def node(kind: str, name: str, /, *, links: dict[str, list[ResourceNode]] | None = None, **inputs: Any) -> ResourceNode:
    """Return a resource of a model; `links` are the resources that a property is filled from."""
    depends = {key: [other.urn for other in others] for key, others in (links or {}).items()}
    return ResourceNode(
        urn=f"urn:pulumi:test::costed::{kind}::{name}", type=kind, name=name, custom=not kind.startswith("mlops:"),
        inputs={"tags": {"model": MODEL}, **inputs}, property_dependencies=depends,
    )  # fmt: skip


def graph(*nodes: ResourceNode, children: dict[str, str] | None = None) -> ResourceGraph:
    """Return the graph of some resources; `children` gives the parent's name by the child's."""
    made = ResourceGraph("costed", "test")
    by_name = {each.name: each for each in nodes}
    for order, each in enumerate(nodes):
        each.order = order
        parent = (children or {}).get(each.name)
        each.parent = by_name[parent].urn if parent else None
        made.nodes[each.urn] = each
    return made


def usage(**figures: float) -> dict[str, Usage]:
    """Return usage in which some figures are stated; the rest is assumed of prod."""
    found = {}
    for name, part in ((MODEL, "model"), ("", "estate")):
        amounts = dict(assumed("prod", part).amounts)
        names = set(amounts) | ({"captured_gb", "feature_reads_per_month"} if name else {"data_events"})
        for key in names & figures.keys():
            amounts[key] = Amount(Range.exactly(Decimal(str(figures[key]))), written=True)
        found[name] = Usage(amounts)
    assert all(any(key in each.amounts for each in found.values()) for key in figures), "a figure that there isn't"
    return found


def costed(*nodes: ResourceNode, children: dict[str, str] | None = None, region: str = REGION, **figures: float) -> Any:
    """Return the estimate of some resources with stated figures, as one that answers by resource."""
    found = estimate(
        graph(*nodes, children=children), usage(**figures), region=region, environment_class="prod",
        prices_from="us-east-1",
    )  # fmt: skip
    return Costed(found)


class Costed:
    """An estimate, asked by the name of a resource and the beginning of an item."""

    def __init__(self, found: CostEstimate) -> None:
        self.estimate = found

    def of(self, name: str, item: str = "") -> dict[str, float]:
        """Return low, expected and high of a resource's lines."""
        lines = [line for line in self.estimate.lines if line.name == name and line.item.startswith(item)]
        assert lines, f"no line of {name} that begins with {item!r}: {[line.item for line in self.estimate.lines]}"
        amounts = [line.monthly for line in lines]
        return sum(amounts[1:], amounts[0]).dollars()

    def expected(self, name: str, item: str = "") -> float:
        """Return the expected amount of a resource's lines."""
        return self.of(name, item)["expected"]

    def unpriced(self) -> dict[str, str]:
        """Return why types are unpriced."""
        return {note.type: note.why for note in self.estimate.unpriced_types}

    def free(self) -> dict[str, str]:
        """Return why types are free."""
        return {note.type: note.why for note in self.estimate.free_types}


def endpoint(*variants: dict[str, Any], shadow: list[dict[str, Any]] | None = None, capture: int = 0) -> list[Any]:
    """Return an endpoint of some variants, with its configuration."""
    more = {"shadowProductionVariants": shadow} if shadow else {}
    if capture:
        more["dataCaptureConfig"] = {"enableCapture": True, "initialSamplingPercentage": capture}
    configuration = node(
        "aws:sagemaker/endpointConfiguration:EndpointConfiguration", "config", productionVariants=list(variants), **more
    )
    served = node(
        "aws-native:sagemaker:Endpoint", "endpoint", endpointName="churn", links={"endpointConfigName": [configuration]}
    )
    return [configuration, served]


def variant(instance_type: str, count: int = 1, **more: Any) -> dict[str, Any]:
    """Return a production variant."""
    return {"variantName": "live", "instanceType": instance_type, "initialInstanceCount": count,
            "initialVariantWeight": 1, **more}  # fmt: skip


def bucket(purpose: str, *, infrequent_after: int = 0, expires_after: int = 0) -> list[ResourceNode]:
    """Return a bucket of one of the estate's purposes, with its lifecycle."""
    held = node("aws:s3/bucket:Bucket", purpose, bucket=f"mlops-test-{purpose}-123456789012-us-east-1", tags={})
    rules: list[dict[str, Any]] = []
    if infrequent_after:
        moves = [{"days": infrequent_after, "storageClass": "STANDARD_IA"}]
        rules.append({"status": "Enabled", "transitions": moves})
    if expires_after:
        rules.append({"status": "Enabled", "expiration": {"days": expires_after}})
    kind = "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration"
    lifecycle = node(kind, f"{purpose}-lifecycle", links={"bucket": [held]}, rules=rules, tags={})
    return [held, lifecycle] if rules else [held]


def anchor() -> ResourceNode:
    """Return a resource that costs nothing and makes the model known."""
    return node("aws:sagemaker/modelPackageGroup:ModelPackageGroup", "group")

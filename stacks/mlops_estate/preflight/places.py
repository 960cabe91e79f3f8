"""Regions and images: whether what the plan takes is there, and whether an image is what was tested."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from mlops_components import image_registries
from mlops_estate.graph import ResourceGraph, ResourceNode
from mlops_estate.preflight.finding import Finding, named

if TYPE_CHECKING:
    from mlops_estate.config import EnvironmentConfig

_IMAGE = re.compile(
    r"(\d{12})\.dkr\.ecr\.([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?/([a-z0-9._/-]+)(?::([\w.-]+))?(@sha256:[0-9a-f]{64})?"
)
_INSTANCE = re.compile(r"ml\.[a-z0-9]+\.[a-z0-9]+")
BOTOCORE = "botocore's endpoint data (botocore/data/endpoints.json)"
REGISTRIES = "https://docs.aws.amazon.com/sagemaker/latest/dg-ecr-paths/ecr-paths.html"
PUBLISHED: Mapping[str, Mapping[str, str]] = {
    "sagemaker-scikit-learn": image_registries.SCIKIT_LEARN,
    "sagemaker-model-monitor-analyzer": image_registries.MODEL_MONITOR,
    "sagemaker-clarify-processing": image_registries.CLARIFY,
}
"""Images that AWS publishes, with the account of the registry in each region."""
REGIONLESS = frozenset({"iam", "budgets", "ce", "s3control"})


def region_findings(graph: ResourceGraph, config: EnvironmentConfig) -> Iterator[Finding]:
    """Yield whether the services of the plan have an endpoint in the region, and its zones are the region's."""
    region = config.estate.region
    services = sorted(
        {
            str(node.aws["operation"]).split(":")[0] for node in graph.custom_nodes() if node.aws.get("operation")
        } - REGIONLESS
    )  # fmt: skip
    known = {name: _regions(name, region) for name in services}
    missing = [name for name, regions in known.items() if regions and region not in regions]
    for name in missing:
        title = f"{name} has no endpoint in {region} that botocore knows"
        fix = f"ask: aws {name} help, and https://aws.amazon.com/about-aws/global-infrastructure/regional-product-services/"
        yield Finding("unknown", "region", title, "estate.region", region, named(known[name], 5), fix, BOTOCORE)
    there = [name for name in services if name not in missing]
    title = f"{len(there)} services of the plan have endpoints in {region}"
    yield Finding("ok", "region", title, "estate.region", named(there, 30), region, "", BOTOCORE)
    wrong = [zone for zone in config.estate.zones if not zone.startswith(region)]
    if wrong:
        yield Finding(
            "blocks", "region", "zones of another region", "estate.zones", named(wrong), region, "name its own"
        )


@functools.cache
def _session() -> Any:
    import boto3

    return boto3.session.Session(region_name="us-east-1")


@functools.cache
def _regions(service: str, region: str) -> tuple[str, ...]:
    """Return the regions of a region's partition in which botocore knows an endpoint of a service."""
    part = _session().get_partition_for_region(region)
    return tuple(_session().get_available_regions(service, part))


def instance_findings(
    graph: ResourceGraph, config: EnvironmentConfig, offered: frozenset[str] | None = None
) -> Iterator[Finding]:
    """Yield whether the instance types are offered in the region: Service Quotas lists those that are (`offered`)."""
    source = "https://aws.amazon.com/sagemaker/ai/pricing/"
    for kind, urn in sorted(_instance_types(graph).items()):
        region = config.estate.region
        if offered is None:
            title, fix = f"whether {region} offers {kind} is not known here", "ask the account: --online"
            yield Finding("unknown", "region", title, urn, kind, "unknown", fix, source)
        elif kind in offered:
            yield Finding("ok", "region", f"{region} offers {kind}", urn, kind, "Service Quotas lists it", "", source)
        else:
            title = f"Service Quotas of {region} lists no {kind}"
            yield Finding("warns", "region", title, urn, kind, "not listed", "take a type that it lists", source)


def _instance_types(graph: ResourceGraph) -> dict[str, str]:
    found: dict[str, str] = {}
    for node in graph.custom_nodes():
        for text in _texts(node.inputs):
            for kind in _INSTANCE.findall(text):
                found.setdefault(kind, node.urn)
    return found


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)
    elif isinstance(value, str) and ("ml." in value or ".dkr.ecr." in value):
        yield value


def images_of(graph: ResourceGraph) -> dict[str, str]:
    """Return the images that the plan runs, with the first resource that names each."""
    found: dict[str, str] = {}
    for node in graph.custom_nodes():
        for text in _texts(node.inputs) if node.type != "aws:ecr/repository:Repository" else ():
            for match in _IMAGE.finditer(text):
                if match[4] or match[5] or match[3] in PUBLISHED:
                    found.setdefault(match[0], node.urn)
    return found


def image_findings(graph: ResourceGraph, config: EnvironmentConfig) -> Iterator[Finding]:
    """Yield whether each image's registry is the region's, and whether its reference can change under the plan."""
    repositories = {
        str(node.aws.get("name")): node for node in graph.by_type().get("aws:ecr/repository:Repository", [])
    }
    for image, urn in sorted(images_of(graph).items()):
        match = _IMAGE.fullmatch(image)
        assert match is not None
        registry, region, repository, _, digest = match.groups()
        if repository in PUBLISHED:
            yield _published(image, urn, registry, region, repository, config.estate.region)
        else:
            yield from _own(image, urn, registry, repositories.get(repository), config)
        if region != config.estate.region:
            title, fix = (
                "an image of another region's registry",
                "take the region's own: SageMaker pulls from its region",
            )
            yield Finding("blocks", "image", title, urn, config.estate.region, region, fix, REGISTRIES)
        if not digest and repository not in PUBLISHED and not _immutable(repositories.get(repository)):
            title = f"{repository} is named by a tag, and whether its tags can move is not known here"
            fix = "pin it by digest, or check that its repository's tags are immutable"
            yield Finding("warns", "image", title, urn, "a digest", image.rsplit("/", 1)[-1], fix)


def _published(image: str, urn: str, registry: str, region: str, repository: str, own_region: str) -> Finding:
    wanted = PUBLISHED[repository].get(own_region)
    if wanted is None:
        title, fix = f"AWS publishes no {repository} in {own_region}", "take another region, or leave its monitors out"
        return Finding("blocks", "image", title, urn, own_region, "none", fix, REGISTRIES)
    if registry != wanted:
        title, fix = f"{repository} is not of the account that publishes it", f"{wanted} in {own_region}"
        return Finding("blocks", "image", title, urn, wanted, registry, fix, REGISTRIES)
    title = f"{repository} is published in {region}; AWS names its releases by tags"
    return Finding("ok", "image", title, urn, wanted, registry, "", REGISTRIES)


def _own(
    image: str, urn: str, registry: str, repository: ResourceNode | None, config: EnvironmentConfig
) -> Iterator[Finding]:
    """Yield what is to be done for an image of the estate's own: `up` makes its repository, and pushes nothing."""
    if registry not in (config.estate.registry.account, config.estate.account):
        title, fix = "an image of an account that is neither this one nor the registry's", "trust it, or copy it"
        yield Finding("warns", "image", title, urn, config.estate.registry.account, registry, fix)
    whose = (
        "`up` makes its repository, and pushes no image"
        if repository is not None
        else "it is in the registry's account"
    )
    title = f"{image.partition('/')[2]} has to be pushed before the first training"
    fix = "build and push it (docs/reference/images.md), or look: estate preflight ENV --account URL"
    yield Finding("unknown", "image", title, urn, "the image", whose, fix)


def _immutable(repository: ResourceNode | None) -> bool:
    return repository is not None and repository.inputs.get("imageTagMutability") == "IMMUTABLE"

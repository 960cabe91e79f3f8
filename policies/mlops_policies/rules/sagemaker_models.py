"""Models: isolation, network, where their images are pulled from, and the tags of an inventory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from mlops_policies.images import COMPONENT, MODEL, known_image, repository_of
from mlops_policies.ml_network import SUBNET
from mlops_policies.ml_serving import ENDPOINT_CONFIG
from mlops_policies.resource import Resource, View
from mlops_policies.risk import RISK
from mlops_policies.rule import Use, resource_rule, stack_rule
from mlops_policies.rules.ml_serving_hygiene import variants
from mlops_policies.rules.sagemaker_endpoints import EXPERIMENT
from mlops_policies.stack import Stack
from mlops_policies.tagging import carried_tags
from mlops_policies.values import UnknownValue, is_absent, is_unknown
from mlops_policies.verdicts import Verdict, each, not_applicable

_API = "https://docs.aws.amazon.com/sagemaker/latest/APIReference"
_GUIDE = "https://docs.aws.amazon.com/sagemaker/latest/dg"
_SERVERLESS = f"{_GUIDE}/serverless-endpoints.html"
_SUBNETS = "vpcConfig.subnets"
_MIN_SUBNETS: Mapping[str, Mapping[str, Any]] = {
    "min_subnets": {
        "type": "integer",
        "minimum": 1,
        "default": 2,
        "description": "The least number of subnets, so that instances can be in as many zones.",
    }
}


@stack_rule(
    "sm-model-network-isolation",
    on=[MODEL],
    title="Model containers are cut off from the network.",
    severity="medium",
    level="mandatory",
    why="A container that can call out can send requests and predictions anywhere; isolated, it has no network and no "
    "credentials.",
    fix="Set enableNetworkIsolation to true, and let SageMaker fetch artefacts instead of the container",
    source=(f"{_GUIDE}/mkt-algo-model-internet-free.html", _SERVERLESS),
)
def network_isolation(it: Resource, stack: Stack, use: Use) -> Iterator[Verdict]:
    """Absent is off. Serverless endpoints can't isolate: a model that this stack serves by such only is left out."""
    answer = it.equals("enableNetworkIsolation", True, default=False)
    yield from _unless_serverless(it, stack, use, [answer])


@stack_rule(
    "sm-model-in-vpc",
    on=[MODEL],
    title="Model containers run in a VPC of one's own, in two zones.",
    severity="medium",
    level="mandatory",
    why="Without a VPC of one's own, security groups, endpoint policies and flow logs say nothing about what a "
    "container reaches; in one subnet it is gone with its zone.",
    fix="Give vpcConfig private subnets in two zones and a security group",
    source=(f"{_GUIDE}/host-vpc.html", _SERVERLESS),
    settings=_MIN_SUBNETS,
)
def in_vpc(it: Resource, stack: Stack, use: Use) -> Iterator[Verdict]:
    """A list of groups that is unknown is given; of subnets, those of this stack count that it comes from. Which zones
    they are in is asked by `ml-multi-az-subnets`. Serverless endpoints have no VPC: a model that this stack serves by
    such only is left out.
    """
    yield from _unless_serverless(it, stack, use, each([it], lambda model: _vpc(model, stack, use["min_subnets"])))


def _vpc(it: Resource, stack: Stack, least: int) -> Iterator[Verdict]:
    if not it.present("vpcConfig"):
        yield it.fails("vpcConfig", "must be given")
        return
    if not it.raw("vpcConfig.securityGroupIds"):
        yield it.fails("vpcConfig.securityGroupIds", "must name at least one")
    given = it.raw(_SUBNETS)
    if is_unknown(given) and len(stack.referred(it, _SUBNETS, SUBNET)) >= least:
        return
    yield it.holds(_SUBNETS, lambda subnets: len(subnets) >= least, f"must name at least {least}")


def _unless_serverless(it: Resource, stack: Stack, use: Use, answers: Iterable[Verdict]) -> Iterator[Verdict]:
    """Yield the answers, or that they don't apply to a model that is served by serverless variants only."""
    uses, loose = _uses(stack, use)
    own = uses.get(it.urn, [])
    if not own or not all(own):
        yield from answers
    elif loose:
        raise UnknownValue(loose)  # something more may use the model, with instances
    else:
        yield not_applicable("it is served by serverless variants only")


def _uses(stack: Stack, use: Use) -> tuple[dict[str, list[bool]], str]:
    """Return by a model's URN, for each use of it in the stack, whether it is serverless; and a use of who knows which.

    Found once for a stack.
    """
    found: tuple[dict[str, list[bool]], str] | None = use.memory.get("uses")
    if found is None:
        uses: dict[str, list[bool]] = {}
        loose = ""
        for holder in stack.of(ENDPOINT_CONFIG, EXPERIMENT, COMPONENT):
            try:
                for view in _places(holder):
                    for model in stack.referred(view, "modelName", MODEL):
                        uses.setdefault(model.urn, []).append(view.present("serverlessConfig"))
            except UnknownValue as unknown:
                loose = unknown.path
        found = use.memory["uses"] = (uses, loose)
    return found


def _places(holder: Resource) -> list[View]:
    if holder.type == ENDPOINT_CONFIG:
        return variants(holder)
    if holder.type == EXPERIMENT:
        return holder.items("modelVariants")
    return [*holder.items("specification"), *holder.items("specifications")]


@stack_rule(
    "sm-model-private-registry",
    on=[MODEL],
    title="Images outside ECR are pulled through the VPC.",
    severity="medium",
    level="advisory",
    why="An image from a registry that is reached over the internet can be swapped on the way, or not be there when an "
    "instance starts.",
    fix="Set imageConfig.repositoryAccessMode to Vpc, or keep the image in ECR",
    source=(f"{_API}/API_ImageConfig.html", f"{_GUIDE}/your-algorithms-containers-inference-private.html"),
)
def private_registry(it: Resource, stack: Stack, use: Use) -> Iterator[Verdict]:
    """Only of images outside ECR: Platform, which is what an absent mode means, is how images in ECR are pulled, and
    Security Hub (SageMaker.16) fails those too.
    """
    yield from _registry(it.items("primaryContainer"), stack, use)


@stack_rule(
    "sm-model-pipeline-private-registry",
    on=[MODEL],
    title="Images of inference pipelines outside ECR are pulled through the VPC.",
    severity="medium",
    level="advisory",
    why="One container of a pipeline from a registry on the internet is enough to change what the whole answers.",
    fix="Set imageConfig.repositoryAccessMode to Vpc for each such container, or keep its image in ECR",
    source=(f"{_API}/API_ImageConfig.html", f"{_GUIDE}/your-algorithms-containers-inference-private.html"),
)
def pipeline_private_registry(it: Resource, stack: Stack, use: Use) -> Iterator[Verdict]:
    """As `sm-model-private-registry`, for each container of a pipeline (SageMaker.19)."""
    yield from _registry(it.items("containers"), stack, use)


def _registry(found: list[View], stack: Stack, use: Use) -> Iterator[Verdict]:
    with_image = [view for view in found if view.present("image")]
    answers = list(each(with_image, lambda view: _through_vpc(view, stack, use)))
    yield from answers
    if not answers:
        yield not_applicable("it names no image outside ECR")


def _through_vpc(view: View, stack: Stack, use: Use) -> Iterator[Verdict]:
    path = "imageConfig.repositoryAccessMode"
    if view.raw(path) != "Vpc" and (
        repository_of(view, "image", stack, use) is not None or known_image(view, "image").in_private_ecr
    ):
        return
    yield view.equals(path, "Vpc", default="Platform")


@resource_rule(
    "sm-model-inventory-tags",
    on=[MODEL],
    title="Models carry the tags of an inventory.",
    severity="medium",
    level={"dev": "advisory", "staging": "mandatory", "prod": "mandatory"},
    category="ml-governance",
    why="Which models there are, what each is for and who answers for it is the first question of every audit.",
    fix="Add the tags: owner, use case, risk tier and version",
    source=(
        "https://eur-lex.europa.eu/eli/reg/2024/1689/oj",
        "https://docs.aws.amazon.com/tag-editor/latest/userguide/best-practices-and-strats.html",
    ),
    settings={
        **RISK,
        "inventory_tags": {
            "type": "array",
            "items": {"type": "string"},
            "default": ["owner", "use-case", "model-version"],
            "description": "Keys of the tags that models must carry besides the risk tier.",
        },
    },
)
def inventory_tags(it: Resource, use: Use) -> Iterator[Verdict]:
    """The provider's default tags count, and values that are unknown until the update. Advice in dev, where models are
    tried that nobody registers.
    """
    tags = carried_tags(it)
    for key in (*use["inventory_tags"], use["risk_tag"]):
        if is_absent(tags.get(key)):
            yield it.fails("tags", f"have no {key}", key=key)

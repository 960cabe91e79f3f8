"""People in the loop: review of high-risk decisions, and who labels and reviews data."""

from __future__ import annotations

from collections.abc import Iterator

from mlops_policies.group_rules import is_internet
from mlops_policies.resource import Resource
from mlops_policies.risk import DATA_CLASS, RISK, data_class, is_high_risk
from mlops_policies.rule import Use, resource_rule, stack_rule
from mlops_policies.stack import Stack
from mlops_policies.values import UnknownValue, is_unknown
from mlops_policies.verdicts import Verdict, each, not_applicable

ENDPOINT = "aws:sagemaker/endpoint:Endpoint"
FLOW = "aws:sagemaker/flowDefinition:FlowDefinition"
LABELING_JOB = "aws:sagemaker/labelingJob:LabelingJob"
WORKFORCE = "aws:sagemaker/workforce:Workforce"


@stack_rule(
    "ml-human-review-for-high-risk",
    on=[ENDPOINT],
    title="Endpoints with high risk have human review.",
    severity="medium",
    level="advisory",
    category="ml-governance",
    why="A grave decision that no person can look at or overturn is not allowed to be left to a model.",
    fix="Add an Augmented AI flow definition, or name the review in the endpoint's tag",
    source="https://docs.aws.amazon.com/sagemaker/latest/dg/a2i-use-augmented-ai-a2i-human-review-loops.html",
    settings={
        **RISK,
        "review_tag": {
            "type": "string",
            "default": "human-review",
            "description": "The tag of an endpoint that names its human review, where no flow is declared beside it.",
        },
    },
)
def human_review(it: Resource, stack: Stack, use: Use) -> Iterator[Verdict]:
    """Which endpoint a flow reviews is decided in code that calls it: any flow of the stack counts."""
    if not is_high_risk(it, use):
        yield not_applicable("its tags do not say high risk")
    elif not stack.of(FLOW) and not it.tags().get(use["review_tag"]):
        yield it.fails("tags", f"say high risk, and neither a flow definition nor {use['review_tag']} tells of review")


@resource_rule(
    "ml-private-workforce-only",
    on=[LABELING_JOB, FLOW],
    title="Only public data go to the public workforce.",
    severity="high",
    level="mandatory",
    category="ml-governance",
    why="Mechanical Turk shows the data to anybody in the world who takes the task.",
    fix="Name a private work team, or one of a vetted vendor",
    source="https://docs.aws.amazon.com/sagemaker/latest/dg/sms-workforce-management-public.html",
    settings={
        **DATA_CLASS,
        "public_classes": {
            "type": "array",
            "items": {"type": "string"},
            "default": ["public"],
            "description": "Classes of data that the public workforce may see.",
        },
    },
)
def private_workforce(it: Resource, use: Use) -> Iterator[Verdict]:
    """Internal data, and data that no tag classes, are not fit for everybody either: only what is classed public is."""
    path = "humanTaskConfig.workteamArn" if it.type == LABELING_JOB else "humanLoopConfig.workteamArn"
    if data_class(it, use) not in use["public_classes"]:
        yield it.holds(
            path, lambda arn: ":workteam/public-crowd/" not in arn, "must not be the public workforce", default=""
        )


@resource_rule(
    "ml-workforce-ip-or-vpc-limited",
    on=[WORKFORCE],
    title="Private workforces log in from known networks only.",
    severity="medium",
    level="advisory",
    why="By default the portal, and with it the data to be labelled, is open to whoever has a worker's password, from "
    "anywhere.",
    fix="Set sourceIpConfig.cidrs to the workers' networks, or workforceVpcConfig",
    source="https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateWorkforce.html",
)
def workforce_limited(it: Resource, use: Use) -> Iterator[Verdict]:
    """Blocks wider than a private network count as everywhere: the halves of the internet pass a check for its name."""
    if it.present("workforceVpcConfig.vpcId"):
        return
    cidrs = it.get("sourceIpConfig.cidrs")
    if not cidrs:
        yield it.fails("sourceIpConfig.cidrs", "is absent; workers can log in from anywhere")

    def check(place: tuple[int, str]) -> Iterator[Verdict]:
        index, cidr = place
        path = f"sourceIpConfig.cidrs[{index}]"
        if is_unknown(cidr):
            raise UnknownValue(it.path(path))
        if is_internet(cidr):
            yield it.fails(path, f"is {cidr}, which is the internet", key=cidr)

    yield from each(enumerate(cidrs or []), check)

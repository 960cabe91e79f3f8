"""Tags: required ones on every resource, and those by which endpoints and models tell risk and runbook."""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase

from mlops_policies.images import MODEL
from mlops_policies.remedies_tags import add_default_tags
from mlops_policies.resource import Resource
from mlops_policies.risk import RISK, risk_tier
from mlops_policies.rule import Use, resource_rule
from mlops_policies.rules.ml_human_review import ENDPOINT
from mlops_policies.tagging import REQUIRED_TAGS, carried_tags, missing_tags, takes_tags
from mlops_policies.values import UnknownValue, has_unknown
from mlops_policies.verdicts import Verdict, each, not_applicable

_TAGS = "tags"
TIERS = ("minimal", "limited", "high", "prohibited")


@resource_rule(
    "ml-required-tags",
    on=["aws:*", "aws-native:*"],
    title="Every resource carries the required tags.",
    severity="medium",
    level="mandatory",
    category="compliance",
    why="Without them nobody can tell whom to ask, what a cost belongs to or what may be deleted.",
    fix="Add the tags, best once in the provider's defaultTags",
    source=(
        "https://docs.aws.amazon.com/tag-editor/latest/userguide/best-practices-and-strats.html",
        "https://www.pulumi.com/registry/packages/aws/installation-configuration/",
    ),
    settings={
        **REQUIRED_TAGS,
        "allowed_values": {
            "type": "object",
            "additionalProperties": {"type": "array", "items": {"type": "string"}},
            "default": {},
            "description": "By tag, the values that it may have, or patterns of them.",
        },
        "tag_defaults": {
            "type": "object",
            "additionalProperties": {"type": "string"},
            "default": {},
            "description": "By tag, the value that a remediation gives it where it is missing.",
        },
    },
    remedy=add_default_tags,
)
def required_tags(it: Resource, use: Use) -> Iterator[Verdict]:
    """Which types take tags is read from the SDKs. The provider's default tags count; it does not put them on
    autoscaling groups and on what Cloud Control makes. A value that is unknown until the update is there.
    """
    if not takes_tags(it):
        yield not_applicable("its type takes no tags")
        return
    for key in missing_tags(it, use):
        yield it.fails(_TAGS, f"has no {key}", key=key)
    if use["allowed_values"]:
        yield from each(use["allowed_values"].items(), lambda wanted: _allowed(it, *wanted))


def _allowed(it: Resource, key: str, patterns: list[str]) -> Iterator[Verdict]:
    value = carried_tags(it).get(key)
    if has_unknown(value):
        raise UnknownValue(it.path(_TAGS))
    if value and not any(fnmatchcase(str(value), pattern) for pattern in patterns):
        yield it.fails(_TAGS, f"has a value of {key} that is not allowed", key=key)


@resource_rule(
    "ml-risk-tier-tag",
    on=[ENDPOINT, MODEL],
    title="Models and endpoints are classed by risk, and none is prohibited.",
    severity="high",
    level="mandatory",
    category="ml-governance",
    why="What a model must have (human review, a card, logs) hangs on how grave its decisions are; some uses are "
    "forbidden altogether.",
    fix="Tag it with its tier: minimal, limited or high",
    source="https://eur-lex.europa.eu/eli/reg/2024/1689/oj",
    settings=RISK,
)
def risk_tier_tag(it: Resource, use: Use) -> Iterator[Verdict]:
    """The tiers are those of the EU AI Act (articles 5, 6, 50); a prohibited use fails whatever else is said."""
    tier = risk_tier(it, use)
    if tier not in TIERS:
        yield it.fails(_TAGS, f"name no risk tier in {use['risk_tag']}; it must be {' or '.join(TIERS[:3])}")
    elif tier == "prohibited":
        yield it.fails(_TAGS, "say that the use is prohibited", key="prohibited")


@resource_rule(
    "ml-runbook-tag",
    on=[ENDPOINT],
    only=["prod"],
    title="Endpoints in production name their runbook.",
    severity="low",
    level="mandatory",
    category="ml-governance",
    why="Whoever is called at night needs to know what to do, and where that is written.",
    fix="Add the tag with the https address of the runbook",
    source="https://docs.aws.amazon.com/wellarchitected/latest/framework/ops_ready_to_support_use_runbooks.html",
    settings={
        "runbook_tag": {
            "type": "string",
            "default": "runbook-url",
            "description": "The tag that holds the address of an endpoint's runbook.",
        }
    },
)
def runbook_tag(it: Resource, use: Use) -> Iterator[Verdict]:
    """The address has to be an https one; whether anything is there can't be seen."""
    address = it.tags().get(use["runbook_tag"])
    if has_unknown(address):
        raise UnknownValue(it.path(_TAGS))
    if not str(address or "").startswith("https://"):
        yield it.fails(_TAGS, f"have no https address in {use['runbook_tag']}")

"""Model cards: that models with high risk have one, what it tells, and its key."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from mlops_policies.images import MODEL, containers
from mlops_policies.resource import Resource
from mlops_policies.risk import RISK, is_high_risk
from mlops_policies.rule import Use, resource_rule, stack_rule
from mlops_policies.rules.ml_models import PACKAGE
from mlops_policies.stack import Stack
from mlops_policies.values import Malformed, UnknownValue, has_unknown, is_absent, is_unknown, texts
from mlops_policies.verdicts import Verdict, not_applicable

CARD = "aws:sagemaker/modelCard:ModelCard"

_CONTENT = "content"
_CARDS = "https://docs.aws.amazon.com/sagemaker/latest/dg/model-cards.html"


@stack_rule(
    "ml-model-card-required",
    on=[MODEL],
    only=["prod"],
    title="Models with high risk have an approved model card in production.",
    severity="medium",
    level="mandatory",
    category="ml-governance",
    why="Without a card nobody who uses or audits the model can tell what it is meant for, how it was tested and what "
    "it must not be used for.",
    fix="Declare a model card for the model, and approve it",
    source=_CARDS,
    settings={
        **RISK,
        "card_tag": {
            "type": "string",
            "default": "model-card",
            "description": "The tag of a model that names its card, where the card's content does not name the model.",
        },
        "approved_cards": {
            "type": "array",
            "items": {"type": "string"},
            "default": [],
            "description": "Names of approved cards that are kept elsewhere, as the tag names them.",
        },
    },
)
def card_required(it: Resource, stack: Stack, use: Use) -> Iterator[Verdict]:
    """A card belongs to a model that its content names (name, ARN, model package), that its content comes from, or
    whose tag names it; the card inside a model package of this stack counts too.
    """
    if not is_high_risk(it, use):
        yield not_applicable("its tags do not say high risk")
        return
    tagged = it.tags().get(use["card_tag"], "")
    if tagged in use["approved_cards"]:
        return
    packages = _packages(it, stack)
    found = [card.raw("modelCardStatus") for card in stack.of(CARD) if _is_of(card, it, tagged, packages)]
    found += [package.raw("modelCard.modelCardStatus") for package in packages if package.present("modelCard")]
    if "Approved" in found:
        return
    if any(is_unknown(status) for status in found):
        raise UnknownValue(f"the status of {it.name}'s model card")
    yield it.fails("", "has no approved model card")


def _packages(it: Resource, stack: Stack) -> list[Resource]:
    found: list[Resource] = []
    for view in containers(it):
        try:
            found += stack.referred(view, "modelPackageName", PACKAGE)
        except UnknownValue:
            continue  # a package elsewhere: its card can't be seen from here
    return found


def _is_of(card: Resource, it: Resource, tagged: Any, packages: list[Resource]) -> bool:
    """Whether a card is about a model. Raises `UnknownValue` where only unknown content could tell."""
    sources = card.property_dependencies.get(_CONTENT, ())
    if tagged and tagged == card.value.get("modelCardName"):
        return True
    if {it.urn, *(package.urn for package in packages)} & set(sources):
        return True
    content = card.raw(_CONTENT)
    if has_unknown(content) and not sources:
        raise UnknownValue(f"{card.name}: {_CONTENT}")
    named = {text for _, text in texts(card.document(_CONTENT))} if not is_unknown(content) else set()
    known = {name for one in (it, *packages) for name in one.identifiers()}
    return bool(named & (known | {str(view.raw("modelPackageName")) for view in containers(it)}))


@resource_rule(
    "ml-model-card-sections",
    on=[CARD],
    title="Model cards tell intended uses, training, evaluation and risk.",
    severity="low",
    level="advisory",
    category="ml-governance",
    why="A card with empty sections answers none of the questions for which auditors and users open it.",
    fix="Fill the sections that are empty",
    source=_CARDS,
)
def card_sections(it: Resource, use: Use) -> Iterator[Verdict]:
    """Names are those of the model card's JSON schema; `aws-native` takes the content as properties, in camel case. The
    schema's own default for a risk rating is Unknown, which is none.
    """
    content = it.document(_CONTENT)
    if content is not None and not isinstance(content, Mapping):
        raise Malformed(it.path(_CONTENT), f"is a {type(content).__name__}, no model card")
    for section in ("intended_uses", "training_details", "evaluation_details"):
        if _is_empty(_told(content, section)):
            yield it.fails(_CONTENT, f"has nothing under {section}", key=section)
    uses = _told(content, "intended_uses")
    uses = uses if isinstance(uses, Mapping) else {}
    if uses and _is_empty(_told(uses, "intended_uses")):
        yield it.fails(_CONTENT, "does not tell what the model is meant for", key="intended_uses.intended_uses")
    rating = _told(uses, "risk_rating")
    if is_unknown(rating):
        raise UnknownValue(it.path(_CONTENT))
    if uses and rating in (None, "", "Unknown"):
        yield it.fails(_CONTENT, "has no risk rating", key="intended_uses.risk_rating")


def _told(content: Any, name: str) -> Any:
    """Return what stands under a name of the schema, in either spelling."""
    first, *others = name.split("_")
    camel = first + "".join(word.capitalize() for word in others)
    holder = content or {}
    return holder.get(name, holder.get(camel))


def _is_empty(section: Any) -> bool:
    return is_absent(section) or section == []


@resource_rule(
    "ml-model-card-kms",
    on=[CARD],
    title="Model cards are encrypted with a key of one's own.",
    severity="low",
    level="advisory",
    why="A card tells weaknesses of a model; with AWS's own key nobody here decides or logs who reads it.",
    fix="Set securityConfig.kmsKeyId",
    source="https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_ModelCardSecurityConfig.html",
)
def card_kms(it: Resource, use: Use) -> Iterator[Verdict]:
    """The key can't be changed later: CreateModelCard takes it, UpdateModelCard does not."""
    yield it.requires("securityConfig.kmsKeyId")

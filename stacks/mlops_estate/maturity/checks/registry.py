"""Checks by their names, and what they have in common."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from mlops_estate.graph import ResourceNode
from mlops_estate.maturity.facts import Facts, has_models
from mlops_estate.maturity.model import Evidence, Item, Outcome

Check = Callable[..., Outcome]
CHECKS: dict[str, Check] = {}
Found = list[Evidence] | str
"""Evidence, or what is missing in a sentence."""
MOST_EVIDENCE = 12
"""Evidence that is kept of one item; the rest is counted."""


def check(function: Check) -> Check:
    """Register a check under the name of its function."""
    CHECKS[function.__name__] = function
    return function


def run(item: Item, facts: Facts) -> Outcome:
    """Return the outcome of an item."""
    return CHECKS[item.check](facts, **item.settings)


def met(evidence: Iterable[Evidence]) -> Outcome:
    """Return a met outcome; equal evidence is kept once."""
    found = list(dict.fromkeys(evidence))
    more = f"and {len(found) - MOST_EVIDENCE} more" if len(found) > MOST_EVIDENCE else ""
    return Outcome("met", tuple(found[:MOST_EVIDENCE]), more)


def unmet(why: str, evidence: Iterable[Evidence] = ()) -> Outcome:
    """Return an unmet outcome: what is missing, and what there is of it."""
    return Outcome("unmet", tuple(dict.fromkeys(evidence))[:MOST_EVIDENCE], why)


def outcome(found: Found) -> Outcome:
    """Return the outcome of evidence, or of what is missing."""
    return unmet(found) if isinstance(found, str) else met(found)


def every(things: Iterable[str], look: Callable[[str], Found], none: str) -> Outcome:
    """Return met where `look` finds evidence of every thing, unmet with what each lacks; without things, `none` says
    why it doesn't apply."""
    evidence: list[Evidence] = []
    missing: list[str] = []
    names = list(things)
    for name in names:
        found = look(name)
        if isinstance(found, str):
            missing.append(f"{name}: {found}" if name else found)
        else:
            evidence += found
    if not names:
        return Outcome("not applicable", why=none)
    return unmet("; ".join(missing), evidence) if missing else met(evidence)


def every_model(facts: Facts, look: Callable[[str], Found]) -> Outcome:
    """Return the outcome over all models."""
    return every(has_models(facts), look, "the environment has no models")


def resource(node: ResourceNode, what: str = "") -> Evidence:
    """Return a resource as evidence."""
    return Evidence("resource", node.urn, what)

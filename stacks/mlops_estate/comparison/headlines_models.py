"""Headlines about models as such: which come and go, and what becomes of their features."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from mlops_estate.comparison.headline_kinds import Facts, Headline
from mlops_policies.resource import Resource
from mlops_policies.values import UnknownValue, has_unknown

FEATURE_GROUP = "aws:sagemaker/featureGroup:FeatureGroup"
ADDITIVE = "feature definitions are additive only: SageMaker can add a feature to a group, never drop or retype one"
"""Source: SageMaker API reference, UpdateFeatureGroup (FeatureAdditions is all that it takes)."""


def models(facts: Facts) -> Iterator[Headline]:
    """Yield models that come and go, and features that do."""
    yield from _come_and_gone(facts)
    for urn, new in facts.new.by_urn.items():
        if new.type != FEATURE_GROUP:
            continue
        aliases = facts.comparison.after.nodes[urn].aliases
        known = [each for each in (urn, *aliases) if isinstance(each, str) and each in facts.old.by_urn]
        if known:
            yield from _features(facts, facts.old.by_urn[known[0]], new)


def _come_and_gone(facts: Facts) -> Iterator[Headline]:
    for model in sorted(facts.gone):
        mine = [change for change in facts.comparison.changes if change.model == model and change.action == "remove"]
        lost = list(dict.fromkeys(change.stateful for change in mine if change.stateful and not change.retained))
        detail = f"{len(mine)} resources are removed"
        if lost:
            detail += f"; lost: {'; '.join(lost[:3])}"
        yield Headline("danger", "model-removed", "model removed", model, detail, model, _urns(mine))
    for model in sorted(facts.added):
        mine = [change for change in facts.comparison.changes if change.model == model and change.action == "add"]
        yield Headline("notice", "model-added", "new model", model, f"{len(mine)} resources", model, _urns(mine))


def _urns(changes: list[Any]) -> tuple[str, ...]:
    return tuple(sorted(change.urn for change in changes))


def _features(facts: Facts, old: Resource, new: Resource) -> Iterator[Headline]:
    was, now = definitions(old), definitions(new)
    if was is None or now is None or was == now:
        return
    model = facts.models.get(new.urn, "")
    change = next((each for each in facts.comparison.changes if each.urn == new.urn), None)
    detail = ADDITIVE
    if change is not None and change.action == "replace":
        detail = f"{ADDITIVE}. The group is replaced, and lost is {change.stateful or 'what it holds'}"
    subject = model or new.name
    if gone := [name for name in was if name not in now]:
        yield Headline("danger", "feature-removed", f"{_named(gone)} removed", subject, detail, model, (new.urn,))
    if other := [f"{name} {was[name]} -> {now[name]}" for name in was if name in now and was[name] != now[name]]:
        yield Headline("danger", "feature-retyped", f"{_named(other)} retyped", subject, detail, model, (new.urn,))
    if more := [name for name in now if name not in was]:
        what = f"{_named(more)} added"
        yield Headline("notice", "feature-added", what, subject, "in place, no record is touched", model, (new.urn,))


def definitions(group: Resource) -> dict[str, str] | None:
    """Return the type of each feature by its name; None where they are unknown."""
    try:
        found = {
            str(each.raw("featureName")): str(each.raw("featureType")) for each in group.items("featureDefinitions")
        }
    except UnknownValue:
        return None
    return None if has_unknown(found) or any(has_unknown(name) for name in found) else found


def _named(names: list[str]) -> str:
    return f"feature {names[0]}" if len(names) == 1 else f"features {', '.join(names)}"

"""The change report: everything that a reviewer is told of a comparison, as one JSON document.

Format "mlops-estate/change", version 1; docs/reference/change_report.md documents it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from mlops_estate.checks import check_resources
from mlops_estate.checks.reading import declared_of_masked
from mlops_estate.comparison.findings import policy_changes
from mlops_estate.comparison.headlines import headlines
from mlops_estate.comparison.model import Comparison, ResourceChange
from mlops_estate.comparison.permissions import permission_changes
from mlops_estate.comparison.release import release_timetable
from mlops_estate.engine.naming import without_names
from mlops_estate.graph import ResourceGraph

if TYPE_CHECKING:
    from mlops_estate.checks import CheckReport
    from mlops_estate.config import LoadedEnvironment
    from mlops_policies.configuration import Configuration

FORMAT, VERSION = "mlops-estate/change", 1
Progress = Callable[[str], None]
Sides = tuple[ResourceGraph, ResourceGraph]


@dataclass(frozen=True, slots=True)
class Asked:
    """What a change report takes beside the comparison: the environment, for usage, region and budget, and the policy
    pack's configuration. `prices_from` is the region whose prices stand in for one without a table of its own."""

    environment: LoadedEnvironment
    policies: Configuration
    prices_from: str = "us-east-1"


def change_document(comparison: Comparison, asked: Asked, progress: Progress = lambda _: None) -> dict[str, Any]:
    """Return the document: headlines first, then changes, release, permissions, findings, cost and carbon."""
    progress("permissions and release")
    permissions = permission_changes(comparison)
    release = release_timetable(comparison)
    progress("policies")
    # Rules and prices take an unknown as Pulumi's previews have it, without its name.
    plain = without_names(comparison.before), without_names(comparison.after)
    policy = _policy(comparison, plain, asked)
    progress("cost and carbon")
    cost, carbon = _cost_and_carbon(plain, asked)
    return {
        "format": FORMAT,
        "version": VERSION,
        "environment": comparison.environment,
        "base": asdict(comparison.base),
        "head": asdict(comparison.head),
        "summary": comparison.counts(),
        "headlines": headlines(comparison, permissions=permissions, release=release, policy=policy, cost=cost),
        "changes": [_change(change) for change in comparison.changes],
        "release": release,
        "permissions": permissions,
        "policy": policy,
        "cost": cost,
        "carbon": carbon,
        "notes": list(dict.fromkeys([*comparison.notes, *comparison.after.notes])),
    }


def _change(change: ResourceChange) -> dict[str, Any]:
    # By hand: dataclasses.asdict copies every value deeply, which thousands of resources take seconds for.
    names = ("urn", "type", "name", "action", "model", "component", "source", "replace_source", "stateful")
    return {
        **{name: getattr(change, name) for name in names},
        "protected": change.protected,
        "retained": change.retained,
        "replaces": list(change.replaces),
        "may_replace": list(change.may_replace),
        "blast": list(change.blast),
        "properties": [
            {"path": each.path, "kind": each.kind, "before": each.before, "after": each.after,
             "replaces": each.replaces}
            for each in change.properties
        ],
    }  # fmt: skip


def _policy(comparison: Comparison, sides: Sides, asked: Asked) -> dict[str, Any]:
    after = _checked(sides[1], comparison.environment, asked)
    # Nothing that a rule could answer otherwise: the same answers twice.
    before = after if not comparison.changes else _checked(sides[0], comparison.environment, asked)
    return policy_changes(before, after)


def _checked(graph: ResourceGraph, stack: str, asked: Asked) -> CheckReport:
    environment = asked.environment.config.environment_class
    return check_resources(stack, declared_of_masked(graph), asked.policies, environment=environment)


def _cost_and_carbon(plain: Sides, asked: Asked) -> tuple[dict[str, Any], dict[str, Any]]:
    """Estimate both sides with today's usage: the difference is the infrastructure's alone."""
    from mlops_estate.carbon import carbon_delta, footprint_of
    from mlops_estate.pricing import cost_delta, estimate, usage_of

    config = asked.environment.config
    kind = config.environment_class
    usage: Mapping[str, Any] = usage_of(asked.environment)
    costs = [
        estimate(
            graph, usage, region=config.estate.region, environment_class=kind, prices_from=asked.prices_from
        )
        for graph in plain
    ]  # fmt: skip
    before, after = (footprint_of(cost, usage, environment_class=kind) for cost in costs)
    cost = cost_delta(costs[0], costs[1], budget_usd=config.estate.budget.monthly_usd)
    return cost, carbon_delta(before, after)

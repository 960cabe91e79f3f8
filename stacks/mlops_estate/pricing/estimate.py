"""The estimate: every resource of a graph priced, free with a reason, or unpriced with one."""

from __future__ import annotations

from collections.abc import Mapping

from mlops_estate.graph import ResourceGraph
from mlops_estate.pricing import observability
from mlops_estate.pricing.desk import Desk
from mlops_estate.pricing.model import CostEstimate, CostLine, TypeNote, Usage
from mlops_estate.pricing.registry import price
from mlops_estate.pricing.table import BASE_REGION, PriceTable, shipped

_NOT_STANDING = frozenset({"deleted", "superseded", "failed", "skipped"})


def estimate(
    graph: ResourceGraph,
    usage: Mapping[str, Usage],
    *,
    region: str,
    environment_class: str,
    prices_from: str | None = BASE_REGION,
    table: PriceTable | None = None,
) -> CostEstimate:
    """Return what the resources of a graph cost in an average month, at list prices without tax.

    `usage` is by model, and under ``""`` the environment's own (`usage_of`); models that it lacks are assumed as one of
    `environment_class`. `prices_from` is the region whose prices stand in for those that `region` lacks; with None a
    region without complete prices raises `FaultsFound`. `table` is the shipped one unless given.
    """
    prices = (table or shipped()).of(region, prices_from)
    desk = Desk(graph, prices, usage, environment_class)
    for node in graph.nodes.values():
        if node.custom and not node.is_provider and node.status not in _NOT_STANDING:
            price(desk, node)
    if desk.by_type:
        observability.environment_logs(desk)
    lines = sorted(desk.lines(), key=lambda line: (line.model, line.service, line.urn, line.item))
    found = CostEstimate(graph.stack, region, prices.base, prices.date, lines)
    found.free_types = _notes(desk.free_of)
    found.unpriced_types = _notes(desk.unpriced_of)
    found.notes = _said(found, lines)
    return found


def _notes(found: Mapping[str, Mapping[str, set[str]]]) -> list[TypeNote]:
    return [
        TypeNote(kind, len(urns), why)
        for kind, reasons in sorted(found.items())
        for why, urns in sorted(reasons.items())
    ]


def _said(found: CostEstimate, lines: list[CostLine]) -> list[str]:
    notes = ["list prices without tax, discounts and the offers for new accounts; a month has 730 hours"]
    if found.prices_note:
        own = len({line.price.key for line in lines if line.price.region == found.region})
        more = f"; {own} prices are of {found.region} itself" if own else ""
        notes.append(found.prices_note + more)
    if single := len({line.price.key for line in lines if line.price.agreeing == 1}):
        all_keys = len({line.price.key for line in lines})
        notes.append(f"{single} of the {all_keys} prices rest on one source")
    if any(line.status == "usage" for line in lines):
        notes.append("ranges come from assumed usage: state it in the models' `usage` blocks to narrow them")
    if missing := sum(note.count for note in found.unpriced_types):
        what = "one resource, or a part of it, has" if missing == 1 else f"{missing} resources, or parts of them, have"
        notes.append(f"{what} no price here, and the total lacks that (`unpriced_types`)")
    return notes

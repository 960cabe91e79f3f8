"""Takes resources down in reverse dependency order, and says what stays and why."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from mlops_estate.engine.changes import state_of
from mlops_estate.engine.driver_api import ReadBack, ResourceDriver
from mlops_estate.engine.events import Event, OnEvent
from mlops_estate.faults import Fault, FaultsFound
from mlops_estate.graph import ResourceGraph, ResourceNode


@dataclass(slots=True)
class DestroyReport:
    """What a teardown did: URNs deleted, retained as declared, and kept (with why); what AWS keeps; and the faults."""

    deleted: list[str] = field(default_factory=list)
    retained: list[str] = field(default_factory=list)
    kept: dict[str, str] = field(default_factory=dict)
    expected_left: list[str] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)


def delete_nodes(nodes: Iterable[ResourceNode], driver: ResourceDriver, on_event: OnEvent) -> DestroyReport:
    """Delete `nodes` in the order given. One that fails does not stop the rest."""
    report = DestroyReport()
    for node in nodes:
        if node.is_provider or node.id is None:
            continue
        if node.retain_on_delete:
            report.retained.append(node.urn)
            on_event(Event("retained", node.urn, node.type, node.name))
            continue
        try:
            deletion = driver.delete(state_of(node))
        except FaultsFound as found:
            node.error = str(found)
            report.faults += found.faults
            on_event(Event("failed", node.urn, node.type, node.name))
            continue
        report.expected_left += deletion.left
        report.deleted.append(node.urn)
        node.status, node.id = "deleted", None
        on_event(Event("deleted", node.urn, node.type, node.name))
    return report


def destroy(
    graph: ResourceGraph, driver: ResourceDriver, *, unprotect: bool = False, on_event: OnEvent = lambda _event: None
) -> DestroyReport:
    """Tear the whole graph down.

    Nothing is deleted where a resource is protected, unless `unprotect` is set: `FaultsFound` then names them all.
    """
    protected = [node for node in graph.custom_nodes() if node.protect and node.id is not None]
    if protected and not unprotect:
        fix = f"estate destroy {graph.stack} --unprotect; what holds data is kept even then, and listed"
        raise FaultsFound(
            [Fault("protect", True, "the resource is protected", fix, node.urn) for node in protected],
            f"nothing was deleted: {len(protected)} resources are protected",
        )
    kept = _kept(graph, driver)
    report = delete_nodes([node for node in graph.deletion_order() if node.urn not in kept], driver, on_event)
    report.kept = kept
    report.expected_left = [why for why in dict.fromkeys(kept.values()) if why] + report.expected_left
    return report


def _kept(graph: ResourceGraph, driver: ResourceDriver) -> dict[str, str]:
    """Return what has to stay, with the reason: what cannot be deleted, its settings, and all that these need.

    A bucket with data in it would otherwise lose its policy, its encryption settings and its key before its own
    deletion is refused.
    """
    standing = [node for node in graph.custom_nodes() if node.id is not None and not node.is_provider]
    asked = (node for node in standing if not node.retain_on_delete)
    kept = {node.urn: "; ".join(why) for node in asked if (why := driver.keeps(state_of(node)))}
    for urn in list(kept):
        keys = graph.nodes[urn].aws.get("keys", {})
        settings = (node for node in standing if keys and keys.items() <= node.aws.get("keys", {}).items())
        kept.update({node.urn: "" for node in settings if node.urn not in kept and urn in graph.depends_on(node)})
    waiting = list(kept)
    while waiting:
        for urn in graph.depends_on(graph.nodes[waiting.pop()]):
            if urn not in kept and graph.nodes[urn].custom and not graph.nodes[urn].is_provider:
                kept[urn] = ""
                waiting.append(urn)
    return kept


def read_back(graph: ResourceGraph, driver: ResourceDriver) -> list[tuple[str, ReadBack]]:
    """Read every custom resource that stands; providers count as declared."""
    found: list[tuple[str, ReadBack]] = []
    for node in graph.custom_nodes():
        if node.is_provider:
            found.append((node.urn, ReadBack("declared", "", equal=True)))
        elif node.id is not None:
            found.append((node.urn, driver.read_back(state_of(node))))
    return found

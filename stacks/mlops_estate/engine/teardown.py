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
    """What a teardown did: URNs deleted and retained, what AWS itself keeps (in words), and the faults."""

    deleted: list[str] = field(default_factory=list)
    retained: list[str] = field(default_factory=list)
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
        fix = "estate destroy ENV --unprotect, once you are sure that its data may go"
        raise FaultsFound(
            [Fault("protect", True, "the resource is protected", fix, node.urn) for node in protected],
            f"nothing was deleted: {len(protected)} resources are protected",
        )
    return delete_nodes(graph.deletion_order(), driver, on_event)


def read_back(graph: ResourceGraph, driver: ResourceDriver) -> list[tuple[str, ReadBack]]:
    """Read every custom resource that stands; providers count as declared."""
    found: list[tuple[str, ReadBack]] = []
    for node in graph.custom_nodes():
        if node.is_provider:
            found.append((node.urn, ReadBack("declared", "", equal=True)))
        elif node.id is not None:
            found.append((node.urn, driver.read_back(state_of(node))))
    return found

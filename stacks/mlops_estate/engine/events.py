"""What the engine tells whoever watches it, and how it fails."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from mlops_estate.faults import Fault, FaultsFound
from mlops_estate.graph import ResourceGraph


@dataclass(frozen=True, slots=True)
class Event:
    """One thing done to one resource. `action` is a node's status, or "deleted" or "retained"."""

    action: str
    urn: str
    type: str
    name: str


OnEvent = Callable[[Event], None]


class EngineFault(FaultsFound):
    """A run that failed half-way: `graph` is what stands, `faults` are all that went wrong, each with its URN."""

    exit_code = 1

    def __init__(self, graph: ResourceGraph, faults: list[Fault]) -> None:
        self.graph = graph
        failed = sum(node.status == "failed" for node in graph.nodes.values())
        skipped = sum(node.status == "skipped" for node in graph.nodes.values())
        super().__init__(faults, f"{failed} resource(s) failed, {skipped} skipped because they depend on them")

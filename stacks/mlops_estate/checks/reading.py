"""What the pack judges, read from a resource graph or from a file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from mlops_estate.faults import Fault, FaultsFound
from mlops_estate.graph import STACK_TYPE, UNKNOWN, ResourceGraph, ResourceNode
from mlops_estate.graph_file import FORMAT, MASK, load
from mlops_policies.resource import Provider
from mlops_policies.running import Declared
from mlops_policies.states import NotAState, read

_NOT_STANDING = frozenset({"deleted", "superseded", "failed", "skipped"})


def declared_of(graph: ResourceGraph) -> list[Declared]:
    """Return a graph's resources as the pack takes them; what does not stand is left out."""
    return list(_declared(graph))


def declared_of_masked(graph: ResourceGraph) -> list[Declared]:
    """Return the resources of a graph whose secrets are masked: what is masked is unknown to the rules."""
    return [_unmasked(entry) for entry in declared_of(graph)]


def _declared(graph: ResourceGraph) -> Iterator[Declared]:
    providers = {node.urn: Provider.of(node.inputs) for node in graph.nodes.values() if node.is_provider}
    for node in graph.nodes.values():
        if node.type == STACK_TYPE or node.status in _NOT_STANDING:
            continue
        yield Declared(
            urn=node.urn,
            type=node.type,
            name=node.name,
            inputs=node.inputs,
            outputs=node.outputs if node.outputs is not node.inputs else {},
            id=_id(node),
            custom=node.custom,
            parent=node.parent or "",
            provider=providers.get((node.provider or "").rpartition("::")[0], Provider()),
            dependencies=tuple(node.dependencies),
            property_dependencies={key: tuple(urns) for key, urns in node.property_dependencies.items()},
            protect=node.protect,
            secrets=frozenset(node.secret_inputs),
            source=node.source,
        )


def _id(node: ResourceNode) -> str:
    return node.id or ""


def exported(path: Path) -> tuple[str, list[Declared], list[str]]:
    """Return the stack, resources and notes of a file. Raises `FaultsFound` where it is nothing that can be judged."""
    if is_graph(path):
        graph = load(path)
        return graph.stack, declared_of_masked(graph), graph.notes
    try:
        found = read(path)
    except NotAState as wrong:
        raise FaultsFound([Fault(str(path), None, wrong.rule, wrong.fix)]) from None
    notes = [*found.notes, *([] if found.resources else ["the file holds no resources"])]
    return found.stack, list(found.resources), notes


def _unmasked(entry: Declared) -> Declared:
    """Return a resource with what the file masks as unknown."""
    return replace(entry, inputs=_without_mask(entry.inputs), outputs=_without_mask(entry.outputs))


def _without_mask(value: Any) -> Any:
    if isinstance(value, str):
        return value.replace(MASK, UNKNOWN)
    if isinstance(value, dict):
        return {key: _without_mask(item) for key, item in value.items()}
    return [_without_mask(item) for item in value] if isinstance(value, list) else value


def is_graph(path: Path) -> bool:
    """Whether a file is a resource graph of ours: its first key says so."""
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            head = file.read(4096)
    except OSError:
        return False
    return f'"format": "{FORMAT}"' in head

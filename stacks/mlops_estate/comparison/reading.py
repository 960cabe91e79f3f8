"""A side of a comparison from a file: a resource graph, or what the Pulumi engine writes of a stack."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mlops_estate.checks.reading import is_graph
from mlops_estate.comparison.diff import Told
from mlops_estate.comparison.model import Action, Side
from mlops_estate.faults import Fault, FaultsFound
from mlops_estate.graph import ResourceGraph, ResourceNode
from mlops_estate.graph_file import load
from mlops_policies.running import Declared
from mlops_policies.states import NotAState, both_sides, read

_ACTIONS: Mapping[str, Action] = {
    "create": "add",
    "import": "add",
    "create-replacement": "replace",
    "replace": "replace",
    "import-replacement": "replace",
    "delete": "remove",
    "discard": "remove",
    "update": "change",
}
"""What becomes of a resource by the engine's operation. Source: pulumi/pulumi `pkg/resource/deploy/step.go`."""


@dataclass(frozen=True, slots=True)
class EnginePreview:
    """Both sides of ``pulumi preview --json``, and what the engine says of each resource itself."""

    before: ResourceGraph
    after: ResourceGraph
    told: Mapping[str, Told]
    notes: tuple[str, ...] = ()


def side_of_file(path: Path, environment: str) -> tuple[ResourceGraph, Side]:
    """Return what a file holds as a side: a resource graph, an exported state, a preview or a saved plan.

    Raises `FaultsFound` where it is none of these, is of another version, or is of another stack.
    """
    if is_graph(path):
        graph = load(path)
        kind: Any = "graph"
    else:
        try:
            found = read(path)
        except NotAState as wrong:
            raise FaultsFound([Fault("--against", str(path), wrong.rule, wrong.fix)]) from None
        graph = graph_of(found.stack, found.resources)
        graph.notes += found.notes
        kind = found.kind
    _same_stack("--against", path, graph, environment)
    return graph, Side(kind, path.name, "", sum(1 for _ in graph.custom_nodes()))


def engine_preview(path: Path, environment: str) -> EnginePreview:
    """Return both sides of what ``pulumi preview --json --show-sames`` wrote. Raises `FaultsFound`."""
    try:
        found = both_sides(path)
    except NotAState as wrong:
        raise FaultsFound([Fault("--pulumi", str(path), wrong.rule, wrong.fix)]) from None
    before, after = graph_of(found.stack, found.before), graph_of(found.stack, found.after)
    _same_stack("--pulumi", path, after if after.nodes else before, environment)
    told = {
        urn: Told(_ACTIONS[operation], tuple(keys))
        for urn, (operation, keys) in found.operations.items()
        if operation in _ACTIONS
    }
    return EnginePreview(before, after, told, found.notes)


def graph_of(stack: str, declared: Iterable[Declared]) -> ResourceGraph:
    """Return resources that were read from a file as a graph."""
    nodes = {entry.urn: _node(entry, place) for place, entry in enumerate(declared)}
    project = next(iter(nodes)).split("::")[1] if nodes else ""
    return ResourceGraph(project, stack, nodes=nodes)


def _node(entry: Declared, place: int) -> ResourceNode:
    return ResourceNode(
        urn=entry.urn,
        type=entry.type,
        name=entry.name,
        custom=entry.custom,
        parent=entry.parent or None,
        inputs=dict(entry.inputs),
        outputs=dict(entry.outputs),
        id=entry.id or None,
        secret_inputs=sorted(entry.secrets or ()),
        dependencies=list(entry.dependencies),
        property_dependencies={key: list(urns) for key, urns in entry.property_dependencies.items()},
        protect=entry.protect,
        source=entry.source,
        order=place,
    )


def _same_stack(where: str, path: Path, graph: ResourceGraph, environment: str) -> None:
    if graph.nodes and graph.stack != environment:
        rule = f"the file is of the stack {graph.stack}, not of {environment}"
        raise FaultsFound([Fault(where, str(path), rule, f"name a file of {environment}, or compare {graph.stack}")])


def is_file(text: str) -> bool:
    """Whether what is compared with is a file, rather than a revision: there is one, or it is called like one."""
    return Path(text).is_file() or text.endswith(".json")

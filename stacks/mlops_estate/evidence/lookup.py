"""Resources of a model in the graph, for what is told of them."""

from __future__ import annotations

from typing import Any

from mlops_estate.evidence.model import Material, rounded
from mlops_estate.graph import UNKNOWN, ResourceNode
from mlops_estate.graph_models import SHARED, models_of


def nodes(material: Material, *types: str, shared: bool = False) -> list[ResourceNode]:
    """Return the model's resources of these types, or with `shared` those of no single model, by name."""
    owner = models_of(material.graph)
    wanted = SHARED if shared else material.model
    return sorted(
        (node for node in material.graph.nodes.values() if node.type in types and owner[node.urn] == wanted),
        key=lambda node: (node.name, node.urn),
    )


def shown(value: Any) -> Any:
    """Return a value for a cell: null where it is known only once resources stand."""
    if isinstance(value, str) and UNKNOWN in value:
        return None
    return rounded(value)

"""Which model each resource of a graph belongs to: what costs, changes, evidence and quotas are told by."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mlops_estate.graph import ResourceGraph, ResourceNode

SHARED = ""
"""The name under which stands what belongs to no single model."""


def models_of(graph: ResourceGraph) -> dict[str, str]:
    """Return the model of every resource by URN, `SHARED` for what belongs to no single one.

    A component says it by its input `model`, and its children belong to it; a resource by its tag `model`; else a
    name that begins with a model's does.
    """
    named = {urn: _told(node) for urn, node in graph.nodes.items()}
    models = sorted({model for model in named.values() if model}, key=lambda model: (-len(model), model))
    found: dict[str, str] = {}
    for urn in graph.nodes:
        chain: list[str] = []
        at: str | None = urn
        model = SHARED
        while at is not None and at in graph.nodes:
            if at in found:
                model = found[at]
                break
            chain.append(at)
            node = graph.nodes[at]
            model = named[at] or next((name for name in models if node.name.startswith(f"{name}-")), SHARED)
            if model:
                break
            at = node.parent
        found.update(dict.fromkeys(chain, model))
    return found


def tags_of(inputs: Mapping[str, Any]) -> dict[str, str]:
    """Return the tags of a resource's inputs, whether a mapping (`aws`) or a list of keys and values (`aws-native`)."""
    tags = inputs.get("tags")
    if isinstance(tags, Mapping):
        return {str(key): str(value) for key, value in tags.items()}
    entries = [entry for entry in tags if isinstance(entry, Mapping)] if isinstance(tags, list) else []
    return {str(entry.get("key")): str(entry.get("value")) for entry in entries}


def _told(node: ResourceNode) -> str:
    model = node.inputs.get("model") if not node.custom else tags_of(node.inputs).get("model")
    return model if isinstance(model, str) else SHARED

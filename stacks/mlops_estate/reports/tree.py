"""The resource graph as text: components with what each holds."""

from __future__ import annotations

from collections import Counter
from typing import Any

from mlops_estate.graph import STACK_TYPE, ResourceGraph, ResourceNode


def summary(graph: ResourceGraph) -> dict[str, Any]:
    """Return the counts of a graph as JSON data."""
    return {
        "resources": sum(1 for _ in graph.custom_nodes()),
        "components": sum(1 for _ in graph.components()),
        "types": {type_token: len(nodes) for type_token, nodes in graph.by_type().items()},
    }


def tree(graph: ResourceGraph, *, full: bool = False) -> str:
    """Return the tree: each component with its resources counted by type, or named one by one when `full`."""
    root = next((node for node in graph.nodes.values() if node.type == STACK_TYPE), None)
    counts = summary(graph)
    lines = [f"{graph.project} {graph.stack}: {counts['resources']} resources in {counts['components']} components"]
    _below(graph, root.urn if root else None, "", full, lines)
    return "\n".join(lines)


def _below(graph: ResourceGraph, urn: str | None, indent: str, full: bool, lines: list[str]) -> None:
    children = [
        node for node in graph.nodes.values() if node.parent == urn and node.urn != urn and node.type != STACK_TYPE
    ]
    # By name: the order of registration varies with how outputs resolve.
    components = sorted((node for node in children if not node.custom), key=lambda node: (node.type, node.name))
    resources = sorted((node for node in children if node.custom), key=lambda node: (short(node.type), node.name))
    entries: list[tuple[str, ResourceNode | None]] = [(_line(graph, node), node) for node in components]
    if full:
        entries += [(f"{short(node.type)} {node.name}{_unknowns(node)}", None) for node in resources]
    else:
        entries += [(f"{kind} x{count}" if count > 1 else kind, None)
                    for kind, count in Counter(short(node.type) for node in resources).items()]  # fmt: skip
    for index, (text, component) in enumerate(entries):
        last = index == len(entries) - 1
        lines.append(f"{indent}{'└─' if last else '├─'} {text}")
        if component is not None:
            _below(graph, component.urn, indent + ("   " if last else "│  "), full, lines)


def _line(graph: ResourceGraph, node: ResourceNode) -> str:
    held = sum(1 for other in graph.custom_nodes() if other.parent == node.urn)
    return f"{short(node.type)} {node.name} ({held})"


def _unknowns(node: ResourceNode) -> str:
    """Say which inputs are known only once the update runs."""
    from mlops_estate.engine.wire import has_unknown

    unknown = [key for key, value in node.inputs.items() if has_unknown(value)]
    return f"  [unknown until up: {', '.join(unknown)}]" if unknown else ""


def short(type_token: str) -> str:
    """Return a type token as people read it: `aws:kms/key:Key` is `kms.Key`, a component its class."""
    package, module, name = type_token.split(":")
    if package == "mlops":
        return name
    if package == "pulumi":
        return f"provider {name}"
    prefix = "native " if package == "aws-native" else ""
    return f"{prefix}{module.split('/')[0]}.{name}"

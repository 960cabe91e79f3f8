"""The collected resource graph: the one data structure that reports, policies and cost read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
"""Pulumi's own sentinel: stands for a value that is unknown until the update (see `pulumi.runtime.rpc.UNKNOWN`)."""

STACK_TYPE = "pulumi:pulumi:Stack"
PROVIDER_PREFIX = "pulumi:providers:"


@dataclass(slots=True)
class ResourceNode:
    """One registered resource.

    `inputs` and `outputs` have wire names (camelCase), secrets unwrapped in memory (the file masks them), unknown
    values as `UNKNOWN`, assets as ``{"$asset": sha256}``. `source` is ``file:line`` relative to the project.
    `import_id` names what the program takes over instead of creating it; empty where it creates.
    `status` is one of planned, created, imported, updated, replaced, unchanged, deleted, failed, skipped, superseded
    (replaced in a run that failed before it could be deleted; its URN ends in ``~superseded``). `aws` is the driver's
    record: what it takes to read, update or delete the resource from another process; empty for components and
    previews.
    """

    urn: str
    type: str
    name: str
    custom: bool
    parent: str | None = None
    provider: str | None = None
    inputs: dict[str, Any] = field(default_factory=dict)
    outputs: dict[str, Any] = field(default_factory=dict)
    id: str | None = None
    secret_inputs: list[str] = field(default_factory=list)
    secret_outputs: list[str] = field(default_factory=list)
    dependencies: list[str] = field(default_factory=list)
    property_dependencies: dict[str, list[str]] = field(default_factory=dict)
    protect: bool = False
    retain_on_delete: bool = False
    delete_before_replace: bool = False
    ignore_changes: list[str] = field(default_factory=list)
    replace_on_changes: list[str] = field(default_factory=list)
    aliases: list[Any] = field(default_factory=list)
    import_id: str = ""
    source: str = ""
    order: int = 0
    status: str = "planned"
    error: str = ""
    aws: dict[str, Any] = field(default_factory=dict)

    @property
    def is_provider(self) -> bool:
        """Whether this is an explicit provider."""
        return self.type.startswith(PROVIDER_PREFIX)


@dataclass(slots=True)
class ResourceGraph:
    """Every resource of one run of one stack, by URN, in the order of registration."""

    project: str
    stack: str
    organization: str = "organization"
    preview: bool = True
    nodes: dict[str, ResourceNode] = field(default_factory=dict)
    stack_outputs: dict[str, Any] = field(default_factory=dict)
    secret_stack_outputs: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def custom_nodes(self) -> Iterator[ResourceNode]:
        """Yield the resources a provider manages, in order of registration; components and the stack are left out."""
        return (node for node in self.nodes.values() if node.custom)

    def components(self) -> Iterator[ResourceNode]:
        """Yield component resources, in order of registration."""
        return (node for node in self.nodes.values() if not node.custom and node.type != STACK_TYPE)

    def children(self, urn: str) -> list[ResourceNode]:
        """Return the direct children of a resource, in order of registration."""
        return [node for node in self.nodes.values() if node.parent == urn]

    def by_type(self) -> dict[str, list[ResourceNode]]:
        """Return custom resources grouped by type, types in alphabetical order."""
        grouped: dict[str, list[ResourceNode]] = {}
        for node in self.custom_nodes():
            grouped.setdefault(node.type, []).append(node)
        return dict(sorted(grouped.items()))

    def depends_on(self, node: ResourceNode) -> set[str]:
        """Return the URNs a resource must come after: declared, by property, its parent and its provider."""
        urns = set(node.dependencies)
        for per_property in node.property_dependencies.values():
            urns.update(per_property)
        if node.parent:
            urns.add(node.parent)
        if node.provider:
            urns.add(node.provider.rpartition("::")[0])
        urns.discard(node.urn)
        return urns & self.nodes.keys()

    def dependents(self, urn: str) -> set[str]:
        """Return the URNs of the resources that depend on `urn` directly or through others: its blast radius."""
        reverse: dict[str, set[str]] = {}
        for node in self.nodes.values():
            for upstream in self.depends_on(node):
                reverse.setdefault(upstream, set()).add(node.urn)
        found: set[str] = set()
        waiting = [urn]
        while waiting:
            for downstream in reverse.get(waiting.pop(), ()):
                if downstream not in found:
                    found.add(downstream)
                    waiting.append(downstream)
        return found

    def creation_order(self) -> list[ResourceNode]:
        """Return every node after all that it depends on; registration order breaks ties."""
        placed: set[str] = set()
        ordered: list[ResourceNode] = []

        for start in self.nodes.values():
            stack: list[tuple[ResourceNode, Iterator[str]]] = []
            if start.urn not in placed:
                placed.add(start.urn)
                stack.append((start, iter(self._upstream(start))))
            while stack:
                node, upstream = stack[-1]
                following = next((urn for urn in upstream if urn not in placed), None)
                if following is None:
                    ordered.append(node)
                    stack.pop()
                else:
                    placed.add(following)
                    stack.append((self.nodes[following], iter(self._upstream(self.nodes[following]))))
        return ordered

    def deletion_order(self, urns: Iterable[str] | None = None) -> list[ResourceNode]:
        """Return custom resources so that each comes before what it depends on; only `urns`, where given."""
        wanted = None if urns is None else set(urns)
        ordered = [node for node in reversed(self.creation_order()) if node.custom]
        return ordered if wanted is None else [node for node in ordered if node.urn in wanted]

    def _upstream(self, node: ResourceNode) -> list[str]:
        return sorted(self.depends_on(node), key=lambda urn: self.nodes[urn].order)

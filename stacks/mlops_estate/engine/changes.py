"""Brings one resource from how it stands to how it is asked for: create, in-place update, replacement, or nothing."""

from __future__ import annotations

import dataclasses
from typing import Any

from mlops_estate.engine.driver_api import PartlyCreated, ResourceDriver, ResourceRequest, ResourceState
from mlops_estate.engine.events import Event, OnEvent
from mlops_estate.engine.wire import top_property
from mlops_estate.faults import Fault, FaultsFound
from mlops_estate.graph import ResourceGraph, ResourceNode


def request_of(node: ResourceNode) -> ResourceRequest:
    """Return the request a node was last made with; assets are gone from it, so only a driver's record has their
    use."""
    return ResourceRequest(
        node.urn, node.type, node.name, node.inputs, node.aws.get("default_tags", {}), node.aws.get("provider_region")
    )


def state_of(node: ResourceNode) -> ResourceState:
    """Return the driver's state of a node."""
    return ResourceState(request_of(node), node.id or "", node.outputs, node.aws)


def _matches(pattern: str, key: str) -> bool:
    return pattern == "*" or top_property(pattern) == key


class Reconciler:
    """Applies requests one by one against the graph of the previous run in the same account."""

    def __init__(self, driver: ResourceDriver, previous: ResourceGraph | None, on_event: OnEvent) -> None:
        self.driver = driver
        self.previous = previous.nodes if previous else {}
        self.replaced: list[ResourceNode] = []
        """Nodes whose replacement stands already and that are to be deleted at the end."""
        self._on_event = on_event

    def bring(self, node: ResourceNode, request: ResourceRequest) -> None:
        """Create or change `node`; its id, outputs, record and status are set. `FaultsFound` where it is refused."""
        old = self.previous.get(node.urn)
        if node.import_id and (old is None or old.id != node.import_id):
            self._adopt(node, old, request)
            return
        if old is None or old.id is None:
            self._create(node, request, "created")
            return
        if old.aws.get("incomplete"):
            self.driver.delete(state_of(old))  # its creation was not finished, so nothing of it can be relied on
            self._create(node, request, "replaced")
            return
        request = self._with_ignored(node, old, request)
        if node.inputs == old.inputs and dict(request.default_tags) == old.aws.get("default_tags", {}):
            node.id, node.outputs, node.aws, node.status = old.id, old.outputs, old.aws, "unchanged"
            self._on_event(Event("unchanged", node.urn, node.type, node.name))
            return
        reasons = self._reasons(node, old, request)
        if not reasons:
            self._take(node, self.driver.update(state_of(old), request), "updated")
            return
        if old.protect:
            rule = f"a change of {', '.join(reasons)} replaces this resource, and it is protected"
            raise FaultsFound([Fault(reasons[0], None, rule, "revert the change, or unprotect it first", node.urn)])
        goes_first = node.delete_before_replace or not self.driver.names_itself(request)
        if goes_first:
            if not old.retain_on_delete:
                self.driver.delete(state_of(old))
            old.id, old.status = None, "deleted"  # whatever becomes of its successor
        self._create(node, request, "replaced")
        if not goes_first:
            self.replaced.append(old)

    def removed(self, graph: ResourceGraph) -> list[ResourceNode]:
        """Return what stood before and is no longer declared, dependants first, then what was replaced."""
        if not self.previous:
            return []
        before = ResourceGraph(graph.project, graph.stack, nodes=dict(self.previous))
        gone = [urn for urn, node in self.previous.items() if urn not in graph.nodes and node.custom and node.id]
        order = before.deletion_order({*gone, *(node.urn for node in self.replaced)})
        return [node for node in order if not node.is_provider]

    def _reasons(self, node: ResourceNode, old: ResourceNode, request: ResourceRequest) -> list[str]:
        changed = [key for key in {**old.inputs, **node.inputs} if old.inputs.get(key) != node.inputs.get(key)]
        declared = [key for key in changed if any(_matches(pattern, key) for pattern in node.replace_on_changes)]
        return declared or self.driver.replacement_reasons(state_of(old), request)

    def _with_ignored(self, node: ResourceNode, old: ResourceNode, request: ResourceRequest) -> ResourceRequest:
        """Return the request with ignored properties as they were (whole top-level properties, as paths name them)."""
        ignored = {key for key in {**old.inputs, **node.inputs} if any(_matches(p, key) for p in node.ignore_changes)}
        if any(_matches(pattern, "tags") for pattern in node.ignore_changes):
            request = dataclasses.replace(request, default_tags=old.aws.get("default_tags", {}))
        if not ignored:
            return request
        inputs: dict[str, Any] = dict(request.inputs)
        for key in ignored:
            if key in old.inputs:
                inputs[key] = node.inputs[key] = old.inputs[key]
            else:
                inputs.pop(key, None)
                node.inputs.pop(key, None)
        return dataclasses.replace(request, inputs=inputs)

    def _adopt(self, node: ResourceNode, old: ResourceNode | None, request: ResourceRequest) -> None:
        """Take over what stands under `import_id`, as Pulumi's import does: inputs have to match, but for ignored ones.

        What stood under the URN before is deleted at the end. Source:
        https://www.pulumi.com/docs/iac/concepts/resources/options/import/
        """
        if old is not None and old.id is not None and old.protect:
            rule = f"taking over {node.import_id} replaces {old.id}, and that is protected"
            raise FaultsFound([Fault("import", node.import_id, rule, "unprotect it first", node.urn)])
        patterns = node.ignore_changes
        ignored = {key for key in ("tags", *node.inputs) if any(_matches(pattern, key) for pattern in patterns)}
        node.inputs = {key: value for key, value in node.inputs.items() if key not in ignored}
        inputs = {key: value for key, value in request.inputs.items() if key not in ignored}
        tags = {} if "tags" in ignored else request.default_tags
        asked = dataclasses.replace(request, inputs=inputs, default_tags=tags)
        self._take(node, self.driver.adopt(asked, node.import_id, frozenset(ignored)), "imported")
        if old is not None and old.id is not None:
            self.replaced.append(old)

    def _create(self, node: ResourceNode, request: ResourceRequest, status: str) -> None:
        try:
            state = self.driver.create(request)
        except PartlyCreated as partly:
            self._keep(node, partly.state)
            raise
        self._take(node, state, status)

    def _take(self, node: ResourceNode, state: ResourceState, status: str) -> None:
        self._keep(node, state)
        node.status = status
        self._on_event(Event(status, node.urn, node.type, node.name))

    def _keep(self, node: ResourceNode, state: ResourceState) -> None:
        node.id, node.outputs = state.id, state.outputs
        node.aws = {
            **state.record,
            "default_tags": dict(state.request.default_tags),
            "provider_region": state.request.provider_region,
        }

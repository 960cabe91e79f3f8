"""The monitor a program registers its resources with: builds the graph, and creates through a driver where there is
one."""

from __future__ import annotations

import dataclasses
from typing import Any
from urllib.parse import unquote, urlparse

from google.protobuf import empty_pb2
from pulumi.runtime import mocks
from pulumi.runtime.proto import resource_pb2

from mlops_estate.engine import wire
from mlops_estate.engine.changes import Reconciler
from mlops_estate.engine.driver_api import ResourceDriver, ResourceRequest
from mlops_estate.engine.events import Event, OnEvent
from mlops_estate.engine.naming import Place, answered, named
from mlops_estate.faults import Fault, FaultsFound
from mlops_estate.graph import STACK_TYPE, ResourceGraph, ResourceNode
from mlops_estate.graph_file import MASK, masked

BROKEN = frozenset({"failed", "skipped"})


class Unanswered(mocks.Mocks):
    """Required by the base class, and never reached: the monitor answers every request itself."""

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str | None, dict[str, Any]]:
        """Refuse."""
        raise NotImplementedError(args.typ)

    def call(self, args: mocks.MockCallArgs) -> Any:
        """Refuse."""
        raise NotImplementedError(args.token)


class GraphMonitor(mocks.MockMonitor):
    """Collects every registration as a `ResourceNode`.

    Without a driver it is a preview: ids and computed outputs stay unknown. With one, each custom resource is
    created, or
    brought from `previous` to what the program now asks for. A resource that fails does not stop the others: what
    depends on it is skipped, and `faults` has them all.
    """

    def __init__(
        self,
        graph: ResourceGraph,
        driver: ResourceDriver | None,
        previous: ResourceGraph | None,
        on_event: OnEvent,
        project_root: str,
        *,
        name_unknowns: bool = False,
    ) -> None:
        super().__init__(Unanswered())
        self.graph = graph
        self.faults: list[Fault] = []
        self.reconciler = Reconciler(driver, previous, on_event) if driver else None
        self._driver = driver
        self._name_unknowns = name_unknowns
        self._on_event = on_event
        self._root = project_root.rstrip("/") + "/"
        self._default_tags: dict[str, dict[str, str]] = {}
        self._regions: dict[str, str] = {}
        self._places: dict[str, Place] = {}

    def make_urn(self, parent: str, type_: str, name: str) -> str:
        """Return the URN by the engine's rule: the whole chain of parent types, without the stack's."""
        chain = parent.split("::")[2] if parent else STACK_TYPE
        qualified = type_ if chain == STACK_TYPE else f"{chain}${type_}"
        return f"urn:pulumi:{self.graph.stack}::{self.graph.project}::{qualified}::{name}"

    def RegisterResource(self, request: Any) -> Any:
        """Add the resource to the graph, and create or change it where there is a driver."""
        urn = self.make_urn(request.parent, request.type, request.name)
        if urn in self.graph.nodes:
            fault = Fault("name", request.name, "two resources have the same type, parent and name", "rename one", urn)
            self.faults.append(fault)
            return resource_pb2.RegisterResourceResponse(urn=urn, result=resource_pb2.FAIL)
        raw = wire.from_struct(request.object)
        node = self._node(urn, request, raw)
        self.graph.nodes[urn] = node
        if not request.custom:
            return resource_pb2.RegisterResourceResponse(urn=urn, object=request.object)
        if node.is_provider:
            return self._provider(node, request)
        if self.reconciler is None:
            node.outputs = node.inputs
            self._on_event(Event("planned", urn, node.type, node.name))
            if self._name_unknowns:
                answer = answered(node, request.object, self._places.get(self._provider_of(node), Place()))
                return resource_pb2.RegisterResourceResponse(urn=urn, id=named(node.name), object=answer)
            return resource_pb2.RegisterResourceResponse(urn=urn, object=request.object)
        return self._apply(node, raw, request)

    def RegisterResourceOutputs(self, request: Any) -> Any:
        """Keep the outputs of components and of the stack."""
        secrets: list[str] = []
        outputs = wire.for_graph(wire.open_secrets(wire.from_struct(request.outputs), "", secrets))
        node = self.graph.nodes.get(request.urn)
        if node is not None:
            node.outputs, node.secret_outputs = outputs, secrets
            if node.type == STACK_TYPE:
                self.graph.stack_outputs, self.graph.secret_stack_outputs = outputs, secrets
        return empty_pb2.Empty()

    def Invoke(self, request: Any) -> Any:
        """Refuse a provider's function: a preview has no account to ask, and configuration holds what a program
        needs."""
        rule = "provider functions are not answered here: the program must not depend on what an account holds"
        raise FaultsFound([Fault(request.tok, None, rule, "pass the value through the configuration")])

    def ReadResource(self, request: Any) -> Any:
        """Answer a `.get()`: unknown in a preview; with a driver it is refused, the account holds only what is
        declared."""
        urn = self.make_urn(request.parent, request.type, request.name)
        if self.reconciler is not None:
            rule = "looking up an existing resource is not possible in the embedded account: it starts empty"
            self.faults.append(Fault("id", request.id, rule, "declare the resource, or pass its attributes", urn))
        return resource_pb2.ReadResourceResponse(urn=urn, properties=request.properties)

    def _node(self, urn: str, request: Any, raw: dict[str, Any]) -> ResourceNode:
        secrets: list[str] = []
        return ResourceNode(
            urn=urn,
            type=request.type,
            name=request.name,
            custom=request.custom,
            parent=request.parent or None,
            provider=request.provider or None,
            inputs=wire.for_graph(wire.open_secrets(raw, "", secrets)),
            secret_inputs=secrets,
            dependencies=sorted(request.dependencies),
            property_dependencies={key: sorted(value.urns) for key, value in request.propertyDependencies.items()},
            protect=request.protect,
            retain_on_delete=request.retainOnDelete,
            delete_before_replace=request.deleteBeforeReplace,
            ignore_changes=list(request.ignoreChanges),
            replace_on_changes=list(request.replaceOnChanges),
            aliases=[alias.urn or alias.spec.name for alias in request.aliases],
            import_id=request.importId,
            source=self._source(request),
            order=len(self.graph.nodes),
        )

    def _source(self, request: Any) -> str:
        position = request.sourcePosition
        if not position.uri:
            return ""
        path = unquote(urlparse(position.uri).path)
        return f"{path.removeprefix(self._root)}:{position.line}"

    def _provider(self, node: ResourceNode, request: Any) -> Any:
        """Take a provider's region and default tags."""
        tags = wire.provider_input(node.inputs.get("defaultTags"))
        self._default_tags[node.urn] = dict((tags if isinstance(tags, dict) else {}).get("tags") or {})
        self._regions[node.urn] = node.inputs.get("region", "")
        accounts = wire.provider_input(node.inputs.get("allowedAccountIds")) or [""]
        self._places[node.urn] = Place(node.inputs.get("region", ""), str(accounts[0]))
        node.id = node.name
        if self._driver is not None:
            self._driver.provider_config(self._request(node, node.inputs))
            node.status = "created"
        return resource_pb2.RegisterResourceResponse(urn=node.urn, id=node.name, object=request.object)

    def _request(self, node: ResourceNode, inputs: dict[str, Any]) -> ResourceRequest:
        provider = self._provider_of(node)
        return ResourceRequest(
            node.urn,
            node.type,
            node.name,
            inputs,
            self._default_tags.get(provider, {}),
            self._regions.get(provider) or None,
        )

    @staticmethod
    def _provider_of(node: ResourceNode) -> str:
        """Return the URN of a resource's explicit provider."""
        return (node.provider or "").rpartition("::")[0]

    def _hidden(self, fault: Fault, node: ResourceNode) -> Fault:
        """Return a fault as it may be shown: without the program's secrets."""
        value, rule = fault.value, fault.rule
        if fault.where and any(path.startswith(fault.where) or fault.where.startswith(path)
                               for path in node.secret_inputs):  # fmt: skip
            value, rule = MASK, rule.replace(str(value), MASK)
        value, rule, fix = masked(self.graph, [wire.for_graph(value), rule, fault.fix])
        return dataclasses.replace(fault, value=value, rule=rule, fix=fix)

    def _apply(self, node: ResourceNode, raw: dict[str, Any], request: Any) -> Any:
        reconciler = self.reconciler
        assert reconciler is not None
        if wire.has_unknown(node.inputs) or any(
            self.graph.nodes[urn].status in BROKEN for urn in node.dependencies if urn in self.graph.nodes
        ):
            node.status = "skipped"
            self._on_event(Event("skipped", node.urn, node.type, node.name))
            return resource_pb2.RegisterResourceResponse(urn=node.urn, result=resource_pb2.FAIL)
        inputs = wire.with_assets(wire.open_secrets(raw, "", []))
        try:
            reconciler.bring(node, self._request(node, inputs))
        except FaultsFound as found:
            faults = [self._hidden(fault, node) for fault in found.faults]
            node.status, node.error = "failed", str(FaultsFound(faults))
            self.faults += faults
            self._on_event(Event("failed", node.urn, node.type, node.name))
            return resource_pb2.RegisterResourceResponse(urn=node.urn, result=resource_pb2.FAIL)
        secret = {wire.top_property(path) for path in node.secret_inputs} | set(request.additionalSecretOutputs)
        node.secret_outputs = sorted(secret & node.outputs.keys())
        # The graph holds an asset's hash; the program gets the asset that it gave.
        assets = {key: value for key, value in raw.items() if wire.is_asset(value)}
        answered = {
            key: wire.wrap_secret(value) if key in secret else value
            for key, value in {**raw, **node.outputs, **assets}.items()
            if value is not None
        }
        return resource_pb2.RegisterResourceResponse(urn=node.urn, id=node.id or "", object=wire.to_struct(answered))

"""An in-memory driver, and small resources to drive: what the engine does is then visible step by step."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pulumi

from mlops_estate.engine import Deletion, Event, ReadBack, ResourceRequest, ResourceState, run_program
from mlops_estate.faults import Fault, FaultsFound
from mlops_estate.graph import ResourceGraph


class FakeDriver:
    """Keeps resources by id. `calls` is what was asked for, in order, as ``"create bucket"``.

    A refusal's fault is of `size`, and says `rule`, where inputs may be named in braces.
    `refused` are such calls to refuse; `forces` are the properties that replace; `kept` maps names to reasons why a
    resource stays; `left` maps names to what deletion leaves; `names_things` is the answer of `names_itself`.
    """

    def __init__(self, *, forces: tuple[str, ...] = (), names_things: bool = True) -> None:
        self.forces, self.names_things = set(forces), names_things
        self.refused: set[str] = set()
        self.kept: dict[str, tuple[str, ...]] = {}
        self.left: dict[str, tuple[str, ...]] = {}
        self.calls: list[str] = []
        self.requests: dict[str, ResourceRequest] = {}
        self.standing: dict[str, dict[str, Any]] = {}
        self.providers: list[ResourceRequest] = []
        self.rule = "cannot {action}"
        self.ignored: frozenset[str] = frozenset()
        self._made = 0

    def _note(self, action: str, request: ResourceRequest) -> None:
        self.calls.append(f"{action} {request.name}")
        if self.calls[-1] in self.refused:
            rule = self.rule.format(action=action, **request.inputs)
            raise FaultsFound([Fault("size", request.inputs.get("size"), rule, "do otherwise", request.urn)])

    def _state(self, request: ResourceRequest, id_: str) -> ResourceState:
        self.requests[request.name] = request
        self.standing[id_] = dict(request.inputs)
        outputs = {**request.inputs, "arn": f"arn:{id_}"}
        return ResourceState(request, id_, outputs, {"keys": {"Name": request.name}})

    def create(self, request: ResourceRequest) -> ResourceState:
        self._note("create", request)
        self._made += 1
        return self._state(request, f"{request.name}-{self._made}")

    def adopt(self, request: ResourceRequest, resource_id: str, ignored: frozenset[str]) -> ResourceState:
        self._note("adopt", request)
        self.ignored = ignored
        return self._state(request, resource_id)

    def update(self, state: ResourceState, request: ResourceRequest) -> ResourceState:
        self._note("update", request)
        return self._state(request, state.id)

    def replacement_reasons(self, state: ResourceState, request: ResourceRequest) -> list[str]:
        before, after = state.request.inputs, request.inputs
        return sorted(key for key in self.forces if before.get(key) != after.get(key))

    def names_itself(self, request: ResourceRequest) -> bool:
        return self.names_things

    def keeps(self, state: ResourceState) -> tuple[str, ...]:
        return self.kept.get(state.request.name, ())

    def delete(self, state: ResourceState) -> Deletion:
        self._note("delete", state.request)
        del self.standing[state.id]
        return Deletion(self.left.get(state.request.name, ()))

    def read_back(self, state: ResourceState) -> ReadBack:
        self._note("read", state.request)
        return ReadBack("emulated", "fake", equal=state.id in self.standing)

    def provider_config(self, request: ResourceRequest) -> None:
        self.providers.append(request)


class Thing(pulumi.CustomResource):
    """A resource with any inputs and an ARN."""

    arn: pulumi.Output[str]
    size: pulumi.Output[int]
    password: pulumi.Output[str]

    def __init__(self, name: str, opts: pulumi.ResourceOptions | None = None, **inputs: Any) -> None:
        super().__init__("test:index:Thing", name, {"arn": None, **inputs}, opts)


class Group(pulumi.ComponentResource):
    """A component."""

    def __init__(self, name: str, opts: pulumi.ResourceOptions | None = None, kind: str = "Group") -> None:
        super().__init__(f"mlops:index:{kind}", name, None, opts)
        self.register_outputs({"made": name})


class Provider(pulumi.ProviderResource):
    """An explicit provider; nested inputs are JSON text, as providers' SDKs hand them over."""

    def __init__(self, name: str, **inputs: Any) -> None:
        super().__init__("test", name, inputs)


def run(
    program: Callable[[], Any],
    driver: FakeDriver | None = None,
    previous: ResourceGraph | None = None,
    *,
    config: Mapping[str, str] | None = None,
    on_event: Callable[[Event], None] = lambda _event: None,
) -> ResourceGraph:
    """Run a program of stack `test`, project `mlops-estate`."""
    return run_program(program, stack="test", config=config or {}, driver=driver, previous=previous, on_event=on_event)


def named(graph: ResourceGraph) -> dict[str, Any]:
    """Return the nodes by their names."""
    return {node.name: node for node in graph.nodes.values()}

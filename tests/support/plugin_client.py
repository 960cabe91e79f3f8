"""What the Pulumi engine is to a provider plugin: a gRPC client, with wire data in and out."""

from __future__ import annotations

import asyncio
import hashlib
import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import grpc
import pulumi
from google.protobuf import empty_pb2
from pulumi.provider.experimental.property_value import PropertyValue
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc

from mlops_estate.embedded.plugin.serving import start
from mlops_estate.engine.driver_api import Deletion, ReadBack, ResourceRequest, ResourceState
from mlops_estate.engine.wire import ARCHIVE, ASSET, SIGNATURE, from_struct, to_struct
from mlops_estate.faults import Fault, FaultsFound


def urn_of(token: str, name: str) -> str:
    """Return the URN of a resource within a component, as the estate's are."""
    return f"urn:pulumi:dev::mlops-estate::mlops:index:DataLake${token}::{name}"


def with_marked_assets(value: Any) -> Any:
    """Return a graph's inputs as the engine sends them: an asset, of which a graph keeps the hash, with some text."""
    if isinstance(value, list):
        return [with_marked_assets(item) for item in value]
    if not isinstance(value, dict):
        return value
    if "$asset" not in value:
        return {key: with_marked_assets(item) for key, item in value.items()}
    if "assets" in value:
        return {SIGNATURE: ARCHIVE, "assets": with_marked_assets(value["assets"])}
    return {SIGNATURE: ASSET, "text": value["$asset"]}


def elided(value: Any) -> Any:
    """Return wire data as the engine sends it where it withholds content: of an asset only a hash is left."""
    if isinstance(value, list):
        return [elided(item) for item in value]
    if not isinstance(value, dict):
        return value
    if value.get(SIGNATURE) in {ASSET, ARCHIVE}:
        return {SIGNATURE: value[SIGNATURE], "hash": value.get("hash", "")}
    return {key: elided(item) for key, item in value.items()}


def hashed(value: Any) -> Any:
    """Return wire data with the hash of each asset and archive, as the engine computes it when one is registered."""
    if isinstance(value, list):
        return [hashed(item) for item in value]
    if not isinstance(value, dict):
        return value
    inside = {key: hashed(item) for key, item in value.items()}
    if value.get(SIGNATURE) not in {ASSET, ARCHIVE} or "hash" in value:
        return inside
    return {**inside, "hash": hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()}


class Plugin:
    """Calls a running plugin as the engine does."""

    def __init__(self, port: int) -> None:
        self.channel = grpc.insecure_channel(f"127.0.0.1:{port}")
        self.stub = provider_pb2_grpc.ResourceProviderStub(self.channel)

    def version(self) -> str:
        return self.stub.GetPluginInfo(empty_pb2.Empty()).version

    def configure(self, **inputs: Any) -> Any:
        args = {key: value if isinstance(value, str) else json.dumps(value) for key, value in inputs.items()}
        return self.stub.Configure(
            provider_pb2.ConfigureRequest(args=to_struct(args), acceptSecrets=True, acceptResources=True)
        )

    def check(
        self, token: str, name: str, news: dict[str, Any], olds: dict[str, Any] | None = None, seed: bytes = b"seed"
    ) -> tuple[dict[str, Any], dict[str, str]]:
        """Return the checked inputs and the reason of each failed property."""
        answer = self.stub.Check(
            provider_pb2.CheckRequest(
                urn=urn_of(token, name), olds=to_struct(olds or {}), news=to_struct(hashed(news)), randomSeed=seed
            )
        )
        return from_struct(answer.inputs), {failure.property: failure.reason for failure in answer.failures}

    def create(self, token: str, name: str, inputs: dict[str, Any], *, preview: bool = False) -> Any:
        """Return the id and the properties."""
        answer = self.stub.Create(
            provider_pb2.CreateRequest(urn=urn_of(token, name), properties=to_struct(hashed(inputs)), preview=preview)
        )
        return answer.id, from_struct(answer.properties)

    def made(self, token: str, name: str, news: dict[str, Any]) -> tuple[str, dict[str, Any], dict[str, Any]]:
        """Check and create; return the id, the checked inputs and the properties."""
        inputs, failures = self.check(token, name, news)
        assert failures == {}
        return (*self.create(token, name, inputs), inputs)

    def diff(
        self, token: str, name: str, made: str, olds: dict[str, Any], news: dict[str, Any], ignore: tuple[str, ...] = ()
    ) -> Any:
        return self.stub.Diff(
            provider_pb2.DiffRequest(
                urn=urn_of(token, name),
                id=made,
                olds=to_struct(elided(olds)),
                news=to_struct(elided(news)),
                ignoreChanges=ignore,
            )
        )

    def read(self, token: str, name: str, made: str, properties: dict[str, Any], inputs: dict[str, Any]) -> Any:
        """Return the id, the properties and the inputs."""
        answer = self.stub.Read(
            provider_pb2.ReadRequest(
                urn=urn_of(token, name),
                id=made,
                properties=to_struct(elided(properties)),
                inputs=to_struct(elided(inputs)),
            )
        )
        return answer.id, from_struct(answer.properties), from_struct(answer.inputs)

    def update(
        self, token: str, name: str, made: str, olds: dict[str, Any], news: dict[str, Any], *, preview: bool = False
    ) -> dict[str, Any]:
        answer = self.stub.Update(
            provider_pb2.UpdateRequest(
                urn=urn_of(token, name),
                id=made,
                olds=to_struct(elided(olds)),
                news=to_struct(hashed(news)),
                preview=preview,
            )
        )
        return from_struct(answer.properties)

    def delete(self, token: str, name: str, made: str, properties: dict[str, Any]) -> None:
        self.stub.Delete(
            provider_pb2.DeleteRequest(urn=urn_of(token, name), id=made, properties=to_struct(elided(properties)))
        )

    def invoke(self, token: str) -> Any:
        return self.stub.Invoke(provider_pb2.InvokeRequest(tok=token, args=to_struct({})))


@contextmanager
def plugin(package: str) -> Iterator[Plugin]:
    """Serve a package from a thread of its own, not yet configured."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="plugin", daemon=True)
    thread.start()
    server, port = asyncio.run_coroutine_threadsafe(start(package), loop).result(10)
    client = Plugin(port)
    try:
        yield client
    finally:
        client.channel.close()
        asyncio.run_coroutine_threadsafe(server.stop(None), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()


class ThroughPlugin:
    """A driver that makes each call of a running plugin, so that a whole program can be brought through it.

    `unsettled` names what differs, or is not found, right after it was created.
    """

    def __init__(self, plugins: Mapping[str, Plugin]) -> None:
        self.plugins = plugins
        self.unsettled: list[str] = []
        self._made: dict[str, tuple[str, dict[str, Any]]] = {}

    def provider_config(self, request: ResourceRequest) -> None:
        inputs = {key: value for key, value in request.inputs.items() if value is not None}
        self.plugins[request.type.removeprefix("pulumi:providers:")].configure(**inputs)

    def create(self, request: ResourceRequest) -> ResourceState:
        plugin, token, name = self.plugins[request.type.split(":")[0]], request.type, request.name
        made, properties, inputs = plugin.made(token, name, marked(request.inputs))
        if plugin.diff(token, name, made, properties, inputs).changes != provider_pb2.DiffResponse.DIFF_NONE:
            self.unsettled.append(f"{request.urn} differs")
        if plugin.read(token, name, made, properties, inputs) != (made, elided(properties), elided(inputs)):
            self.unsettled.append(f"{request.urn} has drifted")
        self._made[request.urn] = (made, properties)
        outputs = {key: value for key, value in properties.items() if not key.startswith("__")}
        return ResourceState(request, made, outputs, {})

    def delete(self, state: ResourceState) -> Deletion:
        request = state.request
        try:
            self.plugins[request.type.split(":")[0]].delete(request.type, request.name, *self._made[request.urn])
        except grpc.RpcError as error:
            raise FaultsFound([Fault("", None, error.details(), "", request.urn)]) from error
        return Deletion()

    def keeps(self, state: ResourceState) -> tuple[str, ...]:
        return ()

    def names_itself(self, request: ResourceRequest) -> bool:
        raise NotImplementedError("a program is brought once")

    def update(self, state: ResourceState, request: ResourceRequest) -> ResourceState:
        raise NotImplementedError("a program is brought once")

    def replacement_reasons(self, state: ResourceState, request: ResourceRequest) -> list[str]:
        raise NotImplementedError("a program is brought once")

    def read_back(self, state: ResourceState) -> ReadBack:
        raise NotImplementedError("`create` reads already")


def marked(value: Any) -> Any:
    """Return plain data with its assets as the wire marks them."""
    if isinstance(value, (pulumi.Asset, pulumi.Archive)):
        return from_struct(PropertyValue.marshal_map({"asset": PropertyValue(value)}))["asset"]
    if isinstance(value, Mapping):
        return {key: marked(item) for key, item in value.items()}
    return [marked(item) for item in value] if isinstance(value, list) else value

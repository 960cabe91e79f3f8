"""The plugin's process: the gRPC server that the engine talks to, and refusals in the form the engine reads."""

from __future__ import annotations

import asyncio
import importlib.metadata
import sys
from collections.abc import Awaitable, Sequence
from typing import Any

import grpc
import grpc.aio
from google.protobuf import any_pb2
from pulumi.provider.experimental.property_value import PropertyValue
from pulumi.provider.experimental.server import ProviderServicer
from pulumi.runtime._grpc_settings import _GRPC_CHANNEL_OPTIONS
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc, status_pb2

from mlops_estate.embedded.network_guard import NetworkGuard
from mlops_estate.embedded.plugin.elided import stand_in, tell_hashes, turn_back
from mlops_estate.embedded.plugin.provider import CreationBroken, EstateProvider
from mlops_estate.faults import FaultsFound

PACKAGES = {"aws": "pulumi-aws", "aws-native": "pulumi-aws-native"}
"""The packages served, and the distribution of each one's SDK: the engine asks for the SDK's own version."""


class Servicer(ProviderServicer):
    """Pulumi's servicer, with the provider's refusals as plain messages: no traceback, no type of exception."""

    async def Configure(self, request: Any, context: Any) -> Any:
        """See `EstateProvider.configure`."""
        return await _answered(super().Configure(request, context), context)

    async def Invoke(self, request: Any, context: Any) -> Any:
        """See `EstateProvider.invoke`."""
        return await _answered(super().Invoke(request, context), context)

    async def Check(self, request: Any, context: Any) -> Any:
        """See `EstateProvider.check`."""
        answer = await _answered(super().Check(request, context), context)
        tell_hashes(request.news, answer.inputs)
        return answer

    async def Diff(self, request: Any, context: Any) -> Any:
        """See `EstateProvider.diff`."""
        stand_in(request)
        return await _answered(super().Diff(request, context), context)

    async def Create(self, request: Any, context: Any) -> Any:
        """See `EstateProvider.create`."""
        answer = await _answered(super().Create(request, context), context)
        tell_hashes(request.properties, answer.properties)
        return answer

    async def Read(self, request: Any, context: Any) -> Any:
        """See `EstateProvider.read`."""
        stand_in(request)
        answer = await _answered(super().Read(request, context), context)
        turn_back(answer)
        return answer

    async def Update(self, request: Any, context: Any) -> Any:
        """See `EstateProvider.update`."""
        stand_in(request)
        answer = await _answered(super().Update(request, context), context)
        tell_hashes(request.news, answer.properties)
        return answer

    async def Delete(self, request: Any, context: Any) -> Any:
        """See `EstateProvider.delete`."""
        stand_in(request)
        return await _answered(super().Delete(request, context), context)


async def _answered(answer: Awaitable[Any], context: Any) -> Any:
    """Return the answer, or end the call with the provider's refusal, which Pulumi's servicer wraps."""
    try:
        return await answer
    except Exception as error:
        refusal = error.__context__
        if not isinstance(refusal, FaultsFound):
            raise
        # What the engine's protocol has for a half-made resource: the engine keeps its state, and says what is amiss.
        details = (("grpc-status-details-bin", _details(refusal)),) if isinstance(refusal, CreationBroken) else ()
        await context.abort(grpc.StatusCode.INVALID_ARGUMENT, str(refusal), details)


def _details(broken: CreationBroken) -> bytes:
    failed = provider_pb2.ErrorResourceInitFailed(
        id=broken.resource_id,
        properties=PropertyValue.marshal_map(broken.properties),
        reasons=[fault.as_text() for fault in broken.faults],
    )
    packed = any_pb2.Any()
    packed.Pack(failed)
    code = grpc.StatusCode.INVALID_ARGUMENT.value[0]
    status = status_pb2.Status(code=code, message=str(broken), details=[packed])
    return bytes(status.SerializeToString())


async def start(package: str, engine: str = "") -> tuple[grpc.aio.Server, int]:
    """Start serving a package on loopback; return the server and its port."""
    server = grpc.aio.server(options=_GRPC_CHANNEL_OPTIONS)
    version = importlib.metadata.version(PACKAGES[package])
    servicer = Servicer([], version, EstateProvider(package), engine_address=engine)
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(servicer, server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    return server, port


async def _serve(package: str, engine: str) -> None:
    server, port = await start(package, engine)
    sys.stdout.write(f"{port}\n")  # what the engine waits for
    sys.stdout.flush()
    await server.wait_for_termination()


def main(arguments: Sequence[str]) -> None:
    """Serve until the engine ends the process. `arguments` are the package and what the engine gives: its address."""
    if not arguments or arguments[0] not in PACKAGES:
        sys.exit(f"usage: python -m mlops_estate.embedded.plugin {{{','.join(PACKAGES)}}} [ENGINE]")
    engine = next((word for word in arguments[1:] if not word.startswith("-")), "")
    with NetworkGuard():
        try:
            asyncio.run(_serve(arguments[0], engine))
        except KeyboardInterrupt:
            return

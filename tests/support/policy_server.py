"""The pack served as the engine serves it: a process of its own, spoken to by the analyzer protocol."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import grpc
from google.protobuf import json_format, struct_pb2
from pulumi.runtime.proto import analyzer_pb2, analyzer_pb2_grpc

from mlops_policies.running import Declared
from tests.support.programs import PROJECT

# As the engine: a stack's resources come in one message.
_LIMIT = [("grpc.max_receive_message_length", 1 << 28), ("grpc.max_send_message_length", 1 << 28)]


@contextmanager
def served(stack: str, pack: Path = PROJECT / "policies", **environment: str) -> Iterator[Any]:
    """Start the pack for a stack and yield a client of it."""
    process = subprocess.Popen(
        [sys.executable, "-u", "-m", "pulumi.policy", "127.0.0.1:1", str(pack)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PULUMI_PROJECT": "project", "PULUMI_STACK": stack, "PULUMI_DRY_RUN": "true",
             "PULUMI_CONFIG": "{}", "PULUMI_ORGANIZATION": "organization", **environment},
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stderr is not None
    try:
        port = process.stdout.readline().strip()
        assert port, process.stderr.read()
        with grpc.insecure_channel(f"127.0.0.1:{port}", options=_LIMIT) as channel:
            yield analyzer_pb2_grpc.AnalyzerStub(channel)
    finally:
        process.terminate()
        process.communicate()


def struct(data: Mapping[str, Any]) -> struct_pb2.Struct:
    return json_format.ParseDict(json.loads(json.dumps(data)), struct_pb2.Struct())


def analyze(client: Any, entry: Declared, provider: Declared | None = None) -> Any:
    """Ask about one resource, remediations first, as the engine does."""
    request = analyzer_pb2.AnalyzeRequest(
        type=entry.type, properties=struct(entry.inputs), urn=entry.urn, name=entry.name, options=_options(entry),
        provider=_provider(provider),
    )  # fmt: skip
    remedied = client.Remediate(request)
    for remediation in remedied.remediations:
        request.properties.CopyFrom(remediation.properties)
    return client.Analyze(request), remedied


def analyze_stack(client: Any, entries: Sequence[Declared], provider: Declared | None = None) -> Any:
    """Ask about all resources together."""
    resources = [
        analyzer_pb2.AnalyzerResource(
            type=entry.type, properties=struct({**entry.inputs, **entry.outputs}), urn=entry.urn, name=entry.name,
            options=_options(entry), provider=_provider(provider), parent=entry.parent,
            dependencies=list(entry.dependencies),
            propertyDependencies={key: analyzer_pb2.AnalyzerPropertyDependencies(urns=list(urns))
                                  for key, urns in entry.property_dependencies.items()},
        ) for entry in entries
    ]  # fmt: skip
    return client.AnalyzeStack(analyzer_pb2.AnalyzeStackRequest(resources=resources))


def _options(entry: Declared) -> Any:
    return analyzer_pb2.AnalyzerResourceOptions(protect=entry.protect, parent=entry.parent)


def _provider(provider: Declared | None) -> Any:
    if provider is None:
        return None
    return analyzer_pb2.AnalyzerProviderResource(
        type=provider.type, properties=struct(provider.inputs), urn=provider.urn, name=provider.name
    )

"""The components served to other Pulumi languages: the plugin's process, asked as the engine asks."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import grpc
import pytest
from google.protobuf import empty_pb2
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def provider():
    command = [
        sys.executable,
        "-W",
        "ignore::DeprecationWarning",
        str(ROOT / "components" / "__main__.py"),
        "127.0.0.1:1",
    ]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        port = int(process.stdout.readline())
        options = [("grpc.max_receive_message_length", 100 * 1024 * 1024)]
        with grpc.insecure_channel(f"127.0.0.1:{port}", options) as channel:
            yield provider_pb2_grpc.ResourceProviderStub(channel)
    finally:
        process.terminate()
        process.wait(timeout=20)
        process.stdout.close()


def test_the_plugin_answers_with_the_packages_version(provider):
    assert provider.GetPluginInfo(empty_pb2.Empty(), timeout=20).version == "0.1.0"


def test_the_plugin_serves_the_reviewed_components(provider):
    schema = json.loads(provider.GetSchema(provider_pb2.GetSchemaRequest(version=0), timeout=20).schema)
    reviewed = json.loads((ROOT / "docs" / "reference" / "components.schema.json").read_text(encoding="utf-8"))
    assert set(schema["resources"]) == set(reviewed["resources"])
    for token, component in reviewed["resources"].items():
        served = schema["resources"][token]
        assert set(served["inputProperties"]) == set(component["inputProperties"])
        assert served["requiredInputs"] == component["requiredInputs"]


def test_each_component_is_served_as_a_component(provider):
    schema = json.loads(provider.GetSchema(provider_pb2.GetSchemaRequest(version=0), timeout=20).schema)
    assert {component["isComponent"] for component in schema["resources"].values()} == {True}

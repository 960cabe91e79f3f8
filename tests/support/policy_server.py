"""The pack served as the engine serves it: a process of its own, spoken to by the analyzer protocol.

What goes over the wire is what the engine sends (pulumi/pulumi, `sdk/go/common/resource/plugin/analyzer_plugin.go` and
`pkg/resource/analyzer/config.go`): secrets and assets under their signatures, no dependencies of properties that have
none, and for every policy a configuration made of its schema's defaults and of what is laid over them.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import grpc
from google.protobuf import json_format, struct_pb2
from pulumi.runtime.proto import analyzer_pb2, analyzer_pb2_grpc

from mlops_policies.running import Declared
from mlops_policies.starting import CONFIG
from tests.support.programs import PROJECT

SIGNATURE, SECRET = "4dabf18193072939515e22adb298388d", "1b47061264138c4ac30d75fd1eb44270"
ASSET, ARCHIVE = "c44067f5952c0a294b673a41bacd8c17", "0def7320c3a5731c473e5ecbe6d01bc7"
_UNEVALUATED = "can't run policy '"
_NAMES = {number: name.lower() for name, number in analyzer_pb2.EnforcementLevel.items()}
# As the engine: a stack's resources come in one message.
_LIMIT = [("grpc.max_receive_message_length", 1 << 28), ("grpc.max_send_message_length", 1 << 28)]


@dataclass(frozen=True)
class Told:
    """One thing that a policy said: `message` is without the rule's title, which the SDK puts before it."""

    policy: str
    urn: str
    message: str
    level: str


@dataclass
class Answers:
    """Everything that a pack said of a stack; `violations` and what was `unevaluated`, in the order they came."""

    violations: list[Told] = field(default_factory=list)
    unevaluated: list[Told] = field(default_factory=list)
    remediated: list[tuple[str, str]] = field(default_factory=list)
    after: dict[str, dict[str, Any]] = field(default_factory=dict)
    """By URN, the properties of each resource that a remediation changed."""
    raw: list[Any] = field(default_factory=list)

    def add(self, response: Any, urn: str = "") -> None:
        self.raw.append(response)
        for told in response.diagnostics:
            # The engine puts a resource's policies at that resource, whatever they say.
            entry = Told(told.policyName, urn or told.urn, _message(told), _NAMES[told.enforcementLevel])
            (self.unevaluated if entry.message.startswith(_UNEVALUATED) else self.violations).append(entry)

    def of(self, policy: str) -> list[Told]:
        return [entry for entry in self.violations if entry.policy == policy]


def _message(told: Any) -> str:
    return str(told.message).removeprefix(f"{told.description}\n")


class Served:
    """A pack's process, from the engine's side."""

    def __init__(self, channel: Any, process: subprocess.Popen[str]) -> None:
        self.stub = analyzer_pb2_grpc.AnalyzerStub(channel)
        self.process = process

    def configure(self, given: Mapping[str, Any] | None = None) -> None:
        """Hand every policy its configuration: defaults of its schema, and the content of ``--policy-pack-config``."""
        configured = {}
        for policy in self.stub.GetAnalyzerInfo(analyzer_pb2_grpc.google_dot_protobuf_dot_empty__pb2.Empty()).policies:
            schema = json_format.MessageToDict(policy.configSchema.properties)
            made = analyzer_pb2.PolicyConfig(enforcementLevel=policy.enforcementLevel)
            settings = {name: about["default"] for name, about in schema.items() if "default" in about}
            for over in ((given or {}).get("all"), (given or {}).get(policy.name)):
                values = {"enforcementLevel": over} if isinstance(over, str) else dict(over or {})
                if level := values.pop("enforcementLevel", None):
                    made.enforcementLevel = analyzer_pb2.EnforcementLevel.Value(level.upper())
                settings |= values
            made.properties.update(settings)
            configured[policy.name] = made
        self.stub.Configure(analyzer_pb2.ConfigureAnalyzerRequest(policyConfig=configured))

    def judge(self, declared: Sequence[Declared]) -> Answers:
        """Ask about every resource, and about the stack, as the engine does in one run."""
        answers = Answers()
        for entry in declared:
            self.judge_one(entry, answers)
        self.judge_stack(declared, answers)
        return answers

    def judge_one(self, entry: Declared, answers: Answers) -> None:
        """Ask about one resource: remediations first, then the rules over what they made of it."""
        request = analyzer_pb2.AnalyzeRequest(
            type=entry.type, properties=_struct(entry.inputs, entry), urn=entry.urn, name=entry.name,
            options=_options(entry), provider=_provider(entry),
        )  # fmt: skip
        remedied = self.stub.Remediate(request)
        answers.raw.append(remedied)
        for remediation in remedied.remediations:
            request.properties.CopyFrom(remediation.properties)
            answers.remediated.append((remediation.policyName, entry.urn))
            answers.after[entry.urn] = json_format.MessageToDict(remediation.properties)
        answers.add(self.stub.Analyze(request), entry.urn)

    def judge_stack(self, declared: Sequence[Declared], answers: Answers) -> None:
        """Ask about all resources together."""
        request = analyzer_pb2.AnalyzeStackRequest(
            resources=[_resource(entry, answers.after.get(entry.urn)) for entry in declared]
        )
        answers.add(self.stub.AnalyzeStack(request))


@contextmanager
def served(
    stack: str,
    pack: Path = PROJECT / "policies",
    config: Path | None = None,
    given: Mapping[str, Any] | None = None,
) -> Iterator[Served]:
    """Start a pack for a stack, with a configuration file and what the engine lays over it, and yield it."""
    process = _start(stack, pack, config)
    assert process.stdout is not None
    assert process.stderr is not None
    try:
        port = process.stdout.readline().strip()
        assert port, process.stderr.read()
        with grpc.insecure_channel(f"127.0.0.1:{port}", options=_LIMIT) as channel:
            made = Served(channel, process)
            made.stub.ConfigureStack(analyzer_pb2.AnalyzerStackConfigureRequest(stack=stack, project="project"))
            made.configure(given)
            yield made
    finally:
        process.terminate()
        process.communicate()


def refused(stack: str, pack: Path = PROJECT / "policies", config: Path | None = None) -> tuple[int, str, str]:
    """Start a pack that ends by itself; return its exit code, standard output and error."""
    process = _start(stack, pack, config)
    try:
        told = process.communicate(timeout=60)
    finally:
        process.kill()
    return process.returncode, *told


def _start(stack: str, pack: Path, config: Path | None) -> subprocess.Popen[str]:
    environment = {
        **{name: value for name, value in os.environ.items() if name != CONFIG}, "PULUMI_PROJECT": "project",
        "PULUMI_STACK": stack, "PULUMI_DRY_RUN": "true", "PULUMI_CONFIG": "{}", "PULUMI_ORGANIZATION": "organization",
        **({CONFIG: str(config)} if config else {}),
    }  # fmt: skip
    return subprocess.Popen(
        [sys.executable, "-u", "-m", "pulumi.policy", "127.0.0.1:1", str(pack)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment, cwd=pack,
    )  # fmt: skip


def _resource(entry: Declared, changed: Mapping[str, Any] | None) -> Any:
    """Return a resource as rules about a stack see it: its outputs, which at a preview are its inputs and more."""
    properties = _struct({**entry.inputs, **entry.outputs}, entry)
    if changed is not None:
        properties.update(changed)
    return analyzer_pb2.AnalyzerResource(
        type=entry.type, properties=properties, urn=entry.urn, name=entry.name, options=_options(entry),
        provider=_provider(entry), parent=entry.parent, dependencies=list(entry.dependencies),
        propertyDependencies={key: analyzer_pb2.AnalyzerPropertyDependencies(urns=list(urns))
                              for key, urns in entry.property_dependencies.items() if urns},
    )  # fmt: skip


def _struct(data: Mapping[str, Any], entry: Declared) -> struct_pb2.Struct:
    signed = {key: _signed(value, key, entry.secrets or frozenset()) for key, value in data.items()
              if not key.startswith("__")}  # fmt: skip
    return json_format.ParseDict(signed, struct_pb2.Struct())


def _signed(value: Any, path: str, secrets: frozenset[str]) -> Any:
    """Return a value with the engine's signatures around what is secret or an asset."""
    if path in secrets:
        return {SIGNATURE: SECRET, "value": _signed(value, path, frozenset())}
    if isinstance(value, Mapping):
        if "assets" in value and "$asset" in value:
            return {SIGNATURE: ARCHIVE, "assets": _signed(value["assets"], path, secrets)}
        if "$asset" in value:
            return {SIGNATURE: ASSET, "text": value["$asset"] or "empty"}
        return {key: _signed(item, f"{path}.{key}", secrets) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_signed(item, f"{path}[{index}]", secrets) for index, item in enumerate(value)]
    return value


def _options(entry: Declared) -> Any:
    return analyzer_pb2.AnalyzerResourceOptions(protect=entry.protect, parent=entry.parent)


def _provider(entry: Declared) -> Any:
    """Return the provider of a resource; in a provider's inputs the engine writes nested values as JSON texts."""
    if not entry.custom or entry.type.startswith("pulumi:providers:"):
        return None
    inputs = {"region": entry.provider.region, "defaultTags": json.dumps({"tags": dict(entry.provider.default_tags)})}
    return analyzer_pb2.AnalyzerProviderResource(
        type="pulumi:providers:aws", urn="urn:pulumi:stack::project::pulumi:providers:aws::aws", name="aws",
        properties=json_format.ParseDict(inputs, struct_pb2.Struct()),
    )  # fmt: skip

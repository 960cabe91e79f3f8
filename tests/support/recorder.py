"""A recording engine: a test asserts on what a program would register, by URN tail (`parent types$type name`)."""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextvars
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pulumi
from google.protobuf import json_format
from pulumi.runtime import mocks as pulumi_mocks
from pulumi.runtime import rpc

PROJECT, STACK = "mlops-estate", "test"
ACCOUNT, REGION = "123456789012", "eu-west-1"


@dataclass
class Registered:
    """One registered resource as the engine would see it; secrets are unwrapped and listed in `secrets`."""

    urn: str
    type: str
    name: str
    custom: bool
    parent: str
    provider: str
    inputs: dict[str, Any]
    secrets: set[str]
    dependencies: list[str]
    property_dependencies: dict[str, list[str]]
    protect: bool
    retain_on_delete: bool
    ignore_changes: list[str]
    aliases: int
    import_id: str = ""
    outputs: dict[str, Any] = field(default_factory=dict)


def _plain(value: Any) -> Any:
    if rpc.is_rpc_secret(value):
        return _plain(rpc.unwrap_rpc_secret(value))
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value


class _Answers(pulumi_mocks.Mocks):
    """Answer each resource with its inputs, an id, an ARN and a name."""

    def new_resource(self, args: pulumi_mocks.MockResourceArgs) -> tuple[str | None, dict[str, Any]]:
        inputs = _plain(dict(args.inputs))
        if not args.custom:
            return None, inputs
        service = args.typ.split(":")[1].split("/")[0]
        kind = args.typ.split(":")[-1]
        made = {
            "arn": f"arn:aws:{service}:{REGION}:{ACCOUNT}:{kind.lower()}/{args.name}",
            "name": args.name,
            "keyId": f"{args.name}-key-id",
            "bucket": args.name,
            "jobDefinitionName": args.name,
            "feature_group_arn": "",
        }
        return f"{args.name}-id", {**made, **inputs}

    def call(self, args: pulumi_mocks.MockCallArgs) -> dict[str, Any]:
        raise AssertionError(f"unexpected invoke {args.token}: components make none by default")


class Recorder(pulumi_mocks.MockMonitor):
    """A monitor that keeps every registration and builds URNs by the engine's rule."""

    def __init__(self) -> None:
        super().__init__(_Answers())
        self.registered: dict[str, Registered] = {}
        self.stack_outputs: dict[str, Any] = {}

    def make_urn(self, parent: str, type_: str, name: str) -> str:
        if parent:
            chain = parent.split("::")[2]
            if chain != "pulumi:pulumi:Stack":
                type_ = f"{chain}${type_}"
        return f"urn:pulumi:{STACK}::{PROJECT}::{type_}::{name}"

    def RegisterResource(self, request: Any) -> Any:
        urn = self.make_urn(request.parent, request.type, request.name)
        if urn in self.registered:
            raise AssertionError(f"duplicate URN {urn}")
        wire = json_format.MessageToDict(request.object)
        self.registered[urn] = Registered(
            urn=urn, type=request.type, name=request.name, custom=request.custom, parent=request.parent,
            provider=request.provider, inputs=_plain(wire),
            secrets={key for key, value in wire.items() if rpc.is_rpc_secret(value)},
            dependencies=sorted(request.dependencies),
            property_dependencies={k: sorted(v.urns) for k, v in request.propertyDependencies.items()},
            protect=request.protect, retain_on_delete=request.retainOnDelete,
            ignore_changes=list(request.ignoreChanges), aliases=len(request.aliases),
            import_id=request.importId,
        )  # fmt: skip
        return super().RegisterResource(request)

    def RegisterResourceOutputs(self, request: Any) -> Any:
        outputs = _plain(json_format.MessageToDict(request.outputs))
        if request.urn in self.registered:
            self.registered[request.urn].outputs = outputs
        if "pulumi:pulumi:Stack" in request.urn:
            self.stack_outputs = outputs
        return super().RegisterResourceOutputs(request)


def record(program: Callable[[], object], config: dict[str, str] | None = None) -> Recorder:
    """Run `program` as the language host does, in a fresh context, and return what it registered; its errors raise."""
    monitor = Recorder()

    def run() -> None:
        from pulumi.runtime.stack import run_in_stack

        pulumi.runtime.set_all_config(config or {}, [])
        settings = pulumi_mocks.MockSettings(
            monitor=monitor, monitor_features=set(monitor.GetDeploymentInfo(None).supportedFeatures),
            engine=pulumi_mocks.MockEngine(None), project=PROJECT, stack=STACK, dry_run=False, organization="org",
            callbacks=None, parallel=None, outputs=set(), lock=threading.Lock(), package_refs={},
            base_providers_by_ref={}, legacy_apply_enabled=False, root_directory=".",
        )  # fmt: skip
        pulumi.runtime.settings.configure(settings)
        pulumi.runtime.settings.set_root_resource(None)
        loop = asyncio.new_event_loop()
        asyncio.set_event_loop(loop)
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            loop.set_default_executor(pool)
            try:
                loop.run_until_complete(run_in_stack(lambda: program() and None))
            finally:
                loop.close()
                asyncio.set_event_loop(None)

    contextvars.copy_context().run(run)
    return monitor


def by_tail(recorder: Recorder) -> dict[str, Registered]:
    """Return `"<type chain> <name>"` -> registration, without the stack itself."""
    tails = {}
    for urn, node in recorder.registered.items():
        chain, name = urn.split("::")[2:]
        if chain != "pulumi:pulumi:Stack":
            tails[f"{chain} {name}"] = node
    return tails

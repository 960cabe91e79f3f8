"""Runs a pack over resources offline, through the policy SDK's own objects: the same policies that the engine calls."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pulumi_policy as sdk
from pulumi_policy.proxy import UnknownValueError

from mlops_policies.pack import Bound, KnownProps, KnownResources, Pack
from mlops_policies.resource import Provider, Resource
from mlops_policies.stack import Stack


@dataclass(frozen=True, slots=True)
class Declared:
    """One resource, from wherever it was read. `inputs` judge a resource by itself; rules about a stack see `outputs`
    over them, as under the engine. Unknown values are sentinels; `secrets` are paths; `source` is ``file:line``."""

    urn: str
    type: str
    name: str
    inputs: Mapping[str, Any]
    outputs: Mapping[str, Any] = field(default_factory=dict)
    id: str = ""
    custom: bool = True
    parent: str = ""
    provider: Provider = field(default_factory=Provider)
    dependencies: tuple[str, ...] = ()
    property_dependencies: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    protect: bool = False
    secrets: frozenset[str] | None = frozenset()
    source: str = ""


def run(pack: Pack, declared: Sequence[Declared]) -> None:
    """Run every enabled rule; the answers are in `pack.record`."""
    views = [_view(entry, entry.inputs) for entry in declared]
    for entry, view in zip(declared, views, strict=True):
        _judge(pack, entry, view)
    changed = {urn for _, urn in pack.record.remediated}
    in_stack = [
        view if not entry.outputs or entry.urn in changed else _view(entry, {**entry.inputs, **entry.outputs})
        for entry, view in zip(declared, views, strict=True)
    ]
    args = sdk.StackValidationArgs(KnownResources(Stack(in_stack)))
    for bound in pack.stack_rules():
        _call(bound, args)


def _judge(pack: Pack, entry: Declared, view: Resource) -> None:
    """Run the rules about single resources, after the remediations that are switched on."""
    bound_rules = pack.resource_rules(view.type)
    if not bound_rules:
        return
    options = _options(entry)
    if entry.secrets is not None:
        pack.record.secrets[entry.urn] = entry.secrets
    props: Mapping[str, Any] = KnownProps(view, entry.inputs)
    for bound in bound_rules:
        if bound.level == "remediate":
            policy: Any = bound.policy
            args = _args(entry, dict(props), options)
            changed = policy.remediate(args)
            if changed is not None:
                props = KnownProps(_view(entry, changed), changed)
    for bound in bound_rules:
        _call(bound, _args(entry, props, options))


def _args(entry: Declared, props: Mapping[str, Any], options: sdk.PolicyResourceOptions) -> sdk.ResourceValidationArgs:
    # The provider's region and tags are within the view that the properties carry.
    return sdk.ResourceValidationArgs(entry.type, props, entry.urn, entry.name, options, None)


def _view(entry: Declared, props: Mapping[str, Any]) -> Resource:
    view = Resource(
        entry.type, props, urn=entry.urn, name=entry.name, id=entry.id, protect=entry.protect, provider=entry.provider,
        secrets=entry.secrets,
    )  # fmt: skip
    view.parent, view.dependencies = entry.parent, entry.dependencies
    view.property_dependencies = entry.property_dependencies
    return view


def _options(entry: Declared) -> sdk.PolicyResourceOptions:
    return sdk.PolicyResourceOptions(
        entry.protect, [], None, [], sdk.PolicyCustomTimeouts(0, 0, 0), [], entry.parent or None
    )


def _call(bound: Bound, args: Any) -> None:
    """Call a policy as the engine's servicer does: unknown and not applicable come as exceptions, and are recorded."""
    policy: Any = bound.policy
    try:
        policy.validate(args, _unheard)
    except UnknownValueError:
        pass
    except Exception as error:
        if type(error).__name__ != "_NotApplicableError":  # the SDK does not export it
            raise


def _unheard(message: str, urn: str | None = None) -> None:
    """Drop what a policy reports: its record has it, with more."""


def sources(declared: Iterable[Declared]) -> dict[str, str]:
    """Return by URN where the program declares a resource; of one inside a library, where its component does."""
    by_urn = {entry.urn: entry for entry in declared}
    found = {}
    for entry in by_urn.values():
        place: Declared | None = entry
        while place is not None and (not place.source or "site-packages" in place.source):
            place = by_urn.get(place.parent)
        if place is not None:
            found[entry.urn] = place.source
    return found

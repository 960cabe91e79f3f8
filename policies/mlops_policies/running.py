"""Runs a pack over resources offline, through the policy SDK's own objects: the same policies that the engine calls."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pulumi_policy as sdk
from pulumi_policy.proxy import UnknownValueError

from mlops_policies.masking import at_paths
from mlops_policies.pack import Bound, KnownProps, KnownResources, Pack
from mlops_policies.resource import Provider, Resource
from mlops_policies.stack import Stack
from mlops_policies.stack_view import seen_in_stack


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
    for entry in declared:
        # Where a file tells of no secrets, it holds all in clear.
        pack.note_secrets(entry.urn, dict(at_paths(entry.inputs, entry.secrets or ())))
    in_stack = []
    for entry, view in zip(declared, views, strict=True):
        judged = _judge(pack, entry, view)
        if judged is view and entry.outputs:
            judged = _view(entry, seen_in_stack(entry.inputs, entry.outputs))
        in_stack.append(judged)
    args = sdk.StackValidationArgs(KnownResources(Stack(in_stack)))
    for bound in pack.stack_rules():
        _call(bound, args)


def _judge(pack: Pack, entry: Declared, view: Resource) -> Resource:
    """Run the rules about single resources, after the remediations that are switched on; return what these made."""
    bound_rules = pack.resource_rules(view.type)
    options = _options(entry)
    props: Mapping[str, Any] = KnownProps(view, entry.inputs)
    for bound in bound_rules:
        if bound.level == "remediate":
            policy: Any = bound.policy
            changed = policy.remediate(_args(entry, dict(props), options))
            if changed is not None:
                view = _view(entry, changed, given=changed)
                props = KnownProps(view, changed)
    for bound in bound_rules:
        _call(bound, _args(entry, props, options))
    return view


def _args(entry: Declared, props: Mapping[str, Any], options: sdk.PolicyResourceOptions) -> sdk.ResourceValidationArgs:
    # The provider's region and tags are within the view that the properties carry.
    return sdk.ResourceValidationArgs(entry.type, props, entry.urn, entry.name, options, None)


def _view(entry: Declared, props: Mapping[str, Any], given: Mapping[str, Any] | None = None) -> Resource:
    view = Resource(
        entry.type, props, urn=entry.urn, name=entry.name, id=entry.id, protect=entry.protect, provider=entry.provider,
        secrets=entry.secrets,
    )  # fmt: skip
    view.parent, view.dependencies = entry.parent, entry.dependencies
    view.property_dependencies = {
        **dict.fromkeys(entry.inputs if given is None else given, ()),
        **entry.property_dependencies,
    }
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

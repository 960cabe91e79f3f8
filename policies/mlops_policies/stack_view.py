"""A stack as its rules see it: every resource's outputs over its inputs, under the engine and offline alike.

The engine tells rules about a stack outputs alone, without what depends on what where nothing does; what the program
gives is known from before, when each resource was looked at by itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pulumi_policy as sdk

from mlops_policies.resource import Provider, Resource
from mlops_policies.results import Record
from mlops_policies.stack import Stack
from mlops_policies.values import has_unknown, plain


def stack_of(resources: Sequence[sdk.PolicyResource], record: Record | None = None) -> Stack:
    """Return the view of a stack's resources as the engine hands them over, with what was noted of each before."""
    noted = record or Record()
    made = []
    for given in resources:
        provider = Provider.of(plain(given.provider.props)) if given.provider else None
        inputs, outputs = noted.given.get(given.urn), plain(given.props, internal=False)
        props = outputs if inputs is None else seen_in_stack(inputs, outputs)
        known_id = props.get("id")
        it = Resource(
            given.resource_type, props, urn=given.urn, name=given.name, provider=provider,
            id=known_id if isinstance(known_id, str) else "", protect=given.opts.protect,
            secrets=noted.secrets.get(given.urn),
        )  # fmt: skip
        it.parent = given.parent.urn if given.parent else ""
        it.dependencies = tuple(other.urn for other in given.dependencies)
        # The engine lists no properties that depend on nothing.
        it.property_dependencies = dict.fromkeys(inputs or (), ()) | {
            name: tuple(other.urn for other in others) for name, others in given.property_dependencies.items()
        }
        made.append(it)
    return Stack(made)


def seen_in_stack(inputs: Mapping[str, Any], outputs: Mapping[str, Any]) -> dict[str, Any]:
    """Return a resource's properties as rules about a stack see them: outputs over inputs.

    What the program doesn't give and the provider works out only at the update is left out: it says nothing yet.
    """
    return {**inputs, **{name: value for name, value in outputs.items() if name in inputs or not has_unknown(value)}}

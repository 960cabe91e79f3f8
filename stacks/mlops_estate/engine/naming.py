"""Names for what a preview leaves unknown: which resource's which output a value will be.

Pulumi leaves a text unknown as a whole for one unknown part in it, and with it every policy document that holds an ARN.
Answered with a name of its own, each output can be told from every other: documents come out, and a reference that
moves from one key to another is seen. A named unknown holds Pulumi's sentinel, so it still counts as unknown.
"""

from __future__ import annotations

import typing
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from google.protobuf import struct_pb2

from mlops_estate.graph import UNKNOWN, ResourceGraph, ResourceNode

_GLOBAL = frozenset({"iam", "s3"})
"""Services whose ARNs name no region (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html)."""


@dataclass(frozen=True, slots=True)
class Place:
    """Region and account of a provider, for ARNs that are not known yet."""

    region: str = ""
    account: str = ""


def named(name: str, output: str = "") -> str:
    """Return what stands for an output of a resource until the update."""
    return f"{UNKNOWN}({name}.{output})" if output else f"{UNKNOWN}({name})"


def answered(node: ResourceNode, given: struct_pb2.Struct, place: Place) -> struct_pb2.Struct:
    """Return a resource's answer in a preview: its inputs as given, and each other output that is a text by name.

    ARNs have the form of one, so that what takes them apart can.
    """
    answer = struct_pb2.Struct()
    answer.CopyFrom(given)
    for output in _texts(node.type):
        if output not in answer.fields:
            arn = output.lower().endswith("arn")
            answer.fields[output].string_value = _arn(node, place) if arn else named(node.name, output)
    return answer


def _texts(type_token: str) -> Iterator[str]:
    from mlops_estate.embedded.driver.outputs import declared

    try:
        outputs = declared(type_token)
    except (AttributeError, ImportError, ValueError):  # a type of a package whose classes are not here
        return
    for output, kind in outputs.items():
        if output != "id" and (kind is str or str in typing.get_args(kind)):
            yield output


def _arn(node: ResourceNode, place: Place) -> str:
    service, kind = node.type.split(":")[1].split("/")[0], node.type.rpartition(":")[2].lower()
    region = "" if service in _GLOBAL else place.region
    return f"arn:aws:{service}:{region}:{place.account}:{kind}/{named(node.name)}"


def has_names(graph: ResourceGraph) -> bool:
    """Whether what is unknown in a graph has names."""
    return any(_any_name(node.inputs) for node in graph.custom_nodes())


def _any_name(value: Any) -> bool:
    if isinstance(value, str):
        return f"{UNKNOWN}(" in value
    if isinstance(value, dict):
        return any(_any_name(item) for item in value.values())
    return isinstance(value, list) and any(_any_name(item) for item in value)


def without_names(graph: ResourceGraph) -> ResourceGraph:
    """Return a graph as a preview has it: a text with an unknown part is unknown as a whole."""
    nodes = {}
    for urn, node in graph.nodes.items():
        inputs = _blurred(node.inputs)
        same = node.outputs is node.inputs
        nodes[urn] = replace(node, inputs=inputs, outputs=inputs if same else _blurred(node.outputs))
    return replace(graph, nodes=nodes, stack_outputs=_blurred(graph.stack_outputs))


def _blurred(value: Any) -> Any:
    if isinstance(value, str):
        return UNKNOWN if UNKNOWN in value else value
    if isinstance(value, dict):
        return {key: _blurred(item) for key, item in value.items()}
    return [_blurred(item) for item in value] if isinstance(value, list) else value

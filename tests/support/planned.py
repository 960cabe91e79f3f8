"""Plans of the shipped environments, each made once in a process, and small graphs made by hand."""

from __future__ import annotations

import functools
from typing import Any

from mlops_estate.config import LoadedEnvironment, load_environment
from mlops_estate.graph import ResourceGraph, ResourceNode
from mlops_estate.preflight.running import Planned, collect_planned
from tests.support.programs import PROJECT

ACCOUNT, REGION = "123456789012", "eu-west-1"


@functools.cache
def environment(name: str) -> LoadedEnvironment:
    """Return a shipped environment's configuration."""
    return load_environment(name, PROJECT)


@functools.cache
def planned(name: str) -> Planned:
    """Return the plan of a shipped environment with version 1 of every model; not to be changed."""
    return collect_planned(environment(name))


def graph_of(*nodes: ResourceNode) -> ResourceGraph:
    """Return a graph of these nodes."""
    return ResourceGraph("mlops-estate", "test", nodes={node.urn: node for node in nodes})


def node(type_: str, name: str, inputs: dict[str, Any] | None = None, **aws: Any) -> ResourceNode:
    """Return a planned node; `aws` is added to the driver's record."""
    record = {
        "name": name,
        "arn": "",
        "tags": {},
        "keys": {},
        "params": {},
        "operations": [],
        "operation": "x:Y",
        **aws,
    }
    urn = f"urn:pulumi:test::mlops-estate::{type_}::{name}"
    return ResourceNode(urn, type_, name, custom=True, inputs=inputs or {}, aws=record, order=0)

"""Runs the unchanged Pulumi program in process: collect, preview, apply, re-apply, tear down."""

from __future__ import annotations

from mlops_estate.engine.driver_api import Deletion, ReadBack, ResourceDriver, ResourceRequest, ResourceState
from mlops_estate.engine.events import EngineFault, Event
from mlops_estate.engine.runner import run_program
from mlops_estate.engine.teardown import DestroyReport, destroy, read_back

__all__ = [
    "Deletion",
    "DestroyReport",
    "EngineFault",
    "Event",
    "ReadBack",
    "ResourceDriver",
    "ResourceRequest",
    "ResourceState",
    "destroy",
    "read_back",
    "run_program",
]

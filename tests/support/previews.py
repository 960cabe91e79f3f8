"""Previews of the shipped environments, each made once in a process."""

from __future__ import annotations

import functools

from mlops_estate.config import load_environment
from mlops_estate.engine import run_program
from mlops_estate.graph import ResourceGraph
from mlops_estate.up.session import offline_versions, program_config
from tests.support.programs import PROJECT


@functools.cache
def previewed(environment: str) -> ResourceGraph:
    """Return the graph of an environment with version 1 of every model; not to be changed."""
    loaded = load_environment(environment, PROJECT)
    config = program_config(loaded, "", offline_versions(loaded, as_shipped=False))
    return run_program(PROJECT / "stacks" / "__main__.py", stack=environment, config=config)

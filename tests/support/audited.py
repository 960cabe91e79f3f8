"""Environments without models, for what records an account."""

from __future__ import annotations

import json
from typing import Any

from mlops_estate.config import load_environment
from mlops_estate.embedded.account import EmbeddedAccount
from mlops_estate.embedded.driver import AwsDriver
from mlops_estate.engine import read_back, run_program
from mlops_estate.graph import ResourceGraph
from mlops_estate.up.session import program_config
from tests.support.programs import PROJECT

ACCOUNT = "123456789012"


def applied(
    account: EmbeddedAccount,
    environment: str = "prod",
    estate: dict[str, Any] | None = None,
    previous: ResourceGraph | None = None,
    driver: AwsDriver | None = None,
    stack: str = "",
) -> tuple[ResourceGraph, AwsDriver]:
    """Stand an environment without models up, with keys of its estate block changed."""
    driver = driver or AwsDriver(account, seed=json.dumps(estate or {}))
    config = program_config(load_environment(environment, PROJECT), ACCOUNT, {})
    raw = {**json.loads(config["mlops-estate:estate"]), **(estate or {})}
    config = {**config, "mlops-estate:estate": json.dumps(raw), "mlops-estate:models": "{}"}
    main = PROJECT / "stacks" / "__main__.py"
    return run_program(main, stack=stack or environment, config=config, driver=driver, previous=previous), driver


def different(graph: ResourceGraph, driver: AwsDriver) -> dict[str, Any]:
    return {urn: found.differences for urn, found in read_back(graph, driver) if not found.equal}

"""The Pulumi program: read the stack's configuration, declare the estate, export what others need."""

import asyncio
from typing import Any

import pulumi

from mlops_estate.config import parse
from mlops_estate.program import declare


async def main() -> dict[str, Any]:
    """Declare the estate and return the stack's outputs."""
    config = pulumi.Config("mlops-estate")
    environment = parse(pulumi.get_stack(), config.get_object("estate"), config.get_object("models"))
    outputs = declare(environment)
    # Let every registration start before the SDK waits: it then awaits one after the other, where it would otherwise
    # look at all that is pending after each (measured at 100 models: 12 s in place of 34 s).
    for _ in range(3):
        await asyncio.sleep(0)
    return outputs


pulumi.run(main)

"""The Pulumi program: read the stack's configuration, declare the estate, export what others need."""

import asyncio
from pathlib import Path

import pulumi

from mlops_estate.config import parse
from mlops_estate.faults import FaultsFound
from mlops_estate.program import RefusedConfiguration, declare


async def main() -> dict[str, object]:
    """Declare the estate and return the stack's outputs."""
    get = pulumi.Config("mlops-estate").get_object
    try:
        outputs = declare(parse(pulumi.get_stack(), get("estate"), get("models")), Path(__file__).resolve().parents[1])
    except FaultsFound as found:
        raise RefusedConfiguration(found.faults, found.summary) from None
    for _ in range(3):  # lets every registration start before the SDK waits for them: 12 s, not 34 s, at 100 models
        await asyncio.sleep(0)
    return outputs


pulumi.run(main)

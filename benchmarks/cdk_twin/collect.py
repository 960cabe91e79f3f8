"""The resource graph of an environment with any number of models, every value known.

    python benchmarks/cdk_twin/collect.py --models 10 -o graph.json

A preview leaves unknown what AWS will answer, and with it whole policy documents that name a key's ARN. Here a driver
answers each resource's identifiers with stand-ins instead: `standin-12-arn` is the ARN of the resource whose id is
`standin-12-id`. So the documents are complete, and each reference can still be told from text.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mlops_estate.config import load_environment
from mlops_estate.embedded.driver.outputs import declared
from mlops_estate.engine import ReadBack, run_program
from mlops_estate.engine.driver_api import Deletion, ResourceRequest, ResourceState
from mlops_estate.engine.wire import for_graph
from mlops_estate.graph import ResourceGraph
from mlops_estate.graph_file import save

ROOT = Path(__file__).resolve().parents[2]
ENVIRONMENT = "prod"
GLOBAL_SERVICES = frozenset({"iam", "s3"})
"""Services whose ARNs name no region (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html)."""


class StandInDriver:
    """Creates nothing, and answers a stand-in for each identifier and text that a resource class declares."""

    def __init__(self, region: str, account: str) -> None:
        self._region, self._account, self._made = region, account, 0

    def create(self, request: ResourceRequest) -> ResourceState:
        """Answer the inputs, and a stand-in for every other output that is text."""
        mark = f"standin-{self._made}"
        self._made += 1
        outputs = {key: for_graph(value) for key, value in request.inputs.items()}
        for output, kind in declared(request.type).items():
            if output not in outputs and kind is str:
                outputs[output] = self._text(request.type, mark, output)
        return ResourceState(request, f"{mark}-id", outputs, {})

    def _text(self, token: str, mark: str, output: str) -> str:
        if not output.lower().endswith("arn"):
            return f"{mark}-{output}"
        service, kind = token.split(":")[1].split("/")[0], token.split(":")[2].lower()
        region = "" if service in GLOBAL_SERVICES else self._region
        return f"arn:aws:{service}:{region}:{self._account}:{kind}/{mark}-{output}"

    def provider_config(self, request: ResourceRequest) -> None:
        """Take any provider."""

    def adopt(self, request: ResourceRequest, resource_id: str, ignored: frozenset[str]) -> ResourceState:
        """Answer as for a new resource: nothing is looked up."""
        return self.create(request)

    def update(self, state: ResourceState, request: ResourceRequest) -> ResourceState:
        """Refuse: a graph is collected once."""
        raise NotImplementedError(request.urn)

    def replacement_reasons(self, state: ResourceState, request: ResourceRequest) -> list[str]:
        """Name nothing: a graph is collected once."""
        return []

    def names_itself(self, request: ResourceRequest) -> bool:
        """Say yes: a graph is collected once."""
        return True

    def keeps(self, state: ResourceState) -> tuple[str, ...]:
        """Keep nothing."""
        return ()

    def delete(self, state: ResourceState) -> Deletion:
        """Delete nothing."""
        return Deletion()

    def read_back(self, state: ResourceState) -> ReadBack:
        """Say that there is nothing to read."""
        return ReadBack("declared", "", equal=True)


def estate_config(models: int) -> dict[str, str]:
    """Return the environment's configuration with this many models, all pinned."""
    loaded = load_environment(ENVIRONMENT, ROOT)
    [block] = loaded.models_raw.values()
    pinned: Mapping[str, Any] = {**block, "release": {**block.get("release", {}), "version": 1}}
    names = [f"model-{number:03d}" for number in range(models)]
    return {
        "mlops-estate:estate": json.dumps(loaded.estate_raw),
        "mlops-estate:models": json.dumps(dict.fromkeys(names, pinned)),
    }


def collect(models: int) -> ResourceGraph:
    """Run the unchanged program with this many models and return its graph."""
    config = estate_config(models)
    estate = json.loads(config["mlops-estate:estate"])
    driver = StandInDriver(estate["region"], estate["account"])
    return run_program(ROOT / "stacks" / "__main__.py", stack=ENVIRONMENT, config=config, driver=driver)


def main() -> None:
    """Write the graph."""
    parser = argparse.ArgumentParser(description="Write the graph of an estate with this many models.")
    parser.add_argument("--models", type=int, default=1)
    parser.add_argument("-o", "--output", type=Path, required=True)
    given = parser.parse_args()
    graph = collect(given.models)
    save(graph, given.output)
    print(f"{given.models} models: {sum(1 for _ in graph.custom_nodes())} resources")


if __name__ == "__main__":
    main()

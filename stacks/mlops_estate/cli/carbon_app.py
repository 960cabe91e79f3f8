"""`estate carbon`: the command and its options; what it does is imported when it runs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mlops_estate.cli.options import AsShipped, Env, Json, Project


def carbon(
    environment: Env,
    output: Annotated[
        list[Path] | None,
        typer.Option("-o", "--output", metavar="FILE", help="Write FILE.json or FILE.txt; repeatable."),
    ] = None,
    as_shipped: AsShipped = False,
    json_: Json = False,
    project: Project = None,
) -> None:
    """Estimate the energy an environment takes, and what that emits a month, offline.

    The method is Cloud Carbon Footprint's. Counted are instances (vCPUs, memory, accelerators), serverless memory,
    storage with its copies, and network, for the same hours and GB as in `estate cost`; then the building's overhead
    (PUE) and the region's grid. Every figure is a range. Advice follows: greener regions, those of the same
    jurisdiction first; hours in which an endpoint can rest; hours that can be chosen.

    Coefficients, sources and what isn't counted: docs/reference/carbon.md.

    \b
    Examples:
      estate carbon prod
      estate carbon dev -o carbon.json
    """
    from mlops_estate.cli.carbon import run_carbon

    raise typer.Exit(run_carbon(environment, project, output or [], as_shipped=as_shipped, as_json=json_))

"""`estate roi`: the command and its options; what it does is imported when it runs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mlops_estate.cli.options import Json


def roi(
    file: Annotated[
        Path | None, typer.Argument(metavar="[FILE]", help="Your inputs as YAML. Default: the documented ones.")
    ] = None,
    setting: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="One input, by its path; over the file; repeatable."),
    ] = None,
    environment: Annotated[
        str | None,
        typer.Option("--env", metavar="ENV", help="Take infrastructure from the cost estimate of this environment."),
    ] = None,
    output: Annotated[
        list[Path] | None,
        typer.Option("-o", "--output", metavar="FILE", help="Write FILE.json, .md, .html, .txt or .csv; repeatable."),
    ] = None,
    init: Annotated[
        Path | None, typer.Option("--init", metavar="FILE", help="Write the default inputs to begin with, and stop.")
    ] = None,
    json_: Json = False,
    project: Annotated[
        Path | None,
        typer.Option("--project", metavar="DIR", help="The project's folder, for --env. Default: found from here."),
    ] = None,
) -> None:
    """Work out what an MLOps estate costs and brings, and when it has paid for itself.

    Four cost metrics (infrastructure, development, operations, incidents) and four of value (time to market, accuracy,
    efficiency, revenue), each a list of phases in US dollars: break-even month, payback, net present value, return on
    investment, and how the answer changes with each metric. Without a file, the documented defaults are taken.

    Inputs and formulas: docs/reference/roi.md.

    \b
    Examples:
      estate roi
      estate roi --init roi.yaml
      estate roi roi.yaml -o roi.html -o roi.csv
      estate roi --set horizon_months=36 --set factors.revenue=0.5
      estate roi --set 'costs.operations=[{start: 1, monthly_usd: 4000}]'
      estate roi --env prod
    """
    from mlops_estate.cli.roi import Asked, run_roi

    raise typer.Exit(run_roi(Asked(file, setting or [], environment, output or [], init, json_), project))

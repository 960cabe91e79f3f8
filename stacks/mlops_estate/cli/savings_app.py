"""`estate savings`: the command and its options; what it does is imported when it runs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mlops_estate.cli.options import AsShipped, Env, Json, PriceFiles, PricesFrom, Project


def savings(
    environment: Env,
    prices_from: PricesFrom = None,
    prices: PriceFiles = None,
    output: Annotated[
        list[Path] | None,
        typer.Option("-o", "--output", metavar="FILE", help="Write FILE.json, .md, .txt or .html; repeatable."),
    ] = None,
    as_shipped: AsShipped = False,
    json_: Json = False,
    project: Project = None,
) -> None:
    """Show what an environment saves and could save a month, lever by lever, with and without; offline.

    From the same estimate as `estate cost`: spot, autoscaling, schedules, savings plans for the baseline, serverless
    with its break-even, smaller types, idle shutdown, capture, monitors, shared endpoints, network and storage. Each
    with what it saves as a range, where it is switched on, and its risk. Levers that exclude each other are counted
    once. Three families are held against the source's 35, 25 and 40 %. At the end, the budget the estimate comes to.

    \b
    Examples:
      estate savings prod --prices-from us-east-1
      estate savings dev --prices-from us-east-1 -o savings.html -o savings.md
    """
    from mlops_estate.cli.savings import Asked, run_savings

    asked = Asked(environment, prices_from, prices or [], output or [], as_shipped, json_)
    raise typer.Exit(run_savings(asked, project))

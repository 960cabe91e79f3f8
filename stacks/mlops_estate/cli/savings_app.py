"""`estate savings`: the command and its options; what it does is imported when it runs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def savings(
    environment: Annotated[str, typer.Argument(metavar="ENV", help="The environment: dev for Pulumi.dev.yaml.")],
    prices_from: Annotated[
        str | None,
        typer.Option("--prices-from", metavar="REGION", help="Prices that stand in for those the region lacks."),
    ] = None,
    prices: Annotated[
        list[Path] | None,
        typer.Option(
            "--prices", metavar="FILE", help="A price file whose rows come before the shipped ones; repeatable."
        ),
    ] = None,
    output: Annotated[
        list[Path] | None,
        typer.Option("-o", "--output", metavar="FILE", help="Write FILE.json, .md, .txt or .html; repeatable."),
    ] = None,
    as_shipped: Annotated[
        bool,
        typer.Option(
            "--as-shipped", help="Leave models without a pinned version as they are, instead of assuming version 1."
        ),
    ] = False,
    json_: Annotated[bool, typer.Option("--json", help="Print the result as JSON on standard output.")] = False,
    project: Annotated[
        Path | None,
        typer.Option("--project", metavar="DIR", help="The project's folder. Default: found upwards from here."),
    ] = None,
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

"""`estate cost` and `estate prices`: the commands and their options; what they do is imported when they run."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mlops_estate.cli.options import AsShipped, Env, Json, PriceFiles, PricesFrom, Project

prices_app = typer.Typer(help="The price table that estimates are made from.", no_args_is_help=True,
                         rich_markup_mode=None)  # fmt: skip


def cost(
    environment: Env,
    prices_from: PricesFrom = None,
    prices: PriceFiles = None,
    by: Annotated[
        str, typer.Option("--by", metavar="WHAT", help="Show the sums by model, service or resource.")
    ] = "model",
    check: Annotated[
        bool, typer.Option("--check", help="Exit with 1 where the expected cost exceeds `budget.monthly_usd`.")
    ] = False,
    output: Annotated[
        list[Path] | None,
        typer.Option("-o", "--output", metavar="FILE", help="Write FILE.json, .md, .txt, .html or .csv; repeatable."),
    ] = None,
    as_shipped: AsShipped = False,
    json_: Json = False,
    project: Project = None,
) -> None:
    """Estimate what an environment costs a month, offline, from what it declares and a table of list prices.

    Every resource is priced, free with a reason, or listed as unpriced. What depends on use is a range: state the use
    in the models' `usage` blocks to narrow it. Prices that rest on one source, or on sources that disagree, are marked.

    A region without complete prices is refused, unless --prices-from names another one's to stand in; every output
    says so then. Formulas, assumptions and free tiers: docs/reference/cost.md.

    Exit code 0; 1 with --check where the expected cost exceeds the budget; 2 where the input is wrong.

    \b
    Examples:
      estate cost prod --prices-from us-east-1
      estate cost prod --prices-from us-east-1 --by service -o cost.html -o cost.csv
      estate cost prod --prices-from us-east-1 --check
      estate cost prod --prices eu-west-1.yaml --prices-from us-east-1
    """
    from mlops_estate.cli.cost import Asked, run_cost

    asked = Asked(environment, prices_from, prices or [], by, check, output or [], as_shipped, json_)
    raise typer.Exit(run_cost(asked, project))


@prices_app.command("list")
def prices_list(
    region: Annotated[
        str | None, typer.Option("--region", metavar="REGION", help="Only this region. Default: all.")
    ] = None,
    prices: PriceFiles = None,
    json_: Json = False,
) -> None:
    """List every price: key, item, US dollars and unit, and how well it is sourced.

    \b
    Examples:
      estate prices list
      estate prices list --region eu-west-1 --json
    """
    from mlops_estate.cli.prices import run_prices_list

    raise typer.Exit(run_prices_list(region, prices or [], as_json=json_))


@prices_app.command("show")
def prices_show(
    key: Annotated[str, typer.Argument(metavar="KEY", help="A key, its beginning, or an instance type.")],
    prices: PriceFiles = None,
    json_: Json = False,
) -> None:
    """Explain a price: sources, date, free units, tiers, what other sources say, and AWS's own page.

    \b
    Examples:
      estate prices show cloudwatch.alarm
      estate prices show ml.p5.48xlarge
    """
    from mlops_estate.cli.prices import run_prices_show

    raise typer.Exit(run_prices_show(key, prices or [], as_json=json_))


@prices_app.command("refresh")
def prices_refresh(
    region: Annotated[str, typer.Option("--region", metavar="REGION", help="The region whose prices are read.")],
    output: Annotated[Path, typer.Option("-o", "--output", metavar="FILE", help="FILE.yaml to write.")],
    profile: Annotated[
        str | None,
        typer.Option("--profile", metavar="NAME", help="Profile of the AWS credentials. Default: AWS's own."),
    ] = None,
    public: Annotated[
        bool, typer.Option("--public", help="Read the public offer files instead, without credentials.")
    ] = False,
    offers: Annotated[
        Path | None,
        typer.Option("--offers", metavar="DIR", help="Read offer files that were downloaded: DIR/AmazonS3.json ..."),
    ] = None,
    json_: Json = False,
) -> None:
    """Read a region's prices from AWS's price list, and write them as a price file. The one command that goes online.

    Takes credentials with pricing:GetProducts, or none with --public (NAT gateways are left out then: that file is
    hundreds of MB). What the list isn't known to hold is named, and taken from --prices-from when estimating.

    \b
    Examples:
      estate prices refresh --region eu-west-1 -o eu-west-1.yaml
      estate prices refresh --region eu-west-1 --public -o eu-west-1.yaml
    """
    from mlops_estate.cli.prices import run_prices_refresh

    raise typer.Exit(run_prices_refresh(region, output, profile=profile, public=public, offers=offers, as_json=json_))

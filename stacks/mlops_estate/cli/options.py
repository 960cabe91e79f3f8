"""Arguments and options that several commands take."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Env = Annotated[str, typer.Argument(metavar="ENV", help="The environment: dev for Pulumi.dev.yaml.")]
Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON on standard output.")]
Project = Annotated[
    Path | None,
    typer.Option("--project", metavar="DIR", help="The project's folder. Default: found upwards from here."),
]
AsShipped = Annotated[
    bool,
    typer.Option(
        "--as-shipped", help="Leave models without a pinned version as they are, instead of assuming version 1."
    ),
]
AccountUrl = Annotated[
    str | None,
    typer.Option("--account", metavar="URL", help="Use the account that `estate serve` keeps at this address."),
]
PricesFrom = Annotated[
    str | None,
    typer.Option("--prices-from", metavar="REGION", help="Prices that stand in for those the region lacks."),
]
PriceFiles = Annotated[
    list[Path] | None,
    typer.Option("--prices", metavar="FILE", help="A price file whose rows come before the shipped ones; repeatable."),
]

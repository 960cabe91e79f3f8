"""`estate preflight`: the command and its options; what it does is imported when it runs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mlops_estate.cli.options import Env, Json, Project


def preflight(
    environment: Env,
    output: Annotated[
        list[Path] | None,
        typer.Option("-o", "--output", metavar="FILE", help="Write FILE.json, .md, .txt or .html; repeatable."),
    ] = None,
    policy: Annotated[
        Path | None,
        typer.Option(
            "--policy", metavar="FILE.json", help="Write the minimal policy of the identity that deploys, as documents."
        ),
    ] = None,
    online: Annotated[
        bool,
        typer.Option("--online", help="Ask the account of your AWS credentials: its quotas, and what stands there."),
    ] = False,
    account: Annotated[
        str | None,
        typer.Option("--account", metavar="URL", help="Look into the account that `estate serve` keeps there."),
    ] = None,
    show_all: Annotated[bool, typer.Option("--all", help="Show what is in order, too.")] = False,
    as_shipped: Annotated[
        bool, typer.Option("--as-shipped", help="Leave models without a pinned version as they are.")
    ] = False,
    json_: Json = False,
    project: Project = None,
) -> None:
    """List everything that would stop `up`, before it: quotas, permissions, regions, images, keys, names, the account.

    The program is planned with every id and ARN that can be told before, so that policies, keys and pipelines are
    judged as they would stand; nothing is created. Quotas are held against AWS's defaults, which are lower in new
    accounts; --online reads the account's own with your credentials (reads only), --account looks into an embedded
    account: names that are taken, singletons that stand already, images that were never pushed.

    --policy writes the smallest IAM policy that the plan's calls need, split as IAM's lengths ask.

    Exit code 0 where nothing blocks; 1 where something does; 2 where the configuration or the command line is wrong.
    What each check looks at: docs/reference/preflight.md.

    \b
    Examples:
      estate preflight dev
      estate preflight prod -o preflight.html --policy delivery.json
      estate preflight prod --online --json
      estate preflight dev --account http://127.0.0.1:5000
    """
    from mlops_estate.cli.preflight import Asked, run_preflight

    asked = Asked(environment, output or [], policy, online, account, show_all, as_shipped, json_)
    raise typer.Exit(run_preflight(asked, project))

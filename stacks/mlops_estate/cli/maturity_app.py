"""`estate maturity`: the command and its options; what it does is imported when it runs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mlops_estate.cli.options import Env, Json, Project


def maturity(
    environment: Env,
    output: Annotated[
        list[Path] | None,
        typer.Option("-o", "--output", metavar="FILE", help="Write FILE.json, .md, .html, .txt or .svg; repeatable."),
    ] = None,
    show_all: Annotated[bool, typer.Option("--all", help="Show every item with its evidence.")] = False,
    least_level: Annotated[
        int | None, typer.Option("--min-level", metavar="LEVEL", min=0, max=3, help="Exit code 1 below this level.")
    ] = None,
    least_automation: Annotated[
        float | None,
        typer.Option("--min-automation", metavar="PERCENT", min=0, max=100, help="Exit code 1 below this share."),
    ] = None,
    json_: Json = False,
    project: Project = None,
) -> None:
    """Assess how mature an environment is, level 0 to 3 by capability, with evidence and the cheapest next steps.

    Nothing is asked: every item is computed from the collected resources, what the workflows run, the compiled pipeline
    definition, the tests and the models' blocks. The level of the whole is that of the capability furthest behind; the
    automation share is compared with the source's 10, 45, 75 and 95 %.

    What is asked, and how it is looked at: docs/reference/maturity.md.

    \b
    Examples:
      estate maturity prod
      estate maturity prod --all
      estate maturity prod -o maturity.html -o radar.svg
      estate maturity prod --min-automation 75
    """
    from mlops_estate.cli.maturity import Asked, run_maturity

    asked = Asked(environment, output or [], show_all, least_level, least_automation, json_)
    raise typer.Exit(run_maturity(asked, project))

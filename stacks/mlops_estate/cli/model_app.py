"""`estate model`: the commands and their options; what they do is imported when one runs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mlops_estate.cli.options import Json, Project

model_app = typer.Typer(help="The models of the estate: add one.", no_args_is_help=True, rich_markup_mode=None)


@model_app.callback()
def _group() -> None:
    """The models of the estate: add one."""


@model_app.command("add")
def model_add(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The model's name: mortgage-approval.")],
    data: Annotated[Path, typer.Option("--data", metavar="FILE", help="CSV file of its first records (UTF-8).")],
    label: Annotated[str, typer.Option("--label", metavar="COLUMN", help="The column that it predicts.")],
    environment: Annotated[
        list[str] | None,
        typer.Option("--env", metavar="ENV", help="An environment that gets it; repeatable. Default: dev."),
    ] = None,
    protected: Annotated[
        list[str] | None,
        typer.Option(
            "--protected",
            metavar="COLUMN",
            help="Fairness is measured by it; never trained on; repeatable.",
        ),
    ] = None,
    identifier: Annotated[
        str | None,
        typer.Option(
            "--identifier", metavar="COLUMN", help="The column that tells records apart. Default: guessed, if any."
        ),
    ] = None,
    ignore: Annotated[
        list[str] | None,
        typer.Option("--ignore", metavar="COLUMN", help="A column that is kept and not used; repeatable."),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace a schema and data that are there already.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print what would be written, and write nothing.")] = False,
    json_: Json = False,
    project: Project = None,
) -> None:
    """Add a model from a CSV file: its schema, where its data come from, and its block in Pulumi.ENV.yaml.

    Types, ranges and values are inferred from the cells; what was guessed is marked `# review` in the schema, and
    listed. Columns that look like protected attributes are named, never protected unasked. The file's comments and
    everything else in it stay as they are. All is loaded as the estate loads it before anything is written, and written
    together or not at all. The rules: docs/reference/model_add.md. Exit code 2 where data or command line are wrong.

    \b
    Examples:
      estate model add wine-quality --data wine.csv --label quality
      estate model add churn --data churn.csv --label churned --protected gender --env dev --env staging
      estate model add churn --data churn.csv --label churned --identifier customer --dry-run
    """
    from mlops_estate.cli.model import run_add
    from mlops_estate.onboarding.adding import Request
    from mlops_estate.onboarding.inference import Roles

    roles = Roles(label, tuple(protected or ()), identifier, tuple(ignore or ()))
    request = Request(name, data, roles, tuple(environment or ("dev",)), force)
    raise typer.Exit(run_add(request, project, dry_run=dry_run, as_json=json_))

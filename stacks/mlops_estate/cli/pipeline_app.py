"""`estate pipeline`: the commands and their options; what they do is imported when one runs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mlops_estate.cli.options import AccountUrl, Json, Project

pipeline_app = typer.Typer(
    help="The training pipeline: run it here, check it, draw it, compile it.", no_args_is_help=True,
    rich_markup_mode=None,
)  # fmt: skip

Definition = Annotated[
    Path | None,
    typer.Argument(metavar="[FILE]", help="A pipeline definition as JSON. Default: the one that the estate deploys."),
]


@pipeline_app.command("run")
def pipeline_run(
    model: Annotated[str, typer.Argument(metavar="MODEL", help="A model of the configuration: mortgage-approval.")],
    local: Annotated[
        bool, typer.Option("--local", help="Run it on this machine, in an embedded AWS account (required).")
    ] = False,
    environment: Annotated[str, typer.Option("--env", metavar="ENV", help="The environment to take it from.")] = "dev",
    data: Annotated[
        Path | None, typer.Option("--data", metavar="FILE", help="Another CSV file in place of the model's own.")
    ] = None,
    parameter: Annotated[
        list[str] | None,
        typer.Option("--parameter", metavar="NAME=VALUE", help="A parameter of the execution; repeatable."),
    ] = None,
    reclaim: Annotated[
        bool, typer.Option("--reclaim", help="Take the training job's spot instance away once, at a checkpoint.")
    ] = False,
    no_cache: Annotated[
        bool, typer.Option("--no-cache", help="Run every step, also where nothing it follows from has changed.")
    ] = False,
    report: Annotated[
        Path | None,
        typer.Option("--report", metavar="FILE", help="Where the HTML report goes. Default: beside the files."),
    ] = None,
    mlflow: Annotated[
        str,
        typer.Option("--mlflow", metavar="URI", help="Log the run there too: sqlite:///mlflow.db (extra `tracking`)."),
    ] = "",
    account: AccountUrl = None,
    json_: Json = False,
    project: Project = None,
) -> None:
    """Run a model's training pipeline, from raw data to a signed package that waits for approval, or to a refusal.

    Stands the environment up in an embedded AWS account, delivers the model's data, and runs the very definition that
    is deployed there: each job as a process in the container's folders, its outputs in the account's buckets,
    conditions and property files as SageMaker evaluates them. What passes the gates is signed, verified and registered;
    an HTML report says what was found either way. Steps whose code, arguments and inputs are those of an earlier run
    are taken from it, unless --no-cache.

    Parameters: Commit, Seed, Search (none, tune, automl), OnDrift (stop, record), instance types. Thresholds are none:
    they are the configuration's (`gates`), so that a run cannot lower them. Exit code 0 where a package is registered,
    1 where it is refused or a step failed, 2 where the configuration or the command line is wrong.

    In an account of `estate serve`, with a champion approved by `estate up`, the new model is held against it.

    \b
    Examples:
      estate pipeline run mortgage-approval --local
      estate pipeline run mortgage-approval --local --parameter Search=automl --reclaim
      estate pipeline run mortgage-approval --local --data new.csv --report report.html
    """
    from mlops_estate.cli.pipeline import Given, run_run

    given = Given(
        model, environment, local, data, parameter or [], reclaim, not no_cache, report, mlflow, account or "", json_
    )
    raise typer.Exit(run_run(given, project))


@pipeline_app.command("compile")
def pipeline_compile(
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; exit 1 where the kept definition is not current.")
    ] = False,
    python: Annotated[
        Path | None,
        typer.Option(
            "--python",
            metavar="FILE",
            help="Python of an environment that has the SDK. Default: MLOPS_COMPILE_PYTHON, else .venv-compile.",
        ),
    ] = None,
    project: Project = None,
) -> None:
    """Compile the pipeline's definition with the SageMaker Python SDK, in a process of its own, and keep it as JSON.

    The SDK (730 MB) lives in an environment of its own, made from requirements-compile.lock; nothing else loads it. The
    same definition gives the same bytes, without network and account.

    \b
    Examples:
      python -m venv .venv-compile && .venv-compile/bin/pip install --require-hashes -r requirements-compile.lock
      estate pipeline compile
      estate pipeline compile --check
    """
    from mlops_estate.cli.pipeline import run_compile

    raise typer.Exit(run_compile(project, python, check=check))


@pipeline_app.command("validate")
def pipeline_validate(definition: Definition = None, json_: Json = False) -> None:
    """Check a pipeline definition: every step's call, every reference, order, branches, and the rules across them.

    Arguments are held against SageMaker's service model, references (Get, Std:Join, Std:JsonGet) against what the step
    that they lead to answers. The service itself checks little of this before an execution is half-way. Exit code 0
    where the definition is sound, 2 where it is not.

    \b
    Examples:
      estate pipeline validate
      estate pipeline validate definition.json --json
    """
    from mlops_estate.cli.pipeline import run_validate

    raise typer.Exit(run_validate(definition, as_json=json_))


@pipeline_app.command("graph")
def pipeline_graph(definition: Definition = None, json_: Json = False) -> None:
    """Print a pipeline's steps and what passes between them, as a Mermaid flowchart; as nodes and edges with --json.

    \b
    Examples:
      estate pipeline graph
      estate pipeline graph definition.json --json
    """
    from mlops_estate.cli.pipeline import run_graph

    raise typer.Exit(run_graph(definition, as_json=json_))

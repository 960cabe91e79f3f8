"""Commands and their options; what they do is elsewhere, and is imported when a command runs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mlops_estate.cli.carbon_app import carbon
from mlops_estate.cli.cost_app import cost, prices_app
from mlops_estate.cli.evidence_app import evidence
from mlops_estate.cli.health import health
from mlops_estate.cli.maturity_app import maturity
from mlops_estate.cli.model_app import model_app
from mlops_estate.cli.options import AccountUrl, AsShipped, Env, Json, Project
from mlops_estate.cli.pipeline_app import pipeline_app
from mlops_estate.cli.preflight_app import preflight
from mlops_estate.cli.roi_app import roi
from mlops_estate.cli.savings_app import savings

app = typer.Typer(
    name="estate",
    help="An MLOps estate on AWS, stood up and exercised in an embedded AWS account on this machine.\n\n"
    "Start with `estate up dev`. Nothing here needs an AWS account, credentials, or the network; "
    "`pulumi up` takes the same program and files to a real account.\n\n"
    "Exit codes: 0 done; 1 something failed or reads back differently; 2 the configuration or the command line is "
    "wrong, and nothing was created; 130 interrupted.\n\n"
    "\b\n"
    "Examples:\n"
    "  estate up dev\n"
    "  estate graph dev -o estate.html\n",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
config_app = typer.Typer(help="The configuration of an environment.", no_args_is_help=True, rich_markup_mode=None)
app.add_typer(config_app, name="config")
rules_app = typer.Typer(help="The policy rules: what there is, and what each asks.", no_args_is_help=True,
                        rich_markup_mode=None)  # fmt: skip
app.add_typer(rules_app, name="rules")
app.add_typer(pipeline_app, name="pipeline")
app.add_typer(model_app, name="model")
app.command("cost")(cost)
app.command("savings")(savings)
app.command("carbon")(carbon)
app.add_typer(prices_app, name="prices")
app.command("evidence")(evidence)
app.command("roi")(roi)
app.command("maturity")(maturity)
app.command("health")(health)
app.command("preflight")(preflight)


@app.command()
def up(
    environment: Env,
    account: AccountUrl = None,
    serve: Annotated[bool, typer.Option("--serve", help="Keep the account on loopback until Ctrl-C.")] = False,
    port: Annotated[int, typer.Option(help="Port to serve on; 0 takes a free one.", min=0, max=65_535)] = 0,
    destroy_after: Annotated[
        bool, typer.Option("--destroy-after", help="Take everything down at the end, and say what is left.")
    ] = False,
    json_: Json = False,
    project: Project = None,
) -> None:
    """Stand an environment up in an embedded AWS account, train its models, and read everything back.

    Validates the configuration; creates every resource; writes the real records to the feature store; runs the deployed
    pipeline's steps; approves what they trained; applies again with that version pinned; asks the endpoint; reads every
    resource back through boto3. The account is gone when the command ends, unless --serve keeps it.

    With --account it stands up in an account that `estate serve` keeps in another terminal: what the configuration
    adopts or names (buckets, keys, a network, a permissions boundary) must be there, several environments may share it,
    and a second run changes what stands instead of making it again. `estate destroy ENV` takes it down.

    \b
    Examples:
      estate up dev
      estate up prod --destroy-after
      estate up dev --serve --port 5000
      estate up dev --account http://127.0.0.1:5000
    """
    from mlops_estate.cli.commands import run_up

    raise typer.Exit(
        run_up(
            environment,
            project,
            serve=serve,
            port=port,
            destroy_after=destroy_after,
            as_json=json_,
            account_url=account,
        )
    )


@app.command()
def serve(
    environment: Env,
    port: Annotated[int, typer.Option(help="Port to serve on; 0 takes a free one.", min=0, max=65_535)] = 0,
    empty: Annotated[
        bool, typer.Option("--empty", help="Serve an empty account: for what the estate adopts, or the Pulumi CLI.")
    ] = False,
    json_: Json = False,
    project: Project = None,
) -> None:
    """Stand an environment up and serve its account on loopback until Ctrl-C, to look into with boto3 or the AWS CLI.

    Prints the endpoint URL and the environment variables to use it with. `estate destroy ENV` takes the estate down.
    --empty stands nothing up: `estate up ENV --account URL` does, once the account holds what the estate adopts, or the
    Pulumi CLI with the two lines that are printed (docs/reference/engine.md).

    \b
    Examples:
      estate serve dev --port 5000
      estate serve dev --empty --port 5000
    """
    from mlops_estate.cli.commands import run_serve_empty, run_up

    if empty:
        raise typer.Exit(run_serve_empty(environment, project, port=port))
    raise typer.Exit(run_up(environment, project, serve=True, port=port, destroy_after=False, as_json=json_))


@app.command()
def destroy(
    environment: Env,
    unprotect: Annotated[
        bool,
        typer.Option("--unprotect", help="Take down protected resources too (data buckets, keys, feature groups)."),
    ] = False,
    json_: Json = False,
    project: Project = None,
) -> None:
    """Take the estate of a served account down, in reverse order of dependency.

    Refused, and nothing deleted, while resources are protected, as they are outside dev, unless --unprotect is given.
    What AWS or the design keeps (data outside dev, locked objects, keys in their deletion window) is listed.

    \b
    Examples:
      estate destroy dev
      estate destroy prod --unprotect
    """
    from mlops_estate.cli.commands import run_destroy

    raise typer.Exit(run_destroy(environment, project, unprotect=unprotect, as_json=json_))


@app.command()
def preview(
    environment: Env,
    against: Annotated[
        str | None,
        typer.Option(
            "--against",
            metavar="REF|FILE",
            help="Report what changes since a git revision, or a file.",
        ),
    ] = None,
    pulumi: Annotated[
        Path | None,
        typer.Option("--pulumi", metavar="FILE", help="Report the engine's own preview: pulumi preview --json."),
    ] = None,
    output: Annotated[
        list[Path] | None,
        typer.Option("-o", "--output", metavar="FILE", help="Write FILE.html, .md, .json or .txt; repeatable."),
    ] = None,
    markdown: Annotated[
        bool, typer.Option("--markdown", help="Print the report as Markdown, for a pull request's comment.")
    ] = False,
    as_shipped: AsShipped = False,
    full: Annotated[bool, typer.Option("--full", help="Name each resource, and the inputs unknown until up.")] = False,
    prices_from: Annotated[
        str, typer.Option("--prices-from", metavar="REGION", help="Prices that stand in where a region has none.")
    ] = "us-east-1",
    json_: Json = False,
    project: Project = None,
) -> None:
    """Show what would be declared, without creating anything; values known only afterwards stay unknown.

    With --against it reports what a reviewer has to decide on: what is removed, replaced, changed and added since a git
    revision (unpacked aside, and collected by its own program) or a file (a resource graph, an exported state, a saved
    plan), what is lost with a replacement and what depends on it, how the release would go, who may newly do what,
    which policy findings are new or mended, and what it costs. --pulumi reports in the same form on what the engine
    previews with credentials (pulumi preview --json --show-sames > FILE). -o alone reports on a first deployment.

    --json prints the whole resource graph (docs/reference/graph.md), or the report (docs/reference/change_report.md).

    \b
    Examples:
      estate preview dev
      estate preview prod --full
      estate preview prod --against origin/main
      estate preview prod --against HEAD~1 --markdown -o preview.html
      estate preview prod --pulumi preview.json -o preview.html
    """
    if against is None and pulumi is None and not output and not markdown:
        from mlops_estate.cli.commands import run_preview

        raise typer.Exit(run_preview(environment, project, as_shipped=as_shipped, full=full, as_json=json_))
    from mlops_estate.cli.preview import Asked as Preview
    from mlops_estate.cli.preview import run_preview_report

    wanted = Preview(environment, against, pulumi, output or [], markdown, json_, full, as_shipped, prices_from)
    raise typer.Exit(run_preview_report(wanted, project))


@app.command()
def graph(
    environment: Env,
    output: Annotated[Path, typer.Option("-o", "--output", metavar="FILE", help="FILE.svg, FILE.html or FILE.json.")],
    as_shipped: AsShipped = False,
    name_unknowns: Annotated[
        bool,
        typer.Option("--name-unknowns", help="Name what is unknown until up by the resource it comes from."),
    ] = False,
    json_: Json = False,
    project: Project = None,
) -> None:
    """Draw the estate: .svg as a picture, .html with every resource behind it, .json as the resource graph itself.

    \b
    Examples:
      estate graph dev -o estate.svg
      estate graph prod -o estate.html
      estate graph prod --name-unknowns -o before.json
    """
    from mlops_estate.cli.commands import run_graph

    raise typer.Exit(
        run_graph(
            environment, project, output=output, as_shipped=as_shipped, as_json=json_, name_unknowns=name_unknowns
        )
    )


@app.command()
def check(
    environment: Annotated[
        str | None, typer.Argument(metavar="[ENV]", help="The environment: dev for Pulumi.dev.yaml.")
    ] = None,
    state: Annotated[
        Path | None,
        typer.Option(
            "--state",
            metavar="FILE",
            help="Judge a file instead: an exported state, a preview or plan of any stack, or a resource graph.",
        ),
    ] = None,
    standing: Annotated[
        bool,
        typer.Option("--standing", help="Stand the environment up in an embedded account first: nothing is unknown."),
    ] = False,
    rule: Annotated[list[str] | None, typer.Option("--rule", metavar="ID", help="Only this rule; repeatable.")] = None,
    framework: Annotated[
        list[str] | None,
        typer.Option("--framework", metavar="ID", help="Show this framework's controls; repeatable."),
    ] = None,
    output: Annotated[
        list[Path] | None,
        typer.Option(
            "-o", "--output", metavar="FILE", help="Write FILE.json, .sarif, .xml (JUnit), .md or .txt; repeatable."
        ),
    ] = None,
    config: Annotated[
        Path | None,
        typer.Option("--config", metavar="FILE", help="The pack's configuration. Default: policies/policies.yaml."),
    ] = None,
    judged_as: Annotated[
        str | None,
        typer.Option("--class", metavar="CLASS", help="Judge as dev, staging or prod. Default: by the stack's name."),
    ] = None,
    show_all: Annotated[bool, typer.Option("--all", help="Show every finding, and what was not evaluated.")] = False,
    as_shipped: AsShipped = False,
    json_: Json = False,
    project: Project = None,
) -> None:
    """Judge an environment by the policy pack, offline: the same rules that `pulumi up --policy-pack policies` runs.

    Without options the program is collected as at a preview, where some values are unknown until the update: what hangs
    on one is "not evaluated", never passed. --standing stands everything up in an embedded account first, so that every
    rule can answer. --state judges what Pulumi exported of any stack (pulumi stack export, pulumi preview --json).

    Exit code 0 where nothing mandatory is wrong; 1 where something is, or a rule failed to run; 2 where the
    configuration, an exemption or the file is. Levels, settings and exemptions: docs/reference/policies.md.

    \b
    Examples:
      estate check prod
      estate check prod --standing --framework nist-800-53-r5
      estate check prod -o check.sarif -o check.md
      estate check --state exported.json --class prod
    """
    from mlops_estate.cli.check import Asked, run_check

    asked = Asked(
        environment, state, standing, rule or None, framework or [], output or [], config, judged_as, show_all,
        as_shipped, json_,
    )  # fmt: skip
    raise typer.Exit(run_check(asked, project))


@app.command()
def drill(environment: Env, json_: Json = False, project: Project = None) -> None:
    """Rehearse every restore: lose what the estate keeps, on purpose, bring it back, and compare.

    Stands the environment up in an embedded account; then deletes and overwrites the online store's records, the
    objects of every bucket that is backed up, the registry's versions and Pulumi's state; restores each by the
    functions that restore AWS (docs/runbooks/restore.md); compares record by record, object by object, version by
    version; asks the endpoints again. What it took and lost is held against `recovery.rto_hours` and
    `recovery.rpo_hours`; the report is kept in .estate/ENV/drill.json.

    Exit code 1 where something isn't restored. Nothing outside the embedded account is touched.

    \b
    Examples:
      estate drill dev
      estate drill prod --json
    """
    from mlops_estate.cli.drill import run_drill

    raise typer.Exit(run_drill(environment, project, as_json=json_))


@config_app.command("check")
def config_check(environment: Env, account: AccountUrl = None, json_: Json = False, project: Project = None) -> None:
    """Check an environment's configuration: every fault with its path, line, value, rule and fix.

    With --account also that what it names is in that account: boundary, zones, network, what is adopted. Exit code 0
    where it is sound, 2 where it is not.

    \b
    Examples:
      estate config check prod
      estate config check prod --account http://127.0.0.1:5000
    """
    from mlops_estate.cli.commands import run_config_check

    raise typer.Exit(run_config_check(environment, project, as_json=json_, account_url=account))


@config_app.command("schema")
def config_schema(
    json_: Annotated[bool, typer.Option("--json", help="The schema is JSON in any case.")] = False,
) -> None:
    """Print the JSON Schema of Pulumi.ENV.yaml, for editors.

    \b
    Example:
      estate config schema > configuration.schema.json
    """
    from mlops_estate.cli.commands import run_config_schema

    raise typer.Exit(run_config_schema())


@rules_app.command("list")
def rules_list(
    environment: Annotated[
        str, typer.Option("--class", metavar="CLASS", help="Levels in dev, staging or prod.")
    ] = "prod",
    json_: Json = False,
) -> None:
    """List every rule: id, severity, level, what it asks.

    \b
    Examples:
      estate rules list
      estate rules list --class dev --json
    """
    from mlops_estate.cli.check import run_rules_list

    raise typer.Exit(run_rules_list(environment, as_json=json_))


@rules_app.command("show")
def rules_show(
    rule: Annotated[str, typer.Argument(metavar="RULE", help="A rule, or another tool's name: CKV_AWS_122.")],
    json_: Json = False,
) -> None:
    """Explain a rule: what it asks of which resources, why, how to mend it, its settings, and what others call it.

    \b
    Examples:
      estate rules show sm-notebook-no-direct-internet
      estate rules show CKV_AWS_122
    """
    from mlops_estate.cli.check import run_rules_show

    raise typer.Exit(run_rules_show(rule, as_json=json_))

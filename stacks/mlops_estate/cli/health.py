"""`estate health`: the command, and what it prints."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from mlops_estate.config import LoadedEnvironment
    from mlops_estate.delivery.health import Account, Health


def health(
    environment: Annotated[str, typer.Argument(metavar="ENV", help="The environment: dev for Pulumi.dev.yaml.")],
    account: Annotated[
        str | None,
        typer.Option("--account", metavar="URL", help="Use the account that `estate serve` keeps at this address."),
    ] = None,
    wait: Annotated[
        int, typer.Option("--wait", metavar="SECONDS", help="Wait this long for what is still changing.", min=0)
    ] = 0,
    json_: Annotated[bool, typer.Option("--json", help="Print the result as JSON on standard output.")] = False,
    project: Annotated[
        Path | None,
        typer.Option("--project", metavar="DIR", help="The project's folder. Default: found upwards from here."),
    ] = None,
) -> None:
    """Say whether what an environment declares works in its account: after an update, before anybody relies on it.

    Every endpoint has to be InService, every pipeline Active, every alarm there; an alarm on an endpoint must not
    sound. Other alarms that sound are told of. It asks AWS with the credentials of the shell, which must be of the
    environment's account, and changes nothing. Models without a pinned version have no endpoint yet.

    Exit code 0 where all is well, 1 with the reasons where it is not, 2 where the question is wrong.

    \b
    Examples:
      estate health prod --wait 900
      estate health dev --account http://127.0.0.1:5000
    """
    raise typer.Exit(run_health(environment, project, account_url=account, wait=wait, as_json=json_))


def run_health(name: str, project: Path | None, *, account_url: str | None, wait: int, as_json: bool) -> int:
    """Look, wait for what settles, print what was found; 1 where there is a reason to take the update back."""
    from mlops_estate.cli.commands import collect, load_named
    from mlops_estate.delivery.health import check_health, require_account, settled

    environment = load_named(name, project)
    account, account_id = _account(environment, account_url)
    require_account(account, account_id)
    # In an embedded account `estate up` pins a version for every model; in AWS only git does.
    graph = collect(environment, as_shipped=account_url is None, silent=True)[0]
    found = settled(
        lambda: check_health(graph, account, environment=name, account_id=account_id),
        wait=wait,
    )
    print(json.dumps(found.as_dict(), indent=1) if as_json else as_text(found))
    return 0 if found.ok else 1


def _account(environment: LoadedEnvironment, account_url: str | None) -> tuple[Account, str]:
    """Return the account to ask and the id it must have: the embedded one that is served, or AWS's."""
    estate = environment.config.estate
    if account_url is not None:
        from mlops_estate.embedded.account import ACCOUNT_ID
        from mlops_estate.up.served import attach

        return attach(account_url, estate.region), ACCOUNT_ID
    import boto3

    return boto3.session.Session(region_name=estate.region), estate.account


def as_text(found: Health) -> str:
    """Return what was found as plain text: the reasons first, then a count of each kind."""
    lines = []
    for finding in found.findings:
        if not finding.ok:
            mark = "UNHEALTHY" if finding.blocks else "noted"
            lines.append(f"{mark}: {finding.kind} {finding.name} is {finding.state}")
            lines += [f"  {finding.why}"] if finding.why else []
    kinds = {finding.kind: 0 for finding in found.findings}
    for finding in found.findings:
        kinds[finding.kind] += 1
    counted = ", ".join(f"{count} {kind}{'s' if count != 1 else ''}" for kind, count in kinds.items())
    verdict = "healthy" if found.ok else "not healthy"
    lines.append(f"{found.environment} in {found.account} is {verdict}: {counted or 'it declares nothing to look at'}")
    return "\n".join(lines)

"""What `estate preflight` does: plan, look, print, write."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

from mlops_estate.cli.progress import shown
from mlops_estate.faults import Fault, FaultsFound

if TYPE_CHECKING:
    from mlops_estate.config import EnvironmentConfig, LoadedEnvironment
    from mlops_estate.preflight import Account


@dataclass(frozen=True, slots=True)
class Asked:
    """What the command line asks of `estate preflight`."""

    environment: str
    outputs: list[Path]
    policy: Path | None
    online: bool
    account: str | None
    show_all: bool
    as_shipped: bool
    as_json: bool


def run_preflight(asked: Asked, project: Path | None) -> int:
    """Make the list, print it, write it and the policy where they are wanted; return 1 where something blocks."""
    from mlops_estate.cli.commands import load_named
    from mlops_estate.preflight import collect_planned, in_account, preflight
    from mlops_estate.reports.preflight import as_json, as_text, write
    from mlops_estate.up.session import EMBEDDED_ACCOUNT, counted

    start = perf_counter()
    _refuse_contradictions(asked)
    environment = load_named(asked.environment, project)
    with _account(asked, environment) as account, shown(f"preflight {asked.environment}", silent=asked.as_json) as told:
        if asked.account is not None:
            environment = in_account(environment, EMBEDDED_ACCOUNT)
        planned = collect_planned(environment, as_shipped=asked.as_shipped, on_event=counted(told))
        told("looking", 0, 0)
        # An embedded account stands in for the configured one: it says itself what else is in it.
        others = [] if asked.account is not None else _others(environment)
        report = preflight(planned, environment.config, environment.project_dir, others=others, account=account)
    for path in asked.outputs:
        write(report, path)
    if asked.policy is not None:
        asked.policy.parent.mkdir(parents=True, exist_ok=True)
        asked.policy.write_text(json.dumps(report.policy, indent=1) + "\n", encoding="utf-8")
    if asked.as_json:
        print(as_json(report), end="")
        return report.exit_code
    print(as_text(report, everything=asked.show_all), end="")
    for path in (*asked.outputs, *([asked.policy] if asked.policy else [])):
        print(f"wrote {path}")
    print(f"{perf_counter() - start:.1f} s")
    return report.exit_code


def _refuse_contradictions(asked: Asked) -> None:
    from mlops_estate.reports.preflight import check_form

    faults: list[Fault] = []
    for path in asked.outputs:
        try:
            check_form(path)
        except FaultsFound as found:
            faults += found.faults
    if asked.policy is not None and asked.policy.suffix != ".json":
        faults.append(Fault("--policy", str(asked.policy), "the policy is JSON", "end it in .json"))
    if asked.online and asked.account is not None:
        rule = "--online asks the account of your credentials, --account an embedded one"
        faults.append(Fault("--online", asked.account, rule, "leave one of the two out"))
    if faults:
        raise FaultsFound(faults)


def _others(environment: LoadedEnvironment) -> list[EnvironmentConfig]:
    """Return the other environments of the project; one whose configuration is wrong is left to its own check."""
    from mlops_estate.config import environments, load_environment

    found = []
    for name in environments(environment.project_dir):
        if name != environment.name:
            with contextlib.suppress(FaultsFound):
                found.append(load_environment(name, environment.project_dir).config)
    return found


@contextlib.contextmanager
def _account(asked: Asked, environment: LoadedEnvironment) -> Iterator[Account | None]:
    """Give the account that is to be looked into, with what this estate made there before."""
    if asked.online:
        yield _real(environment)
    elif asked.account is not None:
        yield from _served(asked.account, environment)
    else:
        yield None


def _real(environment: LoadedEnvironment) -> Account:
    """Return the account of the user's credentials. Raises `FaultsFound` where there are none."""
    import boto3
    from botocore.exceptions import BotoCoreError, ClientError

    from mlops_estate.preflight import Account

    session = boto3.session.Session(region_name=environment.config.estate.region)
    try:
        account = session.client("sts").get_caller_identity()["Account"]
    except (BotoCoreError, ClientError) as error:
        rule = f"no account answers to the credentials here: {error}"
        fix = "sign in first: aws sso login, or set AWS_PROFILE"
        raise FaultsFound([Fault("--online", None, rule, fix)], "nothing was looked at") from None
    return Account(session.client, f"account {account}", quotas=True)


def _served(url: str, environment: LoadedEnvironment) -> Iterator[Account]:
    from mlops_estate.embedded.network_guard import NetworkGuard
    from mlops_estate.graph_file import load
    from mlops_estate.preflight import Account
    from mlops_estate.up.served import attach, kept_of
    from mlops_estate.up.session import graph_path

    with NetworkGuard():
        account = attach(url, environment.config.estate.region)
        made: frozenset[str] = frozenset()
        path = graph_path(environment.project_dir, environment.name)
        if kept_of(environment.project_dir, environment.name).instance == account.instance and path.is_file():
            made = frozenset(load(path).nodes)
        yield Account(account.client, f"the embedded account at {url}", quotas=False, ours=made)

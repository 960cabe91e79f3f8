"""A served account on disk: where it listens, what stands in it, and taking that down from another process."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlparse

from mlops_estate.faults import Fault, FaultsFound
from mlops_estate.up.session import Kept, graph_path

if TYPE_CHECKING:
    from mlops_estate.embedded.account import RemoteAccount
    from mlops_estate.engine import DestroyReport
    from mlops_estate.engine.events import OnEvent

LOOPBACK = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True, slots=True)
class Served:
    """A running server: the endpoint URL, the account's region, the process that serves it."""

    endpoint_url: str
    region: str
    account: str
    pid: int


def served_path(project_dir: Path, environment: str) -> Path:
    """Return where a server notes that it runs."""
    return graph_path(project_dir, environment).with_name("server.json")


def kept_path(project_dir: Path, environment: str) -> Path:
    """Return where it is noted which account the graph beside it is of."""
    return graph_path(project_dir, environment).with_name("account.json")


def note(project_dir: Path, environment: str, served: Served) -> Path:
    """Write down that an account is served."""
    path = served_path(project_dir, environment)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(asdict(served), indent=1) + "\n", encoding="utf-8")
    return path


def keep(project_dir: Path, environment: str, kept: Kept) -> None:
    """Write down which account the graph on disk is of, and what was trained in it."""
    path = kept_path(project_dir, environment)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(asdict(kept), indent=1, sort_keys=True) + "\n", encoding="utf-8")


def kept_of(project_dir: Path, environment: str) -> Kept:
    """Return what is kept of an environment's account; nothing where there is none, or an unreadable one."""
    try:
        return Kept(**json.loads(kept_path(project_dir, environment).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return Kept()


def find(project_dir: Path, environment: str) -> Served:
    """Return the server of an environment's account; `FaultsFound` where none runs."""
    path = served_path(project_dir, environment)
    try:
        served = Served(**json.loads(path.read_text(encoding="utf-8")))
        os.kill(served.pid, 0)
    except (OSError, ValueError, TypeError):
        kept = kept_of(project_dir, environment)
        if kept.endpoint_url:  # another environment's command serves the account that this one stands in
            return Served(kept.endpoint_url, kept.region, "", 0)
        fix = f"start one: estate up {environment} --serve"
        rule = "no embedded account is being served for this environment"
        raise FaultsFound([Fault("environment", environment, rule, fix)]) from None
    return served


def attach(url: str, region: str) -> RemoteAccount:
    """Return the embedded account served at `url`; `FaultsFound` where that is none on this machine."""
    from botocore.exceptions import BotoCoreError, ClientError

    from mlops_estate.embedded.account import RemoteAccount

    def refused(rule: str) -> FaultsFound:
        fix = "give the URL that `estate serve ENV` prints (`estate serve ENV --empty` serves an empty account)"
        return FaultsFound([Fault("--account", url, rule, fix)], "nothing was created")

    parts = urlparse(url)
    if parts.scheme != "http" or parts.hostname not in LOOPBACK:
        raise refused("must be the address of an embedded account on this machine, such as http://127.0.0.1:5000")
    try:
        account = RemoteAccount(url.rstrip("/"), region)
        instance = account.instance
    except (BotoCoreError, ClientError, ValueError) as error:
        raise refused(f"no account answers there: {error}") from None
    if not instance:
        raise refused("what answers there is no account that `estate serve` keeps")
    return account


def destroy_served(project_dir: Path, environment: str, *, unprotect: bool, on_event: OnEvent) -> DestroyReport:
    """Tear down the estate in a served account, from the graph that standing it up left on disk."""
    from mlops_estate.embedded.driver import AwsDriver
    from mlops_estate.embedded.network_guard import NetworkGuard
    from mlops_estate.engine import destroy
    from mlops_estate.graph_file import load, save

    served = find(project_dir, environment)
    path = graph_path(project_dir, environment)
    with NetworkGuard():
        account = attach(served.endpoint_url, served.region)
        if kept_of(project_dir, environment).instance != account.instance:
            rule = "what stands in the account that is served now is not what the graph on disk says"
            fix = f"estate up {environment} --account {served.endpoint_url}"
            raise FaultsFound([Fault("environment", environment, rule, fix)], "nothing was deleted")
        graph = load(path)
        report = destroy(graph, AwsDriver(account, environment), unprotect=unprotect, on_event=on_event)
    save(graph, path)
    # What was trained went with the buckets: the next run trains again.
    keep(project_dir, environment, Kept(account.instance, served.endpoint_url, served.region))
    return report

"""A served account on disk: where it listens, and taking its estate down from another process."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mlops_estate.faults import Fault, FaultsFound
from mlops_estate.up.session import graph_path

if TYPE_CHECKING:
    from mlops_estate.engine import DestroyReport
    from mlops_estate.engine.events import OnEvent


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


def note(project_dir: Path, environment: str, served: Served) -> Path:
    """Write down that an account is served."""
    path = served_path(project_dir, environment)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(asdict(served), indent=1) + "\n", encoding="utf-8")
    return path


def find(project_dir: Path, environment: str) -> Served:
    """Return the server of an environment's account; `FaultsFound` where none runs."""
    path = served_path(project_dir, environment)
    try:
        served = Served(**json.loads(path.read_text(encoding="utf-8")))
        os.kill(served.pid, 0)
    except (OSError, ValueError, TypeError):
        fix = f"start one: estate up {environment} --serve"
        rule = "no embedded account is being served for this environment"
        raise FaultsFound([Fault("environment", environment, rule, fix)]) from None
    return served


def destroy_served(project_dir: Path, environment: str, *, unprotect: bool, on_event: OnEvent) -> DestroyReport:
    """Tear down the estate in a served account, from the graph that standing it up left on disk."""
    from mlops_estate.embedded.account import RemoteAccount
    from mlops_estate.embedded.driver import AwsDriver
    from mlops_estate.embedded.network_guard import NetworkGuard
    from mlops_estate.engine import destroy
    from mlops_estate.graph_file import load, save

    served = find(project_dir, environment)
    path = graph_path(project_dir, environment)
    graph = load(path)
    with NetworkGuard():
        driver = AwsDriver(RemoteAccount(served.endpoint_url, served.region), environment)
        report = destroy(graph, driver, unprotect=unprotect, on_event=on_event)
    save(graph, path)
    return report

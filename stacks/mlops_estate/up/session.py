"""One environment standing in one embedded account: apply, re-apply, read back, tear down."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

from mlops_estate.config import LoadedEnvironment, overlay_account, overlay_network, overlay_versions, unpinned
from mlops_estate.faults import FaultsFound

if TYPE_CHECKING:
    from mlops_estate.embedded.account import EmbeddedAccount, RemoteAccount
    from mlops_estate.embedded.driver import AwsDriver
    from mlops_estate.engine import DestroyReport
    from mlops_estate.engine.driver_api import ReadBack
    from mlops_estate.engine.events import Event
    from mlops_estate.graph import ResourceGraph


class HalfWay(FaultsFound):
    """The resources stand, but what was to be done with them failed: training, or asking an endpoint."""

    exit_code = 1


Progress = Callable[[str, int, int], None]
"""Called with a message, how much is done, and how much there is (0 where it is not known)."""

EMBEDDED_ACCOUNT = "123456789012"


def quiet(_message: str, _done: int, _total: int) -> None:
    """Show no progress."""


def counted(progress: Progress, total: int = 0) -> Callable[[Event], None]:
    """Return what tells `progress` of each event of the engine, with how many there were; `total` 0 is not known."""
    numbers = itertools.count(1)

    def on_event(event: Event) -> None:
        done = next(numbers)
        progress(f"{event.action} {event.name}", done, max(total, done) if total else 0)

    return on_event


@dataclass
class Kept:
    """What is known of an account that outlives a command, beside the graph: which one it is, and what was trained.

    `baselines` are the S3 prefixes that the monitors of each model compare with, as `versions` are its live versions.
    """

    instance: str = ""
    endpoint_url: str = ""
    region: str = ""
    versions: dict[str, int] = field(default_factory=dict)
    baselines: dict[str, str] = field(default_factory=dict)


@dataclass
class EstateSession:
    """The state of one `estate up`: the configuration as overlaid, the account, and the graph as last applied."""

    environment: LoadedEnvironment
    account: EmbeddedAccount | RemoteAccount
    driver: AwsDriver
    progress: Progress = quiet
    stand_in: bool = True
    """Whether a managed network stands in for one that is brought: an account that starts empty has none."""
    kept: Kept = field(default_factory=Kept)
    graph: ResourceGraph | None = None
    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """Measure a phase; phases of the same name add up."""
        start = perf_counter()
        try:
            yield
        finally:
            self.seconds[name] = self.seconds.get(name, 0.0) + perf_counter() - start

    def apply(self, versions: Mapping[str, int | None], baselines: Mapping[str, str] | None = None) -> ResourceGraph:
        """Run the unchanged program with every model pinned as `versions` says (None: no pin), and keep its graph.

        `baselines` are the S3 prefixes of the baselines that the monitors compare with. A run that fails keeps its
        partial graph all the same.
        """
        from mlops_estate.engine import EngineFault, run_program

        total = len(self.graph.nodes) if self.graph else 0
        try:
            self.graph = run_program(
                self.environment.project_dir / "stacks" / "__main__.py",
                stack=self.environment.name,
                config=program_config(
                    self.environment, self.account.account_id, versions, baselines, stand_in=self.stand_in
                ),
                driver=self.driver,
                previous=self.graph,
                on_event=counted(self.progress, total),
            )
        except EngineFault as fault:
            self.graph = fault.graph
            raise
        return self.graph

    def inside(self, service: str) -> Any:
        """Return a client of a service for what runs in the estate's network."""
        (endpoint, *_) = self.applied().stack_outputs["s3_endpoint_ids"]
        return self.account.client_inside(service, endpoint)

    def read_back(self) -> list[tuple[str, ReadBack]]:
        """Read every resource of the graph through boto3."""
        from mlops_estate.engine import read_back

        return read_back(self.applied(), self.driver)

    def destroy(self, *, unprotect: bool) -> DestroyReport:
        """Tear the estate down in reverse dependency order."""
        from mlops_estate.engine import destroy

        return destroy(self.applied(), self.driver, unprotect=unprotect)

    def applied(self) -> ResourceGraph:
        """Return the graph; the program must have been applied before."""
        if self.graph is None:
            raise RuntimeError("nothing has been applied yet")
        return self.graph


def program_config(
    environment: LoadedEnvironment,
    account_id: str,
    versions: Mapping[str, int | None],
    baselines: Mapping[str, str] | None = None,
    *,
    stand_in: bool = True,
) -> dict[str, str]:
    """Return the stack configuration as Pulumi would hand it over, in one account and with these versions pinned.

    An empty `account_id` leaves accounts and network as they are configured; an embedded account that starts empty has
    no network, so one that is brought gives way to a managed one there (`stand_in`).
    """
    estate = environment.estate_raw
    if account_id:
        estate = overlay_account(estate, account_id)
        if stand_in:
            estate = overlay_network(estate)
    models = overlay_versions(environment.models_raw, versions)
    for name, uri in (baselines or {}).items():
        models[name]["release"] = {"baseline_uri": uri, **models[name].get("release", {})}
    return {"mlops-estate:estate": json.dumps(estate), "mlops-estate:models": json.dumps(models)}


def graph_path(project_dir: Path, environment: str) -> Path:
    """Return where the graph of an environment is kept for inspection."""
    return project_dir / ".estate" / environment / "graph.json"


def offline_versions(environment: LoadedEnvironment, *, as_shipped: bool) -> dict[str, int | None]:
    """Return the versions that offline commands overlay: version 1 on models without a pin, unless `as_shipped`."""
    return {} if as_shipped else dict.fromkeys(unpinned(environment.config), 1)

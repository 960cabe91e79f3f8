"""`estate up`: stands the whole environment up in an embedded account, trains, approves, applies again, reads back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from mlops_estate.up.report import ModelReport, UpReport
from mlops_estate.up.session import EstateSession, Kept, Progress, graph_path, quiet

if TYPE_CHECKING:
    from mlops_estate.config import LoadedEnvironment
    from mlops_estate.embedded.account import EmbeddedAccount, RemoteAccount

__all__ = ["UpReport", "session_in", "stand_up", "up"]

Standing = Callable[["EmbeddedAccount | RemoteAccount", UpReport], None]


def up(
    environment: LoadedEnvironment,
    *,
    account_url: str = "",
    progress: Progress = quiet,
    rehearse_destroy: bool = False,
    standing: Standing | None = None,
) -> UpReport:
    """Stand an environment up in an account of its own, or in the one served at `account_url`, and say how it went.

    In a served account what an earlier run left standing is changed, not made again. `standing` is called with the
    account while it stands, to serve it or look into it. `rehearse_destroy` takes the estate down again at the end and
    reports what stays. Raises `EngineFault` where a resource fails, and `FaultsFound` where training does or what the
    configuration names is not there; the graph of what stood is on disk then (`.estate/ENV/graph.json`).
    """
    with session_in(environment, account_url, progress) as session:
        path = graph_path(environment.project_dir, environment.name)
        before = _before(session) if rehearse_destroy else []
        try:
            report = stand_up(session)
        finally:
            if session.graph is not None:
                _save(session, path)
        report.graph_file = str(path.relative_to(environment.project_dir))
        if standing is not None:
            standing(session.account, report)
        if rehearse_destroy:
            _rehearse(session, report, before)
            if account_url:
                _save(session, path)
    report.seconds = {phase: round(seconds, 2) for phase, seconds in session.seconds.items()}
    return report


@contextmanager
def session_in(environment: LoadedEnvironment, account_url: str, progress: Progress) -> Iterator[EstateSession]:
    """Yield the session in an account whose prerequisites are met."""
    from mlops_estate.embedded.account import EmbeddedAccount
    from mlops_estate.embedded.driver import AwsDriver
    from mlops_estate.embedded.network_guard import NetworkGuard
    from mlops_estate.up.prerequisites import check_prerequisites
    from mlops_estate.up.served import attach

    region = environment.config.estate.region
    if not account_url:
        with EmbeddedAccount(region) as own:
            check_prerequisites(environment, own, starts_empty=True)
            kept = Kept(own.instance, region=region)
            yield EstateSession(environment, own, AwsDriver(own, environment.name), progress, kept=kept)
        return
    with NetworkGuard():
        account = attach(account_url, region)
        check_prerequisites(environment, account, starts_empty=False)
        session = EstateSession(environment, account, AwsDriver(account, environment.name), progress, stand_in=False)
        _take_up(session, account)
        yield session


def _take_up(session: EstateSession, account: RemoteAccount) -> None:
    """Go on from what an earlier run left standing in this very account."""
    from mlops_estate.graph_file import load
    from mlops_estate.up.served import kept_of

    environment = session.environment
    kept = kept_of(environment.project_dir, environment.name)
    path = graph_path(environment.project_dir, environment.name)
    if kept.instance == account.instance and path.is_file():
        session.graph, session.kept = load(path), kept
    else:
        session.kept = Kept(account.instance)
    session.kept.endpoint_url, session.kept.region = account.endpoint_url, account.region


def _before(session: EstateSession) -> list[str]:
    from mlops_estate.up.leftovers import standing

    return standing(session.account)


def stand_up(session: EstateSession) -> UpReport:
    """Apply, train, approve, apply again, ask every endpoint and read back, in the account of a session."""
    from mlops_estate.up.lineage import record_endpoint
    from mlops_estate.up.live import ask_endpoint

    config = session.environment.config
    report = UpReport(session.environment.name, session.account.account_id, session.account.region)
    report.notes += _notes(session)
    pinned = {name: model.release.version for name, model in config.models.items() if model.release.version}
    live = {
        name: pinned.get(name) or version
        for name, version in session.kept.versions.items()
        if name in config.models and version >= pinned.get(name, 1)
    }
    with session.phase("first apply"):
        session.apply({name: live.get(name) for name in config.models}, _baselines(session, live))
    for name in config.models:
        report.models.append(_trained(session, name, live))
    versions = {model.name: model.version for model in report.models}
    for model in report.models:
        if model.version and model.name not in pinned:
            report.notes.append(f"{model.name} has no pin in the configuration: version {model.version} is overlaid")
    with session.phase("second apply"):
        graph = session.apply(versions, _baselines(session, versions))
    with session.phase("endpoints"):
        for model in report.models:
            if model.version:
                ask_endpoint(session, model)
                record_endpoint(session, model)
    _read_back(session, report)
    report.outputs = {key: value for key, value in graph.stack_outputs.items() if key not in graph.secret_stack_outputs}
    report.notes += [note for note in graph.notes if note not in report.notes]
    return report


def _notes(session: EstateSession) -> list[str]:
    """Say what is otherwise than the configuration has it."""
    config = session.environment.config
    notes = [f"every account of the configuration is embedded account {session.account.account_id}"]
    if session.stand_in and not config.estate.network.managed:
        notes.append(f"{config.estate.network.vpc_id} is not in the embedded account: a managed network stands in")
    for name, model in config.models.items():
        if model.release.version and name not in session.kept.versions:
            notes.append(f"{name} pins version {model.release.version}: the account starts empty, so versions 1 to "
                         f"{model.release.version} are registered from one training run")  # fmt: skip
    return notes


def _trained(session: EstateSession, name: str, live: dict[str, int]) -> ModelReport:
    """Train a model, unless a version of it is live already; what was trained is kept for the next run."""
    from mlops_estate.up.training import live_model, train_model

    if name in live:
        return live_model(session, name, live[name])
    report = train_model(session, name)
    if report.version:
        session.kept.versions[name] = report.version
        session.kept.baselines[name] = report.baseline_uri
    return report


def _baselines(session: EstateSession, versions: dict[str, int] | dict[str, int | None]) -> dict[str, str]:
    return {name: uri for name, uri in session.kept.baselines.items() if uri and versions.get(name)}


def _read_back(session: EstateSession, report: UpReport) -> None:
    from mlops_estate.embedded.coverage import as_data, coverage

    with session.phase("read back"):
        read = session.read_back()
    report.coverage = as_data(coverage(session.applied(), read))
    report.unequal = {urn: list(result.differences) for urn, result in read if not result.equal}
    for node in session.applied().custom_nodes():
        report.statuses[node.status] = report.statuses.get(node.status, 0) + 1


def _rehearse(session: EstateSession, report: UpReport, before: list[str]) -> None:
    """Take everything down, and look whether anything is left that nobody expects."""
    from mlops_estate.up.leftovers import leftovers

    with session.phase("teardown"):
        destroyed = session.destroy(unprotect=True)
        unexpected = [what for what in leftovers(session, destroyed) if what not in before]
    report.teardown = {
        "deleted": len(destroyed.deleted),
        "retained": destroyed.retained,
        "kept": sorted(destroyed.kept),
        "expected_left": destroyed.expected_left,
        "unexpected": unexpected,
        "failed": [fault.as_text() for fault in destroyed.faults],
    }


def _save(session: EstateSession, path: Path) -> None:
    from mlops_estate.graph_file import save
    from mlops_estate.up.served import keep

    save(session.applied(), path)
    keep(session.environment.project_dir, session.environment.name, session.kept)

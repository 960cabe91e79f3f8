"""`estate up`: stands the whole environment up in an embedded account, trains, approves, applies again, reads back."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from mlops_estate.up.report import UpReport
from mlops_estate.up.session import EstateSession, Progress, graph_path, quiet

if TYPE_CHECKING:
    from mlops_estate.config import LoadedEnvironment
    from mlops_estate.embedded.account import EmbeddedAccount

__all__ = ["UpReport", "up"]


def up(
    environment: LoadedEnvironment,
    *,
    progress: Progress = quiet,
    rehearse_destroy: bool = False,
    standing: Callable[[EmbeddedAccount, UpReport], None] | None = None,
) -> UpReport:
    """Stand an environment up in an account of its own and say how it went.

    `standing` is called with the account while it stands, to serve it or look into it. `rehearse_destroy` takes the
    estate down again at the end and reports what stays. Raises `EngineFault` where a resource fails and `FaultsFound`
    where training does; the graph of what stood is on disk then (`.estate/ENV/graph.json`).
    """
    from mlops_estate.embedded.account import EmbeddedAccount
    from mlops_estate.embedded.driver import AwsDriver

    with EmbeddedAccount(environment.config.estate.region) as account:
        session = EstateSession(environment, account, AwsDriver(account, environment.name), progress)
        path = graph_path(environment.project_dir, environment.name)
        try:
            report = _stand_up(session)
        finally:
            if session.graph is not None:
                _save(session, path)
        report.graph_file = str(path.relative_to(environment.project_dir))
        if standing is not None:
            standing(account, report)
        if rehearse_destroy:
            _rehearse(session, report)
    report.seconds = {phase: round(seconds, 2) for phase, seconds in session.seconds.items()}
    return report


def _stand_up(session: EstateSession) -> UpReport:
    from mlops_estate.up.live import ask_endpoint
    from mlops_estate.up.training import train_model

    config = session.environment.config
    report = UpReport(session.environment.name, session.account.account_id, session.account.region)
    report.notes.append(f"every account of the configuration is embedded account {session.account.account_id}")
    if not config.estate.network.managed:
        report.notes.append(
            f"{config.estate.network.vpc_id} is not in the embedded account: a managed network stands in"
        )
    pinned = {name: model.release.version for name, model in config.models.items() if model.release.version}
    for name, version in pinned.items():
        report.notes.append(f"{name} pins version {version}: the account starts empty, so versions 1 to {version} are "
                            "registered from one training run")  # fmt: skip
    with session.phase("first apply"):
        session.apply(dict.fromkeys(config.models))
    for name in config.models:
        report.models.append(train_model(session, name))
    versions = {model.name: model.version for model in report.models}
    baselines = {model.name: model.baseline_uri for model in report.models if model.version and model.baseline_uri}
    for model in report.models:
        if model.version and model.name not in pinned:
            report.notes.append(f"{model.name} has no pin in the configuration: version {model.version} is overlaid")
    with session.phase("second apply"):
        graph = session.apply(versions, baselines)
    with session.phase("endpoints"):
        for model in report.models:
            if model.version:
                ask_endpoint(session, model)
    _read_back(session, report)
    report.outputs = {key: value for key, value in graph.stack_outputs.items() if key not in graph.secret_stack_outputs}
    report.notes += [note for note in graph.notes if note not in report.notes]
    return report


def _read_back(session: EstateSession, report: UpReport) -> None:
    from mlops_estate.embedded.coverage import as_data, coverage

    with session.phase("read back"):
        read = session.read_back()
    report.coverage = as_data(coverage(session.applied(), read))
    report.unequal = {urn: list(result.differences) for urn, result in read if not result.equal}
    for node in session.applied().custom_nodes():
        report.statuses[node.status] = report.statuses.get(node.status, 0) + 1


def _rehearse(session: EstateSession, report: UpReport) -> None:
    """Take everything down, and look whether anything is left that nobody expects."""
    from mlops_estate.up.leftovers import leftovers

    with session.phase("teardown"):
        destroyed = session.destroy(unprotect=True)
        unexpected = leftovers(session, destroyed)
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

    save(session.applied(), path)

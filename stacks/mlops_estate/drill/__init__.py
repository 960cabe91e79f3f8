"""`estate drill`: loses what the estate keeps, restores it by the functions that restore AWS, and compares."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import perf_counter
from typing import TYPE_CHECKING, Any

from mlops_estate.config.recovery_rules import worst_loss_hours
from mlops_estate.drill.report import DrillReport, Rehearsal
from mlops_estate.up.session import Progress, quiet

if TYPE_CHECKING:
    from pathlib import Path

    from mlops_estate.config import LoadedEnvironment

__all__ = ["DrillReport", "drill", "report_path"]


def report_path(project_dir: Path, environment: str) -> Path:
    """Return where the last drill's report is kept."""
    return project_dir / ".estate" / environment / "drill.json"


def drill(environment: LoadedEnvironment, *, progress: Progress = quiet) -> DrillReport:
    """Stand an environment up in an account of its own, lose and restore each kind of data, and say how it went.

    Raises `EngineFault` or `HalfWay` where the estate itself doesn't stand; what isn't restored is in the report.
    """
    from mlops_estate.drill import features, objects, registry, state
    from mlops_estate.up import session_in, stand_up

    recovery = environment.config.estate.recovery
    with session_in(environment, "", progress) as session:
        stood = stand_up(session)
        report = DrillReport(
            environment.name,
            session.account.account_id,
            recovery.rpo_hours,
            recovery.rto_hours,
            worst_loss_hours(recovery),
            notes=list(stood.notes),
        )
        for rehearse in (features.rehearse, objects.rehearse, registry.rehearse, state.rehearse):
            report.rehearsals += rehearse(session, stood)
        with session.phase("read back"):
            report.unequal = {urn: list(found.differences) for urn, found in session.read_back() if not found.equal}
    report.seconds = {phase: round(seconds, 2) for phase, seconds in session.seconds.items()}
    path = report_path(environment.project_dir, environment.name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(report.as_dict(), indent=1) + "\n", encoding="utf-8")
    return report


@contextmanager
def timed(note: Callable[[float], Any]) -> Iterator[None]:
    """Hand the block's wall-clock seconds to `note`."""
    start = perf_counter()
    yield
    note(round(perf_counter() - start, 3))


def compare(rehearsal: Rehearsal, before: dict[str, Any], after: dict[str, Any]) -> None:
    """Keep what is not as it was, by name: gone, or different."""
    rehearsal.items = len(before)
    rehearsal.lost = [
        f"{name}: {'is gone' if name not in after else 'differs'}"
        for name, value in sorted(before.items())
        if after.get(name) != value
    ]

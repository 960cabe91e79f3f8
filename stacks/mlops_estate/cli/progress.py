"""Progress on standard error: a bar on a terminal, a line now and then elsewhere, nothing with `--json`."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic
from typing import TYPE_CHECKING

from mlops_estate.up.session import Progress, quiet

if TYPE_CHECKING:
    from rich.progress import TaskID

EVERY_SECONDS = 2.0


@contextmanager
def shown(title: str, *, silent: bool = False) -> Iterator[Progress]:
    """Yield what reports progress while the block runs."""
    if silent:
        yield quiet
    elif sys.stderr.isatty():
        yield from _bar(title)
    else:
        yield _lines(title)


def _bar(title: str) -> Iterator[Progress]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bars

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Bars(*columns, console=Console(stderr=True), transient=True) as bars:
        task: TaskID = bars.add_task(title, total=None)

        def progress(message: str, done: int, total: int) -> None:
            bars.update(task, description=f"{title}: {message[:60]}", completed=done, total=total or None)

        yield progress


def _lines(title: str) -> Progress:
    last = monotonic()

    def progress(message: str, done: int, total: int) -> None:
        nonlocal last
        if monotonic() - last >= EVERY_SECONDS:
            last = monotonic()
            amount = f"{done} of {total}" if total else f"{done} so far"
            print(f"{title}: {message} ({amount})", file=sys.stderr)

    return progress

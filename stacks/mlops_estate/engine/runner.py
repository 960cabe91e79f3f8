"""Runs a Pulumi program in process, exactly as the language host does, in a context and an event loop of its own."""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import contextvars
import dataclasses
import gc
import os
import runpy
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pulumi
from pulumi.runtime import mocks
from pulumi.runtime.stack import run_in_stack

from mlops_estate.engine.driver_api import ResourceDriver
from mlops_estate.engine.events import EngineFault, Event, OnEvent
from mlops_estate.engine.monitor import GraphMonitor
from mlops_estate.engine.teardown import delete_nodes
from mlops_estate.engine.traces import short_traces
from mlops_estate.faults import Fault, FaultsFound
from mlops_estate.graph import ResourceGraph

PROJECT = "mlops-estate"
Program = Path | Callable[[], Any]

# Pulumi keeps the program's folder as the working directory, which a process has one of.
_ONE_AT_A_TIME = threading.Lock()
INFO = 1
STANDING = (
    "id",
    "inputs",
    "outputs",
    "secret_inputs",
    "secret_outputs",
    "dependencies",
    "property_dependencies",
    "aws",
)
"""What a node says of how a resource stands."""


class _Log:
    """Keeps what the program tells its user (`pulumi.info` and graver) as notes of the graph."""

    def __init__(self, graph: ResourceGraph) -> None:
        self._graph = graph

    def Log(self, request: Any) -> None:
        if request.severity >= INFO:
            self._graph.notes.append(request.message)


def quiet(_event: Event) -> None:
    """Watch nothing."""


def run_program(
    program: Program,
    *,
    stack: str,
    config: Mapping[str, str],
    driver: ResourceDriver | None = None,
    previous: ResourceGraph | None = None,
    on_event: OnEvent = quiet,
    project: str = PROJECT,
    secret_keys: tuple[str, ...] = (),
    name_unknowns: bool = False,
) -> ResourceGraph:
    """Run a program and return its graph.

    `program` is the path of a `__main__.py` or a callable; `config` maps full keys (``mlops-estate:estate``) to
    text, as
    Pulumi hands them over. Without `driver` it is a preview: nothing is created, unknowns stay unknown. `previous` is
    the graph of the last run in the same account: resources are then changed in place or replaced, and what is no
    longer declared is deleted. `name_unknowns` makes a preview tell what is unknown apart (`engine.naming`).

    Raises `EngineFault` with the partial graph where resources fail, and the program's own `FaultsFound` where it
    refuses its configuration before it registers anything.
    """
    root = str(program.parent.parent) if isinstance(program, Path) else os.getcwd()
    graph = ResourceGraph(project, stack, preview=driver is None)
    monitor = GraphMonitor(graph, driver, previous, on_event, root, name_unknowns=name_unknowns)
    with _ONE_AT_A_TIME, _in_folder(program), _few_collections(), short_traces():
        failure = contextvars.copy_context().run(_run, program, monitor, config, secret_keys)
    if failure is not None:
        _raise(failure, monitor, previous)
    if monitor.faults:
        raise EngineFault(_with_previous(monitor, previous), monitor.faults)
    if monitor.reconciler is not None and driver is not None:
        deleted = delete_nodes(monitor.reconciler.removed(graph), driver, on_event)
        if deleted.faults:
            raise EngineFault(_with_previous(monitor, previous), deleted.faults)
    return graph


def _run(
    program: Program, monitor: GraphMonitor, config: Mapping[str, str], secret_keys: tuple[str, ...]
) -> Exception | None:
    """Configure the SDK and run; return what the program raised, so that a traceback stays where it belongs."""
    graph = monitor.graph
    pulumi.runtime.set_all_config(dict(config), list(secret_keys))
    settings = mocks.MockSettings(  # type: ignore[no-untyped-call]
        monitor=monitor,
        monitor_features=set(monitor.GetDeploymentInfo(None).supportedFeatures),  # type: ignore[no-untyped-call]
        engine=_Log(graph),
        project=graph.project,
        stack=graph.stack,
        dry_run=graph.preview,
        organization=graph.organization,
        callbacks=None,
        parallel=None,
        outputs=set(),
        lock=threading.Lock(),
        package_refs={},
        base_providers_by_ref={},
        legacy_apply_enabled=False,
        root_directory=".",
    )
    pulumi.runtime.settings.configure(settings)
    pulumi.runtime.settings.set_root_resource(None)  # type: ignore[arg-type]  # as at a fresh start
    loop = asyncio.new_event_loop()
    # What fails is reported once, by `run_program`; a task that fails after it must not print a traceback of its own.
    loop.set_exception_handler(lambda _loop, _context: None)
    asyncio.set_event_loop(loop)
    # One worker keeps the order of registrations, and with it every generated id, the same from run to run.
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        loop.set_default_executor(pool)
        try:
            loop.run_until_complete(run_in_stack(_entry(program)))
        except Exception as error:  # noqa: BLE001 -- handed to the caller, who turns it into a report
            return error
        finally:
            loop.run_until_complete(_drain())
            loop.close()
            asyncio.set_event_loop(None)
    return None


async def _drain() -> None:
    """Let tasks that a failure left behind end, so that nothing is reported as never awaited."""
    rest = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    for task in rest:
        task.cancel()
    await asyncio.gather(*rest, return_exceptions=True)


def _entry(program: Program) -> Callable[[], None]:
    def run() -> None:
        if isinstance(program, Path):
            runpy.run_path(str(program), run_name="__main__")
        else:
            program()

    return run


@contextlib.contextmanager
def _in_folder(program: Program) -> Iterator[None]:
    """Run with the program's folder as the working directory, as Pulumi does (`main: stacks`)."""
    if not isinstance(program, Path):
        yield
        return
    before = Path.cwd()
    os.chdir(program.parent)
    try:
        yield
    finally:
        os.chdir(before)


@contextlib.contextmanager
def _few_collections() -> Iterator[None]:
    """Collect garbage rarely while the program runs.

    Outputs are cycles of futures and callbacks that live until the end, so each of the default's many collections walks
    all of them to free nothing: a third of the time at 100 models.
    """
    before = gc.get_threshold()
    gc.set_threshold(100_000, 50, 50)
    try:
        yield
    finally:
        gc.set_threshold(*before)


def _raise(failure: Exception, monitor: GraphMonitor, previous: ResourceGraph | None) -> None:
    """Turn what the program raised into faults: its own where it has them, else one that names where it happened."""
    faults = list(getattr(failure, "faults", ()))
    if not all(isinstance(fault, Fault) for fault in faults):
        faults = [Fault(f.where, f.value, f.rule, f.fix) for f in faults]
    if faults and not any(
        node.custom and node.status == "created" and not node.is_provider for node in monitor.graph.nodes.values()
    ):
        raise FaultsFound(faults) from None
    if not faults:
        line = _last_line(failure)
        faults = [
            Fault(line, None, f"the program raised {type(failure).__name__}: {failure}", "mend the program there")
        ]
    raise EngineFault(_with_previous(monitor, previous), [*monitor.faults, *faults]) from failure


def _last_line(failure: BaseException) -> str:
    where = "program"
    trace = failure.__traceback__
    while trace is not None:
        where = f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}"
        trace = trace.tb_next
    return where


def _with_previous(monitor: GraphMonitor, previous: ResourceGraph | None) -> ResourceGraph:
    """Return the partial graph with what still stands from before, so that nothing created is ever lost from sight.

    A resource that could not be changed is shown as it stands, not as it was asked for: the next run compares with it.
    One whose replacement stands already is kept beside it, as superseded, for the next run or a teardown to delete.
    """
    graph = monitor.graph
    for urn, node in (previous.nodes if previous else {}).items():
        standing = graph.nodes.get(urn)
        if standing is None:
            graph.nodes[urn] = node
        elif standing.id is None and node.id is not None:
            for name in STANDING:
                setattr(standing, name, getattr(node, name))
    for node in monitor.reconciler.replaced if monitor.reconciler else ():
        if node.id is not None:
            urn = f"{node.urn}~superseded"
            graph.nodes[urn] = dataclasses.replace(node, urn=urn, status="superseded", order=len(graph.nodes))
    return graph

"""Experiment tracking: a finished run as a run of MLflow, in a database file or on a tracking server.

MLflow is the extra `tracking` (mlflow-skinny) and takes seconds to import, so it loads only when a run is logged. Since
version 3.17 it refuses folders as stores ("maintenance mode"); a SQLite file does the same without a server.
"""

from __future__ import annotations

import math
import os
import re
import warnings
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

_SCHEMES = ("sqlite:///", "http://", "https://")
_AT_ONCE = 100
"""Parameters and tags that MLflow takes in one request (REST API, Log Batch)."""


def log_run(
    uri: str,
    *,
    experiment: str,
    run_name: str,
    parameters: Mapping[str, Any],
    metrics: Mapping[str, float],
    tags: Mapping[str, Any],
    artifacts: Sequence[Path],
) -> str:
    """Log a finished run and return its MLflow run id.

    `uri` is a SQLite file (`sqlite:///mlflow.db`, four slashes for an absolute path) or the address of a tracking
    server; the experiment is made if there is none of that name. Artifacts of a SQLite store go to the folder
    `<name of the file>-artifacts` beside it. A None among parameters and tags is left out. MLflow's telemetry is turned
    off, unless the environment says otherwise. Raises `ValueError` naming every fault of the arguments, the extra to
    install where MLflow is missing, and what MLflow said where it failed.
    """
    if faults := list(_faults(uri, experiment, metrics, artifacts)):
        raise ValueError(f"the run was not logged to MLflow: {'; '.join(faults)}")
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    with warnings.catch_warnings():
        # SQLAlchemy 2.1 deprecates a loader strategy that MLflow's models still name.
        warnings.filterwarnings("ignore", message="The ``noload`` loader strategy", category=DeprecationWarning)
        try:
            from mlflow.exceptions import MlflowException
            from mlflow.tracking import MlflowClient
        except ImportError as error:
            raise ValueError(
                f"MLflow is not installed ({error}): install the extra `tracking`, as in "
                "`pip install mlops-estate[tracking]`, or log no run"
            ) from error
        try:
            client = MlflowClient(tracking_uri=uri)
            identity = _experiment(client, uri, experiment)
            return _logged(client, identity, run_name, parameters, metrics, tags, artifacts)
        except MlflowException as error:
            raise ValueError(f"MLflow at {_shown(uri)} did not take the run: {error}") from error


def _faults(uri: str, experiment: str, metrics: Mapping[str, Any], artifacts: Sequence[Path]) -> Iterator[str]:
    if not uri.startswith(_SCHEMES):
        yield f"{_shown(uri)!r} is no store: give sqlite:///FILE, or the http(s) address of a tracking server"
    if not experiment.strip():
        yield "the experiment has no name"
    for name, value in metrics.items():
        if not isinstance(value, int | float) or not math.isfinite(value):
            yield f"metric {name} is {value!r}, which is no finite number"
    yield from (f"the artifact {path} is no file" for path in artifacts if not path.is_file())


def _experiment(client: Any, uri: str, name: str) -> str:
    found = client.get_experiment_by_name(name)
    if found is not None:
        return str(found.experiment_id)
    place = None
    if uri.startswith("sqlite:///"):
        # Without it artifacts would go to ./mlruns of wherever the command was started.
        file = Path(uri.removeprefix("sqlite:///")).resolve()
        place = (file.parent / f"{file.stem}-artifacts" / re.sub(r"[^\w.-]+", "-", name)).as_uri()
    return str(client.create_experiment(name, artifact_location=place))


def _logged(
    client: Any, experiment: str, run_name: str, parameters: Mapping[str, Any], metrics: Mapping[str, float],
    tags: Mapping[str, Any], artifacts: Sequence[Path],
) -> str:  # fmt: skip
    from mlflow.entities import Metric, Param, RunTag

    run = client.create_run(experiment, run_name=run_name)
    identity, now = str(run.info.run_id), int(run.info.start_time)
    status = "FAILED"
    try:
        given = [Param(key, str(value)) for key, value in parameters.items() if value is not None]
        labels = [RunTag(key, str(value)) for key, value in tags.items() if value is not None]
        for start in range(0, max(len(given), len(labels), 1), _AT_ONCE):
            part = slice(start, start + _AT_ONCE)
            client.log_batch(identity, params=given[part], tags=labels[part])
        client.log_batch(identity, metrics=[Metric(key, float(value), now, 0) for key, value in metrics.items()])
        for path in artifacts:
            client.log_artifact(identity, str(path))
        status = "FINISHED"
    finally:
        client.set_terminated(identity, status=status)
    return identity


def _shown(uri: str) -> str:
    """Return an address without the name and password that it may hold."""
    return re.sub(r"//[^/@]*@", "//", uri)

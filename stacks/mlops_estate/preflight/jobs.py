"""How many instances run at once: a pipeline's steps, the monitors of an hour, endpoints during a release.

Sources: SageMaker AI developer guide, "Pipelines steps" and "ParallelismConfiguration" (how many steps of an execution
run at once), "Schedule monitoring jobs" (cron in UTC, hourly at the most), "Blue/Green Deployments" (a new fleet of the
same size stands beside the old one), "Use rolling deployments" (a batch stands beside the old fleet).
"""

from __future__ import annotations

import functools
import json
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

_CRON = re.compile(r"cron\(\S+ (\S+) \S+ \S+ \S+ \S+\)")
HOURS = range(24)


@dataclass(frozen=True, slots=True)
class Job:
    """A job's instances: how it uses them, their type, and how many."""

    usage: str
    instance_type: str
    count: int


def pipeline_jobs(definition: str, parallel: int | None) -> dict[tuple[str, str], int]:
    """Return the most instances that one execution has at once, by use and type.

    Steps that wait for each other never run together; of those that may, `parallel` run at once (None: all of them).
    """
    document = json.loads(definition)
    parameters = {item["Name"]: item.get("DefaultValue") for item in document.get("Parameters", [])}
    jobs = dict(_step_jobs(document.get("Steps", []), parameters))
    kinds = sorted({(job.usage, job.instance_type) for job in jobs.values()})
    structure = json.dumps(_edges(document))
    found = {}
    for kind in kinds:
        names = tuple(sorted(name for name, job in jobs.items() if (job.usage, job.instance_type) == kind))
        width = at_once(structure, names)
        most = min(width, parallel) if parallel else width
        found[kind] = sum(sorted((jobs[name].count for name in names), reverse=True)[:most])
    return found


def _edges(document: Mapping[str, Any]) -> list[tuple[str, str]]:
    from mlops_estate.pipeline_checks.picture import as_data

    return sorted((edge["from"], edge["to"]) for edge in as_data(document)["edges"])


@functools.lru_cache(maxsize=256)
def at_once(structure: str, names: tuple[str, ...]) -> int:
    """Return how many of the named steps can run at once: the largest set in which no step waits for another.

    By Dilworth's theorem it is the number of steps less the largest matching of those that wait for each other.
    """
    import networkx as nx

    graph: Any = nx.DiGraph(json.loads(structure))
    graph.add_nodes_from(names)
    waits = nx.transitive_closure_dag(graph)
    pairs: Any = nx.Graph()
    before = [f"before {name}" for name in names]
    pairs.add_nodes_from(before)
    pairs.add_edges_from(
        (f"before {one}", f"after {other}") for one, other in waits.edges if one in names and other in names
    )
    matched = nx.bipartite.maximum_matching(pairs, top_nodes=before)
    return len(names) - len(matched) // 2


def _step_jobs(steps: list[Mapping[str, Any]], parameters: Mapping[str, Any]) -> Iterator[tuple[str, Job]]:
    for step in steps:
        arguments = step.get("Arguments") or {}
        for branch in ("IfSteps", "ElseSteps"):
            yield from _step_jobs(arguments.get(branch) or [], parameters)
        if job := _job(str(step.get("Type")), arguments, parameters):
            yield str(step["Name"]), job


def _job(kind: str, arguments: Mapping[str, Any], parameters: Mapping[str, Any]) -> Job | None:
    at_once_in_job = 1
    if kind == "Tuning":
        limits = arguments["HyperParameterTuningJobConfig"]["ResourceLimits"]
        at_once_in_job = int(_given(limits["MaxParallelTrainingJobs"], parameters))
        arguments = arguments["TrainingJobDefinition"]
        kind = "Training"
    if kind == "Processing":
        cluster, usage = arguments["ProcessingResources"]["ClusterConfig"], "processing"
    elif kind == "Training":
        cluster = arguments["ResourceConfig"]
        usage = "spot" if _given(arguments.get("EnableManagedSpotTraining"), parameters) else "training"
    elif kind == "Transform":
        cluster, usage = arguments["TransformResources"], "transform"
    else:
        return None
    return Job(
        usage, str(_given(cluster["InstanceType"], parameters)),
        int(_given(cluster.get("InstanceCount", 1), parameters)) * at_once_in_job,
    )  # fmt: skip


def _given(value: Any, parameters: Mapping[str, Any]) -> Any:
    """Return a value, or the default of the parameter that it is taken from."""
    if isinstance(value, Mapping) and str(value.get("Get", "")).startswith("Parameters."):
        return parameters.get(value["Get"].removeprefix("Parameters."))
    return value


def hours_of(expression: str) -> frozenset[int]:
    """Return the hours of a day (UTC) at which a schedule fires; every hour where the form is another than cron's."""
    found = _CRON.fullmatch(expression)
    if found is None:
        return frozenset(HOURS)
    hours: set[int] = set()
    for part in found[1].split(","):
        start, _, step = part.partition("/")
        low, _, high = start.partition("-")
        if low in ("*", "?"):
            first, last = 0, 23
        else:
            first = int(low)
            last = int(high) if high else (23 if step else first)
        hours |= set(range(first, last + 1, int(step or 1)))
    return frozenset(hours)


def release_peak(most: int, deployment: Mapping[str, Any]) -> tuple[int, str]:
    """Return how many instances an endpoint has during a release, and why: `most` is what it may scale to."""
    rolling = deployment.get("rollingUpdatePolicy")
    if rolling:
        batch = rolling["maximumBatchSize"]
        extra = batch["value"] if batch["type"] == "INSTANCE_COUNT" else math.ceil(most * batch["value"] / 100)
        return most + int(extra), f"{most} and a batch of {int(extra)} during a rolling release"
    return 2 * most, f"{most}, twice during a blue/green release"

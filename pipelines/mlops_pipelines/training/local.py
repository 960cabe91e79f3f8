"""Execute a pipeline definition locally: the JSON that was deployed, each job as a process, no Docker and no AWS.

What is run: processing and training jobs (`jobs.py`), conditions, failing and registering a model; steps that wait for
nothing run at the same time, as far as `parallel` allows (ParallelismConfiguration). What is not: retry policies,
instance types, keys and networks. Any other step type is refused before anything runs.
"""

from __future__ import annotations

import json
import sys
import uuid
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter
from typing import Any

from mlops_pipelines.training.cache import StepCache
from mlops_pipelines.training.expressions import ExpressionError, Scope, references
from mlops_pipelines.training.jobs import Fetch, JobFailed, JobResult, JobRunner, Store

STEP_TYPES = ("Processing", "Training", "Condition", "RegisterModel", "Fail")
_TYPES: Mapping[str, tuple[type, ...]] = {
    "String": (str,), "Integer": (int,), "Float": (float, int), "Boolean": (bool,)
}  # fmt: skip
OnStep = Callable[[str, str, float], None]
"""Told a step's name, `running`, `succeeded`, `cached` or `failed`, and the seconds since it started."""


class StepFailed(RuntimeError):  # noqa: N818 -- the outcome SageMaker reports
    """A step failed, and the pipeline with it; `step` names it, `reason` ends with its last lines of standard error."""

    def __init__(self, step: str, reason: str) -> None:
        super().__init__(f"step {step} failed: {reason}")
        self.step, self.reason = step, reason


@dataclass(frozen=True)
class StepRun:
    """A step that ran: its name and type, how long it took in seconds, how often it started, and its properties.

    `outputs` are the local folders of a processing job's outputs; `cached` tells that they are an earlier run's.
    """

    name: str
    type: str
    seconds: float
    attempts: int
    properties: Mapping[str, Any]
    outputs: Mapping[str, Path] = field(default_factory=dict)
    cached: bool = False


@dataclass
class PipelineRun:
    """An execution that succeeded; its steps are in the definition's order.

    `model_package` is what CreateModelPackage takes, with the real URIs of what was stored, or None if the definition
    registers nothing on the branch it took. `metrics` are the metrics of training jobs (by metric definition) and of
    property files in Model Monitor's model-quality format. `property_files` maps their names to their contents.
    """

    execution_id: str
    parameters: Mapping[str, Any]
    steps: list[StepRun] = field(default_factory=list)
    model_package: dict[str, Any] | None = None
    metrics: dict[str, float] = field(default_factory=dict)
    property_files: dict[str, Any] = field(default_factory=dict)


def run_definition(
    definition: Mapping[str, Any],
    *,
    parameters: Mapping[str, Any],
    work_dir: Path,
    fetch: Fetch,
    store: Store,
    python: str = sys.executable,
    on_step: OnStep = lambda _step, _state, _seconds: None,
    execution_id: str | None = None,
    pipeline_arn: str = "arn:aws:sagemaker:eu-west-1:123456789012:pipeline/local",
    reclaim: Collection[str] = (),
    parallel: int = 1,
    environment: Mapping[str, str] | None = None,
    cache: StepCache | None = None,
    run: PipelineRun | None = None,
    runner: type[JobRunner] = JobRunner,
) -> PipelineRun:
    """Execute a definition and return the run.

    `parameters` override the definition's defaults. Objects are reached through `fetch` and `store` only. Each job gets
    the folder `work_dir/<execution id>/<job>`, which stays for inspection. `execution_id` is random by default;
    `reclaim` names training steps on managed spot that lose their instance once, after their first checkpoint.
    `parallel` is how many steps may run at the same time. `environment` are variables of jobs that are not isolated
    from the network, such as the address of an account; `cache` keeps outputs for later runs. A `run` that is given is
    filled while it goes on, so that a caller still has what was done when a step fails; `runner` is what runs its jobs.

    Raises `ValueError` naming every unknown or badly typed parameter, step type that is not run here, and reference to
    a step that does not exist, before anything runs; `StepFailed` when a step fails.
    """
    values = _parameters(definition, parameters)
    _refuse_unknown_steps(definition["Steps"])
    identity = execution_id or uuid.uuid4().hex[:12]
    now = datetime.now(UTC).isoformat()
    execution = {
        "PipelineExecutionId": identity,
        "PipelineExecutionArn": f"{pipeline_arn}/execution/{identity}",
        "PipelineName": pipeline_arn.rsplit("/", 1)[-1],
        "PipelineArn": pipeline_arn,
        "StartDateTime": now,
        "CurrentDateTime": now,
    }
    root = work_dir.resolve() / identity
    root.mkdir(parents=True)
    result = run if run is not None else PipelineRun("", {})
    result.execution_id, result.parameters = identity, values
    jobs = runner(root, fetch, store, python, environment or {}, cache)
    executor = _Executor(result, Scope(values, execution), jobs, on_step, frozenset(reclaim), max(1, parallel))
    executor.run(definition["Steps"])
    return result


@dataclass
class _Executor:
    result: PipelineRun
    scope: Scope
    jobs: JobRunner
    on_step: OnStep
    reclaim: frozenset[str]
    parallel: int

    def run(self, steps: Sequence[Mapping[str, Any]]) -> None:
        """Run steps as soon as what they wait for has ended; the first failure ends the others."""
        waiting, running = list(steps), dict[Future[_Ended], Mapping[str, Any]]()
        order = {step["Name"]: place for place, step in enumerate(_walk(steps))}
        with ThreadPoolExecutor(self.parallel) as pool:
            try:
                while waiting or running:
                    for step in self._ready(waiting, free=self.parallel - len(running)):
                        waiting.remove(step)
                        self.on_step(step["Name"], "running", 0.0)
                        running[pool.submit(self._timed, step)] = step
                    self._refuse_stuck(waiting, running)
                    for done in wait(running, return_when=FIRST_COMPLETED).done:
                        waiting += self._ended(running.pop(done), done.result())
            except BaseException:  # also when the user interrupts: no job outlives the run
                self.jobs.stop()
                raise
            finally:
                self.result.steps.sort(key=lambda step: order[step.name])

    def _ready(self, waiting: Sequence[Mapping[str, Any]], free: int) -> list[Mapping[str, Any]]:
        return [step for step in waiting if _needs(step) <= self.scope.properties.keys()][:free]

    def _refuse_stuck(self, waiting: Sequence[Mapping[str, Any]], running: Collection[Any]) -> None:
        if waiting and not running:
            missing = sorted(_needs(waiting[0]) - self.scope.properties.keys())
            reason = f"it waits for {', '.join(missing)}, which did not run or waits for it"
            raise StepFailed(waiting[0]["Name"], reason)

    def _timed(self, step: Mapping[str, Any]) -> _Ended:
        """Run one step, in a thread of its own: nothing that steps share is changed here."""
        start = perf_counter()
        try:
            job, branches = self._step(step)
            return _Ended(perf_counter() - start, job, branches, _property_files(step, job))
        except (JobFailed, ExpressionError) as error:
            return _Ended(perf_counter() - start, failure=error)

    def _ended(self, step: Mapping[str, Any], ended: _Ended) -> list[Mapping[str, Any]]:
        """Take over what a step left, and return the steps of the branch that it opened."""
        name = step["Name"]
        if ended.failure is not None or ended.job is None:
            self.on_step(name, "failed", ended.seconds)
            raise StepFailed(name, str(ended.failure)) from ended.failure
        job = ended.job
        for file, document in ended.files.items():
            self.scope.property_files[name, file] = document
            self.result.property_files[file] = document
            self.result.metrics.update(_quality_metrics(document))
        if step["Type"] == "Training":
            measured = job.properties["FinalMetricDataList"]
            self.result.metrics.update({key: metric["Value"] for key, metric in measured.items()})
        if step["Type"] == "RegisterModel":
            self.result.model_package = job.properties
        self.scope.properties[name] = job.properties
        self.result.steps.append(
            StepRun(name, step["Type"], ended.seconds, job.attempts, job.properties, job.outputs, job.cached)
        )
        self.on_step(name, "cached" if job.cached else "succeeded", ended.seconds)
        return list(ended.branch)

    def _step(self, step: Mapping[str, Any]) -> tuple[JobResult, Sequence[Mapping[str, Any]]]:
        kind, arguments = step["Type"], step["Arguments"]
        if kind == "Condition":
            holds = all(self.scope.holds(condition) for condition in arguments["Conditions"])
            return JobResult({"Outcome": holds}), arguments.get("IfSteps" if holds else "ElseSteps") or []
        evaluated = self.scope.evaluate(arguments)
        job = f"pipelines-{self.result.execution_id}-{step['Name']}"
        if kind == "Processing":
            return self.jobs.processing(job, evaluated), []
        if kind == "Training":
            return self.jobs.training(job, evaluated, reclaim=step["Name"] in self.reclaim), []
        if kind == "RegisterModel":
            return JobResult(evaluated), []
        raise JobFailed(str(evaluated["ErrorMessage"]))


@dataclass(frozen=True)
class _Ended:
    """How a step ended: in how many seconds, with which job, branch and property files, or by which failure."""

    seconds: float
    job: JobResult | None = None
    branch: Sequence[Mapping[str, Any]] = ()
    files: Mapping[str, Any] = field(default_factory=dict)
    failure: Exception | None = None


def _property_files(step: Mapping[str, Any], job: JobResult) -> dict[str, Any]:
    found = {}
    for item in step.get("PropertyFiles", []):
        name, output = item["PropertyFileName"], item["OutputName"]
        path = job.outputs.get(output, Path()) / item["FilePath"]
        try:
            found[name] = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise JobFailed(f"property file {name} ({output}/{item['FilePath']}) cannot be read: {error}") from error
    return found


def _parameters(definition: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    declared = {item["Name"]: item for item in definition.get("Parameters", [])}
    faults = [f"parameter {name} is unknown (known: {', '.join(declared)})" for name in given if name not in declared]
    values = {}
    for name, item in declared.items():
        value = given.get(name, item.get("DefaultValue"))
        kinds = _TYPES[item["Type"]]
        if value is None:
            faults.append(f"parameter {name} has no default and was not given")
        elif not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
            faults.append(f"parameter {name} = {value!r} is not of type {item['Type']}")
        elif item.get("EnumValues") and value not in item["EnumValues"]:
            faults.append(f"parameter {name} = {value!r} is none of {item['EnumValues']}")
        values[name] = value
    if faults:
        raise ValueError("; ".join(faults))
    return values


def _walk(steps: Sequence[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    for step in steps:
        yield step
        if step["Type"] == "Condition":
            for branch in ("IfSteps", "ElseSteps"):
                yield from _walk(step["Arguments"].get(branch) or [])


def _refuse_unknown_steps(steps: Sequence[Mapping[str, Any]]) -> None:
    known = {step["Name"] for step in _walk(steps)}
    faults = [
        f"step {step['Name']} is of type {step['Type']}, which is not run locally (run are {', '.join(STEP_TYPES)})"
        for step in _walk(steps)
        if step["Type"] not in STEP_TYPES
    ]
    faults += [
        f"step {step['Name']} refers to step {name}, which does not exist"
        for step in _walk(steps)
        for name in sorted(_needs(step) - known)
    ]
    if faults:
        raise ValueError("; ".join(faults))


def _needs(step: Mapping[str, Any]) -> set[str]:
    """Return the steps that a step waits for: those it refers to and those it depends on by name."""
    arguments = step["Arguments"]
    own = arguments.get("Conditions") if step["Type"] == "Condition" else arguments
    found = {reference.split(".")[1] for reference in references(own) if reference.startswith("Steps.")}
    return found | {item["Step"] if isinstance(item, Mapping) else item for item in step.get("DependsOn", [])}


def _quality_metrics(document: Any) -> dict[str, float]:
    groups = document.items() if isinstance(document, Mapping) else ()
    metrics = [group for name, group in groups if name.endswith("_metrics") and isinstance(group, Mapping)]
    return {
        name: float(metric["value"])
        for group in metrics
        for name, metric in group.items()
        if isinstance(metric, Mapping) and isinstance(metric.get("value"), (int, float))
    }

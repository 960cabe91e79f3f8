"""SageMaker jobs that are written inside documents: steps of a pipeline, tasks of a state machine.

What stands for a value that an execution brings is read as unknown: a pipeline's ``{"Get": ...}``,
``{"Std:Join": ...}``, ``{"Std:JsonGet": ...}``, a state machine's keys that end in ``.$`` and its JSONata texts
``{% ... %}``. So such a value counts as given, and what it is is not evaluated. Sources: SageMaker developer guide,
"Pipelines"; SageMaker Python SDK, `workflow`; Amazon States Language specification.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from mlops_policies.resource import Resource, View
from mlops_policies.values import UNKNOWN, Malformed, listed

PIPELINE_DEFINITION = "pipelineDefinition"
MACHINE_DEFINITION = "definition"
_PIPELINE_FUNCTIONS = frozenset({"Get", "Std:Join", "Std:JsonGet"})
_BRANCHES = ("IfSteps", "ElseSteps")
_CREATES = re.compile(r"^arn:[\w-]+:states:[\w-]*:\d*:(?:aws-sdk:)?sagemaker:create(\w+?)(?:\.\w+)?$")
_STEP_TYPES: Mapping[str, str] = {
    "Training": "TrainingJob",
    "Processing": "ProcessingJob",
    "QualityCheck": "ProcessingJob",
    "ClarifyCheck": "ProcessingJob",
    "Transform": "TransformJob",
    "Tuning": "HyperParameterTuningJob",
    "AutoML": "AutoMLJob",
    "Compilation": "CompilationJob",
    "Model": "Model",
    "RegisterModel": "ModelPackage",
}
"""What each type of step creates."""


class Embedded(NamedTuple):
    """One request to SageMaker in a document: who makes it, what it creates (``TrainingJob``), and its parameters."""

    name: str
    creates: str
    parameters: View


def steps(pipeline: Resource) -> list[Embedded]:
    """Return the requests that a pipeline's steps make, those in the branches of conditions too.

    Raises `UnknownValue` and `Malformed`.
    """
    document = pipeline.document(PIPELINE_DEFINITION)
    if not isinstance(document, Mapping):
        raise Malformed(pipeline.path(PIPELINE_DEFINITION), "is no pipeline definition")
    return list(_steps(pipeline, document.get("Steps"), f"{PIPELINE_DEFINITION}.Steps"))


def _steps(pipeline: Resource, given: Any, at: str) -> Iterator[Embedded]:
    for index, step in enumerate(_objects(given)):
        place = f"{at}[{index}].Arguments"
        arguments = step.get("Arguments")
        creates = _STEP_TYPES.get(step.get("Type", ""))
        if creates is not None:
            yield Embedded(str(step.get("Name")), creates, View(pipeline, _by_execution(arguments), place))
        elif isinstance(arguments, Mapping):
            for branch in _BRANCHES:
                yield from _steps(pipeline, arguments.get(branch), f"{place}.{branch}")


def tasks(machine: Resource) -> list[Embedded]:
    """Return the requests for SageMaker jobs that a state machine's tasks make, at any depth.

    Raises `UnknownValue` and `Malformed`.
    """
    document = machine.document(MACHINE_DEFINITION)
    if not isinstance(document, Mapping):
        raise Malformed(machine.path(MACHINE_DEFINITION), "is no definition of a state machine")
    return list(_tasks(machine, document, MACHINE_DEFINITION))


def _tasks(machine: Resource, level: Mapping[str, Any], at: str) -> Iterator[Embedded]:
    states = level.get("States")
    for name, state in states.items() if isinstance(states, Mapping) else ():
        if not isinstance(state, Mapping):
            continue
        place = f"{at}.States.{name}"
        found = _CREATES.match(str(state.get("Resource")))
        if found:
            path = "Arguments" if "Arguments" in state else "Parameters"
            # A task without parameters hands its input on as they are.
            given = _by_execution(state.get(path, UNKNOWN))
            yield Embedded(name, found[1], View(machine, given, f"{place}.{path}"))
        for index, branch in enumerate(_objects(state.get("Branches"))):
            yield from _tasks(machine, branch, f"{place}.Branches[{index}]")
        for path in ("Iterator", "ItemProcessor"):
            for inner in _objects(state.get(path)):
                yield from _tasks(machine, inner, f"{place}.{path}")


def _objects(given: Any) -> list[Mapping[str, Any]]:
    return [item for item in listed(given) if isinstance(item, Mapping)]


def _by_execution(value: Any) -> Any:
    """Return parameters with what an execution brings as unknown values."""
    if isinstance(value, list):
        return [_by_execution(item) for item in value]
    if isinstance(value, str):
        return UNKNOWN if value.startswith("{%") else value
    if not isinstance(value, Mapping):
        return value
    if len(value) == 1 and next(iter(value)) in _PIPELINE_FUNCTIONS:
        return UNKNOWN
    return {
        key.removesuffix(".$"): UNKNOWN if key.endswith(".$") else _by_execution(item) for key, item in value.items()
    }

"""What a pipeline definition really does: its steps, the programs they run, and which step's outputs feed which."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mlops_estate.graph import UNKNOWN, ResourceGraph, ResourceNode
from mlops_estate.maturity.values import block, entries, texts

PIPELINE = "aws:sagemaker/pipeline:Pipeline"
COMPONENT = "mlops:index:TrainingPipeline"
SHIPPED = Path("pipelines") / "mlops_pipelines" / "training" / "definition.json"
"""What the component fills in where it has no definition of its own, below the project's folder."""
_REFERENCE = re.compile(r"Steps\.([^.\[]+)")
_MODULE = re.compile(r"\bpython[\d.]*\s+-m\s+([\w.]+)")


@dataclass(frozen=True, slots=True)
class Step:
    """One step, also within a branch. `branch` is the condition and branch that it is in, "" for none.

    `program` is the module that its container runs, "" where none can be read. `after` are the steps that it takes
    something from or waits for, directly.
    """

    name: str
    type: str
    arguments: Mapping[str, Any]
    program: str
    after: frozenset[str]
    branch: tuple[str, str] | None = None
    retries: tuple[Mapping[str, Any], ...] = ()
    cached: bool = False


@dataclass(frozen=True, slots=True)
class Pipeline:
    """A pipeline of the graph with what it runs; `origin` says where its definition was read, "" if it is unknown."""

    node: ResourceNode
    steps: dict[str, Step] = field(default_factory=dict)
    origin: str = ""
    parameters: dict[str, Any] = field(default_factory=dict)

    def running(self, program: str) -> list[Step]:
        """Return the steps that run a module."""
        return [step for step in self.steps.values() if step.program == program]

    def typed(self, kind: str) -> list[Step]:
        """Return the steps of a type: Training, Processing, Condition, RegisterModel, Fail, ..."""
        return [step for step in self.steps.values() if step.type == kind]

    def upstream(self, step: Step) -> set[str]:
        """Return the names of all steps that have to end before a step starts; those before its branch too."""
        found: set[str] = set()
        waiting = [step.name]
        while waiting:
            at = self.steps.get(waiting.pop())
            if at is None:
                continue
            before = set(at.after) | ({at.branch[0]} if at.branch else set())
            for name in before - found:
                found.add(name)
                waiting.append(name)
        return found


def read_pipelines(graph: ResourceGraph, project_dir: Path) -> list[Pipeline]:
    """Return the pipelines of a graph.

    A definition that is known is read as it is. One that is only known after the update is read from what the component
    fills in: its text is fixed but for names, ARNs and instance types. A definition of somebody's own, and unknown, has
    no steps.
    """
    found = []
    for node in graph.custom_nodes():
        if node.type == PIPELINE:
            data, origin = _definition(node, graph, project_dir)
            found.append(_pipeline(node, data, origin))
    return found


def _definition(node: ResourceNode, graph: ResourceGraph, project_dir: Path) -> tuple[Any, str]:
    text = node.inputs.get("pipelineDefinition")
    if isinstance(text, str) and text != UNKNOWN:
        return _json(text), "the definition as deployed"
    component = graph.nodes.get(node.parent or "")
    if component is None or component.type != COMPONENT or component.inputs.get("definition") is not None:
        return None, ""
    path = project_dir / SHIPPED
    return (_json(path.read_text(encoding="utf-8")), SHIPPED.as_posix()) if path.is_file() else (None, "")


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        return None


def _pipeline(node: ResourceNode, data: Any, origin: str) -> Pipeline:
    if not isinstance(data, Mapping) or not isinstance(data.get("Steps"), list):
        return Pipeline(node)
    parameters = {str(one.get("Name")): one.get("DefaultValue") for one in entries(data.get("Parameters"))}
    return Pipeline(node, {step.name: step for step in _steps(data["Steps"], None)}, origin, parameters)


def _steps(raw: Iterable[Any], branch: tuple[str, str] | None) -> Iterator[Step]:
    for data in raw:
        if not isinstance(data, Mapping) or not isinstance(data.get("Name"), str):
            continue
        name, arguments = data["Name"], data.get("Arguments")
        arguments = arguments if isinstance(arguments, Mapping) else {}
        own = {key: value for key, value in data.items() if key != "Arguments"}
        own["Arguments"] = {key: value for key, value in arguments.items() if key not in ("IfSteps", "ElseSteps")}
        after = frozenset(references(own)) | frozenset(texts(data.get("DependsOn")))
        yield Step(
            name, str(data.get("Type")), arguments, _program(arguments), after - {name}, branch,
            tuple(entries(data.get("RetryPolicies"))), bool(block(data.get("CacheConfig")).get("Enabled")),
        )  # fmt: skip
        for side in ("IfSteps", "ElseSteps"):
            yield from _steps(entries(arguments.get(side)), (name, side))


def references(value: Any) -> Iterator[str]:
    """Yield the names of the steps that a value takes something from."""
    if isinstance(value, Mapping):
        got = value.get("Get")
        if isinstance(got, str) and (found := _REFERENCE.match(got)):
            yield found[1]
        for item in value.values():
            yield from references(item)
    elif isinstance(value, list):
        for item in value:
            yield from references(item)


def _program(arguments: Mapping[str, Any]) -> str:
    entry = texts(block(arguments.get("AppSpecification")).get("ContainerEntrypoint"))
    found = _MODULE.search(" ".join(entry))
    return found[1] if found else str(block(arguments.get("HyperParameters")).get("sagemaker_program") or "")

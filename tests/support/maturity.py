"""Facts of the shipped prod environment, and ways to take evidence away from them, or to give it."""

from __future__ import annotations

import copy
import functools
import json
import pickle
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

from mlops_estate.config import load_environment
from mlops_estate.graph import ResourceNode
from mlops_estate.maturity.facts import Facts, collect_facts
from mlops_estate.maturity.pipelines import read_pipelines
from mlops_estate.maturity.workflows import read_workflows
from mlops_pipelines.training.rendering import load_definition
from tests.support.previews import previewed
from tests.support.programs import MODEL, PROJECT

Change = Callable[[Facts, Path], None]
"""Changes facts in place; the folder is one of its own to write files into."""
TRAINING = f"{MODEL}-training"


@functools.cache
def _shipped() -> bytes:
    """Return them pickled: that copies several times faster than `copy.deepcopy`."""
    return pickle.dumps(collect_facts(previewed("prod"), load_environment("prod", PROJECT)))


def facts() -> Facts:
    """Return the facts of prod, to be changed at will."""
    found: Facts = pickle.loads(_shipped())
    return found


def drop(ending: str, part: str = "") -> Change:
    """Take away every resource of a type, of those whose name holds a part."""

    def change(found: Facts, _folder: Path) -> None:
        gone = [node.urn for node in found.graph.custom_nodes() if node.type.endswith(ending) and part in node.name]
        assert gone, f"nothing to take away: {ending} {part}"
        for urn in gone:
            del found.graph.nodes[urn]
        found.pipelines = [one for one in found.pipelines if one.node.urn in found.graph.nodes]

    return change


def edit(ending: str, change_inputs: Callable[[dict[str, Any]], Any], part: str = "", *, first: bool = False) -> Change:
    """Change the inputs of resources of a type, components too."""

    def change(found: Facts, _folder: Path) -> None:
        nodes = [node for node in found.graph.nodes.values() if node.type.endswith(ending) and part in node.name]
        assert nodes, f"nothing to change: {ending} {part}"
        for node in nodes[:1] if first else nodes:
            change_inputs(node.inputs)

    return change


def unlink(ending: str, prop: str, part: str = "") -> Change:
    """Cut what a property takes from others."""

    def change(found: Facts, _folder: Path) -> None:
        nodes = [node for node in found.graph.custom_nodes() if node.type.endswith(ending) and part in node.name]
        assert any(node.property_dependencies.get(prop) for node in nodes), f"nothing to cut: {ending} {prop}"
        for node in nodes:
            node.property_dependencies[prop] = []

    return change


def add(kind: str, name: str, inputs: dict[str, Any], links: dict[str, list[str]] | None = None) -> Change:
    """Declare a resource; `links` names what each property takes something from by `TYPE NAME`."""

    def change(found: Facts, _folder: Path) -> None:
        urn = f"urn:pulumi:prod::mlops-estate::{kind}::{name}"
        linked = {prop: [_named(found, *one.split(" ")) for one in many] for prop, many in (links or {}).items()}
        needed = [urn for many in linked.values() for urn in many]
        node = ResourceNode(urn, kind, name, True, inputs=inputs, property_dependencies=linked, dependencies=needed,
                            source="added:1")  # fmt: skip
        found.graph.nodes[urn] = node
        found.owners[urn] = MODEL

    return change


def link(ending: str, prop: str, target: str, part: str = "") -> Change:
    """Let a property take something from another resource, `TYPE NAME`."""

    def change(found: Facts, _folder: Path) -> None:
        for node in found.graph.custom_nodes():
            if node.type.endswith(ending) and part in node.name:
                node.property_dependencies[prop] = [_named(found, *target.split(" "))]

    return change


def _named(found: Facts, ending: str, name: str) -> str:
    return next(node.urn for node in found.graph.custom_nodes() if node.type.endswith(ending) and node.name == name)


def definition(change_definition: Callable[[dict[str, dict[str, Any]], dict[str, Any]], Any]) -> Change:
    """Change the pipeline's definition, as it is deployed; the function takes the steps by name, and all of it."""

    def change(found: Facts, _folder: Path) -> None:
        data = load_definition()
        before = json.dumps(data)
        change_definition(_steps(data["Steps"]), data)
        assert json.dumps(data) != before, "the definition is as it was"
        node = next(node for node in found.graph.custom_nodes() if node.name == TRAINING and "pipeline" in node.type)
        node.inputs["pipelineDefinition"] = json.dumps(data)
        found.pipelines = read_pipelines(found.graph, found.project_dir)

    return change


def _steps(steps: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    found = {}
    for step in steps:
        found[step["Name"]] = step
        for side in ("IfSteps", "ElseSteps"):
            found |= _steps(step.get("Arguments", {}).get(side, []))
    return found


def forget(data: Any, step: str) -> None:
    """Take every reference to a step out of part of a definition."""
    if isinstance(data, dict):
        if str(data.get("Get", "")).startswith(f"Steps.{step}."):
            data["Get"] = "Parameters.InputDataUri"
        for value in data.values():
            forget(value, step)
    elif isinstance(data, list):
        for value in data:
            forget(value, step)


def other_program(step: dict[str, Any]) -> None:
    """Let a step keep its name, and run something else."""
    entry = step["Arguments"]["AppSpecification"]["ContainerEntrypoint"]
    step["Arguments"]["AppSpecification"]["ContainerEntrypoint"] = [
        part.replace("python3 -m mlops_pipelines.steps.", "python3 -m something.") for part in entry
    ]


def block(change_block: Callable[[dict[str, Any]], Any]) -> Change:
    """Change the model's block."""
    return lambda found, _folder: change_block(found.models[MODEL])


def workflows(change_workflows: Callable[[dict[str, Any]], Any]) -> Change:
    """Change the workflows, by the name of their file without ending; scripts that they call stay."""

    def change(found: Facts, folder: Path) -> None:
        shutil.copytree(PROJECT / ".github", folder / ".github")
        (folder / ".ci").mkdir()
        for script in (PROJECT / ".ci").iterdir():
            if script.is_file():
                shutil.copy(script, folder / ".ci" / script.name)
        for name in ("check", "estate"):
            shutil.copy(PROJECT / name, folder / name)
        paths = {path.stem: path for path in (folder / ".github" / "workflows").iterdir()}
        data = {name: _parsed(path.read_text(encoding="utf-8")) for name, path in paths.items()}
        before = copy.deepcopy(data)
        change_workflows(data)
        assert data != before, "the workflows are as they were"
        for name, path in paths.items():
            path.unlink()
            if name in data:
                path.write_text(json.dumps(data[name]), encoding="utf-8")
        found.workflows, _notes = read_workflows(folder)

    return change


def _parsed(text: str) -> Any:
    """Return a workflow as plain data whose values are all text, as `on` has to stay."""
    return yaml.load(text, Loader=getattr(yaml, "CBaseLoader", yaml.BaseLoader))


def without_jobs(*jobs: str) -> Change:
    """Take away jobs, `WORKFLOW JOB`."""

    def change(data: dict[str, Any]) -> None:
        for one in jobs:
            workflow, job = one.split(" ")
            del data[workflow]["jobs"][job]

    return workflows(change)


def step_of(data: dict[str, Any], workflow: str, job: str, part: str) -> dict[str, Any]:
    """Return the step of a job whose command, action or name holds a part."""
    steps = data[workflow]["jobs"][job]["steps"]
    return next(step for step in steps if any(part in str(step.get(key, "")) for key in ("run", "uses", "name")))

"""What references lead to: parameters, execution variables, steps' properties, outputs, property files."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any

from botocore.model import ListShape, MapShape, Shape, StructureShape

from mlops_estate.embedded.validation import service_model
from mlops_estate.faults import Fault
from mlops_estate.pipeline_checks.steps import Placed, functions, own_part, placed

PARAMETER_KINDS = {"String": "string", "Integer": "integer", "Float": "float", "Boolean": "boolean"}
EXECUTION_VARIABLES = frozenset(
    {
        "PipelineName", "PipelineArn", "PipelineExecutionId", "PipelineExecutionArn", "StartDateTime",
        "CurrentDateTime", "TrainingJobName", "ProcessingJobName",
    }
)  # fmt: skip
_STEP = re.compile(r"Steps\.([^.]+)\.?(.*)", re.DOTALL)
_OUTPUT = re.compile(r"ProcessingOutputConfig\.Outputs\[['\"]([^'\"]+)['\"]\]")
_TOKEN = re.compile(r"\[['\"]?([^\]'\"]*)['\"]?\]|([^.\[\]]+)")


class Document:
    """A definition with its parameters and steps by name, to look references up in."""

    def __init__(self, definition: Mapping[str, Any]) -> None:
        given = definition.get("Parameters")
        listed = given if isinstance(given, list) else []
        self.parameters = {str(item.get("Name")): item for item in listed if isinstance(item, Mapping)}
        steps = definition.get("Steps")
        self.steps = list(placed(steps if isinstance(steps, list) else []))

    @cached_property
    def by_name(self) -> dict[str, Placed]:
        """The steps by their name; of two with one name the first."""
        found: dict[str, Placed] = {}
        for step in self.steps:
            found.setdefault(step.name, step)
        return found

    def kinds_of(self, function: Mapping[str, Any]) -> frozenset[str]:
        """Return the types that a function can give; none where that can't be told."""
        name, value = next(iter(function.items()))
        if name == "Std:Join":
            return frozenset({"string"})
        if name != "Get" or not isinstance(value, str):
            return frozenset()
        space, _, rest = value.partition(".")
        if space == "Parameters":
            kind = PARAMETER_KINDS.get(str(self.parameters.get(rest, {}).get("Type")))
            return frozenset({kind}) if kind else frozenset()
        if space == "Execution":
            return frozenset({"string"})
        return frozenset(shape.type_name for shape in self._shapes(value))

    def _shapes(self, reference: str) -> list[Shape]:
        found = _STEP.fullmatch(reference)
        step = self.by_name.get(found[1]) if found else None
        if found is None or step is None or step.kind is None:
            return []
        model = service_model("sagemaker")
        shapes = [_followed(model.shape_for(name), found[2]) for name in step.kind.answers]
        return [shape for shape in shapes if shape is not None]

    def faults(self, step: Placed) -> Iterator[Fault]:
        """Yield every reference of a step that leads to nothing."""
        for path, function in functions(own_part(step)):
            name, value = next(iter(function.items()))
            where = f"{step.path}.{path}"
            if name == "Get":
                yield from self._get_faults(value, where, step)
            elif name == "Std:Join" and not (isinstance(value, Mapping) and isinstance(value.get("Values"), list)):
                yield Fault(where, value, "a join has On and a list of Values", "write both", urn=step.name)
            elif name == "Std:JsonGet":
                yield from self._json_faults(value, where, step)

    def _json_faults(self, value: Any, where: str, step: Placed) -> Iterator[Fault]:
        file = value.get("PropertyFile") if isinstance(value, Mapping) else None
        reference = file.get("Get", "") if isinstance(file, Mapping) else ""
        if ".PropertyFiles." not in str(reference):
            rule = "Std:JsonGet reads a step's property file"
            yield Fault(where, reference, rule, "name one: Steps.STEP.PropertyFiles.FILE", urn=step.name)
        if not (isinstance(value, Mapping) and value.get("Path")):
            yield Fault(f"{where}.Path", None, "a JSON path is needed", "say what is read of the file", urn=step.name)

    def _get_faults(self, reference: Any, where: str, step: Placed) -> Iterator[Fault]:
        space, _, rest = str(reference).partition(".")
        if space == "Parameters":
            if rest not in self.parameters:
                yield _fault(where, reference, "there is no such parameter", self.parameters, step)
        elif space == "Execution":
            if rest not in EXECUTION_VARIABLES:
                yield _fault(where, reference, "there is no such execution variable", EXECUTION_VARIABLES, step)
        elif space == "Steps":
            yield from self._step_faults(str(reference), where, step)
        else:
            yield _fault(where, reference, "a reference leads to Parameters, Execution or Steps", (), step)

    def _step_faults(self, reference: str, where: str, step: Placed) -> Iterator[Fault]:
        found = _STEP.fullmatch(reference)
        name, rest = (found[1], found[2]) if found else ("", "")
        target = self.by_name.get(name)
        if target is None:
            yield _fault(where, reference, "there is no such step", self.by_name, step)
            return
        if rest.startswith("PropertyFiles."):
            files = [item.get("PropertyFileName") for item in target.step.get("PropertyFiles") or []]
            if rest.partition(".")[2] not in files:
                yield _fault(where, reference, f"step {name} has no such property file", map(str, files), step)
            return
        output = _OUTPUT.match(rest)
        if output and output[1] not in outputs(target):
            yield _fault(where, reference, f"step {name} has no such output", outputs(target), step)
        elif not self._has_property(target, rest):
            rule = f"a {target.step.get('Type')} step has no such property"
            yield _fault(where, reference, rule, (), step)

    @staticmethod
    def _has_property(target: Placed, path: str) -> bool:
        kind = target.kind
        if kind is None or re.split(r"[.\[]", path)[0] in kind.extra:
            return True
        if kind.free and not kind.extra:
            return kind.call == "" and target.step.get("Type") not in ("Fail", "Condition")
        model = service_model("sagemaker")
        return any(_followed(model.shape_for(name), path) is not None for name in kind.answers)


def outputs(step: Placed) -> list[str]:
    """Return the names of a processing step's outputs."""
    config = step.arguments.get("ProcessingOutputConfig")
    listed = config.get("Outputs") if isinstance(config, Mapping) else None
    return [str(item.get("OutputName")) for item in listed or [] if isinstance(item, Mapping)]


def needs(step: Placed) -> dict[str, str]:
    """Return the steps that a step comes after, each with where that is said."""
    found: dict[str, str] = {}
    for path, function in functions(own_part(step)):
        name, value = next(iter(function.items()))
        match = _STEP.fullmatch(value) if name == "Get" and isinstance(value, str) else None
        if match:
            found.setdefault(match[1], f"{step.path}.{path}")
    for index, item in enumerate(step.step.get("DependsOn") or []):
        before = item.get("Step") if isinstance(item, Mapping) else item
        found.setdefault(str(before), f"{step.path}.DependsOn[{index}]")
    return found


def _followed(shape: Shape, path: str) -> Shape | None:
    found: Shape | None = shape
    for token in _TOKEN.finditer(path):
        if isinstance(found, StructureShape) and token[2]:
            found = found.members.get(token[2])
        elif isinstance(found, ListShape) and token[1] is not None:
            found = found.member
        elif isinstance(found, MapShape):
            found = found.value
        else:
            return None
    return found


def _fault(where: str, reference: Any, rule: str, known: Any, step: Placed) -> Fault:
    from difflib import get_close_matches

    names = [str(name) for name in known]
    near = get_close_matches(re.split(r"\.", str(reference))[1] if "." in str(reference) else "", names, 1)
    fix = f"did you mean {near[0]}?" if near else f"known are {', '.join(sorted(names)[:12]) or 'none'}"
    return Fault(where, reference, rule, fix, urn=step.name)

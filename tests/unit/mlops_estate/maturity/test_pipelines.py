"""Reading pipeline definitions: steps in branches, programs, what feeds what, and definitions that can't be known."""

from __future__ import annotations

import json

from mlops_estate.graph import UNKNOWN, ResourceGraph, ResourceNode
from mlops_estate.maturity.pipelines import COMPONENT, PIPELINE, SHIPPED, read_pipelines


def graph(inputs, component=None):
    nodes = {}
    if component is not None:
        nodes["parent"] = ResourceNode("parent", COMPONENT, "training", False, inputs=component)
    nodes["child"] = ResourceNode(
        "child", PIPELINE, "training", True, parent="parent" if nodes else None, inputs=inputs
    )
    return ResourceGraph("mlops-estate", "prod", nodes=nodes)


def job(name, kind="Processing", after=(), module="", **more):
    arguments = {
        "ProcessingInputs": [{"S3Input": {"S3Uri": {"Get": f"Steps.{one}.Outputs['x'].S3Uri"}}} for one in after]
    }
    if module:
        entry = ["/bin/bash", "-c", f'cd x && exec python3 -m {module} "$@"']
        arguments["AppSpecification"] = {"ContainerEntrypoint": entry}
    return {"Name": name, "Type": kind, "Arguments": arguments, **more}


def read(steps, tmp_path):
    (found,) = read_pipelines(graph({"pipelineDefinition": json.dumps({"Steps": steps})}), tmp_path)
    return found


def test_what_a_step_waits_for_is_followed_through_references_and_depends_on(tmp_path):
    found = read([job("A"), job("B", after=["A"]), job("C", DependsOn=["B"]), job("D")], tmp_path)
    assert found.upstream(found.steps["C"]) == {"A", "B"}
    assert found.upstream(found.steps["D"]) == set()


def test_a_step_in_a_branch_waits_for_its_condition_and_what_that_reads(tmp_path):
    condition = {
        "Name": "If", "Type": "Condition",
        "Arguments": {
            "Conditions": [{"LeftValue": {"Std:JsonGet": {"PropertyFile": {"Get": "Steps.Gate.PropertyFiles.R"}}}}],
            "IfSteps": [job("Register", "RegisterModel")], "ElseSteps": [job("No", "Fail")],
        },
    }  # fmt: skip
    found = read([job("Gate"), condition], tmp_path)
    assert found.steps["Register"].branch == ("If", "IfSteps")
    assert found.steps["No"].branch == ("If", "ElseSteps")
    assert found.upstream(found.steps["Register"]) == {"If", "Gate"}
    assert found.steps["If"].after == {"Gate"}


def test_a_circle_of_steps_ends(tmp_path):
    found = read([job("A", after=["B"]), job("B", after=["A"])], tmp_path)
    assert found.upstream(found.steps["A"]) == {"A", "B"}


def test_a_program_is_what_the_container_runs_whatever_the_step_is_called(tmp_path):
    found = read(
        [job("Validate", module="some.other"), job("X", module="mlops_pipelines.steps.validate"), job("Y")], tmp_path
    )
    assert [step.name for step in found.running("mlops_pipelines.steps.validate")] == ["X"]
    assert found.steps["Y"].program == ""


def test_the_definition_of_the_component_is_read_where_it_is_only_known_later(tmp_path):
    path = tmp_path / SHIPPED
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps({"Steps": [job("A")]}), encoding="utf-8")
    (found,) = read_pipelines(graph({"pipelineDefinition": UNKNOWN}, {"model": "m"}), tmp_path)
    assert list(found.steps) == ["A"]
    assert found.origin == SHIPPED.as_posix()


def test_a_definition_of_ones_own_that_is_only_known_later_is_not_guessed(tmp_path):
    path = tmp_path / SHIPPED
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps({"Steps": [job("A")]}), encoding="utf-8")
    for component in ({"definition": UNKNOWN}, None):
        (found,) = read_pipelines(graph({"pipelineDefinition": UNKNOWN}, component), tmp_path)
        assert (found.steps, found.origin) == ({}, "")


def test_what_is_no_definition_has_no_steps(tmp_path):
    for text in ("", "{", "[]", "{}", '{"Steps": 3}', '{"Steps": [3, {"Type": "Fail"}]}'):
        (found,) = read_pipelines(graph({"pipelineDefinition": text}), tmp_path)
        assert found.steps == {}
    (found,) = read_pipelines(graph({"pipelineDefinition": UNKNOWN}, {"model": "m"}), tmp_path)  # no file either
    assert found.steps == {}

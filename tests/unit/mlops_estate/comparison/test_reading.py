"""Sides read from files: graphs, states, plans, and the engine's own preview."""

from __future__ import annotations

import json

import pytest

from mlops_estate.comparison.diff import Told
from mlops_estate.comparison.reading import engine_preview, is_file, side_of_file
from mlops_estate.faults import FaultsFound
from mlops_estate.graph import UNKNOWN, ResourceGraph, ResourceNode
from mlops_estate.graph_file import save

TYPE = "aws:s3/bucket:Bucket"
URN = f"urn:pulumi:dev::mlops-estate::{TYPE}::raw"


def state(name="raw", **inputs):
    return {"urn": URN.replace("::raw", f"::{name}"), "type": TYPE, "custom": True, "inputs": inputs, "outputs": inputs}


def step(operation, old=None, new=None, reasons=(), name="raw"):
    known = {"oldState": old, "newState": new, "replaceReasons": list(reasons)}
    return {"op": operation, "urn": URN.replace("::raw", f"::{name}"), **{k: v for k, v in known.items() if v}}


def written(path, data):
    path.write_text(data if isinstance(data, str) else json.dumps(data), encoding="utf-8")
    return path


def refused(call, *arguments):
    with pytest.raises(FaultsFound) as found:
        call(*arguments)
    (fault,) = found.value.faults
    return fault


def test_a_saved_graph_is_a_side(tmp_path):
    graph = ResourceGraph("mlops-estate", "dev", nodes={URN: ResourceNode(URN, TYPE, "raw", True)})
    save(graph, tmp_path / "graph.json")
    found, side = side_of_file(tmp_path / "graph.json", "dev")
    assert (list(found.nodes), side.kind, side.resources) == ([URN], "graph", 1)


def test_an_exported_state_is_a_side(tmp_path):
    path = written(tmp_path / "state.json", {"version": 3, "deployment": {"resources": [state(bucket="a")]}})
    found, side = side_of_file(path, "dev")
    assert (side.kind, found.nodes[URN].inputs) == ("state", {"bucket": "a"})


def test_a_saved_plan_is_a_side(tmp_path):
    goal = {"type": TYPE, "custom": True, "inputDiff": {"adds": {"bucket": "a"}}}
    path = written(tmp_path / "plan.json", {"resourcePlans": {URN: {"goal": goal, "steps": ["create"]}}})
    found, side = side_of_file(path, "dev")
    assert (side.kind, found.nodes[URN].inputs) == ("plan", {"bucket": "a"})


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        ('{"format": "mlops-estate/graph", "version": 99, "nodes": []}', "version 1"),
        ({"version": 2, "deployment": {"resources": []}}, "it is of version 2"),
        ("{", "it ends too early"),
        ("[]", "not an object"),
        ({"other": 1}, "none of deployment"),
    ],
)
def test_a_file_that_can_t_be_compared_with_is_told(tmp_path, content, rule):
    assert rule in refused(side_of_file, written(tmp_path / "file.json", content), "dev").rule


def test_a_file_of_another_stack_is_told(tmp_path):
    path = written(tmp_path / "state.json", {"version": 3, "deployment": {"resources": [state(bucket="a")]}})
    assert "of the stack dev, not of prod" in refused(side_of_file, path, "prod").rule


def test_what_is_called_like_a_file_is_no_revision(tmp_path):
    (tmp_path / "HEAD").write_text("", encoding="utf-8")
    assert is_file(str(tmp_path / "HEAD"))
    assert is_file("missing.json")
    assert not is_file("HEAD~1")
    assert "no such file" in refused(side_of_file, tmp_path / "missing.json", "dev").rule


def test_the_engine_s_preview_holds_both_sides_and_says_what_becomes_of_each(tmp_path):
    steps = [
        step("same", state("same", a=1), state("same", a=1), name="same"),
        step("update", state("changed", a=1), state("changed", a=2), name="changed"),
        step("create", None, state("new"), name="new"),
        step("delete", state("gone"), None, name="gone"),
        step("create-replacement", state(bucket="a"), state(bucket="b"), ["bucket"]),
        step("replace", state(bucket="a"), state(bucket="b"), ["bucket"]),
        step("delete-replaced", state(bucket="a")),
    ]
    path = written(tmp_path / "preview.json", {"steps": steps, "changeSummary": {"same": 1}})
    found = engine_preview(path, "dev")
    named = {urn.rpartition("::")[2]: told for urn, told in found.told.items()}
    assert named == {
        "changed": Told("change"),
        "new": Told("add"),
        "gone": Told("remove"),
        "raw": Told("replace", ("bucket",)),
    }
    assert {node.name for node in found.before.nodes.values()} == {"same", "changed", "gone", "raw"}
    assert {node.name for node in found.after.nodes.values()} == {"same", "changed", "new", "raw"}
    assert found.after.nodes[URN].inputs == {"bucket": "b"}


def test_a_secret_of_the_engine_is_unknown(tmp_path):
    hidden = state(password="[secret]")
    path = written(tmp_path / "preview.json", {"steps": [step("update", hidden, hidden)]})
    assert engine_preview(path, "dev").after.nodes[URN].inputs == {"password": UNKNOWN}


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        ({"steps": [], "changeSummary": {"same": 7}}, "leaves out the 7 resources"),
        ({"deployment": {}}, "it is no preview"),
        ({"steps": [{"urn": URN}]}, "a part is missing"),
    ],
)
def test_a_preview_that_is_not_whole_is_told(tmp_path, content, rule):
    assert rule in refused(engine_preview, written(tmp_path / "preview.json", content), "dev").rule

"""The graph as a file: nothing lost, no secret in it, never half written."""

from __future__ import annotations

import json
import os
import stat

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlops_estate.faults import FaultsFound
from mlops_estate.graph import UNKNOWN, ResourceGraph, ResourceNode
from mlops_estate.graph_file import MASK, as_dict, load, save

SECRET = "correct-horse-battery"


def graph_of(*nodes: ResourceNode, **more) -> ResourceGraph:
    return ResourceGraph("project", "test", nodes={node.urn: node for node in nodes}, **more)


def node(urn="urn:a", **more) -> ResourceNode:
    return ResourceNode(urn, "aws:s3/bucket:Bucket", "a", True, **more)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(inputs=st.dictionaries(st.text(max_size=5), VALUES, max_size=4), notes=st.lists(st.text(), max_size=2))
def test_what_is_saved_is_what_is_loaded(tmp_path_factory, inputs, notes):
    path = tmp_path_factory.mktemp("graph") / "graph.json"
    graph = graph_of(
        node(inputs=inputs, outputs=inputs, id="1", dependencies=["urn:b"], property_dependencies={"x": ["urn:b"]},
             protect=True, order=1, status="created", aws={"keys": {"Bucket": "b"}}, source="stacks/x.py:3"),
        ResourceNode("urn:b", "mlops:index:X", "b", False, order=0),
        stack_outputs={"out": inputs}, notes=notes, preview=False,
    )  # fmt: skip
    save(graph, path)
    loaded = load(path)
    assert loaded == graph
    assert list(loaded.nodes) == ["urn:b", "urn:a"], "in the order of registration"


@pytest.mark.parametrize(
    ("inputs", "path"),
    [
        ({"password": SECRET}, "password"),
        ({"container": {"environment": {"TOKEN": SECRET}}}, "container.environment.TOKEN"),
        ({"containers": [{}, {"token": SECRET}]}, "containers[1].token"),
        ({"tags": {"app.io/token[0]": SECRET}}, "tags.app.io/token[0]"),
        ({"nested": [[{"x": SECRET}]]}, "nested[0][0].x"),
        ({"all": [SECRET, {"deep": SECRET}]}, "all"),
    ],
)
def test_a_secret_is_masked_where_it_stands_and_wherever_it_is_repeated(inputs, path):
    url = f"https://user:{SECRET}@host/x"
    repeated = node("urn:b", inputs={"url": url, "list": [{"same": SECRET}]}, error=f"refused {SECRET}")
    graph = graph_of(
        node(inputs=inputs, secret_inputs=[path], aws={"params": {"Url": url}}), repeated,
        stack_outputs={"x": url}, notes=[f"using {SECRET}"],
    )  # fmt: skip
    text = json.dumps(as_dict(graph))
    assert SECRET not in text
    assert text.count(f"https://user:{MASK}@host/x") == 3
    assert as_dict(graph)["nodes"][1]["error"] == f"refused {MASK}"
    assert SECRET in json.dumps(graph.nodes["urn:b"].inputs), "in memory it stays"


@pytest.mark.parametrize(
    "graph",
    [
        graph_of(node(outputs={"key": SECRET}, secret_outputs=["key"], inputs={"again": SECRET})),
        graph_of(node(inputs={"again": SECRET}), stack_outputs={"key": SECRET}, secret_stack_outputs=["key"]),
    ],
)
def test_secret_outputs_and_stack_outputs_are_masked_too(graph):
    assert SECRET not in json.dumps(as_dict(graph))


def test_a_short_secret_is_masked_as_a_whole_value_but_does_not_eat_words():
    graph = graph_of(node(inputs={"pin": "abc", "same": "abc", "word": "abcdef"}, secret_inputs=["pin"]))
    assert as_dict(graph)["nodes"][0]["inputs"] == {"pin": MASK, "same": MASK, "word": "abcdef"}


def test_a_secret_that_is_no_text_is_masked_where_it_stands():
    graph = graph_of(
        node(inputs={"pin": 4711, "flags": [True, {"n": 1.5}], "order": 4711}, secret_inputs=["pin", "flags"])
    )
    assert as_dict(graph)["nodes"][0]["inputs"] == {"pin": MASK, "flags": [MASK, {"n": MASK}], "order": 4711}


def test_an_unknown_secret_does_not_hide_what_else_is_unknown():
    graph = graph_of(node(inputs={"secret": UNKNOWN, "arn": UNKNOWN}, secret_inputs=["secret"]))
    assert as_dict(graph)["nodes"][0]["inputs"] == {"secret": UNKNOWN, "arn": UNKNOWN}


def test_a_secret_that_holds_another_is_masked_whole():
    longer = f"{SECRET}-and-more"
    graph = graph_of(
        node(inputs={"a": SECRET, "b": longer, "text": f"x {longer} y"}, secret_inputs=["a", "b"]),
    )
    assert as_dict(graph)["nodes"][0]["inputs"]["text"] == f"x {MASK} y"


def test_only_the_owner_can_read_the_file(tmp_path):
    path = tmp_path / "new" / "folder" / "graph.json"
    save(graph_of(node()), path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("broken", ["dump", "replace"])
def test_a_write_that_fails_leaves_the_old_file_whole_and_nothing_beside_it(tmp_path, monkeypatch, broken):
    path = tmp_path / "graph.json"
    save(graph_of(node()), path)
    before = path.read_text()

    def fail(*_arguments, **_options):
        raise OSError("disk full")

    monkeypatch.setattr(json if broken == "dump" else os, broken, fail)
    with pytest.raises(OSError, match="disk full"):
        save(graph_of(node(inputs={"new": 1})), path)
    assert path.read_text() == before
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        (None, "there is no such graph file"),
        (b"", "not JSON"),
        (b"{", "not JSON"),
        (b"\xff\xfe", "not JSON"),
        (b"[]", "the format must be mlops-estate/graph, version 1"),
        (b'{"format": "other", "version": 1}', "the format must be mlops-estate/graph, version 1"),
        (b'{"format": "mlops-estate/graph", "version": 2, "nodes": []}', "the format must be"),
        (b'{"format": "mlops-estate/graph", "version": 1}', "parts are missing or unknown"),
        (b'{"format": "mlops-estate/graph", "version": 1, "project": "p", "stack": "s", "nodes": [{"urn": "x"}]}',
         "parts are missing or unknown"),
        (b'{"format": "mlops-estate/graph", "version": 1, "project": "p", "stack": "s", "nodes": [], "more": 1}',
         "parts are missing or unknown"),
    ],
)  # fmt: skip
def test_what_is_no_graph_is_refused_with_the_way_out(tmp_path, content, rule):
    path = tmp_path / "graph.json"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(FaultsFound) as caught:
        load(path)
    (fault,) = caught.value.faults
    assert fault.where == str(path)
    assert rule in fault.rule
    assert fault.fix.startswith("write ")

"""The resource graph: order of creation and deletion, dependants, groupings."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlops_estate.graph import STACK_TYPE, ResourceGraph, ResourceNode


def graph_of(*nodes: ResourceNode) -> ResourceGraph:
    graph = ResourceGraph("project", "test")
    for order, node in enumerate(nodes):
        node.order = order
        graph.nodes[node.urn] = node
    return graph


def node(urn: str, *after: str, type_: str = "aws:s3/bucket:Bucket", custom: bool = True, **more) -> ResourceNode:
    return ResourceNode(urn, type_, urn, custom, dependencies=list(after), **more)


def urns(nodes) -> list[str]:
    return [each.urn for each in nodes]


@st.composite
def graphs(draw) -> ResourceGraph:
    """Return a graph without cycles whose resources are registered in any order."""
    size = draw(st.integers(0, 12))
    nodes = [
        node(f"n{index}", *(f"n{upstream}" for upstream in draw(st.sets(st.integers(0, index - 1), max_size=4))))
        if index
        else node("n0")
        for index in range(size)
    ]
    return graph_of(*draw(st.permutations(nodes)))


@given(graphs())
def test_creation_comes_after_what_is_built_on_and_deletion_before_it(graph):
    created, deleted = urns(graph.creation_order()), urns(graph.deletion_order())
    assert sorted(created) == sorted(deleted) == sorted(graph.nodes)
    for each in graph.nodes.values():
        for upstream in graph.depends_on(each):
            assert created.index(upstream) < created.index(each.urn)
            assert deleted.index(upstream) > deleted.index(each.urn)


@given(graphs())
def test_dependents_are_all_that_reach_the_resource(graph):
    def reaches(start: str, goal: str) -> bool:
        upstream = graph.depends_on(graph.nodes[start])
        return goal in upstream or any(reaches(urn, goal) for urn in upstream)

    for goal in graph.nodes:
        assert graph.dependents(goal) == {urn for urn in graph.nodes if reaches(urn, goal)}


def test_registration_order_breaks_ties():
    assert urns(graph_of(node("b"), node("c", "a"), node("a")).creation_order()) == ["b", "a", "c"]


def test_a_cycle_ends_and_loses_nobody():
    assert sorted(urns(graph_of(node("a", "b"), node("b", "a")).creation_order())) == ["a", "b"]


def test_parent_provider_and_property_dependencies_count_strangers_and_the_node_itself_do_not():
    graph = graph_of(
        node("provider", type_="pulumi:providers:aws"), node("parent", custom=False), node("role"), node("key"),
        node("model", "role", "gone", "model", parent="parent", provider="provider::id-1",
             property_dependencies={"kmsKey": ["key"]}),
    )  # fmt: skip
    assert graph.depends_on(graph.nodes["model"]) == {"provider", "parent", "role", "key"}


def test_deletion_leaves_components_out_and_takes_only_what_is_asked_for():
    graph = graph_of(node("component", custom=False), node("a", parent="component"), node("b", "a"), node("c", "b"))
    assert urns(graph.deletion_order()) == ["c", "b", "a"]
    assert urns(graph.deletion_order(["a", "c"])) == ["c", "a"]
    assert graph.deletion_order([]) == []


def test_components_children_and_types_are_grouped():
    graph = graph_of(
        node("stack", type_=STACK_TYPE, custom=False), node("component", type_="mlops:index:X", custom=False),
        node("z", type_="z:z:Z", parent="component"), node("a", type_="a:a:A", parent="component"),
    )  # fmt: skip
    assert urns(graph.components()) == ["component"]
    assert urns(graph.children("component")) == ["z", "a"]
    assert list(graph.by_type()) == ["a:a:A", "z:z:Z"]


def test_a_node_is_nothing_special_unless_it_says_so():
    plain = node("x")
    assert (plain.protect, plain.retain_on_delete, plain.delete_before_replace) == (False, False, False)
    assert (plain.id, plain.aws) == (None, {})
    assert plain.status == "planned"


@pytest.mark.parametrize(
    ("type_", "is_provider"), [("pulumi:providers:aws", True), ("aws:iam/role:Role", False), (STACK_TYPE, False)]
)
def test_providers_are_told_by_their_type(type_, is_provider):
    assert node("x", type_=type_).is_provider is is_provider

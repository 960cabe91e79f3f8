"""The CDK twin that benchmarks compare with: it declares the estate as it is, and names what it leaves out."""

from __future__ import annotations

import json
import sys

import pytest
from tests.support.programs import PROJECT

from mlops_estate.graph_file import as_dict


@pytest.fixture(scope="module")
def benchmarks():
    """Make the benchmarks' folder importable, as their programs do."""
    sys.path.insert(0, str(PROJECT / "benchmarks"))
    yield
    sys.path.remove(str(PROJECT / "benchmarks"))


@pytest.fixture(scope="module")
def graph(benchmarks):
    from cdk_twin.collect import collect

    return as_dict(collect(2))


@pytest.fixture(scope="module")
def twin(graph):
    from cdk_twin.translate import Translator

    return Translator(json.loads(json.dumps(graph))).translate()


def test_every_type_of_the_estate_is_mapped_or_left_out_for_a_reason(twin):
    from cdk_twin.table import UNREVIEWED

    assert [token for token, reason in twin.left_out if reason == UNREVIEWED] == []


def test_nothing_is_lost_between_the_graph_and_the_twin(graph, twin):
    managed = [node for node in graph["nodes"] if node["custom"] and not node["type"].startswith("pulumi:")]
    declared = sum(declaration.parts for declaration in twin.declarations.values())
    assert declared + sum(twin.left_out.values()) == len(managed)


def test_references_lead_to_what_the_twin_declares_and_no_stand_in_is_left(twin):
    from cdk_twin.translate import referenced

    for declaration in twin.declarations.values():
        assert set(referenced(declaration.properties)) <= set(twin.declarations), declaration.logical_id
        assert "standin-" not in json.dumps(declaration.properties), declaration.logical_id


def test_each_model_has_a_stack_of_its_own(twin):
    stacks = {declaration.stack for declaration in twin.declarations.values()}
    assert stacks == {"model-000", "model-001", "shared", "following"}


def test_no_two_stacks_refer_to_each_other(twin):
    from cdk_twin.translate import referenced

    of = {name: made.stack for name, made in twin.declarations.items()}
    refers = {
        (made.stack, of[other])
        for made in twin.declarations.values()
        for other in {*made.depends_on, *referenced(made.properties)}
        if of[other] != made.stack
    }
    assert ("following", "model-000") in refers
    assert not {(there, here) for here, there in refers} & refers


def test_all_values_of_the_collected_graph_are_known(graph):
    from mlops_estate.graph import UNKNOWN

    assert [node["urn"] for node in graph["nodes"] if UNKNOWN in json.dumps(node["inputs"])] == []

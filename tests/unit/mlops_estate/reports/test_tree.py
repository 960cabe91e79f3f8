"""The graph as text."""

from __future__ import annotations

import pytest

from mlops_estate.graph import STACK_TYPE, UNKNOWN, ResourceGraph, ResourceNode
from mlops_estate.reports.tree import short, summary, tree


@pytest.fixture
def graph() -> ResourceGraph:
    nodes = [
        ResourceNode("stack", STACK_TYPE, "s", False),
        ResourceNode("lake", "mlops:index:DataLake", "lake", False, parent="stack"),
        ResourceNode("inner", "mlops:index:Inner", "inner", False, parent="lake"),
        ResourceNode("b1", "aws:s3/bucket:Bucket", "raw", True, parent="lake"),
        ResourceNode("b2", "aws:s3/bucket:Bucket", "curated", True, parent="lake", inputs={"kms": [UNKNOWN], "n": 1}),
        ResourceNode("e", "aws-native:sagemaker:Endpoint", "endpoint", True, parent="inner"),
        ResourceNode("p", "pulumi:providers:aws", "provider", True, parent="stack"),
    ]
    return ResourceGraph("mlops-estate", "dev", nodes={node.urn: node for node in nodes})


def test_the_tree_counts_by_type_in_each_component(graph):
    assert tree(graph).splitlines() == [
        "mlops-estate dev: 4 resources in 2 components",
        "├─ DataLake lake (2)",
        "│  ├─ Inner inner (1)",
        "│  │  └─ native sagemaker.Endpoint",
        "│  └─ s3.Bucket x2",
        "└─ provider aws",
    ]


def test_the_full_tree_names_each_resource_and_what_is_unknown(graph):
    lines = tree(graph, full=True).splitlines()
    assert lines[4:6] == ["│  ├─ s3.Bucket curated  [unknown until up: kms]", "│  └─ s3.Bucket raw"]


def test_the_summary_counts_resources_components_and_types(graph):
    assert summary(graph) == {
        "resources": 4, "components": 2,
        "types": {
            "aws-native:sagemaker:Endpoint": 1, "aws:s3/bucket:Bucket": 2, "pulumi:providers:aws": 1,
        },
    }  # fmt: skip


@pytest.mark.parametrize(
    ("type_token", "expected"),
    [
        ("aws:kms/key:Key", "kms.Key"),
        ("aws-native:sagemaker:Endpoint", "native sagemaker.Endpoint"),
        ("mlops:index:DataLake", "DataLake"),
        ("pulumi:providers:aws", "provider aws"),
    ],
)
def test_a_type_reads_short(type_token, expected):
    assert short(type_token) == expected


def test_an_empty_graph_is_a_line():
    assert tree(ResourceGraph("p", "s")) == "p s: 0 resources in 0 components"

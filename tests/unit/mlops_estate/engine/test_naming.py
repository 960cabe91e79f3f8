"""Named unknowns: documents come out of a preview, and everything unknown still counts as such."""

from __future__ import annotations

import json

import pulumi
import pulumi_aws as aws
import pytest

from mlops_estate.engine import run_program
from mlops_estate.engine.naming import has_names, named, without_names
from mlops_estate.engine.wire import has_unknown
from mlops_estate.graph import UNKNOWN


def program():
    provider = aws.Provider("aws", region="eu-west-1", allowed_account_ids=["123456789012"])
    here = pulumi.ResourceOptions(provider=provider)
    key = aws.kms.Key("key", opts=here)
    role = aws.iam.Role("role", name="the-role", assume_role_policy="{}", opts=here)
    document = key.arn.apply(lambda arn: json.dumps({"Resource": arn, "Region": arn.split(":")[3]}))
    aws.iam.RolePolicy("policy", role=role.id, policy=document, opts=here)
    aws.sns.Topic("topic", name="plain", kms_master_key_id=key.key_id, opts=here)


@pytest.fixture(scope="module")
def graphs():
    return [run_program(program, stack="dev", config={}, name_unknowns=names) for names in (False, True)]


def inputs(graph, name):
    return next(node.inputs for node in graph.nodes.values() if node.name == name)


def test_a_document_with_an_unknown_part_comes_out(graphs):
    arn = f"arn:aws:kms:eu-west-1:123456789012:key/{named('key')}"
    assert inputs(graphs[0], "policy")["policy"] == UNKNOWN
    assert json.loads(inputs(graphs[1], "policy")["policy"]) == {"Resource": arn, "Region": "eu-west-1"}


def test_an_id_and_an_output_are_told_apart(graphs):
    assert inputs(graphs[1], "policy")["role"] == named("role")
    assert inputs(graphs[1], "topic")["kmsMasterKeyId"] == named("key", "keyId")
    assert inputs(graphs[1], "topic")["name"] == "plain"


def test_what_has_a_name_is_unknown_still(graphs):
    assert has_unknown(inputs(graphs[1], "policy"))
    assert [has_names(graph) for graph in graphs] == [False, True]


def test_without_names_it_is_the_preview(graphs):
    plain = without_names(graphs[1])
    assert not has_names(plain)
    for urn, node in graphs[0].nodes.items():
        assert plain.nodes[urn].inputs == node.inputs
        assert plain.nodes[urn].outputs == node.outputs

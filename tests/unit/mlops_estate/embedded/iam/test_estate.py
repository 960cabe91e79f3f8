"""The policies of an estate, read from its graph: who holds what, and what a request tells by itself."""

from __future__ import annotations

import json

import pytest

from mlops_estate.embedded.iam.estate import EVERYTHING, estate_of
from mlops_estate.graph import ResourceGraph, ResourceNode

ACCOUNT, REGION = "123456789012", "eu-west-1"
KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/k"
GROUP = f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:model-package-group/g"


def policy(sid, **elements):
    statement = {"Sid": sid, "Effect": "Allow", "Action": "*", "Resource": "*", **elements}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def graph(*resources):
    made = ResourceGraph("p", "s", stack_outputs={"account": ACCOUNT, "region": REGION})
    tags = json.dumps({"tags": {"project": "mlops-estate", "owner": "ml"}})
    everything = [("pulumi:providers:aws", {"defaultTags": tags}, {}), *resources]
    for index, (kind, inputs, outputs) in enumerate(everything):
        made.nodes[str(index)] = ResourceNode(str(index), kind, str(index), True, inputs=inputs, outputs=outputs)
    return made


def role(name, **inputs):
    trust = policy("Trust", Principal={"AWS": ACCOUNT})
    arn = f"arn:aws:iam::{ACCOUNT}:role/{name}"
    return "aws:iam/role:Role", {"name": name, "assumeRolePolicy": trust, **inputs}, {"arn": arn}


BOUNDARY = f"arn:aws:iam::{ACCOUNT}:policy/boundary"
ESTATE = estate_of(
    graph(
        role("alice", permissionsBoundary=BOUNDARY, tags={"owner": "alice"}),
        role("bob"),
        ("aws:iam/policy:Policy", {"policy": policy("Ceiling")}, {"arn": BOUNDARY}),
        ("aws:iam/rolePolicy:RolePolicy", {"role": "alice", "policy": policy("Inline")}, {}),
        ("aws:iam/rolePolicyAttachment:RolePolicyAttachment", {"role": "alice", "policyArn": BOUNDARY}, {}),
        ("aws:kms/key:Key", {"policy": policy("Key"), "tags": {"data-class": "models"}}, {"arn": KEY}),
        ("aws:s3/bucketPolicy:BucketPolicy", {"bucket": "raw", "policy": policy("Bucket")}, {}),
        ("aws:sns/topicPolicy:TopicPolicy", {"arn": "arn:aws:sns:::t", "policy": policy("Topic")}, {}),
        ("aws:sagemaker/modelPackageGroup:ModelPackageGroup", {"modelPackageGroupName": "g"}, {"arn": GROUP}),
        (
            "aws:sagemaker/modelPackageGroupPolicy:ModelPackageGroupPolicy",
            {"modelPackageGroupName": "g", "resourcePolicy": policy("Group")},
            {},
        ),
    )
)


def sids(statements):
    return [statement.sid for statement in statements or ()]


def test_a_role_has_its_inline_and_attached_policies_its_boundary_and_its_tags():
    alice = ESTATE.roles["alice"]
    assert [sids(document) for document in alice.identity] == [["Inline"], ["Ceiling"]]
    assert (sids(alice.boundary), sids(alice.trust)) == (["Ceiling"], ["Trust"])
    assert alice.tags == {"project": "mlops-estate", "owner": "alice"}
    assert ESTATE.roles["bob"].boundary is None


@pytest.mark.parametrize(
    ("action", "resource", "sid"),
    [
        ("kms:Decrypt", KEY, "Key"),
        ("s3:GetObject", "arn:aws:s3:::raw/a/b", "Bucket"),
        ("s3:ListBucket", "arn:aws:s3:::raw", "Bucket"),
        ("sns:Publish", "arn:aws:sns:::t", "Topic"),
        ("sagemaker:DescribeModelPackage", GROUP.replace("-group", "") + "/1", "Group"),
        ("sts:AssumeRole", f"arn:aws:iam::{ACCOUNT}:role/bob", "Trust"),
    ],
)
def test_the_policy_of_what_is_asked_for_has_a_say(action, resource, sid):
    _, policies = ESTATE.case("alice", action, resource, {})
    assert sids(policies.resource) == [sid]


def test_reading_a_role_asks_no_trust_policy():
    _, policies = ESTATE.case("alice", "iam:GetRole", f"arn:aws:iam::{ACCOUNT}:role/bob", {})
    assert policies.resource is None


def test_a_request_tells_what_aws_knows_and_what_the_caller_says():
    request, policies = ESTATE.case("alice", "kms:Decrypt", KEY, {"aws:RequestedRegion": "us-east-1", "aws:x": "1"})
    assert request.principal == f"arn:aws:sts::{ACCOUNT}:assumed-role/alice/session"
    assert request.context == {
        "aws:SecureTransport": "true", "aws:RequestedRegion": "us-east-1", "aws:x": "1",
        "aws:ResourceTag/project": "mlops-estate", "aws:ResourceTag/owner": "ml",
        "aws:ResourceTag/data-class": "models", "aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT}:role/alice",
        "aws:PrincipalAccount": ACCOUNT, "aws:PrincipalTag/project": "mlops-estate", "aws:PrincipalTag/owner": "alice",
    }  # fmt: skip
    assert len(policies.identity) == 2
    untold, _ = ESTATE.case("alice", "kms:Decrypt", KEY, {"aws:SecureTransport": ""})
    assert "aws:SecureTransport" not in untold.context


def test_somebody_else_counts_as_allowed_everything_by_its_own_policies():
    stranger = "arn:aws:iam::999999999999:role/x"
    request, policies = ESTATE.case(stranger, "s3:GetObject", "arn:aws:s3:::raw/x", {})
    assert (request.principal, policies.identity) == (stranger, (EVERYTHING,))
    assert request.context["aws:PrincipalAccount"] == "999999999999"
    assert request.owner_account == ACCOUNT

"""After a teardown: what still stands and nobody kept is named."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from botocore import xform_name

from mlops_estate.embedded.validation import service_model
from mlops_estate.engine import DestroyReport
from mlops_estate.graph import ResourceGraph, ResourceNode
from mlops_estate.up.leftovers import LISTS, leftovers


def account(**standing):
    """Return an account whose named list methods answer as given, and all others nothing."""

    def client(_service):
        names = {method for _, method, _ in LISTS}
        return SimpleNamespace(**{name: (lambda name=name: standing.get(name, {})) for name in names})

    return SimpleNamespace(client=client)


def session(account, *nodes):
    graph = ResourceGraph("p", "s", nodes={node.urn: node for node in nodes})
    return SimpleNamespace(account=account, applied=lambda: graph)


BUCKETS = {"Buckets": [{"Name": "kept"}, {"Name": "forgotten"}]}


def bucket(urn, **more):
    return ResourceNode(urn, "aws:s3/bucket:Bucket", urn, True, **more)


@pytest.mark.parametrize(
    "node", [bucket("u", id="kept"), bucket("u", id="other", aws={"keys": {"Bucket": "kept"}})], ids=["id", "keys"]
)
@pytest.mark.parametrize("report", [DestroyReport(kept={"u": ""}), DestroyReport(retained=["u"])])
def test_what_nobody_kept_is_named(node, report):
    assert leftovers(session(account(list_buckets=BUCKETS), node), report) == ["s3 buckets: forgotten"]


def test_an_empty_account_has_none():
    assert leftovers(session(account()), DestroyReport()) == []


def test_what_aws_itself_puts_there_does_not_count():
    there = account(
        list_aliases={"Aliases": [{"AliasName": "alias/aws/s3"}, {"AliasName": "alias/mine"}]},
        describe_vpcs={"Vpcs": [{"VpcId": "vpc-1", "IsDefault": True}]},
    )
    assert leftovers(session(there), DestroyReport()) == ["kms aliases: alias/mine"]


@pytest.mark.parametrize(("service", "method", "path"), LISTS)
def test_each_list_is_an_operation_whose_answer_has_that_member(service, method, path):
    model = service_model(service)
    operation = next(name for name in model.operation_names if xform_name(name) == method)
    listing, _, rest = path.partition("[")
    member = model.operation_model(operation).output_shape.members[listing].member
    named = rest.rpartition(".")[2]
    assert named in member.members if named else member.type_name == "string"

"""Comparing graphs: what becomes of each resource, what is lost, and what depends on it."""

from __future__ import annotations

import copy

import pytest

from mlops_estate.comparison.diff import ENGINE, Told, compare
from mlops_estate.comparison.model import Side
from mlops_estate.comparison.replacement import DECLARED, DOCUMENTED, TABLE, holds, risk, table
from mlops_estate.engine.naming import named
from mlops_estate.graph import UNKNOWN, ResourceGraph, ResourceNode
from mlops_estate.graph_file import MASK

STACK = "urn:pulumi:dev::mlops-estate::"
KEY, BUCKET = "aws:kms/key:Key", "aws:s3/bucket:Bucket"


def node(type_, name, inputs=None, *, needs=(), via=None, **more):
    urn = f"{STACK}{type_}::{name}"
    custom = not type_.startswith("mlops:")
    return ResourceNode(
        urn, type_, name, custom, inputs=inputs or {}, dependencies=list(needs), property_dependencies=via or {}, **more
    )


def graph(*nodes):
    return ResourceGraph("mlops-estate", "dev", nodes={each.urn: each for each in copy.deepcopy(nodes)})


def compared(before, after, **more):
    sides = {"base": Side("graph", "before"), "head": Side("graph", "after")}
    return compare(graph(*before), graph(*after), environment="dev", **sides, **more)


def actions(comparison):
    return {change.name: change.action for change in comparison.changes}


def test_each_resource_is_added_changed_removed_or_left():
    before = [node(KEY, "same"), node(KEY, "gone"), node(KEY, "other", {"description": "a"})]
    after = [node(KEY, "same"), node(KEY, "new"), node(KEY, "other", {"description": "b"})]
    comparison = compared(before, after)
    assert actions(comparison) == {"gone": "remove", "other": "change", "new": "add"}
    assert comparison.counts() == {"remove": 1, "replace": 0, "change": 1, "add": 1, "unchanged": 1}


def test_a_property_that_forces_replacement_replaces_and_says_what_is_lost():
    before, after = node(BUCKET, "raw", {"bucket": "a", "tags": {}}), node(BUCKET, "raw", {"bucket": "b", "tags": {}})
    (change,) = compared([before], [after]).changes
    assert (change.action, change.replaces, change.replace_source) == ("replace", ("bucket",), DOCUMENTED)
    assert change.properties[0].replaces
    assert "every object" in change.stateful


def test_a_property_of_a_type_of_which_nothing_is_known_may_replace():
    before, after = node("aws:new/thing:Thing", "x", {"a": 1}), node("aws:new/thing:Thing", "x", {"a": 2})
    (change,) = compared([before], [after]).changes
    assert (change.action, change.may_replace, change.replaces) == ("change", ("a",), ())


def test_what_the_registration_declares_comes_before_the_table():
    before = node("aws-native:sagemaker:FeatureGroup", "f", {"roleArn": "a", "tags": [{"key": "k", "value": "1"}]})
    after = node("aws-native:sagemaker:FeatureGroup", "f", {"roleArn": "b", "tags": [{"key": "k", "value": "2"}]},
                 replace_on_changes=["roleArn", "tags[*]"])  # fmt: skip
    (change,) = compared([before], [after]).changes
    assert (change.action, change.replaces, change.replace_source) == (
        "replace",
        ("roleArn", "tags[0].value"),
        DECLARED,
    )


def test_what_is_ignored_is_no_change():
    before = node("aws-native:sagemaker:FeatureGroup", "f", {"tags": [1]}, ignore_changes=["tags"])
    after = node("aws-native:sagemaker:FeatureGroup", "f", {"tags": [2]}, ignore_changes=["tags"])
    assert compared([before], [after]).changes == []
    gone = node("aws-native:sagemaker:FeatureGroup", "f", {}, ignore_changes=["tags"])
    assert compared([before], [gone]).changes == []


def test_a_dropped_protection_is_a_change_by_itself():
    (change,) = compared([node(KEY, "k", protect=True)], [node(KEY, "k")]).changes
    assert (change.action, change.protected) == ("change", True)
    assert [(each.path, each.before, each.after) for each in change.properties] == [("options.protect", True, False)]


def test_a_renamed_resource_is_the_same_by_its_alias():
    old, new = node(KEY, "old", {"description": "a"}), node(KEY, "new", {"description": "a"})
    new.aliases = [old.urn]
    assert compared([old], [new]).changes == []


def test_a_replacement_spreads_to_what_takes_the_address_where_that_replaces():
    def after(type_, name, property_, source):
        return node(type_, name, {property_: UNKNOWN}, needs=[source.urn], via={property_: [source.urn]})

    def estate(spec):
        key = node(KEY, "key", {"customerMasterKeySpec": spec})
        vault = node(
            "aws:backup/vault:Vault", "vault", {"kmsKeyArn": UNKNOWN}, needs=[key.urn], via={"kmsKeyArn": [key.urn]}
        )
        policy = after("aws:backup/vaultPolicy:VaultPolicy", "policy", "backupVaultName", vault)
        topic = after("aws:sns/topic:Topic", "topic", "kmsMasterKeyId", key)
        return [key, vault, policy, topic]

    comparison = compared(estate("A"), estate("B"))
    assert actions(comparison) == {"key": "replace", "vault": "replace", "policy": "replace"}
    assert comparison.unchanged == 1
    spread = next(change for change in comparison.changes if change.name == "vault")
    assert "follows from the replacement of key" in spread.replace_source
    assert "recovery point" in spread.stateful


def test_the_blast_radius_is_what_depends_on_it_in_either_graph():
    key = node(KEY, "key", {"description": "a"})
    changed = node(KEY, "key", {"description": "b"})
    lake, copy_ = node(BUCKET, "lake", needs=[key.urn]), node(BUCKET, "copy")
    copy_.dependencies = [lake.urn]
    (change,) = [each for each in compared([key, lake, copy_], [changed, lake]).changes if each.name == "key"]
    assert change.blast == (copy_.urn, lake.urn)


def test_secrets_are_masked_on_both_sides():
    def secret(value):
        return node("aws:ssm/parameter:Parameter", "p", {"value": value, "type": "x"}, secret_inputs=["value"])

    comparison = compared([secret("old-secret-1")], [secret("new-secret-1")])
    assert comparison.changes == []
    changed = secret("new-secret-1")
    changed.inputs["type"] = "y"
    comparison = compared([secret("old-secret-1")], [changed])
    assert "secret-1" not in str(comparison.changes)
    assert comparison.after.nodes[changed.urn].inputs["value"] == MASK


def test_what_the_engine_says_goes_before_what_we_know():
    before, after = node(BUCKET, "b", {"bucket": "a"}), node(BUCKET, "b", {"bucket": "b"})
    comparison = compared([before], [after], told={after.urn: Told("change")})
    assert actions(comparison) == {"b": "change"}
    comparison = compared([before], [after], told={after.urn: Told("replace", ("tags",))})
    assert (comparison.changes[0].action, comparison.changes[0].replaces, comparison.changes[0].replace_source) == (
        "replace", ("tags",), ENGINE,
    )  # fmt: skip


def test_a_resource_belongs_to_its_model_and_component():
    endpoint = node("mlops:index:GuardedEndpoint", "loans", {"model": "loans"})
    inner = node(KEY, "loans-key", {"description": "a"}, parent=endpoint.urn)
    other = node(KEY, "loans-key", {"description": "b"}, parent=endpoint.urn)
    (change,) = compared([endpoint, inner], [endpoint, other]).changes
    assert (change.model, change.component) == ("loans", "GuardedEndpoint loans")


def test_the_gravest_comes_first():
    before = [node(KEY, "a", {"description": "1"}), node(KEY, "gone"), node("aws:sns/topic:Topic", "gone-too")]
    after = [node(KEY, "a", {"description": "2"}), node(KEY, "b")]
    assert [change.name for change in compared(before, after).changes] == ["gone", "gone-too", "a", "b"]


def test_the_order_of_registration_makes_no_difference():
    nodes = [node(KEY, name, {"description": name}) for name in "abc"]
    assert compared(nodes, list(reversed(nodes))).changes == []


@pytest.mark.parametrize("type_", sorted(table()))
def test_every_entry_names_properties_of_the_type(type_):
    """A misspelt property would never replace anything: each has to be one that the SDK's class takes."""
    import inspect
    from importlib import import_module

    package, module, name = type_.split(":")
    if package == "aws-native":
        assert holds(type_)
        return
    folder = {"lambda": "lambda_"}.get(module.split("/")[0], module.split("/")[0])
    resource = getattr(import_module(f"pulumi_aws.{folder}"), name)
    known = {camel(key) for key in inspect.signature(resource._internal_init).parameters} | {"tagsAll"}
    entry = table()[type_]
    assert (entry.replaces or frozenset()) | entry.in_place | entry.unsure <= known, TABLE


def camel(name):
    head, *rest = name.split("_")
    return head + "".join(part.capitalize() for part in rest)


def test_region_replaces_whatever_the_type():
    assert risk(node("aws:new/thing:Thing", "x"), ["region"]).replaces == ("region",)


def test_a_reference_that_moves_to_another_resource_is_seen():
    before = node("aws:sns/topic:Topic", "t", {"kmsMasterKeyId": named("key-a")})
    after = node("aws:sns/topic:Topic", "t", {"kmsMasterKeyId": named("key-b")})
    assert actions(compared([before], [after])) == {"t": "change"}


def test_an_unknown_without_a_name_is_no_difference_from_one_with_a_name():
    plain = node("aws:sns/topic:Topic", "t", {"kmsMasterKeyId": UNKNOWN, "displayName": "a"})
    known = node("aws:sns/topic:Topic", "t", {"kmsMasterKeyId": named("key"), "displayName": "b"})
    for before, after in ((plain, known), (known, plain)):
        (change,) = compared([before], [after]).changes
        assert [each.path for each in change.properties] == ["displayName"]


def test_what_is_unknown_before_an_update_is_no_difference_from_what_stands():
    stands = node("aws:sns/topic:Topic", "t", {"kmsMasterKeyId": "arn:aws:kms:eu-west-1:1:key/k"})
    planned = node("aws:sns/topic:Topic", "t", {"kmsMasterKeyId": UNKNOWN})
    assert compared([stands], [planned], known=True).changes == []
    assert actions(compared([stands], [planned])) == {"t": "change"}

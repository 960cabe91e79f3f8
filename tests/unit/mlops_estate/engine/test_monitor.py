"""The monitor: what the program registers becomes the graph, and what the driver answers becomes outputs."""

from __future__ import annotations

import hashlib
import json

import pulumi
import pytest
from tests.support.fake_driver import FakeDriver, Group, Provider, Thing, named, run

from mlops_estate.engine import EngineFault
from mlops_estate.engine.monitor import GraphMonitor
from mlops_estate.faults import FaultsFound
from mlops_estate.graph import STACK_TYPE, UNKNOWN, ResourceGraph

ROOT = "urn:pulumi:test::mlops-estate::"


@pytest.mark.parametrize(
    ("parent", "expected"),
    [
        ("", "aws:s3/bucket:Bucket::b"),
        (f"{ROOT}{STACK_TYPE}::mlops-estate-test", "aws:s3/bucket:Bucket::b"),
        (f"{ROOT}mlops:index:Lake::lake", "mlops:index:Lake$aws:s3/bucket:Bucket::b"),
        (f"{ROOT}a:b:C$mlops:index:Lake::lake", "a:b:C$mlops:index:Lake$aws:s3/bucket:Bucket::b"),
    ],
)
def test_a_urn_holds_the_whole_chain_of_parent_types_but_the_stack(parent, expected):
    monitor = GraphMonitor(ResourceGraph("mlops-estate", "test"), None, None, lambda _event: None, "/")
    assert monitor.make_urn(parent, "aws:s3/bucket:Bucket", "b") == ROOT + expected


def test_nested_components_give_their_children_the_chain():
    def program():
        outer = Group("outer", kind="Outer")
        inner = Group("inner", pulumi.ResourceOptions(parent=outer), kind="Inner")
        Thing("thing", pulumi.ResourceOptions(parent=inner))

    node = named(run(program))["thing"]
    assert node.urn == f"{ROOT}mlops:index:Outer$mlops:index:Inner$test:index:Thing::thing"
    assert node.parent == f"{ROOT}mlops:index:Outer$mlops:index:Inner::inner"


def test_two_resources_with_one_urn_are_a_fault_that_names_it():
    def program():
        Thing("twice")
        Thing("twice")

    with pytest.raises(EngineFault) as caught:
        run(program)
    (fault,) = [fault for fault in caught.value.faults if fault.where == "name"]
    assert (fault.urn, fault.value) == (f"{ROOT}test:index:Thing::twice", "twice")


def test_the_same_name_under_two_parents_is_no_fault():
    def program():
        Thing("same", pulumi.ResourceOptions(parent=Group("one", kind="One")))
        Thing("same", pulumi.ResourceOptions(parent=Group("two", kind="Two")))

    assert sum(node.name == "same" for node in run(program).nodes.values()) == 2


def test_a_preview_leaves_ids_and_computed_outputs_unknown_and_known_inputs_known():
    def program():
        first = Thing("first", size=3)
        size = pulumi.Output.from_input(first.size)
        Thing("second", id_of=first.id, arn_of=first.arn, size_of=size, text=pulumi.Output.concat("x-", first.id))
        pulumi.export("arn", first.arn)

    events = []
    graph = run(program, on_event=events.append)
    node = named(graph)["second"]
    assert node.inputs == {"id_of": UNKNOWN, "arn_of": UNKNOWN, "size_of": 3, "text": UNKNOWN}
    assert (node.id, node.status, graph.preview) == (None, "planned", True)
    assert graph.stack_outputs == {"arn": UNKNOWN}
    assert [(event.action, event.name) for event in events] == [("planned", "first"), ("planned", "second")]


def test_an_applied_run_gives_ids_and_outputs_to_whom_they_are_input():
    def program():
        first = Thing("first")
        Thing("second", id_of=first.id, arn_of=first.arn)
        pulumi.export("arn", first.arn)

    graph = run(program, FakeDriver())
    assert named(graph)["second"].inputs == {"id_of": "first-1", "arn_of": "arn:first-1"}
    assert graph.stack_outputs == {"arn": "arn:first-1"}
    assert not graph.preview


def test_dependencies_are_kept_as_declared_and_by_property():
    def program():
        key, role = Thing("key"), Thing("role")
        Thing("model", pulumi.ResourceOptions(depends_on=[role]), key=key.arn, plain=1)

    graph = run(program, FakeDriver())
    node = named(graph)["model"]
    assert set(node.dependencies) == {f"{ROOT}test:index:Thing::key", f"{ROOT}test:index:Thing::role"}
    assert node.property_dependencies["key"] == [f"{ROOT}test:index:Thing::key"]


def test_the_driver_gets_secrets_open_and_outputs_keep_them_secret():
    driver = FakeDriver()

    def program():
        first = Thing("first", password=pulumi.Output.secret("hunter2-hunter2"), open="x")
        second = Thing("second", copy=first.password)
        pulumi.export("password", pulumi.Output.secret("hunter2-hunter2"))
        pulumi.export("open", second.arn)

    graph = run(program, driver)
    node = named(graph)["first"]
    assert named(graph)["second"].secret_inputs == ["copy"]
    assert driver.requests["first"].inputs == {"password": "hunter2-hunter2", "open": "x"}
    assert (node.secret_inputs, node.secret_outputs) == (["password"], ["password"])
    assert graph.secret_stack_outputs == ["password"]
    assert graph.stack_outputs["open"] == "arn:second-2"


def test_nested_secrets_are_named_by_their_path():
    """As the SDK does it: an input that holds a secret somewhere inside is secret where it stands."""

    def program():
        Thing("x", containers=[{"image": "i"}, {"env": {"TOKEN": pulumi.Output.secret("t")}}])

    node = named(run(program))["x"]
    assert node.inputs["containers"][1]["env"]["TOKEN"] == "t"
    assert [path.split(".")[0].split("[")[0] for path in node.secret_inputs] == ["containers"]


def test_an_output_that_is_declared_secret_travels_as_a_secret():
    def program():
        first = Thing("first", pulumi.ResourceOptions(additional_secret_outputs=["arn"]))
        Thing("second", arn_of=first.arn)

    nodes = named(run(program, FakeDriver()))
    assert nodes["first"].secret_outputs == ["arn"]
    assert nodes["second"].secret_inputs == ["arn_of"]


@pytest.mark.parametrize("tags", [{"tags": {"team": "ml"}}, json.dumps({"tags": {"team": "ml"}})])
def test_default_tags_and_region_are_those_of_the_provider_a_resource_uses(tags):
    driver = FakeDriver()

    def program():
        provider = Provider("explicit", defaultTags=tags, region="eu-west-1")
        Thing("tagged", pulumi.ResourceOptions(provider=provider))
        Thing("plain")

    graph = run(program, driver)
    assert driver.requests["tagged"].default_tags == {"team": "ml"}
    assert driver.requests["tagged"].provider_region == "eu-west-1"
    assert driver.requests["plain"].default_tags == {}
    assert driver.requests["plain"].provider_region is None
    assert [request.name for request in driver.providers] == ["explicit"]
    assert named(graph)["explicit"].status == "created"


def test_children_of_a_component_use_the_provider_it_was_given():
    driver = FakeDriver()

    def program():
        provider = Provider("explicit", defaultTags={"tags": {"team": "ml"}})
        group = Group("group", pulumi.ResourceOptions(providers=[provider]))
        Thing("inside", pulumi.ResourceOptions(parent=group))

    run(program, driver)
    assert driver.requests["inside"].default_tags == {"team": "ml"}


def test_options_are_kept():
    def program():
        options = pulumi.ResourceOptions(
            protect=True, retain_on_delete=True, delete_before_replace=True, ignore_changes=["tags"],
            replace_on_changes=["size"], aliases=[pulumi.Alias(name="old")],
        )  # fmt: skip
        Thing("x", options)

    node = named(run(program))["x"]
    assert (node.protect, node.retain_on_delete, node.delete_before_replace) == (True, True, True)
    assert (node.ignore_changes, node.replace_on_changes, node.aliases) == (["tags"], ["size"], ["old"])


def test_a_node_names_the_line_that_declared_it():
    def program():
        Thing("x")

    source = named(run(program))["x"].source
    path, _, line = source.rpartition(":")
    assert path == "tests/unit/mlops_estate/engine/test_monitor.py"
    assert int(line) == program.__code__.co_firstlineno + 1


def test_assets_reach_the_driver_whole_and_the_graph_as_a_hash():
    driver = FakeDriver()

    def program():
        Thing("x", body=pulumi.StringAsset("text"))

    node = named(run(program, driver))["x"]
    assert driver.requests["x"].inputs["body"].text == "text"
    assert node.inputs["body"] == {"$asset": hashlib.sha256(b"text").hexdigest(), "kind": "asset"}


def test_a_component_keeps_its_outputs():
    assert named(run(lambda: Group("group")))["group"].outputs == {"made": "group"}


def test_a_provider_function_is_refused_with_its_name():
    def program():
        pulumi.runtime.invoke("aws:index/getCallerIdentity:getCallerIdentity", {})

    with pytest.raises(FaultsFound) as caught:
        run(program)
    assert [fault.where for fault in caught.value.faults] == ["aws:index/getCallerIdentity:getCallerIdentity"]


def test_looking_up_an_existing_resource_is_refused_in_the_account_and_unknown_in_a_preview():
    def program():
        Thing("known", pulumi.ResourceOptions(id="vpc-1"))

    assert run(program).preview
    with pytest.raises(EngineFault) as caught:
        run(program, FakeDriver())
    assert [(fault.where, fault.value) for fault in caught.value.faults] == [("id", "vpc-1")]

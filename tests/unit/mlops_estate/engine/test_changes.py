"""Re-applying: each resource is created, left alone, changed in place, or replaced."""

from __future__ import annotations

import pulumi
import pytest
from tests.support.fake_driver import FakeDriver, Thing, named, run

from mlops_estate.engine import EngineFault


def again(driver: FakeDriver, before: dict, after: dict, opts: pulumi.ResourceOptions | None = None, name: str = "x"):
    """Apply `before`, then `after` with `opts`; return the node and what the second run asked of the driver."""
    first = run(lambda: Thing(name, opts, **before), driver)
    made = len(driver.calls)
    second = run(lambda: Thing(name, opts, **after), driver, first)
    return named(second)[name], driver.calls[made:]


def test_the_first_run_creates():
    driver = FakeDriver()
    node = named(run(lambda: Thing("x", size=1), driver))["x"]
    assert (node.status, node.id, node.outputs) == ("created", "x-1", {"size": 1, "arn": "arn:x-1"})
    assert node.aws == {"keys": {"Name": "x"}, "default_tags": {}, "provider_region": None}


def test_what_is_the_same_is_left_alone_and_keeps_its_outputs():
    node, calls = again(FakeDriver(), {"size": 1}, {"size": 1})
    assert (node.status, node.id, node.outputs, calls) == ("unchanged", "x-1", {"size": 1, "arn": "arn:x-1"}, [])


@pytest.mark.parametrize(
    ("before", "after"), [({"size": 1}, {"size": 2}), ({"size": 1}, {}), ({}, {"size": 1}), ({"a": [1]}, {"a": [2]})]
)
def test_a_change_is_made_in_place_where_the_driver_can(before, after):
    driver = FakeDriver()
    node, calls = again(driver, before, after)
    assert (node.status, node.id, calls) == ("updated", "x-1", ["update x"])
    assert driver.standing == {"x-1": after}


def test_changed_default_tags_alone_are_an_update():
    from tests.support.fake_driver import Provider

    driver = FakeDriver()

    def program(team):
        provider = Provider("explicit", defaultTags={"tags": {"team": team}})
        Thing("x", pulumi.ResourceOptions(provider=provider))

    first = run(lambda: program("a"), driver)
    second = run(lambda: program("b"), driver, first)
    assert named(second)["x"].status == "updated"
    assert driver.requests["x"].default_tags == {"team": "b"}


def test_a_replacement_is_created_before_the_old_one_goes():
    driver = FakeDriver(forces=("size",))
    node, calls = again(driver, {"size": 1}, {"size": 2})
    assert (node.status, node.id, calls) == ("replaced", "x-2", ["create x", "delete x"])
    assert driver.standing == {"x-2": {"size": 2}}


@pytest.mark.parametrize(
    ("driver", "opts"),
    [
        (FakeDriver(forces=("size",), names_things=False), None),
        (FakeDriver(forces=("size",)), pulumi.ResourceOptions(delete_before_replace=True)),
    ],
    ids=["its name is taken", "declared"],
)
def test_the_old_one_goes_first_where_both_cannot_stand(driver, opts):
    node, calls = again(driver, {"size": 1}, {"size": 2}, opts)
    assert (node.status, calls) == ("replaced", ["delete x", "create x"])
    assert driver.standing == {"x-2": {"size": 2}}


@pytest.mark.parametrize(("pattern", "replaces"), [("size", True), ("*", True), ("size.inner", True), ("other", False)])
def test_what_is_declared_to_replace_replaces(pattern, replaces):
    opts = pulumi.ResourceOptions(replace_on_changes=[pattern])
    node, _ = again(FakeDriver(), {"size": 1}, {"size": 2}, opts)
    assert node.status == ("replaced" if replaces else "updated")


def test_a_protected_resource_is_not_replaced_and_stays_as_it_is():
    driver = FakeDriver(forces=("size",))
    with pytest.raises(EngineFault) as caught:
        again(driver, {"size": 1}, {"size": 2}, pulumi.ResourceOptions(protect=True))
    (fault,) = caught.value.faults
    assert (fault.where, fault.urn.rsplit("::")[-1]) == ("size", "x")
    assert "protected" in fault.rule
    assert driver.standing == {"x-1": {"size": 1}}
    assert named(caught.value.graph)["x"].id == "x-1", "it is not lost from sight"


def test_a_protected_resource_is_changed_in_place():
    node, calls = again(FakeDriver(), {"size": 1}, {"size": 2}, pulumi.ResourceOptions(protect=True))
    assert (node.status, calls) == ("updated", ["update x"])


@pytest.mark.parametrize(
    ("before", "after", "status", "size"),
    [
        ({"size": 1}, {"size": 2}, "unchanged", 1),
        ({"size": 1}, {}, "unchanged", 1),
        ({}, {"size": 2}, "unchanged", None),
        ({"size": 1, "other": 1}, {"size": 2, "other": 2}, "updated", 1),
    ],
)
def test_ignored_properties_stay_as_they_were(before, after, status, size):
    driver = FakeDriver(forces=("size",))
    node, _ = again(driver, before, after, pulumi.ResourceOptions(ignore_changes=["size"]))
    assert (node.status, node.inputs.get("size")) == (status, size)
    assert driver.standing["x-1"].get("size") == size


def test_ignored_properties_count_when_a_resource_is_created():
    node = named(run(lambda: Thing("x", pulumi.ResourceOptions(ignore_changes=["size"]), size=1), FakeDriver()))["x"]
    assert node.inputs == {"size": 1}


def test_an_asset_whose_text_changes_is_an_update():
    driver = FakeDriver()
    node, calls = again(driver, {"body": pulumi.StringAsset("a")}, {"body": pulumi.StringAsset("b")})
    assert (node.status, calls) == ("updated", ["update x"])
    assert driver.requests["x"].inputs["body"].text == "b"


def test_what_is_no_longer_declared_is_deleted_dependants_first_and_after_all_else():
    driver = FakeDriver()

    def before():
        a = Thing("a")
        Thing("c", b=Thing("b", a=a.arn).arn)
        Thing("stays")

    def after():
        Thing("stays", size=2)
        Thing("new")

    first = run(before, driver)
    driver.calls.clear()
    second = run(after, driver, first)
    assert driver.calls == ["update stays", "create new", "delete c", "delete b", "delete a"]
    assert {node.name for node in second.custom_nodes()} == {"stays", "new"}


def test_a_replaced_resource_is_deleted_after_what_depended_on_it_was_moved():
    driver = FakeDriver(forces=("size",))

    def program(size):
        Thing("endpoint", config=Thing("config", size=size).arn)

    first = run(lambda: program(1), driver)
    driver.calls.clear()
    run(lambda: program(2), driver, first)
    assert driver.calls == ["create config", "update endpoint", "delete config"]


def test_a_removed_resource_that_is_retained_stays():
    driver = FakeDriver()
    events = []
    first = run(lambda: Thing("x", pulumi.ResourceOptions(retain_on_delete=True)), driver)
    run(lambda: None, driver, first, on_event=events.append)
    assert (driver.calls, [event.action for event in events]) == (["create x"], ["retained"])


def test_each_step_is_told():
    driver = FakeDriver(forces=("size",))
    told = []

    def program(size, other):
        Thing("same")
        Thing("changed", other=other)
        Thing("replaced", size=size)

    first = run(lambda: program(1, 1), driver, on_event=lambda event: told.append((event.action, event.name)))
    run(lambda: program(2, 2), driver, first, on_event=lambda event: told.append((event.action, event.name)))
    assert told == [
        ("created", "same"), ("created", "changed"), ("created", "replaced"),
        ("unchanged", "same"), ("updated", "changed"), ("replaced", "replaced"), ("deleted", "replaced"),
    ]  # fmt: skip


def adopting(resource_id: str = "theirs", **options) -> pulumi.ResourceOptions:
    return pulumi.ResourceOptions(import_=resource_id, **options)


def test_what_stands_is_taken_over_and_then_left_alone():
    driver = FakeDriver()
    node, calls = again(driver, {"size": 1}, {"size": 1}, adopting())
    assert driver.calls == ["adopt x"]
    assert (node.status, node.id, node.import_id, calls) == ("unchanged", "theirs", "theirs", [])


def test_what_was_taken_over_is_changed_in_place():
    node, calls = again(FakeDriver(), {"size": 1}, {"size": 2}, adopting())
    assert (node.status, node.id, calls) == ("updated", "theirs", ["update x"])


def test_ignored_inputs_need_not_match_and_stay_as_they_are():
    driver = FakeDriver()
    node, calls = again(driver, {"size": 1, "other": 1}, {"size": 2, "other": 1}, adopting(ignore_changes=["size"]))
    assert (node.status, node.inputs, calls) == ("unchanged", {"other": 1}, [])
    assert driver.ignored == {"size"}


def test_default_tags_are_not_put_on_what_keeps_its_tags():
    from tests.support.fake_driver import Provider

    driver = FakeDriver()

    def program(team):
        provider = Provider("explicit", defaultTags={"tags": {"team": team}})
        Thing("x", adopting(provider=provider, ignore_changes=["tags"]))

    second = run(lambda: program("b"), driver, run(lambda: program("a"), driver))
    assert named(second)["x"].status == "unchanged"
    assert driver.requests["x"].default_tags == {}


def test_taking_over_another_one_deletes_what_stood_here_before():
    driver = FakeDriver()
    first = run(lambda: Thing("x", size=1), driver)
    second = run(lambda: Thing("x", adopting(), size=1), driver, first)
    assert (named(second)["x"].status, driver.calls) == ("imported", ["create x", "adopt x", "delete x"])


def test_a_protected_one_is_not_given_up_for_another():
    driver = FakeDriver()
    first = run(lambda: Thing("x", pulumi.ResourceOptions(protect=True), size=1), driver)
    with pytest.raises(EngineFault, match="unprotect it first"):
        run(lambda: Thing("x", adopting(protect=True), size=1), driver, first)
    assert driver.standing == {"x-1": {"size": 1}}


@pytest.mark.parametrize("names_things", [True, False])
def test_a_replacement_leaves_what_is_to_be_retained(names_things):
    driver = FakeDriver(forces=("size",), names_things=names_things)
    _, calls = again(driver, {"size": 1}, {"size": 2}, pulumi.ResourceOptions(retain_on_delete=True))
    assert calls == ["create x"]
    assert driver.standing == {"x-1": {"size": 1}, "x-2": {"size": 2}}

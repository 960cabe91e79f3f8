"""Teardown: in reverse order, never by halves, and what has to stay is named and stays whole."""

from __future__ import annotations

import pulumi
import pytest
from tests.support.fake_driver import FakeDriver, Group, Provider, Thing, named, run

from mlops_estate.engine import ReadBack, destroy, read_back
from mlops_estate.faults import FaultsFound


def chain(**options):
    """Declare a -> b -> c, each in a component."""
    group = Group("group")
    opts = pulumi.ResourceOptions(parent=group, **options)
    Thing("c", opts, of=Thing("b", opts, of=Thing("a", opts).arn).arn)


def standing(program=chain) -> tuple[FakeDriver, object]:
    driver = FakeDriver()
    graph = run(program, driver)
    driver.calls.clear()
    return driver, graph


def names(urns) -> list[str]:
    return [urn.rsplit("::")[-1] for urn in urns]


def test_dependants_go_first_and_nothing_is_left():
    driver, graph = standing()
    events = []
    report = destroy(graph, driver, on_event=events.append)
    assert driver.calls == ["delete c", "delete b", "delete a"]
    assert (driver.standing, names(report.deleted), report.kept, report.faults) == ({}, ["c", "b", "a"], {}, [])
    assert [(event.action, event.name) for event in events] == [("deleted", name) for name in "cba"]
    assert {(node.status, node.id) for node in graph.custom_nodes()} == {("deleted", None)}


def test_a_second_teardown_has_nothing_to_do():
    driver, graph = standing()
    destroy(graph, driver)
    driver.calls.clear()
    assert destroy(graph, driver).deleted == []
    assert driver.calls == []


def test_protected_resources_refuse_the_whole_teardown_all_at_once():
    driver, graph = standing(lambda: chain(protect=True))
    with pytest.raises(FaultsFound, match="nothing was deleted: 3 resources are protected") as caught:
        destroy(graph, driver)
    assert names(fault.urn for fault in caught.value.faults) == ["a", "b", "c"]
    assert (driver.calls, len(driver.standing)) == ([], 3)


def test_unprotect_takes_them_down():
    driver, graph = standing(lambda: chain(protect=True))
    assert len(destroy(graph, driver, unprotect=True).deleted) == 3


def test_what_is_retained_on_deletion_stays_and_is_named():
    driver, graph = standing(lambda: Thing("b", pulumi.ResourceOptions(retain_on_delete=True), of=Thing("a").arn))
    events = []
    report = destroy(graph, driver, on_event=events.append)
    assert (names(report.retained), names(report.deleted)) == (["b"], ["a"])
    assert set(driver.standing) == {"b-2"}
    assert ("retained", "b") in [(event.action, event.name) for event in events]


def test_a_deletion_that_fails_does_not_stop_the_rest():
    driver, graph = standing()
    driver.refused.add("delete b")
    report = destroy(graph, driver)
    assert (names(report.deleted), [fault.rule for fault in report.faults]) == (["c", "a"], ["cannot delete"])
    node = named(graph)["b"]
    assert node.id == "b-2"
    assert "cannot delete" in node.error


def test_what_deletion_leaves_is_passed_on():
    driver, graph = standing()
    driver.left["a"] = ("a waits for its window",)
    assert destroy(graph, driver).expected_left == ["a waits for its window"]


def test_what_cannot_go_keeps_its_settings_and_all_that_it_needs():
    """A bucket with data keeps its key, its policy and what that names; what merely uses it goes."""

    def program():
        key, role = Thing("key"), Thing("role")
        bucket = Thing("bucket", kms=key.arn)
        Thing("policy", bucket=bucket.arn, role=role.arn)
        Thing("reader", bucket=bucket.arn)
        Thing("apart")

    driver, graph = standing(program)
    driver.kept["bucket"] = ("bucket keeps 2 objects", "one is locked")
    # The policy is a setting of the bucket: what identifies the one identifies the other.
    nodes = named(graph)
    nodes["policy"].aws["keys"] = {**nodes["bucket"].aws["keys"], "Policy": "p"}
    report = destroy(graph, driver)
    assert set(names(report.kept)) == {"bucket", "policy", "key", "role"}
    assert set(names(report.deleted)) == {"apart", "reader"}
    assert report.expected_left == ["bucket keeps 2 objects; one is locked"]
    assert {id_.rpartition("-")[0] for id_ in driver.standing} == {"bucket", "policy", "key", "role"}


def test_nobody_asks_whether_a_provider_can_go():
    driver, graph = standing(lambda: Thing("x", pulumi.ResourceOptions(provider=Provider("explicit"))))
    driver.kept["explicit"] = ("never asked",)
    report = destroy(graph, driver)
    assert (report.kept, names(report.deleted)) == ({}, ["x"])


def test_reading_back_asks_for_all_that_stands_and_counts_providers_as_declared():
    def program():
        Thing("x", pulumi.ResourceOptions(provider=Provider("explicit")))
        Thing("gone")

    driver, graph = standing(program)
    named(graph)["gone"].id = None
    found = {urn.rsplit("::")[-1]: result for urn, result in read_back(graph, driver)}
    assert found == {"explicit": ReadBack("declared", "", True), "x": ReadBack("emulated", "fake", True)}
    assert driver.calls == ["read x"]

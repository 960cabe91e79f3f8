"""Running a program: failures half-way, several runs in one process, what the program says and raises."""

from __future__ import annotations

import os
import warnings

import pulumi
import pytest
from tests.support.fake_driver import FakeDriver, Group, Provider, Thing, named, run

from mlops_estate.engine import EngineFault, destroy, run_program
from mlops_estate.faults import Fault, FaultsFound


def chain():
    """Declare a -> b -> c beside d and e."""
    Thing("c", of=Thing("b", of=Thing("a").arn).arn)
    Thing("d")
    Thing("e")


def failing(program, *refused: str, driver=None, previous=None) -> EngineFault:
    driver = driver or FakeDriver()
    driver.refused |= set(refused)
    with pytest.raises(EngineFault) as caught:
        run(program, driver, previous)
    return caught.value


def test_a_failure_skips_what_depends_on_it_and_the_others_go_on():
    fault = failing(chain, "create b")
    nodes = named(fault.graph)
    assert {name: nodes[name].status for name in "abcde"} == {
        "a": "created", "b": "failed", "c": "skipped", "d": "created", "e": "created",
    }  # fmt: skip
    assert nodes["b"].error.endswith("do otherwise")
    assert nodes["a"].id == "a-1"
    assert (nodes["b"].id, nodes["c"].id) == (None, None)


def test_all_faults_are_reported_with_their_urns_and_counted():
    fault = failing(chain, "create b", "create e")
    assert [each.urn.rsplit("::")[-1] for each in fault.faults] == ["e", "b"]
    assert fault.summary == "2 resource(s) failed, 1 skipped because they depend on them"
    assert fault.exit_code == 1


def test_a_resource_that_must_wait_for_a_failed_one_is_skipped_too():
    def program():
        first = Thing("first")
        Thing("second", pulumi.ResourceOptions(depends_on=[first]))

    assert named(failing(program, "create first").graph)["second"].status == "skipped"


@pytest.mark.parametrize(
    ("inputs", "rule"),
    [
        (lambda: {"size": pulumi.Output.secret(4711)}, "must be less, is {size}"),
        (lambda: {"size": {"inner": pulumi.Output.secret("hunter2-4711")}}, "refused"),
        (
            lambda: {"size": "user:hunter2-4711@host", "password": pulumi.Output.secret("hunter2-4711")},
            "{size} is no host",
        ),
    ],
)
def test_no_fault_shows_a_secret(inputs, rule):
    driver = FakeDriver()
    driver.rule = rule
    fault = failing(lambda: Thing("x", **inputs()), "create x", driver=driver)
    assert "4711" not in str(fault)
    assert "[secret]" in str(fault)
    assert "4711" not in named(fault.graph)["x"].error


def test_a_fault_of_what_is_no_secret_shows_its_value():
    program = lambda: Thing("x", size=5, password=pulumi.Output.secret("hunter2-4711"))  # noqa: E731 -- one line
    (fault,) = failing(program, "create x").faults
    assert (fault.where, fault.value) == ("size", 5)


def test_a_failed_run_can_be_taken_up_again():
    driver = FakeDriver()
    graph = failing(chain, "create b", driver=driver).graph
    driver.refused.clear()
    driver.calls.clear()
    again = run(chain, driver, graph)
    assert driver.calls == ["create b", "create c"]
    assert {node.status for node in again.custom_nodes()} == {"unchanged", "created"}


def test_a_failed_change_keeps_what_stands_in_sight():
    driver = FakeDriver()
    first = run(lambda: Thing("x", size=1), driver)
    graph = failing(lambda: Thing("x", size=2), "update x", driver=driver, previous=first).graph
    node = named(graph)["x"]
    assert (node.status, node.id, node.outputs["arn"]) == ("failed", "x-1", "arn:x-1")


def test_what_a_failed_change_did_not_reach_is_compared_with_what_stands_next_time():
    """After a refused change the node must not look as if it had its new inputs."""
    driver = FakeDriver()
    first = run(lambda: Thing("x", size=1), driver)
    graph = failing(lambda: Thing("x", size=2), "update x", driver=driver, previous=first).graph
    driver.refused.clear()
    again = run(lambda: Thing("x", size=2), driver, graph)
    assert named(again)["x"].status == "updated"
    assert driver.standing == {"x-1": {"size": 2}}


def test_nothing_is_deleted_where_the_run_failed():
    driver = FakeDriver()
    first = run(chain, driver)
    fault = failing(lambda: Thing("new"), "create new", driver=driver, previous=first)
    assert len(driver.standing) == 5
    assert set(named(fault.graph)) >= {"a", "b", "c", "d", "e", "new"}


def test_a_failed_replacement_keeps_the_old_one():
    driver = FakeDriver(forces=("size",))
    first = run(lambda: Thing("x", size=1), driver)
    fault = failing(lambda: Thing("x", size=2), "create x", driver=driver, previous=first)
    assert driver.standing == {"x-1": {"size": 1}}
    assert named(fault.graph)["x"].id == "x-1"


def replacing(size):
    """Declare an endpoint of a configuration that a change of `size` replaces, and one beside it."""
    Thing("endpoint", config=Thing("config", size=size).arn)
    Thing("beside", size=size)


def test_a_resource_superseded_in_a_failed_run_stays_in_sight_until_the_next():
    driver = FakeDriver(forces=("size",))
    first = run(lambda: replacing(1), driver)
    fault = failing(lambda: replacing(2), "create beside", driver=driver, previous=first)
    (old,) = (node for node in fault.graph.custom_nodes() if node.status == "superseded")
    assert (old.name, old.inputs, old.id in driver.standing) == ("config", {"size": 1}, True)
    driver.refused.clear()
    run(lambda: replacing(2), driver, fault.graph)
    assert sorted(inputs.get("size", 2) for inputs in driver.standing.values()) == [2, 2, 2]


def test_a_superseded_resource_is_torn_down_with_the_rest():
    driver = FakeDriver(forces=("size",))
    first = run(lambda: replacing(1), driver)
    fault = failing(lambda: replacing(2), "create beside", driver=driver, previous=first)
    destroy(fault.graph, driver)
    assert driver.standing == {}


def test_a_resource_that_went_first_and_whose_successor_failed_does_not_count_as_standing():
    driver = FakeDriver(forces=("size",), names_things=False)
    first = run(lambda: Thing("x", size=1), driver)
    graph = failing(lambda: Thing("x", size=2), "create x", driver=driver, previous=first).graph
    assert (driver.standing, named(graph)["x"].id) == ({}, None)
    driver.refused.clear()
    assert named(run(lambda: Thing("x", size=2), driver, graph))["x"].status == "created"


def test_a_deletion_that_fails_is_a_fault_and_the_resource_stays_in_sight():
    driver = FakeDriver()
    first = run(chain, driver)
    fault = failing(lambda: None, "delete b", driver=driver, previous=first)
    assert [each.rule for each in fault.faults] == ["cannot delete"]
    assert named(fault.graph)["b"].id == named(first)["b"].id is not None


def test_a_second_run_in_one_process_starts_afresh():
    def program():
        Thing("x")
        pulumi.export("value", pulumi.Config("mlops-estate").get("key"))

    first = run(program, config={"mlops-estate:key": "one"})
    second = run(program, config={"mlops-estate:key": "two"})
    third = run(lambda: None)
    assert (first.stack_outputs, second.stack_outputs, third.stack_outputs) == ({"value": "one"}, {"value": "two"}, {})
    assert set(named(third)) <= {"mlops-estate-test"}


def test_a_run_after_a_failed_one_is_sound():
    failing(chain, "create b")
    assert {node.status for node in run(chain, FakeDriver()).custom_nodes()} == {"created"}


def test_the_program_is_a_file_run_in_its_folder(tmp_path):
    main = tmp_path / "stacks" / "__main__.py"
    main.parent.mkdir()
    main.write_text(
        "import os, pulumi\npulumi.export('cwd', os.getcwd())\npulumi.export('name', __name__)\n"
        "pulumi.export('stack', pulumi.get_stack())\npulumi.export('project', pulumi.get_project())\n"
    )
    before = os.getcwd()
    graph = run_program(main, stack="test", config={})
    assert graph.stack_outputs == {
        "cwd": str(main.parent), "name": "__main__", "stack": "test", "project": "mlops-estate",
    }  # fmt: skip
    assert os.getcwd() == before


def test_what_the_program_raises_is_a_fault_that_names_the_line():
    def program():
        Thing("x")
        raise ZeroDivisionError("by zero")

    fault = failing(program)
    (found,) = fault.faults
    assert found.rule == "the program raised ZeroDivisionError: by zero"
    assert found.where == f"{__file__}:{program.__code__.co_firstlineno + 2}"
    assert named(fault.graph)["x"].status == "created"


def test_what_fails_inside_an_apply_is_a_fault_too():
    def program():
        def refuse(_arn):
            raise ValueError("not that one")

        pulumi.export("x", Thing("x").arn.apply(refuse))

    assert any("not that one" in fault.rule for fault in failing(program).faults)


def test_the_programs_own_faults_go_through_before_anything_is_created():
    fault = Fault("models.x", 1, "rule", "fix")

    def program():
        raise FaultsFound([fault])

    with pytest.raises(FaultsFound) as caught:
        run(program, FakeDriver())
    assert not isinstance(caught.value, EngineFault)
    assert caught.value.faults == (fault,)
    assert caught.value.exit_code == 2


def test_components_and_providers_alone_count_as_nothing_created():
    def program():
        Group("group")
        Provider("explicit")
        raise FaultsFound([Fault("models.x", 1, "rule", "fix")])

    with pytest.raises(FaultsFound) as caught:
        run(program, FakeDriver())
    assert not isinstance(caught.value, EngineFault)


def test_faults_of_a_component_are_translated():
    class ForeignError(ValueError):
        faults = (type("F", (), {"where": "a.b", "value": 2, "rule": "r", "fix": "f"}),)

    def program():
        raise ForeignError

    with pytest.raises(FaultsFound) as caught:
        run(program)
    assert caught.value.faults == (Fault("a.b", 2, "r", "f"),)


def test_faults_after_something_was_created_carry_the_graph():
    def program():
        Thing("x")
        raise FaultsFound([Fault("late", 1, "rule", "fix")])

    fault = failing(program)
    assert [each.where for each in fault.faults] == ["late"]
    assert named(fault.graph)["x"].id == "x-1"


def test_what_the_program_tells_its_user_is_kept_as_notes():
    def program():
        pulumi.info("waits for a version")
        pulumi.warn("costs more")
        pulumi.log.debug("not this")

    assert run(program).notes == ["waits for a version", "costs more"]


def test_secret_configuration_comes_out_secret():
    def program():
        pulumi.export("token", pulumi.Config("mlops-estate").require_secret("token"))

    graph = run_program(program, stack="test", config={"mlops-estate:token": "t"}, secret_keys=("mlops-estate:token",))
    assert (graph.stack_outputs, graph.secret_stack_outputs) == ({"token": "t"}, ["token"])


def test_order_and_ids_are_the_same_from_run_to_run():
    def program():
        things = [Thing(f"t{index}") for index in range(20)]
        Thing("last", all=[thing.arn for thing in things])

    first, second = run(program, FakeDriver()), run(program, FakeDriver())
    assert [(node.urn, node.id, node.inputs) for node in first.nodes.values()] == [
        (node.urn, node.id, node.inputs) for node in second.nodes.values()
    ]


def test_a_failed_run_leaves_no_warning_behind(capsys):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        failing(chain, "create a", "create d")
    assert caught == []
    assert capsys.readouterr().err == ""

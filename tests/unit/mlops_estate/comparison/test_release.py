"""How releases go: stages and times of the deployment guardrails, and what a reviewer should know before."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.compared import CANARY, blue_green, compared, estate, graph, node, percent

from mlops_estate.comparison.endpoints import Shift
from mlops_estate.comparison.release import release_timetable, stages_of
from mlops_estate.graph import ResourceGraph


def released(before: ResourceGraph, after: ResourceGraph) -> dict[str, Any]:
    (release,) = release_timetable(compared(before, after))
    return release


def times(release: dict[str, Any]) -> list[tuple[int, int, int]]:
    return [(each["at_seconds"], each["until_seconds"], each["traffic_percent"]) for each in release["stages"]]


def test_nothing_is_released_where_nothing_changes():
    assert release_timetable(compared(estate(), estate())) == []
    assert release_timetable(compared(estate(), graph())) == []


def test_a_canary_bakes_twice_and_then_the_old_fleet_stands_by():
    release = released(estate(), estate(version=2))
    assert times(release) == [(0, 600, 10), (600, 1200, 100), (1200, 1800, 100)]
    assert (release["seconds"], release["strategy"]) == (1800, "canary 10 %")
    assert (release["from_version"], release["to_version"]) == (1, 2)
    assert release["reason"] == "promotion: version 1 -> 2"
    assert release["rollback_alarms"] == ["credit-errors"]
    assert (release["model"], release["endpoint"], release["cautions"]) == ("credit", "prod-credit", [])
    assert release["duration"].startswith("at least")


def test_a_linear_shift_bakes_after_each_step_and_its_last_step_is_what_is_left():
    release = released(estate(), estate(blue_green("LINEAR", wait=120, termination=0, linearStepSize=percent(30))))
    assert times(release) == [(0, 120, 30), (120, 240, 60), (240, 360, 90), (360, 480, 100), (480, 480, 100)]


def test_all_at_once_bakes_once():
    release = released(estate(), estate(blue_green("ALL_AT_ONCE", wait=300, termination=60), version=2))
    assert times(release) == [(0, 300, 100), (300, 360, 100)]


def test_without_a_policy_all_traffic_moves_at_once():
    release = released(estate({}), estate({}, version=2))
    assert (release["strategy"], release["seconds"]) == ("all at once", 0)


def test_a_rolling_deployment_keeps_no_old_fleet():
    rolling = {"rollingUpdatePolicy": {"maximumBatchSize": percent(40), "waitIntervalInSeconds": 200,
                                       "maximumExecutionTimeoutInSeconds": 3600}}  # fmt: skip
    release = released(estate(rolling), estate(rolling, version=2))
    assert times(release) == [(0, 200, 40), (200, 400, 80), (400, 600, 100)]
    assert release["seconds"] == 600


def test_a_step_in_instances_is_told_as_a_share_of_them():
    by_count = blue_green("CANARY", canarySize={"type": "INSTANCE_COUNT", "value": 1})
    release = released(estate(by_count, count=4), estate(by_count, count=4, version=2))
    assert (times(release)[0][2], release["strategy"]) == (25, "canary 1 instance")


@pytest.mark.parametrize(
    ("after", "reason"),
    [
        (estate(version=1, instance_type="ml.m5.xlarge"), "instance type ml.m5.large -> ml.m5.xlarge"),
        (estate(count=12), "instance count 10 -> 12"),
        (estate(serverless=True), "instances -> serverless"),
        (estate(capture=50), "endpoint configuration: dataCaptureConfig"),
        (estate(blue_green("CANARY", canarySize=percent(20))), "deployment configuration: canary 10 % -> canary 20 %"),
        (estate(blue_green("CANARY", wait=300, canarySize=percent(10))), "deployment configuration: its times"),
        (estate(alarms=("errors", "latency")), "deployment configuration: its rollback alarms"),
    ],
)
def test_a_release_says_why(after, reason):
    assert released(estate(), after)["reason"] == reason


def test_a_version_is_read_from_the_component_or_the_configuration_where_no_tag_has_it():
    def untagged(version: int, component: int | None) -> ResourceGraph:
        made = estate(version=version)
        for it in made.nodes.values():
            it.inputs.pop("tags", None)
            if it.type.endswith(":Endpoint") and component is not None:
                parent = node("mlops:index:GuardedEndpoint", "credit", {"version": component, "model": "credit"})
                it.parent = parent.urn
        if component is not None:
            made.nodes[parent.urn] = parent
        return made

    by_name, by_component = (
        released(untagged(1, known), untagged(2, later)) for known, later in ((None, None), (7, 8))
    )
    assert (by_name["from_version"], by_name["to_version"]) == (1, 2)
    assert (by_component["from_version"], by_component["to_version"]) == (7, 8)
    tagged = released(estate(version=1), estate(version=2))
    assert (tagged["from_version"], tagged["to_version"]) == (1, 2)


def test_each_stage_says_what_happens():
    linear = blue_green("LINEAR", wait=60, termination=60, linearStepSize=percent(50))
    rolling = {"rollingUpdatePolicy": {"maximumBatchSize": percent(50), "waitIntervalInSeconds": 0}}
    sides = {"canary": CANARY, "linear": linear, "all": blue_green("ALL_AT_ONCE", termination=0), "rolling": rolling}
    told = {
        name: [each["what"] for each in released(estate(side), estate(side, version=2))["stages"]]
        for name, side in sides.items()
    }
    bake, last = "bake: alarms are watched", "the last bake: alarms are watched"
    assert told == {
        "canary": [f"canary; {bake}", f"all the rest moves; {last}", "the old fleet stands by, then ends"],
        "linear": [f"step 1 of 2; {bake}", f"step 2 of 2; {last}", "the old fleet stands by, then ends"],
        "all": [f"all traffic moves at once; {last}", "the old fleet ends at once"],
        "rolling": [f"batch {number} of 2: provisioned, turned on, and as much of the old fleet ended"
                    for number in (1, 2)],
    }  # fmt: skip


def test_a_version_that_goes_back_is_a_rollback():
    assert released(estate(version=3), estate(version=2))["reason"] == "rollback: version 3 -> 2"


def test_a_first_deployment_has_no_guardrail():
    release = released(graph(), estate())
    assert (release["strategy"], release["seconds"], release["from_version"]) == ("none: created", 0, None)
    assert "no guardrail" in release["cautions"][0]


def test_a_replaced_endpoint_has_no_guardrail():
    renamed = estate(endpointName="other")
    release = released(estate(), renamed)
    assert release["reason"] == "the endpoint is replaced"
    assert release["strategy"] == "none: created"


def cautions(before: ResourceGraph, after: ResourceGraph) -> str:
    return "\n".join(released(before, after)["cautions"])


def test_the_instance_type_of_a_scaled_variant_takes_two_commits():
    other = {"instance_type": "ml.m5.xlarge"}
    assert "AWS refuses the update" in cautions(estate(scaled=True), estate(scaled=True, **other))
    # The target that goes in the same commit is deleted after the update.
    assert "AWS refuses the update" in cautions(estate(scaled=True), estate(**other))
    assert "refuses" not in cautions(estate(), estate(scaled=True, **other))
    assert "refuses" not in cautions(estate(scaled=True), estate(scaled=True, version=2))


@pytest.mark.parametrize(
    ("after", "caution"),
    [
        (estate(version=2, count=2), "10 % of 2 instance(s) is less than one: reckon with 50 % in the first step"),
        (estate(version=2, period=600), "a bake of 600 s is shorter than the 1200 s that an alarm takes to go off"),
        (estate(version=2, alarms=()), "no alarm rolls the release back"),
        (estate(blue_green("ALL_AT_ONCE", wait=0), version=2), "there is no bake"),
        (estate(blue_green("CANARY", longest=1800, canarySize=percent(10)), version=2), "the waits take 1800 s"),
        (estate(version=2, serverless=True), "a serverless endpoint has no instances"),
        (estate(version=2, instance_type="ml.inf1.xlarge"), "Inf1 instances have no guardrails"),
        (estate(alarms=("errors", "more")), "nothing but the deployment configuration changes"),
        (estate(count=12, retainAllVariantProperties=True), "the number of instances that runs is kept"),
    ],
)
def test_what_a_reviewer_should_know_is_said(after, caution):
    assert caution in cautions(estate(), after)


def test_what_is_in_order_has_no_caution():
    follows = {"retainAllVariantProperties": True,
               "excludeRetainedVariantProperties": [{"variantPropertyType": "DesiredInstanceCount"}]}  # fmt: skip
    assert cautions(estate(**follows), estate(count=12, **follows)) == ""
    assert cautions(estate(), estate(blue_green("CANARY", longest=1801, canarySize=percent(10)), version=2)) == ""


def test_rolling_excludes_serverless_endpoints():
    rolling = {"rollingUpdatePolicy": {"maximumBatchSize": percent(50), "waitIntervalInSeconds": 600}}
    assert "AWS refuses it" in cautions(estate(rolling), estate(rolling, serverless=True))


def test_inf1_shifts_all_at_once():
    release = released(estate(), estate(version=2, instance_type="ml.inf1.xlarge"))
    assert (release["strategy"], times(release)) == ("all at once", [(0, 0, 100), (0, 0, 100)])


def test_a_first_share_that_an_instance_makes_up_is_no_caution():
    assert "less than one" not in cautions(estate(), estate(version=2, count=10))
    assert "less than one" in cautions(estate(), estate(version=2, count=9))


@given(
    st.sampled_from(["all at once", "canary", "linear", "rolling"]),
    st.integers(1, 100),
    st.integers(0, 3600),
    st.integers(0, 3600),
    st.integers(1, 50),
)
def test_stages_follow_each_other_and_end_with_all_traffic(strategy, size, wait, termination, instances):
    stages = list(stages_of(Shift(strategy, size, "CAPACITY_PERCENT", wait, termination), instances))
    assert stages[0]["at_seconds"] == 0
    assert all(one["until_seconds"] == other["at_seconds"] for one, other in itertools.pairwise(stages))
    shares = [each["traffic_percent"] for each in stages]
    assert shares == sorted(shares)
    assert shares[-1] == 100
    baked = len(stages) - (strategy != "rolling")
    assert stages[-1]["until_seconds"] == baked * wait + (termination if strategy != "rolling" else 0)

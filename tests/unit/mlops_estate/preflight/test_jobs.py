"""How many instances run at once."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlops_estate.preflight.jobs import at_once, hours_of, pipeline_jobs, release_peak


def processing(name, kind="ml.m5.large", count=1, after=()):
    cluster = {"InstanceType": kind, "InstanceCount": count}
    arguments = {"ProcessingResources": {"ClusterConfig": cluster}}
    return {"Name": name, "Type": "Processing", "Arguments": arguments, "DependsOn": list(after)}


def definition(*steps, **parameters):
    named = [{"Name": key, "DefaultValue": value} for key, value in parameters.items()]
    return json.dumps({"Version": "2020-12-01", "Parameters": named, "Steps": list(steps)})


def test_steps_that_wait_for_each_other_never_run_together():
    text = definition(processing("A"), processing("B", after=["A"]), processing("C", after=["B"]))
    assert pipeline_jobs(text, None) == {("processing", "ml.m5.large"): 1}


def test_steps_side_by_side_run_together_up_to_the_parallelism():
    text = definition(processing("A"), *(processing(name, after=["A"]) for name in "BCDE"))
    assert pipeline_jobs(text, None) == {("processing", "ml.m5.large"): 4}
    assert pipeline_jobs(text, 2) == {("processing", "ml.m5.large"): 2}


def test_of_steps_with_several_instances_the_largest_count():
    text = definition(processing("A", count=3), processing("B", count=1), processing("C", count=2))
    assert pipeline_jobs(text, 2) == {("processing", "ml.m5.large"): 5}


def test_a_type_is_taken_from_the_parameter_and_a_branch_is_looked_into():
    kind = {"Get": "Parameters.Kind"}
    gate = {"Name": "Gate", "Type": "Condition", "Arguments": {"Conditions": [], "IfSteps": [processing("A", kind)],
                                                            "ElseSteps": []}}  # fmt: skip
    assert pipeline_jobs(definition(gate, Kind="ml.c5.xlarge"), 1) == {("processing", "ml.c5.xlarge"): 1}


@pytest.mark.parametrize(("spot", "usage"), [(True, "spot"), (False, "training"), (None, "training")])
def test_spot_training_has_quotas_of_its_own(spot, usage):
    arguments = {"ResourceConfig": {"InstanceType": "ml.m5.xlarge", "InstanceCount": 2}}
    arguments |= {} if spot is None else {"EnableManagedSpotTraining": spot}
    step = {"Name": "Train", "Type": "Training", "Arguments": arguments}
    assert pipeline_jobs(definition(step), 1) == {(usage, "ml.m5.xlarge"): 2}


def test_a_tuning_step_runs_its_trials_side_by_side():
    job = {"ResourceConfig": {"InstanceType": "ml.m5.xlarge", "InstanceCount": 2}}
    limits = {"HyperParameterTuningJobConfig": {"ResourceLimits": {"MaxParallelTrainingJobs": 3}}}
    step = {"Name": "Tune", "Type": "Tuning", "Arguments": {**limits, "TrainingJobDefinition": job}}
    assert pipeline_jobs(definition(step), 1) == {("training", "ml.m5.xlarge"): 6}


@given(st.integers(1, 6), st.integers(1, 6))
def test_of_chains_side_by_side_one_step_each_can_run(chains, length):
    edges = [(f"{chain}.{at}", f"{chain}.{at + 1}") for chain in range(chains) for at in range(length - 1)]
    names = tuple(f"{chain}.{at}" for chain in range(chains) for at in range(length))
    assert at_once(json.dumps(edges), names) == chains


def test_waiting_through_another_kind_of_step_still_counts():
    edges = json.dumps([("A", "X"), ("X", "B")])
    assert at_once(edges, ("A", "B")) == 1


@pytest.mark.parametrize(
    ("expression", "hours"),
    [
        ("cron(0 * ? * * *)", set(range(24))),
        ("cron(0 3 ? * * *)", {3}),
        ("cron(0 0/6 ? * * *)", {0, 6, 12, 18}),
        ("cron(0 8-10,20 ? * * *)", {8, 9, 10, 20}),
        ("NOW", set(range(24))),
    ],
)
def test_a_schedule_fires_at_its_hours(expression, hours):
    assert hours_of(expression) == hours


def test_blue_green_doubles_the_fleet_and_rolling_adds_a_batch():
    assert release_peak(8, {})[0] == 16
    assert release_peak(8, {"blueGreenUpdatePolicy": {}})[0] == 16
    rolling = {"rollingUpdatePolicy": {"maximumBatchSize": {"type": "CAPACITY_PERCENT", "value": 30}}}
    assert release_peak(8, rolling)[0] == 11
    counted = {"rollingUpdatePolicy": {"maximumBatchSize": {"type": "INSTANCE_COUNT", "value": 2}}}
    assert release_peak(8, counted)[0] == 10

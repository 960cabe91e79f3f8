"""A definition's checks: the kept definition has no fault, and each of many seeded faults is found where it stands."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest

from mlops_estate.pipeline_checks import validate_definition
from mlops_estate.pipeline_checks.rules import LARGEST_INLINE
from mlops_pipelines.training.rendering import load_definition

KEPT = load_definition()


def step(definition: dict[str, Any], name: str) -> dict[str, Any]:
    found = {item["Name"]: item for item in definition["Steps"]}
    for item in definition["Steps"]:
        for branch in ("IfSteps", "ElseSteps"):
            found |= {inner["Name"]: inner for inner in item["Arguments"].get(branch) or []}
    return found[name]


def arguments(definition, name):
    return step(definition, name)["Arguments"]


def renamed(holder, old, new):
    holder[new] = holder.pop(old)


def with_spot(definition, wait):
    job = arguments(definition, "Train")
    job["EnableManagedSpotTraining"] = True
    job["StoppingCondition"] = {"MaxRuntimeInSeconds": 3600, **({"MaxWaitTimeInSeconds": wait} if wait else {})}
    return job


def cycle(definition):
    step(definition, "Preprocess")["DependsOn"] = ["Evaluate"]


def into_a_branch(definition):
    step(definition, "Evaluate")["DependsOn"] = ["Register"]


def first(definition, name):
    return arguments(definition, name)["ProcessingInputs"][0]


Seed = tuple[str, Callable[[dict[str, Any]], object], str]
SEEDED: list[Seed] = [
    # what is done to the definition, how, and a part of the path where it has to be found
    ("unknown top key", lambda d: d.update(Stepz=[]), "Stepz"),
    ("another version", lambda d: d.update(Version="2021-01-01"), "Version"),
    ("no steps", lambda d: d.update(Steps=[]), "Steps"),
    ("too many steps", lambda d: d["Steps"].extend(
        {"Name": f"F{n}", "Type": "Fail", "Arguments": {"ErrorMessage": "x"}} for n in range(50)), "Steps"),
    ("two parameters of a name", lambda d: d["Parameters"].append(d["Parameters"][0]), "Parameters[7].Name"),
    ("parameter of no type", lambda d: d["Parameters"][0].update(Type="Text"), "Parameters[0].Type"),
    ("default of another type", lambda d: d["Parameters"][0].update(DefaultValue=3), "Parameters[0].DefaultValue"),
    ("default outside its values", lambda d: d["Parameters"][1].update(EnumValues=["a"]), "Parameters[1].DefaultValue"),
    ("two steps of a name", lambda d: step(d, "Train").update(Name="Preprocess"), "Steps"),
    ("name with a space", lambda d: step(d, "Refused").update(Name="Refused by gates"), "ElseSteps[0].Name"),
    ("type that is none", lambda d: step(d, "Train").update(Type="Train"), "Steps[5].Type"),
    ("unknown step key", lambda d: renamed(step(d, "Train"), "RetryPolicies", "RetryPolicy"), "Steps[5].RetryPolicy"),
    ("no arguments", lambda d: step(d, "Train").pop("Arguments"), "Steps[5].Arguments"),
    ("misspelt argument", lambda d: renamed(arguments(d, "Train"), "ResourceConfig", "ResourcesConfig"),
     "Steps[5].Arguments.ResourcesConfig"),
    ("required argument missing", lambda d: arguments(d, "Evaluate").pop("AppSpecification"),
     "Steps[6].Arguments.AppSpecification"),
    ("nested member misspelt", lambda d: renamed(arguments(d, "Evaluate")["NetworkConfig"], "VpcConfig", "Vpc"),
     "Steps[6].Arguments.NetworkConfig.Vpc"),
    ("text for a number", lambda d: arguments(d, "Train")["ResourceConfig"].update(InstanceCount="one"),
     "ResourceConfig.InstanceCount"),
    ("instance type that is none", lambda d: arguments(d, "Train")["ResourceConfig"].update(InstanceType="ml.m99.huge"),
     "ResourceConfig.InstanceType"),
    ("volume below the minimum", lambda d: arguments(d, "Train")["ResourceConfig"].update(VolumeSizeInGB=-1),
     "ResourceConfig.VolumeSizeInGB"),
    ("role that is no ARN", lambda d: arguments(d, "Evaluate").update(RoleArn="the-role"), "Arguments.RoleArn"),
    ("input mode that is none", lambda d: first(d, "Evaluate")["S3Input"].update(S3InputMode="Pipes"), "S3InputMode"),
    ("environment too large", lambda d: arguments(d, "Evaluate").update(Environment={"A": "x" * 300}), "Environment"),
    ("parameter that does not exist", lambda d: first(d, "Preprocess")["S3Input"].update(
        S3Uri={"Get": "Parameters.Dta"}), "S3Input.S3Uri"),
    ("execution variable that does not exist", lambda d: first(d, "Preprocess")["S3Input"].update(
        S3Uri={"Get": "Execution.PipelineID"}), "S3Input.S3Uri"),
    ("reference to nothing", lambda d: first(d, "Preprocess")["S3Input"].update(S3Uri={"Get": "Config.Uri"}), "S3Uri"),
    ("step that does not exist", lambda d: first(d, "Evaluate")["S3Input"].update(
        S3Uri={"Get": "Steps.Trian.ModelArtifacts.S3ModelArtifacts"}), "S3Input.S3Uri"),
    ("property that does not exist", lambda d: first(d, "Evaluate")["S3Input"].update(
        S3Uri={"Get": "Steps.Train.ModelArtifact.S3Uri"}), "S3Input.S3Uri"),
    ("output that does not exist", lambda d: first(d, "Evaluate")["S3Input"].update(
        S3Uri={"Get": "Steps.Preprocess.ProcessingOutputConfig.Outputs['tests'].S3Output.S3Uri"}), "S3Input.S3Uri"),
    ("reference of another type", lambda d: arguments(d, "Train")["ResourceConfig"].update(
        InstanceType={"Get": "Parameters.Seed"}), "ResourceConfig.InstanceType"),
    ("structure for a text", lambda d: first(d, "Evaluate")["S3Input"].update(
        S3Uri={"Get": "Steps.Train.ModelArtifacts"}), "S3Input.S3Uri"),
    ("join without values", lambda d: first(d, "Evaluate")["S3Input"].update(S3Uri={"Std:Join": {"On": "/"}}), "S3Uri"),
    ("property file that does not exist", lambda d: arguments(d, "GatesPassed")["Conditions"][0]["LeftValue"][
        "Std:JsonGet"].update(PropertyFile={"Get": "Steps.Gate.PropertyFiles.GateReports"}), "PropertyFile"),
    ("property file of no step", lambda d: arguments(d, "GatesPassed")["Conditions"][0]["LeftValue"][
        "Std:JsonGet"].update(PropertyFile={"Get": "Parameters.Seed"}), "LeftValue"),
    ("look-up without a path", lambda d: arguments(d, "GatesPassed")["Conditions"][0]["LeftValue"][
        "Std:JsonGet"].pop("Path"), "LeftValue.Path"),
    ("property file of no output", lambda d: step(d, "Evaluate")["PropertyFiles"][0].update(OutputName="evaluations"),
     "PropertyFiles[0].OutputName"),
    ("property file without a path", lambda d: step(d, "Evaluate")["PropertyFiles"][0].pop("FilePath"),
     "PropertyFiles[0].FilePath"),
    ("cycle", cycle, "Steps"),
    ("step of a branch that may not run", into_a_branch, "Steps[6].DependsOn[0]"),
    ("dependency that does not exist", lambda d: step(d, "Train").update(DependsOn=["Prepare"]), "DependsOn[0]"),
    ("retry exception that is none", lambda d: step(d, "Train")["RetryPolicies"][0].update(ExceptionType=["Step.ANY"]),
     "RetryPolicies[0].ExceptionType"),
    ("retries without an end", lambda d: [step(d, "Train")["RetryPolicies"][0].pop(key, None)
                                          for key in ("MaxAttempts", "ExpireAfterMin")], "RetryPolicies[0]"),
    ("retries of a failing step", lambda d: step(d, "Refused").update(
        RetryPolicies=[{"ExceptionType": ["Step.THROTTLING"], "MaxAttempts": 1}]), "RetryPolicies"),
    ("exceptions of jobs where no job runs", lambda d: step(d, "Register").update(
        RetryPolicies=[{"ExceptionType": ["SageMaker.CAPACITY_ERROR"], "MaxAttempts": 1}]), "ExceptionType"),
    ("cache that never expires", lambda d: step(d, "Train").update(CacheConfig={"Enabled": True, "ExpireAfter": "30d"}),
     "CacheConfig.ExpireAfter"),
    ("no conditions", lambda d: arguments(d, "GatesPassed").update(Conditions=[]), "Arguments.Conditions"),
    ("condition that is none", lambda d: arguments(d, "GatesPassed")["Conditions"][0].update(Type="AtLeast"),
     "Conditions[0].Type"),
    ("condition with one side", lambda d: arguments(d, "GatesPassed")["Conditions"][0].pop("RightValue"), "RightValue"),
    ("gate that leads nowhere", lambda d: arguments(d, "GatesPassed").update(IfSteps=[], ElseSteps=[]), "Arguments"),
    ("spot without a wait", lambda d: with_spot(d, 0), "MaxWaitTimeInSeconds"),
    ("spot that waits too little", lambda d: with_spot(d, 60), "MaxWaitTimeInSeconds"),
    ("spot without checkpoints", lambda d: with_spot(d, 7200).pop("CheckpointConfig"), "CheckpointConfig"),
    ("definition too large", lambda d: d.update(Metadata={"x": "y" * LARGEST_INLINE}), ""),
]  # fmt: skip


def test_the_kept_definition_has_no_fault():
    assert [fault.as_text() for fault in validate_definition(load_definition())] == []


@pytest.mark.parametrize(("break_it", "where"), [seed[1:] for seed in SEEDED], ids=[seed[0] for seed in SEEDED])
def test_a_seeded_fault_is_found_where_it_stands(break_it, where):
    definition = copy.deepcopy(KEPT)
    break_it(definition)
    found = validate_definition(definition)
    assert any(where in fault.where for fault in found), [fault.as_text() for fault in found]
    assert all(fault.rule and fault.fix for fault in found)


def test_a_seeded_fault_is_told_once_with_its_step():
    definition = copy.deepcopy(KEPT)
    first(definition, "Evaluate")["S3Input"]["S3Uri"] = {"Get": "Steps.Trian.ModelArtifacts.S3ModelArtifacts"}
    (fault,) = validate_definition(definition)
    assert (fault.urn, fault.fix) == ("Evaluate", "did you mean Train?")


@pytest.mark.parametrize("definition", [None, [], "text", 3])
def test_what_is_no_object_is_no_definition(definition):
    assert len(validate_definition(definition)) == 1


@pytest.mark.parametrize("broken", [
    {"Steps": "x"}, {"Steps": [3, None]}, {"Parameters": 3, "Steps": [{}]}, {"Steps": [{"Type": "Condition"}]},
    {"Steps": [{"Name": "a", "Type": "Processing", "Arguments": "x"}]},
])  # fmt: skip
def test_a_definition_of_any_other_form_is_told_of_and_never_raises(broken):
    assert validate_definition(json.loads(json.dumps(broken)))

"""The kept definition against AWS's service model, and what the estate relies on in it."""

from __future__ import annotations

import copy
import json
import re

import pytest
from tests.support.definition_shapes import MODEL, shape_faults, walk
from tests.support.pipelines import VALUES

from mlops_pipelines.training import load_definition, render_definition
from mlops_pipelines.training.compile import SENTINELS, main, with_placeholders

STEPS = [
    "Champion", "ValidateData", "Snapshot", "Preprocess", "Search", "Train", "Evaluate", "Fairness", "Robustness",
    "Explain", "Optimise", "Gate", "GatesPassed", "ModelCard", "Sign", "VerifySignature", "Register", "Refused",
]  # fmt: skip
REACH_AWS = ("Champion", "Sign", "VerifySignature")
"""Steps that call AWS themselves; every other job is isolated from the network."""
JOBS = [name for name in STEPS if name not in ("GatesPassed", "Register", "Refused")]


def rendered(**changes):
    return json.loads(render_definition(VALUES | changes))


def step(name):
    return next(step for step in walk(rendered()["Steps"]) if step["Name"] == name)


def test_every_step_is_what_the_service_model_accepts():
    assert shape_faults(rendered()["Steps"]) == []
    assert shape_faults(rendered(use_spot=False)["Steps"]) == []


@pytest.mark.parametrize(
    ("path", "value", "fault"),
    [
        ("Train.Arguments.ResourceConfig.InstanceType", "ml.m5.hugest", "is not in its enum"),
        ("Train.Arguments.RoleArn", "role", "does not match"),
        ("Train.Arguments.StoppingCondition.MaxRuntimeInSeconds", 0, "MaxRuntimeInSeconds"),
        ("Train.Arguments.EnableManagedSpotTraning", True, 'Unknown parameter in input: "EnableManagedSpotTraning"'),
        ("Preprocess.Arguments.AppSpecification.ImageUri", None, "Invalid type"),
        ("Register.Arguments.ModelApprovalStatus", "Approvd", "is not in its enum"),
        ("Evaluate.Arguments.ProcessingResources.ClusterConfig.InstanceCount", 101, "exceeds 100"),
    ],
)
def test_the_check_finds_what_is_wrong(path, value, fault):
    steps = copy.deepcopy(rendered()["Steps"])
    name, *keys = path.split(".")
    node = next(item for item in walk(steps) if item["Name"] == name)
    for key in keys[:-1]:
        node = node[key]
    if value is None:
        value = 3
    node[keys[-1]] = value
    assert any(fault in found for found in shape_faults(steps))


def test_references_point_at_earlier_steps_and_at_what_describe_returns():
    describe = {"Processing": "DescribeProcessingJobResponse", "Training": "DescribeTrainingJobResponse"}
    definition, seen = rendered(), {}
    parameters = {item["Name"] for item in definition["Parameters"]}
    for item in walk(definition["Steps"]):
        branches = {"IfSteps", "ElseSteps"}
        own = {key: value for key, value in item["Arguments"].items() if key not in branches}
        for reference in re.findall(r'"Get": "([^"]+)"', json.dumps(own)):
            space, *path = reference.split(".")
            if space == "Parameters":
                assert path[0] in parameters
            elif space == "Steps" and path[1] == "PropertyFiles":
                assert path[2] in {file["PropertyFileName"] for file in seen[path[0]]["PropertyFiles"]}
            elif space == "Steps":
                shape = MODEL.shape_for(describe[seen[path[0]]["Type"]])
                assert path[1] in shape.members
                if output := re.search(r"Outputs\['([\w-]+)'\]", reference):
                    outputs = seen[path[0]]["Arguments"]["ProcessingOutputConfig"]["Outputs"]
                    assert output[1] in {known["OutputName"] for known in outputs}
            else:
                assert reference in {"Execution.PipelineExecutionId", "Execution.PipelineExecutionArn"}
        seen[item["Name"]] = item
    assert list(seen) == STEPS


def test_training_runs_on_spot_with_checkpoints_of_its_own_execution():
    train = step("Train")["Arguments"]
    assert train["EnableManagedSpotTraining"] is True
    assert train["StoppingCondition"]["MaxWaitTimeInSeconds"] >= train["StoppingCondition"]["MaxRuntimeInSeconds"]
    prefix, execution = train["CheckpointConfig"]["S3Uri"]["Std:Join"]["Values"]
    assert (prefix, execution) == (VALUES["checkpoints_uri"], {"Get": "Execution.PipelineExecutionId"})
    assert train["HyperParameters"]["checkpoint-dir"] == train["CheckpointConfig"]["LocalPath"]


@pytest.mark.parametrize("name", JOBS)
def test_every_job_runs_in_the_network_encrypted_and_tagged(name):
    text = json.dumps(step(name)["Arguments"])
    network = {"SecurityGroupIds": VALUES["security_group_ids"], "Subnets": VALUES["subnet_ids"]}
    assert f'"VpcConfig": {json.dumps(network)}' in text
    assert f'"VolumeKmsKeyId": "{VALUES["volume_key_arn"]}"' in text
    key = "output_key_arn" if name == "Train" else "data_key_arn"
    assert f'"KmsKeyId": "{VALUES[key]}"' in text
    assert '"EnableInterContainerTrafficEncryption": true' in text
    assert '{"Key": "mlops:pipeline", "Value": "training"}' in text
    assert ('"EnableNetworkIsolation": true' in text) == (name not in REACH_AWS)


def test_each_kind_of_job_has_a_role_of_its_own_and_only_signing_may_sign():
    roles = {name: step(name)["Arguments"]["RoleArn"].rpartition("-")[2] for name in JOBS}
    special = {"Champion": "registry", "Train": "training", "Sign": "signing", "VerifySignature": "verifying"}
    assert roles == {name: special.get(name, "processing") for name in JOBS}


@pytest.mark.parametrize("name", [name for name in JOBS if name != "Train"])
def test_a_job_has_ten_inputs_and_outputs_at_most(name):
    own = step(name)["Arguments"]
    assert len(own["ProcessingInputs"]) <= 10
    assert len(own["ProcessingOutputConfig"]["Outputs"]) <= 10


def test_only_steps_that_follow_from_their_inputs_alone_are_cached():
    cached = [name for name in JOBS if step(name).get("CacheConfig", {}).get("Enabled")]
    assert cached == ["Preprocess", "Search", "Train", "Fairness", "Robustness", "Explain", "Optimise"]


def test_thresholds_are_no_parameters_of_a_run():
    assert {item["Name"] for item in rendered()["Parameters"]} == {
        "InputDataUri", "Commit", "Seed", "Search", "OnDrift", "ProcessingInstanceType", "TrainingInstanceType",
    }  # fmt: skip


def test_nothing_is_registered_but_behind_gates_and_a_verified_signature():
    outer = [item["Name"] for item in rendered()["Steps"]]
    assert "Register" not in outer
    accepted = step("GatesPassed")["Arguments"]["IfSteps"]
    assert [item["Name"] for item in accepted] == ["ModelCard", "Sign", "VerifySignature", "Register"]
    told = json.dumps(accepted[-1])
    assert "Steps.VerifySignature.PropertyFiles.Verification" in told
    (refusal,) = step("GatesPassed")["Arguments"]["ElseSteps"]
    assert "reason" in json.dumps(refusal["Arguments"]["ErrorMessage"])


def test_a_model_is_registered_for_approval_with_metrics_baseline_and_lineage():
    package = step("Register")["Arguments"]
    assert package["ModelApprovalStatus"] == "PendingManualApproval"
    assert package["ModelMetrics"]["ModelQuality"]["Statistics"]["S3Uri"]["Std:Join"]["Values"][1] == "evaluation.json"
    assert set(package["ModelMetrics"]["ModelDataQuality"]) == {"Statistics", "Constraints"}
    assert package["MetadataProperties"]["CommitId"] == {"Get": "Parameters.Commit"}
    lineage = package["CustomerMetadataProperties"]
    assert {"snapshot_sha256", "snapshot_uri", "source", "commit", "seed", "score", "model_sha256", "manifest_sha256",
            "lineage_sha256", "settings_sha256", "image"} <= set(lineage)  # fmt: skip
    assert len(lineage) <= 50
    assert package["ModelCard"]["ModelCardStatus"] == "PendingReview"
    assert set(package["ModelMetrics"]) == {"ModelQuality", "ModelDataQuality", "Bias", "Explainability"}
    container = package["InferenceSpecification"]["Containers"][0]["Environment"]
    assert container["SAGEMAKER_PROGRAM"] == "inference.py"
    assert "SAGEMAKER_REGION" not in container


def test_nothing_but_the_accounts_own_place_is_written_down():
    text = json.dumps(load_definition())
    assert re.findall(r"\b\d{12}\b|[a-z]{2}-[a-z]+-\d|s3://|arn:aws", text) == []


def numeric(definition):
    """Turn the placeholders that stand for numbers back into the compiler's stand-ins."""
    text = json.dumps(definition).replace('"${use_spot}"', "true")
    for name, number in SENTINELS.items():
        text = text.replace(f'"${{{name}}}"', str(number))
    return json.loads(text)


def test_stand_ins_become_placeholders():
    raw = numeric(load_definition())
    train = next(item for item in raw["Steps"] if item["Name"] == "Train")["Arguments"]
    train["VpcConfig"]["Subnets"] = ["${subnet_ids}"]
    train["RoleArn"] = "arn:aws:iam::000000000000:role/open/training_role_arn"
    train["OutputDataConfig"]["S3OutputPath"] = "s3://open/models_uri"
    register = next(item for item in walk(raw["Steps"]) if item["Name"] == "Register")["Arguments"]
    register["InferenceSpecification"]["Containers"][0]["Environment"]["SAGEMAKER_REGION"] = "eu-west-1"
    assert with_placeholders(raw) == load_definition()


def test_a_definition_that_loses_or_invents_a_placeholder_is_not_kept():
    lost = json.loads(json.dumps(numeric(load_definition())).replace("${signing_key_arn}", "a-key"))
    with pytest.raises(ValueError, match="does not use signing_key_arn"):
        with_placeholders(lost)
    invented = numeric(load_definition())
    invented["Steps"][1]["Arguments"]["RoleArn"] = "${nobody}"
    with pytest.raises(ValueError, match="not in PLACEHOLDERS"):
        with_placeholders(invented)


def test_without_the_sdk_the_compiler_says_what_it_needs(monkeypatch, capsys):
    def missing():
        raise ImportError("No module named 'sagemaker'")

    monkeypatch.setattr("mlops_pipelines.training.compile.compiled", missing)
    assert main(["--check"]) == 2
    assert "requirements-compile.lock" in capsys.readouterr().err


def test_check_compares_and_writes_nothing(monkeypatch, tmp_path, capsys):
    kept = tmp_path / "definition.json"
    monkeypatch.setattr("mlops_pipelines.training.compile.DEFINITION", kept)
    monkeypatch.setattr("mlops_pipelines.training.compile.compiled", lambda: "new\n")
    assert main(["--check"]) == 1
    assert not kept.exists()
    assert main([]) == 0
    assert kept.read_text() == "new\n"
    assert main(["--check"]) == 0
    assert "is current" in capsys.readouterr().err

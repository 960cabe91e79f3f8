"""Training pipeline: the shipped definition filled in, its code uploaded once, a role for its own data."""

from __future__ import annotations

import base64
import json

import pytest
from tests.support.components import (
    GROUP_ARN,
    MODEL,
    NETWORK,
    arguments,
    bucket,
    deployed,
    faults,
    key,
    only,
    statements,
)

from mlops_pipelines.features.schema import DATA
from mlops_pipelines.training import source_bundle, source_key


def nodes(environment: str = "dev", **changes):
    args = {**arguments("TrainingPipeline", environment), **changes}
    return deployed("TrainingPipeline", {name: value for name, value in args.items() if value is not None})


def definition(environment: str = "dev", **changes) -> dict:
    return json.loads(only(nodes(environment, **changes), "Pipeline it").inputs["pipelineDefinition"])


def step(found: dict, kind: str) -> dict:
    return next(step for step in found["Steps"] if step["Type"] == kind)["Arguments"]


def test_no_placeholder_is_left_in_the_definition():
    assert "${" not in json.dumps(definition())


def test_jobs_run_in_the_private_network_with_encrypted_volumes():
    for kind in ("Processing", "Training"):
        found = json.dumps(step(definition(), kind))
        assert NETWORK["subnet_ids"][0] in found
        assert NETWORK["security_group_ids"][0] in found
        assert f'"VolumeKmsKeyId": "{key("models")}"' in found


def test_training_uses_managed_spot_with_checkpoints_by_default():
    training = step(definition(), "Training")
    assert training["EnableManagedSpotTraining"] is True
    assert training["StoppingCondition"] == {"MaxRuntimeInSeconds": 3600, "MaxWaitTimeInSeconds": 7200}
    assert bucket("models", "dev") in json.dumps(training["CheckpointConfig"])


def test_without_spot_there_is_no_waiting_time():
    training = step(definition(use_spot=False), "Training")
    assert training["EnableManagedSpotTraining"] is False
    assert training["StoppingCondition"] == {"MaxRuntimeInSeconds": 3600}


@pytest.mark.parametrize(
    ("environment", "processing", "training"),
    [
        ("dev", "ml.t3.medium", "ml.m5.large"),
        ("staging", "ml.m5.large", "ml.m5.large"),
        ("prod", "ml.m5.large", "ml.m5.xlarge"),
    ],
)
def test_instances_are_sized_by_class(environment, processing, training):
    found = definition(environment)
    assert step(found, "Processing")["ProcessingResources"]["ClusterConfig"]["InstanceType"] == processing
    assert step(found, "Training")["ResourceConfig"]["InstanceType"] == training


def test_records_are_written_under_the_personal_key_and_models_under_their_own():
    found = definition()
    assert step(found, "Processing")["ProcessingOutputConfig"]["KmsKeyId"] == key("personal")
    assert step(found, "Training")["OutputDataConfig"]["KmsKeyId"] == key("models")


def test_a_schema_may_lie_anywhere(tmp_path):
    schema = tmp_path / "columns.yaml"
    schema.write_text((DATA / MODEL / "schema.yaml").read_text(encoding="utf-8"), encoding="utf-8")
    code = only(nodes(model="churn", schema_file=str(schema)), "it-source").inputs
    assert code["key"] == f"churn/{source_key(MODEL)}"


def test_names_are_held_to_awss_limits_after_prefixing():
    found = faults("TrainingPipeline", model="m" * 60)
    assert found["model"].startswith("IAM role names have at most 64 characters, this has 81")


def test_without_a_protected_attribute_fairness_is_not_measured():
    assert '"--protected-attribute", "none"' in json.dumps(definition())
    assert '"--protected-attribute", "afam"' in json.dumps(definition("prod"))


def test_models_are_registered_in_the_group_that_was_given():
    assert GROUP_ARN in json.dumps(definition())


def test_the_code_lies_under_the_hash_of_its_contents_encrypted():
    code = only(nodes(), "it-source").inputs
    assert code["key"] == f"{MODEL}/{source_key(MODEL)}"
    assert base64.b64decode(code["contentBase64"]) == source_bundle(MODEL)
    assert (code["serverSideEncryption"], code["kmsKeyId"], code["bucketKeyEnabled"]) == (
        "aws:kms",
        key("models"),
        True,
    )


def policies() -> dict[str, dict]:
    made = nodes()
    return {
        purpose: statements(only(made, f"it-{purpose}-role-policy").inputs["policy"])
        for purpose in ("pipeline", "processing", "training")
    }


def data_of(policy: dict, sid: str) -> set[str]:
    """Return bucket and first folder of what a statement reaches."""
    return {arn.split(":::")[1].removesuffix("/*") for arn in policy.get(sid, {"Resource": []})["Resource"]}


def test_processing_reads_input_code_and_models_and_writes_snapshots_and_reports():
    policy, source = policies()["processing"], f"{MODEL}/{source_key(MODEL)}"
    assert data_of(policy, "ReadData") == {
        f"{bucket('raw', 'dev')}/{MODEL}",
        f"{bucket('models', 'dev')}/{source}",
        f"{bucket('models', 'dev')}/{MODEL}/models",
    }
    assert data_of(policy, "WriteData") == {
        f"{bucket('curated', 'dev')}/{MODEL}",
        f"{bucket('reports', 'dev')}/{MODEL}",
    }


def test_training_reads_snapshots_and_writes_models_and_never_sees_the_input():
    policy = policies()["training"]
    folder = f"{bucket('models', 'dev')}/{MODEL}"
    assert data_of(policy, "ReadData") == {f"{bucket('curated', 'dev')}/{MODEL}", f"{folder}/{source_key(MODEL)}"}
    assert data_of(policy, "WriteData") == {f"{folder}/models", f"{folder}/checkpoints"}
    assert bucket("raw", "dev") not in json.dumps(policy)
    assert (policy["UseKeys"]["Resource"], policy["DecryptData"]["Resource"]) == ([key("models")], [key("personal")])


def test_the_pipeline_itself_writes_nothing_and_reads_no_records():
    policy = policies()["pipeline"]
    assert "WriteData" not in policy
    assert "UseKeys" not in policy
    curated = {arn for arn in policy["ReadData"]["Resource"] if bucket("curated", "dev") in arn}
    assert curated == {
        f"arn:aws:s3:::{bucket('curated', 'dev')}/{MODEL}/*/snapshot/snapshot.json{end}" for end in ("", "/*")
    }
    assert bucket("raw", "dev") not in json.dumps(policy)


def test_each_kind_of_job_runs_as_its_own_role_and_the_pipeline_passes_just_these():
    made = nodes()
    found = json.loads(only(made, "Pipeline it").inputs["pipelineDefinition"])
    jobs = {kind: step(found, kind)["RoleArn"] for kind in ("Processing", "Training")}
    assert sorted(jobs.values()) == policies()["pipeline"]["PassJobRoles"]["Resource"]
    own = only(made, "Pipeline it").inputs["roleArn"]
    assert len({own, *jobs.values()}) == 3


def test_a_definition_of_your_own_takes_the_place_of_the_shipped_one():
    own = json.dumps({"Version": "2020-12-01", "Steps": []})
    assert only(nodes(definition=own), "Pipeline it").inputs["pipelineDefinition"] == own


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"max_wait_seconds": 100}, "max_wait_seconds"),
        ({"max_wait_seconds": 7200, "use_spot": False}, "max_wait_seconds"),
        ({"max_runtime_seconds": 2_419_201, "max_wait_seconds": None}, "max_runtime_seconds"),
        ({"minimum_auc": 0.4}, "minimum_auc"),
        ({"seed": -1}, "seed"),
        ({"training_instance_type": "m5.large"}, "training_instance_type"),
        ({"training_instance_type": "ml.g5.xlarge"}, "training_instance_type"),
        ({"max_parallel_steps": 0}, "max_parallel_steps"),
        ({"region": "ca-east-9"}, "region"),
        ({"model": "churn"}, "schema_file"),
        ({"label": None}, "label"),
        ({"schema_file": "no/such/schema.yaml"}, "schema_file"),
    ],
)
def test_bad_arguments_are_refused_before_anything_is_registered(changes, path):
    assert set(faults("TrainingPipeline", **changes)) == {path}

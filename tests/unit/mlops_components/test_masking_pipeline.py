"""Masking pipeline: one job as the masking role, its rules in an uploaded bundle, and a role that starts just that."""

from __future__ import annotations

import base64
import io
import json
import tarfile
from pathlib import Path

import pytest
from tests.support.components import MODEL, NETWORK, arguments, bucket, deployed, faults, key, only, statements

from mlops_components.masking_pipeline import rules_of
from mlops_estate.pipeline_checks import validate_definition

TEXTS = """\
columns:
  - {name: default, type: category, role: label, values: ["no", "yes"], description: d}
  - {name: income, type: integer, minimum: 0, maximum: 1000000, description: d}
  - {name: ssn, type: text, role: identifier, description: d}
  - {name: opened, type: text, role: ignored, description: d}
  - {name: note, type: text, role: ignored, description: d}
record_identifier: ssn
event_time: event_time
"""


def nodes(environment: str = "dev", **changes):
    return deployed("MaskingPipeline", {**arguments("MaskingPipeline", environment), **changes})


def definition(environment: str = "dev", **changes) -> dict:
    return json.loads(only(nodes(environment, **changes), "Pipeline it").inputs["pipelineDefinition"])


def job(environment: str = "dev", **changes) -> dict:
    (step,) = definition(environment, **changes)["Steps"]
    return step["Arguments"]


def shipped(made) -> dict:
    """Return the rules that lie in the uploaded bundle."""
    code = base64.b64decode(only(made, "it-source").inputs["contentBase64"])
    with tarfile.open(fileobj=io.BytesIO(code)) as bundle:
        return json.load(bundle.extractfile("masking.json"))


@pytest.fixture
def texts(tmp_path: Path) -> str:
    path = tmp_path / "schema.yaml"
    path.write_text(TEXTS, encoding="utf-8")
    return str(path)


@pytest.mark.parametrize("environment", ["dev", "prod"])
def test_the_definition_has_no_fault(environment):
    assert [fault.as_text() for fault in validate_definition(definition(environment))] == []


def test_the_job_runs_as_the_masking_role_in_the_private_network_encrypted():
    found = job()
    assert found["RoleArn"] == arguments("MaskingPipeline")["masking_role_arn"]
    network = found["NetworkConfig"]["VpcConfig"]
    assert network == {"Subnets": NETWORK["subnet_ids"], "SecurityGroupIds": NETWORK["security_group_ids"]}
    assert found["ProcessingResources"]["ClusterConfig"]["VolumeKmsKeyId"] == key("personal")
    assert found["ProcessingOutputConfig"]["KmsKeyId"] == key("masked")
    assert "ProcessingJobName" not in found


def test_it_reads_the_models_records_and_writes_its_folder_of_the_copy():
    found = job()
    read = {item["InputName"]: item["S3Input"]["S3Uri"] for item in found["ProcessingInputs"]}
    code = only(nodes(), "it-source").inputs
    assert read == {"data": f"s3://{bucket('raw', 'dev')}/{MODEL}", "code": f"s3://{code['bucket']}/{code['key']}"}
    (output,) = found["ProcessingOutputConfig"]["Outputs"]
    assert output["S3Output"]["S3Uri"] == f"s3://{bucket('masked', 'dev')}/{MODEL}"


@pytest.mark.parametrize(("environment", "instance"), [("dev", "ml.t3.medium"), ("staging", "ml.m5.large")])
def test_the_instance_is_sized_by_class(environment, instance):
    assert job(environment)["ProcessingResources"]["ClusterConfig"]["InstanceType"] == instance
    assert job(max_runtime_seconds=99)["StoppingCondition"] == {"MaxRuntimeInSeconds": 99}


def test_a_fault_of_the_service_is_tried_again():
    (step,) = definition()["Steps"]
    tried = {kind: policy["MaxAttempts"] for policy in step["RetryPolicies"] for kind in policy["ExceptionType"]}
    assert tried == {"SageMaker.CAPACITY_ERROR": 5, "SageMaker.JOB_INTERNAL_ERROR": 5, "Step.THROTTLING": 3}


def test_the_code_lies_under_the_hash_of_its_contents_encrypted_and_other_rules_are_other_code():
    code, other = (only(made, "it-source").inputs for made in (nodes(), nodes(masking={"minimum_group": 9})))
    assert (code["serverSideEncryption"], code["kmsKeyId"], code["bucketKeyEnabled"]) == (
        "aws:kms", key("models"), True,
    )  # fmt: skip
    assert code["key"].startswith(f"{MODEL}/masking/")
    assert code["key"] != other["key"]


def test_the_pipelines_role_passes_the_masking_role_alone_and_sees_no_data():
    found = statements(only(nodes(), "it-pipeline-role-policy").inputs["policy"])
    assert found["PassJobRoles"]["Resource"] == [arguments("MaskingPipeline")["masking_role_arn"]]
    actions = {action for each in found.values() for action in each["Action"]}
    assert not [action for action in actions if action.startswith(("s3:", "kms:", "secretsmanager:"))]
    assert all("masking" in arn for arn in found["ReadThePipeline"]["Resource"])


def test_rules_of_texts_reach_the_job(texts):
    columns = {
        "ssn": {"method": "hash", "domain": "person", "length": 20.0},  # a hosted component receives numbers as floats
        "opened": {"method": "generalise", "year": True},
        "note": {"method": "keep", "scan": "report"},
    }
    made = nodes(schema_file=texts, masking={"columns": columns, "minimum_group": 7.0})
    assert shipped(made) == {"columns": {**columns, "ssn": {**columns["ssn"], "length": 20}}, "minimum_group": 7}
    assert rules_of({"columns": {"ssn": {"method": "generalise", "prefix": 2.0}}}) == {
        "columns": {"ssn": {"method": "generalise", "prefix": 2}}
    }


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"masking": {"columns": {"pirot": {"method": "drop"}}}}, "masking.columns.pirot"),
        ({"masking": {"columns": {"pirat": {"method": "shred"}}}}, "masking.columns.pirat.method"),
        ({"masking": {"columns": {"pirat": {"step": 1}}}}, "masking.columns.pirat.method"),
        ({"masking": {"columns": {"pirat": "drop"}}}, "masking.columns.pirat"),
        ({"masking": {"columns": {"deny": {"method": "drop"}}}}, "masking.columns.deny.method"),
        ({"masking": {"minimum_group": 1}}, "masking.minimum_group"),
        ({"schema_file": "none.yaml"}, "schema_file"),
        ({"masked_uri": "masked"}, "masked_uri"),
        ({"secret_arn": "pseudonymisation"}, "secret_arn"),
        ({"masking_role_arn": "masking"}, "masking_role_arn"),
        ({"masked_key_arn": "alias/masked"}, "masked_key_arn"),
        ({"models_key_arn": "alias/models"}, "models_key_arn"),
        ({"personal_key_arn": "alias/personal"}, "personal_key_arn"),
        ({"instance_type": "m5.large"}, "instance_type"),
        ({"max_runtime_seconds": 0}, "max_runtime_seconds"),
        ({"region": "xx-north-1"}, "region"),
        ({"prefix": "m" * 40}, "model"),
    ],
)
def test_bad_arguments_are_refused_before_anything_is_registered(changes, path):
    assert set(faults("MaskingPipeline", **changes)) == {path}

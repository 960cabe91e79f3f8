"""Training pipeline: the shipped definition filled in, its code uploaded once, a role for each kind of job."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import re
import tarfile
from pathlib import Path

import pytest
from tests.support.components import (
    GROUP_ARN,
    MODEL,
    NETWORK,
    OTHER_ACCOUNT,
    STEPS_IMAGE,
    arguments,
    bucket,
    deployed,
    faults,
    key,
    only,
    statements,
)

from mlops_components import training_pipeline, training_settings
from mlops_components.training_pipeline import LONGEST_VALUE, MOST_INLINE, lies_in_s3
from mlops_components.training_roles import JOBS
from mlops_components.training_settings import (
    TrainingCard,
    TrainingData,
    TrainingGates,
    TrainingSearch,
    settings_of,
)
from mlops_pipelines.features import load_schema
from mlops_pipelines.features.schema import DATA
from mlops_pipelines.settings import (
    CardSettings,
    DataSettings,
    GateSettings,
    SearchSettings,
    Settings,
    read_settings,
    resolve,
)
from mlops_pipelines.training import PLACEHOLDERS, source_bundle, source_key

SETTINGS = resolve(MODEL, load_schema(MODEL).as_dict())


def nodes(environment: str = "dev", **changes):
    args = {**arguments("TrainingPipeline", environment), **changes}
    return deployed("TrainingPipeline", {name: value for name, value in args.items() if value is not None})


def definition(environment: str = "dev", **changes) -> dict:
    return json.loads(only(nodes(environment, **changes), "Pipeline it").inputs["pipelineDefinition"])


def step(found: dict, kind: str) -> dict:
    """Return the arguments of the first job of a kind, or of the step of a name."""
    return next(each["Arguments"] for each in jobs(found) if kind in (each["Type"], each["Name"]))


def jobs(found: dict) -> list[dict]:
    """Return every job of a definition, those after its condition too."""
    steps = list(found["Steps"])
    for each in steps:
        if each["Type"] == "Condition":
            steps += each["Arguments"]["IfSteps"]
    return [each for each in steps if each["Type"] in {"Processing", "Training"}]


def shipped(code: dict) -> Settings:
    """Return the settings that lie in an uploaded bundle."""
    with tarfile.open(fileobj=io.BytesIO(base64.b64decode(code["contentBase64"]))) as bundle:
        return read_settings(json.load(bundle.extractfile("settings.json")))


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
    defaults = {each["Name"]: each["DefaultValue"] for each in definition(environment)["Parameters"]}
    assert (defaults["ProcessingInstanceType"], defaults["TrainingInstanceType"]) == (processing, training)


def test_records_are_written_under_the_personal_key_and_models_under_their_own():
    found = definition()
    assert step(found, "Processing")["ProcessingOutputConfig"]["KmsKeyId"] == key("personal")
    assert step(found, "Training")["OutputDataConfig"]["KmsKeyId"] == key("models")


def test_a_schema_may_lie_anywhere(tmp_path):
    schema = tmp_path / "columns.yaml"
    schema.write_text((DATA / MODEL / "schema.yaml").read_text(encoding="utf-8"), encoding="utf-8")
    code = only(nodes(model="churn", schema_file=str(schema)), "it-source").inputs
    assert code["key"] == f"churn/{source_key(schema, resolve('churn', load_schema(schema).as_dict()))}"


def test_names_are_held_to_awss_limits_after_prefixing():
    found = faults("TrainingPipeline", model="m" * 60)
    assert found["model"].startswith("IAM role names have at most 64 characters, this has 81")


def test_models_are_registered_in_the_group_that_was_given():
    assert GROUP_ARN in json.dumps(definition())


def test_the_code_lies_under_the_hash_of_its_contents_encrypted():
    code = only(nodes(), "it-source").inputs
    assert code["key"] == f"{MODEL}/{source_key(MODEL, SETTINGS)}"
    assert base64.b64decode(code["contentBase64"]) == source_bundle(MODEL, SETTINGS)
    assert (code["serverSideEncryption"], code["kmsKeyId"], code["bucketKeyEnabled"]) == (
        "aws:kms",
        key("models"),
        True,
    )


@pytest.fixture(scope="module")
def policies() -> dict[str, dict]:
    made = nodes()
    return {
        purpose: statements(only(made, f"it-{purpose}-role-policy").inputs["policy"]) for purpose in ("pipeline", *JOBS)
    }


CURATED, MODELS, RAW, REPORTS = (
    f"{bucket(purpose, 'dev')}/{MODEL}" for purpose in ("curated", "models", "raw", "reports")
)
CODE = f"{MODELS}/{source_key(MODEL, SETTINGS)}"
COUNTED = f"{CURATED}/*/snapshot/snapshot.json"


def data_of(policy: dict, sid: str) -> set[str]:
    """Return bucket and folder of what a statement reaches."""
    return {arn.split(":::")[1].removesuffix("/*") for arn in policy.get(sid, {"Resource": []})["Resource"]}


@pytest.mark.parametrize(
    ("job", "read", "written"),
    [
        ("processing", {RAW, CODE, f"{MODELS}/models"}, {CURATED, REPORTS}),
        ("registry", {CODE, f"{MODELS}/models", CURATED}, {f"{CURATED}/*/champion"}),
        ("training", {CODE, CURATED, f"{REPORTS}/*/search"}, {f"{MODELS}/models", f"{MODELS}/checkpoints"}),
        ("signing", {CODE, f"{MODELS}/models", COUNTED, REPORTS}, {f"{REPORTS}/*/signature"}),
        ("verifying", {CODE, f"{MODELS}/models", COUNTED, REPORTS}, {f"{REPORTS}/*/verification"}),
        ("pipeline", {f"{MODELS}/models", COUNTED, REPORTS}, set()),
    ],
)
def test_each_role_reads_and_writes_its_own_data_alone(policies, job, read, written):
    assert data_of(policies[job], "ReadData") == read
    assert data_of(policies[job], "WriteData") == written


def test_only_processing_sees_the_input_and_neither_it_nor_training_what_others_vouch_for(policies):
    assert {job for job, policy in policies.items() if RAW in json.dumps(policy)} == {"processing"}
    sealed = {f"{CURATED}/*/champion", f"{REPORTS}/*/signature", f"{REPORTS}/*/verification"}
    assert policies["processing"]["NeverWrite"]["Effect"] == "Deny"
    assert data_of(policies["processing"], "NeverWrite") == sealed
    written = {job: data_of(policy, "WriteData") for job, policy in policies.items() if job != "processing"}
    assert {job for job, places in written.items() if places & sealed} == {"registry", "signing", "verifying"}


def test_one_role_signs_one_verifies_and_one_reads_the_registry(policies):
    actions = {
        job: {action for each in policy.values() for action in each["Action"]} for job, policy in policies.items()
    }
    assert {job for job, found in actions.items() if "kms:Sign" in found} == {"signing"}
    assert {job for job, found in actions.items() if "kms:Verify" in found} == {"verifying"}
    assert {job for job, found in actions.items() if "sagemaker:ListModelPackages" in found} == {"registry"}
    assert policies["signing"]["Sign"] == {
        "Sid": "Sign", "Effect": "Allow", "Action": ["kms:Sign"], "Resource": [key("signing")]
    }  # fmt: skip
    assert not [action for action in actions["processing"] | actions["training"] if action.startswith("sagemaker:")]


def test_records_are_encrypted_by_who_writes_them_and_only_decrypted_by_who_reads_them(policies):
    training, pipeline = policies["training"], policies["pipeline"]
    assert (training["UseKeys"]["Resource"], training["DecryptData"]["Resource"]) == (
        [key("models")],
        [key("personal")],
    )
    assert "UseKeys" not in pipeline
    assert "WriteData" not in pipeline


def test_a_champion_of_another_environment_is_read_there_by_the_registry_role_alone():
    made = nodes("prod")
    (elsewhere,) = [node for tail, node in made.items() if tail.endswith("it-registry-artefacts")]
    found = statements(elsewhere.inputs["policy"])
    assert set(found) == {"ReadArtefactsElsewhere", "DecryptArtefactsElsewhere"}
    (read,) = found["ReadArtefactsElsewhere"]["Resource"]
    assert read == f"arn:aws:s3:::mlops-*-models-{OTHER_ACCOUNT}-eu-west-1/{MODEL}/*"


def test_each_kind_of_job_runs_as_its_own_role_and_the_pipeline_passes_just_these(policies):
    made = nodes()
    found = jobs(json.loads(only(made, "Pipeline it").inputs["pipelineDefinition"]))
    runs = {each["Name"]: each["Arguments"]["RoleArn"].split("it-")[1].removesuffix("-role") for each in found}
    assert runs.pop("Train") == "training"
    special = {"Champion": "registry", "Sign": "signing", "VerifySignature": "verifying"}
    assert {name: runs.pop(name) for name in special} == special
    assert set(runs.values()) == {"processing"}
    passed = {arn.split("it-")[1].removesuffix("-role") for arn in policies["pipeline"]["PassJobRoles"]["Resource"]}
    assert passed == set(JOBS)
    assert only(made, "Pipeline it").inputs["roleArn"].endswith("it-pipeline-role")


def test_only_jobs_that_call_aws_reach_the_network():
    reach = {
        each["Name"]
        for each in jobs(definition())
        if not (each["Arguments"].get("NetworkConfig") or each["Arguments"])["EnableNetworkIsolation"]
    }
    assert reach == {"Champion", "Sign", "VerifySignature"}


def test_training_and_all_other_jobs_have_their_own_images():
    found = {each["Name"]: json.dumps(each["Arguments"]) for each in jobs(definition())}
    steps = {name for name, text in found.items() if f'"ImageUri": "{STEPS_IMAGE}"' in text}
    assert found.keys() - steps == {"Train"}
    assert "sagemaker-scikit-learn" in found["Train"]


def test_what_is_configured_is_what_the_steps_read():
    card = {"intended_use": "A first opinion", "owner": "Lending", "risk": "limited"}
    data = {"min_records": 500.0, "split": [0.7, 0.15, 0.15]}  # a hosted component receives whole numbers as floats
    gates = {"metric": "f1", "threshold": 0.6, "max_flipped_percent": 10}
    made = nodes(gates=gates, data_quality=data, search={"mode": "automl", "trials": 5.0}, card=card, seed=3)
    settings = shipped(only(made, "it-source").inputs)
    assert settings == Settings(
        model=MODEL, problem="binary", label="deny", protected=("afam",), seed=3,
        data=DataSettings(min_records=500, split=(0.7, 0.15, 0.15)),
        search=SearchSettings(mode="automl", trials=5),
        gates=GateSettings(metric="f1", threshold=0.6, max_flipped_percent=10.0),
        card=CardSettings(intended_use="A first opinion", owner="Lending", risk="limited"),
    )  # fmt: skip
    text = only(made, "Pipeline it").inputs["pipelineDefinition"]
    search = next(each for each in json.loads(text)["Parameters"] if each["Name"] == "Search")
    assert search["DefaultValue"] == "automl"


def test_without_anything_configured_the_settings_are_the_defaults():
    assert shipped(only(nodes(), "it-source").inputs) == SETTINGS


@pytest.mark.parametrize(
    ("shape", "group"),
    [(TrainingData, DataSettings), (TrainingSearch, SearchSettings), (TrainingGates, GateSettings),
     (TrainingCard, CardSettings)],
)  # fmt: skip
def test_the_documented_defaults_are_those_of_the_settings(shape, group):
    text = Path(training_settings.__file__).read_text(encoding="utf-8")
    block = text.split(f"class {shape.__name__}(")[1].split("\n\n\n")[0]
    told = dict(re.findall(r'    (\w+): NotRequired.*?"""(.*?)"""', block, re.DOTALL))
    known = {name: default for name, default in vars(group()).items() if name in told}
    assert told.keys() == known.keys()
    for name, default in known.items():
        said = " ".join(told[name].split()).rpartition("Default: ")[2].rstrip(".")
        if name in {"metric", "threshold"}:
            assert str(default) in said  # by the label: the binary one is named among them
        elif isinstance(default, tuple):
            assert said == ", ".join(map(str, default))
        elif default == "":
            assert said in {"nothing", "nobody"}
        else:
            assert said == (default if isinstance(default, str) else f"{default:g}")


def test_a_definition_that_fits_lies_in_the_pipeline_itself():
    assert not lies_in_s3(arguments("TrainingPipeline"))
    assert len(json.dumps(definition())) < MOST_INLINE


def test_no_value_of_a_placeholder_is_longer_than_is_assumed():
    assert "subnet_ids" in PLACEHOLDERS
    assert len(json.dumps([f"subnet-{index:017x}" for index in range(16)])) <= LONGEST_VALUE


def test_a_definition_that_could_be_too_long_lies_in_s3(monkeypatch):
    args = arguments("TrainingPipeline")
    monkeypatch.setattr(training_pipeline, "MOST_INLINE", 100_000)
    assert lies_in_s3(args)
    assert not lies_in_s3({**args, "definition_in_s3": False})
    assert lies_in_s3({**args, "definition": "x" * 100_001})
    assert not lies_in_s3({**args, "definition": "x" * 100_000})


def test_a_definition_in_s3_is_named_after_its_contents_and_read_by_the_pipeline_alone():
    made = nodes(definition_in_s3=True)
    pipeline, stored = only(made, "Pipeline it").inputs, only(made, "it-definition").inputs
    assert "pipelineDefinition" not in pipeline
    assert pipeline["pipelineDefinitionS3Location"] == {"bucket": stored["bucket"], "objectKey": stored["key"]}
    assert stored["content"] == only(nodes(), "Pipeline it").inputs["pipelineDefinition"]
    digest = hashlib.sha256(stored["content"].encode()).hexdigest()[:16]
    assert stored["key"] == f"{MODEL}/definitions/{digest}.json"
    assert (stored["kmsKeyId"], stored["serverSideEncryption"]) == (key("models"), "aws:kms")
    readers = {
        purpose
        for purpose in ("pipeline", *JOBS)
        if f"{MODELS}/definitions" in only(made, f"it-{purpose}-role-policy").inputs["policy"]
    }
    assert readers == {"pipeline"}


def test_a_definition_of_your_own_takes_the_place_of_the_shipped_one():
    own = json.dumps({"Version": "2020-12-01", "Steps": []})
    assert only(nodes(definition=own), "Pipeline it").inputs["pipelineDefinition"] == own


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"max_wait_seconds": 100}, "max_wait_seconds"),
        ({"max_wait_seconds": 7200, "use_spot": False}, "max_wait_seconds"),
        ({"max_runtime_seconds": 2_419_201, "max_wait_seconds": None}, "max_runtime_seconds"),
        ({"seed": -1}, "seed"),
        ({"training_instance_type": "m5.large"}, "training_instance_type"),
        ({"training_instance_type": "ml.g5.xlarge"}, "training_instance_type"),
        ({"max_parallel_steps": 0}, "max_parallel_steps"),
        ({"region": "ca-east-9"}, "region"),
        ({"model": "churn"}, "schema_file"),
        ({"label": "afam"}, "label"),
        ({"schema_file": "no/such/schema.yaml"}, "schema_file"),
        ({"signing_key_arn": None}, "signing_key_arn"),
        ({"signing_key_arn": "alias/signing"}, "signing_key_arn"),
        ({"steps_image_uri": None}, "steps_image_uri"),
        ({"steps_image_uri": "python:3.11"}, "steps_image_uri"),
        ({"steps_image_uri": STEPS_IMAGE.partition(":")[0]}, "steps_image_uri"),
        ({"artefact_account_ids": ["1"]}, "artefact_account_ids[0]"),
        ({"definition": "x" * 1_048_577, "definition_in_s3": False}, "definition_in_s3"),
        ({"gates": {"metric": "rmse"}}, "gates.metric"),
        ({"gates": {"treshold": 0.7}}, "gates.treshold"),
        ({"gates": {"champion_margin": -0.1}}, "gates.champion_margin"),
        ({"gates": {"max_selection_rate_difference": 1.1}}, "gates.max_selection_rate_difference"),
        ({"gates": {"max_flipped_percent": 101}}, "gates.max_flipped_percent"),
        ({"search": {"mode": "tuned"}}, "search.mode"),
        ({"search": {"trials": 0}}, "search.trials"),
        ({"search": {"trials": 1.5}}, "search.trials"),
        ({"search": {"family": "forest"}}, "search.family"),
        ({"data_quality": {"split": [0.5, 0.5]}}, "data_quality.split"),
        ({"data_quality": {"split": [0.6, 0.3, 0.2]}}, "data_quality.split"),
        ({"data_quality": {"min_records": 0}}, "data_quality.min_records"),
        ({"card": {"risk": "low"}}, "card.risk"),
        ({"card": {"limitations": "x" * 2049}}, "card.limitations"),
        ({"gates": 3}, "gates"),
    ],
)  # fmt: skip
def test_bad_arguments_are_refused_before_anything_is_registered(changes, path):
    assert set(faults("TrainingPipeline", **changes)) == {path}


def test_every_fault_of_the_groups_is_told_at_once():
    found = faults("TrainingPipeline", gates={"champion_margin": -1}, search={"mode": "x"}, card={"risk": "x"}, seed=-1)
    assert set(found) == {"gates.champion_margin", "search.mode", "card.risk", "seed"}


def regression(folder: Path) -> str:
    """Write the schema with a number as its label, and return where."""
    text = (DATA / MODEL / "schema.yaml").read_text(encoding="utf-8")
    label = next(line for line in text.splitlines() if "role: label" in line)
    number = "  - {name: deny, type: number, role: label, minimum: 0, maximum: 1, description: How likely it is.}"
    path = folder / "schema.yaml"
    path.write_text(text.replace(label, number), encoding="utf-8")
    return str(path)


def test_the_metric_has_to_be_one_of_the_problem_and_an_error_needs_a_threshold(tmp_path):
    schema = regression(tmp_path)
    assert settings_of({**arguments("TrainingPipeline"), "schema_file": schema}).gates.metric == "r2"
    (rule,) = faults("TrainingPipeline", schema_file=schema, gates={"metric": "roc_auc"}).values()
    assert rule == "is none of a regression model's: r2, rmse, mae"
    found = faults("TrainingPipeline", schema_file=schema, gates={"metric": "mae"})
    assert found["gates.threshold"].startswith("is missing: mae has the unit of the label")
    assert nodes(schema_file=schema, gates={"metric": "mae", "threshold": 3})


def test_a_schema_that_is_none_is_a_fault_of_its_file(tmp_path):
    path = tmp_path / "schema.yaml"
    path.write_text("columns: 3\n", encoding="utf-8")
    assert set(faults("TrainingPipeline", schema_file=str(path))) == {"schema_file"}

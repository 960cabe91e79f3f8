"""The deployed training definition, executed on the real data by local processes: whole, once."""

from __future__ import annotations

import hashlib
import io
import json
import os
import subprocess
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from botocore.session import Session
from botocore.validate import ParamValidator
from tests.support.definition_shapes import strict_faults
from tests.support.executed import bench
from tests.support.pipelines import DATA, schema

from mlops_estate.embedded.serving import ModelError, load_endpoint_handler
from mlops_pipelines.modelling.training import train

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.xdist_group("gates")


@pytest.fixture(scope="module")
def account(tmp_path_factory):
    with bench(tmp_path_factory.mktemp("run")) as made:
        yield made


@pytest.fixture(scope="module")
def run(account):
    done = account.execute(parameters={"Commit": "c0ffee"})
    assert done.reason == ""
    return done.run


@pytest.fixture(scope="module")
def stored(account, run):
    """Return what reads an object by its URI."""

    def read(uri):
        bucket, _, key = uri.removeprefix("s3://").partition("/")
        return account.account.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read()

    return read


def output(run, step, name):
    found = next(item for item in run.steps if item.name == step)
    return found.properties["ProcessingOutputConfig"]["Outputs"][name]["S3Output"]["S3Uri"]


def archive(run):
    [container] = run.model_package["InferenceSpecification"]["Containers"]
    return container["ModelDataUrl"]


def test_every_step_runs_and_the_model_is_good(run):
    assert [step.name for step in run.steps] == [
        "Champion", "ValidateData", "Snapshot", "Preprocess", "Search", "Train", "Evaluate", "Fairness", "Robustness",
        "Explain", "Optimise", "Gate", "GatesPassed", "ModelCard", "Sign", "VerifySignature", "Register",
    ]  # fmt: skip
    assert run.metrics["auc"] > 0.8
    assert run.metrics["validation:score"] > 0.75
    fairness = run.property_files["FairnessReport"]
    assert set(fairness["attributes"]["afam"]["groups"]) == {"no", "yes"}
    assert 0 < fairness["worst"]["selection_rate_difference"] < 0.5


def test_the_model_package_is_what_create_model_package_accepts(run):
    shape = Session().get_service_model("sagemaker").operation_model("CreateModelPackage").input_shape
    assert ParamValidator().validate(run.model_package, shape).generate_report() == ""
    assert list(strict_faults(run.model_package, shape, "")) == []


def test_the_model_package_leads_back_to_everything_it_came_from(run, stored):
    lineage = run.model_package["CustomerMetadataProperties"]
    snapshot = stored(f"{lineage['snapshot_uri']}/data.csv")
    assert lineage["snapshot_sha256"] == hashlib.sha256(snapshot).hexdigest()
    assert snapshot == DATA.read_bytes()
    assert (lineage["commit"], lineage["seed"]) == ("c0ffee", "7")
    assert lineage["model_sha256"] == hashlib.sha256(stored(archive(run))).hexdigest()
    metrics = run.model_package["ModelMetrics"]
    sources = [source for kind in metrics.values() for source in kind.values()]
    assert len(sources) == 6
    assert all(json.loads(stored(source["S3Uri"])) for source in sources)


def test_the_lineage_record_holds_what_makes_the_run_reproducible(run, stored):
    told = run.model_package["CustomerMetadataProperties"]
    content = stored(f"{told['signature_uri']}/lineage.json")
    assert told["lineage_sha256"] == hashlib.sha256(content).hexdigest()
    text = content.decode()
    record = json.loads(text)
    for known in ("c0ffee", told["snapshot_sha256"], told["settings_sha256"], told["source"], "scikit-learn"):
        assert known in text
    assert record["seed"] == 7


def test_the_baseline_describes_the_training_set(run, stored):
    uri = run.model_package["DriftCheckBaselines"]["ModelDataQuality"]["Statistics"]["S3Uri"]
    statistics = json.loads(stored(uri))
    frame = pd.read_csv(io.BytesIO(stored(f"{output(run, 'Preprocess', 'train')}/train.csv")))
    assert statistics["dataset"]["item_count"] == len(frame)
    means = {
        feature["name"]: feature["numerical_statistics"]["mean"]
        for feature in statistics["features"]
        if "numerical_statistics" in feature
    }
    assert means == pytest.approx({name: frame[name].mean() for name in means})
    assert len(means) == 6


def test_the_same_inputs_give_the_same_model_bit_for_bit(account, run, stored):
    again = account.execute(parameters={"Commit": "c0ffee"})
    assert again.reason == ""
    assert stored(archive(again.run)) == stored(archive(run))
    one, two = (item.model_package["CustomerMetadataProperties"]["model_sha256"] for item in (run, again.run))
    assert one == two


def test_the_registered_package_serves_as_it_was_evaluated(run, stored):
    handler = load_endpoint_handler(stored(archive(run)))
    test = pd.read_csv(io.BytesIO(stored(f"{output(run, 'Preprocess', 'test')}/test.csv")))
    features = test.drop(columns=["deny", "afam"])
    body, kind = handler(features.to_csv(index=False).encode(), "text/csv", "application/json")
    assert kind == "application/json"
    predicted = np.array([answer["prediction"] for answer in json.loads(body)["predictions"]])
    assert (predicted == test["deny"]).mean() == pytest.approx(run.metrics["accuracy"])
    one = json.loads(features.iloc[0].to_json())
    alone, _ = handler(json.dumps(one).encode(), "application/json", "*/*")
    assert json.loads(alone)["predictions"] == json.loads(body)["predictions"][:1]
    beside = test.drop(columns=["deny"])
    # What monitors need may come along, and changes nothing whatever it says.
    for told in (beside, beside.assign(afam=beside["afam"].iloc[::-1].to_numpy())):
        answered, _ = handler(told.to_csv(index=False).encode(), "text/csv", "application/json")
        assert json.loads(answered) == json.loads(body)
    with pytest.raises(ModelError, match="column deny is not a feature"):
        handler(test.to_csv(index=False).encode(), "text/csv", "application/json")


def test_a_run_that_resumes_from_a_checkpoint_makes_the_same_model(account, run, stored, tmp_path):
    class InstanceTakenError(Exception):
        pass

    def take(_told):
        raise InstanceTakenError

    sets = {
        name: pd.read_csv(io.BytesIO(stored(f"{output(run, 'Preprocess', name)}/{name}.csv")))
        for name in ("train", "validation")
    }
    settings = account.settings("mortgage-approval", "mortgage-approval")
    search = run.property_files["SearchReport"]
    with pytest.raises(InstanceTakenError):
        train(sets, schema(), settings, tmp_path / "one", tmp_path / "kept", search=search, on_checkpoint=take)
    assert list((tmp_path / "kept").iterdir())
    for checkpoints in ("kept", "none"):
        folder = tmp_path / checkpoints / "model"
        train(sets, schema(), settings, folder, tmp_path / checkpoints, search=search)
    assert (tmp_path / "kept/model/model.joblib").read_bytes() == (tmp_path / "none/model/model.joblib").read_bytes()


@pytest.mark.sdk
def test_the_kept_definition_is_what_the_sdk_builds():
    python = os.environ.get("MLOPS_COMPILE_PYTHON")
    if not python:
        pytest.skip(
            "MLOPS_COMPILE_PYTHON does not name the Python of an environment made from requirements-compile.lock"
        )
    command = [python, "-m", "mlops_pipelines.training.compile", "--check"]
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT / "pipelines"), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    assert "definition.json is current" in done.stderr

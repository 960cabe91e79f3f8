"""The deployed training definition, executed on the real data by local processes."""

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
from tests.support.pipelines import DATA, VALUES, Objects, schema

from mlops_estate.embedded.serving import ModelError, load_endpoint_handler
from mlops_pipelines.steps import train
from mlops_pipelines.training import render_definition, source_bundle, source_key
from mlops_pipelines.training.local import StepFailed, run_definition

ROOT = Path(__file__).resolve().parents[2]
SOURCE = f"s3://models/{source_key()}"
MODEL_URI = "s3://models/mortgage-approval/pipelines-{}-Train/output/model.tar.gz"


def definition(**changes):
    return json.loads(render_definition({**VALUES, "source_uri": SOURCE, **changes}))


def account(data=None):
    return Objects({SOURCE: source_bundle(), "s3://raw/mortgage-approval/data.csv": data or DATA.read_bytes()})


def execute(objects, folder, identity, parameters=None, **changes):
    return run_definition(
        definition(**changes), parameters=parameters or {}, work_dir=folder, fetch=objects.fetch, store=objects.store,
        execution_id=identity,
    )  # fmt: skip


@pytest.fixture(scope="module")
def objects():
    return account()


@pytest.fixture(scope="module")
def run(objects, tmp_path_factory):
    return execute(objects, tmp_path_factory.mktemp("run"), "run1", {"Commit": "c0ffee"})


def test_every_step_runs_and_the_model_is_good(run):
    assert [step.name for step in run.steps] == ["Preprocess", "Train", "Evaluate", "QualityGate", "Register"]
    assert run.metrics["auc"] > 0.8
    assert run.metrics["validation:auc"] > 0.75
    fairness = run.property_files["Evaluation"]["fairness"]
    assert set(fairness["groups"]) == {"no", "yes"}
    assert 0 < fairness["selection_rate_difference"] < 0.5


def test_the_model_package_is_what_create_model_package_accepts(run):
    shape = Session().get_service_model("sagemaker").operation_model("CreateModelPackage").input_shape
    assert ParamValidator().validate(run.model_package, shape).generate_report() == ""
    assert list(strict_faults(run.model_package, shape, "")) == []


def test_the_model_package_leads_back_to_everything_it_came_from(run, objects):
    lineage = run.model_package["CustomerMetadataProperties"]
    snapshot = objects[f"{lineage['snapshot_uri']}/data.csv"]
    assert lineage["snapshot_sha256"] == hashlib.sha256(snapshot).hexdigest()
    assert snapshot == DATA.read_bytes()
    assert (lineage["commit"], lineage["seed"], lineage["source"]) == ("c0ffee", "7", SOURCE)
    [container] = run.model_package["InferenceSpecification"]["Containers"]
    assert lineage["model_sha256"] == hashlib.sha256(objects[container["ModelDataUrl"]]).hexdigest()
    sources = [run.model_package["ModelMetrics"][kind] for kind in ("ModelQuality", "ModelDataQuality")]
    assert all(source["S3Uri"] in objects for kind in sources for source in kind.values())


def test_the_baseline_describes_the_training_set(run, objects):
    uri = run.model_package["DriftCheckBaselines"]["ModelDataQuality"]["Statistics"]["S3Uri"]
    statistics = json.loads(objects[uri])
    frame = pd.read_csv(io.BytesIO(objects["s3://curated/mortgage-approval/snapshots/run1/train/train.csv"]))
    assert statistics["dataset"]["item_count"] == len(frame)
    means = {
        feature["name"]: feature["numerical_statistics"]["mean"]
        for feature in statistics["features"]
        if "numerical_statistics" in feature
    }
    assert means == pytest.approx({name: frame[name].mean() for name in means})
    assert len(means) == 6


def test_a_run_that_resumes_from_a_checkpoint_registers_the_same_model(run, objects, tmp_path):
    class InstanceTakenError(Exception):
        pass

    def take(_trees):
        raise InstanceTakenError

    prefix = "s3://curated/mortgage-approval/snapshots/run1"
    sets = {name: pd.read_csv(io.BytesIO(objects[f"{prefix}/{name}/{name}.csv"])) for name in ("train", "validation")}
    settings = train.Settings(seed=VALUES["seed"])
    with pytest.raises(InstanceTakenError):
        train.train(sets, schema(), tmp_path / "model", tmp_path / "checkpoints", settings, take)
    checkpoint = (tmp_path / "checkpoints/checkpoint.joblib").read_bytes()
    again = account()
    again["s3://models/mortgage-approval/checkpoints/run2/checkpoint.joblib"] = checkpoint
    execute(again, tmp_path / "run", "run2")
    assert again[MODEL_URI.format("run2")] == objects[MODEL_URI.format("run1")]
    log = (tmp_path / "run/run2/pipelines-run2-Train/stdout.log").read_text().splitlines()
    assert log[0] == f"trees={2 * settings.trees_per_checkpoint}"


def test_a_model_below_the_minimum_is_not_registered(tmp_path):
    with pytest.raises(StepFailed, match=r"BelowMinimumAuc failed: .* below the minimum of 0\.99"):
        execute(account(), tmp_path, "run3", {"MinimumAuc": 0.99})


def test_bad_data_stop_the_run_with_the_cell_that_is_wrong(tmp_path):
    data = DATA.read_bytes().replace(b"no,0.265,0.265,", b"no,0.265,high,", 1)
    with pytest.raises(StepFailed, match="step Preprocess failed") as caught:
        execute(account(data), tmp_path, "run4")
    assert "hirat = 'high' in record 2: expected a number from 0 to 5" in caught.value.reason


def test_the_registered_package_serves_as_it_was_evaluated(run, objects):
    handler = load_endpoint_handler(objects[MODEL_URI.format("run1")])
    test = pd.read_csv(io.BytesIO(objects["s3://curated/mortgage-approval/snapshots/run1/test/test.csv"]))
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

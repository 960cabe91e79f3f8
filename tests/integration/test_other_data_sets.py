"""Other data sets go the whole way by configuration alone: added by the command, trained, gated, signed, served."""

from __future__ import annotations

import json
import shutil

import pytest
import sklearn.datasets
from tests.support.executed import bench
from tests.support.project import ROOT, copy_project

from mlops_estate.cli.boundary import run
from mlops_estate.config import load_environment
from mlops_estate.embedded.serving import load_endpoint_handler

pytestmark = pytest.mark.xdist_group("gates")
PROBLEMS = {"wine": "multiclass", "diabetes": "regression", "breast_cancer": "binary"}


@pytest.fixture(scope="module")
def account(tmp_path_factory):
    with bench(tmp_path_factory.mktemp("other")) as made:
        yield made


@pytest.mark.parametrize("name", PROBLEMS)
def test_a_data_set_that_was_added_runs_to_a_signed_package_that_serves(name, account, tmp_path, capsys):
    folder = tmp_path / "project"
    folder.mkdir()
    copy_project(folder)
    (folder / "data").unlink()
    shutil.copytree(ROOT / "data", folder / "data")
    file = tmp_path / f"{name}.csv"
    frame = getattr(sklearn.datasets, f"load_{name}")(as_frame=True).frame
    frame.to_csv(file, index=False, lineterminator="\n")
    model = name.replace("_", "-")
    asked = ["model", "add", model, "--data", str(file), "--label", "target", "--project", str(folder)]
    assert run(asked) == 0, capsys.readouterr().err
    block = load_environment("dev", folder).config.models[model]
    executed = account.execute(
        file.read_bytes(), schema=folder / block.schema_path, model=model,
        # Few records: what is shown here is that every step understands the problem, not that the model is good.
        gates={"max_flipped_percent": 100.0, "max_generalisation_gap": 1.0, "max_optimised_loss": 0.05},
    )  # fmt: skip
    assert executed.reason == ""
    assert executed.run.property_files["Evaluation"]["problem"] == PROBLEMS[name]
    package = account.account.client("sagemaker").describe_model_package(ModelPackageName=executed.package_arn)
    bucket, _, key = package["InferenceSpecification"]["Containers"][0]["ModelDataUrl"][5:].partition("/")
    handler = load_endpoint_handler(account.account.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read())
    names = [column["name"] for column in _schema(executed)["columns"] if column["role"] == "feature"]
    features = frame.drop(columns="target").head(3).set_axis(names, axis=1)
    answer, _ = handler(features.to_csv(index=False).encode(), "text/csv", "application/json")
    keys = {"multiclass": {"probabilities", "prediction"}, "regression": {"prediction"}}
    assert set(json.loads(answer)["predictions"][0]) == keys.get(PROBLEMS[name], {"probability", "prediction"})


def _schema(executed):
    step = next(item for item in executed.run.steps if item.name == "Gate")
    code = step.outputs["gate"].parents[1] / "input/code/schema.json"
    return json.loads(code.read_text(encoding="utf-8"))

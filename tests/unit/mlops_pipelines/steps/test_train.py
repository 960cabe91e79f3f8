"""Training: determinism, checkpoints, what the model package holds."""

from __future__ import annotations

import hashlib
import json

import joblib
import numpy as np
import pytest
from tests.support.pipelines import applications, schema

from mlops_pipelines.steps import inference
from mlops_pipelines.steps.train import Settings, clear_padding, fit, main, train

FAST = Settings(trees=12, trees_per_checkpoint=5, seed=4)


class InstanceTakenError(Exception):
    """The spot instance went away."""


def sets():
    return {"train": applications(160, seed=1), "validation": applications(80, seed=2)}


def trained(folder, settings=FAST, data=None, on_checkpoint=lambda _trees: None):
    metadata = train(data or sets(), schema(), folder / "model", folder / "checkpoints", settings, on_checkpoint)
    return metadata, hashlib.sha256((folder / "model/model.joblib").read_bytes()).hexdigest()


def interrupted(folder, settings=FAST):
    def reclaim(trees):
        raise InstanceTakenError(trees)

    with pytest.raises(InstanceTakenError):
        trained(folder, settings, on_checkpoint=reclaim)


def test_training_twice_gives_the_same_bytes(tmp_path):
    assert trained(tmp_path / "one") == trained(tmp_path / "two")


def test_an_interrupted_training_goes_on_from_its_checkpoint_and_gives_the_same_model(tmp_path):
    seen = []
    interrupted(tmp_path / "spot")
    assert not (tmp_path / "spot/model").exists()
    resumed = trained(tmp_path / "spot", on_checkpoint=seen.append)
    assert seen == [10, 12]
    assert resumed == trained(tmp_path / "straight")


def test_no_memory_of_the_process_is_saved_with_the_model(tmp_path):
    trained(tmp_path)
    model = joblib.load(tmp_path / "model/model.joblib")
    tree = model.estimators_[0, 0].tree_
    state = tree.__getstate__()
    used = state["nodes"].dtype.fields["missing_go_to_left"][1] + 1

    def padding():
        nodes = tree.__getstate__()["nodes"]
        return np.frombuffer(nodes.tobytes(), np.uint8).reshape(len(nodes), -1)[:, used:]

    dirty = np.frombuffer(state["nodes"].tobytes(), np.uint8).reshape(len(state["nodes"]), -1).copy()
    dirty[:, used:] = 255
    tree.__setstate__({**state, "nodes": dirty.reshape(-1).view(state["nodes"].dtype)})
    assert padding().min() == 255
    clear_padding(model)
    assert padding().size > 0
    assert not padding().any()


def test_a_checkpoint_of_other_settings_or_data_is_not_used(tmp_path):
    interrupted(tmp_path)
    seen = []
    trained(tmp_path, Settings(trees=12, trees_per_checkpoint=5, seed=5), on_checkpoint=seen.append)
    other = {name: applications(90, seed=8) for name in ("train", "validation")}
    trained(tmp_path, data=other, on_checkpoint=seen.append)
    assert seen == [5, 10, 12] * 2


def test_the_protected_attribute_and_the_label_are_no_features(tmp_path):
    metadata, digest = trained(tmp_path / "one")
    assert {column["name"] for column in metadata["features"]} & {"afam", "deny"} == set()
    flipped = sets()
    flipped["train"]["afam"] = "yes"
    assert trained(tmp_path / "two", data=flipped)[1] == digest


def test_the_package_holds_model_metadata_and_serving_code(tmp_path):
    metadata, _ = trained(tmp_path)
    files = sorted(path.relative_to(tmp_path / "model").as_posix() for path in (tmp_path / "model").rglob("*.*"))
    assert files == ["code/inference.py", "metadata.json", "model.joblib"]
    assert json.loads((tmp_path / "model/metadata.json").read_text()) == metadata
    assert metadata["classes"] == ["no", "yes"]
    assert joblib.load(tmp_path / "model/model.joblib").n_estimators == FAST.trees


def test_the_threshold_denies_as_often_as_the_validation_set_does(tmp_path):
    metadata, _ = trained(tmp_path)
    validation = sets()["validation"]
    model = inference.model_fn(str(tmp_path / "model"))
    values = {column["name"]: list(validation[column["name"]]) for column in model.columns}
    scores = model.classifier.predict_proba(inference.feature_matrix(values, model.columns))[:, 1]
    assert (scores >= metadata["threshold"]).mean() == pytest.approx((validation["deny"] == "yes").mean(), abs=0.03)


@pytest.mark.parametrize("name", ["train", "validation"])
def test_a_set_of_one_class_is_refused(tmp_path, name):
    data = sets()
    data[name]["deny"] = "no"
    with pytest.raises(ValueError, match=f"the {name} set holds one class of deny only"):
        trained(tmp_path, data=data)


def test_the_model_learns_what_the_data_hold(tmp_path):
    random = np.random.default_rng(0)
    features = random.uniform(size=(400, 2))
    target = (features[:, 0] > 0.5).astype(np.int64)
    model = fit(features, target, Settings(trees=30), tmp_path)
    assert model.score(features, target) > 0.97
    assert model.feature_importances_[0] > 0.95


def test_the_command_line_reads_the_toolkit_variables(tmp_path, monkeypatch, capsys):
    for name, frame in sets().items():
        (tmp_path / name).mkdir()
        frame.to_csv(tmp_path / name / f"{name}.csv", index=False)
        monkeypatch.setenv(f"SM_CHANNEL_{name.upper()}", str(tmp_path / name))
    monkeypatch.setenv("SM_MODEL_DIR", str(tmp_path / "model"))
    (tmp_path / "schema.json").write_text(json.dumps(schema()))
    main(["--schema", str(tmp_path / "schema.json"), "--checkpoint-dir", str(tmp_path / "ck"), "--trees", "6",
          "--seed", "4", "--trees-per-checkpoint", "3"])  # fmt: skip
    lines = capsys.readouterr().out.splitlines()
    assert lines[:2] == ["trees=3", "trees=6"]
    assert lines[2].startswith("validation-auc=0.")
    assert json.loads((tmp_path / "model/metadata.json").read_text())["settings"]["seed"] == 4

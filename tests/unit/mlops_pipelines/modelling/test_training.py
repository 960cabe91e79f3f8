"""Training as a whole: what the package holds, checkpoints, and what is refused with which words."""

from __future__ import annotations

import hashlib
import json
import tarfile
from dataclasses import replace

import joblib
import numpy as np
import pytest
from sklearn.neural_network import MLPRegressor
from tests.support.problems import PROBLEMS, problem

from mlops_pipelines.modelling import checkpoints
from mlops_pipelines.modelling.loading import load_model
from mlops_pipelines.modelling.training import NotConverged, chosen, train
from mlops_pipelines.settings import read_settings
from mlops_pipelines.steps import inference
from mlops_pipelines.steps.shell import StepFault

FEW = {
    "gradient_boosting": {"trees": 50}, "random_forest": {"trees": 50}, "linear": {}, "neural_network": {"epochs": 25}
}  # fmt: skip


class InstanceTakenError(Exception):
    """The spot instance went away."""


def trained(folder, kind="binary", family="gradient_boosting", sets=None, settings=None, **options):
    given = problem(kind)
    own = settings or given.settings(family=family, hyperparameters=FEW[family])
    metadata = train(sets or given.sets, given.schema, own, folder / "model", folder / "checkpoints", **options)
    return metadata, hashlib.sha256((folder / "model/model.joblib").read_bytes()).hexdigest()


def archive(folder):
    with tarfile.open(folder / "model.tar.gz", "w:gz") as opened:
        opened.add(folder / "model", ".")
    return folder / "model.tar.gz"


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    folders = {kind: tmp_path_factory.mktemp(kind) for kind in PROBLEMS}
    return {kind: (trained(folder, kind)[0], folder) for kind, folder in folders.items()}


@pytest.mark.parametrize("family", ["random_forest", "linear"])
def test_training_twice_gives_the_same_bytes(tmp_path, family):
    assert trained(tmp_path / "one", family=family) == trained(tmp_path / "two", family=family)


@pytest.mark.parametrize(
    ("family", "kind"),
    [("gradient_boosting", "binary"), ("random_forest", "regression"), ("neural_network", "multiclass"),
     ("neural_network", "regression")],
)  # fmt: skip
def test_an_interrupted_training_goes_on_from_its_checkpoint_and_gives_the_same_model(tmp_path, family, kind):
    def take(_checkpoint):
        raise InstanceTakenError

    with pytest.raises(InstanceTakenError):
        trained(tmp_path / "spot", kind, family, on_checkpoint=take)
    assert not (tmp_path / "spot/model").exists()
    seen = []
    resumed = trained(tmp_path / "spot", kind, family, on_checkpoint=lambda state: seen.append(state.stages))
    assert seen == [2, 3]
    assert resumed == trained(tmp_path / "straight", kind, family)


@pytest.mark.parametrize("change", ["seed", "hyperparameters", "family", "feature", "label", "gates"])
def test_a_checkpoint_of_another_training_is_said_and_not_used(tmp_path, change):
    given, said, seen = problem("binary"), [], []
    trained(tmp_path)
    sets, search = dict(given.sets), {"family": "gradient_boosting", "hyperparameters": {"trees": 50}}
    if change == "hyperparameters":
        search["hyperparameters"]["depth"] = 3
    if change == "family":
        search["family"] = "random_forest"
    if change == "feature":
        sets["train"] = sets["train"].assign(pirat=sets["train"]["pirat"] + 0.001)
    if change == "label":
        sets["train"] = sets["train"].assign(deny=sets["train"]["deny"].where(sets["train"].index > 0, "yes"))
    gates = {"metric": "f1"} if change == "gates" else None
    settings = given.settings(seed=9 if change == "seed" else 4, gates=gates, **search)
    trained(
        tmp_path, sets=sets, settings=settings, warn=said.append, on_checkpoint=lambda state: seen.append(state.stages)
    )
    assert seen == [1, 2, 3]
    assert "belongs to other data, settings or library versions" in said[0]


def test_a_damaged_checkpoint_is_said_on_standard_error_and_the_model_is_the_same(tmp_path, capsys):
    straight = trained(tmp_path)
    path = tmp_path / "checkpoints" / checkpoints.FILE
    path.write_bytes(path.read_bytes()[:-100])
    assert trained(tmp_path) == straight
    assert "cut off or damaged" in capsys.readouterr().err


def test_a_finished_training_is_taken_from_its_checkpoint(tmp_path):
    straight, seen = trained(tmp_path), []
    assert trained(tmp_path, on_checkpoint=seen.append) == straight
    assert seen == []


def test_the_package_holds_model_metadata_and_serving_code(models):
    metadata, folder = models["binary"]
    files = sorted(path.relative_to(folder / "model").as_posix() for path in (folder / "model").rglob("*.*"))
    assert files == ["code/inference.py", "metadata.json", "model.joblib"]
    assert json.loads((folder / "model/metadata.json").read_text()) == metadata
    settings = problem("binary").settings(family="gradient_boosting", hyperparameters={"trees": 50})
    assert metadata["settings_sha256"] == settings.sha256() == read_settings(settings.as_dict()).sha256()
    assert (metadata["family"], metadata["hyperparameters"]["trees"], metadata["seed"]) == ("gradient_boosting", 50, 4)
    assert metadata["versions"].keys() == {"python", "scikit-learn", "numpy", "pandas", "joblib"}
    assert joblib.load(folder / "model/model.joblib").n_estimators == 50


@pytest.mark.parametrize("kind", PROBLEMS)
def test_metadata_say_what_kind_of_model_it_is(models, kind):
    metadata, _ = models[kind]
    classes = {"binary": ["no", "yes"], "multiclass": ["first", "second", "third"], "regression": []}
    assert (metadata["problem"], metadata["classes"]) == (kind, classes[kind])
    assert (metadata["threshold"] is not None) is (kind == "binary")
    assert metadata["validation_score"] < metadata["train_score"]
    losses = metadata["training_losses"]
    assert len(losses) == 4
    assert losses == sorted(losses, reverse=True)


@pytest.mark.parametrize("kind", PROBLEMS)
def test_a_package_loads_and_serves_as_it_was_judged(models, kind):
    metadata, folder = models[kind]
    model, frame = load_model(archive(folder)), problem(kind).sets["validation"]
    assert model.problem == kind
    scores = model.scores(model.matrix(frame))
    decided, actual = model.decide(scores), model.actual(frame)
    from mlops_pipelines.modelling.metrics import score

    assert score(metadata["metric"], actual, scores, decided) == metadata["validation_score"]
    body = frame[[column["name"] for column in metadata["features"]]].to_csv(index=False)
    answers = inference.predict_fn(inference.input_fn(body), model.served)
    predicted = [answer["prediction"] for answer in answers]
    assert predicted == (decided.tolist() if kind == "regression" else [model.classes[place] for place in decided])
    if kind == "multiclass":
        assert [list(answer["probabilities"].values()) for answer in answers] == scores.tolist()
        assert all(list(answer["probabilities"]) == metadata["classes"] for answer in answers)


def test_the_threshold_denies_as_often_as_the_validation_set_does(models):
    metadata, folder = models["binary"]
    model, frame = load_model(archive(folder)), problem("binary").sets["validation"]
    decided = model.decide(model.scores(model.matrix(frame)))
    assert decided.mean() == pytest.approx((frame["deny"] == "yes").mean(), abs=0.03)
    assert metadata["threshold"] == model.served.threshold


def test_the_protected_attribute_and_the_label_are_no_features(tmp_path):
    metadata, digest = trained(tmp_path / "one")
    assert {column["name"] for column in metadata["features"]} & {"afam", "deny"} == set()
    assert metadata["protected_attributes"] == ["afam"]
    flipped = {name: frame.assign(afam="yes") for name, frame in problem("binary").sets.items()}
    assert trained(tmp_path / "two", sets=flipped)[1] == digest


def test_a_nullable_column_is_imputed_alike_in_training_and_serving(tmp_path):
    given = problem("binary")
    for column in given.schema["columns"]:
        column["nullable"] = column["name"] in ("pirat", "phist")
    sets = {name: frame.copy() for name, frame in given.sets.items()}
    sets["train"].loc[::7, ["pirat", "phist"]] = None
    settings = given.settings(family="gradient_boosting", hyperparameters={"trees": 50})
    metadata = train(sets, given.schema, settings, tmp_path / "model", tmp_path / "checkpoints")
    fills = {column["name"]: column["fill"] for column in metadata["features"] if "fill" in column}
    assert fills == {"pirat": sets["train"]["pirat"].median(), "phist": None}
    served = inference.model_fn(str(tmp_path / "model"))
    record = {column["name"]: sets["validation"][column["name"]].iloc[0] for column in metadata["features"]}
    record = {name: value if isinstance(value, str) else float(value) for name, value in record.items()}
    empty, filled = {**record, "pirat": None}, {**record, "pirat": fills["pirat"]}
    answers = [
        inference.predict_fn(inference.input_fn(json.dumps(r), "application/json"), served) for r in (empty, filled)
    ]
    assert answers[0] == answers[1]


@pytest.mark.parametrize("name", ["train", "validation"])
@pytest.mark.parametrize(
    ("kind", "label", "value", "message"),
    [("binary", "deny", "no", "one class of deny only: no"),
     ("multiclass", "grower", "first", "one class of grower only: first"),
     ("regression", "progress", 3.0, "one value of progress only")],
)  # fmt: skip
def test_a_set_of_one_class_is_refused(tmp_path, name, kind, label, value, message):
    sets = dict(problem(kind).sets)
    sets[name] = sets[name].assign(**{label: value})
    with pytest.raises(StepFault, match=f"the {name} set holds {message}"):
        trained(tmp_path, kind, sets=sets)


def test_a_class_that_is_missing_is_named(tmp_path):
    sets = {name: frame[frame["grower"] != "second"] for name, frame in problem("multiclass").sets.items()}
    with pytest.raises(StepFault, match=r"the train set holds no record of the class second.*the validation set holds"):
        trained(tmp_path, "multiclass", sets=sets)


def test_a_model_of_noise_is_refused_with_what_was_measured(tmp_path):
    random = np.random.default_rng(1)
    sets = {
        name: frame.assign(deny=random.permutation(frame["deny"].to_numpy()))
        for name, frame in problem("binary").sets.items()
    }
    with pytest.raises(
        NotConverged, match=r"did not converge: the validation roc_auc is 0\.\d+, where .* reaches 0\.5000"
    ):
        trained(tmp_path, sets=sets)
    assert not (tmp_path / "model").exists()


def test_training_that_diverges_is_refused_with_what_to_do(tmp_path, monkeypatch):
    def diverging(*_arguments):
        raise ValueError("Solver produced non-finite parameter weights.")

    monkeypatch.setattr(MLPRegressor, "partial_fit", diverging)
    with pytest.raises(NotConverged, match=r"did not converge: .* lower the learning rate, or look for extreme values"):
        trained(tmp_path, "regression", "neural_network")


def test_a_label_beyond_all_bounds_is_named(tmp_path):
    sets = {name: frame.copy() for name, frame in problem("regression").sets.items()}
    sets["validation"].loc[0, "progress"] = -1e300
    with pytest.raises(StepFault, match=r"the validation set holds a progress of -1e\+300: its square is no number"):
        trained(tmp_path, "regression", sets=sets)


def test_the_search_decides_over_the_settings():
    settings = problem("binary").settings(family="linear", hyperparameters={"regularisation": 2})
    assert chosen(settings) == ("linear", {"regularisation": 2.0})
    found = {"family": "random_forest", "hyperparameters": {"trees": 40, "depth": 3}}
    assert chosen(settings, found)[0] == "random_forest"
    assert chosen(settings, found)[1]["depth"] == 3


@pytest.mark.parametrize(
    ("search", "message"),
    [
        ({}, "search.json has no family and no hyperparameters"),
        ({"family": "magic", "hyperparameters": {}}, "search.json: family 'magic' is none of"),
        (
            {"family": "linear", "hyperparameters": {"trees": 3}},
            "search.json: hyperparameter trees is none of linear's",
        ),
    ],
)
def test_a_search_that_names_nothing_known_is_refused(search, message):
    with pytest.raises(StepFault, match=message):
        chosen(problem("binary").settings(), search)


def test_settings_that_name_nothing_known_are_refused():
    settings = problem("binary").settings()
    with pytest.raises(StepFault, match=r"settings\.json, search: family 'magic'"):
        chosen(replace(settings, search=replace(settings.search, family="magic")))

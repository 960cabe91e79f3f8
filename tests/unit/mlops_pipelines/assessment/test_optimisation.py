"""ONNX of every family agrees with scikit-learn; what breaks is caught; the same model gives the same bytes."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import numpy as np
import onnx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.ensemble import (
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.neighbors import KernelDensity
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from tests.support.assessed import loaded, small_records

from mlops_pipelines.assessment.optimisation import agreeing_threshold, export_faults, latency, optimise
from mlops_pipelines.assessment.optimisation_onnx import (
    Exported,
    _bytes,
    export,
    quantised,
    run,
    session,
    unquantisable,
    with_threshold,
)

METRICS = {"binary": "roc_auc", "multiclass": "f1_macro", "regression": "r2"}
FAMILIES = {
    "gradient_boosting": (
        lambda: GradientBoostingClassifier(n_estimators=20, max_depth=2, random_state=1),
        lambda: GradientBoostingRegressor(n_estimators=20, max_depth=2, random_state=1),
    ),
    "random_forest": (
        lambda: RandomForestClassifier(8, max_depth=4, random_state=1),
        lambda: RandomForestRegressor(8, max_depth=4, random_state=1),
    ),
    "linear": (
        lambda: make_pipeline(StandardScaler(), LogisticRegression()),
        lambda: make_pipeline(StandardScaler(), Ridge()),
    ),
    "neural_network": (
        lambda: make_pipeline(StandardScaler(), MLPClassifier((8,), tol=1.0, n_iter_no_change=20, random_state=1)),
        lambda: make_pipeline(
            StandardScaler(), MLPRegressor(hidden_layer_sizes=(8,), tol=1.0, n_iter_no_change=20, random_state=1)
        ),
    ),
}


def model_of(family, problem):
    return loaded(FAMILIES[family][problem == "regression"](), problem, small_records(problem, 200, seed=1))


def optimised(model, most_loss=0.01, seed=3):
    frame = small_records(model.problem, 150, seed=seed)
    matrix, validation = model.matrix(frame), model.matrix(small_records(model.problem, 100, seed=9))
    return optimise(model, 1000, validation, matrix, model.actual(frame), METRICS[model.problem], most_loss)


@pytest.mark.parametrize("problem", METRICS)
@pytest.mark.parametrize("family", FAMILIES)
def test_onnx_of_every_family_answers_as_the_original(family, problem):
    model = model_of(family, problem)
    matrix = model.matrix(small_records(problem, 150, seed=3))
    original = model.scores(matrix)
    assert run(export(model), matrix) == pytest.approx(original, abs=2e-6 * max(1.0, np.abs(original).max()))
    document = optimised(model).document
    onnx_format = document["formats"]["onnx"]
    assert abs(onnx_format["loss"]) < 1e-5
    assert onnx_format["score"] == pytest.approx(document["original"]["score"], abs=1e-5)
    assert onnx_format["decisions_that_differ"] == (None if problem == "regression" else 0)
    assert ("status" in document["formats"]["int8"]) is (family != "neural_network")
    json.dumps(document, allow_nan=False)


@pytest.fixture(scope="module")
def boosted():
    return model_of("gradient_boosting", "binary")


@pytest.fixture(scope="module")
def network():
    hidden = MLPClassifier((64, 64), tol=1.0, n_iter_no_change=6, random_state=1)
    return loaded(make_pipeline(StandardScaler(), hidden), "binary", small_records("binary", 200, seed=1))


def test_the_file_holds_what_serving_needs(boosted):
    made = optimised(boosted)
    graph = onnx.load_from_string(made.files["model.onnx"])
    told = {entry.key: entry.value for entry in graph.metadata_props}
    assert (told["problem"], told["label"], told["model_sha256"]) == ("binary", "outcome", boosted.sha256)
    assert json.loads(told["classes"]) == ["no", "yes"]
    assert [column["name"] for column in json.loads(told["features"])] == ["size", "kind", "age"]
    assert json.loads(told["threshold"]) == made.document["formats"]["onnx"]["threshold"] == 0.5
    (given_to,) = graph.graph.input
    assert (given_to.name, given_to.type.tensor_type.shape.dim[1].dim_value) == ("features", 3)


def test_the_same_model_gives_the_same_bytes_in_whatever_order_operator_sets_come(boosted):
    first, again = optimised(boosted), optimised(boosted)
    assert first == again
    graph = onnx.load_from_string(first.files["model.onnx"])
    sets = [(entry.domain, entry.version) for entry in graph.opset_import]
    del graph.opset_import[:]
    for domain, version in reversed(sets):  # as skl2onnx does in some processes and not in others
        graph.opset_import.add(domain=domain, version=version)
    assert graph.SerializeToString() != first.files["model.onnx"]
    assert _bytes(graph) == first.files["model.onnx"]


def test_trees_have_no_8_bit_form_and_say_why(boosted):
    small = optimised(boosted).document["formats"]["int8"]
    assert small["status"] == "not applicable"
    assert "TreeEnsembleClassifier" in small["reason"]


def test_8_bit_weights_are_used_where_they_make_the_model_smaller(network):
    made = optimised(network, most_loss=0.05)
    onnx_format, small = made.document["formats"]["onnx"], made.document["formats"]["int8"]
    assert set(made.files) == {"model.onnx", "model.int8.onnx"}
    assert small["bytes"] == len(made.files["model.int8.onnx"]) < onnx_format["bytes"]
    assert small["max_difference"] > onnx_format["max_difference"]
    assert "MatMulInteger" in small["operators"]
    assert made.document["loss"] == max(small["loss"], onnx_format["loss"])


def test_8_bit_weights_that_lose_too_much_are_not_used_and_do_not_count(network):
    made = optimised(network, most_loss=-1.0)
    small = made.document["formats"]["int8"]
    assert not small["used"]
    assert "gates.max_optimised_loss allows -1" in small["reason"]
    assert set(made.files) == {"model.onnx"}
    assert made.document["loss"] == made.document["formats"]["onnx"]["loss"]


def test_8_bit_weights_that_save_nothing_are_not_used():
    made = optimised(model_of("neural_network", "binary"))
    small = made.document["formats"]["int8"]
    assert not small["used"]
    assert small["reason"].startswith(f"8-bit weights take {small['bytes']} bytes")


def corrupted(exported, damage):
    graph = onnx.load_from_string(exported.content)
    damage(graph.graph)
    return replace(exported, content=graph.SerializeToString())


def scaled_leaves(graph):
    for attribute in graph.node[0].attribute:
        if attribute.name == "class_weights":
            attribute.floats[:] = [3 * value for value in attribute.floats]


def infinite_leaves(graph):
    for attribute in graph.node[0].attribute:
        if attribute.name == "class_weights":
            attribute.floats[:] = [float("nan")] * len(attribute.floats)


@pytest.mark.parametrize(
    ("damage", "told"),
    [(scaled_leaves, r"% of the test records .* record \d+ by"), (infinite_leaves, "no finite number")],
)
def test_an_export_with_other_numbers_is_caught(boosted, damage, told):
    matrix = boosted.matrix(small_records("binary", 50, seed=3))
    exported = export(boosted)
    assert export_faults(boosted, exported, matrix) == []
    (fault,) = export_faults(boosted, corrupted(exported, damage), matrix)
    assert re.search(told, fault)


def test_an_export_of_another_problem_is_caught(boosted):
    several = export(model_of("linear", "multiclass"))
    (fault,) = export_faults(boosted, several, boosted.matrix(small_records("binary", 50, seed=3)))
    assert "answers with shape (50, 3)" in fault


def test_a_corrupted_export_stops_the_optimisation(boosted, monkeypatch):
    from mlops_pipelines.assessment import optimisation

    monkeypatch.setattr(optimisation, "export", lambda model: corrupted(export(model), scaled_leaves))
    with pytest.raises(ValueError, match=r"the ONNX export is not the model: .* differs by more than"):
        optimised(boosted)


def test_a_file_that_is_cut_off_is_no_model(boosted):
    with pytest.raises(ValueError, match="ONNX Runtime cannot load the model"):
        session(export(boosted).content[:500])


def test_an_estimator_without_onnx_form_is_named():
    class Unknown(KernelDensity):
        pass

    model = loaded(Ridge(), "regression", small_records("regression"))
    other = replace(model, served=replace(model.served, classifier=Unknown().fit([[0.0] * 3])))
    with pytest.raises(ValueError, match="Unknown has no valid ONNX form"):
        export(other)


def test_quantising_keeps_the_metadata_and_says_where_it_cannot(network, boosted):
    assert unquantisable(export(network)) is None
    assert "has no Gemm or MatMul" in unquantisable(export(boosted))
    plain, small = export(network), quantised(export(network))
    kept = [
        {entry.key: entry.value for entry in onnx.load_from_string(one.content).metadata_props}
        for one in (plain, small)
    ]
    assert kept[0].items() <= kept[1].items()
    assert quantised(plain).content == small.content


def test_a_threshold_of_its_own_goes_into_the_file(boosted):
    changed = with_threshold(export(boosted), 0.25)
    told = {entry.key: entry.value for entry in onnx.load_from_string(changed.content).metadata_props}
    assert (told["threshold"], changed.threshold) == ("0.25", 0.25)
    assert list(changed.decide(np.array([0.2, 0.25]))) == [0, 1]


def test_classes_are_decided_by_the_largest_score():
    assert list(Exported(b"", "multiclass", None).decide(np.array([[0.1, 0.9], [0.6, 0.4]]))) == [1, 0]


def test_a_threshold_that_is_a_records_own_score_moves_out_of_roundings_way():
    original = np.array([0.1, 0.3, 0.30000001, 0.7])
    rounded = np.array([0.1, 0.29999999, 0.30000001, 0.7])
    threshold = agreeing_threshold(0.3, original >= 0.3, rounded)
    assert 0.1 < threshold <= 0.29999999
    assert ((rounded >= threshold) == (original >= 0.3)).all()


def test_a_negative_record_that_is_rounded_onto_the_threshold_stays_negative():
    original, rounded = np.array([0.1, 0.299999999, 0.7]), np.array([0.1, 0.3, 0.7])
    threshold = agreeing_threshold(0.3, original >= 0.3, rounded)
    assert 0.3 < threshold < 0.7


@given(
    st.lists(st.floats(0, 1), min_size=2, max_size=30), st.floats(0, 1), st.integers(0, 2**32 - 1), st.floats(0, 0.2)
)
def test_no_threshold_agrees_more_often_than_the_one_that_is_chosen(scores, threshold, seed, noise):
    original = np.array(scores)
    rounded = original + np.random.default_rng(seed).uniform(-noise, noise, len(original))
    positive = original >= threshold
    chosen = agreeing_threshold(threshold, positive, rounded)
    agreed = ((rounded >= chosen) == positive).sum()
    for other in [threshold, *((np.sort(rounded)[:-1] + np.sort(rounded)[1:]) / 2)]:
        assert ((rounded >= other) == positive).sum() <= agreed
    if noise == 0:
        assert chosen == threshold


def test_latency_is_per_thousand_records():
    calls = []
    assert latency(calls.append, np.zeros((10, 2)), repeats=3) > 0
    assert len(calls) == 3

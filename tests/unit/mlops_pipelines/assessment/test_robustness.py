"""How far records move, the curve of flipped decisions, and which feature flips the most."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import GradientBoostingClassifier, GradientBoostingRegressor, RandomForestClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from tests.support.assessed import loaded, small_records, small_schema

from mlops_pipelines.assessment.robustness import EPSILONS, Trial, box, perturbation_curve, sensitivity, trial

COLUMNS = [column for column in small_schema("binary")["columns"] if column["role"] == "feature"]
TRAIN, TEST = small_records("binary", 200, seed=1), small_records("binary", 120, seed=2)


def tried(estimator, problem="binary", train=None, seed=3):
    frame = small_records(problem, 200, seed=1) if train is None else train
    model = loaded(estimator, problem, frame)
    return trial(model, frame, small_records(problem, 120, seed=2), seed)


@pytest.fixture(scope="module")
def boosted():
    return tried(GradientBoostingClassifier(n_estimators=20, random_state=1))


def at(curve, epsilon):
    return next(point for point in curve if point["epsilon"] == epsilon)


def test_the_curve_starts_at_no_flip_and_the_untouched_score(boosted):
    from sklearn.metrics import roc_auc_score

    first = perturbation_curve(boosted, "roc_auc")[0]
    own = roc_auc_score(boosted.actual, boosted.model.scores(boosted.matrix))
    assert first == {"epsilon": 0.0, "flipped_percent": 0.0, "score": pytest.approx(own)}


@pytest.mark.parametrize("metric", ["roc_auc", "average_precision", "accuracy", "balanced_accuracy", "f1"])
def test_no_share_falls_and_no_score_improves_as_epsilon_grows(boosted, metric):
    curve = perturbation_curve(boosted, metric, [0.3, 0, 0.05, 2.0, 0.7])
    assert [point["epsilon"] for point in curve] == [0, 0.05, 0.3, 0.7, 2.0]
    shares = [point["flipped_percent"] for point in curve]
    scores = [point["score"] for point in curve]
    assert shares == sorted(shares)
    assert shares[-1] > 50
    assert scores == sorted(scores, reverse=True)
    assert scores[-1] < scores[0] - 0.3


@pytest.mark.parametrize(("metric", "sign"), [("r2", -1), ("rmse", 1), ("mae", 1)])
def test_a_number_counts_as_flipped_where_it_moves_by_half_a_standard_deviation(metric, sign):
    made = tried(GradientBoostingRegressor(n_estimators=20, random_state=1), "regression")
    label = small_records("regression", 200, seed=1)["outcome"].to_numpy()
    assert made.tolerance == pytest.approx(label.std() / 2)
    curve = perturbation_curve(made, metric)
    scores = [sign * point["score"] for point in curve]
    assert scores == sorted(scores)
    assert curve[0]["flipped_percent"] == 0
    assert curve[-1]["flipped_percent"] > 50


def test_a_linear_prediction_flips_as_soon_as_its_slope_carries_it_over_the_tolerance():
    made = tried(LinearRegression(), "regression")
    place = [column["name"] for column in made.model.columns].index("size")
    carried = abs(made.model.estimator.coef_[place]) * made.box.spread[place]  # per standard deviation of `size`
    epsilon = made.tolerance / carried
    alone = {entry["feature"]: entry["flipped_percent"] for entry in sensitivity(made, 0.98 * epsilon)}
    assert alone["size"] == 0
    alone = {entry["feature"]: entry["flipped_percent"] for entry in sensitivity(made, 1.02 * epsilon)}
    assert alone["size"] > 99  # half of the draws are corners, where the whole distance is gone


def test_several_classes_are_perturbed_too():
    made = tried(RandomForestClassifier(10, max_depth=4, random_state=1), "multiclass")
    curve = perturbation_curve(made, "accuracy")
    shares, scores = [point["flipped_percent"] for point in curve], [point["score"] for point in curve]
    assert shares == sorted(shares)
    assert scores == sorted(scores, reverse=True)
    assert curve[0]["score"] == pytest.approx(
        (made.model.scores(made.matrix).argmax(axis=1) == made.actual).mean()
    )  # fmt: skip


def test_a_constant_model_never_flips():
    curve = perturbation_curve(tried(DummyClassifier(strategy="prior")), "accuracy")
    assert {point["flipped_percent"] for point in curve} == {0.0}
    assert len({point["score"] for point in curve}) == 1


def test_a_model_that_learnt_noise_by_heart_is_fragile_where_a_smooth_one_is_not():
    noisy = TRAIN.assign(outcome=np.random.default_rng(5).permutation(TRAIN["outcome"].to_numpy()))
    fragile = tried(KNeighborsClassifier(1), train=noisy)
    smooth = tried(LogisticRegression())
    shares = [at(perturbation_curve(made, "accuracy"), 0.1)["flipped_percent"] for made in (fragile, smooth)]
    assert shares[0] > 35
    assert shares[1] < 10


def test_the_same_seed_gives_the_same_curve_and_another_one_another(boosted):
    again = Trial(boosted.model, boosted.matrix, boosted.actual, boosted.box, boosted.tolerance, boosted.seed)
    other = Trial(boosted.model, boosted.matrix, boosted.actual, boosted.box, boosted.tolerance, boosted.seed + 1)
    assert perturbation_curve(again, "roc_auc") == perturbation_curve(boosted, "roc_auc")
    assert perturbation_curve(other, "roc_auc") != perturbation_curve(boosted, "roc_auc")


def test_a_metric_that_is_not_defined_is_none():
    made = tried(LogisticRegression())
    one_class = Trial(made.model, made.matrix[:5], np.ones(5, dtype=np.int64), made.box, 0.0, 1)
    assert perturbation_curve(one_class, "roc_auc", [0.0])[0]["score"] is None


def test_only_the_feature_that_the_model_uses_is_sensitive():
    made = tried(LogisticRegression())
    made.model.estimator.coef_[:] = [[4.0, 0.0, 0.0]]
    found = sensitivity(made, 0.5)
    assert found[0]["feature"] == "size"
    assert found[0]["flipped_percent"] > 0
    assert [entry["flipped_percent"] for entry in found[1:]] == [0, 0]


def test_of_a_large_test_set_a_seeded_sample_is_taken():
    model = loaded(LogisticRegression(), "binary", TRAIN)
    first, again, other = (trial(model, TRAIN, TEST, seed, most=30).matrix for seed in (1, 1, 2))
    assert len(first) == 30
    assert (first == again).all()
    assert (first != other).any()


def test_the_epsilons_hold_zero_and_rise():
    assert EPSILONS[0] == 0
    assert list(EPSILONS) == sorted(set(EPSILONS))


UNITS = st.integers(0, 2**32 - 1)


@given(epsilon=st.floats(0, 5), seed=UNITS)
def test_nothing_moves_further_than_epsilon_or_out_of_its_range(epsilon, seed):
    random = np.random.default_rng(seed)
    train = np.column_stack([random.normal(0, 2, 40), random.integers(0, 2, 40), random.integers(0, 99, 40)])
    limits = box(COLUMNS, train)
    chance, pick, direction = random.random((40, 3)), random.random((40, 3)), random.uniform(-1, 1, (40, 3))
    moved = limits.moved(train, epsilon, chance, direction, pick)
    distance = np.abs(moved - train)
    assert (distance[:, 0] <= epsilon * limits.spread[0] + 1e-12).all()
    assert (distance[:, 2] <= epsilon * limits.spread[2] + 1).all()
    assert (moved[:, 2] == np.round(moved[:, 2])).all()
    assert set(moved[:, 1]) <= {0.0, 1.0}
    assert (np.abs(moved[:, 0]) <= 10).all()
    assert ((moved[:, 2] >= 0) & (moved[:, 2] <= 99)).all()


@given(seed=UNITS)
def test_at_zero_nothing_moves(seed):
    random = np.random.default_rng(seed)
    train = np.column_stack([random.normal(0, 20, 30), random.integers(0, 3, 30), random.integers(-9, 150, 30)])
    limits = box(COLUMNS, train)  # a number outside of its range, and a category's empty cell, stay too
    moved = limits.moved(train, 0.0, random.random((30, 3)), random.uniform(-1, 1, (30, 3)), random.random((30, 3)))
    assert (moved == train).all()


def test_integers_and_categories_move_in_as_many_records_as_epsilon_says():
    random = np.random.default_rng(1)
    count = 20_000
    train = np.column_stack([random.normal(0, 1, count), random.random(count) < 0.2, random.integers(40, 44, count)])
    limits = box(COLUMNS, train.astype(float))
    assert limits.spread[1] == pytest.approx(np.sqrt(0.2 * 0.8), abs=0.01)
    moved = limits.moved(train, 0.3, random.random((count, 3)), np.ones((count, 3)), random.random((count, 3)))
    assert (moved[:, 1] != train[:, 1]).mean() == pytest.approx(0.3 * limits.spread[1], abs=0.01)
    assert (moved[:, 2] - train[:, 2]).mean() == pytest.approx(0.3 * limits.spread[2], abs=0.01)


def test_a_category_of_several_values_changes_to_each_of_the_others():
    columns = [{"name": "colour", "type": "category", "values": ["red", "green", "blue", "grey"]}]
    random, shape = np.random.default_rng(1), (2000, 1)
    places = np.repeat(np.arange(5.0), 400)[:, None]  # the fifth place stands for an empty cell
    moved = box(columns, places).moved(places, 10.0, random.random(shape), np.ones(shape), random.random(shape))
    for place in range(5):
        reached = set(moved[places[:, 0] == place, 0])
        assert reached == {0.0, 1.0, 2.0, 3.0} - {float(place)}

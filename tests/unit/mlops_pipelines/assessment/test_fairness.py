"""Fairness: the groups' rates, how far they lie apart, and that a model biased on purpose is found out."""

from __future__ import annotations

import numpy as np
import pytest
from fairlearn import metrics as fairlearn_metrics
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import accuracy_score, roc_auc_score

from mlops_pipelines.assessment import fairness, intervals
from mlops_pipelines.assessment.answers import Answers


@pytest.fixture(autouse=True, scope="module")
def _few_resamples():
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(intervals, "RESAMPLES", 199)
        yield


def binary(actual, decided, scores=None):
    actual, decided = np.asarray(actual), np.asarray(decided)
    return Answers("binary", ("no", "yes"), actual, decided * 0.6 + 0.2 if scores is None else scores, decided)


def people(count=400, seed=1, groups="ab", bias=0.0):
    """Return answers that are right four times of five, and deny the last group by chance on top of that."""
    random = np.random.default_rng(seed)
    names = random.choice(list(groups), count)
    actual = random.integers(0, 2, count)
    decided = np.where(random.random(count) < 0.8, actual, 1 - actual)
    decided = np.where((names == groups[-1]) & (random.random(count) < bias), 1, decided)
    return binary(actual, decided, np.clip(decided * 0.5 + random.random(count) * 0.5, 0, 1)), list(names)


def numbers(count=200, seed=1, shift=0.0):
    random = np.random.default_rng(seed)
    names = random.choice(["a", "b"], count)
    actual = random.normal(100, 10, count)
    told = actual + random.normal(0, 3, count) + shift * (names == "b")
    return Answers("regression", (), actual, told, told), list(names)


def value(found, kind, name):
    return found[kind][name]["value"]


def test_rates_are_measured_by_group():
    # a: 12 positives (9 found), 8 negatives (2 taken for positive); b: 4 of 10 and 1 of 10.
    actual = [1] * 12 + [0] * 8 + [1] * 10 + [0] * 10
    decided = [1] * 9 + [0] * 3 + [1] * 2 + [0] * 6 + [1] * 4 + [0] * 6 + [1] + [0] * 9
    found = fairness.assess(binary(actual, decided), ["a"] * 20 + ["b"] * 20, "accuracy", seed=1)
    group = found["groups"]["a"]
    assert (group["count"], group["positives"], group["small"]) == (20, 12, True)
    assert group["positive_rate"]["value"] == pytest.approx(12 / 20)
    assert group["selection_rate"]["value"] == pytest.approx(11 / 20)
    assert group["true_positive_rate"]["value"] == pytest.approx(9 / 12)
    assert group["false_positive_rate"]["value"] == pytest.approx(2 / 8)
    assert group["accuracy"]["value"] == pytest.approx(15 / 20)
    assert found["groups"]["b"]["small"] is False
    assert value(found, "differences", "selection_rate_difference") == pytest.approx(11 / 20 - 5 / 20)
    assert value(found, "differences", "true_positive_rate_difference") == pytest.approx(9 / 12 - 4 / 10)
    assert value(found, "differences", "equalized_odds_difference") == pytest.approx(9 / 12 - 4 / 10)
    assert value(found, "ratios", "selection_rate_ratio") == pytest.approx(5 / 11)
    assert value(found, "ratios", "non_selection_rate_ratio") == pytest.approx(9 / 15)
    assert found["ratios"]["selection_rate_ratio"]["four_fifths"] is False
    named = found["differences"]["selection_rate_difference"]
    assert (named["highest"], named["lowest"]) == ("a", "b")
    assert (found["best"], found["worst"]) == ("a", "b")


@settings(max_examples=6)
@given(st.integers(0, 10_000))
def test_differences_and_ratios_are_fairlearns(seed):
    answers, groups = people(150, seed, "abc", bias=0.3)
    found = fairness.assess(answers, groups, "roc_auc", seed=1)
    given_ = {"y_true": answers.actual, "y_pred": answers.decided, "sensitive_features": groups}
    for kind, name, wanted in (
        ("differences", "selection_rate_difference", fairlearn_metrics.demographic_parity_difference),
        ("differences", "equalized_odds_difference", fairlearn_metrics.equalized_odds_difference),
        ("differences", "true_positive_rate_difference", fairlearn_metrics.equal_opportunity_difference),
        ("ratios", "selection_rate_ratio", fairlearn_metrics.demographic_parity_ratio),
        ("ratios", "equalized_odds_ratio", fairlearn_metrics.equalized_odds_ratio),
    ):
        assert value(found, kind, name) == pytest.approx(wanted(**given_))
    for group, figures in found["groups"].items():
        own = np.asarray(groups) == group
        assert figures["roc_auc"]["value"] == pytest.approx(roc_auc_score(answers.actual[own], answers.scores[own]))
        assert figures["accuracy"]["value"] == pytest.approx(accuracy_score(answers.actual[own], answers.decided[own]))


def test_a_model_biased_on_purpose_measures_a_large_difference():
    fair, biased = (fairness.assess(*people(bias=bias), "accuracy", seed=1)["differences"] for bias in (0.0, 0.8))
    assert fair["selection_rate_difference"]["value"] < 0.15
    assert fair["selection_rate_difference"]["low"] < 0, "it may be chance"
    assert biased["selection_rate_difference"]["low"] > 0.25, "it cannot be chance"
    assert biased["selection_rate_difference"]["highest"] == "b"
    assert biased["equalized_odds_difference"]["value"] > 0.4
    assert biased["equalized_odds_difference"]["rate"] == "false_positive_rate"


def test_a_label_flipped_for_one_group_shows_in_its_error_rates():
    answers, groups = people()
    flipped = np.where(np.asarray(groups) == "b", 1 - answers.actual, answers.actual)
    found = fairness.assess(binary(flipped, answers.decided), groups, "accuracy", seed=1)
    assert found["differences"]["equalized_odds_difference"]["value"] > 0.5
    assert found["differences"]["accuracy_difference"]["value"] > 0.5
    assert found["worst"] == "b"


@settings(max_examples=10)
@given(st.integers(0, 1000))
def test_the_order_of_the_records_changes_nothing(seed):
    answers, groups = people(60)
    rows = np.random.default_rng(seed).permutation(60)
    shuffled = fairness.assess(answers.take(rows), [groups[row] for row in rows], "roc_auc", seed=1)
    assert shuffled == fairness.assess(answers, groups, "roc_auc", seed=1)


@settings(max_examples=15)
@given(st.lists(st.tuples(st.booleans(), st.booleans(), st.sampled_from("abc")), min_size=1, max_size=60))
def test_intervals_hold_their_values_and_counts_add_up(rows):
    actual, decided = (np.array([row[i] for row in rows], dtype=int) for i in (0, 1))
    found = fairness.assess(binary(actual, decided), [row[2] for row in rows], "f1", seed=1)
    assert sum(group["count"] for group in found["groups"].values()) == len(rows)
    selected = sum(group["count"] * group["selection_rate"]["value"] for group in found["groups"].values())
    assert selected == pytest.approx(decided.sum())
    figures = [figure for group in found["groups"].values() for figure in group.values() if isinstance(figure, dict)]
    for figure in (*figures, *found["differences"].values(), *found["ratios"].values()):
        if figure["value"] is not None:
            assert figure["low"] <= figure["value"] <= figure["high"]
            assert -1e-9 <= figure["value"] <= 1 + 1e-9


def test_a_rate_without_a_denominator_is_null_and_differs_from_nothing():
    found = fairness.assess(binary([1, 0], [1, 0]), ["a", "b"], "accuracy", seed=1)
    assert found["groups"]["b"]["true_positive_rate"] == {"value": None, "low": None, "high": None}
    assert value(found, "differences", "true_positive_rate_difference") is None
    assert value(found, "differences", "selection_rate_difference") == 1.0


def test_a_small_group_says_so_and_is_not_compared_with_large_ones():
    answers, groups = people(300)
    extra = binary([1, 0, 0], [1, 1, 1])  # a third group of three, all selected
    together = Answers(
        "binary", answers.classes, np.r_[answers.actual, extra.actual], np.r_[answers.scores, extra.scores],
        np.r_[answers.decided, extra.decided],
    )  # fmt: skip
    found = fairness.assess(together, [*groups, "c", "c", "c"], "accuracy", seed=1)
    assert found["groups"]["c"]["small"] is True
    assert found["groups"]["c"]["selection_rate"]["value"] == 1.0
    assert found["groups"]["c"]["selection_rate"]["low"] < 0.5
    assert found["not_compared"]["yes"]["selection_rate"] == ["c"]
    alone = fairness.assess(answers, groups, "accuracy", seed=1)
    for name, item in alone["differences"].items():
        assert value(found, "differences", name) == pytest.approx(item["value"])


def test_of_two_groups_a_small_one_is_compared_for_want_of_another():
    found = fairness.assess(binary([0] * 30 + [0] * 3, [0] * 30 + [1] * 3), ["a"] * 30 + ["b"] * 3, "accuracy", seed=1)
    assert value(found, "differences", "selection_rate_difference") == 1.0
    assert found["groups"]["b"]["small"] is True
    assert "selection_rate" not in found["not_compared"].get("yes", {})


def test_one_group_alone_is_not_compared():
    found = fairness.assess(people(50)[0], ["a"] * 50, "accuracy", seed=1)
    assert {item["value"] for item in (*found["differences"].values(), *found["ratios"].values())} == {None}
    assert (found["best"], found["worst"]) == (None, None)


def test_four_fifths_holds_at_exactly_that_ratio():
    decided = [1] * 10 + [0] * 10 + [1] * 8 + [0] * 12
    found = fairness.assess(binary(decided, decided), ["a"] * 20 + ["b"] * 20, "accuracy", seed=1)
    assert found["ratios"]["selection_rate_ratio"]["value"] == pytest.approx(0.8)
    assert found["ratios"]["selection_rate_ratio"]["four_fifths"] is True


def test_several_classes_report_the_one_whose_groups_lie_furthest_apart():
    random = np.random.default_rng(1)
    groups = list(random.choice(["x", "y"], 300))
    actual = random.integers(0, 3, 300)
    decided = np.where(random.random(300) < 0.8, actual, random.integers(0, 3, 300))
    # Half of what is rightly a for group y is called c.
    decided = np.where((np.asarray(groups) == "y") & (decided == 0) & (random.random(300) < 0.7), 2, decided)
    scores = np.eye(3)[decided] * 0.7 + 0.1
    answers = Answers("multiclass", ("a", "b", "c"), actual, scores, decided)
    found = fairness.assess(answers, groups, "f1_macro", seed=1)
    by_class = {
        name: fairlearn_metrics.demographic_parity_difference(
            actual == place, decided == place, sensitive_features=groups
        )
        for place, name in enumerate("abc")
    }
    named = found["differences"]["selection_rate_difference"]
    assert named["value"] == pytest.approx(max(by_class.values()))
    assert named["class"] == max(by_class, key=by_class.get) != "b"
    assert set(found["groups"]["x"]["classes"]) == {"a", "b", "c"}
    assert value(found, "differences", "equalized_odds_difference") > 0.3


def test_a_regression_is_compared_in_standard_deviations_of_the_label():
    answers, groups = numbers(shift=5.0)
    found = fairness.assess(answers, groups, "rmse", seed=1)
    own = np.asarray(groups) == "b"
    error = answers.scores - answers.actual
    wanted = (error[own].mean() - error[~own].mean()) / answers.actual.std()
    assert value(found, "differences", "mean_error_difference") == pytest.approx(wanted)
    assert found["differences"]["mean_error_difference"]["low"] > 0.3
    assert found["groups"]["b"]["mean_error"]["value"] == pytest.approx(error[own].mean())
    assert found["groups"]["b"]["mean_prediction"]["value"] == pytest.approx(answers.scores[own].mean())
    assert found["groups"]["b"]["rmse"]["value"] == pytest.approx(np.sqrt((error[own] ** 2).mean()))
    assert (found["best"], found["worst"]) == ("a", "b"), "less error is better"


def test_a_fair_regression_has_a_difference_around_zero():
    found = fairness.assess(*numbers(), "r2", seed=1)
    for name in ("mean_error_difference", "mean_prediction_difference"):
        assert found["differences"][name]["low"] < 0 < found["differences"][name]["high"]
        assert found["differences"][name]["value"] < 0.3


def test_a_label_that_never_varies_has_no_unit():
    same = np.full(20, 5.0)
    found = fairness.assess(Answers("regression", (), same, same, same), ["a", "b"] * 10, "mae", seed=1)
    assert value(found, "differences", "mean_error_difference") is None
    assert value(found, "differences", "mae_difference") == 0.0


def test_only_the_rates_that_rest_on_too_few_records_are_not_compared():
    # c has 3 positives, of which none is found, and 30 negatives, all of which are taken for positive.
    answers, groups = people(300)
    actual, decided = np.array([1] * 3 + [0] * 30), np.array([0] * 3 + [1] * 30)
    together = binary(np.r_[answers.actual, actual], np.r_[answers.decided, decided])
    found = fairness.assess(together, [*groups, *["c"] * 33], "accuracy", seed=1)
    assert found["not_compared"]["yes"] == {"true_positive_rate": ["c"]}
    assert found["groups"]["c"]["small"] is True
    assert value(found, "differences", "true_positive_rate_difference") < 0.2
    assert value(found, "differences", "false_positive_rate_difference") > 0.7
    assert found["differences"]["equalized_odds_difference"]["highest"] == "c"

"""Champion and challenger on the same records."""

from __future__ import annotations

import io
import tarfile
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import wilcoxon
from sklearn.linear_model import LinearRegression, LogisticRegression
from tests.support.assessed import loaded, small_records, write_archive

from mlops_pipelines.assessment import intervals
from mlops_pipelines.assessment.answers import Answers, answers
from mlops_pipelines.assessment.comparison import NotComparable, champion_answers, compare, load_champion
from mlops_pipelines.modelling.metrics import METRICS, score


@pytest.fixture(autouse=True, scope="module")
def _few_resamples():
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(intervals, "RESAMPLES", 199)
        yield


def decided(actual, right):
    """Return answers that are right where told so."""
    answered = np.where(right, actual, 1 - actual)
    return Answers("binary", ("no", "yes"), actual, answered * 0.8 + 0.1, answered)


@pytest.fixture(scope="module")
def model():
    return loaded(LogisticRegression(max_iter=1000), "binary", small_records("binary"))


@pytest.mark.parametrize("problem", ["binary", "multiclass", "regression"])
def test_a_model_against_itself_gains_nothing(problem):
    frame = small_records(problem, 150)
    estimator = LinearRegression() if problem == "regression" else LogisticRegression(max_iter=1000)
    own = answers(loaded(estimator, problem, frame), frame)
    for metric in METRICS[problem]:
        found = compare(own, own, metric, seed=1)
        assert (found["difference"], found["low"], found["high"], found["p_value"]) == (0.0, 0.0, 0.0, 1.0)
        assert found["value"] == pytest.approx(score(metric, own.actual, own.scores, own.decided))


def test_mcnemars_test_is_exact_over_the_records_that_one_got_right():
    actual = np.array([0, 1] * 10)
    places = np.arange(20)
    found = compare(decided(actual, places >= 1), decided(actual, places < 12), "accuracy", seed=1)
    # The new model alone is right 8 times, the champion alone once: 2 * (1 + 9) / 2**9.
    assert found["p_value"] == pytest.approx(20 / 512)
    assert found["test"] == "McNemar"
    assert found["difference"] == pytest.approx(7 / 20)
    assert found["low"] > 0


def test_errors_of_a_regression_are_compared_by_wilcoxons_test():
    random = np.random.default_rng(1)
    actual = random.normal(0, 1, 60)
    good, bad = actual + random.normal(0, 0.1, 60), actual + random.normal(0, 1, 60)
    found = compare(*(Answers("regression", (), actual, item, item) for item in (good, bad)), "rmse", seed=1)
    assert found["p_value"] == pytest.approx(wilcoxon(abs(actual - good), abs(actual - bad)).pvalue)
    assert found["difference"] > 0, "less error is a gain"
    assert found["low"] > 0


def test_both_answer_the_same_resampled_records():
    random = np.random.default_rng(2)
    actual = random.normal(0, 50, 100)  # what varies most is the records; the models differ by one everywhere
    one, other = (Answers("regression", (), actual, actual + shift, actual + shift) for shift in (1.0, 2.0))
    found = compare(one, other, "mae", seed=1)
    assert (found["low"], found["difference"], found["high"]) == pytest.approx((1.0, 1.0, 1.0))


def test_a_chance_difference_has_an_interval_around_zero():
    random = np.random.default_rng(3)
    actual = random.integers(0, 2, 400)
    own, other = (decided(actual, random.random(400) < 0.8) for _ in range(2))
    found = compare(own, other, "accuracy", seed=1)
    assert found["low"] < 0 < found["high"]
    assert found["p_value"] > 0.05


@settings(max_examples=15)
@given(st.integers(0, 1000))
def test_the_order_of_the_records_changes_nothing(seed):
    random = np.random.default_rng(5)
    actual = random.integers(0, 2, 40)
    own, other = decided(actual, random.random(40) < 0.9), decided(actual, random.random(40) < 0.6)
    rows = np.random.default_rng(seed).permutation(40)
    assert compare(own.take(rows), other.take(rows), "roc_auc", 1) == compare(own, other, "roc_auc", 1)


@settings(max_examples=15)
@given(st.integers(0, 1000))
def test_an_interval_holds_the_difference_and_turns_with_the_sides(seed):
    random = np.random.default_rng(seed)
    actual = np.r_[0, 1, random.integers(0, 2, 20)]
    own, other = (decided(actual, random.random(22) < 0.7) for _ in range(2))
    found, turned = compare(own, other, "accuracy", 1), compare(other, own, "accuracy", 1)
    assert found["low"] <= found["difference"] <= found["high"]
    assert turned["difference"] == pytest.approx(-found["difference"])
    assert turned["p_value"] == pytest.approx(found["p_value"])
    assert 0 < found["p_value"] <= 1


def test_a_champion_is_read_from_its_archive(model, tmp_path):
    champion = load_champion(write_archive(model, tmp_path / "model.tar.gz"))
    frame = small_records("binary", 50, seed=9)
    assert (champion_answers(champion, model, frame).scores == answers(model, frame).scores).all()


def test_a_champion_without_an_archive_is_not_comparable(tmp_path):
    with pytest.raises(NotComparable, match=r"the champion's model\.tar\.gz did not come along"):
        load_champion(tmp_path / "model.tar.gz")


def _tarball(contents):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name, content in contents.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"no archive", "ReadError"),
        (b"", "ReadError"),
        (_tarball({"readme.txt": b""}), "FileNotFoundError"),
        (_tarball({"metadata.json": b"{", "model.joblib": b""}), "JSONDecodeError"),
        (_tarball({"metadata.json": b"{}", "model.joblib": b"junk"}), "error"),
        (_tarball({"metadata.json": b"{}", "model.joblib": b"cnowhere\nThing\n."}), "ModuleNotFoundError"),
        (_tarball({"metadata.json": b"{}", "model.joblib": b"cos\nNothing\n."}), "AttributeError"),
        (_tarball({"../outside": b""}), "OutsideDestinationError"),
    ],
    ids=["no-archive", "empty", "no-metadata", "half-a-metadata", "junk", "no-such-module", "no-such-name", "outside"],
)
def test_an_unreadable_archive_is_not_comparable(content, told, tmp_path):
    path = tmp_path / "model.tar.gz"
    path.write_bytes(content)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with pytest.raises(NotComparable, match=f"the champion's archive cannot be read: .*{told}"):
            load_champion(path)


def test_half_an_archive_is_not_comparable(model, tmp_path):
    path = write_archive(model, tmp_path / "model.tar.gz")
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(NotComparable, match="cannot be read: "):
        load_champion(path)


@pytest.mark.parametrize(
    ("metadata", "told"),
    [
        ({"label": "other"}, "its label: other, the new model's: outcome"),
        ({"classes": ["no", "maybe"]}, "its classes: no, maybe, the new model's: no, yes"),
        ({"classes": ["yes", "no"]}, "its classes: yes, no, the new model's: no, yes"),
    ],
)
def test_a_champion_of_something_else_is_not_comparable(model, metadata, told):
    champion = loaded(LogisticRegression(max_iter=1000), "binary", small_records("binary"))
    champion.metadata.update(metadata)
    champion.served.classes[:] = champion.metadata["classes"]
    with pytest.raises(NotComparable, match=told):
        champion_answers(champion, model, small_records("binary", 20))


def test_every_difference_is_named(model):
    other = loaded(LinearRegression(), "regression", small_records("regression"), label="outcome")
    with pytest.raises(NotComparable) as told:
        champion_answers(other, model, small_records("binary", 20).drop(columns=["age", "size"]))
    assert str(told.value) == (
        "the champion cannot score these records: its problem: regression, the new model's: binary; "
        "its classes: none, the new model's: no, yes; it needs size, age, which the records lack"
    )


def test_a_value_that_the_champion_does_not_know_is_named(model):
    frame = small_records("binary", 20)
    frame.loc[3, "kind"] = "unheard"
    with pytest.raises(NotComparable, match="kind = 'unheard' in record 4: expected one of plain, fancy"):
        champion_answers(model, model, frame)

"""Metrics of many resamples at once: the same numbers as scikit-learn's on the resampled records."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import brier_score_loss, fbeta_score

from mlops_pipelines.assessment import weighted
from mlops_pipelines.assessment.answers import Answers
from mlops_pipelines.modelling.metrics import METRICS, score

SEEDS = st.integers(0, 10_000)


def made(problem, seed, count=30):
    """Return random answers whose scores have ties, and random weights of three resamples."""
    random = np.random.default_rng(seed)
    count = int(random.integers(2, count))
    if problem == "regression":
        actual = random.normal(1000, 3, count).round(1)
        scores = actual + random.normal(0, 1, count)
        answers = Answers(problem, (), actual, scores, scores)
    elif problem == "binary":
        scores = random.random(count).round(1)
        answers = Answers(problem, ("no", "yes"), random.integers(0, 2, count), scores, (scores >= 0.5).astype(int))
    else:
        scores = random.dirichlet([1, 1, 1], count).round(2) + 0.01
        scores /= scores.sum(axis=1, keepdims=True)
        answers = Answers(problem, ("a", "b", "c"), random.integers(0, 3, count), scores, scores.argmax(axis=1))
    return answers, random.integers(0, 3, (3, count)).astype(float)


def repeated(answers, weights):
    """Return the resampled records as such."""
    return answers.take(np.repeat(np.arange(len(answers)), weights.astype(int)))


@pytest.mark.parametrize(("problem", "name"), [(problem, name) for problem, names in METRICS.items() for name in names])
@settings(max_examples=25)
@given(seed=SEEDS)
def test_a_metric_is_scikit_learns_in_every_resample(problem, name, seed):
    answers, weights = made(problem, seed)
    found = weighted.metric(name, answers)(weights)
    for row, value in zip(weights, found, strict=True):
        own = repeated(answers, row)
        if not len(own):
            continue
        if name == "r2" and len(set(own.actual)) < 2:
            assert np.isnan(value)  # scikit-learn says 0 or 1 by convention, where there is nothing to explain
            continue
        wanted = score(name, own.actual, own.scores, own.decided)
        assert value == pytest.approx(wanted, nan_ok=True, rel=1e-6, abs=1e-9)


@pytest.mark.parametrize("problem", ["binary", "multiclass"])
@settings(max_examples=25)
@given(seed=SEEDS)
def test_the_brier_score_is_scikit_learns(problem, seed):
    answers, weights = made(problem, seed)
    own = repeated(answers, weights[0])
    if len(own):
        labels = list(range(len(answers.classes)))
        wanted = brier_score_loss(own.actual, own.scores, labels=labels)
        assert weighted.brier(answers)(weights)[0] == pytest.approx(wanted)


@settings(max_examples=25)
@given(seed=SEEDS, beta=st.sampled_from([0.5, 1.0, 2.0]))
def test_f_scores_are_scikit_learns(seed, beta):
    answers, weights = made("multiclass", seed)
    own = repeated(answers, weights[0])
    if len(own):
        wanted = fbeta_score(own.actual, own.decided, beta=beta, labels=[0, 1, 2], average=None, zero_division=0)
        found = weighted.f_scores(weighted.confusion(answers)(weights), beta)[0]
        assert found == pytest.approx(wanted)


def test_an_unknown_metric_is_refused():
    with pytest.raises(ValueError, match="'gini' is no metric"):
        weighted.metric("gini", made("binary", 1)[0])

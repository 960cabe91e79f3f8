"""Bands that enough records share, and numbers that are no one's."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlops_pipelines.features.schema import Column
from mlops_pipelines.masking import numbers

values = st.lists(st.floats(-1e6, 1e6, allow_nan=False), min_size=5, max_size=60)


@given(values, st.sampled_from([0.1, 0.25, 1, 7, 5000]))
def test_each_band_stands_for_enough_records_and_lies_at_or_below_its_values(given_values, step):
    data = np.array(given_values)
    made = numbers.banded(data, {"step": step}, 5)
    assert min(Counter(made.tolist()).values()) >= 5
    assert (made <= data).all()


def test_bands_begin_where_they_are_written():
    floor = numbers.band_of({"bands": [0, 18, 30, 65]})
    assert [floor(value) for value in (0, 17.9, 18, 29, 64.99, 65, 120)] == [0, 0, 18, 18, 30, 65, 65]
    by_step = numbers.band_of({"step": 0.1})
    assert [by_step(value) for value in (0.3, 0.39, -0.05, 0)] == [0.3, 0.3, -0.1, 0]
    assert numbers.band_of({"step": 1e-300})(1e300) == pytest.approx(1e300)


def test_bands_of_too_few_join_their_neighbours():
    data = np.array([1.0] * 5 + [11.0] * 2 + [21.0] * 4 + [31.0] * 5 + [99.0])
    made = numbers.banded(data, {"step": 10}, 5)
    assert Counter(made.tolist()) == {0.0: 5, 10.0: 6, 30.0: 6}


COLUMN = Column("x", "number", "feature", ".", minimum=-2e6, maximum=2e6)


@given(values, st.integers(0, 2**32))
def test_a_drawn_number_is_no_rare_original_and_lies_within_the_data(given_values, seed):
    data = np.round(np.array(given_values), 2)
    made = numbers.drawn(data, COLUMN, 5, np.random.default_rng(seed), 2)
    counts = Counter(data.tolist())
    assert all(counts[value] == 0 or counts[value] >= 5 for value in made.tolist())
    assert len(made) == len(data)


def test_whole_numbers_that_are_all_rare_are_stepped_around():
    column = Column("x", "integer", "feature", ".", minimum=0, maximum=60)
    data = np.arange(10, 50, dtype=np.float64)
    made = numbers.drawn(data, column, 5, np.random.default_rng(1), 0)
    assert not set(made.tolist()) & set(data.tolist())
    assert ((made >= 0) & (made <= 60) & (made % 1 == 0)).all()


def test_where_every_number_of_the_range_is_rare_there_is_none_to_draw():
    column = Column("x", "integer", "feature", ".", minimum=10, maximum=49)
    with pytest.raises(ArithmeticError, match="every number"):
        numbers.drawn(np.arange(10, 50, dtype=np.float64), column, 5, np.random.default_rng(1), 0)


def test_the_distribution_is_kept_and_an_outlier_is_not():
    data = np.append(np.random.default_rng(0).normal(100, 10, 2000), 100000.0)
    made = numbers.drawn(data, COLUMN, 5, np.random.default_rng(1), 6)
    assert abs(np.median(made) - 100) < 1.5
    assert made.max() < 25000


def test_decimals_are_those_that_numbers_are_written_with():
    assert numbers.decimals(["1", "2.50", "-0.125"]) == 3
    assert numbers.decimals(["1e3"]) == 0
    assert numbers.decimals([]) == 0

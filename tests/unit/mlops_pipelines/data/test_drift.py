"""Drift: the population stability index, the two-sample tests, and both together."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlops_pipelines.data.drift import bin_counts, compare, findings, population_stability_index, two_sample_test
from mlops_pipelines.features.schema import Column, Schema
from mlops_pipelines.settings import DataSettings

SCHEMA = Schema(
    "key",
    "at",
    (
        Column("key", "text", "identifier", ""),
        Column("y", "category", "label", "", values=("no", "yes")),
        Column("x", "number", "feature", "", -100, 100, nullable=True, header="the x"),
        Column("n", "integer", "feature", "", 0, 9),
        Column("g", "category", "protected", "", values=("a", "b", "c")),
    ),
)
LIMITS = DataSettings()
COUNTS = st.lists(st.integers(0, 10_000), min_size=1, max_size=12).filter(any)
NUMBER = SCHEMA.column("x")


def sample(seed: int, count: int = 2000, shift: float = 0.0) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "key": [str(place) for place in range(count)],
            "y": random.choice(["no", "yes"], count, p=[0.7, 0.3]),
            "x": random.normal(shift, 1, count),
            "n": random.integers(0, 10, count),
            "g": random.choice(["a", "b", "c"], count, p=[0.5, 0.3, 0.2]),
        }
    )


def drifted(reference: pd.DataFrame, current: pd.DataFrame) -> list[str]:
    return [row["column"] for row in compare(reference, current, SCHEMA, LIMITS) if row["drifted"]]


@given(COUNTS)
def test_equal_distributions_have_an_index_of_zero_whatever_their_sizes(counts):
    once = np.array(counts)
    assert population_stability_index(once, once) == 0
    assert population_stability_index(once, 3 * once) == pytest.approx(0, abs=1e-9)


@given(st.data())
def test_the_index_is_never_negative_and_the_same_both_ways(data):
    first = np.array(data.draw(COUNTS))
    second = np.array(data.draw(st.lists(st.integers(0, 10_000), min_size=len(first), max_size=len(first)).filter(any)))
    index = population_stability_index(first, second)
    assert index >= 0
    assert index == pytest.approx(population_stability_index(second, first))


def test_the_index_is_what_its_formula_gives_by_hand():
    found = population_stability_index(np.array([50, 50]), np.array([80, 20]))
    assert found == pytest.approx(0.3 * np.log(0.8 / 0.5) - 0.3 * np.log(0.2 / 0.5))


def test_an_empty_sample_has_no_index():
    with pytest.raises(ValueError, match="an empty sample"):
        population_stability_index(np.array([0, 0]), np.array([1, 1]))


@given(st.lists(st.one_of(st.none(), st.floats(-1e6, 1e6)), max_size=60), st.floats(-1e6, 1e6))
@settings(max_examples=40)
def test_every_record_lies_in_one_bin_and_a_sample_has_not_drifted_from_itself(values, one):
    series = pd.Series([*values, one], dtype="float64")
    first, second = bin_counts(series, series, NUMBER)
    assert (first == second).all()
    assert first.sum() == len(series)
    assert two_sample_test(series, series, NUMBER)[2] == pytest.approx(1)


def test_bins_hold_a_tenth_of_the_reference_each():
    series = pd.Series(np.random.default_rng(1).normal(size=1000))
    assert list(bin_counts(series, series, NUMBER)[0]) == [100] * 10 + [0]


@pytest.mark.parametrize("seed", range(8))
def test_another_sample_of_the_same_distribution_has_not_drifted(seed):
    assert drifted(sample(100 + seed), sample(seed)) == []
    assert drifted(sample(100 + seed), sample(seed, count=120)) == []


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("x", lambda frame: frame["x"] + 0.6),
        ("x", lambda frame: frame["x"] * 2.5),
        ("x", lambda frame: frame["x"].where(np.arange(len(frame)) % 3 != 0)),
        ("n", lambda frame: frame["n"].clip(upper=5)),
        ("y", lambda frame: np.where(np.arange(len(frame)) % 4, "yes", "no")),
        ("g", lambda frame: "b"),
        ("g", lambda frame: frame["g"].replace("a", "d")),
    ],
)
def test_a_column_that_shifts_is_found_and_no_other(name, change):
    current = sample(1)
    assert drifted(sample(2), current.assign(**{name: change(current)})) == [name]


@pytest.mark.parametrize("values", [[2.0] * 500, [1.0] * 500, [3.0] * 500])
def test_a_constant_drifts_when_it_changes_and_not_before(values):
    reference, current = sample(1, 500).assign(x=2.0), sample(2, 500).assign(x=values)
    assert drifted(reference, current) == ([] if values[0] == 2 else ["x"])


def test_a_large_index_of_few_records_and_a_small_difference_of_many_are_no_drift():
    few = compare(sample(1), sample(6, count=12), SCHEMA, LIMITS)
    assert max(row["psi"] for row in few) > LIMITS.max_psi
    many = compare(sample(1, 40_000), sample(2, 40_000, shift=0.1), SCHEMA, LIMITS)
    assert min(row["p_value"] for row in many) < LIMITS.drift_p_value
    assert not any(row["drifted"] for row in few + many)


def test_a_fault_names_column_index_p_value_and_limits():
    rows = compare(sample(1), sample(2, shift=3), SCHEMA, LIMITS)
    assert [row["column"] for row in rows] == ["y", "x", "n", "g"]
    [row] = [row for row in rows if row["drifted"]]
    [finding] = findings(rows, SCHEMA)
    assert f"column the x (x) has drifted from the last accepted snapshot: PSI {row['psi']:.3f}" in finding.text
    assert "p-value" in finding.text
    assert "at most 0.2 (data.max_psi)" in finding.text
    assert "at least 0.01 (data.drift_p_value)" in finding.text


def test_columns_that_the_reference_lacks_are_not_compared():
    rows = compare(sample(1)[["x"]], sample(2), SCHEMA, LIMITS)
    assert [row["column"] for row in rows] == ["x"]

"""The families' tables: defaults, limits, and what is said of hyperparameters that do not fit."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlops_pipelines.modelling.families import (
    SPECIFICATIONS,
    complexity,
    family_fault,
    hyperparameter_faults,
    hyperparameters,
)
from mlops_pipelines.settings import FAMILIES

EVERY = [(family, name) for family, known in SPECIFICATIONS.items() for name in known.hyperparameters]


def test_the_families_are_those_that_can_be_configured():
    assert set(SPECIFICATIONS) == set(FAMILIES)


def test_gradient_boosting_is_by_default_what_it_has_always_been():
    assert hyperparameters("gradient_boosting") == {
        "trees": 80, "learning_rate": 0.08, "depth": 2, "min_samples_leaf": 20
    }  # fmt: skip


@pytest.mark.parametrize(("family", "name"), EVERY)
def test_a_default_lies_where_is_searched_and_both_lie_where_is_allowed(family, name):
    known = SPECIFICATIONS[family].hyperparameters[name]
    assert known.least <= known.low <= known.default <= known.high <= known.most
    assert known.fault(known.low) is known.fault(known.high) is known.fault(known.default) is None
    if known.step:
        assert (known.default - known.low) % known.step == (known.high - known.low) % known.step == 0


@given(st.sampled_from(EVERY), st.one_of(st.floats(), st.integers(), st.booleans(), st.text(max_size=3)))
def test_a_value_is_either_taken_as_it_is_or_refused_by_name(which, value):
    family, name = which
    faults = hyperparameter_faults(family, {name: value})
    if faults:
        assert name in faults[0]
        assert family in faults[0]
        with pytest.raises(ValueError, match=name):
            hyperparameters(family, {name: value})
    else:
        assert hyperparameters(family, {name: value})[name] == value


def test_every_fault_is_named_at_once():
    faults = hyperparameter_faults("gradient_boosting", {"trees": 2.5, "leaves": 3, "depth": 2, "learning_rate": True})
    assert [fault.split(":")[0] for fault in faults] == [
        "hyperparameter trees = 2.5 does not suit gradient_boosting",
        "hyperparameter leaves is none of gradient_boosting's",
        "hyperparameter learning_rate = True does not suit gradient_boosting",
    ]


def test_whole_numbers_are_ints_whatever_json_made_of_them():
    assert type(hyperparameters("random_forest", {"trees": 60.0})["trees"]) is int


def test_an_unknown_family_is_refused_with_the_nearest_one():
    assert "did you mean gradient_boosting?" in str(family_fault("gradient_bosting"))
    assert "did you mean" not in str(family_fault("xyz"))
    with pytest.raises(ValueError, match="'xyz' is none of linear"):
        hyperparameters("xyz")


def test_a_simpler_family_comes_first_and_then_a_simpler_model_of_it():
    boosted = hyperparameters("gradient_boosting")
    assert complexity("linear", hyperparameters("linear")) < complexity("gradient_boosting", boosted)
    simpler = [{"depth": 1}, {"trees": 40}, {"min_samples_leaf": 60}, {"learning_rate": 0.02}]
    for change in simpler:
        assert complexity("gradient_boosting", {**boosted, **change}) < complexity("gradient_boosting", boosted)
    assert complexity("linear", {"regularisation": 100.0}) < complexity("linear", {"regularisation": 1.0})


def test_the_tables_are_read_without_scikit_learn():
    script = "import sys, mlops_pipelines.modelling.families; sys.exit('sklearn' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0

"""Groups of records by protected attributes."""

from __future__ import annotations

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from mlops_pipelines.assessment.groups import groups_of, together

CATEGORY, NUMBER = {"name": "team", "type": "category"}, {"name": "age", "type": "integer"}


def test_a_category_is_grouped_by_its_values():
    assert groups_of(pd.Series(["a", " b", "a"]), CATEGORY) == ["a", "b", "a"]


def test_who_does_not_tell_is_a_group():
    assert groups_of(pd.Series(["a", None, np.nan, " "]), CATEGORY) == ["a", *["(missing)"] * 3]
    assert groups_of(pd.Series([1, None, 2]), NUMBER) == ["1", "(missing)", "2"]


def test_few_numbers_are_groups_of_their_own():
    assert groups_of(pd.Series([0, 1.5, 0]), NUMBER) == ["0", "1.5", "0"]


def test_many_numbers_are_taken_in_quarters():
    found = groups_of(pd.Series([*range(20, 61), None]), NUMBER)
    assert pd.Series(found).value_counts().to_dict() == {
        "20 to 30": 10, "30 to 40": 10, "40 to 50": 10, "50 to 60": 11, "(missing)": 1
    }  # fmt: skip
    assert (found[0], found[10], found[40]) == ("20 to 30", "30 to 40", "50 to 60")


def test_quarters_that_fall_together_are_one():
    found = groups_of(pd.Series([0] * 60 + list(range(1, 21))), NUMBER)
    assert set(found) == {"0 to 0.25", "0.25 to 20"}


@given(st.lists(st.one_of(st.none(), st.integers(-1000, 1000)), min_size=1, max_size=60))
def test_every_record_is_in_one_group_of_its_number(values):
    found = groups_of(pd.Series(values, dtype=object), NUMBER)
    assert len(found) == len(values)
    for value, group in zip(values, found, strict=True):
        if value is None:
            assert group == "(missing)"
        elif " to " in group:
            low, high = (float(end) for end in group.split(" to "))
            assert low <= value <= high
        else:
            assert float(group) == value


def test_attributes_make_groups_together():
    assert together([["a", "b"], ["young", "old"]]) == ["a and young", "b and old"]

"""Feature names: valid, distinct, and the column's own where that is valid."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from mlops_estate.onboarding.naming import feature_names, file_name, is_valid


def test_names_are_made_of_what_can_be_kept():
    names = feature_names(["mean radius", "年齢", "_x_", "write_time", "a-b"])
    assert names == ["mean_radius", "column_2", "x", "write_time_column", "a-b"]
    assert feature_names(["Größe (cm)"]) == ["Groe_cm"]
    assert feature_names(["a" * 80]) == ["a" * 64]


def test_a_valid_name_is_kept_before_another_is_made_of_it():
    assert feature_names(["a b", "a_b"]) == ["a_b_2", "a_b"]
    assert feature_names(["Age", "age"]) == ["Age", "age_2"]
    assert feature_names(["event_time", "record_id"]) == ["event_time_2", "record_id_2"]


@given(st.lists(st.text(min_size=1, max_size=90), min_size=1, max_size=12, unique=True))
def test_names_are_valid_and_distinct_whatever_the_headers_are(headers):
    names = feature_names(headers)
    assert all(map(is_valid, names))
    assert len({name.lower() for name in names}) == len(headers)
    assert feature_names(names) == names or {"record_id", "event_time"} & {name.lower() for name in names}


def test_a_file_name_has_no_white_space():
    assert file_name(" my data\t1.csv ") == "my_data_1.csv"

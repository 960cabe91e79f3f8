"""Writing records to a feature group."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlops_pipelines.features import Column, Schema
from mlops_pipelines.features.ingest import RecordRefused, ingest

SCHEMA = Schema(
    "id",
    "at",
    (
        Column("y", "category", "label", "", values=("no", "yes")),
        Column("n", "integer", "feature", "", 0, 9),
        Column("x", "number", "feature", "", 0, 1),
    ),
)
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


def write(rows: list[dict[str, Any]], **options: Any) -> tuple[int, list[dict[str, Any]]]:
    calls: list[dict[str, Any]] = []
    count = ingest(
        rows, **{"put_record": lambda **call: calls.append(call), "feature_group_name": "group", "event_time": NOON,
                 "schema": SCHEMA, **options}
    )  # fmt: skip
    return count, calls


def test_a_row_becomes_one_record_with_identifier_and_event_time():
    count, calls = write([{"y": "no", "n": "3", "x": 0.5}])
    record = {"id": "00000001", "at": "2026-11-23T12:00:00Z", "y": "no", "n": "3", "x": "0.5"}
    values = [{"FeatureName": name, "ValueAsString": value} for name, value in record.items()]
    assert (count, calls) == (1, [{"FeatureGroupName": "group", "Record": values}])


def test_the_event_time_is_written_in_utc():
    _, [call] = write([{"y": "no", "n": 1, "x": 1}], event_time=NOON.astimezone(timezone(timedelta(hours=2))))
    assert {"FeatureName": "at", "ValueAsString": "2026-11-23T12:00:00Z"} in call["Record"]


def test_an_event_time_without_a_zone_is_refused():
    with pytest.raises(ValueError, match="has no time zone"):
        write([], event_time=NOON.replace(tzinfo=None))


@pytest.mark.parametrize("empty", [None, "", "  "])
def test_an_empty_value_is_left_out(empty):
    _, [call] = write([{"y": "no", "n": empty, "x": 1}])
    assert "n" not in [item["FeatureName"] for item in call["Record"]]


def test_an_own_identifier_is_used():
    _, calls = write([{"y": "no", "n": 1, "x": 1}], identify=lambda number, row: f"{row['y']}-{number}")
    assert calls[0]["Record"][0] == {"FeatureName": "id", "ValueAsString": "no-1"}


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"y": "maybe"}, "y = 'maybe' is none of no, yes"),
        ({"n": "1.5"}, "n = '1.5' is no integer"),
        ({"x": "much"}, "x = 'much' is no number"),
        ({"x": "nan"}, "x = 'nan' is no number"),
        ({"z": 1}, "column z is not in the schema"),
    ],
)
def test_a_row_that_does_not_fit_is_refused_after_those_before_it(change, fault):
    good: dict[str, Any] = {"y": "no", "n": 1, "x": 1}
    written: list[Any] = []
    with pytest.raises(RecordRefused, match="record 2") as caught:
        write([good, good | change, good], put_record=lambda **call: written.append(call))
    assert caught.value.faults == [fault]
    assert len(written) == 1


def test_every_fault_of_the_row_is_named():
    with pytest.raises(RecordRefused) as caught:
        write([{"y": "maybe", "n": "many"}])
    assert caught.value.faults == [
        "column x is missing", "y = 'maybe' is none of no, yes", "n = 'many' is no integer"
    ]  # fmt: skip


@given(
    st.lists(st.tuples(st.sampled_from(["no", "yes"]), st.integers(), st.floats(allow_nan=False, allow_infinity=False)))
)
def test_every_row_that_fits_is_written_once_and_read_back_equal(rows):
    count, calls = write([{"y": y, "n": n, "x": x} for y, n, x in rows])
    records = [{item["FeatureName"]: item["ValueAsString"] for item in call["Record"]} for call in calls]
    assert count == len(rows)
    assert [(record["y"], int(record["n"]), float(record["x"])) for record in records] == rows
    assert len({record["id"] for record in records}) == len(rows)

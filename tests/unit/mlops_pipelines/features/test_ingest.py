"""Writing records to a feature group."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlops_pipelines.features import Column, Schema
from mlops_pipelines.features.ingest import RecordRefused, ingest, read_rows

SCHEMA = Schema(
    "id",
    "at",
    (
        Column("y", "category", "label", "", values=("no", "yes")),
        Column("n", "integer", "feature", "", 0, 9, nullable=True),
        Column("x", "number", "feature", "", 0, 1),
    ),
)
NAMED = Schema(
    "id",
    "at",
    (
        Column("id", "text", "identifier", "", header="Customer No."),
        Column("y", "number", "label", "", 0, 9, header="y/n"),
        Column("note", "text", "ignored", "", nullable=True),
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
def test_an_empty_value_of_a_nullable_column_is_left_out_and_of_another_refused(empty):
    _, [call] = write([{"y": "no", "n": empty, "x": 1}])
    assert "n" not in [item["FeatureName"] for item in call["Record"]]
    with pytest.raises(RecordRefused, match="x is empty, which its column does not allow"):
        write([{"y": "no", "n": 1, "x": empty}])


def test_columns_are_found_by_their_headers_and_the_identifier_is_the_column_that_has_that_role(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("\ufeffnote, Customer No. ,y/n\n,c-1,2\nold,c-2,3\n", encoding="utf-8")
    _, calls = write(list(read_rows(path)), schema=NAMED)
    records = [{item["FeatureName"]: item["ValueAsString"] for item in call["Record"]} for call in calls]
    at = "2026-11-23T12:00:00Z"
    assert records == [{"id": "c-1", "at": at, "y": "2"}, {"id": "c-2", "at": at, "y": "3", "note": "old"}]
    assert len(calls[0]["Record"]) == 3  # the identifier once


def test_an_identifier_beside_the_record_identifier_is_both():
    columns = (Column("customer", "text", "identifier", ""), *NAMED.columns[1:])
    _, [call] = write([{"customer": "c-1", "y/n": 2, "note": ""}], schema=Schema("id", "at", columns))
    assert [item["ValueAsString"] for item in call["Record"] if item["FeatureName"] in ("id", "customer")] == [
        "c-1"
    ] * 2


def test_an_identifier_that_is_empty_or_occurs_twice_is_refused():
    good = {"Customer No.": "c-1", "y/n": 2, "note": ""}
    with pytest.raises(RecordRefused, match=r"record 1: Customer No\. \(id\) is empty"):
        write([good | {"Customer No.": " "}], schema=NAMED)
    with pytest.raises(RecordRefused, match="record 2: its identifier 'c-1' is that of record 1"):
        write([good, good], schema=NAMED)


def test_a_ragged_row_and_a_header_with_a_name_twice_are_refused(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("y,n,x\nno,1,1,1,1\n")
    with pytest.raises(RecordRefused, match="it has 2 cells more than the header"):
        write(list(read_rows(path)))
    path.write_text("y,n,n\nno,1,1\n")
    with pytest.raises(ValueError, match=r"a\.csv: the header names n more than once"):
        next(read_rows(path))


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
        ({"x": "1_0"}, "x = '1_0' is no number"),
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

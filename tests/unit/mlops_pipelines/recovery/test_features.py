"""Which record of an offline store is the latest, how its times are read, and what a rebuild writes."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from tests.support.versioned import VersionedBucket

from mlops_pipelines.recovery.features import (
    FeatureGroup,
    UnreadableStore,
    athena_rows,
    describe_group,
    latest_records,
    moment,
    offline_rows,
    query,
    rebuild_online_store,
    values_of,
)

GROUP = FeatureGroup("g", "id", "at", ("id", "at", "x"), "s3://b/data", "db", "g_features")
DAY = "2026-11-{:02d}T00:00:00Z"


def row(identifier: str, event: int, written: int, *, deleted: bool = False, **values: Any) -> dict[str, Any]:
    times = {"at": DAY.format(event), "write_time": DAY.format(written), "api_invocation_time": DAY.format(written)}
    return {"id": identifier, **values, **times, "is_deleted": deleted}


def chosen(rows: list[dict[str, Any]], as_of: int | None = None) -> dict[str, Any]:
    when = datetime(2026, 11, as_of, 12, tzinfo=UTC) if as_of else None
    return {key: item.get("x") for key, item in latest_records(rows, GROUP, when).items()}


def test_the_latest_event_time_wins_whenever_it_was_written():
    assert chosen([row("1", 5, 6, x="late"), row("1", 4, 9, x="early")]) == {"1": "late"}


def test_of_one_event_time_the_last_written_wins():
    assert chosen([row("1", 5, 7, x="second"), row("1", 5, 6, x="first")]) == {"1": "second"}
    assert chosen([row("1", 5, 6, x="listed first"), row("1", 5, 6, x="listed last")]) == {"1": "listed last"}


def test_what_was_written_after_the_moment_is_passed_over_also_a_deletion():
    rows = [row("1", 5, 5, x="right"), row("1", 9, 8, x="wrong"), row("1", 9, 9, deleted=True)]
    assert chosen(rows, as_of=7) == {"1": "right"}
    assert chosen(rows) == {"1": None}


@pytest.mark.parametrize(
    "text", ["2026-11-23T12:00:00Z", "2026-11-23T12:00:00+00:00", "2026-11-23 12:00:00.000 UTC", "2026-11-23 12:00:00",
             "1795435200", "1795435200.0", 1795435200]
)  # fmt: skip
def test_every_form_of_a_time_is_the_same_moment(text):
    assert moment(text) == datetime(2026, 11, 23, 12, tzinfo=UTC).timestamp()


def test_a_record_has_no_columns_of_the_offline_store_and_no_nothing():
    assert values_of({**row("1", 5, 5, x=None), "year": "2026"}, GROUP) == {"id": "1", "at": DAY.format(5)}
    assert values_of({**row("1", 5, 5), "is_deleted": "true"}, GROUP) is None
    assert values_of(None, GROUP) is None


def test_json_lines_are_read_and_parquet_is_refused_with_a_way_out():
    bucket = VersionedBucket()
    bucket.put(1, "data/year=2026/a.jsonl", json.dumps({"id": "1"}) + "\n" + json.dumps({"id": "2"}) + "\n")
    bucket.put(1, "database/other.jsonl", json.dumps({"id": "3"}))
    assert [found["id"] for found in offline_rows(bucket, "s3://b/data")] == ["1", "2"]
    bucket.put(2, "data/b.parquet", "PAR1")
    with pytest.raises(UnreadableStore, match="athena_rows"):
        list(offline_rows(bucket, "s3://b/data"))


class Online:
    """The online store's answers: a record with an earlier event time than what stands is ignored."""

    def __init__(self, **records: dict[str, str]) -> None:
        self.records = dict(records)
        self.calls: list[tuple[str, str]] = []

    def batch_get_record(self, *, Identifiers: list[dict[str, Any]]) -> dict[str, Any]:  # noqa: N803
        (asked,) = Identifiers
        assert len(asked["RecordIdentifiersValueAsString"]) <= 100
        found = [
            {"RecordIdentifierValueAsString": name,
             "Record": [{"FeatureName": key, "ValueAsString": value} for key, value in self.records[name].items()]}
            for name in asked["RecordIdentifiersValueAsString"] if name in self.records
        ]  # fmt: skip
        return {"Records": found, "Errors": [], "UnprocessedIdentifiers": []}

    def delete_record(self, **call: Any) -> None:
        assert (call["TargetStores"], call["DeletionMode"]) == (["OnlineStore"], "HardDelete")
        name = call["RecordIdentifierValueAsString"]
        self.calls.append(("delete", name))
        if name in self.records and self.records[name]["at"] <= call["EventTime"]:
            del self.records[name]

    def put_record(self, **call: Any) -> None:
        assert call["TargetStores"] == ["OnlineStore"]
        record = {item["FeatureName"]: item["ValueAsString"] for item in call["Record"]}
        self.calls.append(("put", record["id"]))
        if record["id"] not in self.records or self.records[record["id"]]["at"] <= record["at"]:
            self.records[record["id"]] = record


def test_a_rebuild_undoes_a_wrong_record_with_a_later_event_time_and_leaves_right_ones_alone():
    right = {"id": "1", "at": DAY.format(5), "x": "right"}
    online = Online(**{"1": {**right, "at": DAY.format(20), "x": "wrong"}, "2": {**right, "id": "2"}})
    rows = [row("1", 5, 5, x="right"), row("1", 20, 9, x="wrong"), row("2", 5, 5, x="right"), row("3", 5, 5, x="lost")]
    done = rebuild_online_store(online, GROUP, rows, as_of=datetime(2026, 11, 7, tzinfo=UTC))
    assert online.records == {"1": right, "2": {**right, "id": "2"}, "3": {**right, "id": "3", "x": "lost"}}
    assert (done.written, done.unchanged, done.removed) == (2, 1, 0)
    assert ("put", "2") not in online.calls


def test_a_rebuild_removes_what_was_deleted_or_did_not_exist_then():
    online = Online(**{"1": {"id": "1", "at": DAY.format(5)}, "2": {"id": "2", "at": DAY.format(9)}})
    rows = [row("1", 5, 5), row("1", 6, 6, deleted=True), row("2", 9, 9)]
    done = rebuild_online_store(online, GROUP, rows, as_of=datetime(2026, 11, 7, tzinfo=UTC))
    assert (online.records, done.removed, done.written) == ({}, 2, 0)


def test_records_are_asked_for_a_hundred_at_once_and_counted():
    online = Online()
    told: list[tuple[int, int]] = []
    rows = [row(str(number), 5, 5) for number in range(250)]
    done = rebuild_online_store(online, GROUP, rows, on_record=lambda *told_now: told.append(told_now))
    assert (done.written, len(online.records), told[-1], len(told)) == (250, 250, (250, 250), 250)


def test_an_answer_that_leaves_a_record_out_stops_the_rebuild():
    online = Online()
    online.batch_get_record = lambda **_: {"Records": [], "UnprocessedIdentifiers": [{"FeatureGroupName": "g"}]}
    with pytest.raises(UnreadableStore, match="doesn't answer"):
        rebuild_online_store(online, GROUP, [row("1", 5, 5)])


class Athena:
    """Answers of Athena: first running, then a state; two pages of rows, the header on the first."""

    def __init__(self, state: str) -> None:
        self.states = ["QUEUED", "RUNNING", state]
        self.asked = ""

    def start_query_execution(self, **call: Any) -> dict[str, str]:
        self.asked = call["QueryString"]
        return {"QueryExecutionId": "q"}

    def get_query_execution(self, **_: Any) -> dict[str, Any]:
        status = {"State": self.states.pop(0), "StateChangeReason": "no such table"}
        return {"QueryExecution": {"Status": status}}

    def get_paginator(self, _operation: str) -> Any:
        pages = [[("id", "is_deleted"), ("1", "false")], [("2", None)]]
        result = [
            {"ResultSet": {"Rows": [{"Data": [{"VarCharValue": v} if v else {} for v in cells]} for cells in page]}}
            for page in pages
        ]
        return type("Pages", (), {"paginate": lambda _self, **_: iter(result)})()


def test_athenas_rows_are_read_over_pages_without_the_header_and_empty_cells():
    athena, waited = Athena("SUCCEEDED"), []
    rows = list(athena_rows(athena, GROUP, output_uri="s3://b/q", wait=waited.append))
    assert rows == [{"id": "1", "is_deleted": "false"}, {"id": "2"}]
    assert (athena.asked, len(waited)) == (query(GROUP), 2)
    assert query(GROUP).endswith('FROM "db"."g_features"')


def test_a_query_that_fails_says_why():
    with pytest.raises(UnreadableStore, match="FAILED: no such table"):
        list(athena_rows(Athena("FAILED"), GROUP, output_uri="s3://b/q", wait=lambda _: None))


def test_a_group_without_an_offline_store_cannot_be_rebuilt():
    sagemaker = type("SageMaker", (), {"describe_feature_group": lambda _self, **_: {"FeatureGroupName": "g"}})()
    with pytest.raises(UnreadableStore, match="no offline store"):
        describe_group(sagemaker, "g")

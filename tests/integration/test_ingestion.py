"""The real records on their way into the feature store."""

from __future__ import annotations

import csv
from datetime import UTC, datetime

from botocore.session import Session
from botocore.validate import ParamValidator
from tests.support.definition_shapes import strict_faults
from tests.support.pipelines import DATA, MODEL
from tests.support.tables import real_table

from mlops_pipelines.features import definitions, load_schema
from mlops_pipelines.features.ingest import ingest, read_rows


def test_every_application_becomes_a_record_that_put_record_accepts():
    shape = Session().get_service_model("sagemaker-featurestore-runtime").operation_model("PutRecord").input_shape
    store: dict[str, dict[str, str]] = {}

    def put_record(**call):
        assert ParamValidator().validate(call, shape).generate_report() == ""
        assert list(strict_faults(call, shape, "")) == []
        record = {item["FeatureName"]: item["ValueAsString"] for item in call["Record"]}
        store[record["application_id"]] = record

    count = ingest(
        read_rows(DATA), put_record=put_record, feature_group_name="mlops-dev-mortgage-approval",
        event_time=datetime(2026, 11, 23, tzinfo=UTC), schema=load_schema(MODEL),
    )  # fmt: skip
    assert count == len(store) == 2380
    assert {frozenset(record) for record in store.values()} == {frozenset(item.name for item in definitions(MODEL))}
    with DATA.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [{name: record[name] for name in rows[0]} for record in store.values()] == rows


def test_records_of_a_file_whose_headers_are_no_feature_names_are_accepted_under_their_identifiers(tmp_path):
    shape = Session().get_service_model("sagemaker-featurestore-runtime").operation_model("PutRecord").input_shape
    table, store = real_table("wine"), {}
    table.frame.to_csv(tmp_path / "wine.csv", index=False)

    def put_record(**call):
        assert ParamValidator().validate(call, shape).generate_report() == ""
        assert list(strict_faults(call, shape, "")) == []
        record = {item["FeatureName"]: item["ValueAsString"] for item in call["Record"]}
        store[record["record"]] = record

    count = ingest(
        read_rows(tmp_path / "wine.csv"), put_record=put_record, feature_group_name="mlops-dev-wine",
        event_time=datetime(2026, 11, 23, tzinfo=UTC), schema=table.schema,
    )  # fmt: skip
    assert count == len(store) == 178
    assert list(store) == list(table.frame["record"])
    assert {frozenset(record) for record in store.values()} == {
        frozenset(definition.name for definition in table.schema.definitions())
    }


def test_writing_the_same_file_again_adds_no_record():
    identifiers = []
    for day in (1, 2):
        ingest(
            read_rows(DATA), put_record=lambda **call: identifiers.append(call["Record"][0]["ValueAsString"]),
            feature_group_name="group", event_time=datetime(2026, 11, day, tzinfo=UTC), schema=load_schema(MODEL),
        )  # fmt: skip
    assert len(identifiers) == 2 * 2380
    assert len(set(identifiers)) == 2380

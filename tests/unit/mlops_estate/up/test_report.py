"""What `estate up` says when it is done."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from mlops_estate.up.report import ModelReport, UpReport, as_text


def row(type_, count, backing, backend):
    return {"type": type_, "count": count, "backing": backing, "backend": backend}


def report(**more) -> UpReport:
    base = {
        "coverage": [row("a", 2, "emulated", "moto"), row("p", 1, "declared", ""),
                     row("b", 3, "emulated", "gap filler"), row("c", 4, "emulated", "moto")],
        "outputs": {"vpc_id": "vpc-1", "zones": ["a", "b"], "models": {"churn": {"endpoint": "e"}}},
        "seconds": {"first": 1.25, "second": 2.0},
        "graph_file": ".estate/dev/graph.json", "notes": ["one account"],
    }  # fmt: skip
    return UpReport("dev", "123456789012", "eu-west-1", **{**base, **more})


TRAINED = ModelReport(
    "churn", records_ingested=2380, snapshot_sha256="a" * 64, model_sha256="b" * 64, version=1,
    approval_status="Approved", metrics={"auc": 0.81234, "accuracy": 0.9}, endpoint="e", endpoint_status="InService",
    sample_prediction="[0]",
)  # fmt: skip
TEARDOWN = {"deleted": 5, "retained": ["urn:r"], "kept": ["urn:k"], "expected_left": ["a key"], "unexpected": [],
            "failed": []}  # fmt: skip


@pytest.mark.parametrize(
    ("more", "ok"),
    [
        ({}, True),
        ({"unequal": {"urn:x": ["differs"]}}, False),
        ({"teardown": TEARDOWN}, True),
        ({"teardown": {**TEARDOWN, "unexpected": ["s3 buckets: x"]}}, False),
        ({"teardown": {**TEARDOWN, "failed": ["x"]}}, False),
    ],
)
def test_a_run_is_well_where_all_reads_back_and_nothing_unexpected_is_left(more, ok):
    assert report(**more).ok is ok
    assert report(**more).as_dict()["ok"] is ok


def test_resources_are_counted_by_backing():
    assert report().backings() == {"emulated": 9, "declared": 1}


def test_the_report_is_json_data():
    data = json.loads(json.dumps(report(models=[TRAINED]).as_dict()))
    assert data["backings"] == {"emulated": 9, "declared": 1}
    assert data["models"][0]["metrics"] == {"auc": 0.81234, "accuracy": 0.9}


def test_the_text_says_it_in_order():
    assert as_text(report(models=[TRAINED])).splitlines() == [
        "dev: 10 resources in embedded account 123456789012 (eu-west-1)",
        "  1 declared, 9 emulated",
        "  note: one account",
        "",
        "Model churn",
        "  feature store  2,380 records",
        "  snapshot       sha256 aaaaaaaaaaaaaaaa…",
        "  registry       version 1, Approved, model sha256 bbbbbbbbbbbbbbbb…",
        "  evaluation     accuracy 0.900, auc 0.812",
        "  endpoint       e: InService; a first record answers [0]",
        "",
        "Outputs",
        "  models.churn.endpoint: e",
        "  vpc_id: vpc-1",
        "  zones: a, b",
        "",
        "Coverage (docs/reference/coverage.md says more)",
        "     6 emulated by moto",
        "     3 emulated by gap filler",
        "     1 declared",
        "       declared: p",
        "",
        "Read back: 10 of 10 equal to what was sent",
        "",
        "Time: 3.2 s (first 1.2 s, second 2.0 s)",
        "Graph: .estate/dev/graph.json",
    ]


def test_a_model_that_waits_says_for_what():
    text = as_text(report(models=[ModelReport("churn", waits_for="a better model")]))
    assert "Model churn\n  waits for a better model\n" in text
    assert "endpoint " not in text


def test_differences_and_leftovers_are_named():
    teardown = {**TEARDOWN, "unexpected": ["s3 buckets: x"], "failed": ["cannot"]}
    lines = as_text(report(unequal={"urn:x": ["KmsKeyId: sent 'a', read None"]}, teardown=teardown)).splitlines()
    assert "Read back: 9 of 10 equal to what was sent" in lines
    assert lines[lines.index("  urn:x") + 1] == "      KmsKeyId: sent 'a', read None"
    where = lines.index("Teardown: 5 deleted, 1 kept")
    assert lines[where + 1 : where + 5] == [
        "  retained as declared: urn:r", "  left as expected: a key", "  UNEXPECTED: s3 buckets: x", "  FAILED: cannot",
    ]  # fmt: skip


def test_lineage_is_told_by_what_it_answers():
    data = [{"uri": "s3://curated/data.csv", "sha256": "c" * 64, "stage": "snapshot"}]
    lineage = {"entities": 10, "associations": 9, "data": data, "endpoints": ["e", "f"]}
    text = as_text(report(models=[replace(TRAINED, lineage=lineage)]))
    assert "  lineage        10 entities, 9 associations recorded\n" in text
    assert f"behind e: s3://curated/data.csv (sha256 {'c' * 16}…)\n" in text
    assert "endpoints that serve a model of it: e, f\n" in text

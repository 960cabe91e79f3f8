"""`estate up`, whole: every environment stands, trains, answers, reads back equal, and is taken down."""

from __future__ import annotations

import json

import pytest
from tests.support.project import change_estate, change_model, copy_project
from tests.support.reference_docs import assert_current

from mlops_estate.config import load_environment
from mlops_estate.embedded.coverage import Row, as_markdown
from mlops_estate.graph_file import load
from mlops_estate.up import up

pytestmark = pytest.mark.xdist_group("up")
REPORTS, FOLDERS = {}, {}


@pytest.fixture(scope="module", params=["dev", "staging", "prod"])
def report(request, tmp_path_factory):
    folder = copy_project(tmp_path_factory.mktemp(request.param))
    found = up(load_environment(request.param, folder), rehearse_destroy=True)
    REPORTS[request.param] = found
    FOLDERS[request.param] = folder
    return found


def test_every_resource_reads_back_equal_and_the_model_is_live(report):
    assert report.unequal == {}
    assert set(report.backings()) <= {"emulated", "validated", "declared"}
    assert report.backings()["emulated"] > 100
    (model,) = report.models
    assert (model.records_ingested, model.version, model.approval_status) == (2380, 1, "Approved")
    assert model.endpoint_status == "InService"
    answer = json.loads(model.sample_prediction)["predictions"]
    assert [sorted(entry) for entry in answer] == [["prediction", "probability"]]
    assert model.metrics["auc"] >= 0.7


def test_the_teardown_leaves_nothing_unexpected(report):
    assert report.teardown["failed"] == []
    assert report.teardown["unexpected"] == []
    graph = load(FOLDERS[report.environment] / report.graph_file)
    counted = report.teardown["deleted"] + len(report.teardown["kept"]) + len(report.teardown["retained"])
    providers = sum(node.is_provider for node in graph.custom_nodes())
    assert counted == sum(1 for _ in graph.custom_nodes()) - providers
    data_buckets_kept = [urn for urn in report.teardown["kept"] if "aws:s3/bucket:Bucket::" in urn]
    assert bool(data_buckets_kept) == (report.environment != "dev")


def test_the_coverage_table_is_current():
    for name in ("dev", "staging", "prod"):
        assert name in REPORTS, "runs after the environments, in their process"
    rows = {}
    for report in REPORTS.values():
        for row in report.coverage:
            row = Row(**{**row, "not_read": tuple(row["not_read"])})
            rows[row.type] = max(row, rows.get(row.type, row), key=lambda entry: entry.count)
    assert_current("coverage.md", "coverage", as_markdown(rows[name] for name in sorted(rows)))


def test_a_pinned_version_and_a_network_of_ones_own_stand_up_too(tmp_path):
    folder = copy_project(tmp_path)
    change_model(folder, "dev", "mortgage-approval", release={"version": 2, "previous": 1})
    change_estate(folder, "dev", network={"vpc_id": "vpc-0a1b2c3d", "subnet_ids": ["subnet-0a1b2c3d"]})
    found = up(load_environment("dev", folder))
    assert found.unequal == {}
    assert found.models[0].version == 2
    assert any("vpc-0a1b2c3d is not in the embedded account" in note for note in found.notes)
    assert any("versions 1 to 2 are registered" in note for note in found.notes)
    names = {node.name for node in load(folder / found.graph_file).custom_nodes()}
    assert {"mortgage-approval-v1", "mortgage-approval-v2", "network"} <= names

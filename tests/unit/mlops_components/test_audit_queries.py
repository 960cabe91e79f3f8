"""Audit queries: a workgroup that nobody overrides, a table that Athena can partition, one saved query a question."""

from __future__ import annotations

import pytest
from tests.support.components import ACCOUNT, REGION, arguments, bucket, deployed, faults, key, only

from mlops_components.audit_queries import DEFAULT_REGIONS
from mlops_components.audit_sql import COLUMNS, PARTITIONS, Scope, questions


@pytest.fixture(scope="module")
def dev():
    return deployed("AuditQueries", arguments("AuditQueries", "dev"))


@pytest.fixture(scope="module")
def prod():
    return deployed("AuditQueries", arguments("AuditQueries", "prod"))


def test_the_workgroups_settings_hold_for_every_query(dev):
    settings = only(dev, ":Workgroup it").inputs["configuration"]
    assert settings["enforceWorkgroupConfiguration"] is True
    result = settings["resultConfiguration"]
    assert result["encryptionConfiguration"] == {"encryptionOption": "SSE_KMS", "kmsKeyArn": key("operations")}
    assert result["outputLocation"] == f"s3://{bucket('queries', 'dev')}/"
    assert result["expectedBucketOwner"] == ACCOUNT


@pytest.mark.parametrize(("environment", "gigabytes"), [("dev", 1), ("staging", 10), ("prod", 100)])
def test_a_query_that_reads_too_much_is_ended(environment, gigabytes):
    nodes = deployed("AuditQueries", arguments("AuditQueries", environment))
    limit = only(nodes, ":Workgroup it").inputs["configuration"]["bytesScannedCutoffPerQuery"]
    assert limit == gigabytes * 10**9


def test_the_table_is_over_the_trails_folder_with_every_column(dev):
    table = only(dev, "it-table").inputs
    assert table["storageDescriptor"]["location"] == f"{arguments('AuditQueries')['log_uri']}/"
    assert {column["name"] for column in table["storageDescriptor"]["columns"]} == COLUMNS.keys()
    assert [part["name"] for part in table["partitionKeys"]] == list(PARTITIONS)
    assert table["databaseName"] == "mlops_dev_audit"


def test_regions_are_those_given_or_all_that_every_account_has(dev, prod):
    def regions(nodes) -> list[str]:
        return only(nodes, "it-table").inputs["parameters"]["projection.region.values"].split(",")

    assert regions(dev) == sorted({*DEFAULT_REGIONS, REGION})
    assert regions(prod) == [REGION, "us-east-1"]


def test_a_region_that_needs_opting_in_is_read_too_where_the_estate_is_in_it():
    nodes = deployed("AuditQueries", {**arguments("AuditQueries"), "region": "eu-south-1"})
    assert "eu-south-1" in only(nodes, "it-table").inputs["parameters"]["projection.region.values"].split(",")


def test_every_question_is_saved_with_the_environments_names(prod):
    args = arguments("AuditQueries", "prod")
    scope = Scope(
        args["prefix"], args["personal_buckets"], args["data_buckets"], args["key_arns"], args["delivery_role_arns"]
    )
    saved = {node.inputs["name"]: node.inputs for node in prod.values() if node.type.endswith(":NamedQuery")}
    assert {name: query["query"] for name, query in saved.items()} == {
        f"mlops-prod-{name}": question.sql for name, question in questions(scope).items()
    }
    assert {(query["workgroup"], query["database"]) for query in saved.values()} == {
        ("mlops-prod-audit", "mlops_prod_audit")
    }
    # CreateNamedQuery: a description has at most 1,024 characters, a text 262,144.
    assert max(len(query["description"]) for query in saved.values()) <= 1024


def test_results_age_by_class(dev, prod):
    for nodes, days in ((dev, 7), (prod, 90)):
        rules = only(nodes, "-queries-lifecycle").inputs["rules"]
        assert [rule["expiration"]["days"] for rule in rules if "expiration" in rule] == [days]


@pytest.mark.parametrize(
    ("changes", "paths"),
    [
        ({"log_uri": "trail-logs"}, {"log_uri"}),
        ({"log_days": 0, "result_days": 0, "scan_limit_gb": 0}, {"log_days", "result_days", "scan_limit_gb"}),
        ({"log_regions": ["Ireland"]}, {"log_regions[0]"}),
        ({"key_arns": ["alias/a"], "operations_key_arn": "alias/b"}, {"key_arns[0]", "operations_key_arn"}),
        ({"prefix": "mlops-" + "x" * 40}, {"prefix"}),
        ({"log_days": None}, {"log_days"}),
    ],
)
def test_bad_arguments_are_refused_before_anything_is_registered(changes, paths):
    assert set(faults("AuditQueries", **changes)) == paths

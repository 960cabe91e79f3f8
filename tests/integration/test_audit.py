"""What records prod, standing in an account: read back, and what it has to say there."""

from __future__ import annotations

import pytest
from tests.support.audited import ACCOUNT, applied, different

from mlops_estate.embedded.account import EmbeddedAccount

pytestmark = pytest.mark.xdist_group("audit")


@pytest.fixture(scope="module")
def prod():
    with EmbeddedAccount(seed=0) as account:
        graph, driver = applied(account)
        yield account, graph, driver


def test_it_stands_as_declared_and_records(prod):
    account, graph, driver = prod
    assert different(graph, driver) == {}
    outputs = graph.stack_outputs["audit"]
    trail = account.client("cloudtrail")
    assert trail.get_trail_status(Name=outputs["trail"])["IsLogging"] is True
    described = trail.get_trail(Name="mlops-prod-audit")["Trail"]
    assert [described[key] for key in ("HasCustomEventSelectors", "HasInsightSelectors")] == [True, True]
    (status,) = account.client("config").describe_configuration_recorder_status()["ConfigurationRecordersStatus"]
    assert (status["name"], status["recording"]) == ("mlops-prod-recorder", True)
    assert (
        account.client("iam")
        .get_role(RoleName="AWSServiceRoleForConfig")["Role"]["Path"]
        .endswith("config.amazonaws.com/")
    )


def test_data_events_cover_every_data_bucket_and_no_log_bucket(prod):
    account, graph, _ = prod
    selectors = account.client("cloudtrail").get_event_selectors(TrailName="mlops-prod-audit")["AdvancedEventSelectors"]
    starts = {
        selector["FieldSelectors"][1]["Equals"][0]: selector["FieldSelectors"][2]["StartsWith"]
        for selector in selectors[1:]
    }
    data = {name for purpose, name in graph.stack_outputs["buckets"].items() if purpose != "access-logs"}
    assert {start.removeprefix("arn:aws:s3:::").rstrip("/") for start in starts["AWS::S3::Object"]} == data
    assert set(starts) == {"AWS::S3::Object", "AWS::SageMaker::Endpoint", "AWS::SageMaker::FeatureGroup"}


def test_a_log_file_is_locked_by_nobodys_leave_and_a_configuration_is_not(prod):
    account, graph, _ = prod
    s3, outputs = account.client("s3"), graph.stack_outputs["audit"]
    for bucket, mode in ((outputs["trail_bucket"], "COMPLIANCE"), (outputs["configuration_bucket"], None)):
        s3.put_object(Bucket=bucket, Key=f"AWSLogs/{ACCOUNT}/x.json.gz", Body=b"{}")
        assert s3.head_object(Bucket=bucket, Key=f"AWSLogs/{ACCOUNT}/x.json.gz").get("ObjectLockMode") == mode


def test_every_question_is_saved_in_the_workgroup(prod):
    account, graph, _ = prod
    athena, outputs = account.client("athena"), graph.stack_outputs["audit"]
    ids = athena.list_named_queries(WorkGroup=outputs["workgroup"])["NamedQueryIds"]
    texts = [athena.get_named_query(NamedQueryId=found)["NamedQuery"]["QueryString"] for found in ids]
    assert len(texts) == 10
    assert sum(graph.stack_outputs["buckets"]["raw"] in text for text in texts) == 2
    (used,) = [text for text in texts if "kms.amazonaws.com" in text]
    assert all(arn in used for arn in graph.stack_outputs["keys"].values())

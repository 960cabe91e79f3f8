"""Lineage recorded in the embedded account: once, brought up to date, asked from both ends, refused as AWS refuses."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError
from tests.support.lineage import ENDPOINT, PACKAGE, RECORDS, SNAPSHOT_URI, version

from mlops_estate.embedded.account import EmbeddedAccount
from mlops_pipelines.lineage import DataSet, data_behind, endpoints_of, of_endpoint, of_package, record


@pytest.fixture
def sagemaker() -> Iterator[Any]:
    """A client of SageMaker, in an account where version 1 has been trained and is served."""
    with EmbeddedAccount() as account:
        client = account.client("sagemaker")
        record(client, of_package(PACKAGE, RECORDS))
        record(client, of_endpoint(PACKAGE, ENDPOINT))
        yield client


def counts(client: Any) -> tuple[int, ...]:
    lists = ("artifact", "action", "context", "association")
    return tuple(len(getattr(client, f"list_{noun}s")()[f"{noun.capitalize()}Summaries"]) for noun in lists)


def test_recording_again_creates_nothing(sagemaker):
    before = counts(sagemaker)
    assert before == (5, 3, 2, 9)
    again = [record(sagemaker, of_package(PACKAGE, RECORDS)), record(sagemaker, of_endpoint(PACKAGE, ENDPOINT))]
    assert [(done.entities, done.associations) for done in again] == [(0, 0), (0, 0)]
    assert counts(sagemaker) == before


def test_the_data_behind_an_endpoint_are_found(sagemaker):
    assert data_behind(sagemaker, "mlops-dev-churn") == [
        DataSet(SNAPSHOT_URI, "a" * 64, "snapshot"),
        DataSet(RECORDS, "", "raw"),
    ]


def test_a_release_changes_what_is_behind_an_endpoint_and_the_old_data_serve_no_more(sagemaker):
    second = version(2, "c")
    record(sagemaker, of_package(second, RECORDS))
    record(sagemaker, of_endpoint(second, ENDPOINT))
    assert [item.sha256[:1] for item in data_behind(sagemaker, "mlops-dev-churn")] == ["c", ""]
    assert endpoints_of(sagemaker, SNAPSHOT_URI, "a" * 64) == []
    assert endpoints_of(sagemaker, RECORDS) == ["mlops-dev-churn"]
    record(sagemaker, of_endpoint(PACKAGE, ENDPOINT))
    assert endpoints_of(sagemaker, SNAPSHOT_URI, "a" * 64) == ["mlops-dev-churn"]


def test_several_endpoints_serve_a_model_of_the_same_data(sagemaker):
    other = {
        **ENDPOINT,
        "EndpointName": "mlops-prod-churn",
        "EndpointArn": ENDPOINT["EndpointArn"].replace("dev", "prod"),
    }
    record(sagemaker, of_endpoint(PACKAGE, other))
    assert endpoints_of(sagemaker, SNAPSHOT_URI, "a" * 64) == ["mlops-dev-churn", "mlops-prod-churn"]


def test_what_was_never_recorded_is_said_to_be_unknown(sagemaker):
    with pytest.raises(LookupError, match="no lineage is recorded of the endpoint other"):
        data_behind(sagemaker, "other")
    with pytest.raises(LookupError, match="no lineage is recorded of the data"):
        endpoints_of(sagemaker, SNAPSHOT_URI, "f" * 64)


@pytest.mark.parametrize(
    ("operation", "params"),
    [
        ("create_action", {"ActionName": "a_b", "ActionType": "x", "Source": {"SourceUri": "x"}}),
        ("create_context", {"ContextName": "-a", "ContextType": "x", "Source": {"SourceUri": "x"}}),
        ("create_artifact", {"ArtifactType": "x", "Source": {
            "SourceUri": "x", "SourceTypes": [{"SourceIdType": "SHA256", "Value": "x"}]}}),
        ("create_artifact", {"ArtifactType": "x", "Source": {"SourceUri": "x"},
                             "Properties": {str(number): "x" for number in range(31)}}),
        ("query_lineage", {"StartArns": ["a", "b"]}),
        ("query_lineage", {"StartArns": [], "Direction": "Up"}),
        ("query_lineage", {"StartArns": [], "MaxDepth": 11}),
    ],
)  # fmt: skip
def test_what_the_service_model_forbids_is_refused(sagemaker, operation, params):
    with pytest.raises(ClientError, match="ValidationException"):
        getattr(sagemaker, operation)(**params)


def test_nothing_is_associated_with_itself_and_nothing_starts_from_nowhere(sagemaker):
    arn = sagemaker.list_contexts()["ContextSummaries"][0]["ContextArn"]
    with pytest.raises(ClientError, match="itself"):
        sagemaker.add_association(SourceArn=arn, DestinationArn=arn)
    with pytest.raises(ClientError, match="ResourceNotFound"):
        sagemaker.query_lineage(StartArns=[f"{arn}x"])


def test_queries_filter_by_property_and_page(sagemaker):
    start = sagemaker.describe_context(ContextName="mlops-dev-churn-endpoint")["ContextArn"]
    asked = {"StartArns": [start], "Direction": "Ascendants", "IncludeEdges": False}
    found = sagemaker.query_lineage(**asked, Filters={"Properties": {"stage": "raw", "nobody": "x"}})["Vertices"]
    assert len(found) == 1
    first = sagemaker.query_lineage(**asked, MaxResults=3)
    rest = sagemaker.query_lineage(**asked, NextToken=first["NextToken"])
    assert (len(first["Vertices"]), len(rest["Vertices"])) == (3, 5)
    edges = sagemaker.query_lineage(
        StartArns=[start], Direction="Ascendants", Filters={"Types": ["Image"]}
    )  # with what lies on the way
    assert edges["Vertices"][0]["Type"] == "Image"
    assert {item["Type"] for item in edges["Vertices"]} >= {"TrainingJob", "Model", "Approval", "ModelDeployment"}
    assert "Code" not in {item["Type"] for item in edges["Vertices"]}

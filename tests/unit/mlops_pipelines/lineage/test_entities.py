"""Lineage entities: named and limited as the service takes them, and one chain from records to endpoint."""

from __future__ import annotations

import re

import pytest
from tests.support.lineage import ENDPOINT, MODEL_URI, PACKAGE, RECORDS, SNAPSHOT_URI

from mlops_estate.embedded.validation import validate_call
from mlops_pipelines.lineage import Entity, entity_name, of_endpoint, of_package
from mlops_pipelines.lineage.entities import LONGEST_VALUE, kept_properties


@pytest.mark.parametrize("parts", [("mlops-churn", "endpoint"), ("a/b c", "x"), ("x" * 200,), ("-a--b-", "é")])
def test_names_are_as_the_service_takes_them(parts):
    name = entity_name(*parts)
    assert re.fullmatch(r"[a-zA-Z0-9](-*[a-zA-Z0-9]){0,119}", name)
    assert entity_name(*parts) == name


def test_names_that_had_to_change_stay_apart():
    assert entity_name("mlops-churn", "1") == "mlops-churn-1"
    assert len({entity_name("a/b"), entity_name("a.b"), entity_name("a-b")}) == 3
    assert entity_name("x" * 200) != entity_name("x" * 201)


def test_properties_are_cut_left_out_when_empty_and_counted():
    assert kept_properties({"a": "", "b": "x" * 3000}) == {"b": "x" * LONGEST_VALUE}
    with pytest.raises(ValueError, match="at most 30"):
        kept_properties({str(number): "x" for number in range(31)})


def test_every_creation_is_a_call_that_the_service_takes():
    lineage = (*of_package(PACKAGE, RECORDS).entities, *of_endpoint(PACKAGE, ENDPOINT).entities)
    kinds = set()
    for entity in lineage:
        noun = entity.kind.capitalize()
        assert validate_call("sagemaker", f"Create{noun}", entity.creation()) == [], entity
        kinds.add(entity.kind)
    assert kinds == {"artifact", "action", "context"}


def test_a_version_is_made_of_data_code_and_image_by_a_run_and_then_approved():
    links = {(link.source.type, link.destination.type): link.type for link in of_package(PACKAGE, RECORDS).links}
    assert links == {
        ("DataSet", "DataSet"): "DerivedFrom",
        ("DataSet", "TrainingJob"): "ContributedTo",
        ("Code", "TrainingJob"): "ContributedTo",
        ("Image", "TrainingJob"): "ContributedTo",
        ("TrainingJob", "Model"): "Produced",
        ("Model", "ModelGroup"): "AssociatedWith",
        ("Model", "Approval"): "ContributedTo",
    }


def test_what_is_not_approved_has_no_approval():
    pending = {**PACKAGE, "ModelApprovalStatus": "PendingManualApproval"}
    assert "Approval" not in {entity.type for entity in of_package(pending, RECORDS).entities}


def test_artifacts_carry_where_they_lie_and_their_checksum():
    found = {entity.source_uri: entity for entity in of_package(PACKAGE, RECORDS).entities}
    assert found[SNAPSHOT_URI].source() == {
        "SourceUri": SNAPSHOT_URI,
        "SourceTypes": [{"SourceIdType": "Custom", "Value": "a" * 64}],
    }
    assert found[MODEL_URI].checksum == "b" * 64
    assert found[RECORDS].source() == {"SourceUri": RECORDS}


def test_a_run_says_its_commit_and_a_context_has_no_metadata():
    by_type = {entity.type: entity.creation() for entity in of_package(PACKAGE, RECORDS).entities}
    assert by_type["TrainingJob"]["MetadataProperties"]["CommitId"] == "c0ffee"
    assert by_type["TrainingJob"]["Status"] == "Completed"
    assert not by_type["ModelGroup"].keys() & {"MetadataProperties", "Status"}


def test_an_endpoint_names_its_live_deployment():
    approval, deployment, endpoint = of_endpoint(PACKAGE, ENDPOINT).entities
    assert (approval.type, deployment.type, endpoint.type) == ("Approval", "ModelDeployment", "Endpoint")
    assert endpoint.properties["deployment"] == deployment.name
    assert approval.key in {entity.key for entity in of_package(PACKAGE, RECORDS).entities}


def test_artifacts_are_told_apart_by_place_and_checksum_others_by_name():
    one = Entity("artifact", "a", "DataSet", "s3://b/x", "1")
    assert one.key == Entity("artifact", "other", "DataSet", "s3://b/x", "1").key
    assert one.key != Entity("artifact", "a", "DataSet", "s3://b/x", "2").key
    assert Entity("action", "a", "Approval", "x").key == Entity("action", "a", "Approval", "y").key


def test_a_package_that_says_too_little_is_refused_by_the_missing_name():
    said = {name: value for name, value in PACKAGE["CustomerMetadataProperties"].items() if name != "snapshot_uri"}
    with pytest.raises(KeyError, match="snapshot_uri"):
        of_package({**PACKAGE, "CustomerMetadataProperties": said}, RECORDS)

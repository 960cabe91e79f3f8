"""Model packages, names that are taken, things in use, and lineage, as SageMaker answers for them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from botocore import xform_name
from botocore.exceptions import ClientError
from tests.support.minimal_calls import answer_faults, minimal_call
from tests.support.sagemaker_things import IMAGE, create_model, serve_endpoint

from mlops_estate.embedded.account import EmbeddedAccount


@pytest.fixture
def sagemaker() -> Iterator[Any]:
    with EmbeddedAccount() as account:
        yield account.client("sagemaker")


@pytest.fixture
def registry(sagemaker: Any) -> Any:
    sagemaker.create_model_package_group(ModelPackageGroupName="group")
    return sagemaker


def register(client: Any, **more: Any) -> str:
    return str(client.create_model_package(ModelPackageGroupName="group", **more)["ModelPackageArn"])


def described(client: Any, arn: str) -> dict[str, Any]:
    return dict(client.describe_model_package(ModelPackageName=arn))


def test_version_numbers_are_never_given_twice(registry: Any) -> None:
    """A version is "one more than the latest", also after deletions; moto counts what is left, and overwrites."""
    arns = [register(registry, ModelPackageDescription=text) for text in "abc"]
    registry.delete_model_package(ModelPackageName=arns[0])
    registry.delete_model_package(ModelPackageName=arns[2])
    fourth = register(registry, ModelPackageDescription="d")
    assert fourth == arns[0].removesuffix("/1") + "/4"
    shown = described(registry, fourth)
    assert (shown["ModelPackageVersion"], shown["ModelPackageDescription"]) == (4, "d")
    assert described(registry, arns[1])["ModelPackageDescription"] == "b"
    listed = registry.list_model_packages(ModelPackageGroupName="group")["ModelPackageSummaryList"]
    assert sorted(item["ModelPackageVersion"] for item in listed) == [2, 4]
    with pytest.raises(ClientError, match="does not exist"):
        registry.delete_model_package(ModelPackageName=arns[0])


def test_a_group_with_packages_is_kept(registry: Any) -> None:
    """DeleteModelPackageGroup documents ConflictException; a new group of the name numbers from 1."""
    arn = register(registry)
    with pytest.raises(ClientError, match="ConflictException"):
        registry.delete_model_package_group(ModelPackageGroupName="group")
    registry.delete_model_package(ModelPackageName=arn)
    registry.delete_model_package_group(ModelPackageGroupName="group")
    with pytest.raises(ClientError, match="does not exist"):
        registry.delete_model_package_group(ModelPackageGroupName="group")
    registry.create_model_package_group(ModelPackageGroupName="group")
    assert register(registry).endswith("/1")


def test_updates_keep_what_they_do_not_name(registry: Any) -> None:
    """Quarantine is metadata beside an approval: each update changes its own only, and metadata is added to or removed
    by key (API reference, UpdateModelPackage)."""
    arn = register(registry, ModelApprovalStatus="PendingManualApproval", CustomerMetadataProperties={"run": "1"})
    registry.update_model_package(ModelPackageArn=arn, ModelApprovalStatus="Approved", ApprovalDescription="fair")
    registry.update_model_package(ModelPackageArn=arn, CustomerMetadataProperties={"quarantined": "drift"})
    shown = described(registry, arn)
    assert shown["CustomerMetadataProperties"] == {"run": "1", "quarantined": "drift"}
    assert (shown["ModelApprovalStatus"], shown["ApprovalDescription"]) == ("Approved", "fair")
    registry.update_model_package(ModelPackageArn=arn, CustomerMetadataPropertiesToRemove=["quarantined", "run"])
    assert not described(registry, arn).get("CustomerMetadataProperties")
    registry.update_model_package(ModelPackageArn=arn, ModelApprovalStatus="Rejected")
    assert described(registry, arn)["ModelApprovalStatus"] == "Rejected"


def test_a_card_keeps_its_content(sagemaker: Any) -> None:
    """UpdateModelCard makes a new version; "you cannot update both content and status in a single call"."""
    sagemaker.create_model_card(ModelCardName="card", Content='{"a": 1}', ModelCardStatus="Draft")
    sagemaker.update_model_card(ModelCardName="card", ModelCardStatus="Approved")
    shown = sagemaker.describe_model_card(ModelCardName="card")
    assert (shown["ModelCardVersion"], shown["ModelCardStatus"], shown["Content"]) == (2, "Approved", '{"a": 1}')
    sagemaker.update_model_card(ModelCardName="card", Content="{}")
    assert sagemaker.describe_model_card(ModelCardName="card")["ModelCardStatus"] == "Approved"


def test_descriptions_hold_no_empty_structures(sagemaker: Any) -> None:
    """What was not sent is not described, and what is described fits the model's output shapes."""
    serve_endpoint(sagemaker, "live")
    for kind in ("Model", "EndpointConfig", "Endpoint"):
        answer = getattr(sagemaker, xform_name(f"Describe{kind}"))(**{f"{kind}Name": "live"})
        answer.pop("ResponseMetadata")
        assert not answer_faults("sagemaker", f"Describe{kind}", answer), kind
        assert {} not in answer.values()


def test_an_endpoint_summarises_its_data_capture(sagemaker: Any) -> None:
    """DataCaptureConfigSummary has a status and the current percentage; moto shows the configuration as sent."""
    create_model(sagemaker, "live")
    variant = {"VariantName": "main", "ModelName": "live", "InstanceType": "ml.m5.large", "InitialInstanceCount": 1}
    capture = {"EnableCapture": True, "InitialSamplingPercentage": 20, "DestinationS3Uri": "s3://bucket/capture",
               "CaptureOptions": [{"CaptureMode": "Input"}]}  # fmt: skip
    sagemaker.create_endpoint_config(EndpointConfigName="live", ProductionVariants=[variant], DataCaptureConfig=capture)
    sagemaker.create_endpoint(EndpointName="live", EndpointConfigName="live")
    assert sagemaker.describe_endpoint(EndpointName="live")["DataCaptureConfig"] == {
        "EnableCapture": True, "CaptureStatus": "Started", "CurrentSamplingPercentage": 20,
        "DestinationS3Uri": "s3://bucket/capture",
    }  # fmt: skip


def test_a_package_names_instance_types_of_today(registry: Any) -> None:
    """moto's list of instance types ends in 2020; the service model's enum counts."""
    container = {"Image": IMAGE}
    inference: dict[str, Any] = {"Name": "gpu", "Containers": [container], "SupportedContentTypes": ["text/csv"],
                                 "SupportedResponseMIMETypes": ["text/csv"]}  # fmt: skip
    modern = {**inference, "SupportedRealtimeInferenceInstanceTypes": ["ml.g6.xlarge"]}
    assert register(registry, AdditionalInferenceSpecifications=[modern]).endswith("/1")
    unknown = {**inference, "SupportedRealtimeInferenceInstanceTypes": ["ml.none.xlarge"]}
    with pytest.raises(ClientError, match=r"ml\.none\.xlarge"):
        register(registry, AdditionalInferenceSpecifications=[unknown])


def test_names_are_given_once(sagemaker: Any) -> None:
    """Each answers what the service answers: "Cannot create already existing ...", or ResourceInUse."""
    serve_endpoint(sagemaker, "live")
    sagemaker.create_model_package_group(ModelPackageGroupName="group")
    job = minimal_call("sagemaker", "CreateProcessingJob", ProcessingJobName="job")
    sagemaker.create_processing_job(**job)
    pipeline = {"PipelineName": "p", "PipelineDefinition": '{"Steps": []}', "ClientRequestToken": "t" * 32,
                "RoleArn": "arn:aws:iam::123456789012:role/estate"}  # fmt: skip
    sagemaker.create_pipeline(**pipeline)
    variant = {"VariantName": "main", "ModelName": "live", "InstanceType": "ml.m5.large", "InitialInstanceCount": 1}
    for match, again in (
        ('existing model "arn', lambda: create_model(sagemaker, "live")),
        ('existing endpoint configuration "arn',
         lambda: sagemaker.create_endpoint_config(EndpointConfigName="live", ProductionVariants=[variant])),
        ('existing endpoint "', lambda: sagemaker.create_endpoint(EndpointName="live", EndpointConfigName="live")),
        ("Group already exists", lambda: sagemaker.create_model_package_group(ModelPackageGroupName="group")),
        ("Pipeline names must be unique", lambda: sagemaker.create_pipeline(**pipeline)),
        ("ResourceInUse", lambda: sagemaker.create_processing_job(**job)),
    ):  # fmt: skip
        with pytest.raises(ClientError, match=match):
            again()


def test_an_endpoint_outlives_its_configuration(sagemaker: Any) -> None:
    """AWS does not refuse to delete what a live endpoint uses ("you must not", says DeleteEndpointConfig, "you may lose
    visibility"); what is not there it refuses."""
    serve_endpoint(sagemaker, "live")
    sagemaker.delete_endpoint_config(EndpointConfigName="live")
    sagemaker.delete_model(ModelName="live")
    assert sagemaker.describe_endpoint(EndpointName="live")["EndpointStatus"] == "InService"
    for delete, name in (
        (sagemaker.delete_endpoint_config, "EndpointConfigName"),
        (sagemaker.delete_model, "ModelName"),
    ):
        with pytest.raises(ClientError, match=r"(?i)could not find"):
            delete(**{name: "live"})


def test_finished_jobs_are_deleted_not_stopped(sagemaker: Any) -> None:
    """moto's jobs have finished when they start, and a finished job cannot be stopped (API reference, StopTrainingJob);
    its own objects are updated and deleted here."""
    sagemaker.create_training_job(
        **minimal_call(
            "sagemaker",
            "CreateTrainingJob",
            TrainingJobName="job",
            AlgorithmSpecification={"TrainingInputMode": "File"},
        )
    )
    with pytest.raises(ClientError, match="the job is in status Completed"):
        sagemaker.stop_training_job(TrainingJobName="job")
    sagemaker.delete_training_job(TrainingJobName="job")
    with pytest.raises(ClientError, match="ResourceNotFound"):
        sagemaker.delete_training_job(TrainingJobName="job")
    sagemaker.create_experiment(ExperimentName="tries")
    sagemaker.update_experiment(ExperimentName="tries", DisplayName="Tries", Description="all")
    shown = sagemaker.describe_experiment(ExperimentName="tries")
    assert (shown["DisplayName"], shown["Description"]) == ("Tries", "all")


@pytest.fixture
def lineage(sagemaker: Any) -> tuple[Any, list[str]]:
    """SageMaker, and a data set -> a run -> a model, as ARNs."""
    data, model = (
        sagemaker.create_artifact(Source={"SourceUri": f"s3://bucket/{kind}"}, ArtifactType=kind, ArtifactName=kind)
        for kind in ("DataSet", "Model")
    )
    run = sagemaker.create_action(ActionName="run", ActionType="Training", Source={"SourceUri": "s3://bucket/run"})
    arns = [data["ArtifactArn"], run["ActionArn"], model["ArtifactArn"]]
    sagemaker.add_association(SourceArn=arns[0], DestinationArn=arns[1], AssociationType="ContributedTo")
    sagemaker.add_association(SourceArn=arns[1], DestinationArn=arns[2], AssociationType="Produced")
    return sagemaker, arns


def test_lineage_is_listed_and_walked(lineage: tuple[Any, list[str]]) -> None:
    """ListAssociations filters; QueryLineage walks to ascendants or descendants, as deep as asked (API reference)."""
    client, (data, run, model) = lineage
    found = client.list_associations(SourceArn=run)["AssociationSummaries"]
    assert [(item["SourceType"], item["DestinationName"]) for item in found] == [("Training", "Model")]
    assert len(client.list_associations(DestinationType="Training")["AssociationSummaries"]) == 1
    up = client.query_lineage(StartArns=[model], Direction="Ascendants", IncludeEdges=True)
    assert {item["Arn"]: item["LineageType"] for item in up["Vertices"]} == {data: "Artifact", run: "Action"}
    assert {item["AssociationType"] for item in up["Edges"]} == {"ContributedTo", "Produced"}
    near = client.query_lineage(StartArns=[model], Direction="Ascendants", MaxDepth=1)
    assert [item["Arn"] for item in near["Vertices"]] == [run]
    assert not client.query_lineage(StartArns=[model], Direction="Descendants")["Vertices"]
    sets = client.query_lineage(StartArns=[run], Direction="Both", Filters={"Types": ["DataSet"]})
    assert [item["Arn"] for item in sets["Vertices"]] == [data]


def test_lineage_has_no_loose_ends(lineage: tuple[Any, list[str]]) -> None:
    """What is associated must exist, and goes after its associations; an artifact is deleted by its source too."""
    client, (data, run, _) = lineage
    with pytest.raises(ClientError, match="ResourceNotFound"):
        client.add_association(SourceArn=data, DestinationArn=f"{run}x")
    with pytest.raises(ClientError, match="associations first"):
        client.delete_artifact(Source={"SourceUri": "s3://bucket/DataSet"})
    client.delete_association(SourceArn=data, DestinationArn=run)
    with pytest.raises(ClientError, match="ResourceNotFound"):
        client.delete_association(SourceArn=data, DestinationArn=run)
    assert client.delete_artifact(Source={"SourceUri": "s3://bucket/DataSet"})["ArtifactArn"] == data
    with pytest.raises(ClientError, match="ResourceNotFound"):
        client.describe_artifact(ArtifactArn=data)

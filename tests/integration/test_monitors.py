"""The four monitors in the embedded account: made, read back, replaced with their schedules following, deleted."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError
from tests.support.composed import MODEL, Standing
from tests.support.sagemaker_things import create_job_definition

from mlops_estate.embedded.account import EmbeddedAccount
from mlops_estate.engine import destroy, read_back

pytestmark = pytest.mark.xdist_group("monitors")
KINDS = {
    "data-quality": ("DataQuality", "describe_data_quality_job_definition"),
    "model-quality": ("ModelQuality", "describe_model_quality_job_definition"),
    "bias": ("ModelBias", "describe_model_bias_job_definition"),
    "explainability": ("ModelExplainability", "describe_model_explainability_job_definition"),
}
CRON = {"ScheduleConfig": {"ScheduleExpression": "cron(0 6 ? * * *)"}}


def jobs(sagemaker: Any) -> dict[str, dict[str, Any]]:
    """Return what each schedule runs, by monitor."""
    found = {}
    for slug, (kind, describe) in KINDS.items():
        schedule = sagemaker.describe_monitoring_schedule(MonitoringScheduleName=f"mlops-dev-{MODEL}-{slug}")
        config = schedule["MonitoringScheduleConfig"]
        assert (schedule["MonitoringType"], config["MonitoringType"]) == (kind, kind)
        assert schedule["EndpointName"] == f"mlops-dev-{MODEL}"
        found[slug] = getattr(sagemaker, describe)(JobDefinitionName=config["MonitoringJobDefinitionName"])
        del found[slug]["ResponseMetadata"]
    return found


def test_monitors_live_from_made_over_replaced_to_gone():
    with EmbeddedAccount(seed=0) as account:
        standing = Standing(account)
        standing.apply()
        version = standing.register()
        standing.apply(version=version)
        sagemaker = account.client("sagemaker")
        first = jobs(sagemaker)
        assert {
            job["NetworkConfig"]["EnableNetworkIsolation"] for slug, job in first.items() if slug != "explainability"
        } == {True}
        assert {job["RoleArn"].rpartition("/")[2] for job in first.values()} == {f"mlops-dev-{MODEL}-monitor"}
        before = {node.urn: node for node in standing.graph.custom_nodes()}

        standing.apply(version=version)
        assert jobs(sagemaker) == first
        assert {node.urn for node in standing.graph.custom_nodes()} == before.keys()

        standing.apply(version=version, monitoring={"max_runtime_seconds": 600})
        second = jobs(sagemaker)
        assert {job["StoppingCondition"]["MaxRuntimeInSeconds"] for job in second.values()} == {600}
        for slug, (kind, _) in KINDS.items():
            assert second[slug]["JobDefinitionName"] != first[slug]["JobDefinitionName"]
            listed = getattr(sagemaker, f"list_{_snake(kind)}_job_definitions")()["JobDefinitionSummaries"]
            assert [job["MonitoringJobDefinitionName"] for job in listed] == [second[slug]["JobDefinitionName"]]
        found = read_back(standing.graph, standing.driver)
        assert {urn: back.differences for urn, back in found if not back.equal} == {}

        report = destroy(standing.graph, standing.driver, unprotect=False)
        assert report.faults == []
        assert sagemaker.list_monitoring_schedules()["MonitoringScheduleSummaries"] == []
        for kind, _ in KINDS.values():
            assert getattr(sagemaker, f"list_{_snake(kind)}_job_definitions")()["JobDefinitionSummaries"] == []


def test_a_release_is_explained_on_the_new_model_with_the_job_unchanged():
    with EmbeddedAccount(seed=0) as account:
        standing = Standing(account)
        standing.apply()
        first, second = standing.register(), standing.register()
        explained = []
        for version in (first, second):
            standing.apply(version=version)
            job = jobs(account.client("sagemaker"))["explainability"]
            uri = job["ModelExplainabilityAppSpecification"]["ConfigUri"]
            bucket, _, key = uri.removeprefix("s3://").partition("/")
            config = json.loads(account.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read())
            explained.append((job["JobDefinitionName"], config["predictor"]["model_name"]))
        assert explained[0][0] == explained[1][0]
        assert explained[0][1] != explained[1][1]
        live = account.client("sagemaker").describe_model(ModelName=explained[1][1])
        assert live["PrimaryContainer"]["ModelPackageName"].endswith(f"/{second}")


def _snake(kind: str) -> str:
    return {"DataQuality": "data_quality", "ModelQuality": "model_quality", "ModelBias": "model_bias",
            "ModelExplainability": "model_explainability"}[kind]  # fmt: skip


@pytest.fixture(scope="module")
def sagemaker():
    with EmbeddedAccount() as account:
        client = account.client("sagemaker")
        for kind, _ in KINDS.values():
            create_job_definition(client, kind, "job")
        yield client


@pytest.mark.parametrize("kind", [kind for kind, _ in KINDS.values()])
def test_a_job_definition_is_named_once(sagemaker, kind):
    with pytest.raises(ClientError, match="ResourceInUse"):
        create_job_definition(sagemaker, kind, "job")


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ({"MonitoringJobDefinitionName": "other", "MonitoringType": "ModelBias"}, "Could not find ModelBias"),
        ({"ScheduleConfig": {"ScheduleExpression": "cron(30 6 ? * * *)"}}, "Invalid schedule expression"),
        ({"ScheduleConfig": {"ScheduleExpression": "rate(1 hour)"}}, "Invalid schedule expression"),
        ({"ScheduleConfig": {"ScheduleExpression": "cron(0 24 ? * * *)"}}, "Invalid schedule expression"),
        ({"ScheduleConfig": {"ScheduleExpression": "cron(0 0/25 ? * * *)"}}, "Invalid schedule expression"),
    ],
)
def test_a_schedule_that_aws_would_refuse_is_refused(sagemaker, config, said):
    whole = {"MonitoringJobDefinitionName": "job", "MonitoringType": "DataQuality", **CRON, **config}
    with pytest.raises(ClientError, match=said):
        sagemaker.create_monitoring_schedule(MonitoringScheduleName="refused", MonitoringScheduleConfig=whole)


@pytest.mark.parametrize("expression", ["cron(0 * ? * * *)", "cron(0 0 ? * * *)", "cron(0 17/12 ? * * *)", "NOW"])
def test_every_documented_form_of_a_schedule_is_taken(sagemaker, expression):
    config = {
        "MonitoringJobDefinitionName": "job", "MonitoringType": "ModelBias",
        "ScheduleConfig": {"ScheduleExpression": expression},
    }  # fmt: skip
    sagemaker.create_monitoring_schedule(MonitoringScheduleName="taken", MonitoringScheduleConfig=config)
    listed = sagemaker.list_monitoring_schedules(MonitoringTypeEquals="ModelBias")["MonitoringScheduleSummaries"]
    assert [item["MonitoringScheduleName"] for item in listed] == ["taken"]
    sagemaker.delete_monitoring_schedule(MonitoringScheduleName="taken")

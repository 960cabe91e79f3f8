"""Pipeline executions in the embedded account: parameters, steps, callbacks, stopping and retrying."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError
from tests.support.sagemaker_things import ROLE

from mlops_estate.embedded.account import EmbeddedAccount

PARAMETERS = [
    {"Name": "Rows", "Type": "Integer", "DefaultValue": 10},
    {"Name": "Share", "Type": "Float", "DefaultValue": 0.5},
    {"Name": "Data", "Type": "String"},
    {"Name": "Kind", "Type": "String", "DefaultValue": "a", "EnumValues": ["a", "b"]},
]
DATA = [{"Name": "Data", "Value": "s3://bucket/data"}]


def step(name: str, *after: str, **more: Any) -> dict[str, Any]:
    return {"Name": name, "Type": "Processing", "Arguments": {}, "DependsOn": list(after), **more}


@pytest.fixture
def account() -> Iterator[EmbeddedAccount]:
    with EmbeddedAccount() as account:
        yield account


def create_pipeline(account: EmbeddedAccount, *steps: dict[str, Any]) -> Any:
    """Create the pipeline "train"; return SageMaker's client."""
    client = account.client("sagemaker")
    definition = {"Version": "2020-12-01", "Parameters": PARAMETERS, "Steps": list(steps)}
    client.create_pipeline(
        PipelineName="train", ClientRequestToken="t" * 32, RoleArn=ROLE, PipelineDefinition=json.dumps(definition)
    )
    return client


def start(client: Any, **more: Any) -> str:
    return str(
        client.start_pipeline_execution(PipelineName="train", PipelineParameters=DATA, **more)["PipelineExecutionArn"]
    )


def status(client: Any, arn: str) -> str:
    return str(client.describe_pipeline_execution(PipelineExecutionArn=arn)["PipelineExecutionStatus"])


def steps(client: Any, arn: str) -> dict[str, dict[str, Any]]:
    listed = client.list_pipeline_execution_steps(PipelineExecutionArn=arn, SortOrder="Ascending")
    return {item["StepName"]: item for item in listed["PipelineExecutionSteps"]}


def test_parameters_are_held_against_the_definition(account: EmbeddedAccount) -> None:
    """Unknown, missing, mistyped and unlisted values are refused (Developer Guide, Pipeline parameters)."""
    client = create_pipeline(account, step("a"))
    for given, fault in (
        ([*DATA, {"Name": "Rowz", "Value": "1"}], "Unknown parameter: Rowz"),
        ([], "Missing parameter: Data"),
        ([*DATA, {"Name": "Rows", "Value": "ten"}], "Rows must be of type Integer"),
        ([*DATA, {"Name": "Share", "Value": "half"}], "Share must be of type Float"),
        ([*DATA, {"Name": "Kind", "Value": "c"}], "Kind must be one of"),
    ):
        with pytest.raises(ClientError, match=fault):
            client.start_pipeline_execution(PipelineName="train", PipelineParameters=given)
    assert status(client, start(client)) == "Succeeded"


def test_an_execution_needs_its_pipeline(account: EmbeddedAccount) -> None:
    """ResourceNotFound is what the API reference documents for StartPipelineExecution; an ARN names a pipeline too."""
    client = create_pipeline(account, step("a"))
    with pytest.raises(ClientError, match="ResourceNotFound"):
        client.start_pipeline_execution(PipelineName="absent")
    pipeline = client.describe_pipeline(PipelineName="train")["PipelineArn"]
    started = client.start_pipeline_execution(PipelineName=pipeline, PipelineParameters=DATA)
    assert started["PipelineExecutionArn"].startswith(f"{pipeline}/execution/")


def test_a_request_token_starts_once(account: EmbeddedAccount) -> None:
    """`ClientRequestToken` makes the operation idempotent (API reference, StartPipelineExecution)."""
    client = create_pipeline(account, step("a"))
    first, again, other = (start(client, ClientRequestToken=token * 32) for token in "aab")
    assert first == again != other


def test_steps_are_listed_with_their_status(account: EmbeddedAccount) -> None:
    """ListPipelineExecutionSteps: the latest first by default, paged; a step follows those that it depends on."""
    reference = {"Arguments": {"Input": {"Get": "Steps.prepare.ProcessingOutputConfig"}}}
    client = create_pipeline(account, step("fit", **reference), step("prepare"), step("rate", "fit"))
    arn = start(client)
    assert list(steps(client, arn)) == ["prepare", "fit", "rate"]
    assert {(item["StepStatus"], item["AttemptCount"]) for item in steps(client, arn).values()} == {("Succeeded", 1)}
    page = client.list_pipeline_execution_steps(PipelineExecutionArn=arn, MaxResults=2)
    assert [item["StepName"] for item in page["PipelineExecutionSteps"]] == ["rate", "fit"]
    rest = client.list_pipeline_execution_steps(PipelineExecutionArn=arn, MaxResults=2, NextToken=page["NextToken"])
    assert [item["StepName"] for item in rest["PipelineExecutionSteps"]] == ["prepare"]


@pytest.fixture
def waiting(account: EmbeddedAccount) -> tuple[Any, Any, str]:
    """SageMaker, a function that reads the queue, and an execution that waits for its callback step."""
    sqs = account.client("sqs")
    queue = sqs.create_queue(QueueName="approvals")["QueueUrl"]
    callback = step("approve", "prepare", Type="Callback", SqsQueueUrl=queue, Arguments={"auc": "0.8"})
    client = create_pipeline(account, step("prepare"), callback, step("register", "approve"))

    def read() -> dict[str, Any]:
        message = sqs.receive_message(QueueUrl=queue)["Messages"][0]
        sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
        return dict(json.loads(message["Body"]))

    return client, read, start(client)


def test_a_callback_step_waits_until_it_is_answered(waiting: tuple[Any, Any, str]) -> None:
    """Its message carries a token of ten characters; success goes on with what follows (Developer Guide, Callback)."""
    client, read, arn = waiting
    message = read()
    assert (message["arguments"], len(message["token"])) == ({"auc": "0.8"}, 10)
    assert status(client, arn) == "Executing"
    assert {name: item["StepStatus"] for name, item in steps(client, arn).items()} == {
        "prepare": "Succeeded", "approve": "Executing"}  # fmt: skip
    output = [{"Name": "approved", "Value": "yes"}]
    client.send_pipeline_execution_step_success(CallbackToken=message["token"], OutputParameters=output)
    assert status(client, arn) == "Succeeded"
    assert steps(client, arn)["approve"]["Metadata"]["Callback"]["OutputParameters"] == output
    assert steps(client, arn)["register"]["StepStatus"] == "Succeeded"
    with pytest.raises(ClientError, match="ResourceNotFound"):
        client.send_pipeline_execution_step_success(CallbackToken=message["token"])


def test_a_failed_callback_fails_the_execution_which_can_be_retried(waiting: tuple[Any, Any, str]) -> None:
    """RetryPipelineExecution runs what had not succeeded again, with a new token; a running one it refuses."""
    client, read, arn = waiting
    with pytest.raises(ClientError, match="ConflictException"):
        client.retry_pipeline_execution(PipelineExecutionArn=arn, ClientRequestToken="r" * 32)
    first = read()["token"]
    client.send_pipeline_execution_step_failure(CallbackToken=first, FailureReason="too unfair")
    shown = client.describe_pipeline_execution(PipelineExecutionArn=arn)
    assert shown["PipelineExecutionStatus"] == "Failed"
    assert "too unfair" in shown["FailureReason"]
    client.retry_pipeline_execution(PipelineExecutionArn=arn, ClientRequestToken="r" * 32)
    assert status(client, arn) == "Executing"
    client.send_pipeline_execution_step_success(CallbackToken=read()["token"])
    assert status(client, arn) == "Succeeded"
    assert {name: item["AttemptCount"] for name, item in steps(client, arn).items()} == {
        "prepare": 1, "approve": 2, "register": 2}  # fmt: skip
    assert "FailureReason" not in client.describe_pipeline_execution(PipelineExecutionArn=arn)


def test_an_execution_stops_when_its_callback_is_answered(waiting: tuple[Any, Any, str]) -> None:
    """The queue is told "Stopping"; the answer stops the execution (API reference, StopPipelineExecution)."""
    client, read, arn = waiting
    read()
    client.stop_pipeline_execution(PipelineExecutionArn=arn, ClientRequestToken="s" * 32)
    message = read()
    assert (message["status"], status(client, arn)) == ("Stopping", "Stopping")
    with pytest.raises(ClientError, match="ConflictException"):
        client.delete_pipeline(PipelineName="train", ClientRequestToken="d" * 32)
    client.send_pipeline_execution_step_failure(CallbackToken=message["token"])
    assert status(client, arn) == "Stopped"
    with pytest.raises(ClientError, match="ConflictException"):
        client.stop_pipeline_execution(PipelineExecutionArn=arn, ClientRequestToken="s" * 32)
    client.delete_pipeline(PipelineName="train", ClientRequestToken="d" * 32)


def test_an_execution_is_renamed(account: EmbeddedAccount) -> None:
    """UpdatePipelineExecution changes name, description and parallelism, and nothing that it does not name."""
    client = create_pipeline(account, step("a"))
    arn = start(client, PipelineExecutionDescription="first")
    client.update_pipeline_execution(PipelineExecutionArn=arn, PipelineExecutionDisplayName="nightly")
    shown = client.describe_pipeline_execution(PipelineExecutionArn=arn)
    assert (shown["PipelineExecutionDisplayName"], shown["PipelineExecutionDescription"]) == ("nightly", "first")
    with pytest.raises(ClientError, match="ResourceNotFound"):
        client.update_pipeline_execution(PipelineExecutionArn=f"{arn}x")


def test_a_definition_that_is_no_json_is_refused(account: EmbeddedAccount) -> None:
    """CreatePipeline parses the definition (Developer Guide, Pipeline definition JSON schema)."""
    client = account.client("sagemaker")
    for definition in ("{not json", '{"Version": "2020-12-01"}', "[]"):
        with pytest.raises(ClientError, match="Unable to parse pipeline definition"):
            client.create_pipeline(
                PipelineName="p", ClientRequestToken="t" * 32, RoleArn=ROLE, PipelineDefinition=definition
            )

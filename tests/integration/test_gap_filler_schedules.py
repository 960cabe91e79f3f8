"""Schedules, their groups and queues in the embedded account: refused as AWS refuses, changed in place, taken down."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pulumi_aws as aws
import pytest
from botocore.exceptions import ClientError

from mlops_components.documents import assume_role_policy
from mlops_estate.embedded.account import EmbeddedAccount
from mlops_estate.embedded.driver import AwsDriver
from mlops_estate.engine import destroy, read_back, run_program

PIPELINE = "arn:aws:sagemaker:eu-west-1:123456789012:pipeline/training"
OFF = {"Mode": "OFF"}


@pytest.fixture
def account() -> Iterator[EmbeddedAccount]:
    """An account with the schedule group "training"."""
    with EmbeddedAccount() as embedded:
        embedded.client("scheduler").create_schedule_group(Name="training")
        yield embedded


def role(account: EmbeddedAccount, service: str = "scheduler") -> str:
    document = assume_role_policy(service, "123456789012")
    made = account.client("iam").create_role(RoleName=service, AssumeRolePolicyDocument=document)
    return str(made["Role"]["Arn"])


def schedule(account: EmbeddedAccount, role_arn: str, **changes: Any) -> None:
    account.client("scheduler").create_schedule(
        **{
            "Name": "monthly", "GroupName": "training", "ScheduleExpression": "cron(0 3 1 * ? *)",
            "FlexibleTimeWindow": OFF, "Target": {"Arn": PIPELINE, "RoleArn": role_arn}, **changes,
        }
    )  # fmt: skip


def refused(call: Any) -> tuple[str, str]:
    with pytest.raises(ClientError) as caught:
        call()
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]


@pytest.mark.parametrize(
    ("changes", "code", "words"),
    [
        ({"GroupName": "other"}, "ResourceNotFoundException", "group other does not exist"),
        ({"ScheduleExpression": "cron(0 3 1 * * *)"}, "ValidationException", "Invalid Schedule Expression"),
        ({"FlexibleTimeWindow": {"Mode": "FLEXIBLE"}}, "ValidationException", "MaximumWindowInMinutes"),
        ({"FlexibleTimeWindow": {**OFF, "MaximumWindowInMinutes": 5}}, "ValidationException", "MaximumWindowInMinutes"),
    ],
)
def test_a_schedule_that_aws_would_refuse_is_refused(account, changes, code, words):
    found = refused(lambda: schedule(account, role(account), **changes))
    assert found[0] == code
    assert words in found[1]
    assert account.client("scheduler").list_schedules()["Schedules"] == []


def test_a_role_that_the_service_cannot_take_is_refused(account):
    sagemaker = role(account, "sagemaker")
    for arn in (sagemaker, sagemaker.replace("sagemaker", "nobody")):
        code, message = refused(lambda arn=arn: schedule(account, arn))
        assert (code, "must allow AWS EventBridge Scheduler to assume" in message) == ("ValidationException", True)


def test_a_groups_name_is_taken_once_and_what_is_not_there_is_not_deleted(account):
    client = account.client("scheduler")
    assert refused(lambda: client.create_schedule_group(Name="training"))[0] == "ConflictException"
    assert refused(lambda: client.delete_schedule_group(Name="other"))[0] == "ResourceNotFoundException"
    assert refused(lambda: client.delete_schedule_group(Name="default"))[0] == "ValidationException"
    schedule(account, role(account))
    client.delete_schedule_group(Name="training")
    assert client.list_schedules()["Schedules"] == []


def estate(days: int, expression: str, tag: str) -> None:
    trust = assume_role_policy("scheduler", "123456789012")
    starter = aws.iam.Role("starter", name="starter", assume_role_policy=trust)
    queue = aws.sqs.Queue("missed", name="missed", message_retention_seconds=days * 86_400, tags={"stage": tag})
    policy = {"Version": "2012-10-17", "Statement": [
        {"Effect": "Deny", "Principal": "*", "Action": "sqs:SendMessage", "Resource": queue.arn,
         "Condition": {"Bool": {"aws:SecureTransport": "false"}}}]}  # fmt: skip
    aws.sqs.QueuePolicy(
        "policy", queue_url=queue.url, policy=queue.arn.apply(lambda arn: json.dumps(policy, default=lambda _: arn))
    )
    group = aws.scheduler.ScheduleGroup("group", name="group", tags={"stage": tag})
    aws.scheduler.Schedule(
        "schedule", name="schedule", group_name=group.name, schedule_expression=expression,
        flexible_time_window={"mode": "FLEXIBLE", "maximum_window_in_minutes": days},
        target={"arn": PIPELINE, "role_arn": starter.arn, "dead_letter_config": {"arn": queue.arn}},
    )  # fmt: skip


def test_all_is_read_back_equal_changed_in_place_left_alone_when_unchanged_and_taken_down():
    with EmbeddedAccount() as account:
        driver = AwsDriver(account, seed="schedules")

        def run(*values: Any, previous: Any = None) -> Any:
            graph = run_program(lambda: estate(*values), stack="dev", config={}, driver=driver, previous=previous)
            assert {urn: found.differences for urn, found in read_back(graph, driver) if not found.equal} == {}
            return graph

        first = run(4, "cron(0 3 1 * ? *)", "one")
        again = run(4, "cron(0 3 1 * ? *)", "one", previous=first)
        assert {node.status for node in again.custom_nodes() if not node.is_provider} == {"unchanged"}
        changed = run(7, "rate(30 days)", "two", previous=again)
        statuses = {node.name: node.status for node in changed.custom_nodes() if not node.is_provider}
        assert {statuses[name] for name in ("missed", "group", "schedule")} == {"updated"}
        client, sqs = account.client("scheduler"), account.client("sqs")
        found = client.get_schedule(Name="schedule", GroupName="group")
        assert (found["ScheduleExpression"], found["FlexibleTimeWindow"]["MaximumWindowInMinutes"]) == (
            "rate(30 days)",
            7,
        )
        url = sqs.get_queue_url(QueueName="missed")["QueueUrl"]
        assert sqs.list_queue_tags(QueueUrl=url)["Tags"]["stage"] == "two"
        assert destroy(changed, driver).faults == []
        assert client.list_schedules()["Schedules"] == []
        assert [group["Name"] for group in client.list_schedule_groups()["ScheduleGroups"]] == ["default"]
        assert sqs.list_queues().get("QueueUrls", []) == []

"""Audit questions, asked of CloudTrail records: each finds what it is about, and nothing else."""

from __future__ import annotations

import pytest
from tests.support.trail_events import ACCOUNT, REGION, ROOT, USER, answers, assumed, event

from mlops_components.audit_sql import COLUMNS, LOOK_BACK_DAYS, PARTITIONS, Scope, questions, table_parameters

DELIVERY = f"arn:aws:iam::{ACCOUNT}:role/deliver"
KEY, OTHER_KEY = (f"arn:aws:kms:{REGION}:{ACCOUNT}:key/{name}" for name in ("personal", "elsewhere"))
RAW, MODELS = "mlops-prod-raw", "mlops-prod-models"
SCOPE = Scope("mlops-prod", [RAW], [RAW, MODELS], [KEY], [DELIVERY])
SAGEMAKER = f"arn:aws:sagemaker:{REGION}:{ACCOUNT}"
SCIENTIST, APPROVER, DELIVERER = assumed("mlops-prod-scientist"), assumed("mlops-prod-approver"), assumed("deliver")
ENDPOINT = "mlops-prod-score"
VERSION = f"{SAGEMAKER}:model-package/mlops-score/3"


def ask(question: str, *events: dict) -> list[dict]:
    return answers(questions(SCOPE)[question].sql, events)


def approval(who, status: str = "Approved", **more) -> dict:
    request = {"modelPackageArn": VERSION, "modelApprovalStatus": status, "approvalDescription": "meets the bar"}
    return event("sagemaker", "UpdateModelPackage", who, request, **more)


def test_who_approved_names_the_role_the_version_and_the_reason():
    (row,) = ask(
        "who-approved",
        approval(APPROVER),
        approval(SCIENTIST, "PendingManualApproval"),
        approval(SCIENTIST, errorCode="AccessDeniedException"),
    )
    assert (row["who"], row["session"]) == (APPROVER["sessionContext"]["sessionIssuer"]["arn"], APPROVER["arn"])
    assert (row["version"], row["status"], row["reason"]) == (VERSION, "Approved", "meets the bar")


def test_a_version_registered_as_approved_is_found_too():
    request = {"modelPackageGroupName": "mlops-score", "modelApprovalStatus": "Approved"}
    (row,) = ask("who-approved", event("sagemaker", "CreateModelPackage", SCIENTIST, request))
    assert row["version"] == "mlops-score"


def invocation(who, endpoint: str = ENDPOINT, name: str = "InvokeEndpoint", **more) -> dict:
    # The request itself is not in the record.
    return event("sagemaker", name, who, resources=[f"{SAGEMAKER}:endpoint/{endpoint}"], **more)


def test_who_invoked_counts_calls_by_caller_and_endpoint():
    rows = ask(
        "who-invoked",
        invocation(SCIENTIST),
        invocation(SCIENTIST, time="2026-03-29T10:00:00Z"),
        invocation(USER, name="InvokeEndpointAsync"),
        invocation(USER, "somebody-elses"),
    )
    assert [(row["who"], row["calls"]) for row in rows] == [
        (SCIENTIST["sessionContext"]["sessionIssuer"]["arn"], 2),
        (USER["arn"], 1),
    ]
    assert rows[0]["first_seen"] == "2026-03-29T10:00:00Z"


def test_who_read_personal_data_finds_objects_copies_and_records():
    found = ask(
        "who-read-personal-data",
        event("s3", "GetObject", SCIENTIST, {"bucketName": RAW, "key": "people.csv"}),
        event("s3", "CopyObject", USER, {"bucketName": "x", "key": "y", "x-amz-copy-source": f"/{RAW}/people.csv"}),
        event("sagemaker", "GetRecord", USER, {"featureGroupName": "mlops-prod-score"}),
        event("sagemaker", "BatchGetRecord", USER, {"identifiers": [{"featureGroupName": "mlops-prod-score"}]}),
        event("s3", "GetObject", SCIENTIST, {"bucketName": MODELS, "key": "model.tar.gz"}),
        event("s3", "PutObject", SCIENTIST, {"bucketName": RAW, "key": "people.csv"}),
        event("s3", "CopyObject", USER, {"bucketName": RAW, "key": "y", "x-amz-copy-source": f"{MODELS}/m"}),
        event("sagemaker", "GetRecord", USER, {"featureGroupName": "other-score"}),
    )
    assert sorted((row["eventname"], row["what"]) for row in found) == [
        ("BatchGetRecord", "mlops-prod-score"),
        ("CopyObject", f"/{RAW}/people.csv"),
        ("GetObject", f"{RAW}/people.csv"),
        ("GetRecord", "mlops-prod-score"),
    ]


def test_a_refused_read_is_shown_with_its_outcome():
    request = {"bucketName": RAW, "key": "people.csv"}
    (row,) = ask("who-read-personal-data", event("s3", "GetObject", USER, request, errorCode="AccessDenied"))
    assert row["outcome"] == "AccessDenied"


def test_who_deleted_data_knows_one_object_and_several():
    found = ask(
        "who-deleted-data",
        event("s3", "DeleteObject", USER, {"bucketName": MODELS, "key": "model.tar.gz"}),
        event("s3", "DeleteObjects", USER, {"bucketName": RAW}),
        event("s3", "DeleteObject", USER, {"bucketName": "elsewhere", "key": "x"}),
    )
    assert sorted(row["what"] for row in found) == [f"{MODELS}/model.tar.gz", f"{RAW}/(several)"]


def test_who_changed_an_endpoint_tells_delivery_from_others():
    request = {"endpointName": ENDPOINT, "endpointConfigName": "v2"}
    found = ask(
        "who-changed-endpoint",
        event("sagemaker", "UpdateEndpoint", DELIVERER, request),
        event("sagemaker", "DeleteEndpoint", USER, {"endpointName": ENDPOINT}),
        event("sagemaker", "UpdateEndpoint", USER, {"endpointName": "somebody-elses"}),
        event("sagemaker", "DescribeEndpoint", USER, {"endpointName": ENDPOINT}),
    )
    assert {(row["eventname"], row["by_delivery"], row["configuration"]) for row in found} == {
        ("UpdateEndpoint", True, "v2"),
        ("DeleteEndpoint", False, None),
    }


def test_who_used_a_key_counts_by_key_operation_and_service():
    through = {**SCIENTIST, "invokedBy": "s3.amazonaws.com"}
    rows = ask(
        "who-used-key",
        event("kms", "Decrypt", through, resources=[f"arn:aws:kms:{REGION}:{ACCOUNT}:alias/a", KEY]),
        event("kms", "Decrypt", through, resources=[KEY]),
        event("kms", "GenerateDataKey", USER, resources=[KEY]),
        event("kms", "Decrypt", USER, resources=[OTHER_KEY]),
        event("kms", "ListAliases", USER),
    )
    assert [(row["eventname"], row["key"], row["through"], row["calls"]) for row in rows] == [
        ("Decrypt", KEY, "s3.amazonaws.com", 2),
        ("GenerateDataKey", KEY, None, 1),
    ]


def test_who_changed_a_role_takes_roles_and_policies_of_the_environment():
    found = ask(
        "who-changed-role",
        event("iam", "PutRolePolicy", USER, {"roleName": "mlops-prod-score-training", "policyName": "p"}),
        event("iam", "CreatePolicyVersion", USER, {"policyArn": f"arn:aws:iam::{ACCOUNT}:policy/mlops-prod-x"}),
        event("iam", "GetRole", USER, {"roleName": "mlops-prod-score-training"}),
        event("iam", "PutRolePolicy", USER, {"roleName": "other", "policyName": "mlops-prod-x"}),
    )
    assert {row["eventname"] for row in found} == {"PutRolePolicy", "CreatePolicyVersion"}
    assert {row["role"] for row in found} == {"mlops-prod-score-training", None}


def test_who_changed_the_audit_passes_over_reads_and_results():
    found = ask(
        "who-changed-audit",
        event("cloudtrail", "StopLogging", USER, {"name": "mlops-prod-audit"}),
        event("config", "StopConfigurationRecorder", USER, {"configurationRecorderName": "r"}),
        event("config", "PutEvaluations", USER, {}),
        event("cloudtrail", "GetTrail", USER, {"name": "mlops-prod-audit"}),
    )
    assert {row["what"] for row in found} == {"mlops-prod-audit", "r"}


@pytest.mark.parametrize("code", ["AccessDenied", "AccessDeniedException", "Client.UnauthorizedOperation"])
def test_denied_calls_are_counted_with_an_example(code):
    refused = event("s3", "GetObject", USER, {}, errorCode=code, errorMessage="not authorised")
    (row,) = ask("denied-calls", refused, refused, event("s3", "GetObject", USER, {}, errorCode="NoSuchKey"))
    assert (row["who"], row["calls"], row["example"]) == (USER["arn"], 2, "not authorised")


def test_root_is_found_but_not_what_aws_does_in_its_name():
    found = ask(
        "root-use",
        event("iam", "CreateUser", ROOT, {}),
        event("kms", "RotateKey", ROOT, {}, eventType="AwsServiceEvent"),
        event("iam", "CreateUser", USER, {}),
    )
    assert [row["eventname"] for row in found] == ["CreateUser"]


@pytest.mark.parametrize("question", questions(SCOPE))
def test_every_question_looks_back_a_month_only(question):
    old = "2026-02-28T10:00:00Z"
    request = {
        "bucketName": RAW, "key": "k", "endpointName": ENDPOINT, "modelApprovalStatus": "Approved",
        "modelPackageArn": VERSION, "roleName": "mlops-prod-x",
    }  # fmt: skip
    calls = [
        ("s3", "GetObject"), ("s3", "DeleteObject"), ("sagemaker", "UpdateEndpoint"), ("sagemaker", "InvokeEndpoint"),
        ("sagemaker", "UpdateModelPackage"), ("kms", "Decrypt"), ("iam", "PutRolePolicy"),
        ("cloudtrail", "StopLogging"),
    ]  # fmt: skip
    resources = {"kms": [KEY], "sagemaker": [f"{SAGEMAKER}:endpoint/{ENDPOINT}"]}

    def events(time: str) -> list[dict]:
        made = [event(s, n, USER, request, time=time, resources=resources.get(s, ())) for s, n in calls]
        denied = event("s3", "PutObject", USER, {}, time=time, errorCode="AccessDenied")
        return [*made, denied, event("iam", "CreateUser", ROOT, {}, time=time)]

    assert ask(question, *events(old)) == []
    assert ask(question, *events("2026-03-02T10:00:00Z")) != []


def test_the_last_event_comes_first():
    times = ["2026-03-10T10:00:00Z", "2026-03-30T10:00:00Z", "2026-03-20T10:00:00Z"]
    rows = ask("who-approved", *[approval(APPROVER, time=time) for time in times])
    assert [row["eventtime"] for row in rows] == sorted(times, reverse=True)


def test_a_name_with_a_quote_ends_no_text():
    scope = Scope("mlops-prod", ["it's"], [], [], [])
    assert answers(questions(scope)["who-read-personal-data"].sql, []) == []
    assert questions(scope)["who-read-personal-data"].sql.count("'it''s'") == 2


def test_partitions_reach_as_far_back_as_logs_are_kept():
    made = table_parameters("s3://b/AWSLogs/1/CloudTrail", [REGION, "us-east-1"], 400)
    assert made["projection.day.range"] == "NOW-400DAYS,NOW"
    assert made["projection.region.values"] == "eu-west-1,us-east-1"
    assert made["storage.location.template"] == "s3://b/AWSLogs/1/CloudTrail/${region}/${day}"
    assert {name for name in PARTITIONS if f"projection.{name}.type" in made} == PARTITIONS.keys()
    assert not COLUMNS.keys() & PARTITIONS.keys()
    assert LOOK_BACK_DAYS == 30

"""The minimal policy: patterns of names, conditions of ids, lengths."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.planned import ACCOUNT, REGION

from mlops_estate.preflight import actions
from mlops_estate.preflight.calls import Call, key_arns, role_arns
from mlops_estate.preflight.policy import LONGEST_MANAGED, Names, documents, length, minimal_policy, pattern

NAMES = Names("mlops-prod", ("churn", "mortgage"), "mlops-estate", REGION)
HERE = f"arn:aws:sagemaker:{REGION}:{ACCOUNT}"
LOGS, GLUE = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group", f"arn:aws:glue:{REGION}:{ACCOUNT}:database"
KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/205998ba-a321-78ca-f841-6300178746b1"
TAGGED = {"aws:ResourceTag/project": "mlops-estate"}


def call(action, resource, kind="", **more):
    return Call(action, resource, kind, more.pop("phase", "create"), "urn", "", more.pop("context", {}), **more)


@pytest.mark.parametrize(
    ("arn", "shown"),
    [
        (f"{HERE}:endpoint/mlops-prod-churn", f"{HERE}:endpoint/mlops-prod-*"),
        (f"{HERE}:model/churn-v1-0a1b2c3", f"{HERE}:model/churn-*"),
        (f"{HERE}:model/other-v1-0a1b2c3", f"{HERE}:model/other-v1-*"),
        (f"{HERE}:model-package-group/mlops-churn", f"{HERE}:model-package-group/mlops-churn"),
        (KEY, f"arn:aws:kms:{REGION}:{ACCOUNT}:key/*"),
        ("arn:aws:s3:::mlops-prod-raw-1-x/a/b", "arn:aws:s3:::mlops-prod-*"),
        (f"{LOGS}:/mlops-prod/x", f"{LOGS}:/mlops-prod/*"),
        (f"{GLUE}/mlops_prod_audit", f"{GLUE}/mlops_prod_*"),
        (f"arn:aws:iam::{ACCOUNT}:role/mlops-production", f"arn:aws:iam::{ACCOUNT}:role/mlops-production"),
        ("*", "*"),
    ],
)  # fmt: skip
def test_names_become_patterns_no_wider_than_what_they_are_made_of(arn, shown):
    assert pattern(call("x:Y", arn), NAMES) == shown


def test_an_id_that_aws_makes_up_is_bound_by_the_projects_tag():
    (made,) = minimal_policy([call("kms:DescribeKey", KEY, "key", context=TAGGED)], NAMES)
    assert made.condition == {"StringEquals": TAGGED}
    assert made.why


def test_what_is_being_made_is_bound_by_the_tag_that_is_asked_for():
    context = {"aws:RequestTag/project": "mlops-estate"}
    (made,) = minimal_policy([call("kms:CreateKey", "*", context=context, made=True)], NAMES)
    assert (made.resources, made.condition) == (("*",), {"StringEquals": context})


def test_another_projects_tag_binds_nothing():
    foreign = {"aws:ResourceTag/project": "other"}
    (made,) = minimal_policy([call("kms:DescribeKey", KEY, "key", context=foreign)], NAMES)
    assert made.condition == {}


def test_a_named_resource_needs_no_condition():
    arn = f"arn:aws:iam::{ACCOUNT}:role/mlops-prod-a"
    (made,) = minimal_policy([call("iam:GetRole", arn, "role", context=TAGGED)], NAMES)
    assert (made.resources, made.condition, made.why) == ((f"arn:aws:iam::{ACCOUNT}:role/mlops-prod-*",), {}, "")


def test_roles_are_handed_to_the_services_of_the_plan_alone_in_one_statement():
    arn = f"arn:aws:iam::{ACCOUNT}:role/mlops-prod-a"
    calls = [
        call("iam:PassRole", arn, "role", context={"iam:PassedToService": f"{name}.amazonaws.com"}) for name in "ab"
    ]
    (made,) = minimal_policy(calls, NAMES)
    assert made.condition == {"StringEquals": {"iam:PassedToService": ["a.amazonaws.com", "b.amazonaws.com"]}}


def test_what_is_allowed_without_a_condition_is_not_repeated_with_one():
    calls = [call("kms:DescribeKey", KEY, "key"), call("kms:DescribeKey", KEY, "key", context=TAGGED)]
    (made,) = minimal_policy(calls, NAMES)
    assert made.condition == {}


def test_a_role_is_made_under_its_boundary():
    context = {"iam:PermissionsBoundary": f"arn:aws:iam::{ACCOUNT}:policy/b"}
    arn = f"arn:aws:iam::{ACCOUNT}:role/mlops-prod-a"
    (made,) = minimal_policy([call("iam:CreateRole", arn, "role", context=context, made=True)], NAMES)
    assert made.condition == {"StringEquals": context}


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 40), st.integers(1, 60))
def test_no_document_is_longer_than_iam_takes_and_no_arn_is_lost(number, names):
    calls = [
        call(f"sagemaker:Action{at}", f"{HERE}:model-package-group/{'x' * names}{at}-{other}", "model-package-group")
        for at in range(number % 12 + 1) for other in range(number)
    ]  # fmt: skip
    made = documents(minimal_policy(calls, NAMES))
    assert all(length(document) <= LONGEST_MANAGED for document in made)
    kept = {arn for document in made for one in document["Statement"] for arn in one["Resource"]}
    assert kept == {found.resource for found in calls}


def test_an_operation_is_decided_by_an_action_that_may_have_another_name():
    assert actions.action_of("s3", "HeadBucket") == "s3:ListBucket"
    assert actions.action_of("s3control", "PutPublicAccessBlock") == "s3:PutAccountPublicAccessBlock"
    assert actions.action_of("s3", "PutPublicAccessBlock") == "s3:PutBucketPublicAccessBlock"
    assert actions.action_of("accessanalyzer", "GetAnalyzer") == "access-analyzer:GetAnalyzer"
    assert actions.action_of("sagemaker", "CreateModel") == "sagemaker:CreateModel"


def test_every_operation_of_the_table_has_its_action_in_the_data():
    from mlops_estate.embedded.driver.table import table

    missing = {
        actions.action_of(row.service, operation)
        for row in table().values()
        for operation in (row.create, row.read, row.update, row.delete)
        if operation and not actions.is_known(actions.action_of(row.service, operation))
    }
    assert missing == set()


def test_an_arn_is_filled_with_what_the_call_names_and_a_star_for_the_rest():
    place = {"account": ACCOUNT, "region": REGION, "partition": "aws"}
    assert actions.arn_for("kms:CreateAlias", "alias", {**place, "AliasName": "alias/a"}).endswith(":alias/a")
    assert actions.arn_for("sns:CreateTopic", "topic", {**place, "TopicArn": "arn:aws:sns:r:a:t"}).endswith(
        f"{ACCOUNT}:t"
    )
    secret = actions.arn_for("secretsmanager:CreateSecret", "Secret", {**place, "SecretId": "a/b"})
    assert secret.endswith("secret:a/b-*")
    assert actions.arn_for("glue:DeleteDatabase", "table", {**place, "Name": "db"}).endswith(":table/db/*")
    assert actions.arn_for("ec2:CreateVpc", "vpc", place) == f"arn:aws:ec2:{REGION}:{ACCOUNT}:vpc/*"


def test_roles_and_keys_of_a_call_are_found_wherever_they_stand():
    role = f"arn:aws:iam::{ACCOUNT}:role/r"
    params = {
        "RoleArn": role,
        "Inner": [{"ExecutionRole": role, "Policy": f'{{"AWS":"{role}"}}'}],
        "Note": role,
        "Key": KEY,
    }
    assert list(role_arns(params)) == [role, role]
    assert list(key_arns(params)) == [KEY]

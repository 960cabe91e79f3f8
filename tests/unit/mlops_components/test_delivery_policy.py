"""What delivery may do: enough for the estate, nothing wide without a bound, and no way past the boundary."""

from __future__ import annotations

import re

import pytest
from tests.support.components import ACCOUNT, REGION, statements

from mlops_components.delivery_policy import Reach, boundary_policy, delivery_policy
from mlops_components.delivery_role import LONGEST_INLINE

BOUNDARY = f"arn:aws:iam::{ACCOUNT}:policy/mlops-bootstrap-boundary"
REACH = Reach(ACCOUNT, REGION, "mlops-dev", BOUNDARY)
KEYS = [f"arn:aws:kms:{REGION}:{ACCOUNT}:key/{name}" for name in ("state", "secrets")]
# Statements on every resource: each is bound by a condition, or its actions have no resource type in IAM.
UNBOUND = {"ListAliases", "Subscriptions"}
PASSED_TO = [f"{service}.amazonaws.com" for service in
             ("backup", "budgets", "lambda", "sagemaker", "scheduler", "vpc-flow-logs")]  # fmt: skip


@pytest.fixture(scope="module")
def delivery() -> dict:
    return statements(delivery_policy(REACH, "the-state", *KEYS))


def test_a_statement_on_everything_is_bound_by_a_condition_or_cannot_be(delivery):
    wide = {sid for sid, statement in delivery.items() if "*" in statement["Resource"]}
    assert {sid for sid in wide if "Condition" not in delivery[sid]} == UNBOUND
    assert not [sid for sid, statement in delivery.items() for action in statement["Action"] if action.endswith(":*")]


def test_whole_services_stand_in_the_boundary_only_for_the_region():
    made = statements(boundary_policy(REACH, "the-state", *KEYS))
    assert made["ServicesInTheRegion"]["Condition"] == {"StringEquals": {"aws:RequestedRegion": REGION}}
    services = {action.split(":")[0] for action in made["ServicesInTheRegion"]["Action"]}
    assert not services & {"iam", "sts", "organizations", "account", "cloudtrail", "config", "*"}


@pytest.mark.parametrize(
    "document", [boundary_policy(REACH, "the-state", *KEYS), delivery_policy(REACH, "the-state", *KEYS)]
)
def test_no_role_is_made_or_strengthened_without_the_boundary(document):
    made = statements(document)
    strengthen = re.compile(
        r"iam:(Create|Put|Attach|Detach|DeleteRolePol)\w*Role|iam:\w*Boundary|iam:(Put|Delete)RolePolicy"
    )
    for sid, statement in made.items():
        for action in statement["Action"]:
            if action.startswith("iam:") and strengthen.match(action) and action != "iam:CreateServiceLinkedRole":
                assert statement["Condition"] == {"StringEquals": {"iam:PermissionsBoundary": BOUNDARY}}, (sid, action)


@pytest.mark.parametrize(
    "document", [boundary_policy(REACH, "the-state", *KEYS), delivery_policy(REACH, "the-state", *KEYS)]
)
def test_only_roles_of_the_environment_are_reached_and_the_boundary_stays(document):
    # What only reads identities reaches all of them: an audit's question. The denial is one policy, by its whole name.
    iam = [
        s for sid, s in statements(document).items()
        if sid not in ("ReadRecords", "DenialOfTraining") and any(action.startswith("iam:") for action in s["Action"])
    ]  # fmt: skip
    reached = {resource for statement in iam for resource in statement["Resource"]}
    assert {resource.split(":role/")[1].split("/")[0] for resource in reached} <= {"mlops-dev-*", "aws-service-role"}
    actions = {action for statement in iam for action in statement["Action"]}
    assert "iam:DeleteRolePermissionsBoundary" not in actions
    assert not [action for action in actions if re.search(r"User|AccessKey|OpenID|PolicyVersion|CreatePolicy", action)]


def test_of_managed_policies_the_denial_of_training_alone_is_within_reach():
    made = statements(boundary_policy(REACH, "the-state", *KEYS))["DenialOfTraining"]
    assert made["Resource"] == [f"arn:aws:iam::{ACCOUNT}:policy/mlops-dev-stop-training"]


def test_what_the_boundary_lets_be_read_everywhere_changes_nothing():
    read = statements(boundary_policy(REACH, "the-state", *KEYS))["ReadRecords"]["Action"]
    verbs = {
        re.match(r"\w+:(Describe|Generate|Get|List|Lookup|Select|Simulate)", action) is not None for action in read
    }
    assert verbs == {True}


def test_roles_are_passed_to_the_services_of_the_estate_alone(delivery):
    assert delivery["PassRoles"]["Condition"] == {"StringEquals": {"iam:PassedToService": PASSED_TO}}


def test_state_is_written_and_its_history_never_deleted(delivery):
    assert delivery["WriteState"]["Resource"] == ["arn:aws:s3:::the-state/*"]
    forgetting = [sid for sid, made in delivery.items() if "s3:DeleteObjectVersion" in made["Action"]]
    assert forgetting == ["TrainingCode"]  # which the provider deletes with its history
    assert (delivery["StateKey"]["Resource"], delivery["SecretsKey"]["Resource"]) == ([KEYS[0]], [KEYS[1]])


def test_records_of_people_are_out_of_reach(delivery):
    objects = [s["Resource"] for s in delivery.values() if {"s3:GetObject", "s3:PutObject"} & set(s["Action"])]
    assert [arn for arns in objects for arn in arns] == [
        "arn:aws:s3:::the-state/*",
        f"arn:aws:s3:::mlops-dev-models-{ACCOUNT}-{REGION}/*source/*",
        f"arn:aws:s3:::mlops-dev-models-{ACCOUNT}-{REGION}/*/masking/*",
    ]


def test_no_role_under_the_boundary_harms_the_state_or_takes_another_role():
    denied = {
        sid: s for sid, s in statements(boundary_policy(REACH, "the-state", *KEYS)).items() if s["Effect"] == "Deny"
    }
    assert denied["KeepTheState"]["Resource"] == ["arn:aws:s3:::the-state", "arn:aws:s3:::the-state/*"]
    assert {"s3:DeleteObjectVersion", "s3:PutBucket*"} <= set(denied["KeepTheState"]["Action"])
    assert denied["KeepItsKeys"]["Resource"] == KEYS
    assert {"kms:PutKeyPolicy", "kms:ScheduleKeyDeletion"} <= set(denied["KeepItsKeys"]["Action"])
    assert (denied["TakeNoRole"]["Action"], denied["TakeNoRole"]["Resource"]) == (["sts:AssumeRole"], ["*"])


def test_nothing_that_is_another_projects_can_be_tagged_over_and_so_taken(delivery):
    tagging = {sid for sid, s in delivery.items() if {"kms:TagResource", "ec2:CreateTags"} & set(s["Action"])}
    conditions = {sid: delivery[sid]["Condition"] for sid in tagging}
    owned = {"StringEquals": {"aws:ResourceTag/project": "mlops-estate"}}
    assert conditions.pop("EstateKeys") == conditions.pop("ChangeNetwork") == owned
    assert conditions.pop("TagWhatIsCreated") == {"StringLike": {"ec2:CreateAction": ["Authorize*", "Create*"]}}
    assert set(conditions) == {"CreateKeys", "EmptyDefaultGroup"}
    assert all(c["Null"] == {"aws:ResourceTag/project": "true"} for c in conditions.values())


def test_both_documents_stay_within_iams_quotas_at_the_longest_prefix():
    longest = Reach(ACCOUNT, "ap-southeast-2", "x" * 55, BOUNDARY)
    assert len(delivery_policy(longest, "s" * 63, *KEYS)) <= LONGEST_INLINE
    assert len(boundary_policy(longest, "s" * 63, *KEYS)) <= 6144  # IAM quota: a managed policy

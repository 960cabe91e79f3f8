"""What delivery may do beyond its inline policy: area by area, bounded like the inline policy, within IAM's quotas."""

from __future__ import annotations

import fnmatch

import pytest
from tests.support.components import ACCOUNT, REGION, arguments, deployed, statements

from mlops_components.delivery_areas import AREAS, LONGEST_MANAGED, MOST_ATTACHED, area_policies
from mlops_components.delivery_audit import OPERATORS
from mlops_components.delivery_policy import Reach, boundary_policy

BOUNDARY = f"arn:aws:iam::{ACCOUNT}:policy/mlops-bootstrap-boundary"
REACH = Reach(ACCOUNT, REGION, "mlops-dev", BOUNDARY)
LONGEST = Reach(ACCOUNT, "ap-southeast-2", "x" * 55, BOUNDARY)


@pytest.mark.parametrize("area", AREAS)
def test_an_area_names_what_begins_with_the_prefix_or_is_bound_by_a_condition(area):
    for sid, statement in statements(area_policies(REACH)[area]).items():
        assert "*" not in statement["Action"], sid
        assert not [action for action in statement["Action"] if action.endswith(":*")], sid
        # A service's own role has one name in every account.
        named = all(
            "mlops-dev" in arn.replace("_", "-") or ":role/aws-service-role/" in arn for arn in statement["Resource"]
        )
        assert named or statement.get("Condition"), sid


def test_the_areas_stay_within_iams_quotas_at_the_longest_prefix():
    lengths = {area: len(document) for area, document in area_policies(LONGEST).items()}
    assert {area for area, length in lengths.items() if length > LONGEST_MANAGED} == set()
    assert len(AREAS) <= MOST_ATTACHED


def test_each_area_is_a_policy_attached_to_the_role():
    nodes = deployed("DeliveryRole", arguments("DeliveryRole"))
    attached = {node.inputs["policyArn"] for node in nodes.values() if node.type.endswith(":RolePolicyAttachment")}
    assert len(attached) == len(AREAS)
    made = {node.inputs["name"] for node in nodes.values() if node.type == "aws:iam/policy:Policy"}
    assert {f"mlops-bootstrap-delivery-{area}" for area in AREAS} < made


def test_delivery_neither_reads_nor_writes_a_secrets_value():
    actions = {a for s in statements(area_policies(REACH)["protection"]).values() for a in s["Action"]}
    assert not actions & {"secretsmanager:GetSecretValue", "secretsmanager:PutSecretValue"}
    assert not actions & {"lambda:*", "ecr:PutImage", "ecr:BatchDeleteImage"}


def test_delivery_declares_what_happens_when_money_is_spent_and_neither_runs_nor_reverses_it():
    made = statements(area_policies(REACH)["costs"])
    actions = {action for statement in made.values() for action in statement["Action"]}
    assert {"ce:CreateAnomalyMonitor", "budgets:CreateBudgetAction", "iam:CreatePolicy"} <= actions
    assert "budgets:ExecuteBudgetAction" not in actions
    assert made["DenialOfTraining"]["Resource"] == [f"arn:aws:iam::{ACCOUNT}:policy/mlops-dev-stop-training"]
    assert made["BudgetActions"]["Resource"] == [f"arn:aws:budgets::{ACCOUNT}:budget/mlops-dev-*/action/*"]
    assert made["WatchCost"]["Condition"] == {"StringEquals": {"aws:RequestTag/project": "mlops-estate"}}
    assert made["KeepWatch"]["Condition"] == {"StringEquals": {"aws:ResourceTag/project": "mlops-estate"}}


def test_delivery_declares_backups_and_deletes_none():
    made = statements(area_policies(REACH)["recovery"])
    actions = {action for statement in made.values() for action in statement["Action"]}
    assert {"backup:CreateBackupPlan", "backup:CreateRestoreTestingPlan", "events:PutRule"} <= actions
    assert not {"backup:DeleteRecoveryPoint", "backup:UpdateRecoveryPointLifecycle"} & actions
    assert made["CreatePlans"]["Condition"] == {"StringEquals": {"aws:RequestTag/project": "mlops-estate"}}
    assert made["RestoreTests"]["Resource"][0].endswith(":restore-testing-plan:mlops_dev_*")


def test_the_boundary_leaves_room_for_every_service_of_the_areas():
    boundary = statements(boundary_policy(REACH, "the-state", "state", "secrets"))
    services = {a.split(":")[0] for s in boundary.values() if s["Effect"] == "Allow" for a in s["Action"]}
    for document in area_policies(REACH).values():
        assert {action.split(":")[0] for s in statements(document).values() for action in s["Action"]} <= services


def test_delivery_declares_detective_controls_and_touches_no_finding():
    made = statements(area_policies(REACH)["detection"])
    actions = {action for statement in made.values() for action in statement["Action"]}
    assert {"guardduty:CreateDetector", "securityhub:EnableSecurityHub", "s3:PutAccountPublicAccessBlock"} <= actions
    assert not [action for action in actions if "Finding" in action or "Suppress" in action or "Filter" in action]
    assert made["Detector"]["Condition"] == made["Jobs"]["Condition"]
    assert made["Detector"]["Condition"] == {"StringEquals": {"aws:ResourceTag/project": "mlops-estate"}}


def test_delivery_manages_adopted_buckets_by_name_and_of_their_objects_only_the_code():
    assert not {"AdoptedBuckets", "AdoptedCode"} & statements(area_policies(REACH)["account"]).keys()
    adopting = Reach(ACCOUNT, REGION, "mlops-dev", BOUNDARY, ("acme-raw",))
    made = statements(area_policies(adopting)["account"])
    assert made["AdoptedBuckets"]["Resource"] == ["arn:aws:s3:::acme-raw"]
    assert made["AdoptedCode"]["Resource"] == ["arn:aws:s3:::acme-raw/*source/*", "arn:aws:s3:::acme-raw/*/masking/*"]
    assert not {action for action in made["AdoptedBuckets"]["Action"] if "Object" in action}


def test_a_detector_is_made_where_it_has_no_arn_yet_and_only_with_the_project_s_tag():
    made = statements(area_policies(REACH)["detection"])["CreateDetector"]
    assert (made["Action"], made["Resource"]) == (["guardduty:CreateDetector"], ["*"])
    assert made["Condition"] == {"StringEquals": {"aws:RequestTag/project": "mlops-estate"}}


def test_only_named_services_get_a_role_of_their_own():
    made = statements(area_policies(REACH)["account"])["ServiceRoles"]
    names = made["Condition"]["StringEquals"]["iam:AWSServiceName"]
    assert [f"/aws-service-role/{name}/" in arn for name, arn in zip(names, made["Resource"], strict=True)] == [
        True
    ] * len(names)


@pytest.mark.parametrize(
    "document", [area_policies(REACH)["audit"], boundary_policy(REACH, "the-state", "state", "secrets")]
)
def test_neither_delivery_nor_a_role_it_makes_can_stop_what_records_them(document):
    allowed = [statement for statement in statements(document).values() if statement["Effect"] == "Allow"]
    granted = [action for statement in allowed for action in statement["Action"]]
    assert [one for one in OPERATORS if any(fnmatch.fnmatchcase(one, action) for action in granted)] == []
    assert {"cloudtrail:CreateTrail", "config:PutConfigurationRecorder"} <= set(granted)


def test_the_roles_that_record_are_passed_to_what_records_alone():
    made = statements(area_policies(REACH)["audit"])["PassRecordingRoles"]
    services = ["cloudtrail.amazonaws.com", "config.amazonaws.com"]
    assert made["Condition"] == {"StringEquals": {"iam:PassedToService": services}}
    start = f"arn:aws:iam::{ACCOUNT}:role"
    assert made["Resource"] == [f"{start}/mlops-dev-*", f"{start}/aws-service-role/config.amazonaws.com/*"]

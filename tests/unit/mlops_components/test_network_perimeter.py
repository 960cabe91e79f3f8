"""Network perimeter: objects are refused from outside, a bucket's settings are not, and exemptions are few."""

from __future__ import annotations

import pytest
from tests.support.components import ACCOUNT, REGION, arguments, bucket, deployed, faults, only, statements

from mlops_components.data_lake import PURPOSES
from mlops_components.documents import policy
from mlops_components.network_perimeter import (
    READ_OBJECTS,
    WRITE_OBJECTS,
    capturing_roles,
    inside_only,
    macie_role,
    recovery_roles,
)
from mlops_estate.embedded.iam import Policies, Request, decide

ARN = "arn:aws:s3:::b"
EXEMPT = f"arn:aws:iam::{ACCOUNT}:role/break-glass"
CAPTURING = f"arn:aws:iam::{ACCOUNT}:role/mlops-prod-mortgage-approval-endpoint"
ALLOWING = policy([{"Sid": "All", "Effect": "Allow", "Action": ["s3:*"], "Resource": ["*"]}])


def reaches(action: str, resource: str = f"{ARN}/k", role: str = "analyst", **context: object) -> bool:
    """Whether a role whose own policy allows everything of S3 reaches an object through this perimeter."""
    arn = f"arn:aws:iam::{ACCOUNT}:role/{role}"
    perimeter = policy(inside_only(ARN, ["vpce-1"], [EXEMPT], [capturing_roles("mlops-prod", ACCOUNT, REGION)]))
    told = {"aws:PrincipalArn": arn, "aws:PrincipalIsAWSService": "false", **context}
    request = Request(arn, action, resource, told, account=ACCOUNT)
    return decide(request, Policies(identity=[ALLOWING], resource=perimeter)).allowed


@pytest.mark.parametrize("action", [*READ_OBJECTS, *WRITE_OBJECTS])
def test_objects_are_reached_through_the_endpoint_alone(action):
    assert reaches(action, **{"aws:SourceVpce": "vpce-1"})
    assert not reaches(action)
    assert not reaches(action, **{"aws:SourceVpce": "vpce-2"})


@pytest.mark.parametrize("action", ["s3:PutBucketPolicy", "s3:ListBucket", "s3:PutEncryptionConfiguration"])
def test_nobody_is_locked_out_of_a_buckets_settings(action):
    assert reaches(action, ARN)


def test_athena_reads_on_behalf_of_who_asks_and_no_other_service_does():
    assert reaches("s3:GetObject", **{"aws:CalledVia": ["athena.amazonaws.com"], "aws:ViaAWSService": "true"})
    assert not reaches("s3:GetObject", **{"aws:CalledVia": ["cloudformation.amazonaws.com"]})


def test_an_exempt_role_reaches_objects_from_everywhere_and_a_capturing_role_writes_them():
    assert reaches("s3:GetObject", role="break-glass")
    assert reaches("s3:DeleteObject", role="break-glass")
    capturing = CAPTURING.split("/")[1]
    assert reaches("s3:PutObject", role=capturing)
    assert not reaches("s3:GetObject", role=capturing)


def test_a_service_as_itself_is_let_through():
    perimeter = policy(inside_only(ARN, ["vpce-1"], [EXEMPT]))
    request = Request(
        "logging.s3.amazonaws.com", "s3:PutObject", f"{ARN}/k", {"aws:PrincipalIsAWSService": "true"}, account=ACCOUNT
    )
    assert "deny" not in decide(request, Policies(resource=perimeter)).why


def test_without_endpoints_there_is_no_perimeter():
    assert inside_only(ARN, [], [EXEMPT]) == []


def test_records_of_people_lie_behind_it_and_what_services_write_does_not():
    nodes = deployed("DataLake", arguments("DataLake", "prod"))
    behind = {
        purpose
        for purpose in PURPOSES
        if "RefuseReadingFromOutside" in statements(only(nodes, f"it-{purpose}-policy").inputs["policy"])
    }
    assert behind == {"raw", "curated", "capture"} == {name for name, plan in PURPOSES.items() if plan.inside_only}
    open_ = deployed("DataLake", arguments("DataLake", "dev"))
    assert not [node for node in open_.values() if "FromOutside" in str(node.inputs.get("policy"))]


def test_only_endpoints_write_captured_requests_from_where_they_are():
    nodes = deployed("DataLake", arguments("DataLake", "prod"))
    exempt = {}
    for purpose in ("raw", "capture"):
        made = statements(only(nodes, f"it-{purpose}-policy").inputs["policy"])["RefuseWritingFromOutside"]
        exempt[purpose] = set(made["Condition"]["ArnNotLike"]["aws:PrincipalArn"])
        assert made["Resource"] == [f"arn:aws:s3:::{bucket(purpose, 'prod')}/*"]
    services = {macie_role(ACCOUNT, REGION), *recovery_roles("mlops-prod", ACCOUNT, REGION)}
    assert exempt["raw"] == {*services, f"arn:aws:iam::{ACCOUNT}:role/data-delivery"}
    assert exempt["capture"] - exempt["raw"] == {f"arn:aws:iam::{ACCOUNT}:role/mlops-prod-*-endpoint"}


def test_the_roles_of_backup_and_restore_are_called_as_the_perimeter_calls_them():
    nodes = deployed("BackupPlan", arguments("BackupPlan", "prod"))
    named = {node.inputs["name"] for node in nodes.values() if node.type == "aws:iam/role:Role"}
    assert named <= {arn.split("/")[1] for arn in recovery_roles("mlops-prod", ACCOUNT, REGION)}
    assert named


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"s3_endpoint_ids": ["vpc-0a1b2c3d"]}, "s3_endpoint_ids[0]"),
        ({"outside_role_arns": ["break-glass"]}, "outside_role_arns[0]"),
    ],
)
def test_bad_arguments_are_refused_before_anything_is_registered(changes, path):
    assert set(faults("DataLake", **changes)) == {path}

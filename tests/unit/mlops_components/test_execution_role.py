"""Execution role: least privilege for one purpose, and no wildcard without a reason."""

from __future__ import annotations

import re

import pytest
from tests.support.components import (
    ACCOUNT,
    GROUP_ARN,
    MODEL,
    arguments,
    bucket,
    deployed,
    faults,
    key,
    only,
    scenarios,
    statements,
)

from mlops_components.execution_role import PURPOSES, role_policy

# The only actions that AWS gives no resource type to bind (service authorization reference), or that act on what a job
# is about to create.
JOB_ROLE = f"arn:aws:iam::{ACCOUNT}:role/mlops-dev-{MODEL}-processing"
UNBOUND = {
    "ecr:GetAuthorizationToken",
    "cloudwatch:PutMetricData",
}


def made(purpose: str, **known) -> dict:
    args = {**arguments("ExecutionRole", "dev"), "purpose": purpose}
    for name in ("pipeline_name", "in_vpc"):
        if name in known:
            args[name] = known.pop(name)
    return statements(role_policy(args, **known))


def everything(purpose: str) -> dict:
    return made(
        purpose,
        read_uris=["s3://a/x/"],
        write_uris=["s3://b/y/"],
        key_arns=[key("models")],
        read_key_arns=[key("personal")],
        job_roles=[JOB_ROLE],
        image_uris=[f"{ACCOUNT}.dkr.ecr.eu-west-1.amazonaws.com/training:1"],
        package_group=GROUP_ARN,
        database="mlops_dev",
        endpoint=f"mlops-dev-{MODEL}",
        sealed_uris=["s3://b/y/*/signature"],
        signing_key=key("signing"),
    )


@pytest.mark.parametrize("purpose", PURPOSES)
def test_no_statement_is_wider_than_aws_makes_it(purpose):
    for sid, statement in everything(purpose).items():
        assert not [action for action in statement["Action"] if re.fullmatch(r"\*|[a-z0-9-]+:\*", action)], sid
        if statement["Resource"] == ["*"]:
            actions = set(statement["Action"])
            assert actions <= UNBOUND or all(action.startswith("ec2:") for action in actions), sid


@pytest.mark.parametrize(
    ("purpose", "own"),
    [
        (
            "pipeline",
            {
                "RunJobsOfThePipeline",
                "ReadThePipeline",
                "PassJobRoles",
                "ReadModels",
                "RegisterUnapproved",
                "LookAtImages",
            },
        ),
        ("processing", set()),
        ("training", set()),
        ("registry", {"ReadVersions"}),
        ("signing", {"Sign"}),
        ("verifying", {"VerifySignatures"}),
        ("endpoint", {"ReadRollbackAlarms", "ReadModelPackages"}),
        ("feature_store", {"ReadBucketOwner", "HandOverObjects", "OfflineStoreTable"}),
        ("monitor", {"ReadTheEndpoint"}),
    ],
)
def test_each_purpose_has_its_own_statements_and_no_others(purpose, own):
    shared = {"ListBuckets", "ReadData", "WriteData", "NeverWrite", "DecryptData", "UseKeys", "GrantKeysToVolumes"}
    containers = {"PullImages", "ImageLogin", "WriteLogs", "PutMetrics", "NetworkInterfaces"}
    runs = purpose not in {"pipeline", "feature_store"}
    assert set(everything(purpose)) == shared | (containers if runs else set()) | own


def test_data_is_read_and_written_under_its_prefix_only():
    policy = everything("training")
    assert policy["ReadData"]["Resource"] == ["arn:aws:s3:::a/x/*"]
    assert policy["WriteData"]["Resource"] == ["arn:aws:s3:::b/y/*"]
    assert policy["ListBuckets"]["Resource"] == ["arn:aws:s3:::a", "arn:aws:s3:::b"]
    assert "s3:DeleteObject" not in str(policy)


def test_a_role_without_data_keys_or_images_gets_no_statement_for_them():
    assert set(made("monitor")) == {"WriteLogs", "PutMetrics", "NetworkInterfaces"}
    assert set(made("monitor", in_vpc=False)) == {"WriteLogs", "PutMetrics"}


def test_keys_are_granted_to_aws_resources_only():
    grant = everything("endpoint")["GrantKeysToVolumes"]
    assert (grant["Action"], grant["Resource"]) == (["kms:CreateGrant"], [key("models")])
    assert grant["Condition"] == {"Bool": {"kms:GrantIsForAWSResource": "true"}}


def test_what_is_only_read_is_only_decrypted():
    decrypt = everything("training")["DecryptData"]
    assert (decrypt["Action"], decrypt["Resource"]) == (["kms:Decrypt", "kms:DescribeKey"], [key("personal")])
    assert key("personal") not in everything("training")["UseKeys"]["Resource"]


def test_a_pipeline_role_passes_its_job_roles_to_sagemaker_and_runs_its_own_pipeline():
    policy = made("pipeline", pipeline_name="mlops-dev-x", job_roles=[JOB_ROLE])
    assert policy["PassJobRoles"]["Action"] == ["iam:PassRole"]
    assert policy["PassJobRoles"]["Resource"] == [JOB_ROLE]
    assert policy["PassJobRoles"]["Condition"] == {"StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}}
    assert policy["ReadThePipeline"]["Resource"][0].endswith(":pipeline/mlops-dev-x")
    assert all("/pipelines-*" in resource for resource in policy["RunJobsOfThePipeline"]["Resource"])


def test_versions_of_one_group_are_registered_and_of_no_other():
    packages = GROUP_ARN.replace("model-package-group", "model-package")
    assert everything("pipeline")["RegisterUnapproved"]["Resource"] == [GROUP_ARN, f"{packages}/*"]


def test_what_is_sealed_is_denied_though_it_lies_where_the_role_writes():
    sealed = everything("processing")["NeverWrite"]
    assert (sealed["Effect"], sealed["Action"]) == ("Deny", ["s3:PutObject"])
    assert sealed["Resource"] == ["arn:aws:s3:::b/y/*/signature", "arn:aws:s3:::b/y/*/signature/*"]


@pytest.mark.parametrize(
    ("purpose", "sid", "actions"),
    [
        ("signing", "Sign", ["kms:Sign"]),
        ("verifying", "VerifySignatures", ["kms:DescribeKey", "kms:GetPublicKey", "kms:Verify"]),
    ],
)
def test_signing_and_verifying_are_two_roles_on_one_key(purpose, sid, actions):
    statement = everything(purpose)[sid]
    assert (statement["Action"], statement["Resource"]) == (actions, [key("signing")])
    others = {
        action
        for other in set(PURPOSES) - {purpose}
        for statement in everything(other).values()
        for action in statement["Action"]
    }
    assert actions[-1] not in others


def test_the_registry_job_reads_versions_of_one_group():
    packages = GROUP_ARN.replace("model-package-group", "model-package")
    assert everything("registry")["ReadVersions"]["Resource"] == [GROUP_ARN, f"{packages}/*"]


@pytest.mark.parametrize("purpose", sorted(set(PURPOSES) - {"pipeline"}))
def test_no_role_that_runs_a_container_starts_jobs_passes_roles_or_registers(purpose):
    actions = {action for statement in everything(purpose).values() for action in statement["Action"]}
    assert not {action for action in actions if action.startswith(("iam:", "sagemaker:Create", "sagemaker:AddTags"))}


@pytest.mark.parametrize("scenario", scenarios("ExecutionRole"))
def test_only_sagemaker_of_this_account_takes_the_role(scenario):
    role = only(deployed("ExecutionRole", scenarios("ExecutionRole")[scenario]), "Role it").inputs
    (trust,) = statements(role["assumeRolePolicy"]).values()
    assert trust["Principal"] == {"Service": "sagemaker.amazonaws.com"}
    assert trust["Condition"] == {"StringEquals": {"aws:SourceAccount": ACCOUNT}}
    assert role["name"].startswith(scenarios("ExecutionRole")[scenario]["prefix"] + "-")


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"purpose": "serving"}, "purpose"),
        ({"role_suffix": "x" * 60}, "role_suffix"),
        ({"role_suffix": "a b"}, "role_suffix"),
        ({"read_uris": [bucket("raw", "dev")]}, "read_uris[0]"),
        ({"key_arns": ["models"]}, "key_arns[0]"),
        ({"read_key_arns": ["models"]}, "read_key_arns[0]"),
        ({"job_role_arns": ["training"]}, "job_role_arns[0]"),
        ({"model_package_group_arn": "mlops"}, "model_package_group_arn"),
        ({"signing_key_arn": "signing"}, "signing_key_arn"),
        ({"sealed_uris": ["reports"]}, "sealed_uris[0]"),
        ({"write_uri": ["s3://abc"]}, "write_uri"),
    ],
)
def test_bad_arguments_are_refused_before_anything_is_registered(changes, path):
    assert set(faults("ExecutionRole", **changes)) == {path}

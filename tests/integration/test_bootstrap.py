"""The once-per-account program: previewed, standing in the embedded account, torn down, and what it refuses."""

from __future__ import annotations

import fnmatch
import json

import pytest
from tests.support.components import statements
from tests.support.previews import previewed
from tests.support.programs import PROJECT

from mlops_components.delivery_audit import OPERATORS
from mlops_estate.config import load_environment
from mlops_estate.embedded.account import EmbeddedAccount
from mlops_estate.embedded.driver import AwsDriver
from mlops_estate.embedded.driver.table import table
from mlops_estate.engine import EngineFault, destroy, read_back, run_program
from mlops_estate.faults import FaultsFound
from mlops_estate.up.session import program_config

ACCOUNT, REGION = "123456789012", "eu-west-1"
MAIN = PROJECT / "bootstrap" / "__main__.py"
BLOCK = {
    "account": ACCOUNT,
    "region": REGION,
    "estate_prefix": "mlops-dev",
    "repository": "acme/estate",
    "branches": ["main"],
}
HOST = "token.actions.githubusercontent.com"
CHANGES = ("Create", "Get", "Update", "Delete")
# Where IAM's action is not called like the operation, or the embedded account goes another way than the provider.
NAMED_OTHERWISE = {
    "s3:HeadBucket": "s3:ListBucket",
    "s3:PutPublicAccessBlock": "s3:PutBucketPublicAccessBlock",
    "s3:GetPublicAccessBlock": "s3:GetBucketPublicAccessBlock",
    "s3:DeletePublicAccessBlock": "s3:PutBucketPublicAccessBlock",
    "s3:DeleteBucketOwnershipControls": "s3:PutBucketOwnershipControls",
    "s3:PutBucketEncryption": "s3:PutEncryptionConfiguration",
    "s3:GetBucketEncryption": "s3:GetEncryptionConfiguration",
    "s3:DeleteBucketEncryption": "s3:PutEncryptionConfiguration",
    "s3:PutBucketLifecycleConfiguration": "s3:PutLifecycleConfiguration",
    "s3:GetBucketLifecycleConfiguration": "s3:GetLifecycleConfiguration",
    "s3:DeleteBucketLifecycle": "s3:PutLifecycleConfiguration",
    "s3:PutObjectLockConfiguration": "s3:PutBucketObjectLockConfiguration",
    "s3:GetObjectLockConfiguration": "s3:GetBucketObjectLockConfiguration",
    "s3:HeadObject": "s3:GetObject",
    "s3control:PutPublicAccessBlock": "s3:PutAccountPublicAccessBlock",
    "s3control:GetPublicAccessBlock": "s3:GetAccountPublicAccessBlock",
    "s3control:DeletePublicAccessBlock": "s3:PutAccountPublicAccessBlock",
    **{f"accessanalyzer:{verb}Analyzer": f"access-analyzer:{verb}Analyzer" for verb in CHANGES},
    "budgets:CreateBudget": "budgets:ModifyBudget",
    "budgets:UpdateBudget": "budgets:ModifyBudget",
    "budgets:DeleteBudget": "budgets:ModifyBudget",
    "budgets:DescribeBudget": "budgets:ViewBudget",
}


def run(block=BLOCK, **options):
    config = {"mlops-bootstrap:bootstrap": json.dumps(block)}
    return run_program(MAIN, stack="dev", config=config, project="mlops-bootstrap", **options)


@pytest.fixture
def account():
    with EmbeddedAccount(seed=0) as embedded:
        yield embedded


def different(graph, driver):
    return {urn: found.differences for urn, found in read_back(graph, driver) if not found.equal}


def test_a_preview_shows_both_components_and_creates_nothing():
    graph = run()
    assert graph.preview
    assert {node.type for node in graph.components()} >= {"mlops:index:StateBackend", "mlops:index:DeliveryRole"}


def test_it_stands_as_declared_and_says_what_to_do_next(account):
    driver = AwsDriver(account, seed="bootstrap")
    graph = run(driver=driver)
    assert different(graph, driver) == {}
    outputs = graph.stack_outputs
    bucket = f"mlops-bootstrap-state-{ACCOUNT}-{REGION}"
    assert outputs["pulumi_login"] == f"pulumi login 's3://{bucket}?region={REGION}'"
    alias = outputs["secrets_provider"].split("awskms://")[1].split("?")[0]
    assert account.client("kms").describe_key(KeyId=alias)["KeyMetadata"]["Enabled"]
    assert account.client("s3").get_bucket_versioning(Bucket=bucket)["Status"] == "Enabled"
    iam = account.client("iam")
    (arn,) = outputs["estate"]["delivery_role_arns"]
    role = iam.get_role(RoleName=arn.split("/")[1])["Role"]
    condition = role["AssumeRolePolicyDocument"]["Statement"][0]["Condition"]["StringEquals"]
    assert condition[f"{HOST}:sub"] == ["repo:acme/estate:ref:refs/heads/main"]
    assert role["PermissionsBoundary"]["PermissionsBoundaryArn"] == outputs["estate"]["permissions_boundary_arn"]
    provider = iam.get_open_id_connect_provider(OpenIDConnectProviderArn=outputs["oidc_provider_arn"])
    assert (provider["Url"], provider["ClientIDList"]) == (HOST, ["sts.amazonaws.com"])


def test_a_second_run_changes_nothing_and_a_longer_session_arrives_in_place(account):
    driver = AwsDriver(account, seed="bootstrap")
    first = run(driver=driver)
    again = run(driver=driver, previous=first)
    assert {node.status for node in again.custom_nodes() if not node.is_provider} == {"unchanged"}
    longer = run({**BLOCK, "session_seconds": 7200}, driver=driver, previous=again)
    assert account.client("iam").get_role(RoleName="mlops-bootstrap-delivery")["Role"]["MaxSessionDuration"] == 7200
    assert different(longer, driver) == {}


def test_a_second_provider_of_an_issuer_is_refused_by_the_account(account):
    run(driver=AwsDriver(account, seed="first"))
    other = {**BLOCK, "prefix": "other-bootstrap", "estate_prefix": "other-dev"}
    with pytest.raises((EngineFault, FaultsFound)) as caught:
        run(other, driver=AwsDriver(account, seed="clash"))
    assert [fault.urn.split("::")[2].split(":")[-1] for fault in caught.value.faults] == ["OpenIdConnectProvider"]


def test_an_existing_provider_is_not_made_again(account):
    run(driver=AwsDriver(account, seed="first"))
    driver = AwsDriver(account, seed="second")
    other = {**BLOCK, "prefix": "other-bootstrap", "estate_prefix": "other-dev", "account_baseline": "existing"}
    assert different(run(other, driver=driver), driver) == {}
    assert len(account.client("iam").list_open_id_connect_providers()["OpenIDConnectProviderList"]) == 1


def test_it_is_torn_down_only_unprotected_and_says_what_stays(account):
    driver = AwsDriver(account, seed="bootstrap")
    graph = run(driver=driver)
    with pytest.raises(FaultsFound, match="4 resources are protected"):
        destroy(graph, driver)
    account.client("s3").put_object(Bucket=f"mlops-bootstrap-state-{ACCOUNT}-{REGION}", Key="a", Body=b"state")
    report = destroy(graph, driver, unprotect=True)
    assert report.faults == []
    assert any("mlops-bootstrap-state" in left for left in report.expected_left)
    iam = account.client("iam")
    assert iam.list_open_id_connect_providers()["OpenIDConnectProviderList"] == []
    assert not [role for role in iam.list_roles()["Roles"] if role["RoleName"].startswith("mlops-bootstrap")]


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"repository": "*"}, "bootstrap.repository"),
        ({"branches": ["*"]}, "bootstrap.branches[0]"),
        ({"branches": []}, "bootstrap.branches"),
        ({"repository": "repo:acme/estate:ref:refs/heads/main"}, "bootstrap.repository"),
        ({"operator_arns": ["arn:aws:iam::222222222222:role/ops"]}, "bootstrap.operator_arns[0]"),
        ({"account": "222222222222"}, "allowedAccountIds"),
    ],
)
def test_a_wide_trust_or_another_account_creates_nothing(account, changes, where):
    with pytest.raises((EngineFault, FaultsFound)) as caught:
        run({**BLOCK, **changes}, driver=AwsDriver(account, seed="refused"))
    assert {fault.where for fault in caught.value.faults} == {where}
    assert account.client("s3").list_buckets()["Buckets"] == []
    assert account.client("iam").list_roles()["Roles"] == []


def granted(iam, role):
    """Return every policy document of a role: inline, then attached."""
    inline = iam.list_role_policies(RoleName=role)["PolicyNames"]
    documents = [iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"] for name in inline]
    for attached in iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"]:
        version = iam.get_policy(PolicyArn=attached["PolicyArn"])["Policy"]["DefaultVersionId"]
        found = iam.get_policy_version(PolicyArn=attached["PolicyArn"], VersionId=version)
        documents.append(found["PolicyVersion"]["Document"])
    return documents


def test_delivery_may_make_read_and_delete_every_type_of_the_estate():
    with EmbeddedAccount(seed=0) as account:
        run(driver=AwsDriver(account, seed="bootstrap"))
        documents = granted(account.client("iam"), "mlops-bootstrap-delivery")
    allowed = [action for document in documents for s in statements(document).values() for action in s["Action"]]
    needed = set()
    kinds = {node.type for node in previewed("prod").custom_nodes() if not node.is_provider}
    # A managed policy is the personas' own boundary, which an environment that delivery deploys doesn't make.
    for kind in kinds - {"aws:iam/policy:Policy"}:
        row = table()[kind]
        for operation in filter(None, (row.create, row.read, row.update, row.delete)):
            action = f"{row.service}:{operation}".replace("ValidatePipeline", "DescribePipeline")
            needed.add(NAMED_OTHERWISE.get(action, action))
    needed -= set(OPERATORS)
    assert sorted(a for a in needed if not any(fnmatch.fnmatchcase(a, pattern) for pattern in allowed)) == []


def test_every_role_of_an_environment_carries_the_boundary(account):
    boundary = run(driver=AwsDriver(account, seed="bootstrap")).stack_outputs["estate"]["permissions_boundary_arn"]
    loaded = load_environment("dev", PROJECT)
    config = program_config(loaded, ACCOUNT, {})
    estate = {**json.loads(config["mlops-estate:estate"]), "permissions_boundary_arn": boundary}
    driver = AwsDriver(account, seed="estate")
    graph = run_program(
        PROJECT / "stacks" / "__main__.py",
        stack="dev", config={**config, "mlops-estate:estate": json.dumps(estate)}, driver=driver,
    )  # fmt: skip
    roles = [node for node in graph.custom_nodes() if node.type == "aws:iam/role:Role"]
    assert len(roles) >= 3
    assert {node.inputs.get("permissionsBoundary") for node in roles} == {boundary}
    made = [node.inputs["name"] for node in graph.custom_nodes() if node.type == "aws:iam/policy:Policy"]
    assert made == ["mlops-dev-stop-training"]
    assert different(graph, driver) == {}

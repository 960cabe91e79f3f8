"""Grants to other accounts: image, artefact, key and package are one unit, and let in nobody else."""

from __future__ import annotations

import json

import pytest
from tests.support.components import ACCOUNT, GROUP_ARN, OTHER_ACCOUNT, REGION, arguments, faults, statements

from mlops_components.cross_account import (
    Members,
    artefact_statements,
    artefacts_elsewhere,
    image_statements,
    key_statements,
    members_of,
    package_statements,
)
from mlops_components.documents import policy
from mlops_components.encryption_keys import key_policy
from mlops_components.execution_role import role_policy
from mlops_estate.embedded.iam import Policies, Request, decide

STRANGER = "999999999999"
MODELS = f"arn:aws:s3:::mlops-prod-models-{ACCOUNT}-{REGION}"
IMAGE = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/mlops/inference:1"
KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/1234"
MEMBERS = Members(REGION, readers=[OTHER_ACCOUNT], role_names=["mlops-*"], organization_id="o-0123456789")
THROUGH_S3 = {"kms:ViaService": f"s3.{REGION}.amazonaws.com", "kms:EncryptionContext:aws:s3:arn": MODELS}
GRANTS = {
    "package": policy(package_statements(GROUP_ARN, MEMBERS)),
    "artefact": policy(artefact_statements(MODELS, MEMBERS)),
    "key": key_policy("models", "mlops-prod", ACCOUNT, REGION, members=MEMBERS),
    "image": policy(image_statements(MEMBERS)),
}
DEPLOYING = {
    "package": ("sagemaker:DescribeModelPackage", f"{GROUP_ARN.replace('-group', '')}/3", {}),
    "artefact": ("s3:GetObject", f"{MODELS}/mortgage-approval/model.tar.gz", {}),
    "key": ("kms:Decrypt", KEY, THROUGH_S3),
    "image": ("ecr:BatchGetImage", f"arn:aws:ecr:{REGION}:{ACCOUNT}:repository/mlops/inference", {}),
}


def identity(account: str = OTHER_ACCOUNT) -> str:
    """Return the whole policy of an endpoint's role in another account: its purpose's, and the artefacts' elsewhere."""
    args = {
        "prefix": "mlops-staging", "account": account, "region": REGION, "role_suffix": "mortgage-approval-endpoint",
        "purpose": "endpoint",
    }  # fmt: skip
    own = json.loads(role_policy(args, image_uris=[IMAGE], package_group=GROUP_ARN))["Statement"]
    return policy([*own, *artefacts_elsewhere([ACCOUNT], "mlops-*", REGION, "mortgage-approval/")])


def allowed(own: str, grant: str, role: str, action: str, resource: str, context: dict[str, str]) -> bool:
    """Whether both accounts' policies let a role act, as IAM decides across accounts."""
    request = Request(role, action, resource, {"aws:PrincipalArn": role, **context}, account=ACCOUNT)
    return decide(request, Policies(identity=[own], resource=grant)).allowed


def deploys(
    grants=GRANTS,
    *,
    account: str = OTHER_ACCOUNT,
    role: str = "mlops-staging-mortgage-approval-endpoint",
    organization: str = "o-0123456789",
) -> dict[str, bool]:
    """Return what of deploying a version a role may do, each by name."""
    arn = f"arn:aws:iam::{account}:role/{role}"
    return {
        name: allowed(
            identity(account), grants[name], arn, action, resource,
            {"aws:PrincipalOrgID": organization, **context},
        )
        for name, (action, resource, context) in DEPLOYING.items()
    }  # fmt: skip


def test_an_endpoints_role_of_a_reading_account_may_do_all_that_deploying_takes():
    assert deploys() == dict.fromkeys(DEPLOYING, True)


@pytest.mark.parametrize("missing", DEPLOYING)
def test_without_any_one_grant_a_version_cannot_be_deployed(missing):
    nothing = key_policy("models", "mlops-prod", ACCOUNT, REGION) if missing == "key" else policy([])
    assert deploys({**GRANTS, missing: nothing}) == {name: name != missing for name in DEPLOYING}


@pytest.mark.parametrize(
    "who",
    [
        {"account": STRANGER},
        {"role": "finance-report"},
        {"organization": "o-9999999999"},
    ],
)
def test_a_stranger_gets_nothing(who):
    assert deploys(**who) == dict.fromkeys(DEPLOYING, False)


def test_the_key_decrypts_only_artefacts_and_only_through_s3():
    role = f"arn:aws:iam::{OTHER_ACCOUNT}:role/mlops-staging-mortgage-approval-endpoint"

    def decrypts(**changed: str) -> bool:
        context = {"aws:PrincipalOrgID": "o-0123456789", **THROUGH_S3, **changed}
        return allowed(identity(), GRANTS["key"], role, "kms:Decrypt", KEY, context)

    assert decrypts(**{"kms:EncryptionContext:aws:s3:arn": f"{MODELS}/mortgage-approval/model.tar.gz"})
    assert not decrypts(**{"kms:EncryptionContext:aws:s3:arn": MODELS.replace("models", "raw")})
    assert not decrypts(**{"kms:ViaService": f"sagemaker.{REGION}.amazonaws.com"})


def test_every_grant_is_made_of_the_same_accounts_roles_and_organisation():
    for statement in (
        *image_statements(MEMBERS),
        *artefact_statements(MODELS, MEMBERS),
        *key_statements(MODELS, MEMBERS),
        *package_statements(GROUP_ARN, MEMBERS),
    ):
        assert statement["Principal"] == {"AWS": [f"arn:aws:iam::{OTHER_ACCOUNT}:root"]}
        assert statement["Condition"]["ArnLike"]["aws:PrincipalArn"] == [f"arn:aws:iam::{OTHER_ACCOUNT}:role/mlops-*"]
        assert statement["Condition"]["StringEquals"]["aws:PrincipalOrgID"] == "o-0123456789"


def test_without_readers_nobody_is_let_in():
    nobody = Members(REGION)
    assert image_statements(nobody) == artefact_statements(MODELS, nobody) == key_statements(MODELS, nobody) == []
    assert package_statements(GROUP_ARN, nobody) == artefacts_elsewhere([], "mlops-*", REGION, "") == []


def test_a_repositorys_policy_names_no_resource_as_ecr_wants_it():
    assert "Resource" not in image_statements(MEMBERS)[0]


def test_readers_deploy_and_writers_register_and_nobody_approves_or_deletes():
    both = Members(REGION, readers=[OTHER_ACCOUNT], writers=[STRANGER])
    made = statements(policy(package_statements(GROUP_ARN, both)))
    assert "sagemaker:CreateModel" in made["ReadersOfVersions"]["Action"]
    assert "sagemaker:CreateModelPackage" not in str(made["ReadersOfVersions"])
    register = made["RegisterUnapproved"]
    assert register["Action"] == ["sagemaker:CreateModelPackage"]
    assert register["Condition"]["StringEquals"] == {"sagemaker:ModelApprovalStatus": "PendingManualApproval"}
    assert "sagemaker:CreateModel" not in made["WritersOfVersions"]["Action"]
    assert "Delete" not in str(made)
    assert "UpdateModelPackage" not in str(made)


def test_an_account_without_named_roles_comes_with_all_of_them():
    members = members_of({"region": REGION, "reader_account_ids": [OTHER_ACCOUNT], "organization_id": ""})
    (statement,) = image_statements(members)
    assert statement["Condition"] == {"ArnLike": {"aws:PrincipalArn": [f"arn:aws:iam::{OTHER_ACCOUNT}:role/*"]}}


@pytest.mark.parametrize("component", ["DataLake", "EncryptionKeys", "ModelRegistry", "ImageRepository"])
def test_all_four_components_take_the_same_arguments_and_refuse_the_same(component):
    given = arguments(component, "prod")
    assert {key: given[key] for key in ("reader_account_ids", "member_role_names", "organization_id")} == {
        "reader_account_ids": [OTHER_ACCOUNT], "member_role_names": ["mlops-*"], "organization_id": "o-0123456789",
    }  # fmt: skip
    wrong = faults(component, member_role_names=["role/x"], organization_id="acme", reader_account_ids=["1"])
    assert set(wrong) == {"member_role_names[0]", "organization_id", "reader_account_ids[0]"}

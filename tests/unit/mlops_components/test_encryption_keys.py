"""Encryption keys: who may administer, who may use, and for how long."""

from __future__ import annotations

import json

import pytest
from tests.support.components import ACCOUNT, OTHER_ACCOUNT, arguments, deployed, faults, only, statements

from mlops_components.cross_account import Members
from mlops_components.encryption_keys import DATA_CLASSES, KEYS, key_policy
from mlops_components.signing_key import SIGNING

ROOT = f"arn:aws:iam::{ACCOUNT}:root"


def made(data_class: str, **more) -> dict:
    return statements(key_policy(data_class, "mlops-dev", ACCOUNT, "eu-west-1", **more))


@pytest.mark.parametrize("data_class", KEYS)
def test_the_account_administers_a_key_but_cannot_use_it(data_class):
    administer = made(data_class)["AdministerByAccount"]
    assert administer["Principal"] == {"AWS": ROOT}
    assert "kms:PutKeyPolicy" in administer["Action"]
    using = ("Decrypt", "Encrypt", "GenerateDataKey", "ReEncrypt", "CreateGrant", "Sign", "Verify")
    assert not [action for action in administer["Action"] if "*" in action or action.split(":")[1].startswith(using)]


@pytest.mark.parametrize("data_class", DATA_CLASSES)
def test_only_roles_of_the_environment_use_a_key_and_none_is_named(data_class):
    for sid in ("UseByRolesOfTheEnvironment", "GrantToAwsResources", "ServicesOnBehalfOfRoles"):
        statement = made(data_class)[sid]
        assert statement["Principal"] == {"AWS": ROOT}
        assert statement["Condition"]["ArnLike"] == {"aws:PrincipalArn": [f"arn:aws:iam::{ACCOUNT}:role/mlops-dev-*"]}


def test_other_grants_than_two_services_take_are_for_aws_resources_only():
    granting = {sid: s["Condition"] for sid, s in made("models").items() if "kms:CreateGrant" in s["Action"]}
    assert granting.pop("GrantToAwsResources")["Bool"] == {"kms:GrantIsForAWSResource": "true"}
    (condition,) = granting.values()
    assert condition["StringEquals"] == {
        "kms:ViaService": ["backup.eu-west-1.amazonaws.com", "sagemaker.eu-west-1.amazonaws.com"]
    }


def test_services_use_the_operations_key_as_themselves_and_no_other_key():
    services = {sid for sid, s in made("operations").items() if "Service" in s["Principal"]}
    assert services == {
        "CloudWatchAlarmsToTopics", "EventBridgeToTopics", "EventBridgeToQueues", "BudgetsToTopics",
        "CostAnomaliesToTopics", "CloudWatchLogs", "CloudTrailEncrypts", "CloudTrailDescribes", "ConfigDelivery",
    }  # fmt: skip
    assert all("kms:ViaService" not in json.dumps(made("operations")[sid]) for sid in services)
    for data_class in set(DATA_CLASSES) - {"operations"}:
        assert not [s for s in made(data_class).values() if "Service" in s["Principal"]]


def test_every_service_is_bound_to_this_account():
    for sid, statement in made("operations").items():
        if "Service" in statement["Principal"]:
            assert ACCOUNT in json.dumps(statement["Condition"]), sid


def test_event_rules_are_bound_by_what_they_encrypt_for_as_eventbridge_tells_no_source():
    for sid, key, arn in (
        ("EventBridgeToTopics", "aws:sns:topicArn", "sns"),
        ("EventBridgeToQueues", "aws:sqs:arn", "sqs"),
    ):
        (condition,) = made("operations")[sid]["Condition"].values()
        assert condition == {f"kms:EncryptionContext:{key}": f"arn:aws:{arn}:eu-west-1:{ACCOUNT}:mlops-dev-*"}


def test_macie_decrypts_records_of_people_only_where_it_is_asked_for():
    bearer = "role/aws-service-role/macie.amazonaws.com/AWSServiceRoleForAmazonMacie"
    statement = made("personal", macie_reads=True)["DecryptByMacie"]
    assert statement["Action"] == ["kms:Decrypt"]
    assert statement["Condition"] == {
        "StringEquals": {"aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT}:{bearer}", "kms:CallerAccount": ACCOUNT}
    }
    assert "DecryptByMacie" not in {**made("personal"), **made("models", macie_reads=True)}


def test_logs_are_bound_to_the_log_groups_of_the_environment():
    condition = made("operations")["CloudWatchLogs"]["Condition"]
    (groups,) = condition["ArnLike"].values()
    assert list(condition["ArnLike"]) == ["kms:EncryptionContext:aws:logs:arn"]
    assert groups == [
        f"arn:aws:logs:eu-west-1:{ACCOUNT}:log-group:/mlops-dev/*",
        f"arn:aws:logs:eu-west-1:{ACCOUNT}:log-group:/aws/sagemaker/*",
    ]


def test_deploying_accounts_decrypt_models_and_nothing_else():
    members = Members("eu-west-1", readers=[OTHER_ACCOUNT])
    assert "DecryptByDeployingAccounts" in made("models", members=members)
    for data_class in set(DATA_CLASSES) - {"models"}:
        assert OTHER_ACCOUNT not in key_policy(data_class, "p", ACCOUNT, "eu-west-1", (), members)


def test_ecr_retires_its_grants_on_the_models_key_for_roles_of_the_environment():
    retire = made("models")["ImagesOnBehalfOfRoles"]
    assert retire["Action"] == ["kms:RetireGrant"]
    assert retire["Condition"]["StringEquals"] == {"kms:ViaService": "ecr.eu-west-1.amazonaws.com"}


def test_only_signing_roles_sign_and_nobody_can_pass_it_on():
    policy = made(SIGNING, user_arns=[f"arn:aws:iam::{ACCOUNT}:role/deliver"])
    assert [sid for sid, statement in policy.items() if "kms:Sign" in statement["Action"]] == ["SignBySigningRoles"]
    sign = policy["SignBySigningRoles"]
    assert (sign["Action"], sign["Principal"]) == (["kms:Sign"], {"AWS": ROOT})
    assert sign["Condition"] == {
        "ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT}:role/mlops-dev-*-signing"},
        "StringEquals": {"kms:SigningAlgorithm": "ECDSA_SHA_256"},
    }
    actions = {action for statement in policy.values() for action in statement["Action"]}
    passing_on = ("kms:CreateGrant", "kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey", "kms:ReEncrypt")
    assert not [action for action in actions if action.startswith(passing_on)]


def test_roles_of_the_environment_and_deploying_accounts_verify():
    members = Members("eu-west-1", readers=[OTHER_ACCOUNT], role_names=["mlops-*"], organization_id="o-0123456789")
    policy = made(SIGNING, members=members)
    verify = ["kms:DescribeKey", "kms:GetPublicKey", "kms:Verify"]
    assert policy["VerifyByRolesOfTheEnvironment"]["Action"] == verify
    own = {"aws:PrincipalArn": [f"arn:aws:iam::{ACCOUNT}:role/mlops-dev-*"]}
    assert policy["VerifyByRolesOfTheEnvironment"]["Condition"] == {"ArnLike": own}
    elsewhere = policy["VerifyByDeployingAccounts"]
    assert (elsewhere["Action"], elsewhere["Principal"]) == (verify, {"AWS": [f"arn:aws:iam::{OTHER_ACCOUNT}:root"]})
    assert elsewhere["Condition"] == {
        "ArnLike": {"aws:PrincipalArn": [f"arn:aws:iam::{OTHER_ACCOUNT}:role/mlops-*"]},
        "StringEquals": {"aws:PrincipalOrgID": "o-0123456789"},
    }
    assert "VerifyByDeployingAccounts" not in made(SIGNING)


@pytest.mark.parametrize("environment", ["dev", "prod"])
def test_the_signing_key_is_asymmetric_and_is_not_rotated(environment):
    node = only(deployed("EncryptionKeys", arguments("EncryptionKeys", environment)), f"Key it-{SIGNING}")
    assert (node.inputs["customerMasterKeySpec"], node.inputs["keyUsage"]) == ("ECC_NIST_P256", "SIGN_VERIFY")
    assert not {"enableKeyRotation", "rotationPeriodInDays", "multiRegion"} & node.inputs.keys()
    assert bool(node.protect) is (environment == "prod")


@pytest.mark.parametrize(("environment", "window"), [("dev", 7), ("staging", 30), ("prod", 30)])
def test_keys_rotate_yearly_and_wait_before_deletion_by_class(environment, window):
    nodes = deployed("EncryptionKeys", arguments("EncryptionKeys", environment))
    for data_class in DATA_CLASSES:
        key = only(nodes, f"Key it-{data_class}").inputs
        assert (key["enableKeyRotation"], key["rotationPeriodInDays"]) == (True, 365)
        assert key["deletionWindowInDays"] == window


def test_a_component_without_a_class_is_as_careful_as_prod():
    args = arguments("EncryptionKeys", "dev")
    del args["environment_class"]
    key = only(deployed("EncryptionKeys", args), "Key it-models")
    assert (key.protect, key.inputs["deletionWindowInDays"]) == (True, 30)


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"deletion_window_days": 6}, "deletion_window_days"),
        ({"deletion_window_days": 31}, "deletion_window_days"),
        ({"rotation_days": 89}, "rotation_days"),
        ({"environment_class": "production"}, "environment_class"),
        ({"account": "12345"}, "account"),
        ({"region": "Ireland"}, "region"),
        ({"prefix": "Mlops"}, "prefix"),
        ({"user_arns": ["deliver"]}, "user_arns[0]"),
        ({"reader_account_ids": ["x"]}, "reader_account_ids[0]"),
    ],
)
def test_bad_arguments_are_refused_before_anything_is_registered(changes, path):
    assert set(faults("EncryptionKeys", **changes)) == {path}


KEY = "1234abcd-12ab-34cd-56ef-1234567890ab"


@pytest.mark.parametrize("named", [KEY, f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/{KEY}"], ids=["id", "ARN"])
def test_an_adopted_key_is_imported_by_its_id_with_what_an_import_can_match(named):
    nodes = deployed("EncryptionKeys", {**arguments("EncryptionKeys"), "adopted_key_ids": {"personal": named}})
    key, policy = only(nodes, "it-personal"), only(nodes, "it-personal-policy")
    assert (key.import_id, key.retain_on_delete, key.ignore_changes) == (KEY, True, ["tags", "tagsAll"])
    assert key.inputs == {"enableKeyRotation": True, "rotationPeriodInDays": 365}
    assert policy.retain_on_delete is True
    assert "AdministerByAccount" in statements(policy.inputs["policy"])


def test_a_key_that_data_outlives_the_environment_with_stays():
    nodes = deployed("EncryptionKeys", {**arguments("EncryptionKeys"), "retained_classes": ["models"]})
    kept = {name: only(nodes, f" it-{name}").retain_on_delete for name in KEYS}
    assert kept == {**dict.fromkeys(KEYS, False), "models": True}


def test_an_adopted_signing_key_is_imported_as_what_it_has_to_be():
    nodes = deployed("EncryptionKeys", {**arguments("EncryptionKeys"), "adopted_key_ids": {SIGNING: KEY}})
    key = only(nodes, f"it-{SIGNING}")
    assert key.inputs == {"customerMasterKeySpec": "ECC_NIST_P256", "keyUsage": "SIGN_VERIFY"}
    assert "SignBySigningRoles" in statements(only(nodes, f"it-{SIGNING}-policy").inputs["policy"])


def test_an_adopted_key_is_named_by_class_and_id():
    found = faults(
        "EncryptionKeys", adopted_key_ids={"personnel": KEY, "models": "alias/models"}, retained_classes=["raw"]
    )
    assert found.keys() == {"adopted_key_ids.personnel", "adopted_key_ids.models", "retained_classes[0]"}


def test_other_accounts_decrypt_the_artefacts_of_an_adopted_bucket():
    nodes = deployed("EncryptionKeys", {**arguments("EncryptionKeys", "prod"), "models_bucket": "acme-models"})
    policy = only(nodes, " it-models").inputs["policy"]
    assert "arn:aws:s3:::acme-models" in policy
    assert "arn:aws:s3:::mlops-prod-models-" not in policy

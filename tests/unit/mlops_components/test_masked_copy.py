"""Masked copy: one role writes it, import roles of named accounts read it, and nobody comes nearer to the original."""

from __future__ import annotations

import json

import pytest
from tests.support.components import ACCOUNT, OTHER_ACCOUNT, REGION, arguments, bucket, deployed, faults, key, only

from mlops_components.masked_copy import masking_policy
from mlops_components.masked_import import import_policy
from mlops_estate.embedded.iam import Policies, Request, decide

SECRET = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:mlops-prod/pseudonymisation-a1b2c3"
MASKED, RAW = f"arn:aws:s3:::{bucket('masked', 'prod')}", f"arn:aws:s3:::{bucket('raw', 'prod')}"
OWN_RAW = f"mlops-dev-raw-{OTHER_ACCOUNT}-{REGION}"
MASKED_KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/masked"
MASKING = f"arn:aws:iam::{ACCOUNT}:role/mlops-prod-masking"
IMPORTING = f"arn:aws:iam::{OTHER_ACCOUNT}:role/mlops-dev-masked-import"
ALL = json.dumps({"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]})
THROUGH_S3 = {"kms:ViaService": f"s3.{REGION}.amazonaws.com", "kms:EncryptionContext:aws:s3:arn": MASKED}
MASKING_POLICY = masking_policy(
    ACCOUNT, REGION, MASKED, raw_bucket=bucket("raw", "prod"), personal_key=key("personal"), secret=SECRET,
    masked_key=MASKED_KEY, models_bucket=bucket("models", "prod"), models_key=key("models"),
)  # fmt: skip
IMPORT_POLICY = import_policy(
    OTHER_ACCOUNT, ACCOUNT, REGION, bucket("masked", "prod"), OWN_RAW, f"arn:aws:kms:{REGION}:{OTHER_ACCOUNT}:key/own"
)


@pytest.fixture(scope="module")
def prod():
    return deployed("MaskedCopy", arguments("MaskedCopy", "prod"))


@pytest.fixture(scope="module")
def decides(prod):
    """Return what decides a request against the deployed policies of bucket and key."""
    documents = {
        "s3": only(prod, "BucketPolicy it-policy").inputs["policy"],
        "kms": only(prod, "it-key").inputs["policy"],
    }

    def allowed(role: str, own: str, action: str, resource: str, **context: str) -> bool:
        told = {
            "aws:PrincipalArn": role, "aws:SecureTransport": "true", "aws:PrincipalOrgID": "o-0123456789", **context
        }  # fmt: skip
        request = Request(role, action, resource, told, account=ACCOUNT)
        return decide(request, Policies(identity=[own], resource=documents[action.split(":")[0]])).allowed

    return allowed


def test_masking_writes_the_copy_and_encrypts_it(decides):
    assert decides(MASKING, MASKING_POLICY, "s3:PutObject", f"{MASKED}/a.csv")
    assert decides(MASKING, MASKING_POLICY, "kms:GenerateDataKey", MASKED_KEY, **THROUGH_S3)


def test_nobody_else_writes_it_whatever_a_policy_of_their_own_allows(decides):
    for role in (f"arn:aws:iam::{ACCOUNT}:role/mlops-prod-admin", IMPORTING):
        assert not decides(role, ALL, "s3:PutObject", f"{MASKED}/a.csv")


def test_the_import_role_reads_and_decrypts_the_copy(decides):
    assert decides(IMPORTING, IMPORT_POLICY, "s3:GetObject", f"{MASKED}/a.csv")
    assert decides(IMPORTING, IMPORT_POLICY, "s3:ListBucket", MASKED)
    assert decides(IMPORTING, IMPORT_POLICY, "kms:Decrypt", MASKED_KEY, **THROUGH_S3)


@pytest.mark.parametrize(
    "role",
    [
        f"arn:aws:iam::{OTHER_ACCOUNT}:role/analyst",
        "arn:aws:iam::999999999999:role/mlops-dev-masked-import",
    ],
)
def test_other_roles_and_accounts_get_nothing(decides, role):
    assert not decides(role, ALL, "s3:GetObject", f"{MASKED}/a.csv")
    assert not decides(role, ALL, "kms:Decrypt", MASKED_KEY, **THROUGH_S3)


def test_the_copys_key_opens_nothing_else_and_only_through_s3(decides):
    elsewhere = {**THROUGH_S3, "kms:EncryptionContext:aws:s3:arn": RAW}
    for role, own in ((IMPORTING, ALL), (MASKING, MASKING_POLICY)):
        assert not decides(role, own, "kms:Decrypt", MASKED_KEY, **elsewhere)
        assert not decides(role, own, "kms:Decrypt", MASKED_KEY)
    assert not decides(f"arn:aws:iam::{ACCOUNT}:root", ALL, "kms:Decrypt", MASKED_KEY, **THROUGH_S3)


def identity_allows(own: str, action: str, resource: str, **context: str) -> bool:
    return decide(Request(MASKING, action, resource, context, account=ACCOUNT), Policies(identity=[own])).allowed


def test_masking_reads_the_original_and_never_changes_it():
    assert identity_allows(MASKING_POLICY, "s3:GetObject", f"{RAW}/a.csv")
    for action in ("s3:PutObject", "s3:DeleteObject"):
        assert not identity_allows(MASKING_POLICY, action, f"{RAW}/a.csv")
    assert not identity_allows(MASKING_POLICY, "s3:GetObject", f"{MASKED}/a.csv")
    assert identity_allows(MASKING_POLICY, "secretsmanager:GetSecretValue", SECRET)
    assert not identity_allows(MASKING_POLICY, "secretsmanager:GetSecretValue", SECRET.replace("pseudo", "other"))


def test_masking_reads_its_code_and_no_model():
    models = f"arn:aws:s3:::{bucket('models', 'prod')}"
    assert identity_allows(MASKING_POLICY, "s3:GetObject", f"{models}/loans/masking/0123/sourcedir.tar.gz")
    assert not identity_allows(MASKING_POLICY, "s3:GetObject", f"{models}/loans/models/run/model.tar.gz")
    assert not identity_allows(MASKING_POLICY, "s3:PutObject", f"{models}/loans/masking/0123/sourcedir.tar.gz")
    assert identity_allows(MASKING_POLICY, "s3:ListBucket", models, **{"s3:prefix": "loans/masking/0123/"})
    assert not identity_allows(MASKING_POLICY, "s3:ListBucket", models, **{"s3:prefix": "loans/models/"})
    root = {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}
    delegates = {"Statement": [{"Effect": "Allow", "Principal": root, "Action": "kms:*", "Resource": "*"}]}
    policies = Policies(identity=[MASKING_POLICY], resource=json.dumps(delegates))
    through, by_itself = (
        decide(Request(MASKING, "kms:Decrypt", key("models"), context, account=ACCOUNT), policies).allowed
        for context in (THROUGH_S3, {})
    )
    assert (through, by_itself) == (True, False)


def test_the_import_reaches_no_original():
    assert not identity_allows(IMPORT_POLICY, "s3:GetObject", f"{RAW}/a.csv")
    assert "secretsmanager" not in IMPORT_POLICY
    assert identity_allows(IMPORT_POLICY, "s3:PutObject", f"arn:aws:s3:::{OWN_RAW}/a.csv")


def test_the_copy_is_versioned_logged_and_expires(prod):
    assert only(prod, "it-versioning").inputs["versioningConfiguration"] == {"status": "Enabled"}
    assert only(prod, "it-logging").inputs["targetBucket"] == bucket("access-logs", "prod")
    rules = only(prod, "it-lifecycle").inputs["rules"]
    assert [rule["expiration"]["days"] for rule in rules if "expiration" in rule] == [30]


def test_a_copy_that_nobody_reads_admits_nobody():
    nodes = deployed("MaskedCopy", arguments("MaskedCopy", "dev"))
    text = json.dumps([node.inputs for node in nodes.values()], default=str)
    assert "ByImport" not in text
    assert only(nodes, "Bucket it").inputs["forceDestroy"] is True


def test_the_import_role_is_called_as_the_copy_expects_it():
    role = only(deployed("MaskedImport", arguments("MaskedImport", "dev")), "Role it").inputs
    assert role["name"] == IMPORTING.split("/")[1]


@pytest.mark.parametrize(
    ("component", "changes", "path"),
    [
        ("MaskedCopy", {"secret_arn": "pseudonymisation"}, "secret_arn"),
        ("MaskedCopy", {"personal_key_arn": "alias/personal"}, "personal_key_arn"),
        ("MaskedCopy", {"retention_days": 0}, "retention_days"),
        ("MaskedCopy", {"deletion_window_days": 6}, "deletion_window_days"),
        ("MaskedCopy", {"reader_account_ids": ["1"]}, "reader_account_ids[0]"),
        ("MaskedCopy", {"prefix": "mlops-" + "x" * 40}, "prefix"),
        ("MaskedImport", {"source_account": "1"}, "source_account"),
        ("MaskedImport", {"source_prefix": "x" * 40}, "source_prefix"),
        ("MaskedImport", {"source_account": ACCOUNT, "source_prefix": "mlops-dev"}, "source_prefix"),
        ("MaskedImport", {"prefix": "m" * 60}, "prefix"),
        ("MaskedImport", {"region": "xx-north-1"}, "region"),
    ],
)
def test_bad_arguments_are_refused_before_anything_is_registered(component, changes, path):
    assert set(faults(component, **changes)) == {path}

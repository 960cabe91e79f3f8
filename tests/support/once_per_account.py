"""What a landing zone has set up in an account already, made with boto3; and how AWS answers a second one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mlops_estate.embedded.account import EmbeddedAccount

ACCOUNT = EmbeddedAccount.account_id
BLOCKED = dict.fromkeys(("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"), True)


def _catalog(account: EmbeddedAccount) -> None:
    rest = {"CatalogEncryptionMode": "SSE-KMS"}
    account.client("glue").put_data_catalog_encryption_settings(
        DataCatalogEncryptionSettings={
            "EncryptionAtRest": rest,
            "ConnectionPasswordEncryption": {"ReturnConnectionPasswordEncrypted": True},
        }
    )


PRESENT: dict[str, Callable[[EmbeddedAccount], Any]] = {
    "catalog_encryption": _catalog,
    "s3_public_access_block": lambda account: account.client("s3control").put_public_access_block(
        AccountId=ACCOUNT, PublicAccessBlockConfiguration=BLOCKED
    ),
    "ebs_encryption": lambda account: account.client("ec2").enable_ebs_encryption_by_default(),
    "guardduty": lambda account: account.client("guardduty").create_detector(Enable=True),
    "macie": lambda account: account.client("macie2").enable_macie(),
    "security_hub": lambda account: account.client("securityhub").enable_security_hub(),
    "inspector": lambda account: account.client("inspector2").enable(resourceTypes=["ECR", "LAMBDA"]),
    "access_analyzer": lambda account: account.client("accessanalyzer").create_analyzer(
        analyzerName="landing-zone", type="ACCOUNT"
    ),
}
"""By key of `account_baseline`."""


TAKEN_TWICE = {"catalog_encryption", "s3_public_access_block", "ebs_encryption"}
"""Settings of the account: a second put overwrites the first, and AWS refuses nothing."""

ANSWERS = {
    "guardduty": "BadRequestException: The request is rejected because a detector already exists",
    "macie": "ConflictException: Macie has already been enabled",
    "security_hub": "ResourceConflictException: Account is already subscribed to Security Hub",
    "inspector": "ALREADY_ENABLED",
    "access_analyzer": "ServiceQuotaExceededException",
}
"""Words of AWS's error for each of the others."""

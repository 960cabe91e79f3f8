"""What a landing zone has set up in an account already, made with boto3; and how AWS answers a second one."""

from __future__ import annotations

import json
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


def _trail(account: EmbeddedAccount) -> None:
    bucket = f"landing-zone-trail-{ACCOUNT}"
    service = {"Effect": "Allow", "Principal": {"Service": "cloudtrail.amazonaws.com"}}
    objects = f"arn:aws:s3:::{bucket}/AWSLogs/{ACCOUNT}/*"
    policy = {
        "Version": "2012-10-17",
        "Statement": [
            {**service, "Action": "s3:GetBucketAcl", "Resource": f"arn:aws:s3:::{bucket}"},
            {**service, "Action": "s3:PutObject", "Resource": objects},
        ],
    }
    s3 = account.client("s3")
    s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": account.region})
    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps(policy))
    account.client("cloudtrail").create_trail(Name="landing-zone", S3BucketName=bucket)


def _recorder(account: EmbeddedAccount) -> None:
    role = f"arn:aws:iam::{ACCOUNT}:role/landing-zone-config"
    recorder = {"name": "default", "roleARN": role, "recordingGroup": {"allSupported": True}}
    account.client("config").put_configuration_recorder(ConfigurationRecorder=recorder)


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
    "cost_anomaly_monitor": lambda account: account.client("ce").create_anomaly_monitor(
        AnomalyMonitor={
            "MonitorName": "Default-Services-Monitor",
            "MonitorType": "DIMENSIONAL",
            "MonitorDimension": "SERVICE",
        }
    ),
    "cloudtrail": _trail,
    "config_recorder": _recorder,
    "config_service_role": lambda account: account.client("iam").create_service_linked_role(
        AWSServiceName="config.amazonaws.com"
    ),
}
"""By key of `account_baseline`."""


TAKEN_TWICE = {"catalog_encryption", "cloudtrail", "ebs_encryption", "s3_public_access_block"}
"""What AWS refuses no second of: a put overwrites a setting, and an account may have five trails in a region."""

ANSWERS = {
    "guardduty": "BadRequestException: The request is rejected because a detector already exists",
    "macie": "ConflictException: Macie has already been enabled",
    "security_hub": "ResourceConflictException: Account is already subscribed to Security Hub",
    "inspector": "ALREADY_ENABLED",
    "access_analyzer": "ServiceQuotaExceededException",
    "cost_anomaly_monitor": "LimitExceededException: Limit exceeded on dimensional spend monitor creation",
    "config_recorder": "MaxNumberOfConfigurationRecordersExceeded",
    "config_service_role": "has been taken",
}
"""Words of AWS's error for each of the others."""

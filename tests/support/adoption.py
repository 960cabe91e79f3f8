"""Buckets and keys that are there before the estate, and a session that adopts them."""

from __future__ import annotations

import dataclasses
from typing import Any

from mlops_estate.config import load_environment
from mlops_estate.embedded.account import EmbeddedAccount
from mlops_estate.embedded.driver import AwsDriver
from mlops_estate.up.session import EstateSession
from tests.support.programs import MODEL, PROJECT

REGION = "eu-west-1"
SNAPSHOTS, RAW = "acme-snapshots", "acme-loan-applications"
UNPINNED = {MODEL: None}


def make_bucket(account: EmbeddedAccount, name: str, **more: Any) -> None:
    s3 = account.client("s3")
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION}, **more)
    s3.put_bucket_tagging(Bucket=name, Tagging={"TagSet": [{"Key": "owner", "Value": "lending"}]})


def make_key(account: EmbeddedAccount, *, days: int = 365) -> str:
    kms = account.client("kms")
    key_id: str = kms.create_key(Description="theirs", Tags=[{"TagKey": "owner", "TagValue": "lending"}])[
        "KeyMetadata"
    ]["KeyId"]
    kms.enable_key_rotation(KeyId=key_id, RotationPeriodInDays=days)
    return key_id


def session(account: EmbeddedAccount, adopt: dict[str, Any], name: str = "dev", **estate: Any) -> EstateSession:
    loaded = load_environment(name, PROJECT)
    changed = dataclasses.replace(loaded, estate_raw={**loaded.estate_raw, **estate, "adopt": adopt})
    return EstateSession(changed, account, AwsDriver(account, name))

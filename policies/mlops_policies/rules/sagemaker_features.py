"""Feature groups: keys of both stores, and an offline store to rebuild what was known when."""

from __future__ import annotations

from collections.abc import Iterator

from mlops_policies.resource import Resource
from mlops_policies.rule import Use, resource_rule
from mlops_policies.verdicts import Verdict, not_applicable

FEATURE_GROUP = "aws:sagemaker/featureGroup:FeatureGroup"
_CONFIG = "https://docs.aws.amazon.com/config/latest/developerguide/"
_API = "https://docs.aws.amazon.com/sagemaker/latest/APIReference/"


@resource_rule(
    "sm-featuregroup-offline-kms",
    on=[FEATURE_GROUP],
    title="Offline stores of feature groups are encrypted with a KMS key that is named.",
    severity="medium",
    level="mandatory",
    why="Without a key the store is encrypted with one that AWS manages: who may read it is in no policy of yours.",
    fix="Set kmsKeyId in offlineStoreConfig.s3StorageConfig; this replaces the feature group",
    source=f"{_CONFIG}sagemaker-featuregroup-encryption-at-rest.html",
)
def offline_key(it: Resource, use: Use) -> Iterator[Verdict]:
    """A group without an offline store is no fault of this rule."""
    if it.present("offlineStoreConfig"):
        yield it.requires("offlineStoreConfig.s3StorageConfig.kmsKeyId")
    else:
        yield not_applicable("it has no offline store")


@resource_rule(
    "sm-featuregroup-online-kms",
    on=[FEATURE_GROUP],
    title="Online stores of feature groups are encrypted with a KMS key that is named.",
    severity="medium",
    level="mandatory",
    why="Without a key the store is encrypted with one that AWS owns: its use is logged nowhere that you can see.",
    fix="Set kmsKeyId in onlineStoreConfig.securityConfig; this replaces the feature group",
    source=f"{_CONFIG}sagemaker-featuregroup-online-store-encryption.html",
)
def online_key(it: Resource, use: Use) -> Iterator[Verdict]:
    """The online store is off where nothing is said. Like AWS Config the rule leaves the in-memory tier alone;
    Standard_V2, which is younger than AWS's rule, is a standard store."""
    if not it.get("onlineStoreConfig.enableOnlineStore", False):
        yield not_applicable("it has no online store")
    elif it.get("onlineStoreConfig.storageType") == "InMemory":
        yield not_applicable("its online store is in memory")
    else:
        yield it.requires("onlineStoreConfig.securityConfig.kmsKeyId")


@resource_rule(
    "sm-featuregroup-offline-store-present",
    on=[FEATURE_GROUP],
    title="Feature groups keep a history in an offline store.",
    severity="medium",
    level="advisory",
    category="ml-governance",
    why="The online store knows the newest values only: what a model was trained on, or decided by, can't be rebuilt.",
    fix="Declare offlineStoreConfig, with a bucket that is versioned",
    source=f"{_API}API_CreateFeatureGroup.html",
)
def offline_store(it: Resource, use: Use) -> Iterator[Verdict]:
    """An offline store that is unknown until the update is one."""
    yield it.requires("offlineStoreConfig")

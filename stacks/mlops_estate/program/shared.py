"""What the models of an environment share: keys, network, buckets, catalogue, alerts, budget."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pulumi

from mlops_components import AlertTopics, DataCatalog, DataLake, EncryptionKeys, EnvironmentBudget, PrivateNetwork
from mlops_components.data_lake import PURPOSES
from mlops_components.signing_key import SIGNING
from mlops_estate.config import EnvironmentConfig, names

if TYPE_CHECKING:
    from mlops_components import PrivateNetworkArgs
    from mlops_pipelines.features import Schema

SIGNED = frozenset({"models", "reports"})
"""Purposes of the buckets of what is signed and of the signatures: they are verified as long as they are kept."""
GLUE_TYPES = {"integer": "bigint", "number": "double", "category": "string", "text": "string"}
"""Glue's type for each type of the data's schema."""


@dataclass(frozen=True, slots=True)
class Shared:
    """What the models of an environment share."""

    keys: EncryptionKeys
    network: PrivateNetwork
    lake: DataLake
    catalog: DataCatalog
    topics: AlertTopics
    budget: EnvironmentBudget


def declare_shared(config: EnvironmentConfig, schemas: Mapping[str, Schema], opts: pulumi.ResourceOptions) -> Shared:
    """Declare what is shared and return it."""
    estate = config.estate
    keys = _keys(config, opts)
    network = PrivateNetwork("network", _network_args(config, keys), opts)
    lake = _lake(config, keys, network, opts)
    topics = AlertTopics(
        "alerts",
        {
            "prefix": config.prefix,
            "account": estate.account,
            "region": estate.region,
            "key_arn": keys.operations_key_arn,
            "critical_emails": estate.alerts.critical,
            "warning_emails": estate.alerts.warning,
            "info_emails": estate.alerts.info,
        },
        opts,
    )
    return Shared(
        keys, network, lake, _catalog(config, schemas, keys, lake, opts), topics, _budget(config, topics, opts)
    )


def _keys(config: EnvironmentConfig, opts: pulumi.ResourceOptions) -> EncryptionKeys:
    estate = config.estate
    return EncryptionKeys(
        "keys",
        {
            "prefix": config.prefix,
            "account": estate.account,
            "region": estate.region,
            "environment_class": config.environment_class,
            "deletion_window_days": estate.keys.deletion_window_days,
            "rotation_days": estate.keys.rotation_days,
            "user_arns": estate.delivery_role_arns,
            "reader_account_ids": estate.other_accounts,
            "member_role_names": estate.member_role_names,
            "organization_id": estate.registry.organization_id or "",
            "macie_reads": estate.account_baseline.mode("macie") != "off",
            "protect": estate.protect,
            "models_bucket": estate.adopt.buckets.models
            or names.bucket(config.prefix, "models", estate.account, estate.region),
            "adopted_key_ids": estate.adopt.keys.by_class(),
            "retained_classes": classes_that_stay(estate.adopt.buckets.by_purpose()),
        },
        opts,
    )


def classes_that_stay(adopted_buckets: Collection[str]) -> list[str]:
    """Return the keys that outlive the estate: what adopted buckets hold is read, or verified, with them."""
    plans = [PURPOSES[purpose] for purpose in adopted_buckets if purpose in PURPOSES]
    classes = {plan.data_class for plan in plans} | {plan.also_encrypted_as for plan in plans} - {""}
    return sorted(classes | ({SIGNING} if SIGNED & set(adopted_buckets) else set()))


def _lake(
    config: EnvironmentConfig, keys: EncryptionKeys, network: PrivateNetwork, opts: pulumi.ResourceOptions
) -> DataLake:
    estate = config.estate
    return DataLake(
        "lake",
        {
            "prefix": config.prefix,
            "account": estate.account,
            "region": estate.region,
            "environment_class": config.environment_class,
            "personal_key_arn": keys.personal_key_arn,
            "features_key_arn": keys.features_key_arn,
            "models_key_arn": keys.models_key_arn,
            "operations_key_arn": keys.operations_key_arn,
            "snapshot_lock_mode": estate.storage.snapshot_lock_mode,
            "snapshot_lock_days": estate.storage.snapshot_lock_days,
            "capture_retention_days": estate.storage.capture_retention_days,
            "log_retention_days": estate.storage.log_retention_days,
            "s3_endpoint_ids": network.s3_endpoint_ids if estate.protection.endpoint_only else [],
            "outside_role_arns": estate.protection.outside_role_arns,
            "reader_account_ids": estate.other_accounts,
            "member_role_names": estate.member_role_names,
            "organization_id": estate.registry.organization_id or "",
            "protect": estate.protect,
            "adopted_buckets": estate.adopt.buckets.by_purpose(),
        },
        opts,
    )


def _network_args(config: EnvironmentConfig, keys: EncryptionKeys) -> PrivateNetworkArgs:
    estate, network = config.estate, config.estate.network
    args: PrivateNetworkArgs = {
        "prefix": config.prefix,
        "account": config.estate.account,
        "region": config.estate.region,
        "environment_class": config.environment_class,
        "trusted_account_ids": estate.other_accounts,
    }
    if network.vpc_id is not None:
        args["vpc_id"], args["subnet_ids"] = network.vpc_id, network.subnet_ids
        if network.security_group_ids:
            args["security_group_ids"] = network.security_group_ids
        args["s3_endpoint_ids"] = network.s3_endpoint_ids
        return args
    args["zones"] = estate.zones
    args["logs_key_arn"] = keys.operations_key_arn
    args["flow_log_retention_days"] = network.flow_log_retention_days
    if network.cidr is not None:
        args["cidr_block"] = network.cidr
    return args


def _catalog(
    config: EnvironmentConfig,
    schemas: Mapping[str, Schema],
    keys: EncryptionKeys,
    lake: DataLake,
    opts: pulumi.ResourceOptions,
) -> DataCatalog:
    return DataCatalog(
        "catalog",
        {
            "prefix": config.prefix,
            "account": config.estate.account,
            "raw_bucket": lake.raw_bucket,
            "tables": [
                {
                    "name": model.replace("-", "_"),  # Athena reads no hyphens in names
                    "key_prefix": model,
                    "columns": [
                        {"name": column.name.lower(), "type": GLUE_TYPES[column.type]} for column in schema.columns
                    ],
                }
                for model, schema in schemas.items()
            ],
            "catalog_encryption": config.estate.account_baseline.mode("catalog_encryption"),
            "catalog_key_arn": keys.operations_key_arn,
        },
        opts,
    )


def _budget(config: EnvironmentConfig, topics: AlertTopics, opts: pulumi.ResourceOptions) -> EnvironmentBudget:
    return EnvironmentBudget(
        "budget",
        {
            "prefix": config.prefix,
            "account": config.estate.account,
            "monthly_usd": config.estate.budget.monthly_usd,
            "warning_topic_arn": topics.warning_topic_arn,
            "critical_topic_arn": topics.critical_topic_arn,
            "warn_at_percent": config.estate.budget.warn_at_percent,
        },
        opts,
    )

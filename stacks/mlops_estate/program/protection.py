"""What protects data and artefacts beyond keys and buckets: the estate's own images, masked data, secrets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pulumi

from mlops_components import ImageRepository, MaskedCopy, MaskedImport, RotatedSecret
from mlops_estate.config import EnvironmentConfig, names
from mlops_estate.program.shared import Shared

if TYPE_CHECKING:
    from mlops_components import RotatedSecretArgs


def declare_protection(config: EnvironmentConfig, shared: Shared, opts: pulumi.ResourceOptions) -> dict[str, Any]:
    """Declare it and return the stack's outputs."""
    outputs: dict[str, Any] = {"repositories": _repositories(config, shared, opts)}
    copy = config.estate.protection.masked_copy
    if copy.enabled:
        outputs["masked_copy"] = _masked_copy(config, shared, opts)
    elif copy.source_account is not None and copy.source_prefix is not None:
        outputs["masked_import"] = _masked_import(config, shared, copy.source_account, copy.source_prefix, opts)
    return outputs


def _repositories(
    config: EnvironmentConfig, shared: Shared, opts: pulumi.ResourceOptions
) -> dict[str, pulumi.Output[str]]:
    """Declare the repositories of the estate's own images: in the registry's account, references elsewhere."""
    estate = config.estate
    return {
        image: ImageRepository(
            f"images-{image}",
            {
                "account": estate.account,
                "registry_account": estate.registry.account,
                "region": estate.region,
                "environment_class": config.environment_class,
                "repository_name": names.repository(estate.registry.prefix, image),
                "key_arn": shared.keys.models_key_arn,
                "reader_account_ids": estate.other_accounts,
                "member_role_names": estate.member_role_names,
                "organization_id": estate.registry.organization_id or "",
                "protect": estate.protect,
            },
            opts,
        ).repository_url
        for image in estate.registry.repositories
    }


def _masked_copy(config: EnvironmentConfig, shared: Shared, opts: pulumi.ResourceOptions) -> dict[str, Any]:
    """Declare the masked copy and the secret of its pseudonyms; each model has a masking pipeline of its own."""
    estate, copy = config.estate, config.estate.protection.masked_copy
    secret = RotatedSecret("pseudonymisation", _secret_args(config, shared), opts)
    made = MaskedCopy(
        "masked",
        {
            "prefix": config.prefix,
            "account": estate.account,
            "region": estate.region,
            "environment_class": config.environment_class,
            "raw_bucket": shared.lake.raw_bucket,
            "personal_key_arn": shared.keys.personal_key_arn,
            "secret_arn": secret.secret_arn,
            "models_bucket": shared.lake.models_bucket,
            "models_key_arn": shared.keys.models_key_arn,
            "access_logs_bucket": shared.lake.access_logs_bucket,
            "reader_account_ids": copy.readers,
            "organization_id": estate.registry.organization_id or "",
            "retention_days": copy.retention_days,
            "deletion_window_days": estate.keys.deletion_window_days,
            "protect": estate.protect,
        },
        opts,
    )
    return {
        "bucket": made.masked_bucket,
        "uri": made.masked_uri,
        "key": made.masked_key_arn,
        "role": made.role_arn,
        "secret": secret.secret_name,
        "secret_arn": secret.secret_arn,
    }


def _secret_args(config: EnvironmentConfig, shared: Shared) -> RotatedSecretArgs:
    estate = config.estate
    args: RotatedSecretArgs = {
        "prefix": config.prefix,
        "account": estate.account,
        "region": estate.region,
        "environment_class": config.environment_class,
        "secret_name": "pseudonymisation",
        "description": "HMAC key of the pseudonyms in masked copies",
        "key_arn": shared.keys.personal_key_arn,
        "logs_key_arn": shared.keys.operations_key_arn,
        "alarm_topic_arn": shared.topics.critical_topic_arn,
        "rotation_days": estate.protection.masked_copy.key_rotation_days,
        "protect": estate.protect,
    }
    # A managed network has an endpoint of Secrets Manager outside dev; of a brought one nobody knows.
    if estate.network.managed and config.environment_class != "dev":
        args["subnet_ids"] = shared.network.subnet_ids
        args["security_group_ids"] = shared.network.security_group_ids
    return args


def _masked_import(
    config: EnvironmentConfig, shared: Shared, account: str, prefix: str, opts: pulumi.ResourceOptions
) -> dict[str, Any]:
    """Declare what reads another environment's masked copy."""
    made = MaskedImport(
        "masked-import",
        {
            "prefix": config.prefix,
            "account": config.estate.account,
            "region": config.estate.region,
            "source_account": account,
            "source_prefix": prefix,
            "raw_bucket": shared.lake.raw_bucket,
            "personal_key_arn": shared.keys.personal_key_arn,
        },
        opts,
    )
    return {"uri": made.source_uri, "role": made.role_arn}

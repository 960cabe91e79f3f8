"""What protects data and artefacts beyond keys and buckets: the estate's own images, masked data, secrets."""

from __future__ import annotations

from typing import Any

import pulumi

from mlops_components import ImageRepository
from mlops_estate.config import EnvironmentConfig, names
from mlops_estate.program.shared import Shared


def declare_protection(config: EnvironmentConfig, shared: Shared, opts: pulumi.ResourceOptions) -> dict[str, Any]:
    """Declare it and return the stack's outputs."""
    return {"repositories": _repositories(config, shared, opts)}


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

"""How many IAM roles an environment's models have, held against IAM's quota."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mlops_estate.config.environment import EnvironmentConfig
    from mlops_estate.config.models import ModelBlock

DEFAULT_QUOTA = 1_000
MOST_ROLES = 5_000
SOURCE = "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html"
"""Roles in an account: 1,000 by default, and how far a request for more is granted."""
QUOTA_CODE = "L-FE177D64"
"""Service Quotas' code of the quota `Roles per account`."""


def roles_of_model(model: ModelBlock, *, masked: bool) -> tuple[str, ...]:
    """Return the suffixes of a model's roles once a version of it is pinned: `{prefix}-{model}-{suffix}`.

    `masked` says whether the environment makes masked copies.
    """
    always = ("pipeline", "processing", "registry", "training", "signing", "verifying", "features", "endpoint")
    monitor = ("monitor",) if model.monitored else ()
    schedule = () if model.training.schedule == "none" else ("scheduler",)
    return (*always, *monitor, *schedule, *(("masking",) if masked else ()))


def role_count(models: Mapping[str, ModelBlock], *, masked: bool) -> int:
    """Return how many roles the models have together; what the environment shares comes on top."""
    return sum(len(roles_of_model(model, masked=masked)) for model in models.values())


def role_notes(config: EnvironmentConfig) -> list[str]:
    """Return what to do before so many roles can be made; empty where IAM's default quota holds them."""
    count = role_count(config.models, masked=config.estate.protection.masked_copy.enabled)
    if count <= DEFAULT_QUOTA:
        return []
    ask = (
        f"aws service-quotas request-service-quota-increase --region us-east-1 --service-code iam --quota-code "
        f"{QUOTA_CODE} --desired-value {min(MOST_ROLES, count + DEFAULT_QUOTA)}"
    )
    fix = ask if count < MOST_ROLES else f"spread the models over {-(-count // (MOST_ROLES - DEFAULT_QUOTA))} accounts"
    return [
        f"{len(config.models)} models have {count:,} IAM roles, and an account has {DEFAULT_QUOTA:,} by default "
        f"({MOST_ROLES:,} at most, {SOURCE}): {fix}"
    ]

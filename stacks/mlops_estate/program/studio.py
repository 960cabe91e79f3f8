"""Where people work with data, if the environment has it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pulumi

from mlops_components import StudioDomain
from mlops_estate.config import EnvironmentConfig
from mlops_estate.program.shared import Shared

if TYPE_CHECKING:
    from mlops_components import StudioDomainArgs


def declare_studio(config: EnvironmentConfig, shared: Shared, opts: pulumi.ResourceOptions) -> dict[str, Any]:
    """Declare the domain and the people's profiles, and return what the stack says of them."""
    estate, studio = config.estate, config.estate.studio
    if not studio.enabled:
        return {}
    args: StudioDomainArgs = {
        "prefix": config.prefix,
        "account": estate.account,
        "region": estate.region,
        "environment_class": config.environment_class,
        "vpc_id": shared.network.vpc_id,
        "subnet_ids": shared.network.subnet_ids,
        "security_group_ids": shared.network.security_group_ids,
        "key_arn": shared.keys.personal_key_arn,
        "auth_mode": studio.auth_mode,
        "idle_minutes": studio.idle_minutes,
        "user_names": studio.users,
        "protect": estate.protect,
    }
    if estate.adopt.domain is not None:
        args["adopted_domain_id"] = estate.adopt.domain
    domain = StudioDomain("studio", args, opts)
    return {"studio": {"domain_id": domain.domain_id, "role_arn": domain.role_arn}}

"""The personas of an environment: the roles that people take."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pulumi

from mlops_components import Personas
from mlops_estate.config import EnvironmentConfig
from mlops_estate.program.shared import Shared

if TYPE_CHECKING:
    from mlops_components import PersonasArgs
    from mlops_components.persona_trust import PersonaTrust


def declare_people(config: EnvironmentConfig, shared: Shared, opts: pulumi.ResourceOptions) -> dict[str, Any]:
    """Declare the personas and return the ARN of each one's role."""
    personas = Personas("people", _args(config, shared), opts)
    return {
        "data_scientist": personas.data_scientist_role_arn,
        "ml_engineer": personas.ml_engineer_role_arn,
        "model_approver": personas.model_approver_role_arn,
        "auditor": personas.auditor_role_arn,
        "platform_operator": personas.platform_operator_role_arn,
        "boundary": personas.boundary_arn,
    }


def _args(config: EnvironmentConfig, shared: Shared) -> PersonasArgs:
    estate = config.estate
    args: PersonasArgs = {
        "prefix": config.prefix,
        "account": estate.account,
        "region": estate.region,
        "environment_class": config.environment_class,
        "environment": config.name,
        "registry_account": estate.registry.account,
        "registry_prefix": estate.registry.prefix,
        "personal_key_arn": shared.keys.personal_key_arn,
        "features_key_arn": shared.keys.features_key_arn,
        "models_key_arn": shared.keys.models_key_arn,
        "operations_key_arn": shared.keys.operations_key_arn,
        "trust": _trust(config),
        "identity_account_ids": estate.people.identity_accounts,
    }
    if estate.permissions_boundary_arn is not None:
        args["permissions_boundary_arn"] = estate.permissions_boundary_arn
    return args


def _trust(config: EnvironmentConfig) -> list[PersonaTrust]:
    made: list[PersonaTrust] = []
    for persona, block in config.estate.people.trust.items():
        trust: PersonaTrust = {"persona": persona}
        if block.sso:
            trust["permission_set"] = block.sso
        if block.principals:
            trust["principal_arns"] = block.principals
        made.append(trust)
    return made

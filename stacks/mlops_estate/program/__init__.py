"""The estate's composition: what an environment shares once, and what each model has."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pulumi
import pulumi_aws as aws
import pulumi_aws_native as aws_native

from mlops_estate.config import EnvironmentConfig, load_schemas
from mlops_estate.faults import FaultsFound
from mlops_estate.program.audit import declare_audit
from mlops_estate.program.baseline import declare_baseline
from mlops_estate.program.costs import declare_costs
from mlops_estate.program.lineage import tagged
from mlops_estate.program.masking import declare_masking
from mlops_estate.program.models import declare_model
from mlops_estate.program.people import declare_people
from mlops_estate.program.protection import declare_protection
from mlops_estate.program.recovery import declare_recovery
from mlops_estate.program.schedules import declare_schedules
from mlops_estate.program.shared import Shared, declare_shared
from mlops_estate.program.studio import declare_studio

__all__ = ["PROJECT_DIR", "RefusedConfiguration", "Shared", "declare"]

PROJECT_DIR = Path(__file__).resolve().parents[3]
"""The project: files that a model names are relative to it. A program's own working directory is `stacks/`."""


class RefusedConfiguration(FaultsFound, pulumi.RunError):
    """The faults of a configuration, in a form that Pulumi prints without a stack trace."""


def declare(config: EnvironmentConfig, project_dir: Path = PROJECT_DIR) -> dict[str, Any]:
    """Declare every resource of the environment and return the stack's outputs by name.

    Models without a pinned version get all but model, endpoint configuration, endpoint, scaling and monitor; their
    outputs say what they wait for. Raises `FaultsFound` when a model names a file that is missing or doesn't fit.
    """
    schemas = load_schemas(config.models, project_dir)
    boundary = config.estate.permissions_boundary_arn
    bounds = [_bounded(boundary)] if boundary else []
    providers = _providers(config)
    opts = pulumi.ResourceOptions(providers=providers, transformations=bounds)
    shared = declare_shared(config, schemas, opts)
    protection = declare_protection(config, shared, opts)
    recovery = declare_recovery(config, shared, opts)
    people = declare_people(config, shared, opts)
    baseline = declare_baseline(config, shared, opts)
    studio = declare_studio(config, shared, opts)
    audit = declare_audit(config, shared, opts)
    models = {}
    for name, model in config.models.items():
        # Relative to the program's folder, so that a component's recorded inputs are the same on every machine.
        schema_file = os.path.relpath(project_dir / model.schema_path)
        own = pulumi.ResourceOptions(providers=providers, transformations=[*bounds, tagged(config, name, model)])
        models[name] = declare_model(config, name, model, schemas[name], schema_file, shared, own)
        if copy := protection.get("masked_copy"):
            models[name] |= declare_masking(config, name, model, schema_file, shared, copy, own)
    declare_schedules(config, shared, models, opts)
    costs = declare_costs(config, shared, people, models, opts)
    return {
        **_shared_outputs(config, shared),
        **costs,
        **protection,
        "recovery": recovery,
        "people": people,
        "account_baseline": baseline,
        **studio,
        "audit": audit,
        "models": models,
    }


def _shared_outputs(config: EnvironmentConfig, shared: Shared) -> dict[str, Any]:
    """Return what the stack exports of what all models share."""
    return {
        "environment": config.name,
        "account": config.estate.account,
        "region": config.estate.region,
        "vpc_id": shared.network.vpc_id,
        "subnet_ids": shared.network.subnet_ids,
        "security_group_ids": shared.network.security_group_ids,
        "s3_endpoint_ids": shared.network.s3_endpoint_ids,
        "keys": {
            "personal": shared.keys.personal_key_arn,
            "features": shared.keys.features_key_arn,
            "models": shared.keys.models_key_arn,
            "operations": shared.keys.operations_key_arn,
            "signing": shared.keys.signing_key_arn,
        },
        "buckets": {
            "raw": shared.lake.raw_bucket,
            "curated": shared.lake.curated_bucket,
            "features": shared.lake.features_bucket,
            "models": shared.lake.models_bucket,
            "capture": shared.lake.capture_bucket,
            "reports": shared.lake.reports_bucket,
            "access-logs": shared.lake.access_logs_bucket,
        },
        "topics": {
            "critical": shared.topics.critical_topic_arn,
            "warning": shared.topics.warning_topic_arn,
            "info": shared.topics.info_topic_arn,
        },
        "database": shared.catalog.database_name,
        "budget": shared.budget.budget_name,
    }


def _bounded(boundary_arn: str) -> pulumi.ResourceTransformation:
    """Return the transformation that gives the boundary to every role, whichever component declares it."""

    def bound(args: pulumi.ResourceTransformationArgs) -> pulumi.ResourceTransformationResult | None:
        if args.type_ != "aws:iam/role:Role":
            return None
        return pulumi.ResourceTransformationResult({**args.props, "permissions_boundary": boundary_arn}, args.opts)

    return bound


def _providers(config: EnvironmentConfig) -> list[pulumi.ProviderResource]:
    """Return the two explicit providers: pinned to account and region, so that no other account is ever touched."""
    estate = config.estate
    tags = {
        "project": "mlops-estate",
        "environment": config.name,
        "environment-class": config.environment_class,
        "owner": estate.owner,
        "managed-by": "pulumi",
    }
    return [
        aws.Provider(
            "aws", region=estate.region, allowed_account_ids=[estate.account], default_tags={"tags": tags}
        ),
        aws_native.Provider(
            "aws-native", region=estate.region, allowed_account_ids=[estate.account], default_tags={"tags": tags}
        ),
    ]  # fmt: skip

"""What each model has: features, registry, training, and, once a version is pinned, an endpoint and its monitors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pulumi

from mlops_components import FeatureStore, GuardedEndpoint, ModelRegistry, TrainingPipeline
from mlops_components.image_repository import repository_url
from mlops_estate.config import EnvironmentConfig, ModelBlock, names
from mlops_estate.config.training_rules import STEPS_REPOSITORY
from mlops_estate.program.monitors import declare_monitors
from mlops_estate.program.shared import Shared

if TYPE_CHECKING:
    from mlops_components import FeatureStoreArgs, GuardedEndpointArgs, TrainingPipelineArgs
    from mlops_components.training_settings import TrainingGates
    from mlops_pipelines.features import Schema


def declare_model(
    config: EnvironmentConfig,
    name: str,
    model: ModelBlock,
    schema: Schema,
    schema_file: str,
    shared: Shared,
    opts: pulumi.ResourceOptions,
) -> dict[str, Any]:
    """Declare what one model has and return its outputs; `schema_file` is where `schema` was read from."""
    registry = _registry(config, name, model, opts)
    features = FeatureStore(f"{name}-features", _features_args(config, name, model, schema, shared), opts)
    pipeline = TrainingPipeline(
        f"{name}-training", _training_args(config, name, model, schema_file, shared, registry), opts
    )
    outputs = {
        "feature_group": features.feature_group_name,
        "model_package_group": registry.group_name,
        "model_package_group_arn": registry.group_arn,
        "pipeline": pipeline.pipeline_name,
        "pipeline_arn": pipeline.pipeline_arn,
        "pipeline_role": pipeline.role_arn,
        "processing_role": pipeline.processing_role_arn,
        "registry_role": pipeline.registry_role_arn,
        "training_role": pipeline.training_role_arn,
        "signing_role": pipeline.signing_role_arn,
        "verifying_role": pipeline.verifying_role_arn,
        "signing_key": shared.keys.signing_key_arn,
        "steps_image": pipeline.steps_image_uri,
        "source_uri": pipeline.source_uri,
        "raw_prefix": f"{name}/",
    }
    if model.release.version is None:
        waits_for = f"a version of {names.model_package_group(config.estate.registry.prefix, name)}"
        pulumi.log.info(f"{name} has no endpoint yet: it waits for {waits_for}, pinned as release.version", registry)
        return {**outputs, "waits_for": waits_for}
    endpoint = GuardedEndpoint(name, _endpoint_args(config, name, model, model.release.version, shared, registry), opts)
    outputs |= {
        "version": model.release.version,
        "endpoint": endpoint.endpoint_name,
        "endpoint_config": endpoint.endpoint_config_name,
        "endpoint_role": endpoint.role_arn,
        "alarms": endpoint.alarm_names,
    }
    return outputs | declare_monitors(config, name, model, schema, schema_file, shared, endpoint, opts)


def _registry(config: EnvironmentConfig, name: str, model: ModelBlock, opts: pulumi.ResourceOptions) -> ModelRegistry:
    estate = config.estate
    return ModelRegistry(
        f"{name}-registry",
        {
            "account": estate.account,
            "registry_account": estate.registry.account,
            "region": estate.region,
            "group_name": names.model_package_group(estate.registry.prefix, name),
            "reader_account_ids": estate.other_accounts,
            "member_role_names": estate.member_role_names,
            "organization_id": estate.registry.organization_id or "",
            "writer_account_ids": estate.other_accounts,
            "protect": estate.protect,
        },
        opts,
    )


def _features_args(
    config: EnvironmentConfig, name: str, model: ModelBlock, schema: Schema, shared: Shared
) -> FeatureStoreArgs:
    args: FeatureStoreArgs = {
        "prefix": config.prefix,
        "account": config.estate.account,
        "region": config.estate.region,
        "environment_class": config.environment_class,
        "model": name,
        "features": [{"name": feature.name, "type": feature.type} for feature in schema.definitions()],
        "record_identifier": schema.record_identifier,
        "event_time": schema.event_time,
        "features_bucket": shared.lake.features_bucket,
        "features_key_arn": shared.keys.features_key_arn,
        "database_name": shared.catalog.database_name,
        "online": model.features.online,
        "protect": config.estate.protect,
    }
    if model.features.ttl_days is not None:
        args["ttl_days"] = model.features.ttl_days
    return args


def _training_args(
    config: EnvironmentConfig,
    name: str,
    model: ModelBlock,
    schema_file: str,
    shared: Shared,
    registry: ModelRegistry,
) -> TrainingPipelineArgs:
    training = model.training
    args: TrainingPipelineArgs = {
        "prefix": config.prefix,
        "account": config.estate.account,
        "region": config.estate.region,
        "environment_class": config.environment_class,
        "model": name,
        "label": model.label,
        "schema_file": schema_file,
        "raw_bucket": shared.lake.raw_bucket,
        "curated_bucket": shared.lake.curated_bucket,
        "models_bucket": shared.lake.models_bucket,
        "reports_bucket": shared.lake.reports_bucket,
        "personal_key_arn": shared.keys.personal_key_arn,
        "models_key_arn": shared.keys.models_key_arn,
        "signing_key_arn": shared.keys.signing_key_arn,
        "model_package_group_arn": registry.group_arn,
        "artefact_account_ids": config.estate.other_accounts,
        "artefact_prefixes": config.estate.prefixes,
        "subnet_ids": shared.network.subnet_ids,
        "security_group_ids": shared.network.security_group_ids,
        "steps_image_uri": training.steps_image or _steps_image(config),
        "processing_instance_type": training.processing_instance_type,
        "training_instance_type": training.instance_type,
        "use_spot": training.use_spot,
        "max_runtime_seconds": training.max_runtime_seconds,
        "seed": training.seed,
        "data_quality": {
            "min_records": model.data_quality.min_records,
            "max_missing_percent": model.data_quality.max_missing_percent,
            "max_duplicate_percent": model.data_quality.max_duplicate_percent,
            "max_psi": model.data_quality.max_psi,
            "drift_p_value": model.data_quality.drift_p_value,
            "split": training.split,
        },
        "search": {"mode": training.search, "trials": training.trials, "family": training.family},
        "gates": _gates(model),
        "card": {
            "intended_use": model.card.intended_use,
            "out_of_scope": model.card.out_of_scope,
            "limitations": model.card.limitations,
            "owner": model.card.owner or config.estate.owner,
            "risk": model.risk,
        },
    }
    if training.max_wait_seconds is not None:
        args["max_wait_seconds"] = training.max_wait_seconds
    return args


def _gates(model: ModelBlock) -> TrainingGates:
    """Return the gates; what isn't configured, metric or threshold, follows from the label."""
    gates = model.gates
    args: TrainingGates = {
        "champion_margin": gates.champion_margin,
        "max_selection_rate_difference": gates.max_selection_rate_difference,
        "max_equalized_odds_difference": gates.max_equalized_odds_difference,
        "robustness_epsilon": gates.robustness_epsilon,
        "max_flipped_percent": gates.max_flipped_percent,
        "max_generalisation_gap": gates.max_generalisation_gap,
        "max_optimised_loss": gates.max_optimised_loss,
    }
    if gates.metric is not None:
        args["metric"] = gates.metric
    if gates.threshold is not None:
        args["threshold"] = gates.threshold
    return args


def _steps_image(config: EnvironmentConfig) -> str:
    """Return the image that is built from images/steps as it is now: the tag is the folder's checksum."""
    from mlops_pipelines.training.image import image_tag  # reads the project's files: only when used

    registry = config.estate.registry
    name = names.repository(registry.prefix, STEPS_REPOSITORY)
    return f"{repository_url(name, registry.account, config.estate.region)}:{image_tag()}"


def _endpoint_args(
    config: EnvironmentConfig, name: str, model: ModelBlock, version: int, shared: Shared, registry: ModelRegistry
) -> GuardedEndpointArgs:
    release, serving, scaling = model.release, model.serving, model.autoscaling
    args: GuardedEndpointArgs = {
        "prefix": config.prefix,
        "account": config.estate.account,
        "region": config.estate.region,
        "environment_class": config.environment_class,
        "model": name,
        "version": version,
        "model_package_group_arn": registry.group_arn,
        "models_bucket": shared.lake.models_bucket,
        "capture_bucket": shared.lake.capture_bucket,
        "artefact_account_ids": config.estate.other_accounts,
        "artefact_prefixes": config.estate.prefixes,
        "models_key_arn": shared.keys.models_key_arn,
        "personal_key_arn": shared.keys.personal_key_arn,
        "alarm_topic_arn": shared.topics.critical_topic_arn,
        "strategy": release.strategy,
        "wait_seconds": release.wait_seconds,
        "termination_wait_seconds": 0 if release.strategy == "rolling" else release.termination_wait_seconds,
        "max_execution_seconds": release.max_execution_seconds,
        "max_error_percent": model.rollback.max_error_percent,
        "max_latency_ms": model.rollback.max_latency_ms,
        "capture_percent": model.captured_percent,
    }
    if release.previous is not None:
        args["previous"] = release.previous
    if release.step_percent is not None:
        args["step_percent"] = release.step_percent
    if serving.serverless_memory_mb is not None:
        args["serverless_memory_mb"] = serving.serverless_memory_mb
        args["serverless_max_concurrency"] = serving.serverless_max_concurrency
        return args
    args["subnet_ids"] = shared.network.subnet_ids
    args["security_group_ids"] = shared.network.security_group_ids
    args["instance_type"] = serving.instance_type
    args["instance_count"] = serving.instance_count
    args["max_instances"] = model.most_instances
    args["invocations_per_instance"] = scaling.invocations_per_instance
    args["scale_in_cooldown_seconds"] = scaling.scale_in_cooldown_seconds
    args["scale_out_cooldown_seconds"] = scaling.scale_out_cooldown_seconds
    return args

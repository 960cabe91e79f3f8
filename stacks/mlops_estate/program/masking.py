"""Masked copies: one pipeline for each model, where the environment has the original and makes the copy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pulumi

from mlops_components import MaskingPipeline
from mlops_estate.config import EnvironmentConfig, ModelBlock

if TYPE_CHECKING:
    from mlops_components import MaskingPipelineArgs
    from mlops_components.masking_pipeline import MaskingRules
    from mlops_estate.program.shared import Shared


def declare_masking(
    config: EnvironmentConfig,
    name: str,
    model: ModelBlock,
    schema_file: str,
    shared: Shared,
    copy: Mapping[str, Any],
    opts: pulumi.ResourceOptions,
) -> dict[str, Any]:
    """Declare a model's masking pipeline and return its outputs; `copy` are those of the masked copy."""
    rules: MaskingRules = model.masking.rules()  # type: ignore[assignment]  # a block of the same keys
    args: MaskingPipelineArgs = {
        "prefix": config.prefix,
        "account": config.estate.account,
        "region": config.estate.region,
        "environment_class": config.environment_class,
        "model": name,
        "schema_file": schema_file,
        "masking": rules,
        "raw_bucket": shared.lake.raw_bucket,
        "models_bucket": shared.lake.models_bucket,
        "models_key_arn": shared.keys.models_key_arn,
        "masked_uri": copy["uri"],
        "masked_key_arn": copy["key"],
        "masking_role_arn": copy["role"],
        "personal_key_arn": shared.keys.personal_key_arn,
        "secret_arn": copy["secret_arn"],
        "subnet_ids": shared.network.subnet_ids,
        "security_group_ids": shared.network.security_group_ids,
        "instance_type": model.training.processing_instance_type,
    }
    made = MaskingPipeline(f"{name}-masking", args, opts)
    return {"masking_pipeline": made.pipeline_name}

"""Scheduled training: one schedule group for the environment, one schedule for each model that asks for it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pulumi

from mlops_components import PipelineSchedule, ScheduleGroup
from mlops_estate.config import EnvironmentConfig

if TYPE_CHECKING:
    from mlops_estate.program.shared import Shared


def declare_schedules(
    config: EnvironmentConfig, shared: Shared, models: Mapping[str, dict[str, Any]], opts: pulumi.ResourceOptions
) -> None:
    """Declare the schedules, and add each one's name to its model's outputs; nothing where no model has one."""
    scheduled = {name: model for name, model in config.models.items() if model.training.schedule != "none"}
    if not scheduled:
        return
    estate, key = config.estate, shared.keys.operations_key_arn
    group = ScheduleGroup(
        "schedules",
        {
            "prefix": config.prefix,
            "account": estate.account,
            "region": estate.region,
            "key_arn": key,
            "alarm_topic_arn": shared.topics.warning_topic_arn,
        },
        opts,
    )
    for name, model in scheduled.items():
        schedule = PipelineSchedule(
            f"{name}-schedule",
            {
                "prefix": config.prefix,
                "account": estate.account,
                "region": estate.region,
                "model": name,
                "cadence": model.training.schedule,
                "pipeline_arn": models[name]["pipeline_arn"],
                "raw_bucket": shared.lake.raw_bucket,
                "group_name": group.group_name,
                "queue_arn": group.queue_arn,
                "key_arn": key,
            },
            opts,
        )
        models[name]["training_schedule"] = schedule.schedule_name

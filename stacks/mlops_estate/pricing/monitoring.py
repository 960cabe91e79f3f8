"""What monitors cost: a monitor is a schedule of processing jobs.

Formulas: SageMaker pricing (https://aws.amazon.com/sagemaker/ai/pricing/), Model Monitor: the processing instances of
its jobs. The monitors that compare answers with labels run two jobs each time, the first of which merges the labels
(developer guide, Schedule model quality monitoring jobs; Schedule bias drift monitoring jobs).
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from mlops_estate.graph import ResourceNode
from mlops_estate.pricing.desk import Desk, first, known_number, known_text
from mlops_estate.pricing.model import HOURS
from mlops_estate.pricing.schedules import runs_a_month

JOB_DEFINITIONS = (
    "aws:sagemaker/dataQualityJobDefinition:DataQualityJobDefinition",
    "aws-native:sagemaker:DataQualityJobDefinition",
    "aws-native:sagemaker:ModelQualityJobDefinition",
    "aws-native:sagemaker:ModelBiasJobDefinition",
    "aws-native:sagemaker:ModelExplainabilityJobDefinition",
)
_MERGING = {"ModelQuality", "ModelBias"}


def monitoring_schedule(desk: Desk, node: ResourceNode) -> None:
    """Price a monitoring schedule by the jobs that it starts."""
    config = first(node.inputs.get("monitoringScheduleConfig"))
    runs = runs_a_month(known_text(first(config.get("scheduleConfig")).get("scheduleExpression")))
    cluster, longest = _resources(desk, node, config)
    instance_type = known_text(cluster.get("instanceType"))
    if runs is None or not instance_type:
        desk.unpriced(node, "its schedule or its job definition is unknown until the update")
        return
    jobs = 2 if config.get("monitoringType") in _MERGING else 1
    duration = desk.amount(desk.model_of.get(node.urn, ""), "monitoring_minutes")
    once = duration.range / 60
    if longest is not None:
        once = once.at_most(longest / 3600)
    instances = known_number(cluster.get("instanceCount")) or Decimal(1)
    hours = once * (runs * jobs * instances)
    desk.instances(
        node, instance_type, hours, mode="processing", by=(duration,), runs=runs, jobs=jobs,
        item=f"{instance_type} monitoring, {_whole(runs * jobs)} jobs", monitor=True,
    )  # fmt: skip
    if volume := known_number(cluster.get("volumeSizeInGb")):
        desk.add(node, "sagemaker.volume.processing", hours * volume / HOURS, by=(duration,))


def _resources(desk: Desk, node: ResourceNode, config: Mapping[str, Any]) -> tuple[Mapping[str, Any], Decimal | None]:
    """Return the cluster of a monitor's jobs and their longest run in seconds."""
    if inline := first(config.get("monitoringJobDefinition")):
        cluster = first(first(inline.get("monitoringResources")).get("clusterConfig"))
        return cluster, known_number(first(inline.get("stoppingCondition")).get("maxRuntimeInSeconds"))
    definition = desk.linked(node, "monitoringScheduleConfig", *JOB_DEFINITIONS)
    name = known_text(config.get("monitoringJobDefinitionName"))
    if definition is None and name:
        named = [other for other in desk.of_types(*JOB_DEFINITIONS)
                 if name in {other.inputs.get("name"), other.inputs.get("jobDefinitionName"), other.id}]  # fmt: skip
        definition = named[0] if named else None
    if definition is None:
        return {}, None
    cluster = first(first(definition.inputs.get("jobResources")).get("clusterConfig"))
    return cluster, known_number(first(definition.inputs.get("stoppingCondition")).get("maxRuntimeInSeconds"))


def _whole(number: Decimal) -> str:
    return f"{number.quantize(Decimal('1')) if number == number.to_integral_value() else round(number, 1):f}"

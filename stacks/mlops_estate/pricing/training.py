"""What pipelines cost: every job of a run, by its instance type, times the runs of a month.

Formulas: SageMaker pricing (https://aws.amazon.com/sagemaker/ai/pricing/): jobs are billed by the second of each
instance, and for the volume while they run; pipelines themselves cost nothing. Managed spot training is billed at the
spot price: "up to 90 %" below on demand (developer guide, Managed Spot Training); 70 % is what sources call typical.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Any

from mlops_estate.graph import ResourceNode
from mlops_estate.pricing.desk import Desk, first, known_number, known_text
from mlops_estate.pricing.model import HOURS, Amount, Range
from mlops_estate.pricing.schedules import runs_a_month

SPOT_SHARE = Range.of("0.1", "0.3", "0.5")
"""Share of the on-demand price that managed spot costs: 90, 70 and 50 % off."""
SCHEDULES = ("aws:scheduler/schedule:Schedule", "aws-native:scheduler:Schedule")
_TRAINING, _MASKING = "mlops:index:TrainingPipeline", "mlops:index:MaskingPipeline"
_JOBS = {"Processing", "Training", "Tuning", "Transform", "QualityCheck", "ClarifyCheck"}
_FREE_STEPS = {"Condition", "Fail", "RegisterModel", "Model", "Lambda", "Callback"}
_DEFAULTS = {
    "processing_instance_type": {"dev": "ml.t3.medium", "staging": "ml.m5.large", "prod": "ml.m5.large"},
    "training_instance_type": {"dev": "ml.m5.large", "staging": "ml.m5.large", "prod": "ml.m5.xlarge"},
}
"""Defaults of the component's arguments, which its inputs leave out; a test holds them to the component's own."""


@dataclass(frozen=True, slots=True)
class Job:
    """One job of a run. `certain` is false below a condition; `count` is how many such jobs a search starts."""

    mode: str
    instance_type: str
    instances: Decimal
    volume_gb: Decimal
    longest_seconds: Decimal | None
    spot: bool
    certain: bool
    count: Decimal = Decimal(1)


def pipeline(desk: Desk, node: ResourceNode) -> None:
    """Price the runs of a pipeline by the jobs of its definition."""
    parent = desk.graph.nodes.get(node.parent or "")
    definition = _definition(node, parent)
    if definition is None:
        fix = "its component isn't one of mlops:index"
        desk.unpriced(node, f"its definition is unknown until the update, and {fix}: jobs are unknown")
        return
    if unknown := sorted({step["Type"] for step in _steps(definition)} - _JOBS - _FREE_STEPS):
        desk.unpriced(node, f"steps of the types {', '.join(unknown)} have no price here")
    jobs = list(_jobs(definition))
    if not jobs:
        return
    runs, by = _runs(desk, node, masking=parent is not None and parent.type == _MASKING)
    groups: dict[tuple[str, str, bool], list[Job]] = {}
    for job in jobs:
        groups.setdefault((job.mode, job.instance_type, job.spot), []).append(job)
    for (mode, instance_type, spot), group in groups.items():
        _group(desk, node, group, runs, by, mode=mode, instance_type=instance_type, spot=spot)


def _group(
    desk: Desk,
    node: ResourceNode,
    group: list[Job],
    runs: Range,
    by: tuple[Amount, ...],
    *,
    mode: str,
    instance_type: str,
    spot: bool,
) -> None:
    model = desk.model_of.get(node.urn, "")
    duration = desk.amount(model, "training_hours" if mode == "training" else "processing_hours")
    hours = volume_hours = Range()
    for job in group:
        once = duration.range
        if job.longest_seconds is not None:
            once = once.at_most(job.longest_seconds / 3600)
        spent = once * job.instances * job.count
        if not job.certain:
            spent = Range(Decimal(0), spent.expected, spent.high)
        hours = hours + spent
        volume_hours = volume_hours + spent * job.volume_gb
    count = sum(job.count for job in group)
    figures = (*by, duration)
    what = f"{instance_type} {mode}{', managed spot' if spot else ''}"
    desk.instances(
        node, instance_type, hours * runs, mode=mode, by=figures, spot=SPOT_SHARE if spot else None,
        item=f"{what}, {count:f} job{'s' if count != 1 else ''} a run",
        runs=runs, jobs=count, managed_spot=spot,
    )  # fmt: skip
    volume = "sagemaker.volume.training" if mode == "training" else "sagemaker.volume.processing"
    desk.add(node, volume, volume_hours * runs / HOURS, by=figures)


def _runs(desk: Desk, node: ResourceNode, *, masking: bool) -> tuple[Range, tuple[Amount, ...]]:
    """Return the runs of a month: as stated, else those by hand and what the graph's schedules start."""
    model = desk.model_of.get(node.urn, "")
    if masking:
        amount = desk.amount(model, "masking_runs")
        return amount.range, (amount,)
    amount = desk.amount(model, "training_runs_per_month")
    if amount.written:
        return amount.range, (amount,)
    scheduled = Decimal(0)
    for schedule in desk.of_types(*SCHEDULES):
        if node.urn in schedule.property_dependencies.get("target", ()):
            scheduled += runs_a_month(known_text(schedule.inputs.get("scheduleExpression"))) or Decimal(0)
    return amount.range + Range.exactly(scheduled), (amount,)


def _definition(node: ResourceNode, parent: ResourceNode | None) -> Mapping[str, Any] | None:
    """Return a pipeline's definition: as it is known, else as its component will fill it."""
    for text in (node.inputs.get("pipelineDefinition"), first(node.inputs.get("pipelineDefinition")).get(
        "pipelineDefinitionBody"
    ), parent.inputs.get("definition") if parent else None):  # fmt: skip
        if parsed := _parsed(known_text(text)):
            return parsed
    if parent is None or parent.inputs.get("definition") is not None:
        return None
    if parent.type == _TRAINING:
        return _filled(parent)
    return _masking(parent) if parent.type == _MASKING else None


def _parsed(text: str) -> Mapping[str, Any] | None:
    try:
        found = json.loads(text) if text else None
    except ValueError:
        return None
    return found if isinstance(found, dict) and isinstance(found.get("Steps"), list) else None


@cache
def _shipped_definition() -> str:
    from mlops_pipelines.training import load_definition

    return json.dumps(load_definition())


def _filled(component: ResourceNode) -> Mapping[str, Any]:
    """Return the shipped definition with the values that decide its cost; other placeholders stay."""
    inputs, kind = component.inputs, _class_of(component)
    types = [known_text(inputs.get(name)) or defaults[kind] for name, defaults in _DEFAULTS.items()]
    longest = known_number(inputs.get("max_runtime_seconds")) or Decimal(3600)
    return _filled_with(*types, longest, spot=bool(inputs.get("use_spot", True)))


@cache
def _filled_with(processing: str, training: str, longest: Decimal, *, spot: bool) -> Mapping[str, Any]:
    text = _shipped_definition()
    for name, value in zip(_DEFAULTS, (processing, training), strict=True):
        text = text.replace(f"${{{name}}}", value)
    text = text.replace('"${use_spot}"', str(spot).lower()).replace('"${training_max_runtime_seconds}"', f"{longest:f}")
    found: Mapping[str, Any] = json.loads(text)
    return found


def _masking(component: ResourceNode) -> Mapping[str, Any]:
    """Return the masking pipeline's definition, as far as its cost goes: one job."""
    kind = _class_of(component)
    instance_type = known_text(component.inputs.get("instance_type")) or _DEFAULTS["processing_instance_type"][kind]
    longest = known_number(component.inputs.get("max_runtime_seconds")) or Decimal(3600)
    cluster = {"InstanceType": instance_type, "InstanceCount": 1, "VolumeSizeInGB": MASKING_VOLUME_GB}
    arguments = {"ProcessingResources": {"ClusterConfig": cluster},
                 "StoppingCondition": {"MaxRuntimeInSeconds": float(longest)}}  # fmt: skip
    return {"Steps": [{"Name": "Mask", "Type": "Processing", "Arguments": arguments}]}


MASKING_VOLUME_GB = 30
"""GB of the masking job's volume; a test holds it to the definition that the component makes."""


def _class_of(component: ResourceNode) -> str:
    kind = known_text(component.inputs.get("environment_class")) or "prod"
    return kind if kind in {"dev", "staging"} else "prod"


def _steps(definition: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Yield every step, also those below conditions."""
    waiting = list(definition.get("Steps") or [])
    while waiting:
        step = waiting.pop(0)
        yield step
        if step.get("Type") == "Condition":
            waiting += [*step["Arguments"].get("IfSteps", ()), *step["Arguments"].get("ElseSteps", ())]


def _jobs(definition: Mapping[str, Any]) -> Iterator[Job]:
    """Yield the jobs of a run: of a condition's branches those where it holds, which may not be reached."""
    parameters = {entry["Name"]: entry.get("DefaultValue") for entry in definition.get("Parameters") or ()}
    waiting = [(step, True) for step in definition.get("Steps") or ()]
    while waiting:
        step, certain = waiting.pop(0)
        arguments = step.get("Arguments") or {}
        if step.get("Type") == "Condition":
            waiting += [(below, False) for below in arguments.get("IfSteps") or ()]
        elif step.get("Type") in _JOBS:
            yield from _job(step["Type"], arguments, parameters, certain=certain)


def _job(kind: str, arguments: Mapping[str, Any], parameters: Mapping[str, Any], *, certain: bool) -> Iterator[Job]:
    count = Decimal(1)
    if kind == "Tuning":
        limits = first(arguments.get("HyperParameterTuningJobConfig")).get("ResourceLimits") or {}
        count = known_number(_value(limits.get("MaxNumberOfTrainingJobs"), parameters)) or Decimal(1)
        arguments = first(arguments.get("TrainingJobDefinition") or arguments.get("TrainingJobDefinitions"))
    mode = {"Training": "training", "Tuning": "training", "Transform": "transform"}.get(kind, "processing")
    resources = first(
        arguments.get("ResourceConfig")
        or arguments.get("TransformResources")
        or first(arguments.get("ProcessingResources")).get("ClusterConfig")
    )
    instance_type = known_text(_value(resources.get("InstanceType"), parameters))
    if not instance_type:
        return
    stop = first(arguments.get("StoppingCondition"))
    yield Job(
        mode, instance_type, known_number(_value(resources.get("InstanceCount"), parameters)) or Decimal(1),
        known_number(_value(resources.get("VolumeSizeInGB"), parameters)) or Decimal(0),
        known_number(_value(stop.get("MaxRuntimeInSeconds"), parameters)),
        arguments.get("EnableManagedSpotTraining") is True, certain, count,
    )  # fmt: skip


def _value(value: Any, parameters: Mapping[str, Any]) -> Any:
    """Return a value, a pipeline parameter's default for a reference to one."""
    if isinstance(value, Mapping) and str(value.get("Get", "")).startswith("Parameters."):
        return parameters.get(str(value["Get"]).removeprefix("Parameters."))
    return value

"""Monitoring schedules and the jobs they run: an inline definition, or one of four kinds of resources."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from mlops_policies.ml_alarms import MONITORING_SCHEDULE
from mlops_policies.ml_serving import ENDPOINT
from mlops_policies.resource import Resource, View
from mlops_policies.rule import Use
from mlops_policies.stack import Stack
from mlops_policies.values import UnknownValue

DATA_QUALITY = "aws:sagemaker/dataQualityJobDefinition:DataQualityJobDefinition"
MODEL_QUALITY = "aws-native:sagemaker:ModelQualityJobDefinition"
BIAS = "aws-native:sagemaker:ModelBiasJobDefinition"
EXPLAINABILITY = "aws-native:sagemaker:ModelExplainabilityJobDefinition"
MONITORING_TYPES: Mapping[str, str] = {
    DATA_QUALITY: "DataQuality",
    MODEL_QUALITY: "ModelQuality",
    BIAS: "ModelBias",
    EXPLAINABILITY: "ModelExplainability",
}
"""What a schedule calls each kind of job definition."""

NAMED = "monitoringScheduleConfig.monitoringJobDefinitionName"
_INLINE = "monitoringScheduleConfig.monitoringJobDefinition"


class Job(NamedTuple):
    """A job that a schedule runs: where it is defined, and of which monitoring type it is."""

    view: View
    type: str

    @property
    def is_inline(self) -> bool:
        """Whether the schedule itself defines the job."""
        return bool(self.view.at)

    @property
    def output(self) -> str:
        """The property that holds where its reports go."""
        return "monitoringOutputConfig" if self.is_inline else f"{self._begins}JobOutputConfig"

    @property
    def resources(self) -> str:
        """The property that holds what it runs on."""
        return "monitoringResources" if self.is_inline else "jobResources"

    def inputs(self) -> list[View]:
        """Return what it reads. Raises `UnknownValue`."""
        return self.view.items("monitoringInputs" if self.is_inline else f"{self._begins}JobInput")

    @property
    def _begins(self) -> str:
        return f"{self.type[:1].lower()}{self.type[1:]}"


def job_of(definition: Resource) -> Job:
    """Return the job that a definition of its own defines."""
    return Job(definition, MONITORING_TYPES[definition.type])


def jobs_of(schedule: Resource, stack: Stack) -> list[Job]:
    """Return the jobs that a schedule runs, as far as they are defined in this stack. Raises `UnknownValue`."""
    inline = schedule.part(_INLINE)
    if inline is not None:
        return [Job(inline, schedule.get("monitoringScheduleConfig.monitoringType", ""))]
    return [job_of(found) for found in stack.referred(schedule, NAMED, *MONITORING_TYPES)]


def types_watching(endpoint: Resource, stack: Stack, use: Use) -> tuple[set[str], str]:
    """Return the monitoring types of the schedules that watch an endpoint, and a schedule of which nobody knows yet.

    Found once for a stack.
    """
    found: tuple[dict[str, set[str]], str] | None = use.memory.get("types_watching")
    if found is None:
        types: dict[str, set[str]] = {}
        loose = ""
        for schedule in stack.of(MONITORING_SCHEDULE):
            try:
                for watched, kind in _watched_by(schedule, stack):
                    types.setdefault(watched.urn, set()).add(kind)
            except UnknownValue as unknown:
                loose = unknown.path
        found = use.memory["types_watching"] = (types, loose)
    return found[0].get(endpoint.urn, set()), found[1]


def _watched_by(schedule: Resource, stack: Stack) -> Iterator[tuple[Resource, str]]:
    for job in jobs_of(schedule, stack):
        for source in job.inputs():
            for endpoint in stack.referred(source, "endpointInput.endpointName", ENDPOINT):
                yield endpoint, job.type

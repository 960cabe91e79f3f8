"""Monitoring schedules: what the service adds to one, and refuses of it.

Source: SageMaker API Reference, CreateMonitoringSchedule, MonitoringScheduleConfig and ScheduleConfig.
"""

from __future__ import annotations

import re
from typing import Any

from moto.sagemaker.exceptions import ValidationError

from mlops_estate.embedded.backends.derived import DerivedBackend, Hook
from mlops_estate.embedded.backends.moto_of import moto_of

# Hourly, daily at an hour, every so many hours from an hour on; or once, now.
EXPRESSION = re.compile(r"cron\(0 (\*|([01]?\d|2[0-3])(/(0?[1-9]|1\d|2[0-4]))?) \? \* \* \*\)|NOW")
DEFINITIONS = {
    "DataQuality": "data_quality_job_definitions",
    "ModelQuality": "model_quality_job_definitions",
    "ModelBias": "model_bias_job_definitions",
    "ModelExplainability": "model_explainability_job_definitions",
}


def _schedule(backend: DerivedBackend, row: dict[str, Any], params: dict[str, Any]) -> None:
    """Refuse a form of schedule that AWS has not, and a job definition that is not there; show what it is for."""
    config = params["MonitoringScheduleConfig"]
    expression = config.get("ScheduleConfig", {}).get("ScheduleExpression", "")
    if expression and not EXPRESSION.fullmatch(expression):
        raise ValidationError(message=f"Invalid schedule expression: {expression}")
    kind, name = config.get("MonitoringType", "DataQuality"), config.get("MonitoringJobDefinitionName")
    if name:
        definition = getattr(moto_of(backend), DEFINITIONS[kind]).get(name)
        if definition is None:
            raise ValidationError(message=f'Could not find {kind} job definition "{name}".')
        endpoint = _endpoint(definition)
        row.update({"EndpointName": endpoint} if endpoint else {})
    row["MonitoringType"] = kind


def _endpoint(definition: Any) -> str:
    """Return the endpoint that a job definition of moto's reads, whatever its kind calls its input."""
    inputs = next((value for name, value in vars(definition).items() if name.endswith("_job_input")), None) or {}
    return str(inputs.get("EndpointInput", {}).get("EndpointName", ""))


SCHEDULE_HOOKS: dict[str, Hook] = {"CreateMonitoringSchedule": _schedule, "UpdateMonitoringSchedule": _schedule}

"""CloudWatch alarms: composite alarms, which moto lacks, and listings that honour every filter given.

A composite alarm's state follows from its rule whenever an alarm's state is set. Actions are not run, as moto runs none
when a state is set.
"""

from __future__ import annotations

import functools
import json
from typing import Any

from moto.cloudwatch.exceptions import InvalidFormat, ResourceNotFound, ValidationError
from moto.cloudwatch.models import CloudWatchBackend
from moto.cloudwatch.responses import CloudWatchResponse
from moto.cloudwatch.utils import make_arn_for_alarm
from moto.core.responses import ActionResult, EmptyResult
from moto.core.utils import utcnow

from mlops_estate.embedded.backends.alarm_rules import RuleFault, holds, named_alarms
from mlops_estate.embedded.validation.model import service_model

OURS = frozenset({"PutCompositeAlarm"})
ACTIONS = ("AlarmActions", "OKActions", "InsufficientDataActions")


def install() -> None:
    """Add composite alarms."""
    CloudWatchResponse.put_composite_alarm = _put
    CloudWatchResponse.describe_alarms = _describe
    CloudWatchBackend.put_metric_alarm = _putting(CloudWatchBackend.put_metric_alarm)
    CloudWatchBackend.delete_alarms = _deleting(CloudWatchBackend.delete_alarms)
    CloudWatchBackend.set_alarm_state = _setting(CloudWatchBackend.set_alarm_state)
    for name in ("enable_alarm_actions", "disable_alarm_actions"):
        setattr(CloudWatchBackend, name, _switching(getattr(CloudWatchBackend, name), name.startswith("enable")))


def _composites(backend: Any) -> dict[str, dict[str, Any]]:
    """Return a back end's composite alarms by name; moto clears a back end's attributes when it resets."""
    found: dict[str, dict[str, Any]] = backend.__dict__.setdefault("composite_alarms", {})
    return found


def _states(backend: Any) -> dict[str, str]:
    states = {name: alarm.state_value for name, alarm in backend.alarms.items()}
    return {**states, **{name: row["StateValue"] for name, row in _composites(backend).items()}}


def _set(row: dict[str, Any], state: str, reason: str, data: str | None = None) -> None:
    now = utcnow()
    if row.get("StateValue") != state:
        row["StateTransitionedTimestamp"] = now
    row.update(StateValue=state, StateReason=reason, StateReasonData=data, StateUpdatedTimestamp=now)


def _evaluate(backend: Any) -> None:
    """Bring every composite alarm to what its rule says; one may name another, so until nothing changes."""
    rows = _composites(backend)
    for _ in range(len(rows) + 1):
        changed = False
        for row in rows.values():
            state = "ALARM" if holds(row["AlarmRule"], _states(backend)) else "OK"
            if state != row["StateValue"]:
                changed = True
                _set(row, state, f"The alarm rule evaluates to {state == 'ALARM'}")
        if not changed:
            return


def _put(self: Any) -> ActionResult:
    """Create or replace a composite alarm; the alarms that its rule names must exist.

    Source: CloudWatch API Reference, PutCompositeAlarm.
    """
    shape = service_model("cloudwatch").operation_model("PutCompositeAlarm").input_shape
    params = {name: self._get_param(name) for name in (shape.members if shape else ())}
    row = {name: value for name, value in params.items() if value is not None and name != "Tags"}
    backend, name = self.cloudwatch_backend, str(row["AlarmName"])
    if name in backend.alarms:
        raise ValidationError(f"The alarm name {name} is already used by a metric alarm.")
    try:
        holds(row["AlarmRule"], {})
        named = named_alarms(row["AlarmRule"])
    except RuleFault as fault:
        raise ValidationError(f"AlarmRule is not valid: {fault}") from fault
    if absent := [alarm for alarm in named if alarm not in _states(backend)]:
        listed = ", ".join(absent)
        raise ValidationError(f"Could not save the composite alarm as alarms [{listed}] in the alarm rule do not exist")
    before = _composites(backend).get(name, {})
    row.update({action: row.get(action) or [] for action in ACTIONS})
    row["ActionsEnabled"] = row.get("ActionsEnabled", True)
    row["AlarmArn"] = make_arn_for_alarm(backend.region_name, backend.account_id, name)
    row["AlarmConfigurationUpdatedTimestamp"] = utcnow()
    _set(
        row,
        before.get("StateValue", "INSUFFICIENT_DATA"),
        before.get("StateReason", "Unchecked: Initial alarm creation"),
    )
    _composites(backend)[name] = row
    if params.get("Tags") and not before:
        backend.tagger.tag_resource(row["AlarmArn"], params["Tags"])
    _evaluate(backend)
    return EmptyResult()


def _describe(self: Any) -> ActionResult:
    """Describe alarms that pass every filter given; metric alarms only where no types are asked for.

    moto honours one filter only, and no type. Source: CloudWatch API Reference, DescribeAlarms.
    """
    backend = self.cloudwatch_backend
    types = self._get_param("AlarmTypes") or ["MetricAlarm"]
    metric = [(name, alarm.state_value, alarm.alarm_actions, alarm) for name, alarm in backend.alarms.items()]
    composite = [(name, row["StateValue"], row["AlarmActions"], row) for name, row in _composites(backend).items()]
    rows = [("MetricAlarms", *item) for item in metric] if "MetricAlarm" in types else []
    rows += [("CompositeAlarms", *item) for item in composite] if "CompositeAlarm" in types else []
    names, prefix = self._get_param("AlarmNames"), self._get_param("AlarmNamePrefix")
    state, action = self._get_param("StateValue"), self._get_param("ActionPrefix")
    related = _related(backend, self._get_param("ChildrenOfAlarmName"), self._get_param("ParentsOfAlarmName"))
    kept = [
        (member, found)
        for member, name, value, actions, found in rows
        if (not names or name in names)
        and (not prefix or name.startswith(prefix))
        and (not state or value == state)
        and (not action or any(item.startswith(action) for item in actions or []))
        and (related is None or name in related)
    ]
    start = int(self._get_param("NextToken") or 0)
    end = start + int(self._get_param("MaxRecords") or 50)
    result: dict[str, Any] = {"MetricAlarms": [], "CompositeAlarms": []}
    for member, found in kept[start:end]:
        result[member].append(found)
    return ActionResult({**result, **({"NextToken": str(end)} if end < len(kept) else {})})


def _related(backend: Any, parent: str | None, child: str | None) -> set[str] | None:
    """Return the alarms that a composite alarm names, or the composite alarms that name an alarm."""
    rows = _composites(backend)
    if parent:
        return set(named_alarms(rows[parent]["AlarmRule"])) if parent in rows else set()
    if child:
        return {name for name, row in rows.items() if child in named_alarms(row["AlarmRule"])}
    return None


def _putting(put: Any) -> Any:
    """An alarm starts with insufficient data, and keeps its state when it is changed (API Reference, PutMetricAlarm);
    moto's starts, and starts again, as OK."""

    @functools.wraps(put)
    def put_metric_alarm(self: Any, *arguments: Any, **options: Any) -> Any:
        before = dict(self.alarms)
        alarm = put(self, *arguments, **options)
        held = before.get(alarm.name)
        alarm.state_value = held.state_value if held else "INSUFFICIENT_DATA"
        if held:
            alarm.state_reason, alarm.state_reason_data = held.state_reason, held.state_reason_data
        _evaluate(self)
        return alarm

    return put_metric_alarm


def _deleting(delete: Any) -> Any:
    @functools.wraps(delete)
    def delete_alarms(self: Any, alarm_names: list[str]) -> None:
        """Delete alarms; not one that a composite alarm names, and one composite alarm at a time (DeleteAlarms)."""
        rows = _composites(self)
        if len(alarm_names) > 1 and sum(name in rows for name in alarm_names) > 1:
            raise ValidationError("Only one composite alarm can be deleted at a time.")
        for name in alarm_names:
            if _related(self, None, name):
                raise ValidationError(f"Cannot delete {name} as there are composite alarm(s) depending on it.")
        delete(self, alarm_names)
        for name in alarm_names:
            rows.pop(name, None)

    return delete_alarms


def _setting(set_state: Any) -> Any:
    @functools.wraps(set_state)
    def set_alarm_state(self: Any, alarm_name: str, reason: str, reason_data: str | None, state_value: str) -> None:
        """Set an alarm's state. A composite alarm's lasts until an alarm that its rule names changes."""
        row = _composites(self).get(alarm_name)
        if row is None and alarm_name not in self.alarms:
            raise ResourceNotFound(f"There is no alarm {alarm_name}.")
        if row is None:
            set_state(self, alarm_name, reason, reason_data, state_value)
            _evaluate(self)
            return
        if reason_data is not None and not _is_json(reason_data):
            raise InvalidFormat("StateReasonData must be JSON.")
        _set(row, state_value, reason, reason_data)

    return set_alarm_state


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def _switching(switch: Any, enabled: bool) -> Any:
    @functools.wraps(switch)
    def switched(self: Any, alarm_names: list[str]) -> None:
        switch(self, alarm_names)
        for name, row in _composites(self).items():
            if name in alarm_names:
                row["ActionsEnabled"] = enabled

    return switched

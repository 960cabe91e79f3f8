"""EventBridge Scheduler: what AWS refuses and moto accepts, or answers with a failure of its own."""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

from moto.core.exceptions import JsonRESTError
from moto.iam.models import iam_backends
from moto.scheduler.exceptions import ScheduleGroupNotFound, ValidationException
from moto.scheduler.models import EventBridgeSchedulerBackend

_MONTHS = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"]
_DAYS = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"]
# Fields of a cron expression: lowest, highest, names (user guide, Cron-based schedules).
_FIELDS: tuple[tuple[int, int, list[str]], ...] = (
    (0, 59, []), (0, 23, []), (1, 31, []), (1, 12, _MONTHS), (1, 7, _DAYS), (1970, 2199, []),
)  # fmt: skip
_DAY_OF_MONTH, _DAY_OF_WEEK = 2, 4


class GroupExists(JsonRESTError):  # noqa: N818 -- the service's answer
    """The service's answer where a group's name is taken."""

    code = 409

    def __init__(self, name: str) -> None:
        super().__init__("ConflictException", f"Schedule group {name} already exists.")


def install() -> None:
    """Add the refusals."""
    backend = EventBridgeSchedulerBackend
    for name in ("create_schedule", "update_schedule"):
        setattr(backend, name, _checked(getattr(backend, name)))
    backend.create_schedule_group = _once(backend.create_schedule_group)
    backend.delete_schedule_group = _there(backend.delete_schedule_group)


def _checked(method: Any) -> Any:
    @functools.wraps(method)
    def checked(self: EventBridgeSchedulerBackend, **given: Any) -> Any:
        """Refuse a group that is not there, a bad expression or window, and a role that the service can't take."""
        self.get_schedule_group(given["group_name"])
        if fault := expression_fault(given["schedule_expression"]):
            raise ValidationException(message=f"Invalid Schedule Expression {given['schedule_expression']}. {fault}")
        window = given["flexible_time_window"]
        if (window["Mode"] == "FLEXIBLE") != ("MaximumWindowInMinutes" in window):
            raise ValidationException(message="MaximumWindowInMinutes must be set if, and only if, Mode is FLEXIBLE.")
        _takes_role(self.account_id, given["target"]["RoleArn"])
        return method(self, **given)

    return checked


def _takes_role(account_id: str, arn: str) -> None:
    """Refuse a role that is not there or does not trust the service (user guide, Execution role)."""
    backend = iam_backends[account_id]["aws"]
    name = arn.rsplit("/", 1)[-1]
    role = next((role for role in backend.roles.values() if role.name == name), None)
    trusted = role is not None and "scheduler.amazonaws.com" in trusted_services(role.assume_role_policy_document)
    if not trusted:
        message = "The execution role you provide must allow AWS EventBridge Scheduler to assume the role."
        raise ValidationException(message=message)


def trusted_services(document: str) -> set[str]:
    """Return the services that a trust policy lets assume the role."""
    text = document if document.lstrip().startswith("{") else unquote(document)
    statements = json.loads(text)["Statement"]
    found: set[str] = set()
    for statement in [statements] if isinstance(statements, Mapping) else statements:
        principal = statement.get("Principal")
        named = principal.get("Service", []) if isinstance(principal, Mapping) else []
        if statement["Effect"] == "Allow" and "sts:AssumeRole" in str(statement.get("Action")):
            found |= {named} if isinstance(named, str) else set(named)
    return found


def expression_fault(expression: str) -> str:
    """Return what is wrong with a schedule expression, or "".

    Source: EventBridge Scheduler user guide, Schedule types: `at(yyyy-mm-ddThh:mm:ss)`, `rate(value unit)` and
    `cron(minutes hours day-of-month month day-of-week year)`.
    """
    kind = re.fullmatch(r"(at|rate|cron)\((.*)\)", expression)
    if not kind:
        return "It is none of at(...), rate(...), cron(...)."
    inner = kind[2]
    if kind[1] == "at":
        good = re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])T([01]\d|2[0-3]):[0-5]\d:[0-5]\d", inner)
        return "" if good else "at takes yyyy-mm-ddThh:mm:ss."
    if kind[1] == "rate":
        good = re.fullmatch(r"[1-9]\d* (minutes?|hours?|days?)", inner)
        return "" if good else "rate takes a positive number and minutes, hours or days."
    return _cron_fault(inner.split())


def _cron_fault(fields: list[str]) -> str:
    if len(fields) != len(_FIELDS):
        return f"cron takes six fields, not {len(fields)}."
    if (fields[_DAY_OF_MONTH] == "?") == (fields[_DAY_OF_WEEK] == "?"):
        return "One of day-of-month and day-of-week must be ?, and only one."
    for index, (text, (low, high, names)) in enumerate(zip(fields, _FIELDS, strict=True)):
        if text != "?" and not all(_part_fits(part, low, high, names, index) for part in text.split(",")):
            return f"Field {index + 1}, {text}, does not fit."
    return ""


def _part_fits(part: str, low: int, high: int, names: list[str], index: int) -> bool:
    """Whether one part of a field is a value, a range, a step, or one of the letters that days take."""
    if index == _DAY_OF_MONTH and re.fullmatch(r"L|LW|([1-9]|[12]\d|3[01])W", part):
        return True
    if index == _DAY_OF_WEEK and (found := re.fullmatch(r"(\w{1,3}?)(L|#[1-5])", part)):
        part = found[1]
    base, _, step = part.partition("/")
    if "/" in part and not re.fullmatch(r"[1-9]\d*", step):
        return False
    if base == "*":
        return True
    values = [names.index(item) + low if item in names else item for item in base.split("-")]
    return len(values) <= 2 and all(str(value).isdigit() and low <= int(value) <= high for value in values)


def _once(create: Any) -> Any:
    @functools.wraps(create)
    def created(self: EventBridgeSchedulerBackend, name: str, tags: Any) -> Any:
        """Refuse a name that is taken."""
        if name in self.schedule_groups:
            raise GroupExists(name)
        return create(self, name=name, tags=tags or [])

    return created


def _there(delete: Any) -> Any:
    @functools.wraps(delete)
    def deleted(self: EventBridgeSchedulerBackend, name: str) -> None:
        """Delete a group with its schedules; the default group stays (API reference, DeleteScheduleGroup)."""
        if name not in self.schedule_groups:
            raise ScheduleGroupNotFound(name)
        if name == "default":
            raise ValidationException(message="The default schedule group cannot be deleted.")
        delete(self, name)

    return deleted

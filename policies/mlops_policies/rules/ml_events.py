"""Events and state machines: failures that reach somebody, retraining by drift, tasks that survive a fault."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from mlops_policies.resource import Resource, View
from mlops_policies.rule import Use, resource_rule, stack_rule
from mlops_policies.rules.ml_environments import PIPELINE
from mlops_policies.rules.ml_human_review import ENDPOINT
from mlops_policies.stack import Stack
from mlops_policies.values import UnknownValue, listed
from mlops_policies.verdicts import Verdict, each, not_applicable

EVENT_RULE = "aws:cloudwatch/eventRule:EventRule"
EVENT_TARGET = "aws:cloudwatch/eventTarget:EventTarget"
SCHEDULE = "aws:scheduler/schedule:Schedule"
STATE_MACHINE = "aws:sfn/stateMachine:StateMachine"

_EVENTS = "https://docs.aws.amazon.com/sagemaker/latest/dg/automating-sagemaker-with-eventbridge.html"
_FAILING = re.compile("fail|rollback|rolling", re.IGNORECASE)
_DETAIL_TYPES = {
    ENDPOINT: ("SageMaker Endpoint State Change", "SageMaker Endpoint Deployment State Change"),
    PIPELINE: (
        "SageMaker Model Building Pipeline Execution Status Change",
        "SageMaker Model Building Pipeline Execution Step Status Change",
    ),
}


@stack_rule(
    "ml-failure-events-routed",
    on=list(_DETAIL_TYPES),
    title="Failures of endpoints and pipelines reach somebody.",
    severity="medium",
    level="advisory",
    category="reliability",
    why="An endpoint that fails to update keeps serving the old model, and a pipeline that fails trains none: nobody "
    "notices by themselves.",
    fix="Add an EventBridge rule for its failures, with a topic as target",
    source=_EVENTS,
)
def failure_events_routed(it: Resource, stack: Stack, use: Use) -> Iterator[Verdict]:
    """A rule for the kind of resource counts, or one for all SageMaker events. It has to be on, have a target, and its
    pattern let failures through. One that is limited to another endpoint can't be told from one for this.
    """
    unknown = ""
    for rule in stack.of(EVENT_RULE):
        try:
            if _routes(rule, it.type, stack):
                return
        except UnknownValue as met:
            unknown = met.path
    if unknown:
        raise UnknownValue(unknown)
    yield it.fails("", "its failures are routed to nobody: no event rule with a target matches them")


def _routes(rule: Resource, kind: str, stack: Stack) -> bool:
    pattern = rule.document("eventPattern")
    if not isinstance(pattern, Mapping) or rule.get("isEnabled") is False or rule.get("state") == "DISABLED":
        return False
    sources, kinds = listed(pattern.get("source")), listed(pattern.get("detail-type"))
    if not (sources or kinds) or (sources and "aws.sagemaker" not in sources):
        return False
    if kinds and not set(_DETAIL_TYPES[kind]) & {item for item in kinds if isinstance(item, str)}:
        return False
    if not _lets_failures_through(pattern.get("detail")):
        return False
    return bool(rule.get("targets")) or bool(stack.referring(rule, EVENT_TARGET, by="rule"))


def _lets_failures_through(detail: Any) -> bool:
    """Whether a pattern's detail, where it asks for a status, names one that is a failure or a rollback.

    A matcher such as ``{"prefix": ...}`` is taken to.
    """
    asked = [listed(value) for key, value in (detail or {}).items() if "status" in key.lower()]
    return all(any(not isinstance(value, str) or _FAILING.search(value) for value in values) for values in asked)


@stack_rule(
    "ml-retrain-trigger-is-drift",
    on=[EVENT_RULE, SCHEDULE],
    title="Retraining starts from drift, not from a short schedule.",
    severity="low",
    level="advisory",
    category="sustainability",
    why="A model that has not drifted is trained again for nothing; one that drifts early waits for the day.",
    fix="Start the pipeline from the drift alarm, and keep a schedule only as a long stop",
    source=(
        "https://docs.aws.amazon.com/sagemaker/latest/dg/model-monitor-interpreting-violations.html",
        "https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html",
    ),
    settings={
        "shortest_schedule_days": {
            "type": "number",
            "exclusiveMinimum": 0,
            "default": 7,
            "description": "How many days there have to be between two scheduled runs of a pipeline.",
        }
    },
)
def retrain_trigger(it: Resource, stack: Stack, use: Use) -> Iterator[Verdict]:
    """Only schedules whose target is a SageMaker pipeline: what a state machine or function starts can't be seen."""
    expression = it.get("scheduleExpression")
    if expression is None or not _starts_pipeline(it, stack):
        yield not_applicable("it starts no pipeline by schedule")
        return
    days = _days_between(str(expression))
    if days is not None and days < use["shortest_schedule_days"]:
        yield it.fails("scheduleExpression", f"is {expression}, which starts a pipeline every {days:g} days")


def _starts_pipeline(it: Resource, stack: Stack) -> bool:
    if it.type == SCHEDULE:
        places: list[View] = it.items("target")
    else:
        places = [*it.items("targets"), *stack.referring(it, EVENT_TARGET, by="rule")]
    return any(_is_pipeline(place, stack) for place in places)


def _is_pipeline(target: View, stack: Stack) -> bool:
    arn = str(target.raw("arn"))
    by_name = ":sagemaker:" in arn and (":pipeline/" in arn or arn.endswith(":startPipelineExecution"))
    return by_name or bool(stack.referred(target, "arn", PIPELINE))


_RATE = re.compile(r"^rate\((\d+) (minute|hour|day)s?\)$")
_UNITS = {"minute": 1 / 1440, "hour": 1 / 24, "day": 1.0}
_WEEKDAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")


def _days_between(expression: str) -> float | None:
    """Return about how many days there are between two runs; None for a single run."""
    rate = _RATE.match(expression)
    if rate:
        return int(rate[1]) * _UNITS[rate[2]]
    fields = expression.split()
    if not expression.startswith("cron(") or len(fields) != 6:
        return None
    _, hours, day, month, weekday, _ = fields
    a_day = len(hours.split(",")) if hours.replace(",", "").isdigit() else 24
    if weekday not in ("*", "?"):
        return (28 if re.search("[#L]", weekday) else 7 / _weekdays(weekday)) / a_day
    if day in ("*", "?") or "/" in day:
        return 1 / a_day
    months = 1 if month == "*" else 12 / len(month.split(","))
    return months * 28 / len(day.split(",")) / a_day


def _weekdays(field: str) -> int:
    """Return on how many days of a week a field runs: ``MON-FRI``, ``2,4``, ``TUE``."""
    total = 0
    for part in field.upper().split(","):
        first, _, last = part.partition("-")
        ends = [_WEEKDAYS.index(end) if end in _WEEKDAYS else int(end) - 1 for end in (first, last or first)]
        total += (ends[1] - ends[0]) % 7 + 1
    return total


@resource_rule(
    "ml-sfn-sagemaker-task-resilience",
    on=[STATE_MACHINE],
    title="Tasks that call SageMaker retry, catch and end.",
    severity="medium",
    level="advisory",
    category="reliability",
    why="SageMaker throttles and lacks capacity now and then: without a retry one refused call ends the whole release, "
    "and without a limit a job that hangs keeps it open for a year.",
    fix="Give the task Retry and Catch, and TimeoutSeconds where it waits for a job",
    source="https://docs.aws.amazon.com/step-functions/latest/dg/sfn-best-practices.html",
)
def sagemaker_task_resilience(it: Resource, use: Use) -> Iterator[Verdict]:
    """A call that does not wait for its job needs no limit of its own. What a Parallel or Map state catches and retries
    covers the tasks within it.
    """
    definition = it.document("definition")
    found = list(_tasks(definition, False, False))
    if not found:
        yield not_applicable("no task of it calls SageMaker")
    yield from each(found, lambda task: _resilient(it, *task))


_Task = tuple[str, Mapping[str, Any], bool, bool]


def _tasks(machine: Any, retried: bool, caught: bool) -> Iterator[_Task]:
    """Yield (name, state, whether what holds it retries, whether it catches) of the tasks that call SageMaker."""
    states = machine.get("States") if isinstance(machine, Mapping) else None
    for name, state in states.items() if isinstance(states, Mapping) else ():
        if not isinstance(state, Mapping):
            continue
        if ":sagemaker:" in str(state.get("Resource", "")):
            yield name, state, retried, caught
        inner = [*listed(state.get("Branches")), state.get("ItemProcessor"), state.get("Iterator")]
        for part in inner:
            yield from _tasks(part, retried or bool(state.get("Retry")), caught or bool(state.get("Catch")))


def _resilient(it: Resource, name: str, state: Mapping[str, Any], retried: bool, caught: bool) -> Iterator[Verdict]:
    waits = bool(re.search(r"\.(sync(:2)?|waitForTaskToken)$", str(state["Resource"])))
    if not retried and not state.get("Retry"):
        yield it.fails("definition", f"has task {name} without Retry", key=f"{name}.Retry")
    if not caught and not state.get("Catch"):
        yield it.fails("definition", f"has task {name} without Catch", key=f"{name}.Catch")
    if waits and not any(key in state for key in ("TimeoutSeconds", "TimeoutSecondsPath")):
        yield it.fails("definition", f"has task {name} without TimeoutSeconds", key=f"{name}.TimeoutSeconds")

"""Model Monitor: that every endpoint whose data are captured is watched, against a baseline, and often enough."""

from __future__ import annotations

import re
from collections.abc import Iterator

from mlops_policies.ml_alarms import MONITORING_SCHEDULE
from mlops_policies.ml_serving import ENDPOINT, configuration_of
from mlops_policies.monitor_jobs import MONITORING_TYPES, types_watching
from mlops_policies.resource import Resource
from mlops_policies.rule import Use, resource_rule, stack_rule
from mlops_policies.rules.ml_capture import captures
from mlops_policies.stack import Stack
from mlops_policies.verdicts import Verdict, not_applicable, not_evaluated

_INLINE = "monitoringScheduleConfig.monitoringJobDefinition"
_EXPRESSION = "monitoringScheduleConfig.scheduleConfig.scheduleExpression"
_DAILY = "cron(0 0 ? * * *)"
"""What stands for no expression: SageMaker then runs the job daily, at an hour of its choice."""
_GUIDE = "https://docs.aws.amazon.com/sagemaker/latest/dg"
_CRON = re.compile(r"^cron\((.*)\)$")


@stack_rule(
    "ml-capture-has-monitor",
    on=[ENDPOINT],
    title="Endpoints in production that capture data are monitored.",
    severity="medium",
    level="mandatory",
    category="ml-governance",
    why="Captured data that no schedule looks at show drift to nobody, and are kept all the same.",
    fix="Declare a job definition with the endpoint as its input, and a monitoring schedule that runs it",
    source=(f"{_GUIDE}/model-monitor.html", f"{_GUIDE}/model-monitor-scheduling.html"),
    only=["prod"],
)
def capture_has_monitor(it: Resource, stack: Stack, use: Use) -> Iterator[Verdict]:
    """Any of the four kinds of monitors counts, and a schedule may define its job itself. Other tools ask only that
    some schedule exists. AWS takes no new customers for Model Monitor; who watches drift by other means turns this off.
    """
    configuration = configuration_of(it, stack)
    if configuration is None or not captures(configuration):
        yield not_applicable("the endpoint captures nothing that this stack knows of")
        return
    types, loose = types_watching(it, stack, use)
    if not types:
        yield not_evaluated(loose) if loose else it.fails("", "no monitoring schedule looks at what it captures")


@resource_rule(
    "ml-monitor-baseline-set",
    on=[*MONITORING_TYPES, MONITORING_SCHEDULE],
    title="Monitors compare with a baseline.",
    severity="medium",
    level="advisory",
    category="ml-governance",
    why="A monitor without constraints to compare with reports statistics, and never a violation.",
    fix="Run the baseline job, and name its constraints, and its statistics where the monitor takes them",
    source=f"{_GUIDE}/model-monitor-create-baseline.html",
)
def monitor_baseline(it: Resource, use: Use) -> Iterator[Verdict]:
    """Monitors of data quality take statistics beside constraints, the others don't. A baselining job that is named
    stands for both."""
    if it.type in MONITORING_TYPES:
        kind = MONITORING_TYPES[it.type]
        baseline = f"{kind[0].lower()}{kind[1:]}BaselineConfig"
    elif it.present(_INLINE):
        kind = it.get("monitoringScheduleConfig.monitoringType", "")
        # Natively the same block has another name.
        baseline = f"{_INLINE}.baseline" if it.token == it.type else f"{_INLINE}.baselineConfig"
    else:
        yield not_applicable("the schedule's job definition is a resource of its own")
        return
    if it.present(f"{baseline}.baseliningJobName"):
        return
    yield it.requires(f"{baseline}.constraintsResource.s3Uri")
    if kind == "DataQuality":
        yield it.requires(f"{baseline}.statisticsResource.s3Uri")


@resource_rule(
    "ml-monitor-schedule-frequency",
    on=[MONITORING_SCHEDULE],
    title="Monitors run daily in production, and not every hour in development.",
    severity="low",
    level="advisory",
    category="ml-governance",
    why="Drift is seen no sooner than the next run; in development hourly jobs cost more than they tell.",
    fix="Write a cron expression that fits the environment",
    source="https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_ScheduleConfig.html",
    only=["dev", "prod"],
)
def schedule_frequency(it: Resource, use: Use) -> Iterator[Verdict]:
    """SageMaker takes crons of every few hours or daily, and NOW, which is once. Without an expression it runs the job
    daily, and says that this is best."""
    if use.is_prod:
        yield it.holds(_EXPRESSION, _is_daily, "must run every day", default=_DAILY)
    else:
        yield it.holds(_EXPRESSION, _is_rare, "must leave hours out", default=_DAILY)


def _is_daily(expression: str) -> bool:
    """Whether a cron expression leaves no day out."""
    fields = _fields(expression)
    return len(fields) == 6 and set(fields[2:]) <= {"*", "?"}


def _is_rare(expression: str) -> bool:
    """Whether an expression leaves hours out."""
    fields = _fields(expression)
    hours = fields[1] if len(fields) == 6 else ""
    return hours != "*" and hours.partition("/")[2] not in ("1", "01")


def _fields(expression: str) -> list[str]:
    found = _CRON.match(expression)
    return found[1].split() if found else []

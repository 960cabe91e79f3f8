"""Releases of models to endpoints: gradual shifts, bake times, and alarms that roll a bad version back."""

from __future__ import annotations

from collections.abc import Iterator

from mlops_policies.ml_alarms import INSTANCES, INVOCATIONS, METRIC_ALARM, metrics_of, names
from mlops_policies.ml_serving import (
    ENDPOINT,
    ROLLING,
    ROUTING,
    Release,
    configuration_of,
    is_serverless,
    release_pattern,
    variant_name,
)
from mlops_policies.resource import Resource, View
from mlops_policies.rule import Use, resource_rule, stack_rule
from mlops_policies.stack import Stack
from mlops_policies.values import any_of, has_unknown
from mlops_policies.verdicts import Verdict, each, not_applicable

_ALARMS = "deploymentConfig.autoRollbackConfiguration.alarms"
_TERMINATION_WAIT = "deploymentConfig.blueGreenUpdatePolicy.terminationWaitInSeconds"
_GUARDRAILS = "https://docs.aws.amazon.com/sagemaker/latest/dg/deployment-guardrails-configuration.html"
_BLUE_GREEN = "https://docs.aws.amazon.com/sagemaker/latest/dg/deployment-guardrails-blue-green.html"
_EXCLUSIONS = "https://docs.aws.amazon.com/sagemaker/latest/dg/deployment-guardrails-exclusions.html"


@resource_rule(
    "ml-prod-endpoint-auto-rollback",
    on=[ENDPOINT],
    title="Endpoints in production roll back by themselves when an alarm goes off.",
    severity="high",
    level="mandatory",
    category="reliability",
    why="Without a rollback alarm SageMaker keeps a new version that is slow or fails, until somebody notices.",
    fix="Name alarms on latency and server errors in deploymentConfig.autoRollbackConfiguration",
    source=_GUARDRAILS,
    only=["prod"],
)
def auto_rollback(it: Resource, use: Use) -> Iterator[Verdict]:
    """An alarm whose name is unknown until the update is an alarm. Releases by weights keep this: a change of the
    configuration goes through the endpoint's deployment too."""
    if it.raw(_ALARMS) == []:
        yield it.fails(_ALARMS, "is empty; no alarm rolls an update back")
    yield it.requires(_ALARMS, "must be given, so that an alarm rolls an update back")


@stack_rule(
    "ml-rollback-alarm-is-live",
    on=[ENDPOINT],
    title="Rollback alarms watch the endpoint that they guard.",
    severity="high",
    level="mandatory",
    category="reliability",
    why="An alarm that doesn't exist stops the update; one that watches something else, or ignores missing data, never "
    "rolls it back.",
    fix="Declare the alarm beside the endpoint, with EndpointName and VariantName as dimensions, and take its name "
    "from there",
    source=(_GUARDRAILS, "https://docs.aws.amazon.com/sagemaker/latest/dg/monitoring-cloudwatch.html"),
)
def rollback_alarm_is_live(it: Resource, stack: Stack, use: Use) -> Iterator[Verdict]:
    """Whether an alarm's actions are enabled does not matter: SageMaker reads its state. A metric in a namespace of
    one's own counts, since its dimensions may be anything."""
    alarms = it.items(_ALARMS)
    if not alarms:
        yield not_applicable("the endpoint names no rollback alarm")
        return
    yield from each(alarms, lambda named: _declared(named, stack))
    configuration = configuration_of(it, stack)
    variants = configuration.items("productionVariants") if configuration is not None else []
    yield from each(stack.referred(it, _ALARMS, METRIC_ALARM), lambda alarm: _is_live(it, alarm, variants, stack))


def _declared(named: View, stack: Stack) -> Iterator[Verdict]:
    name = named.get("alarmName") if not has_unknown(named.raw("alarmName")) else None
    if name is not None and not stack.referred(named, "alarmName", METRIC_ALARM):
        yield named.fails(
            "alarmName", "is no alarm of this stack; nothing shows that it watches the endpoint", str(name)
        )


def _is_live(it: Resource, alarm: Resource, variants: list[View], stack: Stack) -> Iterator[Verdict]:
    if alarm.get("treatMissingData") == "ignore":
        yield it.fails(_ALARMS, f"hold {alarm.name}, which ignores missing data and so stays as it was", alarm.name)
    # What a query in PromQL is about can't be read.
    if alarm.present("evaluationCriteria"):
        return
    if not any_of(list(metrics_of(alarm)), lambda metric: _is_about(it, metric, variants, stack)):
        yield it.fails(_ALARMS, f"hold {alarm.name}, which watches no variant of this endpoint", alarm.name)


def _is_about(it: Resource, metric: View, variants: list[View], stack: Stack) -> bool:
    if metric.get("namespace") not in (INVOCATIONS, INSTANCES):
        return True
    if metric.present("dimensions.InferenceComponentName"):
        return True
    if not names(metric, "EndpointName", it, stack) or not metric.present("dimensions.VariantName"):
        return False
    known = {variant_name(variant) for variant in variants}
    return not variants or "" in known or metric.get("dimensions.VariantName") in known


@stack_rule(
    "ml-prod-endpoint-gradual-shift",
    on=[ENDPOINT],
    title="Endpoints in production take new versions gradually.",
    severity="medium",
    level="mandatory",
    category="reliability",
    why="When all traffic goes to a new version at once, every caller meets its faults before an alarm can go off.",
    fix="Set blueGreenUpdatePolicy's traffic routing to CANARY or LINEAR, or give a rollingUpdatePolicy",
    source=(_BLUE_GREEN, _EXCLUSIONS),
    only=["prod"],
)
def gradual_shift(it: Resource, stack: Stack, use: Use) -> Iterator[Verdict]:
    """A second production variant or a shadow variant is a gradual release too: see `release_pattern`. An endpoint that
    says nothing shifts all at once (API, DeploymentConfig). Serverless endpoints have no instances to shift."""
    configuration = configuration_of(it, stack)
    if configuration is not None and is_serverless(configuration):
        yield not_applicable("a serverless endpoint has no instances to shift traffic between")
    elif release_pattern(it, configuration) is Release.ALL_AT_ONCE:
        yield it.fails("deploymentConfig", "shifts all traffic at once")


@stack_rule(
    "ml-canary-bake-time",
    on=[ENDPOINT],
    title="New versions bake long enough for a rollback alarm to go off.",
    severity="medium",
    level={"dev": "disabled", "staging": "mandatory", "prod": "mandatory"},
    category="reliability",
    why="An alarm needs its evaluation periods to go off; when the wait is shorter, the old fleet is gone by then.",
    fix="Raise waitIntervalInSeconds and terminationWaitInSeconds",
    source=(_GUARDRAILS, _BLUE_GREEN),
    settings={
        "min_bake_seconds": {
            "type": "integer",
            "minimum": 0,
            "maximum": 3600,
            "default": 300,
            "description": "The least time in seconds between steps of a release, and before the old fleet goes.",
        }
    },
)
def bake_time(it: Resource, stack: Stack, use: Use) -> Iterator[Verdict]:
    """A shift at once bakes in its termination wait, a rolling one in the wait between batches: it has no other. Not in
    dev, where an endpoint serves nobody."""
    waits = [f"{ROLLING}.waitIntervalInSeconds"]
    if not it.present(ROLLING):
        if not it.present(f"{ROUTING}.type"):
            yield not_applicable("the endpoint says nothing of how traffic shifts")
            return
        at_once = it.get(f"{ROUTING}.type") == "ALL_AT_ONCE"
        waits = [_TERMINATION_WAIT] if at_once else [f"{ROUTING}.waitIntervalInSeconds", _TERMINATION_WAIT]
    least = use["min_bake_seconds"]
    for wait in waits:
        yield it.holds(wait, lambda seconds: seconds >= least, f"must be at least {least}", default=0)
    if it.get(waits[0], 0) >= least:
        yield from each(stack.referred(it, _ALARMS, METRIC_ALARM), lambda alarm: _covers(it, waits[0], alarm))


def _covers(it: Resource, wait: str, alarm: Resource) -> Iterator[Verdict]:
    # A query has its period in its metric or, as an expression, beside it.
    periods = [view.get("period", 0) for view in (*metrics_of(alarm), *alarm.items("metricQueries"))]
    window = max(periods, default=0) * alarm.get("evaluationPeriods", 1)
    if it.get(wait, 0) <= window:
        message = f"must be longer than the {window:.0f} seconds in which {alarm.name} goes off"
        yield it.fails(wait, message, alarm.name)


@stack_rule(
    "ml-canary-size-limit",
    on=[ENDPOINT],
    title="Canaries take a small share of the traffic.",
    severity="low",
    level="advisory",
    category="reliability",
    why="The larger a canary, the more callers meet a bad version before it is rolled back.",
    fix="Lower canarySize",
    source="https://docs.aws.amazon.com/sagemaker/latest/dg/deployment-guardrails-blue-green-canary.html",
    settings={
        "max_canary_percent": {
            "type": "number",
            "exclusiveMinimum": 0,
            "maximum": 50,
            "default": 20,
            "description": "The largest canary, in percent of an endpoint's capacity.",
        }
    },
)
def canary_size(it: Resource, stack: Stack, use: Use) -> Iterator[Verdict]:
    """One instance passes whatever its share, since nothing is smaller; more are compared with the instances that the
    configuration begins with."""
    if it.get(f"{ROUTING}.type") != "CANARY":
        yield not_applicable("the endpoint has no canary")
        return
    size, most = f"{ROUTING}.canarySize.value", use["max_canary_percent"]
    if it.get(f"{ROUTING}.canarySize.type", "CAPACITY_PERCENT") == "CAPACITY_PERCENT":
        yield it.holds(size, lambda percent: percent <= most, f"must be at most {most}")
    elif it.get(size, 1) > 1:
        configuration = configuration_of(it, stack)
        if configuration is None:
            yield not_applicable("the endpoint's configuration, which says how many instances there are, is elsewhere")
            return
        counts = [variant.get("initialInstanceCount", 1) for variant in configuration.items("productionVariants")]
        share = 100 * it.get(size) / max(1, min(counts, default=1))
        if share > most:
            yield it.fails(size, f"is {share:.0f} percent of the instances; it must be at most {most}")

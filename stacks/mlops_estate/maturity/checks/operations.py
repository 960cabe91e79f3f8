"""Checks of what happens without a person: alerts, triggers, healing, budgets, ingestion."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from mlops_estate.graph import UNKNOWN, ResourceNode
from mlops_estate.maturity.checks.registry import Found, check, every_model, met, resource, unmet
from mlops_estate.maturity.facts import Facts, parsed
from mlops_estate.maturity.model import Evidence, Outcome
from mlops_estate.maturity.pipelines import PIPELINE
from mlops_estate.maturity.values import block, entries, texts

ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm"
TOPIC, SUBSCRIPTION = "aws:sns/topic:Topic", "aws:sns/topicSubscription:TopicSubscription"
RULE, TARGET = "aws:cloudwatch/eventRule:EventRule", "aws:cloudwatch/eventTarget:EventTarget"
SCHEDULE = "aws:scheduler/schedule:Schedule"
ACTORS = (
    "aws:lambda/function:Function",
    "aws:sfn/stateMachine:StateMachine",
    "aws:ssm/document:Document",
    PIPELINE,
)
"""What acts, rather than tells."""
FEATURE_GROUPS = ("aws-native:sagemaker:FeatureGroup", "aws:sagemaker/featureGroup:FeatureGroup")
HUMAN = ("email", "email-json")
MACHINE = ("https", "lambda", "sqs", "sms")


def subscribers(
    facts: Facts, topic: ResourceNode, protocols: Collection[str] = (*HUMAN, *MACHINE)
) -> list[ResourceNode]:
    """Return the subscriptions of a topic by one of some protocols."""
    return [
        node
        for node in facts.of(SUBSCRIPTION)
        if topic in facts.linked(node, "topic") and node.inputs.get("protocol") in protocols
    ]


@check
def somebody_is_told(facts: Facts) -> Outcome:
    """Every alarm tells a topic, and somebody is subscribed to it."""
    alarms = facts.of(ALARM)
    evidence, silent = [], []
    for alarm in alarms:
        topics = [node for node in facts.linked(alarm, "alarmActions") if node.type == TOPIC]
        heard = [node for topic in topics for node in subscribers(facts, topic)]
        if heard:
            evidence += [resource(node, f"subscribed by {node.inputs.get('protocol')}") for node in heard]
        else:
            silent.append(alarm.name)
    if not alarms:
        return unmet("there are no alarms")
    return unmet(f"nobody hears of {', '.join(sorted(silent))}", evidence) if silent else met(evidence)


@check
def topics_by_severity(facts: Facts, severities: list[str]) -> Outcome:
    """A topic for every severity, by its tag, each with a subscriber."""
    evidence, missing = [], []
    for severity in severities:
        topics = [node for node in facts.of(TOPIC) if block(node.inputs.get("tags")).get("severity") == severity]
        heard = [topic for topic in topics if subscribers(facts, topic)]
        evidence += [resource(topic, f"severity {severity}") for topic in heard]
        if not heard:
            missing.append(severity)
    return unmet(f"no topic that somebody is subscribed to for {', '.join(missing)}", evidence) if missing else met(
        evidence
    )  # fmt: skip


@check
def critical_pages(facts: Facts) -> Outcome:
    """The critical topic reaches a machine that pages somebody, not a mailbox alone."""
    for topic in facts.of(TOPIC):
        if block(topic.inputs.get("tags")).get("severity") == "critical":
            paging = subscribers(facts, topic, MACHINE)
            if paging:
                return met([resource(node, f"by {node.inputs.get('protocol')}") for node in paging])
    return unmet("the critical topic reaches mailboxes alone, which page nobody within 15 minutes")


def _starts(facts: Facts, node: ResourceNode, prop: str, model: str) -> list[ResourceNode]:
    """Return the training pipelines of a model that a target starts, directly or through a function or state
    machine."""
    pipelines = {pipeline.node.urn for pipeline in facts.training(model)}
    direct = facts.linked(node, prop)
    found = [one for one in direct if one.urn in pipelines]
    for actor in direct:
        if actor.type in ACTORS and actor.urn not in pipelines:
            found += [facts.graph.nodes[urn] for urn in facts.graph.depends_on(actor) if urn in pipelines]
    return found


@check
def scheduled_retraining(facts: Facts) -> Outcome:
    """A schedule that is on starts the model's training pipeline."""

    def look(model: str) -> Found:
        for schedule in facts.of(SCHEDULE):
            started = _starts(facts, schedule, "target", model)
            if started and is_on(schedule):
                return [resource(schedule, str(schedule.inputs.get("scheduleExpression"))), resource(started[0])]
        for rule, started in _rules(facts, model):
            if rule.inputs.get("scheduleExpression"):
                return [resource(rule, str(rule.inputs["scheduleExpression"])), resource(started[0])]
        return "no schedule that is on has its training pipeline as target"

    return every_model(facts, look)


def _rules(facts: Facts, model: str) -> list[tuple[ResourceNode, list[ResourceNode]]]:
    """Return (rule that is on, pipelines it starts)."""
    found = []
    for target in facts.of(TARGET):
        started = _starts(facts, target, "arn", model)
        rules = [rule for rule in facts.linked(target, "rule") if rule.type == RULE and is_on(rule)]
        found += [(rule, started) for rule in rules if started]
    return found


def is_on(rule: ResourceNode) -> bool:
    """Return whether a rule or schedule is enabled, as it is where it doesn't say."""
    return str(rule.inputs.get("state", "ENABLED")) != "DISABLED"


@check
def retraining_on_events(facts: Facts, sources: list[str], details: list[str], what: str) -> Outcome:
    """A rule on events of one of the sources, of one of the details where they are given, starts the model's training
    pipeline."""

    def look(model: str) -> Found:
        for rule, started in _rules(facts, model):
            if event := _event(facts, rule, sources, details):
                return [resource(rule, f"on {event}"), resource(started[0])]
        return f"no rule on {what} has its training pipeline as target"

    return every_model(facts, look)


_SOURCES = {
    "aws:cloudwatch/metricAlarm:MetricAlarm": "aws.cloudwatch",
    "aws:s3/bucket:Bucket": "aws.s3",
    "aws:sagemaker/modelPackageGroup:ModelPackageGroup": "aws.sagemaker",
}
"""Whose events a pattern is about that is only known after the update, by what it takes something from."""


def _event(facts: Facts, rule: ResourceNode, sources: Iterable[str], details: Iterable[str]) -> str:
    """Return the source of the events that a rule is on, where it is one of `sources`, else ""."""
    pattern: Any = parsed(rule.inputs.get("eventPattern"))
    if pattern is None:
        found = {_SOURCES.get(node.type, "") for node in facts.linked(rule, "eventPattern")}
        return next(iter(sorted(found & set(sources))), "")
    own = sorted(set(sources) & set(texts(pattern.get("source"))))
    types = set(texts(pattern.get("detail-type")))
    return own[0] if own and (not details or types & set(details)) else ""


@check
def schedule_records_commit(facts: Facts, parameter: str) -> Outcome:
    """What a schedule starts is given the commit of the code that it runs."""

    def look(model: str) -> Found:
        for schedule in facts.of(SCHEDULE):
            if not _starts(facts, schedule, "target", model):
                continue
            given = block(block(schedule.inputs.get("target")).get("sagemakerPipelineParameters"))
            names = [one.get("name") for one in entries(given.get("pipelineParameters"))]
            if parameter in names:
                return [resource(schedule, f"passes {parameter}")]
            return f"its schedule doesn't pass {parameter}, so that versions it trains are unrecorded"
        return "nothing starts its pipeline by schedule"

    return every_model(facts, look)


@check
def acts_on_events(facts: Facts, sources: list[str], details: list[str], what: str) -> Outcome:
    """A rule on events of the sources (and details), or an alarm, starts something that acts, not only a message."""
    for target in facts.of(TARGET):
        actors = [node for node in facts.linked(target, "arn") if node.type in ACTORS]
        for rule in facts.linked(target, "rule") if actors else ():
            event = _event(facts, rule, sources, details)
            if event and is_on(rule):
                return met([resource(rule, f"on {event}"), *map(resource, actors)])
    for alarm in facts.of(ALARM) if "aws.cloudwatch" in sources else ():
        actors = [node for node in facts.linked(alarm, "alarmActions") if node.type in ACTORS]
        if actors:
            return met([resource(alarm), *map(resource, actors)])
    return unmet(f"nothing acts on {what}; people are told")


@check
def resources_exist(facts: Facts, types: list[str], what: str) -> Outcome:
    """At least one resource of each type is declared."""
    evidence = []
    for kind in types:
        found = facts.of(kind)
        if not found:
            return unmet(f"there is no {what}")
        evidence += [resource(node) for node in found]
    return met(evidence)


@check
def budget_alerts(facts: Facts) -> Outcome:
    """A budget tells somebody of actual and of forecast cost."""
    for budget in facts.of("aws:budgets/budget:Budget"):
        kinds = {one.get("notificationType") for one in entries(budget.inputs.get("notifications"))}
        topics = [node for node in facts.linked(budget, "notifications") if node.type == TOPIC]
        if {"ACTUAL", "FORECASTED"} <= kinds and (any(subscribers(facts, topic) for topic in topics)):
            return met(
                [resource(budget, f"{budget.inputs.get('limitAmount')} {budget.inputs.get('limitUnit')} a month")]
            )
    return unmet("no budget tells somebody of actual and forecast cost")


@check
def features_stored(facts: Facts) -> Outcome:
    """Every model has a feature group, online for serving and offline for training."""

    def look(model: str) -> Found:
        for group in facts.of(
            "aws-native:sagemaker:FeatureGroup", "aws:sagemaker/featureGroup:FeatureGroup", model=model
        ):
            online = block(group.inputs.get("onlineStoreConfig")).get("enableOnlineStore") is True
            if online and group.inputs.get("offlineStoreConfig"):
                return [
                    resource(group, f"{len(entries(group.inputs.get('featureDefinitions')))} features, both stores")
                ]
        return "it has no feature group with both stores"

    return every_model(facts, look)


@check
def features_ingested(facts: Facts) -> Outcome:
    """Something that a schedule, rule or pipeline starts may write records to the feature store."""
    actors = [*facts.of(*ACTORS), *facts.of("aws:glue/job:Job")]
    for actor in actors:
        for urn in sorted(_reachable(facts, actor)):
            node = facts.graph.nodes[urn]
            if node.type == "aws:iam/rolePolicy:RolePolicy" and _allows(node, "sagemaker:PutRecord"):
                return met([resource(actor), resource(node, "allows sagemaker:PutRecord")])
    return unmet("no pipeline, function, job or state machine may write to the feature store: people ingest")


def _reachable(facts: Facts, actor: ResourceNode) -> set[str]:
    """Return what an actor depends on directly, and the policies of the roles among it."""
    direct = facts.graph.depends_on(actor)
    policies = {
        node.urn
        for node in facts.of("aws:iam/rolePolicy:RolePolicy")
        if any(role.urn in direct for role in facts.linked(node, "role"))
    }
    return direct | policies


def _allows(policy: ResourceNode, action: str) -> bool:
    text = policy.inputs.get("policy")
    document = parsed(text) if text != UNKNOWN else None
    for statement in entries(block(document).get("Statement")):
        if statement.get("Effect") == "Allow" and action in texts(statement.get("Action")):
            return True
    return False


@check
def runbooks(facts: Facts) -> Outcome:
    """Every alarm of a model's endpoint names its runbook."""

    def look(model: str) -> Found:
        alarms = facts.of(ALARM, model=model)
        bare = [alarm.name for alarm in alarms if not block(alarm.inputs.get("tags")).get("runbook-url")]
        if not alarms:
            return "it has no alarms"
        if bare:
            return f"no runbook is named by {', '.join(sorted(bare))}"
        return [Evidence("resource", alarm.urn, alarm.inputs["tags"]["runbook-url"]) for alarm in alarms]

    return every_model(facts, look)

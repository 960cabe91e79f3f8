"""Which endpoints are monitored: any at all in production, and high-risk ones for bias and explanations."""

from __future__ import annotations

from collections.abc import Iterator

from mlops_policies.images import MODEL
from mlops_policies.ml_alarms import MONITORING_SCHEDULE
from mlops_policies.ml_serving import ENDPOINT, configuration_of, is_serverless
from mlops_policies.monitor_jobs import types_watching
from mlops_policies.resource import Resource
from mlops_policies.risk import RISK, is_high_risk
from mlops_policies.rule import Use, stack_rule
from mlops_policies.rules.ml_serving_hygiene import variants
from mlops_policies.stack import Stack
from mlops_policies.values import any_of
from mlops_policies.verdicts import Verdict, not_applicable, not_evaluated

_GUIDE = "https://docs.aws.amazon.com/sagemaker/latest/dg"


@stack_rule(
    "sm-monitoring-present",
    on=[ENDPOINT],
    only=["prod"],
    title="Stacks with endpoints in production have a monitoring schedule.",
    severity="medium",
    level="advisory",
    category="ml-governance",
    why="Data and behaviour of a model change after its release; without a monitor the first to see it are its users.",
    fix="Add a monitoring schedule for the endpoint",
    source=(f"{_GUIDE}/model-monitor.html", f"{_GUIDE}/serverless-endpoints.html"),
)
def monitoring_present(it: Resource, stack: Stack, use: Use) -> Iterator[Verdict]:
    """Whether a schedule looks at this very endpoint is asked by `ml-capture-has-monitor`. Serverless endpoints can't
    be monitored. Advice, since drift may be watched by other means than Model Monitor.
    """
    configuration = configuration_of(it, stack)
    if configuration is not None and is_serverless(configuration):
        yield not_applicable("Model Monitor does not watch serverless endpoints")
    elif not stack.of(MONITORING_SCHEDULE):
        yield it.fails("", "is in a stack without a monitoring schedule")


@stack_rule(
    "sm-clarify-bias-explainability",
    on=[ENDPOINT],
    title="High-risk endpoints are monitored for bias, and for what their predictions rest on.",
    severity="medium",
    level={"dev": "disabled", "staging": "advisory", "prod": "advisory"},
    category="ml-governance",
    why="A model that was fair when it was released can become unfair with the people it decides about; nobody sees it "
    "in error rates.",
    fix="Schedule a ModelBias and a ModelExplainability monitor for the endpoint",
    source=(f"{_GUIDE}/clarify-model-monitor-bias-drift.html",
            f"{_GUIDE}/clarify-model-monitor-feature-attribution-drift.html"),
    settings=RISK,
)  # fmt: skip
def clarify_monitors(it: Resource, stack: Stack, use: Use) -> Iterator[Verdict]:
    """The tag may stand on the endpoint or on a model that it serves. The schedules have to watch this endpoint: others
    ask only that some schedule of Clarify's is there. Not in dev, whose requests are not people's.
    """
    configuration = configuration_of(it, stack)
    if configuration is not None and is_serverless(configuration):
        yield not_applicable("Model Monitor does not watch serverless endpoints")
        return
    places = [] if configuration is None else variants(configuration)
    models = [model for view in places for model in stack.referred(view, "modelName", MODEL)]
    if not any_of([it, *models], lambda one: is_high_risk(one, use)):
        yield not_applicable("its tags do not say high risk")
        return
    types, loose = types_watching(it, stack, use)
    for wanted in ("ModelBias", "ModelExplainability"):
        if wanted not in types:
            yield not_evaluated(loose) if loose else it.fails("", f"has no {wanted} monitoring schedule", key=wanted)

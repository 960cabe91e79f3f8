"""Models that the internet can call through API Gateway: guards before them, and timeouts that fit."""

from __future__ import annotations

from collections.abc import Iterator

from mlops_policies.inference_apis import (
    FUNCTION,
    INTEGRATION,
    METHOD,
    REST_API,
    V2_API,
    V2_INTEGRATION,
    V2_ROUTE,
    functions_of,
    integrations_of,
    invokes_endpoints,
    reaches_model,
)
from mlops_policies.openapi import open_operations
from mlops_policies.resource import Resource, View
from mlops_policies.rule import Use, stack_rule
from mlops_policies.stack import Stack
from mlops_policies.values import UnknownValue
from mlops_policies.verdicts import Verdict, each, not_applicable

STAGE = "aws:apigateway/stage:Stage"
V2_STAGE = "aws:apigatewayv2/stage:Stage"
USAGE_PLAN = "aws:apigateway/usagePlan:UsagePlan"
METHOD_SETTINGS = "aws:apigateway/methodSettings:MethodSettings"
ASSOCIATION = "aws:wafv2/webAclAssociation:WebAclAssociation"
WEB_ACL = "aws:wafv2/webAcl:WebAcl"

_WAITING, _LOOSE = "waiting", "waiting for"
"""What a rule keeps between resources of a stack: how long APIs wait, and an integration that nobody can tell of."""
_GUIDE = "https://docs.aws.amazon.com/apigateway/latest/developerguide/"


@stack_rule(
    "ml-public-inference-guarded",
    on=[STAGE, V2_STAGE],
    title="Models behind a public API have authorisation, a rate-based web ACL, throttling and access logs.",
    severity="critical",
    level="mandatory",
    why="A model that everybody can call is copied question by question, flooded, or run up to a bill without end.",
    fix="Put an authoriser, a web ACL with a rate-based rule, a throttle and access logs before the model",
    source=(
        f"{_GUIDE}apigateway-control-access-to-api.html",
        "https://docs.aws.amazon.com/waf/latest/developerguide/waf-rule-statement-type-rate-based.html",
        f"{_GUIDE}api-gateway-request-throttling.html",
    ),
)
def public_inference_guarded(it: Resource, stack: Stack, use: Use) -> Iterator[Verdict]:
    """An API reaches a model by SageMaker's runtime, or by a function whose role may invoke endpoints. A private API is
    left out. AWS WAF can't be put on HTTP APIs, so a web ACL is asked of REST APIs only; a web ACL of another stack is
    taken to have its rule.
    """
    rest = it.type == STAGE
    apis = stack.referred(it, "restApi", REST_API) if rest else stack.referred(it, "apiId", V2_API)
    public = [api for api in apis if "PRIVATE" not in str(api.get("endpointConfiguration.types", ""))]
    reaching = [api for api in public if _reaches_model(api, stack, use)]
    if not reaching:
        yield not_applicable("no model behind it is declared here, or the API is private")
        return
    yield it.requires("accessLogSettings.destinationArn", "must be given: it is not logged who calls the model")
    for api in reaching:
        yield from each([api], lambda one: _authorised(it, one, stack))
    if rest:
        yield from each(_REST_CHECKS, lambda check: check(it, stack))
    else:
        must = "must be above 0: the model is not throttled"
        yield it.holds("defaultRouteSettings.throttlingRateLimit", lambda limit: limit > 0, must, default=-1)


def _reaches_model(api: Resource, stack: Stack, use: Use) -> bool:
    unknown = ""
    for place in integrations_of(api, stack):
        try:
            if reaches_model(place, stack, use):
                return True
        except UnknownValue as met:
            unknown = met.path
    if unknown:
        raise UnknownValue(unknown)
    return False


def _authorised(it: Resource, api: Resource, stack: Stack) -> Iterator[Verdict]:
    """Yield a finding on the stage for each method or route of its API that asks nobody who calls."""
    kinds = (METHOD, "restApi", "authorization", "httpMethod") if api.type == REST_API else (
        V2_ROUTE, "apiId", "authorizationType", "routeKey")  # fmt: skip
    kind, by, authorization, named = kinds
    for operation in stack.referring(api, kind, by=by):
        name = str(operation.get(named))
        if not name.startswith("OPTIONS") and operation.get(authorization, "NONE") == "NONE":
            yield it.fails("", f"lets everybody call {operation.name} ({name})", key=f"authorisation {operation.name}")
    if api.type == V2_API and api.present("target"):
        yield it.fails("", f"lets everybody call {api.name}: its target asks nobody", key=f"authorisation {api.name}")
    if api.present("body"):
        for name in open_operations(api, "body"):
            yield it.fails("", f"lets everybody call {name}", key=f"authorisation {name}")


def _limited_by_acl(it: Resource, stack: Stack) -> Iterator[Verdict]:
    associations = stack.referring(it, ASSOCIATION, by="resourceArn")
    if not associations:
        yield it.fails("", "has no web ACL before the model", key="waf")
    for association in associations:
        for acl in stack.referred(association, "webAclArn", WEB_ACL):
            if not any(rule.present("statement.rateBasedStatement") for rule in acl.items("rules")):
                yield it.fails("", f"has web ACL {acl.name} without a rate-based rule", key="waf")


def _throttled(it: Resource, stack: Stack) -> Iterator[Verdict]:
    settings = [(view, "settings.throttlingRateLimit") for view in stack.referring(it, METHOD_SETTINGS, by="stageName")]
    own = [(view, "throttlingRateLimit") for view in it.items("methodSettings")]
    plans = [(plan, "throttleSettings.rateLimit") for plan in _plans(it, stack)]
    if not any(view.get(path, -1) > 0 for view, path in (*settings, *own, *plans)):
        yield it.fails("", "does not throttle requests to the model", key="throttle")


def _plans(it: Resource, stack: Stack) -> list[Resource]:
    """Return the usage plans of a stage: those that name it and its API."""
    apis = {api.urn for api in stack.referred(it, "restApi", REST_API)}
    return [plan for plan in stack.of(USAGE_PLAN) if any(_is_for(view, it, apis, stack) for view in
            plan.items("apiStages"))]  # fmt: skip


def _is_for(entry: View, stage: Resource, apis: set[str], stack: Stack) -> bool:
    same = {api.urn for api in stack.referred(entry, "apiId", REST_API)} & apis
    return bool(same) and stage in stack.referred(entry, "stage", STAGE)


_REST_CHECKS = (_limited_by_acl, _throttled)


@stack_rule(
    "ml-inference-lambda-timeouts",
    on=[FUNCTION],
    title="Functions before a model answer before the API gives up, and have capacity of their own.",
    severity="low",
    level="advisory",
    category="reliability",
    why="A function that runs on after the API has answered 504 costs money for nobody; one without reserved "
    "concurrency can be starved by others.",
    fix="Set the timeout under the integration's, and reservedConcurrentExecutions",
    source=(
        f"{_GUIDE}api-gateway-execution-service-limits-table.html",
        "https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html",
    ),
)
def inference_lambda_timeouts(it: Resource, stack: Stack, use: Use) -> Iterator[Verdict]:
    """A REST API waits 29 seconds and an HTTP API 30 unless told otherwise; a function runs 3 unless told otherwise.
    Asked of functions that an API calls and whose role may invoke endpoints.
    """
    limits = _limits(it, stack, use)
    if not limits or not invokes_endpoints(it, stack, use):
        yield not_applicable("no API calls it, or it invokes no endpoint")
        return
    seconds = min(limits)
    yield it.holds("timeout", lambda given: given < seconds, f"must be under the {seconds:g} s of the API", default=3)
    yield it.holds(
        "reservedConcurrentExecutions", lambda given: given > 0, "must be above 0 to have its own capacity", default=-1
    )


def _limits(function: Resource, stack: Stack, use: Use) -> list[float]:
    """Return after how many seconds the APIs that call a function give up. Raises `UnknownValue` where one may."""
    called: dict[str, list[float]] | None = use.memory.get(_WAITING)
    if called is None:
        called = use.memory[_WAITING] = {}
        ways: list[tuple[Resource, str, str, int]] = [
            *((it, "uri", "timeoutMilliseconds", 29000) for it in stack.of(INTEGRATION)),
            *((it, "integrationUri", "timeoutMilliseconds", 30000) for it in stack.of(V2_INTEGRATION)),
            *((it, "integration.uri", "integration.timeoutInMillis", 29000) for it in stack.of(METHOD)),
        ]
        for it, path, timeout, default in ways:
            try:
                for found in functions_of(it, path, stack, use):
                    called.setdefault(found.urn, []).append(it.get(timeout, default) / 1000)
            except UnknownValue as unknown:
                use.memory[_LOOSE] = unknown.path
    if function.urn not in called and _LOOSE in use.memory:
        raise UnknownValue(use.memory[_LOOSE])
    return called.get(function.urn, [])

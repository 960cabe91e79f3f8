"""API Gateway: who may call, what is logged, how much, and over what."""

from __future__ import annotations

from collections.abc import Iterator

from mlops_policies.openapi import open_operations
from mlops_policies.resource import Resource, View
from mlops_policies.rule import Use, resource_rule, stack_rule
from mlops_policies.stack import Stack
from mlops_policies.values import is_unknown
from mlops_policies.verdicts import Verdict, each, not_applicable

REST_API = "aws:apigateway/restApi:RestApi"
STAGE = "aws:apigateway/stage:Stage"
METHOD = "aws:apigateway/method:Method"
METHOD_SETTINGS = "aws:apigateway/methodSettings:MethodSettings"
DOMAIN = "aws:apigateway/domainName:DomainName"
V2_API = "aws:apigatewayv2/api:Api"
V2_STAGE = "aws:apigatewayv2/stage:Stage"
V2_ROUTE = "aws:apigatewayv2/route:Route"
V2_DOMAIN = "aws:apigatewayv2/domainName:DomainName"
ASSOCIATION = "aws:wafv2/webAclAssociation:WebAclAssociation"
_GUIDE = "https://docs.aws.amazon.com/apigateway/latest/developerguide/"
_CONTROLS = "https://docs.aws.amazon.com/securityhub/latest/userguide/apigateway-controls.html"
_WITH_BODY = ("POST", "PUT", "PATCH", "ANY")


@resource_rule(
    "api-stage-access-logs",
    on=[STAGE, V2_STAGE],
    title="Stages log who called.",
    severity="medium",
    level="mandatory",
    why="Without access logs nobody can tell who asked a model what, or how an attack went.",
    fix="Set accessLogSettings with a log group or a delivery stream",
    source=(f"{_GUIDE}set-up-logging.html", f"{_CONTROLS}#apigateway-9"),
)
def access_logs(it: Resource, use: Use) -> Iterator[Verdict]:
    """Execution logs, which other tools count too, may hold whole requests; they are no substitute."""
    yield it.requires("accessLogSettings.destinationArn")


@resource_rule(
    "api-method-authorised",
    on=[METHOD, REST_API],
    title="Methods ask who calls.",
    severity="high",
    level="mandatory",
    why="A method without authorisation lets everybody use the model behind it, at your cost.",
    fix="Use AWS_IAM, a Cognito user pool or an authoriser",
    source=(f"{_GUIDE}apigateway-control-access-to-api.html", f"{_GUIDE}api-gateway-swagger-extensions-authtype.html"),
)
def method_authorised(it: Resource, use: Use) -> Iterator[Verdict]:
    """An API key tells callers apart, but is no authorisation. OPTIONS is asked by browsers without credentials.
    Methods that an API's OpenAPI body declares count as well."""
    if it.type == REST_API:
        if not it.present("body"):
            yield not_applicable("its methods are resources of their own")
        for operation in open_operations(it, "body"):
            yield it.fails("body", f"lets everybody call {operation}", key=operation)
    elif it.get("httpMethod") == "OPTIONS":
        yield not_applicable("it is asked by browsers without credentials")
    else:
        yield it.holds("authorization", lambda kind: kind != "NONE", "must ask who calls", default="NONE")


@stack_rule(
    "api-route-authorised",
    on=[V2_ROUTE, V2_API],
    title="Routes ask who calls.",
    severity="high",
    level="mandatory",
    why="A route without authorisation lets everybody use the model behind it, at your cost.",
    fix="Set authorizationType to JWT, AWS_IAM or CUSTOM",
    source=f"{_CONTROLS}#apigateway-8",
)
def route_authorised(it: Resource, stack: Stack, use: Use) -> Iterator[Verdict]:
    """Of a WebSocket API only $connect can ask, and the connection stands for what follows; that the API is one is seen
    where it is in the stack, or by the route's key. An API with a `target` has one route, open to everybody."""
    if it.type == V2_API:
        if it.present("target"):
            yield it.fails("target", "makes a route that asks nobody who calls")
        elif not it.present("body"):
            yield not_applicable("its routes are resources of their own")
        for operation in open_operations(it, "body"):
            yield it.fails("body", f"lets everybody call {operation}", key=operation)
        return
    key = str(it.get("routeKey"))
    if key.startswith("OPTIONS "):
        yield not_applicable("it is asked by browsers without credentials")
    elif key != "$connect" and _is_web_socket(key, it, stack):
        yield not_applicable("the connection was authorised when it was made")
    else:
        yield it.one_of("authorizationType", ("JWT", "AWS_IAM", "CUSTOM"), default="NONE")


def _is_web_socket(key: str, route: Resource, stack: Stack) -> bool:
    if key != "$default":
        return " " not in key
    return any(api.get("protocolType") == "WEBSOCKET" for api in stack.referred(route, "apiId", V2_API))


@stack_rule(
    "api-waf-associated",
    on=[STAGE],
    title="Public stages have a web ACL.",
    severity="high",
    level="mandatory",
    why="Without a web ACL nothing stops floods of requests, or the attacks that every public address sees.",
    fix="Associate a web ACL with the stage",
    source=f"{_CONTROLS}#apigateway-4",
)
def waf_associated(it: Resource, stack: Stack, use: Use) -> Iterator[Verdict]:
    """A stage of a private API needs none. HTTP and WebSocket APIs can't have a web ACL; put CloudFront before them."""
    for api in stack.referred(it, "restApi", REST_API):
        if "PRIVATE" in str(api.get("endpointConfiguration.types", "")):
            yield not_applicable("the API is private")
            return
    if not stack.referring(it, ASSOCIATION, by="resourceArn"):
        yield it.fails("", "the stage has no web ACL")


@resource_rule(
    "api-request-validated",
    on=[METHOD],
    title="Methods with a body validate it.",
    severity="medium",
    level="advisory",
    why="What is malformed reaches the model, costs an inference, and may break it.",
    fix="Add a RequestValidator with a model of the body",
    source=f"{_GUIDE}api-gateway-method-request-validation.html",
)
def request_validated(it: Resource, use: Use) -> Iterator[Verdict]:
    """ANY takes bodies too."""
    if it.get("httpMethod") not in _WITH_BODY:
        yield not_applicable("its requests have no body")
    else:
        yield it.requires("requestValidatorId")


@stack_rule(
    "api-throttle",
    on=[STAGE, METHOD_SETTINGS, V2_STAGE],
    title="Stages limit how fast they are called.",
    severity="medium",
    level="mandatory",
    category="reliability",
    why="Without a limit one caller uses up the account's, and the bill of the model behind it has no end.",
    fix="Set throttlingRateLimit and throttlingBurstLimit above 0",
    source=f"{_GUIDE}api-gateway-request-throttling.html",
)
def throttled(it: Resource, stack: Stack, use: Use) -> Iterator[Verdict]:
    """Absent, and -1, mean no limit but the account's. A stage without any settings has none either, which a rule about
    settings alone does not see. Settings of single methods may leave the limits to those of all methods."""
    if it.type == V2_STAGE:
        yield from _limits(it, "defaultRouteSettings.")
    elif it.type == METHOD_SETTINGS:
        if it.get("methodPath") != "*/*" and not it.present("settings.throttlingRateLimit"):
            yield not_applicable("the settings of all methods have the limits")
        else:
            yield from _limits(it, "settings.")
    else:
        own = _settings_of(it)
        if not any(_for_all_methods(settings) for settings in own) and not _separate_settings(it, stack):
            yield it.fails("", "the stage has no settings of all methods, so it has no limit of requests")
        limited = [
            settings for settings in own if _for_all_methods(settings) or settings.present("throttlingRateLimit")
        ]
        yield from each(limited, lambda settings: _limits(settings, ""))


def _for_all_methods(settings: View) -> bool:
    return bool(settings.get("resourcePath") == "/*" and settings.get("httpMethod") == "*")


def _limits(it: View, prefix: str) -> Iterator[Verdict]:
    for name in ("throttlingRateLimit", "throttlingBurstLimit"):
        yield it.holds(f"{prefix}{name}", lambda limit: limit > 0, "must be above 0", default=-1)


def _settings_of(it: Resource) -> list[View]:
    """Return the method settings that a resource holds: its own, or natively those of a stage."""
    return it.items("settings" if it.type == METHOD_SETTINGS else "methodSettings")


def _separate_settings(stage: Resource, stack: Stack) -> bool:
    """Whether the settings of all methods of a stage are a resource of their own. Raises `UnknownValue`."""
    apis = stack.referred(stage, "restApi", REST_API)
    if apis:
        found = [settings for api in apis for settings in stack.referring(api, METHOD_SETTINGS, by="restApi")]
    else:
        found = [other for other in stack.of(METHOD_SETTINGS) if other.raw("restApi") == stage.raw("restApi")]
    return any(item.raw("methodPath") == "*/*" and _is_of_stage(item, stage, stack) for item in found)


def _is_of_stage(settings: Resource, stage: Resource, stack: Stack) -> bool:
    name = settings.raw("stageName")
    if not is_unknown(name):
        return bool(name == stage.get("stageName"))
    return stage.urn in [other.urn for other in stack.referred(settings, "stageName", STAGE)]


@resource_rule(
    "api-trace-no-payload",
    on=[METHOD_SETTINGS, STAGE, V2_STAGE],
    title="API Gateway does not log whole requests and responses.",
    severity="high",
    level={"dev": "advisory", "staging": "mandatory", "prod": "mandatory"},
    why="A trace holds what people sent to the model and what it said of them, readable for all who read logs.",
    fix="Set dataTraceEnabled to false",
    source="https://docs.aws.amazon.com/apigateway/latest/api/API_MethodSetting.html",
)
def no_payload_logged(it: Resource, use: Use) -> Iterator[Verdict]:
    """Off unless switched on. Whether an API carries personal data can't be told, so it holds for all."""
    holders = _settings_of(it)
    if it.type == V2_STAGE:
        holders = [*it.items("defaultRouteSettings"), *it.items("routeSettings")]
    if not holders:
        yield not_applicable("it has no settings of methods or routes")
    yield from each(holders, lambda settings: [settings.equals("dataTraceEnabled", False, default=False)])


@resource_rule(
    "api-cache-encrypted",
    on=[METHOD_SETTINGS, STAGE],
    title="Cached responses are encrypted.",
    severity="medium",
    level="mandatory",
    why="A cache keeps what the model said of people, in clear unless told otherwise.",
    fix="Set cacheDataEncrypted to true",
    source=f"{_CONTROLS}#apigateway-5",
)
def cache_encrypted(it: Resource, use: Use) -> Iterator[Verdict]:
    """Speaks of settings that switch caching on; absent, it is off, and so is the encryption."""
    cached = [settings for settings in _settings_of(it) if settings.raw("cachingEnabled") not in (None, False)]
    if not cached:
        yield not_applicable("nothing is cached")

    def check(settings: View) -> Iterator[Verdict]:
        encrypted = settings.equals("cacheDataEncrypted", True, default=False)
        if settings.raw("cacheDataEncrypted") is not True:
            settings.whole("cachingEnabled")
        yield encrypted

    yield from each(cached, check)


@resource_rule(
    "api-tls-policy",
    on=[DOMAIN, V2_DOMAIN],
    title="Domain names take TLS 1.2 or later.",
    severity="medium",
    level="mandatory",
    why="TLS 1.0 and 1.1 can be broken, and callers that speak them should not be served.",
    fix="Set securityPolicy to TLS_1_2 or to an enhanced policy",
    source=(f"{_GUIDE}apigateway-custom-domain-tls-version.html", f"{_GUIDE}apigateway-security-policies.html"),
)
def tls_policy(it: Resource, use: Use) -> Iterator[Verdict]:
    """All enhanced policies (SecurityPolicy_...) take TLS 1.2 or later; other tools know TLS_1_2 only. What absence
    means depends on the kind of endpoint, and edge-optimised ones took TLS 1.0, so it has to be said."""
    path = "domainNameConfiguration.securityPolicy" if it.type == V2_DOMAIN else "securityPolicy"
    yield it.holds(path, lambda policy: policy == "TLS_1_2" or policy.startswith("SecurityPolicy_TLS1"),
                   "must be TLS_1_2 or an enhanced policy")  # fmt: skip


@resource_rule(
    "api-xray",
    on=[STAGE],
    title="Stages are traced.",
    severity="low",
    level="advisory",
    category="reliability",
    why="Without traces nobody can tell whether the API, the function or the endpoint is what is slow.",
    fix="Set xrayTracingEnabled to true",
    source=f"{_CONTROLS}#apigateway-3",
)
def traced(it: Resource, use: Use) -> Iterator[Verdict]:
    """HTTP APIs can't be traced."""
    yield it.equals("xrayTracingEnabled", True, default=False)

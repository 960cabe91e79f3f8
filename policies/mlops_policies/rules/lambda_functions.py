"""Lambda functions: who may call them, what they run, where, and what is kept of failures."""

from __future__ import annotations

import re
from collections.abc import Iterator
from fnmatch import fnmatchcase

from mlops_policies import credentials
from mlops_policies.remedies_messaging import traced_function
from mlops_policies.resource import Resource
from mlops_policies.risk import DATA_CLASS, data_class
from mlops_policies.rule import Use, resource_rule, stack_rule
from mlops_policies.stack import Stack
from mlops_policies.values import UnknownValue, has_unknown
from mlops_policies.verdicts import Verdict, each, not_applicable

FUNCTION = "aws:lambda/function:Function"
FUNCTION_URL = "aws:lambda/functionUrl:FunctionUrl"
PERMISSION = "aws:lambda/permission:Permission"
LAYER_PERMISSION = "aws:lambda/layerVersionPermission:LayerVersionPermission"
INVOKE_CONFIG = "aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig"
EVENT_TARGET = "aws:cloudwatch/eventTarget:EventTarget"
EVENT_RULE = "aws:cloudwatch/eventRule:EventRule"
SUBSCRIPTION = "aws:sns/topicSubscription:TopicSubscription"
SCHEDULE = "aws:scheduler/schedule:Schedule"

_GUIDE = "https://docs.aws.amazon.com/lambda/latest/dg"
_SERVICE = re.compile(r"^[a-z0-9.-]+\.amazonaws\.com(?:\.cn)?$")
_ALL_ORIGINS = ("*", "http://*", "https://*")
_OPEN = ("public", "internal")


@resource_rule(
    "lambda-url-auth",
    on=[FUNCTION_URL],
    title="Function URLs ask for IAM credentials.",
    severity="critical",
    level="mandatory",
    why="A function URL without authorisation runs the function, with its role, for everybody on the internet.",
    fix="Set authorizationType to AWS_IAM",
    source=f"{_GUIDE}/urls-auth.html",
)
def url_auth(it: Resource, use: Use) -> Iterator[Verdict]:
    """NONE is the only other value."""
    yield it.equals("authorizationType", "AWS_IAM")


@resource_rule(
    "lambda-url-cors",
    on=[FUNCTION_URL],
    title="Function URLs name the origins that may call them.",
    severity="medium",
    level="advisory",
    why="With any origin allowed, every web page that a user opens can call the function in the user's browser.",
    fix="List the origins in cors.allowOrigins",
    source=f"{_GUIDE}/urls-configuration.html#urls-cors",
)
def url_cors(it: Resource, use: Use) -> Iterator[Verdict]:
    """Without CORS no other origin is allowed, so absent passes; a scheme with a star is any origin too."""
    path = "cors.allowOrigins"
    origins = it.get(path, [])
    for origin in _ALL_ORIGINS:
        if origin in origins:
            yield it.fails(path, f"allows any origin: {origin}", key=origin)
    if has_unknown(origins):
        raise UnknownValue(it.path(path))


@resource_rule(
    "lambda-permission-not-public",
    on=[PERMISSION, LAYER_PERMISSION],
    title="Functions and layers are open to named callers only.",
    severity="critical",
    level="mandatory",
    why="Everybody may call a function whose permission names any principal; and a service calls it for any of its "
    "customers, unless the permission says for whom.",
    fix="Name the account, role or organisation, and give services a sourceArn or sourceAccount",
    source=(f"{_GUIDE}/access-control-resource-based.html", f"{_GUIDE}/permissions-function-services.html"),
)
def permission_not_public(it: Resource, use: Use) -> Iterator[Verdict]:
    """An organisation limits ``*``. It doesn't limit services: they are in none. An event source token, which Alexa
    sends, isn't asked of the services of AWS.
    """
    organisation = "organizationId" if it.type == LAYER_PERMISSION else "principalOrgId"
    principal = it.get("principal", "")
    if principal == "*" and not it.present(organisation):
        yield it.fails("principal", "is everybody", key="*")
    elif _SERVICE.match(principal) and not (it.present("sourceArn") or it.present("sourceAccount")):
        yield it.fails(
            "principal", f"is {principal} for any of its customers: no sourceArn, no sourceAccount", principal
        )


@resource_rule(
    "lambda-runtime-supported",
    on=[FUNCTION],
    title="Functions run on a runtime that AWS still patches.",
    severity="medium",
    level="mandatory",
    why="A deprecated runtime gets no security patches, and soon no function on it can be created or updated.",
    fix="Move the function to a current runtime",
    source=f"{_GUIDE}/lambda-runtimes.html#runtimes-supported",
    settings={
        "supported_runtimes": {
            "type": "array",
            "items": {"type": "string"},
            "default": [
                "dotnet10", "java11", "java11.al2023", "java17", "java17.al2023", "java21", "java25", "java8.al2",
                "java8.al2023", "nodejs22.x", "nodejs24.x", "nodejs26.x", "provided.al2023", "python3.11",
                "python3.12", "python3.13", "python3.14", "python3.15", "ruby3.3", "ruby3.4", "ruby4.0",
            ],
            "description": "Runtimes that are supported; the default is what was not deprecated in November 2026.",
        }
    },
)  # fmt: skip
def runtime_supported(it: Resource, use: Use) -> Iterator[Verdict]:
    """Images bring their own runtime."""
    if it.get("packageType") == "Image" or it.present("imageUri"):
        yield not_applicable("an image brings its own runtime")
        return
    yield it.one_of("runtime", use["supported_runtimes"])


@resource_rule(
    "lambda-in-vpc-multi-az",
    on=[FUNCTION],
    title="Functions that may touch private data run in a VPC, in two or more subnets.",
    severity="medium",
    level="advisory",
    why="Outside a VPC no network control of yours holds for a function; in one subnet it stops with its zone.",
    fix="Set vpcConfig with two subnets in different zones",
    source=f"{_GUIDE}/configuration-vpc.html",
    settings=DATA_CLASS,
)
def in_vpc_multi_az(it: Resource, use: Use) -> Iterator[Verdict]:
    """Tagged as public or internal, a function needs no VPC; one that is in a VPC needs two subnets all the same.

    A function with a capacity provider runs where that does.
    """
    if it.present("capacityProviderConfig"):
        yield not_applicable("it runs where its capacity provider does")
        return
    subnets = it.get("vpcConfig.subnetIds", [])
    if len(subnets) == 1:
        yield it.fails("vpcConfig.subnetIds", "has one subnet; there must be two or more")
    elif not subnets and data_class(it, use) in _OPEN:
        yield not_applicable("its data are not private")
    elif not subnets:
        yield it.fails("vpcConfig", "must be given")


@resource_rule(
    "lambda-env-kms",
    on=[FUNCTION],
    title="Environment variables of functions are encrypted with a key of one's own.",
    severity="medium",
    level="advisory",
    why="With AWS's key whoever may read the function's configuration reads its variables; your key's policy is asked "
    "nothing.",
    fix="Set kmsKeyArn",
    source=f"{_GUIDE}/configuration-envvars-encryption.html",
)
def env_kms(it: Resource, use: Use) -> Iterator[Verdict]:
    """Without variables there is nothing to encrypt."""
    if it.present("environment.variables"):
        yield it.requires("kmsKeyArn")
    else:
        yield not_applicable("it has no environment variables")


@resource_rule(
    "lambda-env-no-secrets",
    on=[FUNCTION],
    title="Environment variables of functions hold no credentials.",
    severity="critical",
    level="mandatory",
    why="Variables can be read by everybody who may see the function, and stand in its every version.",
    fix="Keep the credential in Secrets Manager and give the function its name",
    source=f"{_GUIDE}/configuration-envvars.html#configuration-envvars-config",
)
def env_no_secrets(it: Resource, use: Use) -> Iterator[Verdict]:
    """A Pulumi secret counts as well: it is encrypted in the state, and in clear in the function's configuration."""
    variables = it.get("environment.variables", {})

    def check(name: str) -> Iterator[Verdict]:
        value = variables[name]
        path = f"environment.variables.{name}"
        if has_unknown(value):
            raise UnknownValue(it.path(path))
        for kind in credentials.named(name, str(value)):
            yield it.fails(path, f"holds {kind}", key=name)

    yield from each(variables, check)


_ASYNCHRONOUS = (
    "cloudformation.*", "codecommit.*", "codepipeline.*", "config.*", "events.*", "iot.*", "logs.*", "s3.*", "ses.*",
    "sns.*",
)  # fmt: skip
"""Services that call functions asynchronously. Source: Lambda developer guide, "Using Lambda with other services"."""


@stack_rule(
    "lambda-dlq",
    on=[FUNCTION],
    title="Functions that are called asynchronously keep the events that they fail on.",
    severity="medium",
    level="advisory",
    category="reliability",
    why="Lambda drops an event after two retries; without a destination for failures nobody learns of it.",
    fix="Set deadLetterConfig, or a FunctionEventInvokeConfig with a destination for failures",
    source=f"{_GUIDE}/invocation-async-retain-records.html",
)
def dlq(it: Resource, stack: Stack, use: Use) -> Iterator[Verdict]:
    """Only where the stack shows an asynchronous caller: a topic, a rule, a schedule, or a permission for one of the
    services that call so. A function that is called and waited for fails in sight.
    """
    if not _is_called_asynchronously(it, stack):
        yield not_applicable("nothing in this stack calls it asynchronously")
        return
    if it.present("deadLetterConfig.targetArn"):
        return
    configs = stack.referring(it, INVOKE_CONFIG, "functionName")
    if not any(config.present("destinationConfig.onFailure.destination") for config in configs):
        yield it.fails("deadLetterConfig", "must be given, or a destination for failures: it is called asynchronously")


def _is_called_asynchronously(it: Resource, stack: Stack) -> bool:
    if any(_is_asynchronous(grant.get("principal", "")) for grant in stack.referring(it, PERMISSION, "function")):
        return True
    callers = (
        (EVENT_TARGET, "arn"),
        (EVENT_RULE, "targets"),
        (SUBSCRIPTION, "endpoint"),
        (SCHEDULE, "target.arn"),
    )
    return any(stack.referring(it, kind, by) for kind, by in callers)


def _is_asynchronous(principal: str) -> bool:
    return any(fnmatchcase(principal, service) for service in _ASYNCHRONOUS)


@stack_rule(
    "lambda-concurrency",
    on=[FUNCTION],
    title="Functions behind public endpoints have a limit of their own.",
    severity="low",
    level="advisory",
    category="reliability",
    why="A flood of requests to one function takes the concurrency of the account, and every other function stands "
    "still.",
    fix="Set reservedConcurrentExecutions",
    source=f"{_GUIDE}/configuration-concurrency.html",
)
def concurrency(it: Resource, stack: Stack, use: Use) -> Iterator[Verdict]:
    """Behind a function URL, API Gateway or a load balancer, as the stack shows it. -1 is no limit, and the default."""
    public = bool(stack.referring(it, FUNCTION_URL, "functionName")) or any(
        str(grant.get("principal", "")).startswith(("apigateway.", "elasticloadbalancing."))
        for grant in stack.referring(it, PERMISSION, "function")
    )
    if not public:
        yield not_applicable("no public endpoint in this stack calls it")
        return
    yield it.holds("reservedConcurrentExecutions", lambda limit: limit >= 0, "must be a limit", default=-1)


@resource_rule(
    "lambda-tracing",
    on=[FUNCTION],
    title="Functions are traced.",
    severity="low",
    level="advisory",
    category="reliability",
    why="Without traces nobody can tell where a slow or failing request spent its time.",
    fix="Set tracingConfig.mode to Active",
    source="https://docs.aws.amazon.com/securityhub/latest/userguide/lambda-controls.html#lambda-7",
    remedy=traced_function,
)
def tracing(it: Resource, use: Use) -> Iterator[Verdict]:
    """PassThrough, the default, only follows traces that a caller has begun."""
    yield it.equals("tracingConfig.mode", "Active", default="PassThrough")


@resource_rule(
    "lambda-code-signing",
    on=[FUNCTION],
    title="Functions take signed code only.",
    severity="medium",
    level="advisory",
    only=["prod"],
    why="Without code signing whoever may update a function may put any code in it.",
    fix="Set codeSigningConfigArn",
    source=f"{_GUIDE}/configuration-codesigning.html",
)
def code_signing(it: Resource, use: Use) -> Iterator[Verdict]:
    """Lambda signs no images: they are signed in the registry."""
    if it.get("packageType") == "Image" or it.present("imageUri"):
        yield not_applicable("an image is signed in its registry")
        return
    yield it.requires("codeSigningConfigArn")

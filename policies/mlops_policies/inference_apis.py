"""APIs in front of models: which methods and routes reach SageMaker, by themselves or through a function."""

from __future__ import annotations

import re
from collections.abc import Iterator

from mlops_policies.identity_policies import ROLE
from mlops_policies.resource import Resource, View
from mlops_policies.role_policies import statements_of_role
from mlops_policies.rule import Use
from mlops_policies.stack import Stack
from mlops_policies.values import texts

REST_API = "aws:apigateway/restApi:RestApi"
METHOD = "aws:apigateway/method:Method"
INTEGRATION = "aws:apigateway/integration:Integration"
V2_API = "aws:apigatewayv2/api:Api"
V2_INTEGRATION = "aws:apigatewayv2/integration:Integration"
V2_ROUTE = "aws:apigatewayv2/route:Route"
FUNCTION = "aws:lambda/function:Function"

_INVOKE = ("sagemaker:InvokeEndpoint", "sagemaker:InvokeEndpointAsync", "sagemaker:InvokeEndpointWithResponseStream")
_FUNCTION_NAME = re.compile(r":function:([\w-]+)")
_RUNTIME = ":runtime.sagemaker:"
"""How an integration's address names the SageMaker runtime, as a service of AWS that it calls by itself."""


def integrations_of(api: Resource, stack: Stack) -> Iterator[tuple[View, str]]:
    """Yield (view, property of the address) of an API's integrations: resources, native inline ones, or its body's.

    Raises `UnknownValue`.
    """
    if api.type == V2_API:
        yield from ((view, "integrationUri") for view in stack.referring(api, V2_INTEGRATION, by="apiId"))
        yield from ((api, name) for name in ("target", "body") if api.present(name))
        return
    yield from ((view, "uri") for view in stack.referring(api, INTEGRATION, by="restApi"))
    methods = stack.referring(api, METHOD, by="restApi")
    yield from ((method, "integration.uri") for method in methods if method.present("integration"))
    if api.present("body"):
        yield api, "body"


def reaches_model(place: tuple[View, str], stack: Stack, use: Use) -> bool:
    """Whether an integration reaches a model: its address is SageMaker's runtime, or a function that invokes endpoints.

    Raises `UnknownValue`.
    """
    view, path = place
    value = view.raw(path)
    if any(_RUNTIME in text for _, text in texts(value)):
        return True
    return any(invokes_endpoints(function, stack, use) for function in functions_of(view, path, stack, use))


def functions_of(view: View, path: str, stack: Stack, use: Use) -> list[Resource]:
    """Return the functions of this stack that an integration calls. Raises `UnknownValue`."""
    by_name: dict[str, Resource] | None = use.memory.get("functions")
    if by_name is None:
        functions = stack.of(FUNCTION)
        by_name = use.memory["functions"] = {name: it for it in functions for name in it.identifiers()}
    named = [name for _, text in texts(view.raw(path)) for name in _FUNCTION_NAME.findall(text)]
    found = {by_name[name].urn: by_name[name] for name in named if name in by_name}
    return list((found | {it.urn: it for it in stack.referred(view, path, FUNCTION)}).values())


def invokes_endpoints(function: Resource, stack: Stack, use: Use) -> bool:
    """Whether a function's role may invoke SageMaker endpoints; one that may do everything says nothing of it.

    Raises `UnknownValue`.
    """
    known: dict[str, bool] = use.memory.setdefault("invoking functions", {})
    if function.urn not in known:
        roles = stack.referred(function, "role", ROLE)
        known[function.urn] = any(_invokes(role, stack) for role in roles)
    return known[function.urn]


def _invokes(role: Resource, stack: Stack) -> bool:
    return any(
        said.allows and not said.every_action() and any(said.names_action(action) for action in _INVOKE)
        for said in statements_of_role(stack, role)
    )

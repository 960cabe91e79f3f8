"""OpenAPI definitions of which API Gateway makes methods and routes, and which of these ask for authorisation.

Source: API Gateway developer guide, "OpenAPI definitions" and "x-amazon-apigateway-authtype" and "-authorizer".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from mlops_policies.resource import View
from mlops_policies.values import Malformed, UnknownValue, has_unknown, is_unknown, listed

_METHODS = ("get", "put", "post", "delete", "patch", "head", "x-amazon-apigateway-any-method")


def open_operations(it: View, path: str) -> Iterator[str]:
    """Yield ``POST /predict`` for each operation of the definition at a path that everybody may call.

    OPTIONS, which browsers ask without credentials, is none. A scheme that is only an API key is no authorisation.
    Raises `UnknownValue` where what decides is unknown, and `Malformed` for what is no definition.
    """
    definition = _definition(it, path)
    at = it.path(path)
    schemes = {**_part(definition, at, "securityDefinitions"), **_part(definition, at, "components", "securitySchemes")}
    guards = {name for name in schemes if _is_guard(_part(schemes, at, name))}
    routes = _part(definition, at, "paths")
    for route in routes:
        for method, operation in _part(routes, at, route).items():
            if method in _METHODS:
                authorised = _is_guarded(_known(operation, at).get("security", definition.get("security")), guards, at)
                auth = _part(operation, at, "x-amazon-apigateway-auth").get("type", "NONE")
                if not authorised and str(auth).upper() == "NONE":
                    yield f"{'ANY' if method.startswith('x-') else method.upper()} {route}"


def _definition(it: View, path: str) -> Mapping[str, Any]:
    given = it.get(path, {})
    if not isinstance(given, str):
        return dict(given)
    if has_unknown(given):
        raise UnknownValue(it.path(path))
    try:
        found = yaml.load(given, yaml.CSafeLoader)
    except yaml.YAMLError as error:
        raise Malformed(it.path(path), f"is no OpenAPI definition ({type(error).__name__})") from None
    if not isinstance(found, Mapping):
        raise Malformed(it.path(path), "is no OpenAPI definition")
    return found


def _known(value: Any, at: str) -> Any:
    if is_unknown(value):
        raise UnknownValue(at)
    return value


def _part(holder: Mapping[str, Any], at: str, *names: str) -> Mapping[str, Any]:
    """Return an object within others, empty where there is none. Raises `UnknownValue`."""
    found: Any = holder
    for name in names:
        found = _known(found.get(name), at) or {}
    return dict(found)


def _is_guard(scheme: Mapping[str, Any]) -> bool:
    """Whether a scheme checks who calls: everything but a plain API key, in whose form authorisers are written too."""
    return scheme.get("type") != "apiKey" or any(str(key).startswith("x-amazon-apigateway-auth") for key in scheme)


def _is_guarded(security: Any, guards: set[str], at: str) -> bool:
    """Whether every alternative that an operation allows has a guard; an empty one lets everybody through."""
    alternatives = listed(_known(security, at))
    return bool(alternatives) and all(guards & set(_known(alternative, at)) for alternative in alternatives)

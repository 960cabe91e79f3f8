"""From what AWS answers to the outputs a resource class declares, in the types it declares.

A value of another shape than the class's would end the program when it is resolved, so what does not fit is left out.
"""

from __future__ import annotations

import collections.abc
import contextlib
import datetime
import functools
import importlib
import re
import typing
from collections.abc import Mapping
from typing import Any

from pulumi import _types

from mlops_estate.embedded.driver.names import best, likeness, plain, words

_MODULES = {"lambda": "lambda_"}


class Misfit(Exception):  # noqa: N818 -- caught here, never shown
    """The value has not the declared type."""


@functools.cache
def declared(type_token: str) -> Mapping[str, Any]:
    """Return a resource class's output names with their declared types, from the SDK class itself."""
    package, module, name = type_token.split(":")
    module = module.split("/")[0]
    path = f"pulumi_{package.replace('-', '_')}" + ("" if module == "index" else f".{_MODULES.get(module, module)}")
    cls = getattr(importlib.import_module(path), name)
    types = _types.resource_types(cls)
    return {output: types.get(output) for _, output, _ in _types._py_properties(cls)}


def flatten(answer: Mapping[str, Any], into: dict[str, Any] | None = None, depth: int = 0) -> dict[str, Any]:
    """Return every member of an answer by its name; of two with one name the outer wins."""
    found = {} if into is None else into
    nested = []
    for key, value in answer.items():
        if key == "ResponseMetadata":
            continue
        found.setdefault(key, value)
        if isinstance(value, Mapping) and depth < 3:
            nested.append(value)
        elif isinstance(value, list) and len(value) == 1 and isinstance(value[0], Mapping) and depth < 2:
            nested.append(value[0])
    for value in nested:
        flatten(value, found, depth + 1)
    return found


def outputs_from(type_token: str, inputs: Mapping[str, Any], known: Mapping[str, Any], noun: str) -> dict[str, Any]:
    """Return the outputs: the inputs as given, and each declared output that the answers in `known` hold."""
    outputs = {key: plain_data(value) for key, value in inputs.items()}
    names = tuple(known)
    for output, wanted in declared(type_token).items():
        if output in outputs:
            continue
        member = best(output, names, noun)
        if member is None or not _same_thing(output, member, noun):
            continue
        with contextlib.suppress(Misfit):
            outputs[output] = fit(known[member], wanted)
    return {key: value for key, value in outputs.items() if value is not None}


def _same_thing(output: str, member: str, noun: str) -> bool:
    """Whether an answer's member is the output; one that says more is another thing: `xksKeyId` is no `KeyId`."""
    alike = likeness(output, member) >= 0.6 and {*words(output)} <= {*words(member), *words(noun)}
    return alike or plain(member).endswith(plain(output))


def plain_data(value: Any) -> Any:
    """Return a botocore value as JSON data with the provider's spelling of keys."""
    if isinstance(value, (datetime.datetime, datetime.date)):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, Mapping):
        return {str(key): plain_data(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain_data(item) for item in value]
    return value if isinstance(value, (str, int, float, bool, type(None))) else str(value)


def fit(value: Any, wanted: Any) -> Any:
    """Return `value` in the declared type; `Misfit` where it cannot be."""
    wanted = _types.unwrap_type(wanted) if wanted is not None else None
    origin = typing.get_origin(wanted)
    if value is None or wanted in (None, Any) or origin is typing.Union:
        return _camel_keys(plain_data(value))
    if origin in (dict, collections.abc.Mapping):
        return _fit_mapping(value, typing.get_args(wanted)[1])
    if origin in (list, collections.abc.Sequence):
        items = value if isinstance(value, (list, tuple)) else [value]
        return [fit(item, typing.get_args(wanted)[0]) for item in items]
    if isinstance(wanted, type) and _types.is_output_type(wanted):
        return _fit_output_type(value, wanted)
    return _fit_scalar(value, wanted)


def _camel_keys(value: Any) -> Any:
    if isinstance(value, dict):
        return {key[:1].lower() + key[1:]: _camel_keys(item) for key, item in value.items()}
    return [_camel_keys(item) for item in value] if isinstance(value, list) else value


def _fit_mapping(value: Any, wanted: Any) -> dict[str, Any]:
    if isinstance(value, list):
        pairs = {}
        for item in value:
            if not isinstance(item, Mapping):
                raise Misfit
            key = next((item[name] for name in item if re.search(r"(?i)key$", name)), None)
            pairs[key] = next((item[name] for name in item if re.search(r"(?i)value$", name)), None)
        value = pairs
    if not isinstance(value, Mapping) or None in value:
        raise Misfit
    return {str(key): fit(item, wanted) for key, item in value.items()}


def _fit_output_type(value: Any, wanted: Any) -> dict[str, Any]:
    if isinstance(value, list):
        value = value[0] if value else {}
    if not isinstance(value, Mapping):
        raise Misfit
    types = _types.output_type_types(wanted)
    names = {plain(name): name for name in _types._py_to_pulumi_names_from_py_properties(wanted).values()}
    fitted = {}
    for key, item in value.items():
        name = names.get(plain(key))
        if name:
            with contextlib.suppress(Misfit):
                fitted[name] = fit(item, types.get(name))
    if any(name not in fitted for name in _types._required_property_names(wanted)):
        raise Misfit
    return fitted


def _fit_scalar(value: Any, wanted: Any) -> Any:
    if isinstance(value, (Mapping, list)):
        raise Misfit
    if wanted is str:
        return str(plain_data(value))
    if wanted is bool:
        return bool(value)
    if wanted in (int, float):
        try:
            return wanted(value)
        except (TypeError, ValueError):
            raise Misfit from None
    return plain_data(value)

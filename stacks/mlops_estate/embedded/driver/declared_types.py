"""Checks inputs against the types that the SDK's resource class declares, before anything is mapped.

Pulumi's SDK itself checks missing top-level arguments only: a misspelled nested key, or a list in the place of a text,
passes it, and a provider refuses it minutes later. What the class says is also all that can be said about inputs that
the provider rearranges.
"""

from __future__ import annotations

import collections.abc
import difflib
import typing
from collections.abc import Iterator, Mapping
from typing import Any

from pulumi import _types

from mlops_estate.embedded.driver.outputs import declared
from mlops_estate.faults import Fault
from mlops_estate.graph import UNKNOWN


def type_faults(type_token: str, inputs: Mapping[str, Any], urn: str) -> list[Fault]:
    """Return a fault for each input of another type than declared, unknown nested key, and missing nested value."""
    types = declared(type_token)
    source = f"the SDK's class of {type_token}"
    found: list[Fault] = []
    for name, value in inputs.items():
        if name in types and value is not None:
            found += [
                Fault(path, item, rule, fix, urn, source) for path, item, rule, fix in _check(value, types[name], name)
            ]
    return found


_Found = tuple[str, Any, str, str]


def _check(value: Any, wanted: Any, path: str) -> Iterator[_Found]:
    wanted = _types.unwrap_type(wanted) if wanted is not None else None
    origin = typing.get_origin(wanted)
    if value is None or wanted in (None, Any) or origin is typing.Union or hasattr(value, "_sig_key"):
        return
    if value == UNKNOWN:  # of a preview: it may turn out to be anything
        return
    if origin in (dict, collections.abc.Mapping):
        if not isinstance(value, Mapping):
            yield path, value, "must be a mapping", "give keys with values"
            return
        for key, item in value.items():
            yield from _check(item, typing.get_args(wanted)[1], f"{path}.{key}")
    elif origin in (list, collections.abc.Sequence):
        if not isinstance(value, (list, tuple)):
            yield path, value, "must be a list", "give a list"
            return
        for index, item in enumerate(value):
            yield from _check(item, typing.get_args(wanted)[0], f"{path}[{index}]")
    elif isinstance(wanted, type) and _types.is_output_type(wanted):
        yield from _nested(value, wanted, path)
    else:
        yield from _scalar(value, wanted, path)


def _nested(value: Any, wanted: type, path: str) -> Iterator[_Found]:
    if not isinstance(value, Mapping):
        yield path, value, f"must be a mapping ({wanted.__name__})", "give its keys with values"
        return
    types = _types.output_type_types(wanted)
    known = list(_types._py_to_pulumi_names_from_py_properties(wanted).values())
    for key, item in value.items():
        if key not in known:
            near = difflib.get_close_matches(key, known, n=1)
            fix = f"did you mean {near[0]}?" if near else f"one of: {', '.join(known)}"
            yield f"{path}.{key}", item, "there is no such key", fix
        else:
            yield from _check(item, types.get(key), f"{path}.{key}")
    for key in _types._required_property_names(wanted):
        if value.get(key) is None:
            yield f"{path}.{key}", None, "a required value is missing", f"give {key}"


def _scalar(value: Any, wanted: Any, path: str) -> Iterator[_Found]:
    if isinstance(value, (Mapping, list, tuple)):
        names = {str: "a text", bool: "true or false", int: "a whole number", float: "a number"}
        what = names.get(wanted, "a single value")
        found = "mapping" if isinstance(value, Mapping) else "list"
        yield path, value, f"must be {what}, is a {found}", f"give {what}"
    elif wanted in (int, float) and not isinstance(value, bool):
        try:
            float(value)
        except (TypeError, ValueError):
            yield path, value, "must be a number", "give a number"
    elif wanted is bool and str(value).lower() not in {"true", "false"}:
        yield path, value, "must be true or false", "give true or false"

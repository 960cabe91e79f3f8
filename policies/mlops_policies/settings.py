"""Settings of rules, checked against their JSON schemas."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Any


def setting_faults(
    schemas: Mapping[str, Mapping[str, Any]], given: Mapping[str, Any]
) -> Iterator[tuple[str, Any, str]]:
    """Yield (path, value, what it breaks) for each setting that a rule does not have or that its schema refuses."""
    if not given:
        return
    from jsonschema import Draft202012Validator

    for name, value in given.items():
        if name not in schemas:
            near = get_close_matches(name, schemas, 1)
            yield name, value, "there is no such setting" + (f"; did you mean {near[0]}?" if near else "")
            continue
        for error in Draft202012Validator(dict(schemas[name])).iter_errors(value):
            where = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in error.absolute_path)
            yield f"{name}{where}", error.instance, error.message

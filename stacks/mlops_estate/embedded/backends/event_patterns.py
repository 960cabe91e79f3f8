"""Which events an EventBridge pattern matches, and what an input template makes of one.

moto's matcher does not look into lists of objects, as Security Hub's findings are, nor does it know templates of
several lines. Source: EventBridge user guide, Event patterns (comparison operators, arrays) and Input transformation.
"""

from __future__ import annotations

import fnmatch
import ipaddress
import json
import operator
import re
from collections.abc import Iterator, Mapping
from typing import Any

_ABSENT = object()
_COMPARED = {"<": operator.lt, "<=": operator.le, "=": operator.eq, ">=": operator.ge, ">": operator.gt}
_STEP = re.compile(r"\.([A-Za-z0-9_-]+)|\[(\d+)\]|\['([^']+)'\]")


def matches(pattern: Mapping[str, Any], event: Any) -> bool:
    """Whether an event matches: every field of the pattern does, and of a list in the event any item.

    A list of objects matches when one of its objects matches all that the pattern says below it.
    """
    if isinstance(event, list):
        return any(matches(pattern, item) for item in event)
    held = event if isinstance(event, Mapping) else {}
    for key, wanted in pattern.items():
        if key == "$or":
            if not any(matches(choice, event) for choice in wanted):
                return False
        elif isinstance(wanted, Mapping):
            if not matches(wanted, held.get(key, {})):
                return False
        elif not any(_fits(test, held.get(key, _ABSENT)) for test in wanted):
            return False
    return True


def _fits(test: Any, value: Any) -> bool:
    """Whether a field's value, or any item of it, passes one test."""
    if isinstance(test, Mapping) and "exists" in test:
        return bool((value is not _ABSENT) == test["exists"])
    if value is _ABSENT:
        return False
    values = value if isinstance(value, list) else [value]
    if isinstance(test, Mapping):
        ((name, wanted),) = test.items()
        return any(_passes(name, wanted, item) for item in values)
    return any(_same(test, item) for item in values)


def _same(test: Any, value: Any) -> bool:
    return test == value and isinstance(test, bool) == isinstance(value, bool)


def _passes(name: str, wanted: Any, value: Any) -> bool:
    if name == "anything-but":
        if isinstance(wanted, Mapping):
            return not _fits(wanted, value)
        return not any(_same(item, value) for item in (wanted if isinstance(wanted, list) else [wanted]))
    if name == "numeric":
        number = isinstance(value, int | float) and not isinstance(value, bool)
        bounds = zip(wanted[::2], wanted[1::2], strict=True)
        return number and all(_COMPARED[sign](value, bound) for sign, bound in bounds)
    if not isinstance(value, str):
        return False
    if name == "cidr":
        return _in_range(value, wanted)
    return any(_text_passes(name, item, value) for item in (wanted if isinstance(wanted, list) else [wanted]))


def _text_passes(name: str, wanted: Any, value: str) -> bool:
    if isinstance(wanted, Mapping):  # {"prefix": {"equals-ignore-case": ...}}
        return _text_passes(name, wanted["equals-ignore-case"].lower(), value.lower())
    tests: dict[str, bool] = {
        "prefix": value.startswith(wanted),
        "suffix": value.endswith(wanted),
        "equals-ignore-case": value.lower() == wanted.lower(),
        "wildcard": fnmatch.fnmatchcase(value, wanted.replace("[", "[[]").replace("?", "[?]")),
    }
    return tests.get(name, False)


def _in_range(value: str, wanted: str) -> bool:
    try:
        return ipaddress.ip_address(value) in ipaddress.ip_network(wanted)
    except ValueError:
        return False


def transformed(transformer: Mapping[str, Any], event: Mapping[str, Any]) -> str:
    """Return what a target gets of an event; a variable whose path names nothing is left out.

    In a quoted line, and in a JSON string, a value stands as it is; outside of quotes as JSON.
    """
    text = str(transformer["InputTemplate"])
    for name, path in (transformer.get("InputPathsMap") or {}).items():
        found = next(_at(path, event), _ABSENT)
        text = _filled(text, f"<{name}>", found)
    return text


def _filled(text: str, variable: str, value: Any) -> str:
    made = []
    for line in text.split("\n"):
        parts = line.split(variable)
        out = parts[0]
        for part in parts[1:]:
            inside = out.count('"') - out.count('\\"')
            out += _shown(value, quoted=inside % 2 == 1) + part
        made.append(out)
    return "\n".join(made)


def _shown(value: Any, *, quoted: bool) -> str:
    if value is _ABSENT:
        return ""
    if quoted and isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)[1:-1]
    return json.dumps(value, ensure_ascii=False)


def _at(path: str, event: Any) -> Iterator[Any]:
    """Yield what a JSON path (`$.detail.findings[0].Title`) names, if anything."""
    for name, index, quoted in _STEP.findall(path.removeprefix("$")):
        if index:
            if not isinstance(event, list) or int(index) >= len(event):
                return
            event = event[int(index)]
        else:
            if not isinstance(event, Mapping) or (name or quoted) not in event:
                return
            event = event[name or quoted]
    yield event

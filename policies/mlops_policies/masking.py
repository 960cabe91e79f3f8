"""What no message may show: the values of Pulumi's secrets.

A message is hidden where it is about a secret property, and where it holds how a secret's value begins: a rule may
word a value that it found by another path, and a rule that raises may quote it.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from pulumi_policy.secret import Secret

from mlops_policies.values import REDACTED, UNKNOWN, is_internal, is_unknown
from mlops_policies.verdicts import Status, Verdict

_SHORTEST, _BEGINNING = 6, 16
"""A shorter value is looked for by its path alone: it stands in any message. Longer values may be cut in messages."""


def secrets_in(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Yield (path, value) of each secret in properties as a remediation gets them."""
    if isinstance(value, Secret):
        yield path, value.value
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from secrets_in(item, f"{path}.{key}".strip("."))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from secrets_in(item, f"{path}[{index}]")


def opened(value: Any) -> Any:
    """Return properties with their secrets in clear, and without what a provider keeps there for itself."""
    if isinstance(value, Secret):
        return opened(value.value)
    if isinstance(value, dict):
        return {key: opened(item) for key, item in value.items() if not is_internal(key)}
    if isinstance(value, list):
        return [opened(item) for item in value]
    return UNKNOWN if value == REDACTED else value


def at_paths(value: Any, paths: Collection[str]) -> Iterator[tuple[str, Any]]:
    """Yield (path, what stands there); None for a path that leads nowhere: what holds it is unknown."""
    found = dict(_at(value, "", paths)) if paths else {}
    for path in paths:
        yield path, found.get(path)


def _at(value: Any, path: str, paths: Collection[str]) -> Iterator[tuple[str, Any]]:
    if path in paths:
        yield path, value
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from _at(item, f"{path}.{key}".strip("."), paths)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _at(item, f"{path}[{index}]", paths)


def beginnings(values: Iterable[Any]) -> frozenset[str]:
    """Return how the texts and numbers within secret values begin, as they are and as JSON writes them."""
    found: set[str] = set()
    for value in values:
        for text in _leaves(value):
            found |= {written[:_BEGINNING] for written in (text, json.dumps(text)[1:-1]) if len(text) >= _SHORTEST}
    return frozenset(found)


def _leaves(value: Any) -> Iterator[str]:
    if isinstance(value, Secret):
        yield from _leaves(value.value)
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _leaves(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _leaves(item)
    elif isinstance(value, (str, int, float)) and not isinstance(value, bool) and not is_unknown(value):
        yield str(value)


def without_secrets(answer: Verdict, paths: Collection[str] | None, texts: Iterable[str] = ()) -> str:
    """Return an answer's message without any secret's value.

    `paths` are those of the resource's secret properties, "" for all of them, None where nobody told which are secret;
    `texts` are the beginnings of the stack's secret values.
    """
    quoted = any(text in answer.message for text in texts)
    if answer.status is Status.UNKNOWN or (paths is not None and not paths and not quoted):
        return answer.message
    if answer.status is Status.ERROR:
        return ": ".join(answer.message.split(": ")[:2])  # what an error says may quote a value
    if paths is None:
        return f"{answer.path} breaks the rule, in a way that is not shown: nobody told what is secret".strip()
    if any(_within(answer.path, path) or _within(path, answer.path) for path in paths if answer.path or not path):
        return f"{answer.path} is a secret whose value breaks the rule".strip()
    if quoted:
        return f"{answer.path} breaks the rule, in a way that would show a secret".strip()
    return answer.message


def _within(path: str, whole: str) -> bool:
    return path.startswith(whole) and (not whole or path[len(whole) : len(whole) + 1] in ("", ".", "["))

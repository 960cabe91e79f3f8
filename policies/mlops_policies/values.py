"""Property values as a policy sees them: unwrapped, with unknown ones to be told from absent ones.

At preview Pulumi stands for a value that is not known yet with a sentinel string; the SDK of policy packs raises
`UnknownValueError` when one is read. Here a value is unwrapped once into plain dictionaries and lists, in which the
sentinel stays to be asked for. Source: `pulumi_policy.proxy`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

T = TypeVar("T")

UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
"""What stands for an unknown string; the others stand for a boolean, number, array, asset, archive and object."""

SENTINELS = frozenset(
    {
        UNKNOWN,
        "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",
        "3eeb2bf0-c639-47a8-9e75-3b44932eb421",
        "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",
        "030794c1-ac77-496b-92df-f27374a8bd58",
        "e48ece36-62e2-4504-bad9-02848725956a",
        "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",
    }
)
REDACTED = "[secret]"
"""What Pulumi writes for a secret that it doesn't show or can't decrypt: nobody knows it, so it counts as unknown."""
_STEP = re.compile(r"([^.\[\]]+)|\[(\d+)\]")


class UnknownValue(Exception):  # noqa: N818 -- named for what it says; not an error of the program
    """Raised when a rule reads what is unknown until the update; the rule is then not evaluated, never passed."""

    def __init__(self, path: str) -> None:
        super().__init__(f"{path} is unknown until the update")
        self.path = path


class Malformed(Exception):  # noqa: N818 -- as above
    """Raised when a document is not what it should be: a fault of the resource, which fails the rule that reads it."""

    def __init__(self, path: str, why: str) -> None:
        super().__init__(f"{path} {why}")
        self.path, self.why = path, why


def is_unknown(value: Any) -> bool:
    """Whether a value is one of Pulumi's sentinels."""
    return isinstance(value, str) and value in SENTINELS


def has_unknown(value: Any) -> bool:
    """Whether a value is unknown or holds, at any depth, something that is; a sentinel inside a longer text counts."""
    if isinstance(value, str):
        return value in SENTINELS or (len(value) > 36 and UNKNOWN in value)
    if isinstance(value, Mapping):
        return any(has_unknown(item) for item in value.values())
    return isinstance(value, Sequence) and any(has_unknown(item) for item in value)


def is_absent(value: Any) -> bool:
    """Whether a value says nothing: missing, null, or the empty text and empty map by which providers write "not set".

    An empty list is a statement of its own (no rules, no actions) and is not absent.
    """
    return value is None or value == "" or (isinstance(value, Mapping) and not value)


def plain(value: Any, *, internal: bool = True) -> Any:
    """Return a value without the proxies of the policy SDK; unknown values stay as their sentinels.

    Reading a proxy's items raises for unknown ones; the key ``__target`` gives what it wraps, and raises nothing.
    The engine hands every number over as a float; a whole one is an integer here, as it is in a program or a file.
    As rules see them, where not `internal`: without what providers keep for themselves within properties, such as
    ``__defaults``, and with secrets that nobody could decrypt as unknown.
    """
    if type(value) is str:
        return UNKNOWN if value == REDACTED and not internal else value
    if type(value) in (bool, int, type(None)):
        return value
    if type(value) is float:
        return int(value) if value.is_integer() else value
    if isinstance(value, (dict, list)):
        inner: Any = value
    elif isinstance(value, (Mapping, Sequence)) and not isinstance(value, (str, bytes)):
        inner = value["__target"]  # type: ignore[call-overload]  # the SDK's proxies take this key
    else:
        return value
    if isinstance(inner, Mapping):
        return {key: plain(item, internal=internal) for key, item in inner.items()
                if internal or not is_internal(key)}  # fmt: skip
    return [plain(item, internal=internal) for item in inner]


def is_internal(key: Any) -> bool:
    """Whether a key is a provider's own, as the engine tells them."""
    return isinstance(key, str) and key.startswith("__")


def steps(path: str) -> list[str | int]:
    """Return the steps of a path such as ``rules[0].status``."""
    return [name or int(index) for name, index in _STEP.findall(path)]


def look_up(value: Any, path: str, at: str = "") -> Any:
    """Return what stands at a path, or None where nothing does. Raises `UnknownValue` where a holder is unknown.

    The value itself may be a sentinel. A list of one object is read as that object, since Pulumi's bridge writes a
    block that may stand once either way. A key with dots in it can't be named.
    """
    for step in steps(path):
        if is_unknown(value):
            raise UnknownValue(f"{at}.{path}".strip("."))
        if isinstance(step, str) and isinstance(value, list) and len(value) == 1:
            value = value[0]
            if is_unknown(value):
                raise UnknownValue(f"{at}.{path}".strip("."))
        if isinstance(step, int):
            value = value[step] if isinstance(value, list) and step < len(value) else None
        else:
            value = value.get(step) if isinstance(value, Mapping) else None
        if value is None:
            return None
    return value


def listed(value: Any) -> list[Any]:
    """Return a value as a list: nothing for None, and one item for what is no list."""
    if value is None:
        return []
    return list(value) if isinstance(value, (list, tuple)) else [value]


def document(value: Any, path: str) -> Any:
    """Return a JSON document given as text, map or list, as data. Raises `UnknownValue` or `Malformed`."""
    if is_unknown(value):
        raise UnknownValue(path)
    if not isinstance(value, str):
        return value
    if has_unknown(value):
        raise UnknownValue(path)
    try:
        return json.loads(value)
    except json.JSONDecodeError as error:
        raise Malformed(path, f"is no JSON document ({error})") from None


def texts(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Yield (path, text) of every known text in a value, at any depth."""
    if isinstance(value, str):
        if not is_unknown(value):
            yield path, value
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from texts(item, f"{path}.{key}".strip("."))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from texts(item, f"{path}[{index}]")


def any_of(items: Iterable[T], test: Callable[[T], bool]) -> bool:
    """Whether a test holds for any item. Raises `UnknownValue` where it holds for none that is known."""
    unknown: UnknownValue | None = None
    for item in items:
        try:
            if test(item):
                return True
        except UnknownValue as raised:
            unknown = raised
    if unknown is not None:
        raise unknown
    return False

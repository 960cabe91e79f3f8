"""The properties that differ between two registrations of a resource, by path."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from typing import Any

from mlops_estate.comparison.model import PropertyChange

_IDENTITIES = (
    "featureName", "variantName", "Sid", "sid", "Name", "name", "key", "Key", "id", "Id", "StepName",
)  # fmt: skip
"""Members by which people tell the items of a list apart."""
_LONGEST_MATCHED = 400
"""Lists longer than this are compared item by item: matching them up takes time that grows with the square."""
_MISSING = object()


def changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[PropertyChange, ...]:
    """Return what differs, by path in alphabetical order; nothing where two documents differ in how they are written
    alone."""
    found = list(_mapping(before, after, ""))
    return tuple(sorted(found, key=lambda change: (change.path, change.kind)))


def _mapping(before: Mapping[str, Any], after: Mapping[str, Any], path: str) -> Iterator[PropertyChange]:
    for key in {**before, **after}:
        yield from _value(before.get(key, _MISSING), after.get(key, _MISSING), f"{path}.{_key(key)}".lstrip("."))


def _key(key: str) -> str:
    """Return a key as a path has it: in quotes where it would be read as several (`["a.b"]`, as Pulumi writes it)."""
    return key if not set(key) & set('.["') else f"[{json.dumps(key)}]"


def _value(before: Any, after: Any, path: str) -> Iterator[PropertyChange]:
    path = path.replace(".[", "[")
    # Nothing and null are the same to a provider.
    old, new = (None if value is _MISSING else value for value in (before, after))
    if old == new:
        return
    if old is None:
        yield PropertyChange(path, "add", None, new)
    elif new is None:
        yield PropertyChange(path, "remove", old, None)
    elif isinstance(old, Mapping) and isinstance(new, Mapping):
        if "$asset" in old and "$asset" in new:
            if _content(old) != _content(new):
                yield PropertyChange(path, "change", old, new)
        else:
            yield from _mapping(old, new, path)
    elif isinstance(old, list) and isinstance(new, list):
        yield from _list(old, new, path)
    else:
        yield from _scalar(old, new, path)


def _scalar(before: Any, after: Any, path: str) -> Iterator[PropertyChange]:
    """Compare two plain values; where both are JSON documents as text, what differs within them."""
    documents = (_document(before), _document(after))
    if documents[0] is not None and documents[1] is not None:
        yield from _value(documents[0], documents[1], path)
    else:
        yield PropertyChange(path, "change", before, after)


def _document(value: Any) -> dict[str, Any] | list[Any] | None:
    if not isinstance(value, str) or value[:1] not in ("{", "["):
        return None
    try:
        found = json.loads(value)
    except ValueError:
        return None
    return found if isinstance(found, (dict, list)) else None


def _content(described: Mapping[str, Any]) -> Any:
    """Return what an asset holds: where its file lies says nothing of that."""
    if described.get("$asset"):
        return described["$asset"]
    inner = described.get("assets")
    if isinstance(inner, Mapping):
        return {name: _content(item) if isinstance(item, Mapping) else item for name, item in inner.items()}
    return {key: value for key, value in described.items() if key != "path"}


def _list(before: list[Any], after: list[Any], path: str) -> Iterator[PropertyChange]:
    identity = _identity(before, after)
    if identity is None and (len(before) == len(after) or max(len(before), len(after)) > _LONGEST_MATCHED):
        for index in range(max(len(before), len(after))):
            old = before[index] if index < len(before) else _MISSING
            new = after[index] if index < len(after) else _MISSING
            yield from _value(old, new, f"{path}[{index}]")
        return
    if identity is not None:
        yield from _by_identity(before, after, path, identity)
        return
    old_keys, new_keys = ([json.dumps(item, sort_keys=True) for item in items] for items in (before, after))
    for tag, low, high, start, end in SequenceMatcher(None, old_keys, new_keys, autojunk=False).get_opcodes():
        if tag == "equal":
            continue
        for offset in range(max(high - low, end - start)):
            old = before[low + offset] if low + offset < high else _MISSING
            new = after[start + offset] if start + offset < end else _MISSING
            index = start + offset if new is not _MISSING else low + offset
            yield from _value(old, new, f"{path}[{index}]")


def _by_identity(before: list[Any], after: list[Any], path: str, identity: str) -> Iterator[PropertyChange]:
    """Compare lists whose items have names: by name, so that one that goes does not seem to change all after it."""
    old = {item[identity]: (index, item) for index, item in enumerate(before)}
    new = {item[identity]: (index, item) for index, item in enumerate(after)}
    for name in {**old, **new}:
        index = (new.get(name) or old[name])[0]
        yield from _value(
            old[name][1] if name in old else _MISSING, new[name][1] if name in new else _MISSING, f"{path}[{index}]"
        )
    common = [name for name in old if name in new]
    order = [name for name in new if name in old]
    if common != order:
        yield PropertyChange(f"{path}[*].{identity}", "change", common, order)


def _identity(*lists: Sequence[Any]) -> str | None:
    """Return the member by which the items of each list can be told apart; None where there is none."""
    items = [item for entries in lists for item in entries]
    if not items or not all(isinstance(item, Mapping) for item in items):
        return None
    for member in _IDENTITIES:
        if not all(isinstance(item.get(member), str) for item in items):
            continue
        if all(len({item[member] for item in entries}) == len(entries) for entries in lists):
            return member
    return None

"""Compares what was sent with what the account answers."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import jmespath
from botocore.model import ListShape, MapShape, Shape, StructureShape

from mlops_estate.embedded.driver.names import best
from mlops_estate.embedded.driver.operations import Operations
from mlops_estate.embedded.validation import service_model
from mlops_estate.engine.wire import top_property


def differences(
    row: Operations, params: Mapping[str, Any], item: Mapping[str, Any], keys: Mapping[str, str]
) -> list[str]:
    """Return in words how `item`, as read, differs from `params`, as sent; members the answer cannot show are passed
    over."""
    shape = _at(service_model(row.service).operation_model(row.read).output_shape, row.root.format(**keys))
    sent = {key: value for key, value in params.items() if key not in row.unread}
    found = []
    same = {**row.same, "TagSpecifications[0].Tags": "Tags"} if row.ec2_resource else row.same
    for path, where in same.items():
        value = jmespath.search(path, params)
        sent.pop(top_property(path), None)
        if value is not None and not equal(value, jmespath.search(where, item)):
            found.append(f"{path}: sent {value!r}, read {jmespath.search(where, item)!r}")
    found += _structure(sent, item, shape, "", row.what)
    return found


def _at(shape: Shape | None, root: str) -> Shape | None:
    """Return the shape a root expression leads to, by its names alone."""
    for part in root.replace("@", "").split("|")[0].split("."):
        name = part.split("[")[0].strip()
        if not name:
            continue
        shape = shape.members.get(name) if isinstance(shape, StructureShape) else None
        if "[" in part and isinstance(shape, ListShape):
            shape = shape.member
    return shape


def _structure(
    sent: Mapping[str, Any], read: Mapping[str, Any], shape: Shape | None, path: str, noun: str
) -> Iterator[str]:
    members: tuple[str, ...] = tuple(shape.members) if isinstance(shape, StructureShape) else tuple(read)
    for key, value in sent.items():
        where = f"{path}.{key}" if path else key
        name = best(key, members, noun)
        inner = shape.members.get(name) if isinstance(shape, StructureShape) and name else None
        if name is None or (
            isinstance(value, Mapping) and inner is not None and inner.type_name == "string" and not path
        ):
            if isinstance(value, Mapping) and not path:
                # A wrapper that the answer leaves out, such as DatabaseInput or Attributes.
                yield from _structure(value, read, shape, where, noun)
            continue
        yield from _value(value, read.get(name), inner, where)


def _value(sent: Any, read: Any, shape: Shape | None, path: str) -> Iterator[str]:
    if isinstance(sent, Mapping) and isinstance(read, Mapping):
        if isinstance(shape, MapShape):
            for key, value in sent.items():
                yield from _value(value, read.get(key), shape.value, f"{path}.{key}")
        else:
            yield from _structure(sent, read, shape, path, path.rsplit(".", 1)[-1])
    elif isinstance(sent, (list, tuple)) and isinstance(read, (list, tuple)) and len(sent) == len(read):
        if all(isinstance(item, Mapping) for item in (*sent, *read)) and isinstance(shape, ListShape):
            rest = list(read)
            for index, item in enumerate(sent):
                # Services reorder lists of pairs, so each item is held against its best match.
                tried = [list(_value(item, candidate, shape.member, f"{path}[{index}]")) for candidate in rest]
                least = min(range(len(rest)), key=lambda number: len(tried[number]))
                rest.pop(least)
                yield from tried[least]
        elif not equal(sent, read):
            yield f"{path}: sent {sent!r}, read {read!r}"
    elif not equal(sent, read):
        yield f"{path}: sent {_short(sent)}, read {_short(read)}"


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 100 else text[:99] + "…"


def equal(sent: Any, read: Any) -> bool:
    """Whether two values mean the same: JSON documents by content, lists by members, numbers in words by number."""
    if _nothing(sent) and _nothing(read):
        return True
    if isinstance(sent, str) and isinstance(read, (str, Mapping)):
        return sent == read or bool(sent[:1] in "{[" and _parsed(sent) == _parsed(read) is not None)
    if isinstance(sent, (list, tuple)) and isinstance(read, (list, tuple)):
        return sorted(map(_key, sent)) == sorted(map(_key, read))
    if isinstance(sent, (int, float, str)) and isinstance(read, (int, float, str)):
        return bool(_number(sent) == _number(read))
    return bool(sent == read)


def _nothing(value: Any) -> bool:
    """Whether a value is what services leave out: nothing, empty, or false; zero is something."""
    return value is None or value is False or value in ("", [], {}, ())


def _parsed(value: Any) -> Any:
    if isinstance(value, Mapping):
        return value
    try:
        return json.loads(value)
    except ValueError:
        return None


def _key(value: Any) -> str:
    return json.dumps(value, sort_keys=True, default=str)


def _number(value: Any) -> Any:
    try:
        return float(value)
    except ValueError:
        return str(value).lower()

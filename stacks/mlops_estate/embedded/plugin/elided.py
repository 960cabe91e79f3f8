"""Hashes of assets: the engine sends nothing else of one in Diff, Read, Update (of what was) and Delete.

Pulumi's Python SDK reads no such asset, so one with the hash as its text stands in for it, and is turned back in
answers. It forgets the hash of one with content, too, which the engine then misses in its next Diff.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pulumi
from google.protobuf.message import Message
from google.protobuf.struct_pb2 import Struct, Value

from mlops_estate.engine.wire import ARCHIVE, ASSET, SIGNATURE

STAND_IN = "$elided"
_CONTENT = ("text", "path", "uri", "assets")


def stand_in(message: Message) -> None:
    """Put a stand-in where a message holds an asset or archive without content."""
    for value in _marked(message):
        fields = value.struct_value.fields
        if not any(name in fields for name in _CONTENT):
            digest = fields["hash"].string_value if "hash" in fields else ""
            if fields[SIGNATURE].string_value == ASSET:
                fields["text"].string_value = f"{STAND_IN}{digest}"
            else:
                inner = fields["assets"].struct_value.fields[STAND_IN].struct_value.fields
                inner[SIGNATURE].string_value, inner["text"].string_value = ASSET, digest


def turn_back(message: Message) -> None:
    """Take the content out of stand-ins again."""
    for value in _marked(message):
        fields = value.struct_value.fields
        if fields[SIGNATURE].string_value == ASSET:
            text = fields["text"].string_value if "text" in fields else ""
            if text.startswith(STAND_IN):
                fields["hash"].string_value = text.removeprefix(STAND_IN)
                del fields["text"]
        elif "assets" in fields and STAND_IN in fields["assets"].struct_value.fields:
            inner = fields["assets"].struct_value.fields[STAND_IN].struct_value.fields
            fields["hash"].string_value = inner["text"].string_value
            del fields["assets"]


def tell_hashes(asked: Struct, answer: Struct) -> None:
    """Give the assets of an answer the hashes that those of the same place had when they were asked."""
    for key in answer.fields:
        if key in asked.fields:
            _tell(asked.fields[key], answer.fields[key])


def _tell(asked: Value, answer: Value) -> None:
    if asked.HasField("list_value"):
        for before, after in zip(asked.list_value.values, answer.list_value.values, strict=False):
            _tell(before, after)
    elif asked.HasField("struct_value") and answer.HasField("struct_value"):
        fields, answered = asked.struct_value, answer.struct_value
        if SIGNATURE in fields.fields and fields.fields[SIGNATURE].string_value in {ASSET, ARCHIVE}:
            if "hash" in fields.fields:
                answered.fields["hash"].CopyFrom(fields.fields["hash"])
        else:
            tell_hashes(fields, answered)


def is_elided(value: Any) -> bool:
    """Whether an input is, or holds, a stand-in."""
    if isinstance(value, pulumi.StringAsset):
        return value.text.startswith(STAND_IN)
    if isinstance(value, pulumi.AssetArchive):
        return STAND_IN in value.assets
    items = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return any(is_elided(item) for item in items)


def _marked(message: Message) -> Iterator[Value]:
    """Yield each asset and archive in the properties of a message."""
    for _, held in message.ListFields():
        if isinstance(held, Struct):
            for value in list(held.fields.values()):
                yield from _within(value)


def _within(value: Value) -> Iterator[Value]:
    if value.HasField("list_value"):
        for item in value.list_value.values:
            yield from _within(item)
    elif value.HasField("struct_value"):
        fields = value.struct_value.fields
        if SIGNATURE in fields and fields[SIGNATURE].string_value in {ASSET, ARCHIVE}:
            yield value
        else:
            for item in list(fields.values()):
                yield from _within(item)

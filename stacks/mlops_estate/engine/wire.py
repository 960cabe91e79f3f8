"""Between Pulumi's protobuf values and plain data: secrets, assets and unknowns."""

from __future__ import annotations

import hashlib
import io
import json
import os
import zipfile
from typing import Any

import pulumi
from google.protobuf import struct_pb2

from mlops_estate.graph import UNKNOWN

# Pulumi's wire format marks special values with this key (pulumi/sdk/proto: `rpc._special_sig_key`).
SIGNATURE = "4dabf18193072939515e22adb298388d"
SECRET = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105 -- a type mark of the wire format, no credential
ASSET = "c44067f5952c0a294b673a41bacd8c17"
ARCHIVE = "0def7320c3a5731c473e5ecbe6d01bc7"
RESOURCE = "5cf8f73096256a8f31e491e813e4eb8e"


def from_struct(struct: struct_pb2.Struct) -> dict[str, Any]:
    """Return a Struct as plain data, special values still marked; whole numbers become integers."""
    # A protobuf map has no order of its own, and the mapping of inputs takes them one by one.
    return {key: _from_value(struct.fields[key]) for key in sorted(struct.fields)}


def _from_value(value: struct_pb2.Value) -> Any:
    kind = value.WhichOneof("kind")
    if kind == "string_value":
        return value.string_value
    if kind == "number_value":
        number = value.number_value
        return int(number) if number.is_integer() else number
    if kind == "bool_value":
        return value.bool_value
    if kind == "struct_value":
        return from_struct(value.struct_value)
    if kind == "list_value":
        return [_from_value(item) for item in value.list_value.values]
    return None


def to_struct(data: dict[str, Any]) -> struct_pb2.Struct:
    """Return plain data (with wire marks) as a Struct."""
    struct = struct_pb2.Struct()
    struct.update(data)
    return struct


def open_secrets(value: Any, path: str, found: list[str]) -> Any:
    """Return `value` with secrets unwrapped; the path of each is added to `found`."""
    if isinstance(value, dict):
        if value.get(SIGNATURE) == SECRET:
            found.append(path)
            return open_secrets(value.get("value"), path, [])
        if value.get(SIGNATURE) == RESOURCE:
            return value.get("id") or value.get("urn")
        return {key: open_secrets(item, f"{path}.{key}" if path else key, found) for key, item in value.items()}
    if isinstance(value, list):
        return [open_secrets(item, f"{path}[{index}]", found) for index, item in enumerate(value)]
    return value


def top_property(path: str) -> str:
    """Return the top-level property that a path lies in: ``tags`` of ``tags.owner``, ``rules`` of ``rules[0]``."""
    return path.split(".")[0].split("[")[0]


def provider_input(value: Any) -> Any:
    """Return an input of a provider as data: Pulumi hands nested ones over as JSON text."""
    return json.loads(value) if isinstance(value, str) and value[:1] in {"{", "["} else value


def wrap_secret(value: Any) -> dict[str, Any]:
    """Return `value` marked as a secret."""
    return {SIGNATURE: SECRET, "value": value}


def with_assets(value: Any) -> Any:
    """Return `value` with marked assets and archives as Pulumi objects, for a driver that needs their bytes."""
    if isinstance(value, dict):
        if is_asset(value):
            return _asset(value)
        return {key: with_assets(item) for key, item in value.items()}
    if isinstance(value, list):
        return [with_assets(item) for item in value]
    return value


def is_asset(value: Any) -> bool:
    """Whether `value` is an asset or an archive as the wire marks it."""
    return isinstance(value, dict) and value.get(SIGNATURE) in {ASSET, ARCHIVE}


def _asset(marked: dict[str, Any]) -> pulumi.Asset | pulumi.Archive:
    if marked[SIGNATURE] == ASSET:
        if "text" in marked:
            return pulumi.StringAsset(marked["text"])
        return pulumi.FileAsset(marked["path"]) if "path" in marked else pulumi.RemoteAsset(marked["uri"])
    if "assets" in marked:
        return pulumi.AssetArchive({name: with_assets(item) for name, item in marked["assets"].items()})
    return pulumi.FileArchive(marked["path"]) if "path" in marked else pulumi.RemoteArchive(marked["uri"])


def for_graph(value: Any) -> Any:
    """Return `value` as JSON data: an asset is named by its kind, where it comes from and the hash of its bytes."""
    if is_asset(value):
        value = _asset(value)
    if isinstance(value, (pulumi.Asset, pulumi.Archive)):
        return _described(value)
    if isinstance(value, dict):
        return {key: for_graph(item) for key, item in value.items()}
    if isinstance(value, list):
        return [for_graph(item) for item in value]
    return value


def is_described(value: Any) -> bool:
    """Whether `value` is an asset or an archive as `for_graph` describes it."""
    return isinstance(value, dict) and "$asset" in value


def _described(asset: pulumi.Asset | pulumi.Archive) -> dict[str, Any]:
    """Describe an asset; of what lies elsewhere (remote, a folder, a file that is not there) the hash is empty."""
    kind = "asset" if isinstance(asset, pulumi.Asset) else "archive"
    if isinstance(asset, pulumi.AssetArchive):
        return {"$asset": "", "kind": kind, "assets": {name: for_graph(item) for name, item in asset.assets.items()}}
    source = {key: getattr(asset, key) for key in ("path", "uri") if hasattr(asset, key)}
    content = asset.text.encode() if isinstance(asset, pulumi.StringAsset) else None
    if "path" in source and os.path.isfile(source["path"]):
        with open(source["path"], "rb") as file:
            content = file.read()
    return {"$asset": hashlib.sha256(content).hexdigest() if content is not None else "", "kind": kind, **source}


def has_unknown(value: Any) -> bool:
    """Whether `value` holds a value that is unknown until the update."""
    if isinstance(value, dict):
        return any(has_unknown(item) for item in value.values())
    if isinstance(value, list):
        return any(has_unknown(item) for item in value)
    return isinstance(value, str) and UNKNOWN in value


def archive_bytes(archive: Any) -> bytes:
    """Return an archive as a zip file: the same bytes for the same files, whenever it is made.

    Raises `ValueError` for anything but an archive of string and file assets.
    """
    if not isinstance(archive, pulumi.AssetArchive):
        raise ValueError(f"{type(archive).__name__} is not supported here: use an AssetArchive")  # noqa: TRY004 -- a value that the program chose
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as file:
        for name, asset in sorted(archive.assets.items()):
            entry = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
            entry.external_attr = 0o644 << 16  # read by everyone: Lambda runs as a user of its own
            file.writestr(entry, asset_bytes(asset))
    return packed.getvalue()


def asset_bytes(asset: Any) -> bytes:
    """Return the bytes of a string or file asset.

    Raises `ValueError` for archives and remote assets: the embedded account reads nothing from the network.
    """
    if isinstance(asset, pulumi.StringAsset):
        return asset.text.encode()
    if isinstance(asset, pulumi.FileAsset):
        with open(asset.path, "rb") as file:
            return file.read()
    raise ValueError(f"{type(asset).__name__} is not supported here: use a StringAsset or a FileAsset")

"""Pulumi's wire format: what is marked comes out as plain data, and goes back marked."""

from __future__ import annotations

import asyncio
import hashlib
import io
import math
import zipfile

import pulumi
import pytest
from google.protobuf import struct_pb2
from hypothesis import given
from hypothesis import strategies as st
from pulumi.runtime import rpc

from mlops_estate.engine import wire
from mlops_estate.graph import UNKNOWN

DATA = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**50), 2**50) | st.text() | st.floats(allow_nan=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)


def serialized(value):
    async def run():
        return await rpc.serialize_property(value, [], None)

    return asyncio.run(run())


@given(st.dictionaries(st.text(max_size=4), DATA.filter(lambda value: not _infinite(value)), max_size=4))
def test_plain_data_goes_there_and_back(data):
    assert wire.from_struct(wire.to_struct(data)) == data


def _infinite(value) -> bool:
    if isinstance(value, dict):
        return any(map(_infinite, value.values()))
    if isinstance(value, list):
        return any(map(_infinite, value))
    return isinstance(value, float) and math.isinf(value)


def test_whole_numbers_come_back_as_integers():
    found = wire.from_struct(wire.to_struct({"a": 3.0, "b": [2.5]}))
    assert (found, type(found["a"])) == ({"a": 3, "b": [2.5]}, int)


def test_an_empty_value_is_nothing():
    assert wire.from_struct(struct_pb2.Struct(fields={"x": struct_pb2.Value()})) == {"x": None}


def test_secrets_are_opened_at_any_depth_and_their_paths_kept():
    found: list[str] = []
    value = {"a": wire.wrap_secret("s"), "b": [{"c": wire.wrap_secret({"d": wire.wrap_secret("t")})}]}
    assert wire.open_secrets(value, "", found) == {"a": "s", "b": [{"c": {"d": "t"}}]}
    assert found == ["a", "b[0].c"]


def test_our_marks_are_the_sdks():
    assert wire.wrap_secret("x") == rpc.wrap_rpc_secret("x")
    assert UNKNOWN == rpc.UNKNOWN
    assert {wire.SIGNATURE, wire.ASSET, wire.ARCHIVE, wire.RESOURCE} == {
        rpc._special_sig_key, rpc._special_asset_sig, rpc._special_archive_sig, rpc._special_resource_sig
    }  # fmt: skip


def test_a_resource_reference_is_its_id_or_urn():
    reference = {wire.SIGNATURE: wire.RESOURCE, "urn": "urn:x", "id": ""}
    assert wire.open_secrets([reference, {**reference, "id": "i"}], "", []) == ["urn:x", "i"]


@pytest.mark.parametrize(
    "asset",
    [
        pulumi.StringAsset("x"), pulumi.FileAsset("f"), pulumi.RemoteAsset("https://h/x"), pulumi.FileArchive("d"),
        pulumi.RemoteArchive("https://h/y"), pulumi.AssetArchive({"a.txt": pulumi.StringAsset("x")}),
    ],
)  # fmt: skip
def test_an_asset_comes_back_as_it_was_given(asset):
    (found,) = wire.with_assets([serialized(asset)])
    assert type(found) is type(asset)
    assert serialized(found) == serialized(asset)


def test_the_graph_holds_an_assets_hash_and_never_its_text(tmp_path):
    file = tmp_path / "f"
    file.write_bytes(b"bytes")
    described = wire.for_graph({
        "text": pulumi.StringAsset("secret text"), "file": serialized(pulumi.FileAsset(str(file))),
        "remote": pulumi.RemoteAsset("https://h/x"), "archive": pulumi.AssetArchive({"a": pulumi.StringAsset("b")}),
    })  # fmt: skip
    assert described == {
        "text": {"$asset": hashlib.sha256(b"secret text").hexdigest(), "kind": "asset"},
        "file": {"$asset": hashlib.sha256(b"bytes").hexdigest(), "kind": "asset", "path": str(file)},
        "remote": {"$asset": "", "kind": "asset", "uri": "https://h/x"},
        "archive": {
            "$asset": "", "kind": "archive",
            "assets": {"a": {"$asset": hashlib.sha256(b"b").hexdigest(), "kind": "asset"}},
        },
    }  # fmt: skip


def test_the_bytes_of_text_and_file_are_read_and_what_is_elsewhere_is_refused(tmp_path):
    (tmp_path / "f").write_bytes(b"\x00\xff")
    assert wire.asset_bytes(pulumi.StringAsset("ä")) == "ä".encode()
    assert wire.asset_bytes(pulumi.FileAsset(str(tmp_path / "f"))) == b"\x00\xff"
    with pytest.raises(ValueError, match="RemoteAsset is not supported here"):
        wire.asset_bytes(pulumi.RemoteAsset("https://h/x"))


def test_an_archive_is_the_same_zip_file_whenever_and_in_whatever_order_it_is_made():
    files = {"b/c.py": pulumi.StringAsset("c"), "a.py": pulumi.StringAsset("a")}
    packed = wire.archive_bytes(pulumi.AssetArchive(files))
    assert packed == wire.archive_bytes(pulumi.AssetArchive(dict(reversed(files.items()))))
    with zipfile.ZipFile(io.BytesIO(packed)) as opened:
        assert {name: opened.read(name) for name in opened.namelist()} == {"a.py": b"a", "b/c.py": b"c"}
        assert {entry.external_attr >> 16 for entry in opened.infolist()} == {0o644}
    with pytest.raises(ValueError, match="RemoteArchive is not supported here"):
        wire.archive_bytes(pulumi.RemoteArchive("https://h/x"))


@pytest.mark.parametrize(
    ("value", "unknown"),
    [({"a": [{"b": f"x-{UNKNOWN}"}]}, True), (UNKNOWN, True), ({"a": ["b", None, 1]}, False), ([], False)],
)
def test_unknown_values_are_found_at_any_depth(value, unknown):
    assert wire.has_unknown(value) is unknown

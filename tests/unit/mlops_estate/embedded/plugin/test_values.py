"""Property values as the driver needs them, and the state as the engine keeps it."""

from __future__ import annotations

from typing import Any

import pulumi
import pytest

from mlops_estate.embedded.plugin.values import (
    RECORD,
    given,
    kept_state,
    properties_of,
    state_from,
    without_unknown,
)
from mlops_estate.engine.driver_api import ResourceRequest, ResourceState
from mlops_estate.engine.wire import ASSET, SECRET, SIGNATURE, wrap_secret
from mlops_estate.graph import UNKNOWN

URN, KEY = "urn:pulumi:dev::p::aws:kms/key:Key::key", "aws:kms/key:Key"
TEXT = {SIGNATURE: ASSET, "text": "bytes"}


def kept(raw: dict[str, Any], outputs: dict[str, Any]) -> dict[str, Any]:
    """Return the wire data of the state that is kept for inputs and outputs."""
    inputs = given(properties_of(raw))
    request = ResourceRequest(URN, KEY, "key", inputs.plain, {"estate": "mlops"}, "eu-west-1")
    state = ResourceState(request, "id", outputs, {"operation": "kms:CreateKey", "keys": {"KeyId": "id"}})
    return dict(given(kept_state(state, inputs)).raw)


def test_numbers_texts_and_nested_values_arrive_as_they_were():
    raw = {"days": 7, "share": 0.5, "on": True, "none": None, "list": [{"a": "b"}]}
    assert given(properties_of(raw)).plain == raw


def test_inputs_arrive_in_one_order_whatever_protobuf_makes_of_it():
    names = [f"name{number:02}" for number in range(40)]
    raw = {name: dict.fromkeys(reversed(names), 1) for name in reversed(names)}
    found = given(properties_of(raw)).plain
    assert list(found) == names
    assert all(list(inner) == names for inner in found.values())


def test_secrets_are_opened_and_their_paths_noted():
    found = given(properties_of({"a": wrap_secret("x"), "b": {"c": [wrap_secret(1)]}}))
    assert (found.plain, found.secrets) == ({"a": "x", "b": {"c": [1]}}, ("a", "b.c[0]"))


def test_an_asset_is_an_object_for_the_driver_and_a_hash_to_compare():
    found = given(properties_of({"source": TEXT}))
    assert isinstance(found.plain["source"], pulumi.StringAsset)
    assert len(found.data["source"]["$asset"]) == 64


def test_names_that_the_provider_gave_are_no_inputs():
    found = given(properties_of({"name": "log-1", "__defaults": ["name"]}))
    assert (dict(found.plain), found.defaults) == ({"name": "log-1"}, ("name",))


def test_unknown_values_are_named_by_path():
    found = given(properties_of({"a": UNKNOWN, "b": [{"c": f"x{UNKNOWN}"}], "d": 1}))
    assert found.unknown == ("a", "b[0].c")


def test_what_is_wholly_unknown_and_no_text_is_left_out():
    plain = {"description": UNKNOWN, "tags": UNKNOWN, "deletionWindowInDays": UNKNOWN, "policy": "{}"}
    assert without_unknown(KEY, plain) == {"description": UNKNOWN, "policy": "{}"}


def test_the_state_gives_back_what_the_driver_made():
    raw = kept({"description": "d"}, {"description": "d", "arn": "arn:k"})
    state = state_from(URN, KEY, "key", "id", given(properties_of(raw)))
    assert state is not None
    assert (state.request.inputs, state.request.default_tags) == ({"description": "d"}, {"estate": "mlops"})
    assert (state.request.provider_region, state.outputs) == ("eu-west-1", {"description": "d", "arn": "arn:k"})
    assert state.record == {"operation": "kms:CreateKey", "keys": {"KeyId": "id"}}


def test_a_state_of_another_provider_is_not_ours():
    assert state_from(URN, KEY, "key", "id", given(properties_of({"description": "d"}))) is None


def test_without_secrets_nothing_is_marked():
    raw = kept({"description": "d"}, {"description": "d", "arn": "arn:k"})
    assert "operation" in raw[RECORD]
    assert raw["arn"] == "arn:k"


@pytest.mark.parametrize(
    ("name", "marked"),
    [("description", True), ("shown", True), ("policy", True), ("arn", False), (RECORD, True)],
)
def test_what_shows_a_secret_is_secret(name, marked):
    outputs = {"description": "hush", "shown": ["<hush>"], "policy": '{"a": "hush"}', "arn": "arn:k"}
    value = kept({"description": wrap_secret("hush")}, outputs)[name]
    assert (isinstance(value, dict) and value.get(SIGNATURE) == SECRET) is marked


def test_a_nested_secret_hides_itself_and_not_its_neighbours():
    raw = kept(
        {"tags": {"open": "ml", "shut": wrap_secret("hush")}}, {"tags": {"open": "ml", "shut": "hush"}, "a": "ml"}
    )
    assert raw["tags"] == {"open": "ml", "shut": wrap_secret("hush")}
    assert raw["a"] == "ml"


def test_the_engine_gets_the_asset_that_it_gave():
    inputs = given(properties_of({"source": TEXT}))
    assert kept({"source": TEXT}, {"source": inputs.data["source"]})["source"] == TEXT

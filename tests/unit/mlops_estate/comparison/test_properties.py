"""Property differences: what differs, where, and nothing where nothing does."""

from __future__ import annotations

import copy
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlops_estate.comparison.properties import changes
from mlops_estate.graph import UNKNOWN

SCALARS = st.none() | st.booleans() | st.integers(-5, 5) | st.text('abA.["{}', max_size=4)
DATA = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text("abN.[", min_size=1, max_size=3), inner, max_size=3)
    ),
    max_leaves=12,
)
INPUTS = st.dictionaries(st.text("abc", min_size=1, max_size=3), DATA, max_size=4)


def told(before, after):
    return {(change.path, change.kind): (change.before, change.after) for change in changes(before, after)}


@given(INPUTS)
def test_the_same_inputs_do_not_differ(inputs):
    assert changes(inputs, copy.deepcopy(inputs)) == ()


@given(INPUTS, INPUTS)
def test_what_was_added_one_way_was_removed_the_other(before, after):
    kinds = {"add": "remove", "remove": "add", "change": "change"}
    forth, back = changes(before, after), changes(after, before)
    assert sorted(kinds[change.kind] for change in forth) == sorted(change.kind for change in back)


@given(INPUTS, INPUTS)
def test_inputs_that_differ_are_told(before, after):
    def solid(value):
        if isinstance(value, dict):
            return {key: solid(item) for key, item in value.items() if solid(item) is not None}
        return [solid(item) for item in value] if isinstance(value, list) else value

    if not changes(before, after):
        assert normal(solid(before)) == normal(solid(after))


def normal(value):
    if isinstance(value, str) and value[:1] in ("{", "["):
        try:
            return normal(json.loads(value))
        except ValueError:
            return value
    if isinstance(value, dict):
        return {key: normal(item) for key, item in value.items()}
    return [normal(item) for item in value] if isinstance(value, list) else value


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ({"a": 1}, {"a": 2}, {("a", "change"): (1, 2)}),
        ({}, {"a": 2}, {("a", "add"): (None, 2)}),
        ({"a": 2}, {}, {("a", "remove"): (2, None)}),
        ({"a": {"b": [1, 2]}}, {"a": {"b": [1, 3]}}, {("a.b[1]", "change"): (2, 3)}),
        ({"tags": {"a.b": "x"}}, {"tags": {"a.b": "y"}}, {('tags["a.b"]', "change"): ("x", "y")}),
        ({"a": ["x", "y", "z"]}, {"a": ["x", "z"]}, {("a[1]", "remove"): ("y", None)}),
        ({"a": ["x", "z"]}, {"a": ["x", "y", "z"]}, {("a[1]", "add"): (None, "y")}),
        ({"a": UNKNOWN}, {"a": "known"}, {("a", "change"): (UNKNOWN, "known")}),
    ],
)
def test_a_difference_is_told_by_path(before, after, expected):
    assert told(before, after) == expected


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"a": 3}, {"a": 3.0}),
        ({"a": None}, {}),
        ({"policy": '{"a": 1, "b": 2}'}, {"policy": '{"b":2,"a":1}'}),
        ({"code": {"$asset": "abc", "path": "/here"}}, {"code": {"$asset": "abc", "path": "/there"}}),
    ],
)
def test_what_means_the_same_is_no_difference(before, after):
    assert changes(before, after) == ()


def test_a_document_held_as_text_is_compared_within():
    before = json.dumps({"Statement": [{"Sid": "Read", "Action": ["s3:GetObject"]}]})
    after = json.dumps({"Statement": [{"Sid": "Read", "Action": ["s3:GetObject", "s3:PutObject"]}]})
    assert told({"policy": before}, {"policy": after}) == {
        ("policy.Statement[0].Action[1]", "add"): (None, "s3:PutObject")
    }


def test_an_item_that_goes_does_not_seem_to_change_those_after_it():
    before = [{"featureName": name, "featureType": "String"} for name in "abcd"]
    after = [item for item in before if item["featureName"] != "b"]
    assert told({"features": before}, {"features": after}) == {("features[1]", "remove"): (before[1], None)}


def test_a_changed_item_is_found_by_its_name():
    before = [{"name": "a", "value": 1}, {"name": "b", "value": 1}]
    after = [{"name": "new", "value": 0}, {"name": "a", "value": 1}, {"name": "b", "value": 2}]
    assert told({"list": before}, {"list": after}) == {
        ("list[0]", "add"): (None, after[0]),
        ("list[2].value", "change"): (1, 2),
    }


def test_another_order_of_named_items_is_told_once():
    before = [{"name": name} for name in "abc"]
    after = [before[2], before[0], before[1]]
    assert told({"list": before}, {"list": after}) == {("list[*].name", "change"): (["a", "b", "c"], ["c", "a", "b"])}


def test_items_of_one_name_are_compared_by_place():
    before, after = [{"name": "a", "v": 1}, {"name": "a", "v": 2}], [{"name": "a", "v": 1}, {"name": "a", "v": 3}]
    assert told({"list": before}, {"list": after}) == {("list[1].v", "change"): (2, 3)}


def test_another_content_of_an_asset_is_told_and_another_place_is_not():
    archive = {"$asset": "", "kind": "archive", "assets": {"a.py": {"$asset": "1", "path": "/x"}}}
    moved = {"$asset": "", "kind": "archive", "assets": {"a.py": {"$asset": "1", "path": "/y"}}}
    other = {"$asset": "", "kind": "archive", "assets": {"a.py": {"$asset": "2", "path": "/x"}}}
    assert changes({"code": archive}, {"code": moved}) == ()
    assert [change.path for change in changes({"code": archive}, {"code": other})] == ["code"]


def test_paths_come_in_order_whatever_the_order_of_keys():
    before, after = {"b": 1, "a": 1, "c": 1}, {"c": 2, "b": 2, "a": 2}
    assert [change.path for change in changes(before, after)] == ["a", "b", "c"]
